"""On-screen text that no frame caption has is found; names, poses, speech and other spellings are not."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.judge import Checks
from framescribe.checks.text import Text
from framescribe.checks.unsupported_text import UnsupportedText

FRAMES = (
    "A pub with a green door, and a white boat.",
    "The sign above the door reads OPEN LATE.",
    'A boy in a shirt with "Salt & Pepper" on it holds a leaflet: Exit 6.',
    "店门口的招牌上写着老王包子",
)
INVENTED = [
    'A pub sign reading "Blue Anchor" swings in the wind.',
    'A lorry leaves the motorway at "Exit 9" in the rain.',
    'The words "The End" appear on a screen.',
    'A boat named "Marta" docks beside the pub.',
    'A sign says "Open very late" over the door.',
    "店门口挂着“幸福面馆”的招牌。",
]
SUPPORTED = [
    'A sign reads "Open late" over the door.',
    'A shirt with "salt and pepper!" on it.',
    "店门口挂着“老王包子”的招牌。",
    'A wrestler nicknamed "Bear" waves to the crowd.',
    'She holds a "warrior" pose on the mat.',
    'Two girls make a "V" sign with their fingers.',
    'A man shouts "Go!" across the field.',
    "A sign swings above the door.",
]


def found(text: str, frames: tuple[str, ...] = FRAMES) -> list[str]:
    of = Circumstances(language=None, frame_captions=frames)
    return [text[each.start : each.end] for each in UnsupportedText().measure(Text(text), of)]


@pytest.mark.parametrize("text", INVENTED)
def test_text_that_no_frame_has_is_found(text: str) -> None:
    assert len(found(text)) == 1


@pytest.mark.parametrize("text", SUPPORTED)
def test_text_that_a_frame_has_and_names_are_not(text: str) -> None:
    assert found(text) == []


def test_without_frame_captions_nothing_is_judged() -> None:
    assert found(INVENTED[0], ()) == []


def test_the_quotation_is_cut_with_what_leads_to_it() -> None:
    checks = Checks.chosen(off=("all",), on=("unsupported_text",))
    mended = checks.mended(INVENTED[0], Circumstances(frame_captions=FRAMES))
    assert mended.text == "A pub sign swings in the wind."
