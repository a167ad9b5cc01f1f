"""The camera's movement, measured on pictures that are cut out of a larger one along a known way."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from framescribe.frames.decoder import sample
from framescribe.frames.sampling import Sampling
from framescribe.measures.base import Shown, Size
from framescribe.measures.camera import Camera
from framescribe.measures.camera_words import said
from framescribe.measures.motion import Motion

FPS, WIDTH, HEIGHT = 16, 256, 144
SECONDS = 2.5
COUNT = round(FPS * SECONDS)
ALONG = np.linspace(0, 1, COUNT)


def scenery(seed: int = 0) -> np.ndarray:
    """A large grey picture full of blocks and grain."""
    draw = np.random.default_rng(seed)
    picture = np.full((4 * HEIGHT, 4 * WIDTH), 120, np.uint8)
    for _ in range(900):
        x, y, size, grey = (int(value) for value in draw.integers((0, 0, 6, 20), (4 * WIDTH, 4 * HEIGHT, 40, 236)))
        cv2.rectangle(picture, (x, y), (x + size, y + size), grey, -1)
    grain = cv2.GaussianBlur(draw.normal(0, 12, picture.shape), (5, 5), 0)
    return np.clip(cv2.GaussianBlur(picture, (3, 3), 0) + grain, 0, 255).astype(np.uint8)


SCENERY = scenery()


def frames(
    right: Any = 0.0, down: Any = 0.0, grown: Any = 0.0, clockwise: Any = 0.0, picture: np.ndarray = SCENERY
) -> list[np.ndarray]:
    """Frames in which the content has moved to the right (widths) and down (heights), grown (natural logarithm) and
    turned clockwise (degrees) by so much; each a number per frame, or one for all."""
    made = []
    ways = [np.broadcast_to(way, COUNT) for way in (right, down, grown, clockwise)]
    for x, y, size, turn in zip(*ways, strict=True):
        # OpenCV's angles are counter-clockwise
        matrix = cv2.getRotationMatrix2D((2 * WIDTH, 2 * HEIGHT), -float(turn), math.exp(float(size)))
        matrix[:, 2] += (float(x) * WIDTH - 1.5 * WIDTH, float(y) * HEIGHT - 1.5 * HEIGHT)
        made.append(cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR))
    return made


def measured(pictures: list[np.ndarray], fps: float = FPS, known: dict[str, Any] | None = None) -> dict[str, Any]:
    camera = Camera(Size(width=WIDTH, height=HEIGHT, fps=fps))
    for index, picture in enumerate(pictures):
        camera.see(Shown(index=index, time=index / fps, luma=picture, plane=picture))
    facts = camera.facts(known or {})
    assert facts is not None
    return facts


def moves(pictures: list[np.ndarray]) -> dict[str, dict[str, Any]]:
    (shot,) = measured(pictures)["shots"]
    return {move["label"]: move for move in shot["moves"]}


def with_block(pictures: list[np.ndarray], height: int, start: float, end: float) -> list[np.ndarray]:
    """With a block of other scenery that crosses the middle from one share of the width to another."""
    other = scenery(1)[:height, : round(1.2 * height)]
    made = []
    for picture, at in zip(pictures, np.linspace(start, end, len(pictures)), strict=True):
        made.append(picture.copy())
        left, top = round(at * WIDTH - other.shape[1] / 2), (HEIGHT - height) // 2
        made[-1][top : top + height, left : left + other.shape[1]] = other
    return made


WAYS = [
    ("pan_left", {"right": 0.3 * ALONG}, 0.3),
    ("pan_right", {"right": -0.3 * ALONG}, 0.3),
    ("tilt_up", {"down": 0.3 * ALONG}, 0.3),
    ("tilt_down", {"down": -0.3 * ALONG}, 0.3),
    ("zoom_in", {"grown": 0.3 * ALONG}, math.exp(0.3)),
    ("zoom_out", {"grown": -0.3 * ALONG}, math.exp(0.3)),
    ("roll_ccw", {"clockwise": 15 * ALONG}, 15),
    ("roll_cw", {"clockwise": -15 * ALONG}, 15),
]


@pytest.mark.parametrize(("label", "way", "amount"), WAYS, ids=[label for label, _, _ in WAYS])
def test_each_way_is_named_as_the_camera_moves_with_its_amount(label: str, way: dict[str, Any], amount: float) -> None:
    found = moves(frames(**way))
    assert list(found) == [label]
    assert found[label]["amount"] == pytest.approx(amount, rel=0.12)
    assert found[label]["spans"] == [[0.0, pytest.approx(SECONDS, abs=0.2)]]


def test_two_ways_at_once_are_both_told() -> None:
    assert set(moves(frames(right=-0.3 * ALONG, grown=0.3 * ALONG))) == {"pan_right", "zoom_in"}


def test_a_camera_that_stands_still_is_static() -> None:
    facts = measured(frames())
    assert facts["said"] == "static"
    assert facts["shots"][0]["confidence"] > 0.9


def test_a_static_camera_does_not_pan_with_a_large_object() -> None:
    (shot,) = measured(with_block(frames(), 110, 0.3, 0.7))["shots"]
    assert [move["label"] for move in shot["moves"]] == ["static"]
    assert shot["objects"]["share"] > 0.1


def test_there_and_back_is_no_standing_still() -> None:
    facts = measured(frames(right=0.25 * (1 - np.abs(2 * ALONG - 1))))
    assert {move["label"] for move in facts["shots"][0]["moves"]} == {"pan_left", "pan_right"}
    assert facts["said"] == "pan left, then pan right"


def test_a_move_that_ends_has_its_span_and_is_said_in_order() -> None:
    facts = measured(frames(right=0.3 * np.minimum(1, 2 * ALONG)))
    (move,) = facts["shots"][0]["moves"]
    assert move["spans"][0][1] == pytest.approx(SECONDS / 2, abs=0.3)
    assert facts["said"] == "pan left, then static"


def test_shake_is_neither_a_move_nor_static() -> None:
    draw = np.random.default_rng(3)
    sway = draw.normal(0, 0.012, (2, COUNT))
    assert list(moves(frames(right=sway[0], down=sway[1]))) == ["shake"]


def test_bars_do_not_stand_for_the_camera() -> None:
    pictures = frames(right=-0.3 * ALONG)
    for picture in pictures:
        picture[:22], picture[-22:] = 0, 0
    assert list(moves(pictures)) == ["pan_right"]


def test_a_globe_that_turns_in_the_dark_is_no_pan() -> None:
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    globe = (rows - HEIGHT / 2) ** 2 + (columns - WIDTH / 2) ** 2 < (0.4 * HEIGHT) ** 2
    pictures = [np.where(globe, picture, 0).astype(np.uint8) for picture in frames(right=0.3 * ALONG)]
    assert not moves(pictures)


def test_a_change_of_light_is_no_move() -> None:
    flicker = 1 + 0.15 * np.sin(np.arange(COUNT) * 2.1)
    pictures = [
        np.clip(picture * light, 0, 255).astype(np.uint8) for picture, light in zip(frames(), flicker, strict=True)
    ]
    assert list(moves(pictures)) == ["static"]


TWO = frames(right=0.3 * ALONG), frames(down=-0.3 * ALONG, picture=scenery(2))


@pytest.mark.parametrize("known", [{}, {"cuts": {"cuts": [SECONDS], "fades": []}}], ids=["own", "measured"])
def test_two_shots_are_described_apart(known: dict[str, Any]) -> None:
    facts = measured([*TWO[0], *TWO[1]], known=known)
    assert [[move["label"] for move in shot["moves"]] for shot in facts["shots"]] == [["pan_left"], ["tilt_down"]]
    assert facts["shots"][0]["end"] <= SECONDS <= facts["shots"][1]["start"] + 1 / FPS
    assert facts["said"] == "pan left; cut; tilt down"


def test_a_fade_belongs_to_no_shot_and_is_not_called_a_cut() -> None:
    known = {"cuts": {"cuts": [], "fades": [{"start": 1.0, "end": 1.5, "kind": "dissolve"}], "shots": 2}}
    facts = measured(frames(right=0.3 * ALONG), known=known)
    first, second = facts["shots"]
    assert first["end"] <= 1.0
    assert second["start"] >= 1.5
    assert facts["said"] == "pan left; dissolve; pan left"


def test_nothing_is_said_where_a_shot_is_too_short_to_be_measured() -> None:
    short = frames(down=-0.3 * ALONG, picture=scenery(2))[: FPS // 4]
    pictures = [*TWO[0], *short, *TWO[1]]
    known = {"cuts": {"cuts": [SECONDS, SECONDS + 0.25], "fades": [], "shots": 3}}
    facts = measured(pictures, known=known)
    assert len(facts["shots"]) == 2
    assert facts["said"] is None


def test_where_a_movement_is_possible_the_camera_is_not_said_to_stand_still() -> None:
    def moving(label: str, start: float, end: float) -> dict[str, Any]:
        return {"label": label, "margin": 1.2, "spans": [[start, end]]}

    shot = {"start": 0.0, "end": 4.0, "moves": [moving("pan_left", 0.0, 1.5)], "maybe": []}
    assert said([shot]) == "pan left, then static"
    assert said([{**shot, "maybe": [moving("zoom_in", 2.0, 4.0)]}]) == "pan left, then static"  # for half a second
    assert said([{**shot, "maybe": [moving("zoom_in", 1.5, 4.0)]}]) == "pan left"


def test_frames_that_are_shown_again_change_nothing() -> None:
    pictures = [picture for picture in frames(right=0.3 * ALONG) for _ in range(3)]
    (shot,) = measured(pictures, fps=3 * FPS)["shots"]
    (move,) = shot["moves"]
    assert (move["label"], move["amount"]) == ("pan_left", pytest.approx(0.3, rel=0.12))


def test_of_a_plain_picture_nothing_can_be_told() -> None:
    camera = Camera(Size(width=WIDTH, height=HEIGHT, fps=FPS))
    plain = np.full((HEIGHT, WIDTH), 130, np.uint8)
    for index in range(COUNT):
        camera.see(Shown(index=index, time=index / FPS, luma=plain, plane=plain))
    assert camera.facts({}) is None
    assert Motion(Size(width=WIDTH, height=HEIGHT, fps=FPS)).facts({}) is None


def test_one_thing_on_plain_ground_is_no_moving_camera() -> None:
    facts = measured(with_block([np.full((HEIGHT, WIDTH), 200, np.uint8) for _ in range(COUNT)], 60, 0.3, 0.7))
    assert facts["shots"][0]["moves"] == []
    assert facts["said"] is None
    assert facts["shots"][0]["objects"]["share"] > 0.03


def test_what_is_kept_of_an_hour_is_little() -> None:
    camera = Camera(Size(width=WIDTH, height=HEIGHT, fps=FPS))
    for index, picture in enumerate(TWO[0]):
        camera.see(Shown(index=index, time=index / FPS, luma=picture, plane=picture))
    held = len(camera._steps) * camera._steps.itemsize
    assert held / SECONDS * 3600 < 4e6


def test_words_of_a_wandering_camera_are_few() -> None:
    spans = [[at, at + 0.5] for at in range(8)]
    moved = [
        {"label": "pan_left", "margin": 2.0, "spans": spans},
        {"label": "zoom_in", "margin": 4.0, "spans": [[0.0, 6.2]]},
        {"label": "shake", "margin": 2.0, "spans": [[0.0, 8.0]]},
    ]
    assert said([{"start": 0.0, "end": 8.0, "moves": moved}]) == "zoom in and pan left, shaking"


def written(path: Path, pictures: list[np.ndarray], aspect: str = "1/1") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "20", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")))
        container.mux(stream.encode())
    return path


def facts_of(path: Path) -> dict[str, Any]:
    clip = sample(str(path), Sampling(method="uniform", frames=2), key="", max_pixels=10_000, measures=("camera",))
    return clip.facts["camera"]


def test_a_file_that_players_turn_is_measured_as_it_is_shown(tmp_path: Path) -> None:
    path = written(tmp_path / "clip.mp4", TWO[0])
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40  # ISO/IEC 14496-12, 8.3.2
    content[matrix : matrix + 36] = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)  # clockwise
    path.write_bytes(content)
    (shot,) = facts_of(path)["shots"]
    assert {move["label"]: move["amount"] for move in shot["moves"]} == {"tilt_up": pytest.approx(0.3, rel=0.12)}


def test_pixels_that_are_not_square_do_not_make_a_roll_anything_else(tmp_path: Path) -> None:
    rolled = []
    for turn in 15 * ALONG:
        matrix = cv2.getRotationMatrix2D((2 * WIDTH, 2 * HEIGHT), turn, 1)
        matrix[:, 2] -= WIDTH, 1.5 * HEIGHT
        wide = cv2.warpAffine(SCENERY, matrix, (2 * WIDTH, HEIGHT))
        rolled.append(cv2.resize(wide, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    path = written(tmp_path / "clip.mp4", rolled, aspect="2/1")
    (shot,) = facts_of(path)["shots"]
    assert {move["label"]: move["amount"] for move in shot["moves"]} == {"roll_cw": pytest.approx(15, rel=0.12)}
