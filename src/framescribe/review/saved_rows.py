"""Knows what of a row may leave the machine: no paths, no names of users, nothing that grants access. Reads no file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from framescribe.addresses import without_access

SOMEBODY = "a person"

# Folders in front of a name: /home/ann/, ~/clips/, C:\Users\ann\, \\server\share\. Addresses such as https://… stay.
_FOLDERS = re.compile(r"(?<![\w.~/\\:-])(?:file://)?(?:~?/|[A-Za-z]:[\\/]|\\\\)(?:[^\s/\\'\"<>|]+[/\\])+")
_IS_PATH = re.compile(r"(?:file://)?(?:~?/|[A-Za-z]:[\\/]|\\\\)[^\n]*")
_SAID = frozenset(  # what people and models wrote stays as it is
    (
        *("id", "key", "caption", "model_caption", "text", "raw", "output", "captions", "segments", "steps", "fields"),
        *("old", "new", "note", "note_text", "tags", "model_texts"),
    )
)
_DROPPED = frozenset(["stamp", "replaces", "revision"])


def shareable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the page shows it (`/api/rows/KEY`), without where its file lies, who made and changed it, and keys."""
    kept = {name: _clean(name, value) for name, value in row.items() if name != "metadata"}
    kept["metadata"] = _column(row.get("metadata") or {})
    return {**kept, "video_path": None, "new_captions": [], "candidates": 0}


def shareable_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the page knows of the whole result (`/api/result`), likewise."""
    kept = {
        name: _clean(name, value) for name, value in result.items() if name not in ("asks", "who", "against", "choices")
    }
    name = re.split(r"[\\/]", str(result.get("output") or ""))[-1]
    return {**kept, "output": name, "who": None, "asks": {"available": False, "why": ""}, "against": None}


def names_of(ids: Sequence[str]) -> dict[str, str]:
    """How each id is shown: ids that are whole paths, without the folders that all of them share."""
    whole = [name for name in ids if _IS_PATH.fullmatch(name)]
    if not whole:
        return {}
    folders = {re.split(r"[/\\][^/\\]*$", name)[0] for name in whole}
    try:
        common = os.path.commonpath(folders)
    except ValueError:  # on several drives
        return {name: re.split(r"[/\\]", name)[-1] for name in whole}
    return {name: name[len(common) :].lstrip("/\\") for name in whole}


def without_folders(text: str) -> str:
    """A text about files, with their names but not their folders."""
    return _FOLDERS.sub("", without_access(text))


def _clean(name: str, value: Any) -> Any:
    if name in _SAID or value is None:
        return value
    if name == "who":
        return SOMEBODY
    if isinstance(value, str):
        return without_folders(value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), inner) for key, inner in value.items() if key not in _DROPPED}
    if isinstance(value, list | tuple):
        return [_clean("", inner) for inner in value]
    return value


def _column(value: Any) -> Any:
    """A value of the user's own columns: text stays as it is, unless it is a path as a whole."""
    if isinstance(value, str):
        return re.split(r"[\\/]", value.rstrip("/\\"))[-1] if _IS_PATH.fullmatch(value) else without_access(value)
    if isinstance(value, Mapping):
        return {key: _column(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_column(inner) for inner in value]
    return value
