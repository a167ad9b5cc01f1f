"""Knows how an engine's own arguments are read and compared, and which ones are secrets; knows no engine's flags."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from framescribe.engines import weights
from framescribe.engines.redaction import HIDDEN, redacted

# Only as the last word of a name: --image-token-id and --max-tokens are not secrets.
_SECRET = re.compile(
    r"(^|[-_.])(token|(api-?|auth-?|access-?)?keys?|keyfile|key-file|passw(or)?d|passphrase|secrets?|credentials?"
    r"|authorization|cookie|hft)$",
    re.I,
)
_FLAG = re.compile(r"--?[A-Za-z]")
_NAMED = re.compile(r"(?P<name>[\w.-]+)(?P<between>\s*[=:]\s*)(?P<value>\S.*)", re.S)  # HF_TOKEN=…, X-Api-Key: …
TOKEN = "HF_TOKEN"  # the variable from which all engines read the hub's token


def what_matters(arguments: Sequence[str], inert: Collection[str]) -> dict[str, list[Any]]:
    """The arguments that may change captions, as plain JSON: flags without their dashes, in order, and their values.

    `inert` are flags, without dashes, that change no captions; they and all secrets are left out. The order of flags
    makes no difference, and `--flag=value` equals `--flag value`. Files and folders count by content.
    """
    found: dict[str, list[Any]] = {}
    for flag, values in _flags(arguments):
        if not _is_inert(flag, inert) and not _SECRET.search(flag):
            found.setdefault(flag, []).extend(_by_content(value) for value in values)
    return dict(sorted(found.items()))


def secrets(arguments: Iterable[str]) -> tuple[str, ...]:
    """The keys, tokens and passwords among these words."""
    found: list[str] = []
    for flag, values in _flags(arguments):
        for value in values:
            found += [value] if _SECRET.search(flag) and not os.path.exists(value) else _secrets_in(value)
    return tuple(found)


def shown(words: Iterable[str]) -> str:
    """A command line as people may see it."""
    words = list(words)
    return redacted(" ".join(words), secrets(words))


def own_key(arguments: Iterable[str]) -> bool:
    """Whether a server with these arguments would ask for a key."""
    return any(flag in ("api-key", "api-keys", "api-key-file") for flag, _ in _flags(arguments))


def without_token(arguments: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The arguments without the hub's token, and the variable that holds it instead: command lines can be read by all
    users of a machine, and engines write them into their logs."""
    left, variables, words = list[str](), dict[str, str](), list(arguments)
    while words:
        flag, equals, value = words.pop(0).partition("=")
        if flag in ("--hf-token", "--hf_token", "-hft") and (equals or (words and not _FLAG.match(words[0]))):
            variables[TOKEN] = value if equals else words.pop(0)
        else:
            left.append(f"{flag}{equals}{value}")
    return tuple(left), variables


def _flags(arguments: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Flags without their dashes, and the values that follow each; values before the first flag have the flag ""."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for word in arguments:
        if _FLAG.match(word):
            name, equals, value = word.partition("=")
            found.append((name.lstrip("-").replace("_", "-"), [value] if equals else []))
        else:
            found[-1][1].append(word)
    return found if found[0][1] else found[1:]


def _secrets_in(value: str) -> list[str]:
    if value.startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            return _secrets_in_json(json.loads(value))
    if (named := _NAMED.fullmatch(value)) is not None and _SECRET.search(named["name"]):
        return [named["value"]]
    with contextlib.suppress(ValueError):
        if "://" in value and (password := urlsplit(value).password):
            return [password]
    return []


def _secrets_in_json(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [each for key, each in value.items() if _SECRET.search(key) and isinstance(each, str)]
        return own + [secret for each in value.values() for secret in _secrets_in_json(each)]
    if isinstance(value, list):
        return [secret for each in value for secret in _secrets_in_json(each)]
    return _secrets_in(value) if isinstance(value, str) and not value.startswith(("{", "[")) else []


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
    if (named := _NAMED.fullmatch(value)) is not None and _SECRET.search(named["name"]):
        return f"{named['name']}{named['between']}{HIDDEN}"
    name, equals, path = value.partition("=")
    if equals:
        return f"{redacted(name)}={_by_content(path)}"
    path, colon, scale = value.rpartition(":")
    if (found := _content(path)) is not None:
        return f"{found}{colon}{scale}"
    return redacted(value)


def _content(value: str) -> str | None:
    path = os.path.expanduser(value)
    if not value or not os.path.exists(path):
        return None
    if Path.cwd().is_relative_to(os.path.realpath(path)):  # no part of a model: "/" would mean the whole disk
        return None
    return weights.content(Path(path))


def _json_by_content(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_by_content(each) for key, each in value.items() if not _SECRET.search(key)}
    if isinstance(value, list):
        return [_json_by_content(each) for each in value]
    return _by_content(value) if isinstance(value, str) else value
