"""A text that stops before it is finished is found in any language, and tags, particles and smileys are not."""

from __future__ import annotations

import pytest

from tests.checks.looked import found, mended

WHOLE = "A glassblower turns a glowing bulb at the end of a long pipe. "


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A gardener leans the ladder against the", "en"),
        ("Two porters carry a piano up the stairs and", "en"),
        ("A diver waits on the edge of", "en"),
        ("A girl runs to the gate because", "en"),
        ("A judge raises a card that reads \"Round", "en"),
        ("A judge raises a card that reads “Round", "en"),
        ("A carpenter (with a pencil behind his ear saws a board.", "en"),
        ("A fox crosses the yard,", "en"),
        (WHOLE + "He blows and the bulb gro", "en"),
        (WHOLE + "Then he", "en"),
        ("A fox crosses the yard and the...", "en"),
        ("工人把箱子搬上车，然后", "zh"),
        ("小猫跳上窗台，", "zh"),
        ("母亲抱起孩子。她朝窗外看", "zh"),
        ("Der Müller trägt einen Sack in die", "de"),
        ("Die Kinder laufen los und", "de"),
        ("Le boulanger pose le pain sur la", "fr"),
        ("La niña abre la puerta y", "es"),
        ("少年は赤いボールを", "ja"),
        ("Женщина идёт по улице с", "ru"),
    ],
)  # fmt: skip
def test_unfinished(text: str, language: str) -> None:
    assert found("truncated", text, language=language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A glassblower turns a glowing bulb", "en"),
        ("night market, steam, red lanterns, handheld", "en"),
        (WHOLE + "Warm light, shallow focus, wide shot", "en"),
        ("A janitor turns the lights off", "en"),
        ("A boy climbs the fence and his friend jumps over", "en"),
        ("A grandmother gives the children something to look at", "en"),
        ("A busker plays a song that nobody listens to", "en"),
        ("A teacher points to the letter A", "en"),
        ("A clown waves at the crowd :)", "en"),
        ("A girl types ok :( and sighs", "en"),
        ("A board of 3' by 12\" leans on the bikes' rack.", "en"),
        ('A shop sign reads "Fish"', "en"),
        (WHOLE + 'The label says "Hot"', "en"),
        (WHOLE + "#glass #craft", "en"),
        ("a) A hen pecks. b) A cock crows.", "en"),
        ("灯光柔和", "zh"),
        ("两名队员一起参与", "zh"),
        ("天空是蓝色的", "zh"),
        ("Er knipst das Licht an", "de"),
        ("Das Kind schläft ein", "de"),
        ("Er ruft: „Halt!“", "de"),
        ("Elle dit : « Bonjour »", "fr"),
        ("夕日に染まる海", "ja"),
        ("Flowers on a grave slowly die", "en"),  # an article in German
    ],
)
def test_finished(text: str, language: str) -> None:
    assert not found("truncated", text, language=language)


def test_the_token_limit_is_enough() -> None:
    assert found("truncated", WHOLE.strip(), finish_reason="length")
    assert not found("truncated", WHOLE.strip(), finish_reason="other")


def test_it_is_cut_to_its_last_whole_sentence_if_enough_remains() -> None:
    assert mended("truncated", WHOLE + "He blows and the") == WHOLE.strip()
    assert mended("truncated", WHOLE + "He blows and the", finish_reason="length") == WHOLE.strip()
    kept = WHOLE + "He blows and the"
    assert mended("truncated", kept, min_words=20) == kept
    long = (
        WHOLE
        + "He blows, turns it once more over the flame, lifts it, and with a pair of tongs he shapes the rim of the"
    )
    assert mended("truncated", long) == long
