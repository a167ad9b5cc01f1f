"""Whatever Python finds a random expression in has the letters that are said to be needed, as SQLite sees it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
