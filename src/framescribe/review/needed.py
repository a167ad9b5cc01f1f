"""Knows which letters a text must hold for a regular expression to be found in it; looks through no text.

So SQLite leaves out most captions before the expression itself is tried. Whatever is not certain is not needed. How
`re` reads an expression is not public: where that is missing, or is not as known here, nothing is said to be needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from typing import Any

ops: Any = None
parser: Any = None
with suppress(ImportError):
    ops, parser = import_module("re._constants"), import_module("re._parser")

LEAST, MOST = 2, 12  # letters that are worth looking for; texts of which one is needed

# What `regex` may read otherwise than `re`: sets within sets, and errors that are allowed ("{e<=1}").
_OTHERWISE = re.compile(r"\[\[|\[:|--|&&|~~|\|\||\{(?!\d*,?\d*\})|\\\d|\(\?[a-zA-Z]*x")
# Letters that match others than their own capitals where case does not matter (the Kelvin sign, the long s, Turkish i),
# and what LIKE takes for a wildcard.
_ANY = re.compile(r"[^\x00-\x7f]|[iksIKS%_]")


def needed(pattern: str) -> list[str]:
    """Patterns of LIKE: whatever the regular expression is found in, in either case, is like one of them. None: there
    is nothing that must be there."""
    if parser is None or _OTHERWISE.search(pattern):
        return []
    try:
        texts = _of_all(parser.parse(pattern))
    except Exception:  # no expression, or not read in the way that is known here, which may fail anyhow
        return []
    return [f"%{_ANY.sub('_', text)}%" for text in texts]


def _of_all(items: Iterable[Any]) -> list[str]:
    """The texts of which one must be there, for all of these, one after the other."""
    best, run = list[str](), ""
    for op, given in items:
        if op is ops.LITERAL:
            run += chr(given)
            continue
        best, run = _better(_better(best, [run]), _of_one(op, given)), ""
    return _better(best, [run])


def _of_one(op: Any, given: Any) -> list[str]:
    if op is ops.SUBPATTERN:
        _, more, fewer, items = given
        return [] if more or fewer else _of_all(items)
    if op is ops.ATOMIC_GROUP:
        return _of_all(given)
    if op is ops.BRANCH:
        branches = [_of_all(items) for items in given[1]]
        return [text for texts in branches for text in texts] if all(branches) else []
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
        least, _, items = given
        return _of_all(items) if least else []
    return []


def _better(one: list[str], other: list[str]) -> list[str]:
    """Those that fewer texts will hold."""
    return other if _worth(other) > _worth(one) else one


def _worth(texts: list[str]) -> int:
    """How many certain letters the shortest has; 0: they are of no use."""
    certain = min((len(_ANY.sub("", text)) for text in texts), default=0)
    return certain if certain >= LEAST and len(texts) <= MOST else 0
