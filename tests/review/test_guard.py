"""Who may ask the review page for anything: only a browser with the token or the password, and no other site's page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

pytest.importorskip("starlette")

from framescribe.review.guard import FREE_TRIES, LARGEST_BODY, Guard
from tests.review.asgi import Reply, ask

HOST = {"host": "127.0.0.1:8765"}
ORIGIN = "http://127.0.0.1:8765"
OURS = {"origin": ORIGIN, "content-type": "application/json", "x-framescribe": "review"}


class Inner:
    """What is guarded: it keeps what reached it, and answers "inside"."""

    def __init__(self) -> None:
        self.reached: list[tuple[str, str, bytes]] = []
        self.who: str | None = None

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", scope["method"] == "POST"
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        self.reached.append((scope["method"], scope["path"], body))
        self.who = scope["who"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def guard(inner: Inner) -> Guard:
    return Guard(inner, port=8765)


def signed_in(guard: Guard, port: int = 8765) -> dict[str, str]:
    """The headers of a browser that opened the address with the token."""
    reply = ask(guard, "GET", f"/?token={guard.token}", HOST)
    return {**HOST, "cookie": cookie_of(reply)}


def cookie_of(reply: Reply) -> str:
    cookie = reply.header("set-cookie")
    assert cookie is not None
    return cookie.split(";")[0]


# ---------------------------------------------------------------------------------- the token


def test_the_token_becomes_a_cookie_and_leaves_the_address(guard: Guard, inner: Inner) -> None:
    reply = ask(guard, "GET", f"/?q=a+horse&token={guard.token}&flag=short", HOST)
    assert (reply.status, reply.header("location")) == (303, "/?q=a+horse&flag=short")
    cookie = reply.header("set-cookie")
    assert cookie is not None and cookie.startswith("framescribe-review-8765=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert guard.token not in cookie and "Domain" not in cookie
    assert not inner.reached
    assert ask(guard, "GET", "/", {**HOST, "cookie": cookie.split(";")[0]}).body == b"inside"


@pytest.mark.parametrize("path", ["/", "/api/result", "/page/style.css", "/media/0123456789abcdef/video", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_without_the_cookie_nothing_is_reached(guard: Guard, inner: Inner, method: str, path: str) -> None:
    reply = ask(guard, method, path, {**HOST, **(OURS if method == "POST" else {})})
    assert reply.status == 403
    assert not inner.reached
    assert guard.token.encode() not in reply.body


@pytest.mark.parametrize("wrong", ["", "x", "{}x", "%00", "{}%00"])
def test_a_wrong_token_opens_nothing(guard: Guard, inner: Inner, wrong: str) -> None:
    reply = ask(guard, "GET", "/?token=" + wrong.format(guard.token), HOST)
    assert (reply.status, reply.header("set-cookie")) == (403, None)
    assert not inner.reached


def test_the_token_opens_the_page_alone_and_is_no_key_to_anything_else(guard: Guard, inner: Inner) -> None:
    for path in ("/api/result", "/media/0123456789abcdef/video", "/page/style.css"):
        assert ask(guard, "GET", f"{path}?token={guard.token}", HOST).status == 403
    assert ask(guard, "POST", f"/?token={guard.token}", {**HOST, **OURS}).status == 403
    assert not inner.reached


def test_the_token_is_not_the_cookie(guard: Guard, inner: Inner) -> None:
    assert ask(guard, "GET", "/", {**HOST, "cookie": f"framescribe-review-8765={guard.token}"}).status == 403
    assert not inner.reached


def test_another_pages_cookie_opens_nothing(guard: Guard, inner: Inner) -> None:
    """Cookies do not distinguish ports: the browser sends those of every page on this machine."""
    other = Guard(Inner(), port=8766)
    theirs = signed_in(other)["cookie"]
    value = theirs.partition("=")[2]
    assert theirs.startswith("framescribe-review-8766=")
    for cookie in (theirs, f"framescribe-review-8765={value}", f"framescribe-review-8765={value}; {theirs}"):
        assert ask(guard, "GET", "/", {**HOST, "cookie": cookie}).status == 403
    assert not inner.reached
    mine = signed_in(guard)["cookie"]
    assert ask(guard, "GET", "/", {**HOST, "cookie": f"framescribe-review-8765=x; {theirs}; {mine}"}).status == 200
    renamed = mine.replace("8765", "8766", 1)
    assert ask(guard, "GET", "/", {**HOST, "cookie": renamed}).status == 403


def test_a_browsers_token_counts_once_and_not_for_long(inner: Inner) -> None:
    clock = Clock()
    guard = Guard(inner, port=8765, clock=clock)
    once, late = guard.one_time_token(), guard.one_time_token()
    assert ask(guard, "GET", f"/?token={once}", HOST).status == 303
    assert ask(guard, "GET", f"/?token={once}", HOST).status == 403
    clock.now += 121
    assert ask(guard, "GET", f"/?token={late}", HOST).status == 403
    assert ask(guard, "GET", f"/?token={guard.token}", HOST).status == 303


def test_a_link_from_another_site_is_asked_for_once_more_with_the_cookie(guard: Guard, inner: Inner) -> None:
    """A web mail's or a web terminal's link: the browser holds back a Strict cookie on the way from there."""
    from_there = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    reply = ask(guard, "GET", "/?q=dog", {**HOST, **from_there})
    assert (reply.status, reply.header("refresh")) == (200, "0")
    again = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert ask(guard, "GET", "/?q=dog", {**HOST, **again}).status == 403  # and not for ever
    assert not inner.reached


# ---------------------------------------------------------------------------------- other sites


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1.evil.example:8765", "localhost.evil.example", "192.168.0.7:8765",
     "127.0.0.1:8765@evil.example", "evil.example/127.0.0.1:8765", "", "[::1", "127.0.0.1:8765:1", "127.0.0.2:8765"],
)  # fmt: skip
def test_another_host_is_refused_even_with_the_cookie(guard: Guard, inner: Inner, host: str) -> None:
    """DNS rebinding: another site's name may suddenly stand for this machine."""
    cookie = signed_in(guard)["cookie"]
    assert ask(guard, "GET", "/", {"host": host, "cookie": cookie}).status == 421
    assert ask(guard, "GET", f"/?token={guard.token}", {"host": host}).header("set-cookie") is None
    assert not inner.reached


