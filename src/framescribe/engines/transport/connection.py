"""Knows how to reach a server: its URL, key, proxy and certificates, and why it cannot be reached; knows no request.

The key comes from the environment and is kept out of every message.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from framescribe.engines import redaction
from framescribe.engines.transport.client import Client, Place
from framescribe.errors import UserError
from framescribe.version import VERSION

CONNECT_SECONDS = 10.0
OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"  # one's own servers need some key, and accept any
# What people copy from an example along with the URL: the path of one call, a second /v1, slashes.
_CALLS = re.compile(r"(/+(chat/completions|completions|models|responses|messages))?/*$")
_TWICE = re.compile(r"(/v\d+)(/+v\d+)+$")


@dataclass(frozen=True, slots=True)
class Connection:
    """A client for one server, not yet connected, and what must appear in no message."""

    client: Client
    secrets: tuple[str, ...]


def url_of(given: str | None) -> str:
    """The URL that calls begin with: as given, as OPENAI_BASE_URL says, or OpenAI's. UserError if it is none."""
    url = (given or os.environ.get("OPENAI_BASE_URL") or OPENAI).strip()
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that do not match
        raise _no_url(url) from None
    return urlunsplit(parts._replace(path=_TWICE.sub(r"\1", _CALLS.sub("", parts.path))))


def connect(given: str | None, key_env: str, timeout: float, headers: Mapping[str, str]) -> Connection:
    """A client for the server at this URL. UserError if the URL is none, or the key is missing or cannot be one."""
    url, key = url_of(given), os.environ.get(key_env, "").strip()
    shown = redaction.address(url)
    if not given and not os.environ.get("OPENAI_BASE_URL") and not key:
        raise UserError(
            f"{shown} needs a key, and the environment variable {key_env} is not set.\n"
            "Set it, or use a server of your own: --base-url http://localhost:8000/v1"
        )
    if not key.isascii() or not key.isprintable():
        raise UserError(f"the value of {key_env} cannot be a key: it contains characters that no key has")
    address = _checked(url)
    # A name and password in the URL are sent in a header, so that they appear in no log of URLs.
    name, password = unquote(address.username or ""), unquote(address.password or "")
    login = base64.b64encode(f"{name}:{password}".encode()).decode() if name else ""
    query = dict(parse_qsl(address.query))
    host = address.hostname or ""
    proxy = _proxy(address)
    place = Place(
        base=urlunsplit(address._replace(netloc=redaction.host(url), query="", fragment="")),
        query=query,
        headers={
            "Accept": "application/json",
            "User-Agent": f"framescribe/{VERSION}",
            "Authorization": f"Basic {login}" if login else f"Bearer {key or NO_KEY}",
            # Azure's older addresses read the key from a header of their own.
            **({"api-key": key} if key and host.endswith(".azure.com") else {}),
            **headers,
        },
        connect_seconds=min(CONNECT_SECONDS, timeout),
        proxy=proxy,
        trust=ssl.create_default_context() if address.scheme == "https" else None,  # reads SSL_CERT_FILE
    )
    behind = unquote(urlsplit(proxy or "").password or "")
    hidden = (key, address.password, password, login, behind, *(v for n, v in query.items() if _is_key(n)))
    return Connection(Client(place), tuple(filter(None, hidden)))


def _proxy(address: SplitResult) -> str | None:
    """The proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names for this address, unless NO_PROXY names its host; none
    for this machine, since a proxy is for the world outside. UserError if it speaks neither http nor https."""
    host = address.hostname or ""
    known = getproxies()
    proxy = known.get(address.scheme) or known.get("all")
    if not proxy or is_this_machine(host) or proxy_bypass(host):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        raise UserError(
            f"the proxy {redaction.address(proxy)} cannot be used: only http:// and https:// proxies can.\n"
            "Change HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or name the server's host in NO_PROXY."
        )
    return proxy


def _checked(url: str) -> SplitResult:
    address = urlsplit(url)
    try:
        valid = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:  # a port that is no number
        valid = False
    if not valid:
        raise _no_url(url)
    return address


def _no_url(url: str) -> UserError:
    shown = redaction.redacted(url)
    return UserError(f"{shown!r} is not the URL of a server. Write it like this: http://localhost:8000/v1")


def _is_key(name: str) -> bool:
    """Whether a parameter of this name in a URL's query grants access: "api-version" does not."""
    return re.search(r"key|token|secret|sig|pass|auth|code", name, re.IGNORECASE) is not None


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine itself: localhost, 127.0.0.0/8, ::1, or the address that stands for all of it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


# ------------------------------------------------------------------------------------------------


def chain(error: BaseException) -> list[BaseException]:
    """The error and its causes."""
    found: list[BaseException] = [error]
    while (cause := found[-1].__cause__) is not None:
        found.append(cause)
    return found


def no_connection(error: BaseException) -> bool:
    """Whether no connection was made at all."""
    return isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


def is_late(error: BaseException) -> bool:
    """Whether a connection was made, and the answer did not come in time."""
    return isinstance(error, TimeoutError) and not no_connection(error)


def no_trust(error: BaseException) -> str | None:
    """What is wrong with the server's TLS, and what to do; None if nothing is."""
    for cause in chain(error):
        if isinstance(cause, aiohttp.ClientConnectorCertificateError):
            why = cause.certificate_error
            said = getattr(why, "verify_message", "") or str(why)
            return (
                f"its certificate is not trusted ({said}).\n"
                "For a certificate of your own, set SSL_CERT_FILE to the file of the authority that signed it."
            )
        if isinstance(cause, aiohttp.ClientSSLError | ssl.SSLError):
            reason = getattr(cause, "reason", None) or getattr(getattr(cause, "os_error", None), "reason", None)
            plain = str(reason) in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")
            hint = "\nDoes it speak plain http? Then write the URL with http://" if plain else ""
            return f"no secure connection can be made ({reason or cause}).{hint}"
    return None


def cause(error: BaseException) -> str:
    """Why there was no answer, in a few words and without the URL."""
    if (why := no_trust(error)) is not None:
        return why.partition("\n")[0].rstrip(".")
    root = chain(error)[-1]
    for found in chain(error):
        if isinstance(found, aiohttp.ClientProxyConnectionError):
            return "the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names cannot be reached"
        if isinstance(found, aiohttp.ClientHttpProxyError):
            return f"the proxy answers {found.status} {found.message}"
        if isinstance(found, aiohttp.ClientConnectorDNSError):
            return f"the name {found.host} is not known (DNS)"
        if isinstance(found, aiohttp.ClientConnectorError):
            failed = found.os_error
            # asyncio replaces the system's words by "Connect call failed (address)"; resolvers' numbers are below 0.
            number = failed.errno or 0
            return os.strerror(number) if number > 0 else failed.strerror or str(failed)
        if isinstance(found, aiohttp.ServerDisconnectedError):
            return "the server dropped the connection"
    if isinstance(root, TimeoutError):
        return "no answer in time"
    return f"the connection broke ({type(root).__name__})"
