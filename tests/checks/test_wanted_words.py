"""A trigger counts as a whole phrase only; a forbidden word counts in all its forms, and in no compound."""

from __future__ import annotations

import pytest

from tests.checks.looked import found, mended


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        (("qrx",), "QRX, a boy on a swing."),
        (("qrx",), "A boy on qrx's swing."),
        (("qrx boy",), "The Qrx\nboy on a swing."),
        (("qrx", "m8"), "qrx and (m8) on a swing"),
        (("狐狸",), "一只狐狸跑过。"),
    ],
)
def test_a_trigger_that_is_there(trigger: tuple[str, ...], text: str) -> None:
    assert not found("missing_trigger", text, trigger=trigger)


@pytest.mark.parametrize(
    ("trigger", "text", "put"),
    [
        (("qrx",), "A qrxes boy.", "qrx, A qrxes boy."),
        (("qrx boy",), "A qrx tall boy.", "qrx boy, A qrx tall boy."),
        (("qrx", "m8"), "A boy, qrx, swings.", "m8, A boy, qrx, swings."),
        (("qrx", "m8"), "A boy swings.", "qrx, m8, A boy swings."),
        (("qrx",), "一只狐狸跑过。", "qrx，一只狐狸跑过。"),
    ],
)
def test_a_trigger_that_is_missing_is_put_in_front(trigger: tuple[str, ...], text: str, put: str) -> None:
    assert found("missing_trigger", text, trigger=trigger)
    assert mended("missing_trigger", text, trigger=trigger) == put


@pytest.mark.parametrize(
    ("word", "text", "language"),
    [
        ("hop", "A toad hopped off.", "en"),
        ("hop", "A toad is hopping.", "en"),
        ("bake", "They are baking.", "en"),
        ("carry", "She carried it.", "en"),
        ("mouse", "MICE scatter.", "en"),
        ("leaf", "Leaves fall.", "en"),
        ("cities", "A city wakes.", "en"),
        ("throw", "He threw it.", "en"),
        ("running", "He ran.", "en"),
        ("tall", "The taller one.", "en"),
        ("tripod", "The tripod’s legs.", "en"),
        ("close the door", "She closes the door.", "en"),
        ("slow motion", "A slow-motion shot.", "en"),
        ("logo", "A sign reads \"Logo\".", "en"),
        ("leave", "She left the room.", "en"),
        ("Katze", "Zwei Katzen schlafen.", "de"),
        ("Gans", "Gänse fliegen.", "de"),
        ("gehen", "Er ging fort.", "de"),
        ("oiseau", "Des oiseaux volent.", "fr"),
        ("arbre", "L'arbre tombe.", "fr"),
        ("perro", "Los perros ladran.", "es"),
        ("luz", "Las luces se apagan.", "es"),
        ("dormir", "El gato duerme.", "es"),
        ("leão", "Dois leões dormem.", "pt"),
        ("fungo", "Tre funghi.", "it"),
        ("œil", "Des yeux bleus.", "fr"),
        ("courir", "Ils courent.", "fr"),
        ("Museum", "Zwei Museen.", "de"),
        ("tanzen", "Ein tanzendes Paar.", "de"),
        ("boom", "Drie bomen.", "nl"),
        ("человек", "Люди идут.", "ru"),
        ("狗", "一只狗跑过。", "zh"),
        ("강아지", "강아지가 뛴다.", "ko"),
        ("カー", "赤いカーが走る。", "ja"),
    ],
)  # fmt: skip
def test_a_forbidden_word_in_any_form(word: str, text: str, language: str) -> None:
    faults = found("forbidden_word", text, forbid=(word,), language=language)
    assert faults and all(fault.cut is None for fault in faults)


@pytest.mark.parametrize(
    ("word", "text", "language"),
    [
        ("car", "A scar on a carpet, cared for.", "en"),
        ("hop", "He hopes.", "en"),
        ("pin", "Pines and pined.", "en"),
        ("door", "A doorway, outdoors.", "en"),
        ("man", "A man-made lake; a woman.", "en"),
        ("can", "He can't.", "en"),
        ("run", "A runner.", "en"),
        ("leave", "On the left, the leaves rot.", "en"),
        ("rise", "A red rose.", "en"),
        ("shoot", "A wide shot.", "en"),
        ("building", "A nest built of twigs.", "en"),
        ("slow motion", "Slow, then motion.", "en"),
        ("Katze", "Ein Katzenauge.", "de"),
        ("chat", "Un château.", "fr"),
        ("Bar", "Ein Bart.", "de"),
        ("Gas", "Ein Gast.", "de"),
        ("Auto", "Ein Autor gibt ein Autogramm.", "de"),
        ("Foto", "Ein Fotograf.", "de"),
        ("mar", "Una marca.", "es"),
        ("casa", "Un casco.", "es"),
        ("カー", "カーペットの上。", "ja"),
    ],
)
def test_other_words(word: str, text: str, language: str) -> None:
    assert not found("forbidden_word", text, forbid=(word,), language=language)


def test_a_compound_beside_the_word_is_no_place_of_it() -> None:
    text = "A man-made pond, a man, and a man's hat."
    places = [(fault.start, fault.end) for fault in found("forbidden_word", text, forbid=("man",))]
    assert [text[start:end] for start, end in places] == ["man", "man's"] and places[0][0] > 5