def test_no_host_and_two_hosts_are_refused(guard: Guard, inner: Inner) -> None:
    cookie = ("cookie", signed_in(guard)["cookie"])
    assert ask(guard, "GET", "/", [cookie]).status == 421
    assert ask(guard, "GET", "/", [*HOST.items(), ("host", "evil.example"), cookie]).status == 421
    assert not inner.reached


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765", "localhost:9000"])
def test_the_machines_own_names_are_taken_at_any_port(guard: Guard, host: str) -> None:
    """ssh -L may forward another port to this one."""
    assert ask(guard, "GET", "/", {**signed_in(guard), "host": host}).status == 200


@pytest.mark.parametrize(
    "changed",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:3000"}, {"origin": None},
     {"origin": "https://127.0.0.1:8765"}, {"origin": ORIGIN + "/"}, {"origin": ORIGIN + ".evil.example"},
     {"x-framescribe": None}, {"x-framescribe": "1"}, {"content-type": None}, {"content-type": "text/plain"},
     {"content-type": "application/x-www-form-urlencoded"}, {"content-type": "multipart/form-data"},
     {"content-type": "text/plain; application/json"}, {"sec-fetch-site": "cross-site"},
     {"sec-fetch-site": "same-site"}, {"cookie": None}],
)  # fmt: skip
def test_a_post_that_is_not_the_pages_own_changes_nothing(
    guard: Guard, inner: Inner, changed: Mapping[str, str | None]
) -> None:
    headers = {**signed_in(guard), **OURS}
    assert ask(guard, "POST", "/api/edit", headers, b"{}").status == 200
    assert inner.reached == [("POST", "/api/edit", b"{}")]
    inner.reached.clear()
    headers = {name: value for name, value in {**headers, **changed}.items() if value is not None}
    reply = ask(guard, "POST", "/api/edit", headers, b"{}")
    assert reply.status in (403, 415)
    assert list(reply.json) == ["error"]
    assert not inner.reached


