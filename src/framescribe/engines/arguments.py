"""Knows how an engine's own arguments are read and compared, and which ones are secrets; knows no engine's flags."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from framescribe.engines import weights
from framescribe.engines.redaction import redacted

# Only as the last word of a flag: --image-token-id and --max-tokens are not secrets.
_SECRET = re.compile(
    r"(^|[-_.])(token|(api-?|auth-?)?keys?|keyfile|key-file|passw(or)?d|passphrase|secret|credentials?)$", re.I
)
_FLAG = re.compile(r"--?[A-Za-z]")


def what_matters(arguments: Sequence[str], inert: Collection[str]) -> dict[str, list[Any]]:
    """The arguments that may change captions, as plain JSON: flags without their dashes, in order, and their values.

    `inert` are flags, without dashes, that change no captions; they and all secrets are left out. The order of flags
    makes no difference, and `--flag=value` equals `--flag value`. Files and folders count by content.
    """
    found: dict[str, list[Any]] = {}
    flag = ""
    for word in arguments:
        if _FLAG.match(word):
            name, equals, value = word.partition("=")
            flag = name.lstrip("-").replace("_", "-")
            values = [value] if equals else []
        else:
            values = [word]
        if not _is_inert(flag, inert) and not _SECRET.search(flag):
            found.setdefault(flag, []).extend(_by_content(value) for value in values)
    return dict(sorted(found.items()))


def _is_inert(flag: str, inert: Collection[str]) -> bool:
    head = flag.partition(".")[0]  # of --compilation-config.level
    return head in inert or head.removeprefix("no-") in inert


def _by_content(value: str) -> Any:
    """The value with each path in it replaced by the content: `path`, `name=path`, `path:scale`, a list with commas, or
    JSON."""
    if value.startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            return _json_by_content(json.loads(value))
    if (found := _content(value)) is not None:
        return found
    if "," in value:
        return ",".join(_by_content(each) for each in value.split(","))
    name, equals, path = value.partition("=")
    if equals:
        return f"{_unreadable(name)}={_by_content(path)}"
    path, colon, scale = value.rpartition(":")
    if (found := _content(path)) is not None:
        return f"{found}{colon}{scale}"
    return _unreadable(value)


def _content(value: str) -> str | None:
    path = os.path.expanduser(value)
    if not value or not os.path.exists(path):
        return None
    if Path.cwd().is_relative_to(os.path.realpath(path)):  # no part of a model: "/" would mean the whole disk
        return None
    return weights.content(Path(path))


def _unreadable(text: str) -> str:
    """The text, or its hash if it seems to contain a key or a login."""
    return text if redacted(text) == text else f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _json_by_content(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_by_content(each) for key, each in value.items() if not _SECRET.search(key)}
    if isinstance(value, list):
        return [_json_by_content(each) for each in value]
    return _by_content(value) if isinstance(value, str) else value
