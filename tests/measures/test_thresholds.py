"""Each of these thresholds is worth its value: with half of it, and with twice of it, a drawn clip is misread that is
read right with it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from shown import blend, pan, scene, show

from framescribe.measures import camera_moves, cuts, overlay, transitions
from framescribe.measures.camera_moves import Track, described
from framescribe.measures.cuts import Cuts
from framescribe.measures.overlay import Overlay

Read = Callable[[], object]
ONE, OTHER = scene(1, 320, 180), scene(2, 320, 180)
STEP = 0.1  # seconds: every other frame at 20 a second


def cut_to(picture: np.ndarray) -> Read:
    """When the clip cuts that is ONE for 0.8 s, and then this."""
    return lambda: (show(Cuts, [ONE] * 20 + [picture] * 20) or {})["cuts"]


def wall() -> np.ndarray:
    """ONE, as on a wall of screens of which three of eight show something else."""
    picture = ONE.copy()
    for column in (1, 3, 6):
        picture[:, 40 * column : 40 * column + 40] = OTHER[:, 40 * column : 40 * column + 40]
    return picture


def fades(frames: list[np.ndarray]) -> Read:
    return lambda: [fade["kind"] for fade in (show(Cuts, frames) or {})["fades"]]


def dissolving() -> list[np.ndarray]:
    return [ONE] * 15 + blend([ONE] * 25, [OTHER] * 25) + [OTHER] * 15


def out_of_focus() -> list[np.ndarray]:
    """A camera that pans by a fifth of the picture, and is out of focus meanwhile."""
    wide = scene(1, 380, 180)
    passing = []
    for at in range(30):
        left, blur = 2 * (at + 1), 4 * (1 - abs(2 * at / 30 - 1))
        view = wide[:, left : left + 320].copy()
        passing.append(cv2.GaussianBlur(view, (0, 0), blur) if blur > 0.3 else view)
    return [wide[:, :320].copy()] * 15 + passing + [wide[:, 60:].copy()] * 15


def lying(mask: np.ndarray, level: int | None, darker: int = 0) -> Read:
    """The kinds of what is found on a pale scene that passes by: something of this level lies where the mask is, or a
    shadow by which the scene is `darker` there."""

    def kinds() -> object:
        frames = []
        for frame in pan(4, 100, step=4.0):
            pale = 128 + (0.5 if level is not None else 0.3) * (frame.astype(float) - 128)
            lies = level if level is not None else pale - darker
            frames.append(np.where(mask[..., None] > 0.5, lies, pale).clip(0, 255).astype(np.uint8))
        return [found["kind"] for found in (show(Overlay, frames) or {})["static"]]

    return kinds


def letters() -> np.ndarray:
    drawn = np.zeros((180, 320), np.uint8)
    cv2.putText(drawn, "LOGO", (200, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 1, 5)
    return drawn


def smudge() -> np.ndarray:
    drawn = np.zeros((180, 320), np.uint8)
    cv2.circle(drawn, (240, 40), 22, 1, -1)
    return drawn


def camera(*speeds: float) -> Read:
    """What is said of a camera that goes to the right at these speeds, in widths a second, step by step, and is still
    for 2.5 seconds before and after."""
    velocity = np.pad(np.array(speeds), 25)
    start = STEP * np.arange(len(velocity))
    motion = np.zeros((len(velocity), 4))
    motion[:, 0] = -STEP * velocity  # the content goes to the left
    sure = np.full(len(velocity), 0.9)
    track = Track(start=start, end=start + STEP, motion=motion, trust=sure, strong=sure)
    return lambda: [move["label"] for move in described(track)["moves"]]


@pytest.mark.parametrize(
    ("module", "name", "clips"),
    [
        (cuts, "EVERYWHERE", [(cut_to(OTHER), [0.8]), (cut_to(wall()), [])]),
        (
            transitions,
            "MOVED",
            [(fades(dissolving()), ["dissolve"]), (fades(out_of_focus()), [])],
        ),
        (overlay, "EDGE", [(lying(letters(), 170), ["logo"]), (lying(smudge(), None, 10), [])]),
        # a quick pan, and two steps that the flow got wrong
        (camera_moves, "SMOOTH", [(camera(0.5, 0.5, 0.5), ["pan_right"]), (camera(0.6, 0.6), ["static"])]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_half_and_twice_of_it_misread_a_clip(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, clips: list[tuple[Read, object]]
) -> None:
    def all_right() -> bool:
        return all(read() == truth for read, truth in clips)

    assert all_right()
    value = getattr(module, name)
    for wrong in (value / 2, 2 * value):
        monkeypatch.setattr(module, name, wrong)
        assert not all_right()
