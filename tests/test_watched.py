"""What measures are shown of a video is what a player shows, every frame once; and the sampled frames stay the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from framescribe import registry
from framescribe.errors import Unreadable
from framescribe.frames.decoder import sample
from framescribe.frames.sampling import Sampling
from framescribe.measures.base import LONGER, Measure, Shown, Size
from framescribe.records import Clip
from tests.test_decoder import FILMS, TURNS, damaged, made_film
from tests.test_tone import pq
from tests.videos import BLUE, GREEN, RED, WHITE, bars, corners, film, number_in

CLIPS = Path(os.environ.get("FRAMESCRIBE_CLIPS") or Path(__file__).parents[1] / ".." / "shared" / "clips")
ALL = Sampling(method="uniform", frames=10000)


class Witness(Measure):
    """Keeps all that it is shown."""

    name, version, help = "witness", 1, "everything"

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.seen = list[Shown]()

    def see(self, frame: Shown) -> None:
        # Looked at now: it may be gone after this.
        again = Shown(index=frame.index, time=frame.time, luma=frame.luma.copy(), plane=frame.plane.copy())
        vars(again)["colours"] = frame.colours.copy()
        self.seen.append(again)

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any]:
        return {"seen": self.seen, "size": self.size}


@pytest.fixture(autouse=True)
def witness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, "measures": {"witness": f"{__name__}:Witness"}})


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("films")

    def made(name: str) -> Path:
        path = folder / name
        return path if path.exists() else made_film(path)

    return made


def take(path: Path, sampling: Sampling | None = None, **more: Any) -> Clip:
    return sample(str(path), sampling or Sampling(), key="a video", max_pixels=more.pop("max_pixels", None), **more)


def witnessed(path: Path, **more: Any) -> tuple[list[Shown], Size]:
    facts = take(path, measures=("witness",), **more).facts
    assert facts is not None
    return facts["witness"]["seen"], facts["witness"]["size"]


def alike(one: Clip, other: Clip) -> bool:
    """Whether two clips are the same, but for what was measured."""
    return (
        (one.info, one.segments, one.flags, one.fingerprint)
        == (other.info, other.segments, other.flags, other.fingerprint)
        and [(frame.index, frame.time) for frame in one.frames] == [(frame.index, frame.time) for frame in other.frames]
        and all(np.array_equal(a.image, b.image) for a, b in zip(one.frames, other.frames, strict=True))
    )


# ---------------------------------------------------------------------------------- every frame, and the same samples


@pytest.mark.parametrize("name", FILMS)
def test_every_frame_is_seen_once_and_the_sampled_ones_are_the_same(films: Callable[[str], Path], name: str) -> None:
    path, sampling = films(name), Sampling(method="uniform", frames=5)
    without, measured = take(path, sampling), take(path, sampling, measures=("witness",))
    assert without.facts is None
    assert alike(without, measured)
    assert measured.facts is not None
    seen: list[Shown] = measured.facts["witness"]["seen"]
    assert [frame.index for frame in seen] == list(range(40))
    assert [number_in(frame.luma[:, :, None]) for frame in seen] == list(range(40))
    if name == "h264.avi":  # whose times FFmpeg guesses, and not well
        return
    start = seen[0].time
    assert [frame.time - start for frame in seen] == pytest.approx([number / 25 for number in range(40)], abs=0.002)


SAMPLINGS = [
    Sampling(),
    Sampling(method="keyframes", frames=16),
    Sampling(method="every", every=0.5),
    Sampling(method="random", frames=3),
    Sampling(method="times", times=(0.4, 99.0)),
    Sampling(method="scenes", frames=4),
    Sampling(method="uniform", frames=3, salvage=True),
]


@pytest.mark.parametrize("name", ["open_gop.mp4", "h264.avi", "h264.ts"])  # by index, by counting, by packets
@pytest.mark.parametrize("sampling", SAMPLINGS, ids=lambda sampling: sampling.method)
@pytest.mark.parametrize("division", [None, 0.5])
def test_with_every_way_of_sampling(
    films: Callable[[str], Path], name: str, sampling: Sampling, division: float | None
) -> None:
    if division is not None and sampling.method == "times":
        return
    options = {"division": division, "max_pixels": 2000}
    without, measured = (take(films(name), sampling, measures=measures, **options) for measures in ((), ("witness",)))
    assert alike(without, measured)
    assert measured.facts is not None
    assert [frame.index for frame in measured.facts["witness"]["seen"]] == list(range(40))


def test_also_where_decoded_frames_are_too_large_to_be_held(
    films: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framescribe.frames.decoder.HELD_BYTES", 1)
    seen, _ = witnessed(films("h264.avi"))
    assert [frame.index for frame in seen] == list(range(40))


def test_of_a_damaged_file_the_sound_frames_are_seen_and_the_samples_stay_what_they_were(tmp_path: Path) -> None:
    pictures = [bars(number) for number in range(100)]
    for number, picture in enumerate(pictures):
        picture[:16] = np.random.default_rng(number).integers(0, 256, (16, 128, 3))
    whole = film(tmp_path / "whole.mkv", gop=10, pictures=pictures)
    for seed in range(4):
        path = damaged(whole, tmp_path / "damaged.mkv", seed=seed, start=0.4, end=0.6, times=6)
        for sampling in (
            Sampling(method="uniform", frames=25, salvage=True),
            Sampling(method="times", times=(0.2, 3.8)),
        ):
            without, measured = take(path, sampling), take(path, sampling, measures=("witness",))
            assert alike(without, measured)
            assert measured.facts is not None
            assert 60 < len(measured.facts["witness"]["seen"]) <= 100
        with pytest.raises(Unreadable):
            take(path, ALL, measures=("witness",))


def test_of_a_file_that_is_cut_off_the_rest_is_seen_if_it_is_salvaged(tmp_path: Path) -> None:
    path = film(tmp_path / "front.mp4", frames=100, gop=10, mux={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: int(0.7 * path.stat().st_size)])
    with pytest.raises(Unreadable, match="cut off"):
        take(path, measures=("witness",))
    sampling = Sampling(method="uniform", frames=4, salvage=True)
    clip = take(path, sampling, measures=("witness",))
    assert alike(take(path, sampling), clip)
    assert clip.facts is not None
    assert clip.info.frames * 0.9 < len(clip.facts["witness"]["seen"]) <= clip.info.frames


QUICK = (
    "decord__unordered.mov", "decord__corrupted.mp4", "file-type__fixture.3gp", 
    "media__iibbibb_editlist_videoonly.mp4", "media__sample_with_increasing_timestamps_320w_240h_5s.mp4",
    "assets-for-api-docs__rotated_nail0.ts", "media__bbb_176x144_128kbps_15fps_h263.3gp", "learning-area__elf.webm",
)  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_real_files_give_the_same_samples(name: str) -> None:
    if not (CLIPS / name).is_file():
        pytest.skip("no folder of clips; set FRAMESCRIBE_CLIPS")
    for sampling in (Sampling(), Sampling(method="uniform", frames=4, salvage=True)):
        options = {"max_pixels": 20000}
        without, measured = (
            take(CLIPS / name, sampling, measures=measures, **options) for measures in ((), ("witness",))
        )
        assert alike(without, measured)
        assert measured.facts is not None
        seen: list[Shown] = measured.facts["witness"]["seen"]
        assert len(seen) == measured.info.frames or "corrupted" in name
        assert [frame.time for frame in seen] == sorted(frame.time for frame in seen)


# ---------------------------------------------------------------------------------- as a player shows them


def coded(path: Path, planes: Sequence[np.ndarray], form: str, *, codec: str = "ffv1", **tags: Any) -> Path:
    """One picture of these planes, without loss."""
    height, width = planes[0].shape[:2]
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, form
        frame = av.VideoFrame(width, height, form)
        for plane, values in zip(frame.planes, planes, strict=True):
            padded = np.zeros((plane.height, plane.line_size // values.itemsize), values.dtype)
            padded[:, : values[0].size] = values.reshape(values.shape[0], -1)
            plane.update(padded.tobytes())
        for name, value in tags.items():
            setattr(frame, name, value)
            if name != "color_range" or codec != "png":
                setattr(stream.codec_context, name, value)
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


RANDOM = np.random.default_rng(0).integers(0, 220, (72, 96)).astype(np.uint8)
GREY = [np.full((36, 48), 128, np.uint8)] * 2


def only(path: Path) -> Shown:
    ((shown,), _) = witnessed(path)
    return shown


def test_brightness_in_the_range_of_television_becomes_full_range(tmp_path: Path) -> None:
    stored = RANDOM + 16
    shown = only(coded(tmp_path / "tv.mkv", [stored, *GREY], "yuv420p", color_range=ColorRange.MPEG))
    assert np.array_equal(shown.plane, stored)
    assert np.abs(shown.luma - (stored.astype(float) - 16) * 255 / 219).max() <= 1


def test_brightness_in_full_range_stays(tmp_path: Path) -> None:
    shown = only(coded(tmp_path / "pc.mkv", [RANDOM, *GREY], "yuv420p", color_range=ColorRange.JPEG))
    assert np.array_equal(shown.plane, RANDOM)
    assert np.abs(shown.luma - RANDOM.astype(float)).max() <= 1
    assert np.abs(shown.colours - RANDOM[:, :, None].astype(float)).max() <= 3


def test_ten_bits(tmp_path: Path) -> None:
    stored = 4 * (RANDOM.astype(np.uint16) + 16) + 3
    grey = [np.full((36, 48), 512, np.uint16)] * 2
    shown = only(coded(tmp_path / "ten.mkv", [stored, *grey], "yuv420p10le", color_range=ColorRange.MPEG))
    assert np.array_equal(shown.plane, RANDOM + 16)
    assert np.abs(shown.luma - np.minimum((stored / 4 - 16) * 255 / 219, 255)).max() <= 1.5


def test_grey_alone(tmp_path: Path) -> None:
    shown = only(coded(tmp_path / "grey.mkv", [RANDOM], "gray"))
    assert np.array_equal(shown.plane, RANDOM)
    assert np.array_equal(shown.luma, RANDOM)
    assert np.array_equal(shown.colours, RANDOM[:, :, None].repeat(3, axis=2))


def test_red_green_and_blue(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (72, 96, 3)).astype(np.uint8)
    shown = only(coded(tmp_path / "rgb.mov", [picture], "rgb24", codec="png"))
    brightness = picture @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    assert np.abs(shown.luma - brightness).max() <= 2
    assert np.abs(shown.plane - brightness).max() <= 2
    assert np.array_equal(shown.colours, picture)


def test_hdr_as_on_an_ordinary_screen(tmp_path: Path) -> None:
    nits = (203 * 0.0452, 203 * 0.2159, 203 * 0.5029, 203.0)
    stored = np.tile(np.repeat([round(64 + 876 * pq(level)) for level in nits], 32).astype(np.uint16), (64, 1))
    grey = [np.full((32, 64), 512, np.uint16)] * 2
    tags = {
        "color_trc": ColorTrc.SMPTE2084,
        "colorspace": Colorspace.BT2020,
        "color_primaries": ColorPrimaries.BT2020,
        "color_range": ColorRange.MPEG,
    }
    shown = only(coded(tmp_path / "hdr.mkv", [stored, *grey], "yuv420p10le", **tags))
    row = shown.luma[32, [16, 48, 80, 112]].astype(int).tolist()
    assert row[:3] == pytest.approx([60, 128, 188], abs=3)  # as in test_tone
    assert 225 < row[3] < 245
    assert np.array_equal(shown.plane, (stored >> 2).astype(np.uint8))


@pytest.mark.parametrize("turn", TURNS)
def test_turned_and_mirrored(tmp_path: Path, turn: tuple[float, bool, bool]) -> None:
    path = film(tmp_path / "turned.mp4", pictures=[corners()] * 3, turn=turn)
    seen, size = witnessed(path)
    upright = turn[0] in (0, 180)
    assert (size.width, size.height, size.fps) == ((64, 32, 25.0) if upright else (32, 64, 25.0))
    brightness = {colour: float(np.array(colour) @ (0.299, 0.587, 0.114)) for colour in (RED, GREEN, BLUE, WHITE)}
    for shown in seen:
        assert shown.luma.shape == ((32, 64) if upright else (64, 32))
        assert shown.plane.shape == (32, 64)
        height, width = shown.luma.shape
        spots = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
        assert [int(shown.luma[spot]) for spot in spots] == pytest.approx(
            [brightness[colour] for colour in TURNS[turn]], abs=8
        )
        assert [shown.colours[spot].tolist() for spot in spots] == pytest.approx(
            np.array([list(colour) for colour in TURNS[turn]]), abs=14
        )


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    seen, size = witnessed(film(tmp_path / "wide.mp4", frames=2, aspect=Fraction(64, 45)))
    assert (size.width, size.height) == (182, 64)
    assert {(frame.luma.shape, frame.plane.shape) for frame in seen} == {((64, 182), (64, 128))}
    assert number_in(seen[1].luma[:, :, None]) == 1


def test_small_pixels_are_the_means_of_large_ones(tmp_path: Path) -> None:
    fine = np.random.default_rng(2).integers(0, 256, (288, 1024)).astype(np.uint8)
    shown = only(coded(tmp_path / "fine.mkv", [fine], "gray"))
    assert shown.luma.shape == (72, LONGER)
    assert np.abs(shown.luma - fine.reshape(72, 4, LONGER, 4).mean((1, 3))).max() <= 1


def test_frames_of_another_size_are_shown_in_the_first_ones(tmp_path: Path) -> None:
    parts = [film(tmp_path / f"{width}.ts", frames=10, size=(width, 64), container="mpegts") for width in (128, 192)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    seen, size = witnessed(joined)
    assert (size.width, size.height) == (128, 64)
    assert {(frame.luma.shape, frame.plane.shape) for frame in seen} == {((64, 128), (64, 128))}
    assert [number_in(frame.luma[:, :, None]) for frame in seen][-3:] == [7, 8, 9]
