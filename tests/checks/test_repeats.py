"""A text that loops is found; what is said in parallel, or twice for a reason, is not."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from tests.checks.looked import found, mended, only

BAD = [
    ("A drummer hits hits hits hits the snare.", "word_times"),
    ("a bowl, a spoon, a bowl, a spoon, a bowl, a spoon, a bowl, a spoon", "phrase_times"),
    ("A ferry leaves the pier and a ferry leaves the pier and a ferry leaves the pier and so on.", "phrase_times"),
    ("a boy who runs along the narrow beach and waves to the crew, " * 3 + "then stops", "phrase_times"),
    ("船慢慢驶过湖面，船慢慢驶过湖面，船慢慢驶过湖面。", "phrase_times"),
    ("A cook slices leeks. Steam rises. A cook slices leeks.", "sentence_times"),
    ("厨师在案板上切葱。热气升起。厨师在案板上切葱。", "sentence_times"),
    (
        "A tall man in a green coat feeds pigeons near the old fountain. Near the old fountain, a tall man in a green"
        " coat feeds the pigeons.",
        "likeness",
    ),
    ("lamp, chair, book, lamp, vase, chair, book, lamp, rug", "list_share"),
    (
        "A shelf with a first row of jars, a second row of jars, a third row of jars, a fourth row of jars and a fifth"
        " row of jars.",
        "count_times",
    ),
    ("A cup stands at the top right stands at the top right of a shelf.", "twice_words"),
    ("小猫在窗台上慢慢地走小猫在窗台上慢慢地走过去。", "twice_words"),
    ("A goalkeeper shouts nooooooooo at the ball.", "character_times"),
    ("A rocket lifts off!!!!!!!!", "character_times"),
]
GOOD = [
    "A child turns round and round and round in a swivel chair.",
    "The left door opens and a nurse leaves. The right door closes and a doctor sits down.",
    "A man in a grey cap peels a pear. A man in a white cap peels an apple.",
    "A neon sign blinks \"Hot Hot Hot Hot Hot\" above a stall.",
    "A clerk stamps form 1, form 2 and form 3.",
    "He puts a foot to the left, a foot to the right, a foot to the left, a foot to the right.",
    "Waves roll in from left to right and from left to right.",
    "She walks up the hill, up the hill and over it.",
    "A serial number, 00000000, is engraved on the case.",
    "A line of dots ............ runs across the page.",
    "He nods. The train leaves the station in thick fog. He nods.",
    "Red tulips, white tulips, yellow roses, pink lilies, a bee, a snail, a watering can and a rake lie on the grass.",
    "孩子们开开心心地跑来跑去，雨哗啦哗啦地下着。",
]  # fmt: skip


@pytest.mark.parametrize(("text", "measure"), BAD)
def test_loops(text: str, measure: str) -> None:
    assert measure in {fault.measure for fault in found("repeats", text)}


@pytest.mark.parametrize("text", GOOD)
def test_no_loops(text: str) -> None:
    assert not found("repeats", text)


def test_how_often_is_counted_whatever_the_limits_are() -> None:
    """So that finished rows can be judged again by others."""
    measured = only("repeats").measured("A bell rings at noon, rings at noon, rings at noon.", Circumstances())
    assert [(one.measure, one.value) for one in measured] == [("phrase_times", 3)]
    assert not found("repeats", "A bell rings at noon, rings at noon.")
    assert only("repeats").measured("A bell rings at noon, rings at noon.", Circumstances())[0].value == 2


def test_copies_of_a_sentence_are_cut_and_the_rest_stays() -> None:
    text = "A cook slices leeks. Steam rises from a pot. A cook slices leeks. A cook slices leeks. He smiles."
    assert mended("repeats", text) == "A cook slices leeks. Steam rises from a pot. He smiles."


def test_a_loop_of_whole_sentences_is_cut() -> None:
    assert all(fault.cut for fault in found("repeats", 5 * "A cook slices red leeks. "))
    assert mended("repeats", "A cook slices red leeks." + 4 * " A cook slices red leeks.") == "A cook slices red leeks."


def test_a_loop_can_only_be_asked_about_again() -> None:
    text = "A drummer hits hits hits hits the snare."
    assert found("repeats", text)[0].cut is None and mended("repeats", text) == text


def test_an_engine_that_stopped_a_loop_is_believed() -> None:
    assert found("repeats", "A drummer hits the snare.", finish_reason="repetition")
