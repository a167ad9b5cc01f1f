"""Knows what a file's address says: where it is, what only grants access, and what may be shown; opens no file.

A *place* is where a file is: a path on this machine, a URL without the parts that only grant access, or a file in a
tar. Rows hold places and no keys: of a URL's query they keep a hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus, urlsplit, urlunsplit

_MEMBER = re.compile(r"(.+?\.tar)/(.+)\?bytes=(\d+)-(\d+)", re.DOTALL | re.IGNORECASE)
_PASSWORD = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+://)[^/@]*:[^/@]*@")
_HASHED = re.compile(r"sha256-[0-9a-f]{16}")

# Parameters that object stores use to sign an address. A family counts only if its signature is present: on their
# own, the names may mean anything. AWS and compatible (version 4), Google, Alibaba, Volcengine, Tencent:
_SIGNED_BY_PREFIX = {"x-amz-": "x-amz-signature", "x-goog-": "x-goog-signature", "x-tos-": "x-tos-signature"}
_OSS = frozenset(
    f"x-oss-{name}"
    for name in (
        "signature",
        "signature-version",
        "credential",
        "date",
        "expires",
        "security-token",
        "additional-headers",
    )
)
# AWS version 2, CloudFront, Google's older form, Alibaba's and Huawei's:
_SIGNATURE = frozenset(
    [
        "signature",
        "expires",
        "awsaccesskeyid",
        "googleaccessid",
        "ossaccesskeyid",
        "accesskeyid",
        "obsaccesskeyid",
        "key-pair-id",
        "policy",
        "hash-algorithm",
        "security-token",
        "x-amz-security-token",
        "x-obs-security-token",
        "x-cos-security-token",
    ]
)
# Azure's shared access signatures: https://learn.microsoft.com/rest/api/storageservices/create-service-sas
_AZURE = frozenset(
    [
        "sig",
        "sv",
        "ss",
        "srt",
        "sp",
        "se",
        "st",
        "spr",
        "sr",
        "sip",
        "sdd",
        "si",
        "skoid",
        "sktid",
        "skt",
        "ske",
        "sks",
        "skv",
        "saoid",
        "suoid",
        "scid",
        "ses",
    ]
)
_AKAMAI = frozenset(("hdnts", "hdnea", "__gda__", "__token__"))

# What only grants access in addresses that are not of a store: common names of tokens and keys.
_SECRET_NAMES = """
token access_token accesstoken auth_token authtoken id_token refresh_token bearer jwt auth authorization
key api_key apikey api-key subscription-key access_key accesskey secret client_secret password passwd pwd
sig signature hmac sessionid session_id credential credentials x-api-key x-auth-token x-signature
rlkey hdntl lsig
"""
_SECRETS = frozenset(_SECRET_NAMES.split())
_SETS = (frozenset(("ex", "is", "hm")), frozenset(("oh", "oe")))  # Discord's and Facebook's: secret only together
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://((?:(?![A-Za-z][A-Za-z0-9+.-]+://)[^\s\"<>])*)")
_AROUND = ")]}'`,.;:!"


class Member(NamedTuple):
    """A file in a tar: the tar's path, the file's name in it, and where its bytes are."""

    tar: str
    name: str
    offset: int
    size: int

    @property
    def path(self) -> str:
        """The member as a path like any other; `in_tar` is the inverse."""
        return f"{self.tar}/{self.name}?bytes={self.offset}-{self.offset + self.size - 1}"


def in_tar(path: str) -> Member | None:
    """The tar member that `path` names, or None if it names a file of its own."""
    found = _MEMBER.fullmatch(path) if "?bytes=" in path else None
    if found is None:
        return None
    tar, name, first, last = found.groups()
    return Member(tar, name, int(first), int(last) + 1 - int(first))


def place_of(path: str) -> str:
    """Where the file at `path` is. The place of a place is itself.

    A web address loses its user, password, store signature and fragment, and the rest of its query becomes a hash: a
    re-signed address is the same place, and no key gets into a row.
    """
    if member := in_tar(path):
        return f"{place_of(member.tar)}/{member.name}"
    if not _is_web(path):
        return _PASSWORD.sub(r"\1", path) if "://" in path else path
    try:
        parts = urlsplit(path)
    except ValueError:  # not a valid address: opening it will fail
        return without_access(path).partition("?")[0]
    return urlunsplit(
        (parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower(), parts.path, _rest(parts.query), "")
    )


def without_keys(path: str) -> str:
    """A path to show people: a web address without user, password, query and fragment; a file in a tar by its name."""
    if member := in_tar(path):
        return f"{without_keys(member.tar)}/{member.name}"
    if not _is_web(path):
        return _PASSWORD.sub(r"\1", path)
    try:
        parts = urlsplit(path)
    except ValueError:
        return without_access(path).partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def without_access(text: str) -> str:
    """The text with every address in it left as it is, but without the parts that only grant access: user, password,
    signatures, tokens and keys. Text that holds none of these does not change."""
    return _ADDRESS.sub(lambda found: _closed(found[1], found[2]), text) if "://" in text else text


def closed(value: Any) -> Any:
    """Any JSON value, with its texts as `without_access` leaves them."""
    if isinstance(value, str):
        return without_access(value)
    if isinstance(value, Mapping):
        return {name: closed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [closed(inner) for inner in value]
    return value


def _closed(scheme: str, rest: str) -> str:
    behind = rest[len(rest.rstrip(_AROUND)) :]  # what belongs to the text around it
    rest = rest[: len(rest) - len(behind)]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path, tail = authority, rest[len(authority) :]
    user, at, host = authority.rpartition("@")
    if at and (":" in user or scheme.lower() in ("http", "https")):
        path = host
    before, cross, fragment = tail.partition("#")
    before, mark, query = before.partition("?")
    asked, noted = _unopened(query), _unopened(fragment)
    mark, cross = mark * (asked == query or bool(asked)), cross * (noted == fragment or bool(noted))
    return f"{scheme}://{path}{before}{mark}{asked}{cross}{noted}{behind}"


def _unopened(query: str) -> str:
    """The query without what grants access; whatever separates its parts stays."""
    parts = re.split(r"(&amp;|&|;)", query)
    names = [unquote_plus(part.partition("=")[0]).lower() for part in parts[::2]]
    opens = _openers(set(names)) | (_SECRETS & set(names))
    opens |= {name for some in _SETS if some <= set(names) for name in some}
    if not opens:
        return query
    every = zip(["", *parts[1::2]], parts[::2], names, strict=True)
    kept = [(mark, part) for mark, part, name in every if name not in opens]
    return "".join(f"{mark if number else ''}{part}" for number, (mark, part) in enumerate(kept))


def is_valid(address: str) -> bool:
    """Whether a URL names a host and port that there can be."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (parts.port or 1) > 0 and not re.search(r"[\s\x00-\x1f]", parts.netloc)
    except ValueError:
        return False


