"""Moods and feelings of a viewer are found; feelings that show, weather and air are not."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.judge import Checks
from framescribe.checks.mood import Mood
from framescribe.checks.text import Text

MOOD = [
    "A lantern swings on a pier and stirs longing.",
    "Neon signs glow in the rain with a dreamlike vibe.",
    "The empty hall evokes a bygone age.",
    "Candles flicker, creating a sense of calm.",
    "The tension is palpable.",
    "It is a haunting sight.",
    "The viewer is left with a feeling of contentment.",
    "灯笼在雨中摇晃，营造出温馨的氛围。",
    "見る者に静かな感動を与える。",
    "Die Kerzen verleihen dem Raum eine geheimnisvolle Aura.",
    "Le brouillard crée une atmosphère paisible.",
    "La niebla crea una atmósfera misteriosa.",
    "Сцена вызывает чувство грусти.",
]
NONE = [
    "A sobbing child holds a broken kite.",
    "An angry driver shakes his fist; a calm sea lies behind him.",
    "Ash drifts high in the atmosphere.",
    "The needle sinks below half an atmosphere.",
    "She stirs the soup and looks at her mood ring.",
    "He walks toward the viewer and feels the wall with one hand.",
    'A poster reads "Nostalgia Night".',
    "Ein Ballon steigt in die Atmosphäre.",
    "火山灰进入大气层。",
]


def found(text: str) -> list[str]:
    return [text[each.start : each.end] for each in Mood().measure(Text(text), Circumstances(language=None))]


@pytest.mark.parametrize("text", MOOD)
def test_prose_of_mood_is_found(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", NONE)
def test_what_can_be_seen_is_no_mood(text: str) -> None:
    assert found(text) == []


def test_it_is_off_unless_asked_for() -> None:
    assert "mood" not in Checks.chosen().on


def test_the_clause_is_cut() -> None:
    checks = Checks.chosen(off=("all",), on=("mood",))
    mended = checks.mended("Candles flicker on a long table, creating a sense of calm.", Circumstances())
    assert mended.text == "Candles flicker on a long table."
