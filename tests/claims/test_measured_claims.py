"""Claims about cuts, shots and light are decided by what was measured with a wide margin, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from framescribe.claims import split
from framescribe.claims.base import Claim
from framescribe.claims.measured import decide

ONE = {"cuts": {"cuts": [], "fades": [], "shots": 1, "confidence": 0.95}}
THREE = {"cuts": {"cuts": [1.0, 2.0], "fades": [], "shots": 3, "confidence": 0.95}}
FADE = {"cuts": {"cuts": [], "fades": [{"start": 1.0, "end": 1.5}], "shots": 2, "confidence": 0.95}}
BRIGHT = {"light": {"brightness": 0.7, "dark": 0.0, "bright": 0.1}}
DARK = {"light": {"brightness": 0.05, "dark": 0.6, "bright": 0.0}}
MIDDLE = {"light": {"brightness": 0.35, "dark": 0.0, "bright": 0.0}}


def verdict(statement: str, facts: dict[str, Any]) -> str | None:
    return decide(Claim(kind="attribute", start=0, end=1, statement=statement, contrast=""), facts)


@pytest.mark.parametrize(
    ("statement", "one", "three", "fade"),
    [
        ("The shot is continuous.", "supported", "contradicted", None),
        ("There are no cuts.", "supported", "contradicted", None),
        ("The clip has no cuts.", "supported", "contradicted", None),
        ("The video cuts.", "contradicted", "supported", None),
        ("There are cuts.", "contradicted", "supported", None),
        ("The video cuts to a blue square.", "contradicted", None, None),  # that there is one says not what it shows
        ("There are two shots.", "contradicted", "contradicted", "supported"),
        ("There are three shots.", "contradicted", "supported", None),
        ("There are four shots.", "contradicted", None, None),  # a cut may have been missed
        ("There is a shot of a red square.", None, None, None),
        ("A man cuts the bread.", None, None, None),
        ("There are two glasses.", None, None, None),
    ],
)
def test_cuts_and_shots(statement: str, one: str | None, three: str | None, fade: str | None) -> None:
    assert [verdict(statement, facts) for facts in (ONE, THREE, FADE)] == [one, three, fade]
    for facts in (ONE, THREE):
        assert verdict(statement, {"cuts": {**facts["cuts"], "confidence": 0.6}}) is None
        assert verdict(statement, {"cuts": {"cannot_tell": True}}) is None


@pytest.mark.parametrize(
    ("statement", "bright", "dark"),
    [
        ("The scene is dark.", "contradicted", "supported"),
        ("The picture is very dark.", "contradicted", "supported"),
        ("There is a dark room.", "contradicted", "supported"),
        ("There is a brightly lit room.", "supported", "contradicted"),
        ("The image is bright.", "supported", "contradicted"),
        ("The scene is at night.", "contradicted", None),  # a dark picture may be one of a cellar
        ("It is dark.", "contradicted", "supported"),
        ("It is night.", "contradicted", None),
        ("It is dark outside.", None, None),  # seen from within
        ("There is a dark coat.", None, None),
        ("A man wears bright shoes.", None, None),
        ("The scene is by day.", None, None),
    ],
)
def test_light(statement: str, bright: str | None, dark: str | None) -> None:
    assert [verdict(statement, facts) for facts in (BRIGHT, DARK, MIDDLE)] == [bright, dark, None]
    assert verdict(statement, {"light": {**BRIGHT["light"], "dark": 0.2}}) is None
    assert verdict(statement, {}) is None


def test_what_a_caption_claims_of_them_is_found_there() -> None:
    caption = "The scene is very dark. The video consists of three shots, filmed at night."
    decided = {claim.statement: decide(claim, {**ONE, **BRIGHT}) for claim in split(caption)}
    wrong = {statement for statement, verdict in decided.items() if verdict == "contradicted"}
    assert wrong == {"The scene is very dark.", "There are three shots.", "The scene is at night."}
