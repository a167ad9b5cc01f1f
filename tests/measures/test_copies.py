"""Copies of drawn clips by way of other sizes, codes, bars and rates, and clips that are none."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import cv2
import numpy as np
import pytest
from shown import coded, pan, scene, show

from framescribe.measures.borders import Borders
from framescribe.measures.copies import COPY, NONE, Copies, alike


def words(frames: list[np.ndarray], fps: float = 25) -> list[str]:
    bars = show(Borders, frames, fps=fps)
    facts = show(Copies, frames, fps=fps, known={"borders": bars} if bars else {})
    assert facts is not None
    return list(facts["words"])


@cache
def original() -> list[np.ndarray]:
    return pan(1, 100, step=2)


def cropped(share: float) -> list[np.ndarray]:
    down, across = round(share * 90) * 2, round(share * 160) * 2
    return [frame[down : 180 - down, across : 320 - across] for frame in original()]


def boxed(frames: list[np.ndarray], bar: int) -> list[np.ndarray]:
    return [np.pad(frame, ((bar, bar), (0, 0), (0, 0))) for frame in frames]


def resized(frames: list[np.ndarray], width: int, height: int) -> list[np.ndarray]:
    return [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames]


@pytest.mark.parametrize(
    "copy",
    [
        coded(original(), crf=36),
        resized(original(), 144, 80),
        resized(original(), 200, 150),
        boxed(original(), 36),
        [np.pad(frame, ((0, 0), (46, 46), (0, 0))) for frame in original()],
        cropped(0.02),
        [np.clip(255 * (frame / 255) ** 0.7, 0, 255).astype(np.uint8) for frame in original()],
        coded(boxed(resized(cropped(0.02), 240, 134), 20), crf=30),
    ],
    ids=["coded", "small", "stretched", "letterbox", "pillarbox", "cropped", "gamma", "all"],
)
def test_a_copy_is_found(copy: list[np.ndarray]) -> None:
    assert alike(words(original()), words(copy)) < COPY


def test_a_part_of_a_clip_is_found_in_it() -> None:
    assert alike(words(original()), words(original()[50:])) < COPY
    assert alike(words(original()[25:]), words(original())) < COPY


def test_another_rate_is_the_same_clip() -> None:
    assert alike(words(original()), words(original()[::2], fps=12.5)) < COPY


def test_pictures_that_stay_for_seconds_are_the_same_clip() -> None:
    slides = [pan(seed, 1)[0] for seed in range(4)]
    lasting = words(slides, fps=1 / 3)
    assert len(lasting) == 10  # how long the last one stays is not known
    assert lasting == words([slide for slide in slides for _ in range(75)])[:10]


def test_other_clips_are_no_copies() -> None:
    clips = [words(pan(seed, 75, step=2)) for seed in range(12)]
    apart = [alike(one, other) for one, other in combinations(clips, 2)]
    assert min(apart) > 2 * COPY


def test_blank_pictures_are_left_out_and_match_nothing() -> None:
    black = [np.zeros((180, 320, 3), np.uint8)] * 50
    assert words(black) == [NONE, NONE]
    dot = [frame.copy() for frame in black]
    for frame in dot:
        cv2.circle(frame, (100, 100), 3, (255, 0, 0), -1)
    assert alike(words(black), words(black)) == 1
    assert alike(words(dot), words(black)) == 1
    titled = words(black[:25] + pan(1, 50))
    assert titled[0] == NONE and alike(titled, words(black[:25] + pan(2, 50))) > COPY


def test_a_word_has_a_bit_for_each_neighbour() -> None:
    ramp = np.tile(np.linspace(0, 255, 320).astype(np.uint8)[None, :, None], (180, 1, 3))
    assert words([ramp] * 26) == ["f" * 16, "f" * 16]
    assert words([ramp[:, ::-1].copy()] * 25) == ["0" * 16]


def test_there_is_one_word_a_second_whatever_the_frames() -> None:
    still = [scene(1, 320, 180)] * 4
    facts = show(Copies, still, times=[0.0, 0.5, 3.2, 4.0])
    assert facts is not None and len(facts["words"]) == 5
