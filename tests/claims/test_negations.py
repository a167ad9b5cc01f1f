"""The plain negation of a statement, and a statement without the word in question."""

from __future__ import annotations

import pytest

from framescribe.claims.contrasts import bare, negated


@pytest.mark.parametrize(
    ("statement", "negation"),
    [
        ("There is a large red circle.", "There is no large red circle."),
        ("There are two dogs.", "There are not two dogs."),
        ("There are no objects.", "There are objects."),
        ("A small star is at the top.", "A small star is not at the top."),
        ("A red cross moves from the left to the right.", "A red cross does not move from the left to the right."),
        ("A blue circle appears at the top.", "A blue circle does not appear at the top."),
        ("Two dogs run along the beach.", "Two dogs do not run along the beach."),
        ("Two circles move to the left.", "Two circles do not move to the left."),
        ("The cook chops onions.", "The cook does not chop onions."),
        ("Smoke from a fire rises.", "Smoke from a fire does not rise."),
        ("The boys play football.", "The boys do not play football."),
        ("It is raining.", "It is not raining."),
        ("It is not raining.", "It is raining."),
        ("It rains heavily.", "It does not rain heavily."),
        ("It starts to rain.", "It does not start to rain."),
        ("It has stopped raining.", "It has not stopped raining."),
        ("It is no longer raining.", "It is still raining."),
        ("Two girls were not dancing.", "Two girls were dancing."),
        ("The scene is not at night.", "The scene is at night."),
    ],
)
def test_negations(statement: str, negation: str) -> None:
    assert negated(statement) == negation


@pytest.mark.parametrize(
    ("statement", "contrast", "left"),
    [
        ("There is a large blue circle.", "There is a large yellow circle.", "There is a large circle."),
        ("There is an orange star.", "There is a blue star.", "There is a star."),
        ("There is a small orange star.", "There is a large orange star.", "There is an orange star."),
        ("There is a coat.", "There is no coat.", None),
        ("The background is navy.", "The background is white.", None),
        ("A dog walks slowly.", "A dog does not walk slowly.", None),
    ],
)
def test_a_statement_without_the_word_in_question(statement: str, contrast: str, left: str | None) -> None:
    assert bare(statement, contrast) == left