def test_two_origins_are_none(guard: Guard, inner: Inner) -> None:
    headers = [*signed_in(guard).items(), *OURS.items(), ("origin", "http://evil.example")]
    assert ask(guard, "POST", "/api/edit", headers, b"{}").status == 403
    assert not inner.reached


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("dest", ["image", "script", "iframe", "empty", "video"])
def test_another_origins_page_cannot_embed_anything(guard: Guard, inner: Inner, site: str, dest: str) -> None:
    """Another port of this machine is the same site: its requests carry the cookie."""
    for mode in ("no-cors", "cors", "navigate"):
        fetched = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
        for path in ("/", "/api/result", "/media/0123456789abcdef/video"):
            assert ask(guard, "GET", path, {**signed_in(guard), **fetched}).status == 403
    assert not inner.reached


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "post", "PROPFIND", "X"])
def test_other_methods_are_refused_and_no_other_origin_is_let_in(guard: Guard, inner: Inner, method: str) -> None:
    asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    reply = ask(guard, method, "/api/edit", {**signed_in(guard), **asked})
    assert reply.status == 405
    assert not [name for name, _ in reply.headers if name.startswith("access-control")]
    assert not inner.reached


def test_a_get_is_a_get_whatever_else_it_says(guard: Guard, inner: Inner) -> None:
    over = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}
    ask(guard, "GET", "/api/edit?_method=POST", {**signed_in(guard), **over})
    assert inner.reached == [("GET", "/api/edit", b"")]


def test_every_answer_tells_the_browser_to_keep_to_itself(guard: Guard) -> None:
    mine = signed_in(guard)
    for reply in (
        ask(guard, "GET", "/", mine),
        ask(guard, "GET", "/", HOST),
        ask(guard, "GET", "/", {"host": "evil.example"}),
        ask(guard, "PUT", "/", mine),
        ask(guard, "GET", f"/?token={guard.token}", HOST),
    ):
        policy = reply.header("content-security-policy")
        assert policy is not None
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
        assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == rules["form-action"] == "'self'"
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        assert reply.header("x-content-type-options") == "nosniff"
        assert reply.header("referrer-policy") == "no-referrer"
        assert reply.header("cross-origin-resource-policy") == "same-origin"
        assert reply.header("cross-origin-opener-policy") == "same-origin"
        assert reply.header("cache-control") == "no-store"


def test_a_large_body_is_not_read(guard: Guard, inner: Inner) -> None:
    headers = {**signed_in(guard), **OURS}
    most = b"x" * LARGEST_BODY
    assert ask(guard, "POST", "/api/edit", headers, most).status == 200
    inner.reached.clear()
    assert ask(guard, "POST", "/api/edit", {**headers, "content-length": str(LARGEST_BODY + 1)}).status == 413
    for length in ("-1", "1e9", "9" * 5000, "0x10"):
        assert ask(guard, "POST", "/api/edit", {**headers, "content-length": length}).status == 413
    # Sent in pieces, no length is known before the last one.
    assert ask(guard, "POST", "/api/edit", headers, [most, b"x"]).status == 413
    assert not inner.reached


def test_a_query_cannot_write_headers(guard: Guard) -> None:
    reply = ask(guard, "GET", f"/?token={guard.token}&q=a\r\nset-cookie: x=y", HOST)
    assert reply.header("location") == "/"
    assert "x=y" not in str(reply.headers)


def test_a_token_does_not_lead_elsewhere(guard: Guard) -> None:
    for query in ("//evil.example", "/\\evil.example", "next=//evil.example"):
        location = ask(guard, "GET", f"/?token={guard.token}&{query}", HOST).header("location")
        assert location is not None and re.match(r"/(\?|$)", location)


# ---------------------------------------------------------------------------------- the password


TEAM = {"host": "10.0.0.5:8765", "origin": "http://10.0.0.5:8765", "content-type": "application/x-www-form-urlencoded"}


def team(inner: Inner, clock: Clock | None = None) -> Guard:
    more = {"clock": clock} if clock else {}
    return Guard(inner, port=8765, names={"review.lan"}, anywhere=True, password="correct horse", **more)


def log_in(guard: Guard, password: str, client: str = "10.0.0.9") -> Reply:
    return ask(guard, "POST", "/login?q=dog", TEAM, f"password={password}".encode(), client=client)


def test_the_password_opens_the_page_that_was_asked_for(inner: Inner) -> None:
    guard = team(inner)
    form = ask(guard, "GET", "/?q=dog", TEAM)
    assert form.status == 401
    assert b'action="/login?q=dog"' in form.body and b"password" in form.body
    reply = log_in(guard, "correct+horse")
    assert (reply.status, reply.header("location")) == (303, "/?q=dog")
    assert ask(guard, "GET", "/", {**TEAM, "cookie": cookie_of(reply)}).body == b"inside"
    for host in ("review.lan:8765", "10.0.0.5", "[fe80::1]:8765"):
        assert ask(guard, "GET", "/", {"host": host, "cookie": cookie_of(reply)}).status == 200
    for host in ("evil.example", "10.0.0.5.evil.example:8765"):
        assert ask(guard, "GET", "/", {"host": host, "cookie": cookie_of(reply)}).status == 421


