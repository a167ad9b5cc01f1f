"""Knows how to remove keys and logins from text and URLs that people will see; knows no server and no message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

HIDDEN = "[key]"
_KEYS = re.compile(r"\b(?:sk|hf|gsk|nvapi)[-_][\w*.\-]{6,}|(?<=Bearer )\S+")
_LOGINS = re.compile(r"(?<=://)[^/\s@]*@")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets, without anything that looks like a key, and without logins in URLs."""
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, HIDDEN)
    return _LOGINS.sub("", _KEYS.sub(HIDDEN, text))


def host(url: str) -> str:
    """The URL's host and port, without a name and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def address(url: str) -> str:
    """The URL without a name, password or query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, host(url), parts.path, "", ""))
