"""Running text in another language or script is found; names, dishes, loan words and signs are not."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.text import Text
from framescribe.checks.wrong_language import WrongLanguage
from framescribe.language.languages import code

WRONG = [
    ("The man 站起来 and leaves the room.", "en"),
    ("A cook opens a shop, 她把锅放在灶上, and lights a stove.", "en"),
    ("A dog runs. 一只狗在奔跑。", "en"),
    ("A woman walks to the door y abre la puerta lentamente.", "en-US"),
    ("A cat sits on a mat, le chat regarde la fenêtre.", "English"),
    ("Een man loopt door de straat en zwaait naar een vrouw.", "de"),
    ("Ein Mann geht die Straße entlang, while a dog follows him.", "de"),
    ("A woman walks along the beach.", "es"),
    ("Um homem caminha na rua com o seu cão.", "es"),
    ("Un orologiaio apre la cassa, puis il referme le couvercle avec soin.", "it"),
    ("Un hombre camina por la calle con su perro.", "pt"),
    ("一个男人 walks to the door 然后坐下。", "zh"),
    ("猫がソファで寝ている。", "zh"),
    ("一个男人站在门口。他在看手机。", "ja"),
    ("Чоловік іде вулицею і тримає собаку.", "ru"),
    ("A man walks.", "ru"),
]
RIGHT = [
    ("A sign reads 出口 above the door.", "en"),
    ("A label “出口” glows, and a child in a Kindergarten eats sushi.", "en"),
    ("Rio de la Plata glitters; the café on Rue de la Paix is closed.", "en"),
    ("A waiter in an old café carries à la carte menus and a crème brûlée past a tarte tatin.", "en"),
    ("A pas de deux on stage, then a plate of pico de gallo.", "en"),
    ("A man in a Real Madrid shirt walks the Camino de Santiago.", "en"),
    ("Ein Mann mit Laptop isst Sushi im Central Park.", "de"),
    ("Un hombre con una camiseta de Guns N' Roses toca la guitarra.", "es"),
    ("El panadero da forma a varias barras. No se ve a nadie.", "es"),
    ("一辆BMW汽车停在KFC门口，女子用iPhone拍vlog。", "zh"),
    ("一個女人在街上走著。", "chinese"),
    ("東京都渋谷区の交差点を歩く。", "ja"),
    ("一个男人 walks to the door", None),
    ("A man walks.", "tlh"),
]


def found(text: str, language: str | None) -> list[str]:
    findings = WrongLanguage().measure(Text(text), Circumstances(language=language))
    return [text[each.start : each.end] for each in findings]


@pytest.mark.parametrize(("text", "language"), WRONG)
def test_running_text_in_another_language_is_found(text: str, language: str) -> None:
    assert found(text, language)


@pytest.mark.parametrize(("text", "language"), RIGHT)
def test_names_and_signs_are_not(text: str, language: str | None) -> None:
    assert found(text, language) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("en", "en"), ("EN-us", "en"), ("zh_Hant_TW", "zh"), ("Chinese", "zh"), ("Simplified Chinese", "zh"),
     ("deutsch", "de"), ("nb-NO", "no"), ("Klingon", None), ("", None), (None, None)],
)  # fmt: skip
def test_a_language_has_many_names(name: str | None, expected: str | None) -> None:
    assert code(name) == expected
