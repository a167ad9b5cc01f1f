"""Guesses are found in several languages; similes, sunrises and names are left alone."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.judge import Checks
from framescribe.checks.speculation import Speculation
from framescribe.checks.text import Text

GUESSES = [
    "Two girls in one coat wait at a stop, probably sisters.",
    "He taps his watch, suggesting a late train.",
    "A woman appears to be hiding something behind her back.",
    "The driver seems lost and turns the map around.",
    "It could be a rehearsal.",
    "He looks around as if to check that nobody follows.",
    "Smoke rises, indicating that the oven is on.",
    "In all likelihood the parade is over.",
    "一名男子在门口走来走去，可能在等人。",
    "老人看起来像是在找东西。",
    "男の子は誰かを待っているようだ。",
    "Der Mann scheint auf jemanden zu warten.",
    "Zwei Kinder rennen weg, vermutlich aus Angst.",
    "La femme semble chercher ses clés.",
    "Il salue de la main, comme pour dire adieu.",
    "El perro parece tener hambre.",
    "Quizás sea un ensayo.",
    "Forse aspettano un autobus.",
    "Мальчик, вероятно, ждёт друга.",
]
NONE = [
    "The moon appears over a ridge.",
    "A fox appears to the left of the barn.",
    "She moves her arms as if swimming through the air.",
    "He hits the post with all his might.",
    'A banner says "Maybe tomorrow" above the gate.',
    "Riders stop outside the Likely Store.",
    "The tower could be seen through the fog.",
    "In May the square fills with stalls.",
    "他尽可能快地跑，月亮好像一只银盘。",
    "Die Sonne scheint auf den Hof.",
    "El niño se parece a su padre y aparece detrás del árbol.",
    "Er deutet auf die Karte und fühlt sich wohl in der Sonne.",
    "まるで鳥のように飛ぶ。",
]


def found(text: str) -> list[str]:
    return [text[each.start : each.end] for each in Speculation().measure(Text(text), Circumstances(language=None))]


@pytest.mark.parametrize("text", GUESSES)
def test_a_guess_is_found(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_a_guess_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Two girls wait at a windy bus stop, probably sisters.", "Two girls wait at a windy bus stop."),
        ("A man, possibly a chef, chops a red onion.", "A man chops a red onion."),
        ("He carries a long box that might be a gift.", "He carries a long box."),
        ("A dog digs a hole in wet sand. It may be looking for a bone.", "A dog digs a hole in wet sand."),
        ("一名男子在门口走来走去，可能在等人。", "一名男子在门口走来走去。"),
    ],
)
def test_the_clause_that_guesses_is_cut(text: str, mended: str) -> None:
    checks = Checks.chosen(off=("all",), on=("speculation",))
    assert checks.mended(text, Circumstances()).text == mended


def test_a_guess_that_is_the_sentence_is_left_for_asking_again() -> None:
    checks = Checks.chosen(off=("all",), on=("speculation",))
    result = checks.mended("The man by the door is probably a waiter.", Circumstances())
    assert result.text == "The man by the door is probably a waiter." and result.cut == ()