def named(name: str, path: str) -> str:
    """The name of the file at `path`, kept distinct from files whose addresses differ only in their query."""
    query = place_of(path).partition("?")[2] if _is_web(path) else ""
    return f"{name}?{query}" if query else name


def _is_web(path: str) -> bool:
    return path[:8].lower().startswith(("http://", "https://"))


def _rest(query: str) -> str:
    """A hash of the query without the parts that only grant access; "" if nothing else is left."""
    if not query or _HASHED.fullmatch(query):
        return query
    pairs = [pair for pair in query.split("&") if pair]
    names = [unquote_plus(pair.partition("=")[0]).lower() for pair in pairs]
    opens = _openers(set(names))
    rest = [pair for pair, name in zip(pairs, names, strict=True) if name not in opens]
    return f"sha256-{hashlib.sha256(_encoded('&'.join(rest))).hexdigest()[:16]}" if rest else ""


def _encoded(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half a character, as JSON can write it
        return text.encode(errors="surrogatepass")


def _openers(names: set[str]) -> set[str]:
    """The query parameters that only grant access to the file."""
    opens = names & _AKAMAI
    for prefix, signature in _SIGNED_BY_PREFIX.items():
        if signature in names:
            opens |= {name for name in names if name.startswith(prefix)}
    if "x-oss-signature" in names:  # but not x-oss-process, which asks for another picture
        opens |= names & _OSS
    if "q-signature" in names:  # Tencent
        opens |= {name for name in names if name.startswith("q-")} | (names & _SIGNATURE)
    if "signature" in names:
        opens |= names & _SIGNATURE
    if {"sig", "sv"} <= names:
        opens |= names & _AZURE
    return opens


def webdataset_key(name: str) -> str:
    """What WebDataset calls `__key__`: a file's name in a tar up to the first dot after the last slash."""
    folder, slash, base = name.rpartition("/")
    return folder + slash + base.partition(".")[0]
