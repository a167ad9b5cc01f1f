"""Sentences about weather, light and the time of day, in which "it" stands for nothing: each is one claim of the
setting, put as it is said, and its contrast cannot be true as well."""

from __future__ import annotations

import pytest

from framescribe.claims import split


def stated(caption: str) -> list[tuple[str, str, str]]:
    return [(claim.kind, claim.statement, claim.contrast) for claim in split(caption)]


@pytest.mark.parametrize(
    ("caption", "statement", "contrast"),
    [
        ("It is night.", "It is night.", "It is day."),
        ("It’s daytime.", "It is daytime.", "It is nighttime."),
        ("It's dark outside.", "It is dark outside.", "It is bright outside."),
        ("It was dark.", "It is dark.", "It is bright."),
        ("It is raining.", "It is raining.", "It is not raining."),
        ("It's snowing lightly.", "It is snowing lightly.", "It is not snowing lightly."),
        ("It rains.", "It rains.", "It does not rain."),
        ("It's a sunny day.", "It is a sunny day.", "It is a cloudy day."),
        ("It is a dark and stormy night.", "It is a dark and stormy night.", "It is not a dark and stormy night."),
        ("It is early morning.", "It is early morning.", "It is not early morning."),
        ("It is late at night.", "It is late at night.", "It is not late at night."),
        ("It seems to be winter.", "It is winter.", "It is summer."),
        ("It is getting dark.", "It is getting dark.", "It is not getting dark."),
        ("It starts to rain.", "It starts to rain.", "It does not start to rain."),
        ("It is not raining.", "It is not raining.", "It is raining."),
        ("It isn't dark outside.", "It is not dark outside.", "It is dark outside."),
        ("It's not a sunny day.", "It is not a sunny day.", "It is a sunny day."),
        ("It doesn't snow.", "It does not snow.", "It does snow."),
        ("It is not cold or windy.", "It is not cold or windy.", "It is cold or windy."),
        ("It is no longer raining.", "It is no longer raining.", "It is still raining."),
    ],
)
def test_one_claim_of_the_setting(caption: str, statement: str, contrast: str) -> None:
    assert stated(caption) == [("setting", statement, contrast)]
    [claim] = split(caption)
    assert caption[claim.start : claim.end] == caption.rstrip(".")


def test_several_are_claimed_one_by_one_and_so_is_the_place() -> None:
    assert stated("It is foggy and raining in the city.") == [
        ("setting", "It is foggy.", "It is not foggy."),
        ("setting", "It is raining.", "It is not raining."),
        ("setting", "The scene is in the city.", "The scene is not in the city."),
    ]


@pytest.mark.parametrize("joined", [". It is raining.", " while it is raining.", ", and it's raining."])
def test_nobody_rains(joined: str) -> None:
    assert stated(f"A dog runs{joined}")[2:] == [("setting", "It is raining.", "It is not raining.")]


def test_what_is_dark_after_a_thing_is_the_thing_and_after_a_person_the_scene() -> None:
    assert stated("A box stands here. It is dark.")[-1][1] == "The box is dark."
    assert stated("A box stands here. It is dark outside.")[-1][1] == "It is dark outside."
    assert stated("A man waits. It is dark. He smiles.")[2:] == [
        ("setting", "It is dark.", "It is bright."),
        ("action", "The man smiles.", "The man frowns."),
    ]


@pytest.mark.parametrize(
    ("caption", "statement"),
    [
        ("It's a dog.", "There is a dog."),
        ("It is a spring.", "There is a spring."),
        ("A pump turns. It is pouring water.", "The pump is pouring water."),
        ("A box stands here. It's open.", "The box is open."),
        ("He's walking.", "A man is walking."),
        ("The dogs aren't barking.", "The dogs are not barking."),
        ("A man doesn't move.", "A man does not move."),
        ("The weather is sunny.", "The weather is sunny."),
    ],
)
def test_other_sentences_and_short_forms_are_read_as_what_they_stand_for(caption: str, statement: str) -> None:
    assert statement in [said for _, said, _ in stated(caption)]
    assert not any("it's" in said or "n't" in said for _, said, _ in stated(caption))
