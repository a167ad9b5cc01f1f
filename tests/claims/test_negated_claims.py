"""What a caption says is not there, or not so, is one claim, whose contrast says that it is."""

from __future__ import annotations

import pytest

from framescribe.claims import split
from framescribe.claims.contrasts import FALSE


def said(caption: str) -> dict[str, str]:
    return {claim.statement: claim.contrast for claim in split(caption)}


@pytest.mark.parametrize(
    ("caption", "claims"),
    [
        ("There are no people.", {"There are no people.": "There are people."}),
        (
            "There is no red car on the street.",
            {"There is no red car on the street.": "There is a red car on the street."},
        ),
        ("There isn't a dog on the table.", {"There is not a dog on the table.": "There is a dog on the table."}),
        ("There aren't any trees.", {"There are not any trees.": "There are trees."}),
        ("There are not many people.", {"There are not many people.": "There are many people."}),
        ("There is no snow on the roof.", {"There is no snow on the roof.": "There is snow on the roof."}),
        ("No people are visible.", {"There are no people.": "There are people."}),
        ("No cars pass by.", {"No cars pass by.": "Cars pass by."}),
        (
            "There are no people in the room, and a cat sleeps.",
            {
                "There are no people in the room.": "There are people in the room.",
                "There is a cat.": "There is a dog.",
                "A cat sleeps.": "A cat wakes.",
            },
        ),
        (
            "The street has no cars.",
            {"There is a street.": "There is no street.", "The street has no cars.": "The street has cars."},
        ),
        (
            "A man wears no hat.",
            {"There is a man.": "There is a woman.", "A man wears no hat.": "A man wears a hat."},
        ),
        (
            "A man without a hat walks.",
            {
                "There is a man.": "There is a woman.",
                "A man is without a hat.": "A man is with a hat.",
                "A man walks.": "A man runs.",
            },
        ),
        (
            "A dark room without any windows.",
            {
                "There is a room.": "There is no room.",
                "There is a dark room.": "There is a light room.",
                "A dark room is without any windows.": "A dark room is with windows.",
            },
        ),
        (
            "A woman with no shoes dances.",
            {
                "There is a woman.": "There is a man.",
                "A woman is with no shoes.": "A woman is with shoes.",
                "A woman dances.": "A woman sits.",
            },
        ),
        (
            "The kitchen is not bright.",
            {"There is a kitchen.": "There is no kitchen.", "The kitchen is not bright.": "The kitchen is bright."},
        ),
        (
            "The cat is not on the table.",
            {"There is a cat.": "There is a dog.", "The cat is not on the table.": "The cat is on the table."},
        ),
        ("He is not wearing a hat.", {"A man is not wearing a hat.": "A man is wearing a hat."}),
        ("There is no wind.", {"There is no wind.": "There is wind."}),
        ("No one is on the beach.", {"No one is on the beach.": f"{FALSE} No one is on the beach."}),
        (
            "Neither the cat nor the dog moves.",
            {"Neither the cat nor the dog moves.": f"{FALSE} Neither the cat nor the dog moves."},
        ),
    ],
)
def test_what_is_not_there(caption: str, claims: dict[str, str]) -> None:
    assert said(caption) == claims


@pytest.mark.parametrize("caption", ["A no-parking sign stands on the left.", "A man says no and leaves."])
def test_other_words_with_no_deny_nothing(caption: str) -> None:
    assert not any(statement.startswith("There is no") for statement in said(caption))


def test_nothing_that_is_denied_is_claimed() -> None:
    caption = "There isn't a red car on the road. A girl without shoes runs. The room has no windows and no door."
    positive = {statement for statement in said(caption) if " no " not in statement and " not " not in statement}
    assert not any(
        word in statement for statement in positive for word in ("car", "windows", "door", "There are shoes")
    )
