"""What is true of a drawn clip, and which of its frames decide it, against what a person would say."""

from __future__ import annotations

import pytest

from framescribe.demo.scenes import Mention, Statement, summarise
from framescribe.demo.truth import decided, holds

CIRCLE = Mention("large", "red", "circle", "left", "left")
MOVED = Mention("large", "red", "circle", "right", "right")
STAR = Mention("small", "blue", "star", "top", "top")
# A large red circle moves from the left to the right; a small blue star is there from the second frame on.
FRAMES = [Statement((CIRCLE,), "navy"), Statement((CIRCLE, STAR), "navy"), Statement((STAR, MOVED), "navy")]


@pytest.mark.parametrize(
    ("sentence", "said", "numbers"),
    [
        ("There is a large red circle.", "yes", [1, 2, 3]),
        ("There is a blue star.", "yes", [2, 3]),
        ("There is a large blue star.", "no", [1, 2, 3]),
        ("There is no small star.", "no", [2, 3]),
        ("There is no square.", "yes", [1, 2, 3]),
        ("A large red circle moves from the left to the right.", "yes", [1, 3]),
        ("A large red circle moves from the right to the left.", "no", [1, 3]),
        ("A large red circle does not move from the left to the right.", "no", [1, 3]),
        ("A large red circle is on the left.", "no", [1, 3]),
        ("A red circle moves.", "yes", [1, 3]),
        ("A red circle stays.", "no", [1, 3]),
        ("A small blue star appears at the top.", "yes", [1, 3]),
        ("A small blue star does not appear at the bottom.", "yes", [1, 3]),
        ("There are two objects.", "yes", [1, 2, 3]),
        ("There are not two objects.", "no", [1, 2, 3]),
        ("There are no objects.", "no", [1, 2, 3]),
        ("The background is navy.", "yes", [1, 2, 3]),
        ("The background is a light gradient.", "no", [1, 2, 3]),
        ("A man walks a dog.", "cannot tell", []),
    ],
)
def test_a_sentence_about_a_clip(sentence: str, said: str, numbers: list[int]) -> None:
    assert decided(sentence, FRAMES) == (said, numbers)
    assert holds(sentence, summarise(FRAMES)) is {"yes": True, "no": False, "cannot tell": None}[said]


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("A large red circle is on the left.", "yes"),
        ("A large red circle is at the top.", "no"),
        ("A large red circle moves from the left to the right.", "cannot tell"),
        ("A large red circle does not stay.", "cannot tell"),
        ("There is one object.", "yes"),
    ],
)
def test_one_frame_shows_no_movement(sentence: str, said: str) -> None:
    assert decided(sentence, FRAMES[:1])[0] == said