@pytest.mark.parametrize(
    ("given", "name"),
    [("Ann+%C3%84rger", "Ann Ärger"), ("", None), ("+", None), ("a%0Ab%00c%1b", "abc"), ("x" * 999, "x" * 60),
     ("%F0%9F%90%B4;.=", "🐴;.="), ("%ff", "\ufffd")],
)  # fmt: skip
def test_whoever_signs_in_says_a_name(inner: Inner, given: str, name: str | None) -> None:
    guard = team(inner)
    reply = ask(guard, "POST", "/login", TEAM, f"password=correct+horse&name={given}".encode())
    cookie = cookie_of(reply)
    assert ask(guard, "GET", "/", {**TEAM, "cookie": cookie}).status == 200
    assert inner.who == name
    secret, _, signed = cookie.partition(".")
    assert ask(guard, "GET", "/", {**TEAM, "cookie": f"{secret}."}).status == 200
    assert ask(guard, "GET", "/", {**TEAM, "cookie": f"{secret}x.{signed}"}).status == 401
    assert ask(guard, "GET", "/", {**TEAM, "cookie": f"{secret}.%%%"}).status == 200
    assert inner.who is None


def test_with_a_password_no_token_opens_the_page(inner: Inner) -> None:
    guard = team(inner)
    for token in (guard.token, guard.one_time_token()):
        assert ask(guard, "GET", f"/?token={token}", TEAM).header("set-cookie") is None


@pytest.mark.parametrize("wrong", ["", "correct", "correct+horse+", "CORRECT+HORSE", "%00", "%ff", "correct+hors%E9"])
def test_a_wrong_password_opens_nothing(inner: Inner, wrong: str) -> None:
    reply = log_in(team(inner), wrong)
    assert (reply.status, reply.header("set-cookie")) == (403, None)
    assert not inner.reached


def test_passwords_cannot_be_guessed_quickly(inner: Inner) -> None:
    clock = Clock()
    guard = team(inner, clock)
    for _ in range(FREE_TRIES):
        assert log_in(guard, "wrong").status == 403
    waits = []
    for _ in range(12):
        refused = log_in(guard, "correct+horse")
        assert (refused.status, refused.header("set-cookie")) == (429, None)  # even the right one has to wait
        waits.append(int(refused.header("retry-after") or ""))
        clock.now += waits[-1]
        assert log_in(guard, "wrong").status == 403
    assert waits == sorted(waits) and waits[-1] > 200
    assert log_in(guard, "correct+horse", client="10.0.0.10").status == 303  # others need not wait
    clock.now += 400
    assert log_in(guard, "correct+horse").status == 303
    assert [log_in(guard, "wrong").status for _ in range(FREE_TRIES)] == [403] * FREE_TRIES  # it begins anew


def test_another_site_cannot_log_anybody_in(inner: Inner) -> None:
    guard = team(inner)
    for origin in ("http://evil.example", "null"):
        reply = ask(guard, "POST", "/login", {**TEAM, "origin": origin}, b"password=correct+horse")
        assert (reply.status, reply.header("set-cookie")) == (403, None)


def test_the_login_page_is_plain_text_whatever_the_address_says(inner: Inner) -> None:
    query = 'q="><script>alert(1)</script>'
    page = ask(team(inner), "GET", f"/?{query}", TEAM).body
    assert b"<script" not in page and b"&lt;script&gt;" in page


def test_the_login_form_sends_its_origin(inner: Inner) -> None:
    """With "no-referrer" browsers would send "null", and the login were refused."""
    assert ask(team(inner), "GET", "/login", TEAM).header("referrer-policy") == "same-origin"


def test_websockets_are_closed(guard: Guard) -> None:
    import asyncio

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    asyncio.run(guard({"type": "websocket", "path": "/", "headers": []}, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_errors_are_one_line_of_json(guard: Guard) -> None:
    reply = ask(guard, "GET", "/api/result", HOST)
    assert reply.header("content-type") == "application/json"
    assert "\n" not in json.loads(reply.body)["error"]
