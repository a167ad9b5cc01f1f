"""Whatever Python finds a random expression in has the letters that are said to be needed, as SQLite sees it."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.review import needed as module
from framescribe.review.needed import needed

LETTERS = "dogskiDOGSKI ü%_.\u212a\u017f\u0130\u0131"  # with those that are i, k and s in another guise
PIECES = st.sampled_from(
    [
        "dog",
        "do",
        "g",
        "kis",
        "ski",
        "ü",
        "%",
        "_",
        "Go",
        " ",
        r"\w",
        r"\bdo",
        "[do]",
        "[^d]",
        ".",
        "^",
        "$",
        r"\.",
        "[d]",
    ]
)
REPEATED = ("(?:{})*", "(?:{})+", "(?:{})?", "(?:{}){{2}}", "(?:{}){{0,2}}", "({}){{1,}}?", "(?>{})", "(?:{})++")
WITHIN = ("({})", "(?:{})", "(?={})", "(?!{})", "(?<!g)({})", "(?i:{})", "(?P<a>{})(?P=a)", "(?:{}|)")
PATTERNS = st.recursive(
    PIECES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda several: f"(?:{'|'.join(several)})")
        | st.tuples(st.sampled_from((*REPEATED, *WITHIN)), inner).map(lambda both: both[0].format(both[1]))
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as opened:
        yield opened


@settings(max_examples=1500, deadline=None)
@given(pattern=PATTERNS, texts=st.lists(st.text(LETTERS, max_size=12), min_size=1, max_size=8))
def test_nothing_is_needed_without_which_the_expression_is_found(
    database: sqlite3.Connection, pattern: str, texts: list[str]
) -> None:
    try:
        expression = re.compile(pattern, re.IGNORECASE)
    except re.error:  # the same name twice
        return
    likes = needed(pattern)
    for text in texts:
        if likes and expression.search(text):
            assert any(database.execute("SELECT ? LIKE ?", (text, like)).fetchone()[0] for like in likes)


@pytest.mark.parametrize(
    ("pattern", "likes"),
    [
        (r"(dog|cat) (runs|jumps) \w+ly", ["%dog%", "%cat%"]),
        (r"\bZebra", ["%Zebra%"]),
        ("colou?r", ["%colo%"]),
        ("(?:ab){2,}", ["%ab%"]),
        ("100%_off", ["%100__off%"]),
        ("dog|.", []),
        ("(?:dog)?", []),
        ("(?!dog)", []),
        ("(?:dog){e<=1}", []),  # with an error allowed, as `regex` reads it
        ("(?x) d o g", []),
        ("(?i:dog)", []),
        ("[[a-z]--[d]]og", []),
        (r"\p{Lu}og dog", []),  # which only `regex` knows
        ("(a+)+$", []),
        ("(", []),
    ],
)
def test_what_is_needed(pattern: str, likes: list[str]) -> None:
    assert needed(pattern) == likes


def loaded() -> ModuleType:
    """The module, loaded once more."""
    spec = importlib.util.spec_from_file_location("needed_again", str(module.__file__))
    assert spec is not None and spec.loader is not None
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again


@pytest.mark.parametrize("missing", ["_parser", "_constants"])
def test_without_the_parser_of_re_nothing_is_needed(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    assert loaded().needed("colou?r") == ["%colo%"]
    monkeypatch.delattr(re, missing)
    monkeypatch.setitem(sys.modules, f"re.{missing}", None)
    assert loaded().needed("colou?r") == []


OTHERWISE: list[Any] = [
    None,
    7,
    [None],
    [("LITERAL", 100), ("LITERAL", 111)],
    [SimpleNamespace(op="LITERAL", value=100)],
    [(object(), (1, 2)), (object(), None, None)],
    [("SUBPATTERN", 5)],
]


@pytest.mark.parametrize("parsed", OTHERWISE)
def test_what_the_parser_of_re_never_gave_before_needs_nothing(monkeypatch: pytest.MonkeyPatch, parsed: object) -> None:
    again = loaded()
    monkeypatch.setattr(again, "parser", SimpleNamespace(parse=lambda pattern: parsed))
    assert again.needed("dog") == []


@pytest.mark.parametrize("name", ["SUBPATTERN", "BRANCH", "MAX_REPEAT", "ATOMIC_GROUP", "LITERAL"])
def test_a_name_that_re_has_no_more_needs_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    again = loaded()
    constants = {key: value for key, value in vars(again.ops).items() if key != name}
    monkeypatch.setattr(again, "ops", SimpleNamespace(**constants))
    for pattern in ("(dog)", "(?:dog|cat)", "(?:dog)+", "(?>dog)"):
        likes = again.needed(pattern)
        assert likes in ([], needed(pattern))
