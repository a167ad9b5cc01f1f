"""Knows how a message that names options of the command line is put for a Python program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from framescribe.errors import RunError, UserError

_OPTION = re.compile(r"(?<![\w-])(?:--(?P<no>no-)?(?P<name>[a-z][a-z-]*)|-o\b)")
_OTHER = {"for": "target"}
_FLAGS = {
    "salvage",
    "avoid_bad_frames",
    "trust_remote_code",
    "retry_failed",
    "redo",
    "recheck",
    "keep_captions",
    "check_content",
    "prune",
    "preflight",
    "force",
}


@contextmanager
def in_python() -> Iterator[None]:
    """Errors raised inside name keywords (`summary_model`) where they named options (`--summary-model`)."""
    try:
        yield
    except (UserError, RunError) as error:
        error.args = tuple(_as_keywords(part) if isinstance(part, str) else part for part in error.args)
        raise


def _as_keywords(text: str) -> str:
    return _OPTION.sub(_keyword, text)


def _keyword(option: re.Match[str]) -> str:
    if option["name"] is None:
        return "output"
    name = _OTHER.get(option["name"], option["name"].replace("-", "_"))
    return f"{name}={option['no'] is None}" if name in _FLAGS else name
