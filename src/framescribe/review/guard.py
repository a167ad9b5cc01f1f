"""Knows who may ask the review page for anything, and what browsers are told so that no other site can use it; knows
nothing of what is asked for.

Only a browser that was given the address with its token (or the password) has the cookie. Requests that another site
makes it send are refused by their Host (DNS rebinding), Origin and Sec-Fetch-Site headers.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterable
from html import escape
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framescribe.plain_json import dumps

LARGEST_BODY = 2**20  # bytes
CUSTOM = (b"x-framescribe", b"review")  # no form and no link of another site can send it
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
FREE_TRIES, LONGEST_WAIT, MOST_REMEMBERED = 3, 300.0, 10_000  # wrong passwords; seconds; addresses
ONE_TIME_SECONDS = 120.0
LONGEST_NAME = 60  # letters

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::\d{1,5})?")
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>framescribe review</title>{}</html>"
)
_NO_TOKEN = (
    "<h1>This page needs its token</h1><p>Open the whole address that <code>framescribe review</code> printed, "
    "with <code>?token=</code> and what follows it.</p>"
)
_LOGIN = (
    '<h1>framescribe review</h1><form method="post" action="/login{}"><p>{}</p>'
    '<p><label>Your name, which stands beside your changes <input name="name" maxlength="60" required></label></p>'
    '<p><label>Password <input type="password" name="password" required></label> <button>Open</button></p></form>'
)
_REMAINS = re.compile(r"[\x21\x23-\x25\x27-\x3b\x3d\x3f-\x7e&]*")  # of a query: what may stand in a header


class TooLarge(Exception):
    """The body of a request is larger than is read."""


class Guard:
    """ASGI middleware that lets through what the page itself asks for, and answers everything else.

    `names` are those in the address of the page, beside which any IP address will do if `anywhere`. The page is opened
    by `token`, or, if there is a `password`, by that alone; whoever signs in with it says a name, which is then the
    request's `scope["who"]`. `port` distinguishes the cookies of several pages.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        port: int,
        names: Collection[str] = LOOPBACK,
        anywhere: bool = False,
        password: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._anywhere, self._clock = app, anywhere, clock
        self._names = {name.lower() for name in names}
        self.token = secrets.token_urlsafe(32)
        self._password = password.encode() if password is not None else None
        self._cookie, self._secret = f"framescribe-review-{port}", secrets.token_urlsafe(32)
        self._tries = Tries(clock)
        self._once: dict[str, float] = {}

    def one_time_token(self) -> str:
        """A token that opens the page once and soon: other users of the machine can see how a browser is started."""
        token = secrets.token_urlsafe(32)
        self._once[token] = self._clock() + ONE_TIME_SECONDS
        return token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._guarded(scope, receive, _with_headers(send))
        else:  # a websocket: there are none here
            await send({"type": "websocket.close", "code": 1008})

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        host = self._host(scope)
        if host is None:
            return await _refuse(send, 421, "This address is not the page's: open the one that was printed.")
        if method not in ("GET", "HEAD", "POST"):
            return await _refuse(send, 405, f"{method[:20]} is not used here.", [(b"allow", b"GET, HEAD, POST")])
        if _from_elsewhere(scope):
            return await _refuse(send, 403, "Another site may not ask for this.")
        length = _one(scope, b"content-length") or b"0"
        if not length.isdigit() or int(length[:20]) > LARGEST_BODY:
            return await _refuse(send, 413, "The request is too large: at most 1 MB.")
        if method == "POST" and _one(scope, b"origin") != b"http://" + host:
            return await _refuse(send, 403, "Another site may not change anything here.")
        if path == "/login" and self._password is not None:
            return await self._log_in(scope, receive, send)
        if method != "POST" and path == "/" and (token := self._token_in(scope)) is not None:
            return await self._exchange(scope, send, token)
        if not self._is_known(scope):
            return await self._unknown(scope, send)
        scope["who"] = self._name_in(scope)
        if method == "POST" and not _is_ours(scope):
            return await _refuse(send, 415, "Only the page itself can change anything here.")
        await self._limited(scope, receive, send)

    # --- who asks ---

    def _host(self, scope: Scope) -> bytes | None:
        """The Host header, if it is one of this page's names; None if not."""
        host = _one(scope, b"host")
        found = _HOST.fullmatch(host.decode("latin-1")) if host else None
        if host is None or found is None:
            return None
        name = found[1].lower()
        return host if name in self._names or (self._anywhere and _is_address(name)) else None

    def _is_known(self, scope: Scope) -> bool:
        """Whether the browser has the cookie."""
        return self._signed(scope) is not None

    def _name_in(self, scope: Scope) -> str | None:
        """The name that whoever asks gave, None without one."""
        try:
            return base64.urlsafe_b64decode(self._signed(scope) or "").decode() or None
        except ValueError:
            return None

    def _signed(self, scope: Scope) -> str | None:
        """What follows the secret in the browser's cookie; None if it has no such cookie."""
        given = [
            value.strip().partition(".")
            for header in _all(scope, b"cookie")
            for name, _, value in (part.partition("=") for part in header.decode("latin-1").split(";"))
            if name.strip() == self._cookie
        ]
        right = [rest for secret, _, rest in given if _same(secret.encode("latin-1"), self._secret.encode())]
        return right[0] if right else None

    def _token_in(self, scope: Scope) -> bytes | None:
        parts = scope["query_string"].split(b"&")
        return next((part[6:] for part in parts if part.startswith(b"token=")), None)

    async def _exchange(self, scope: Scope, send: Send, token: bytes) -> None:
        """The token for the cookie; a known browser just loses the token from its address."""
        now = self._clock()
        self._once = {one: until for one, until in self._once.items() if until > now}
        good = self._password is None and _same(token, self.token.encode())
        for one in list(self._once):
            if self._password is None and _same(token, one.encode()):
                good = True
                del self._once[one]
        if good or self._is_known(scope):
            await self._admit(scope, send, cookie=good)
        else:
            await self._unknown(scope, send)

    async def _admit(self, scope: Scope, send: Send, *, cookie: bool = True, name: str = "") -> None:
        rest = b"&".join(p for p in scope["query_string"].split(b"&") if p and not p.startswith(b"token="))
        where = "/?" + rest.decode("latin-1") if rest and _REMAINS.fullmatch(rest.decode("latin-1")) else "/"
        headers = [(b"location", where.encode("latin-1"))]
        if cookie:
            signed = base64.urlsafe_b64encode(name.encode()).decode()
            value = f"{self._cookie}={self._secret}.{signed}; HttpOnly; SameSite=Strict; Path=/"
            headers.append((b"set-cookie", value.encode()))
        await _answer(send, 303, b"", b"text/plain", headers)

    async def _unknown(self, scope: Scope, send: Send) -> None:
        if scope["path"] != "/" or scope["method"] == "POST":
            return await _refuse(send, 403, "This browser is not signed in: open the address that was printed.")
        site = _one(scope, b"sec-fetch-site")
        if site == b"cross-site" and self._token_in(scope) is None:
            # A link on another site led here, so the browser held back the cookie: it sends it when we ask once more.
            return await _answer(send, 200, _html(""), b"text/html; charset=utf-8", [(b"refresh", b"0")])
        if self._password is not None:
            return await self._login_page(scope, send, 401, "")
        await _answer(send, 403, _html(_NO_TOKEN), b"text/html; charset=utf-8")

    # --- the password ---

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            return await self._login_page(scope, send, 200, "")
        assert self._password is not None
        address = (scope.get("client") or ("", 0))[0]
        if (left := self._tries.wait(address)) > 0:
            wait = f"Too many wrong passwords: try again in {left:.0f} s."
            return await self._login_page(scope, send, 429, wait, [(b"retry-after", b"%d" % (left + 1))])
        self._tries.begin(address)  # before the body is read: tries sent at once count one by one
        try:
            body = await _body(receive)
        except TooLarge:
            return await _refuse(send, 413, "The request is too large: at most 1 MB.")
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        given = form.get("password", "")
        if not _same(given.encode("utf-8", "replace"), self._password):
            return await self._login_page(scope, send, 403, "That is not the password.")
        self._tries.forget(address)
        name = "".join(letter for letter in form.get("name", "") if letter.isprintable()).strip()
        await self._admit(scope, send, name=name[:LONGEST_NAME])

    async def _login_page(
        self, scope: Scope, send: Send, status: int, said: str, more: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        query = scope["query_string"].decode("latin-1")
        form = _LOGIN.format(escape(f"?{query}" if query else ""), escape(said))
        # With "no-referrer" browsers send a form's Origin as null.
        headers = [(b"referrer-policy", b"same-origin"), *more]
        await _answer(send, status, _html(form), b"text/html; charset=utf-8", headers)

    # --- bodies ---

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, started = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > LARGEST_BODY:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except TooLarge:
            if not started:
                await _refuse(send, 413, "The request is too large: at most 1 MB.")


class Tries:
    """How long an address must wait before it may try another password: longer with each wrong one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._made: dict[str, tuple[int, float]] = {}

    def wait(self, address: str) -> float:
        """Seconds until the next try; 0 or less: now."""
        return self._made.get(address, (0, 0.0))[1] - self._clock()

    def begin(self, address: str) -> None:
        """A try that counts as wrong until `forget`."""
        count = self._made.pop(address, (0, 0.0))[0] + 1
        if len(self._made) >= MOST_REMEMBERED:
            del self._made[next(iter(self._made))]
        wait = 0.0 if count < FREE_TRIES else min(LONGEST_WAIT, 2.0 ** min(count - FREE_TRIES, 20))
        self._made[address] = count, self._clock() + wait

    def forget(self, address: str) -> None:
        """The password was right."""
        self._made.pop(address, None)


def _all(scope: Scope, name: bytes) -> list[bytes]:
    return [value for header, value in scope["headers"] if header.lower() == name]


def _one(scope: Scope, name: bytes) -> bytes | None:
    """The header's value; None if it is absent or there are several."""
    found = _all(scope, name)
    return found[0].strip() if len(found) == 1 else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _from_elsewhere(scope: Scope) -> bool:
    """Whether another origin's page asks, as browsers say it; following a link to the page itself is allowed."""
    site = _one(scope, b"sec-fetch-site")
    if site in (None, b"same-origin", b"none"):
        return False
    goes_there = _one(scope, b"sec-fetch-mode") == b"navigate" and _one(scope, b"sec-fetch-dest") == b"document"
    return not (goes_there and scope["path"] == "/" and scope["method"] == "GET")


def _is_ours(scope: Scope) -> bool:
    kind = (_one(scope, b"content-type") or b"").split(b";")[0].strip().lower()
    return kind == b"application/json" and _one(scope, CUSTOM[0]) == CUSTOM[1]


def _same(given: bytes, right: bytes) -> bool:
    return hmac.compare_digest(given, right)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise TooLarge
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def _html(content: str) -> bytes:
    return _PAGE.format(content).encode()


async def _refuse(send: Send, status: int, line: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    await _answer(send, status, dumps({"error": line}).encode(), b"application/json", headers)


async def _answer(
    send: Send, status: int, body: bytes, kind: bytes, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    head = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    """`send`, which adds the headers that every answer has, where the answer does not say it otherwise."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            message = {**message, "headers": given + [one for one in _HEADERS if one[0] not in names]}
        await send(message)

    return adding
