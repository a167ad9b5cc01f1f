"""What is said not to be there is found; what something has not, or does not do, is description."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.judge import Checks
from framescribe.checks.negation_filler import NegationFiller
from framescribe.checks.text import Text

FILLER = [
    "A red bus turns. No cars can be seen.",
    "There are no people in the scene.",
    "A brick wall stands in the sun, lacking any captions.",
    "He walks along an empty pier without any people around.",
    "A bowl sits on a table with no one nearby.",
    "A boat drifts. Neither people nor animals are visible.",
    "A goat eats. No text, logos or captions.",
    "The face of the man is not visible.",
    "Not a single cloud hangs above the runway.",
    "一只狗在草地上奔跑。画面中没有其他人。",
    "街道很安静，没有行人，也没有车辆。",
    "Ein Hund rennt. Es sind keine Menschen zu sehen.",
    "Weder Schiffe noch Menschen sind zu sehen.",
    "Un chien court. Il n'y a personne d'autre.",
    "Una calle sin ningún coche.",
    "Non ci sono persone.",
    "犬が走る。人は映っていない。",
    "Людей не видно.",
    "A ball rolls away. There are no objects.",
    "There are no other objects, on a white background.",
]
DESCRIPTION = [
    "A car without doors rolls down the hill.",
    "The match doesn't light.",
    "She waves, but nobody waves back.",
    "The camera does not move.",
    "Nothing but snow until a hare runs through.",
    "No matter how hard he pushes, the door stays shut.",
    "She lifts the barrel without any effort.",
    "A player in the No. 7 jersey runs.",
    "The moon is no longer visible.",
    "The boat sails on until it cannot be seen.",
    "He shows no sign of stopping.",
    'A sign says "No people beyond this point".',
    "机位固定，没有任何移动。",
    "一辆没有门的汽车驶过。",
    "火柴没有点燃。",
    "Ein Auto ohne Türen fährt vorbei.",
    "Il n'y a plus d'eau dans le seau.",
    "Ya no se ve el barco.",
    "ドアのない車が走る。",
    "There are no objects, on a white background.",
    "There is nothing on the table.",
    "No shapes are visible.",
    "Nothing can be seen.",
    "Es sind keine Gegenstände zu sehen.",
    "Il n'y a rien sur la table.",
    "No hay ningún objeto.",
    "画面中没有任何物体。",
    "何も映っていない。",
]


def found(text: str) -> list[str]:
    return [text[each.start : each.end] for each in NegationFiller().measure(Text(text), Circumstances(language=None))]


@pytest.mark.parametrize("text", FILLER)
def test_what_is_not_there_is_filler(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", DESCRIPTION)
def test_what_something_lacks_or_does_not_do_is_description(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("A red bus turns into a side street. No cars can be seen.", "A red bus turns into a side street."),
        ("An old brick wall stands in the sun, lacking any captions.", "An old brick wall stands in the sun."),
        ("He walks along an empty pier without any people around.", "He walks along an empty pier."),
        ("A man cooks over a fire, and no other people are visible.", "A man cooks over a fire."),
        ("一只狗在草地上来回奔跑。画面中没有其他人。", "一只狗在草地上来回奔跑。"),
    ],
)
def test_the_filler_is_cut(text: str, mended: str) -> None:
    checks = Checks.chosen(off=("all",), on=("negation_filler",))
    assert checks.mended(text, Circumstances()).text == mended
