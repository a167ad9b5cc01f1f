"""Knows how to remove keys and logins from text and URLs that people will see; knows no server and no message."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

HIDDEN = "[key]"
SHORTEST = 4  # a shorter secret would be found in ordinary words
_KEYS = re.compile(
    r"\b(?:sk|hf|gsk|nvapi|xai|pplx|ghp)[-_][\w*.\-]{6,}|\bAIza[\w\-]{30,}"
    r"|(?<=Bearer )\S+|(?<=Basic )[A-Za-z0-9+/=]{8,}"
)
_LOGINS = re.compile(r"(?<=://)[^/\s@]*@")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets, in whatever way they are written in it, without anything that looks like a key,
    and without logins in URLs."""
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return _LOGINS.sub("", _KEYS.sub(HIDDEN, text))


def _forms(secret: str) -> Iterator[str]:
    """How a secret may appear: as it is, in a URL, in JSON, in base64."""
    yield secret
    for coded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield coded
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), coded)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield base64.b64encode(secret.encode(errors="surrogateescape")).decode()


def hosts(urls: Iterable[str]) -> set[str]:
    """The hosts of these servers; without any, that of OPENAI_BASE_URL or of OpenAI itself."""
    usual = os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
    return {(urlsplit(url).hostname or url).lower() for url in (list(urls) or [usual])}


def host(url: str) -> str:
    """The URL's host and port, without a name and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def address(url: str) -> str:
    """The URL without a name, password or query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, host(url), parts.path, "", ""))
