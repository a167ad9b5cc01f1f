"""What becomes of a sentence in which something is contradicted, and which captions are taken for English ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from framescribe.claims import Claim, split
from framescribe.strategies.mended import Verdict, mended
from framescribe.strategies.verify import english


@pytest.mark.parametrize(
    ("caption", "is_english"),
    [
        ("A dog runs.", True),
        ("1girl, long hair, blue eyes", True),
        ("Dog catching frisbee.", True),
        ("A naïve man walks along a café.", True),
        ("Ein Hund rennt durch den Garten.", False),
        ("Un perro corre por el jardin con una pelota roja.", False),
        ("Le chien court dans le jardin.", False),
        ("Een man loopt door de straat.", False),
        ("一只狗在跑。", False),
    ],
)
def test_captions_without_accents_are_not_taken_for_english(caption: str, is_english: bool) -> None:
    assert english(caption) is is_english


def without(caption: str, *wrong: str, rewritten: str | None = None, is_english: bool = True) -> tuple[str, list[str]]:
    """What becomes of a caption of which these words are contradicted and nothing is supported, and all that is asked
    about the sentence written anew."""
    asked = list[str]()

    async def judge(claims: Sequence[Claim]) -> dict[Claim, Verdict]:
        asked.extend(claim.statement for claim in claims)
        return {claim: Verdict(verdict="supported", by="asked") for claim in claims}

    async def writer(sentence: str, blamed: Sequence[Claim]) -> str | None:
        return rewritten

    claims = split(caption, english=is_english)
    said = {claim: caption[claim.start : claim.end] for claim in claims}
    verdicts = {
        claim: Verdict(verdict="contradicted" if said[claim] in wrong else "undecided", by="asked") for claim in claims
    }
    text, _ = asyncio.run(mended(caption, claims, verdicts, judge, writer, english=is_english))
    return text, asked


def test_what_is_wrong_within_something_wrong_takes_nothing_else_with_it() -> None:
    caption = "A man sits quietly, under a bright lamp, and a dog barks at the open door."
    text, _ = without(caption, "under a bright lamp", "bright")
    assert "and a dog barks at the open door." in text


def test_a_sentence_of_another_language_that_is_written_anew_is_one_claim() -> None:
    caption, new = "Ein Hund rennt durch den Garten.", "Eine Katze sitzt im Garten."
    assert without(caption, caption, rewritten=new, is_english=False) == (new, [new])
    assert without("一只狗在跑。", "一只狗在跑。", rewritten="一只猫在睡觉。", is_english=False)[0] == "一只猫在睡觉。"
