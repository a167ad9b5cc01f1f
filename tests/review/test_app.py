"""What the page is answered: the shapes it relies on, one line for whatever goes wrong, and no change by looking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from framescribe.results.rows import Results
from tests.review import filmed, made
from tests.review.asgi import ask

MARKUP = "<script>alert(1)</script> \" ' & \u2028 \ud800"
BRIEF = {
    *("key", "id", "caption", "cut", "status", "error", "flags", "why", "words", "duration", "fps", "width", "height"),
    *("codec", "frames", "verdict", "locked", "edited", "seen", "note", "tags", "model", "candidates", "plays"),
    "support",
}
FULL = BRIEF | {
    *("model_caption", "video_path", "size", "count_of_frames", "frame_captions", "stages", "failure", "metadata"),
    *("provenance", "note_text", "history", "new_captions", "revision", "edited_at", "file"),
    *("captions", "captions_outdated", "fields", "segments", "steps", "facts", "verified", "model_texts"),
}
HEADERS = {"content-type": "application/json"}


class Page:
    """The page of a result of five rows, as its scripts see it."""

    def __init__(self, client: Any, keys: dict[str, str], output: Path) -> None:
        self.client, self.keys, self.output = client, keys, output

    def get(self, path: str, status: int = 200) -> Any:
        reply = self.client.get(path)
        assert reply.status_code == status, reply.text
        return reply.json()

    def post(self, path: str, given: Any, status: int = 200) -> Any:
        content = given if isinstance(given, str | bytes) else json.dumps(given)
        reply = self.client.post(path, content=content, headers=HEADERS)
        assert reply.status_code == status, reply.text
        told = reply.json()
        if status >= 400:
            assert isinstance(told["error"], str) and told["error"].strip() and "\n" not in told["error"]
        return told

    def edit(self, name: str, field: str, new: str | None, **more: Any) -> Any:
        return self.post("/api/edit", {"key": self.keys[name], "field": field, "new": new, **more})

    def list(self, query: str = "sort=order") -> str:
        name: str = self.get(f"/api/list?{query}")["list"]
        return name


@contextmanager
def opened(folder: Path) -> Iterator[Page]:
    rows = [made.row(name, f"It is a dog, {name}.") for name in ("a", "b", "c")]
    rows.append(made.row("failed", None))
    rows.append(replace(made.row(MARKUP[:30], MARKUP), flags=("too_short",), status="flagged"))
    output = folder / "captions.jsonl"
    with filmed.served(output, rows) as (client, keys):
        yield Page(client, keys, output)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with opened(tmp_path) as page:
        yield page


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page that many tests share, because nothing that they do may change it."""
    with opened(tmp_path_factory.mktemp("calm")) as page:
        yield page
        assert not edits_in(page.output)


def edits_in(output: Path) -> int:
    """How many edit lines were written, read as bytes."""
    parts = output.with_name(output.name + ".parts").glob("*.jsonl")
    return sum(line.startswith(b'{"kind": "edit"') for part in parts for line in part.read_bytes().split(b"\n"))


# ---------------------------------------------------------------------------------- looking


def test_the_result(calm: Page) -> None:
    told = calm.get("/api/result")
    assert (told["name"], told["total"], told["indexed"], told["indexing"]) == ("captions.jsonl", 5, 5, False)
    assert (told["finished"], told["unreadable"], told["against"]) == (True, 0, None)
    assert {name: told["counts"][name] for name in ("ok", "flagged", "failed")} == {"ok": 3, "flagged": 1, "failed": 1}
    assert told["flags"] == [{"name": "too_short", "count": 1}]
    assert set(told["asks"]) == {"available", "why", "model", "prompt", "frames"}
    assert {"output", "version", "who", "revision", "running", "tags", "models"} <= set(told)


def test_a_list_and_its_rows(calm: Page) -> None:
    told = calm.get("/api/list?sort=order&status=ok")
    assert told["total"] == 3 and isinstance(told["revision"], int)
    rows = calm.get(f"/api/list/{told['list']}?offset=1&limit=1")["rows"]
    assert [row["id"] for row in rows] == ["b"]
    assert set(rows[0]) == BRIEF
    assert calm.get(f"/api/list/{told['list']}?offset=3")["rows"] == []
    assert calm.get(f"/api/list/{told['list']}/place?key={calm.keys['c']}") == {"offset": 2}
    assert calm.get(f"/api/list/{told['list']}/place?key={calm.keys['failed']}") == {"offset": None}


def test_a_list_stays_as_it_was_while_edits_change_what_matches(page: Page) -> None:
    name = page.list("sort=order&q=dog")
    page.edit("a", "caption", "A cat.")
    assert [row["id"] for row in page.get(f"/api/list/{name}")["rows"]] == ["a", "b", "c"]
    assert page.get("/api/list?q=dog")["total"] == 2


def test_no_answer_holds_more_than_200_rows(tmp_path: Path) -> None:
    rows = {f"clip {number:03}": f"Caption {number}." for number in range(230)}
    with filmed.served(tmp_path / "captions.jsonl", [made.row(*row) for row in rows.items()]) as (client, _):
        name = client.get("/api/list?sort=order").json()["list"]
        for limit in ("200", "201", "999999999"):
            assert len(client.get(f"/api/list/{name}?limit={limit}").json()["rows"]) == 200


def test_a_row(calm: Page) -> None:
    row = calm.get(f"/api/rows/{calm.keys['a']}")
    assert set(row) == FULL
    assert (row["id"], row["caption"], row["model_caption"]) == ("a", "It is a dog, a.", "It is a dog, a.")
    assert row["file"] == {"there": False, "why": "The file is gone.", "plays": "none"}


def test_texts_from_outside_come_back_as_they_were(calm: Page) -> None:
    row = calm.get(f"/api/rows/{calm.keys[MARKUP[:30]]}")
    assert row["caption"] == MARKUP
    reply = calm.client.get(f"/api/rows/{calm.keys[MARKUP[:30]]}")
    assert reply.headers["content-type"] == "application/json"


def test_charts(calm: Page) -> None:
    assert {"name", "title", "bars"} <= set(calm.get("/api/charts?status=ok")["charts"][0])


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/list?nonsense=1", 400), ("/api/list?sort=nonsense", 400), ("/api/list?re=(", 400),
     ("/api/list?min_words=x", 400), ("/api/list/0123", 410), ("/api/list/x/place?key=0123456789abcdef", 410),
     ("/api/rows/0123456789abcdef", 404), ("/api/rows/x", 404), ("/api", 404), ("/api/", 404), ("/api/result/", 404),
     ("/nothing", 404), ("/api/compare", 404), ("/api/compare/next", 404), ("/page/", 404),
     ("/index.html", 404), ("/page", 404)],
)  # fmt: skip
def test_what_makes_no_sense_is_said_in_one_line(calm: Page, path: str, status: int) -> None:
    error = calm.get(path, status)["error"]
    assert error and "\n" not in error


@pytest.mark.parametrize("value", ["-1", "x", "1.5", "1e3", "9" * 5000, "", "٣", "0x1"])
def test_numbers_in_addresses_are_whole(calm: Page, value: str) -> None:
    name = calm.list()
    for parameter in ("offset", "limit"):
        calm.get(f"/api/list/{name}?{parameter}={value}", 400)


# ---------------------------------------------------------------------------------- changing


def test_an_edit_is_kept_and_told(page: Page) -> None:
    row = page.edit("a", "caption", "A cat.")
    assert (row["caption"], row["model_caption"], row["edited"]) == ("A cat.", "It is a dog, a.", True)
    assert [(one["field"], one["old"], one["new"]) for one in row["history"]] == [
        ("caption", "It is a dog, a.", "A cat.")
    ]
    assert made.captions(page.output)["a"] == "A cat."
    assert edits_in(page.output) == 1


def test_who_edits_what_somebody_else_changed_is_told_what_it_says_now(page: Page) -> None:
    page.edit("a", "caption", "A cat.")
    given = {"key": page.keys["a"], "field": "caption", "new": "A cow.", "base": "It is a dog, a."}
    told = page.post("/api/edit", given, 409)
    assert told["row"]["caption"] == "A cat."
    assert set(told["row"]) == FULL
    assert page.edit("a", "caption", "A cow.", base="A cat.")["caption"] == "A cow."


def test_a_locked_caption_is_not_edited(page: Page) -> None:
    page.edit("a", "lock", "It is a dog, a.")
    page.post("/api/edit", {"key": page.keys["a"], "field": "caption", "new": "A cat."}, 423)
    assert made.captions(page.output)["a"] == "It is a dog, a."
    page.edit("a", "lock", None)
    assert page.edit("a", "caption", "A cat.")["caption"] == "A cat."


@pytest.mark.parametrize(
    ("given", "status"),
    [("", 400), ("{", 400), ("[]", 400), ("null", 400), ('"x"', 400), ("NaN", 400), ("[" * 100_000, 400),
     ('{"key": NaN}', 400), (b"\xff\xfe", 400), ({}, 400), ({"key": 1, "field": "caption", "new": "x"}, 400),
     ({"key": "0123456789abcdef", "field": "caption", "new": "x"}, 404),
     ({"key": "../../etc/passwd", "field": "caption", "new": "x"}, 404),
     ({"key": "KEY", "field": "id", "new": "x"}, 400), ({"key": "KEY", "field": "video_path", "new": "/x"}, 400),
     ({"key": "KEY", "field": "frames[99]", "new": "x"}, 400), ({"key": "KEY", "field": "caption", "new": 1}, 400),
     ({"key": "KEY", "field": "caption", "new": ["x"]}, 400), ({"key": "KEY", "field": "verdict", "new": "great"}, 400),
     ({"key": "KEY", "field": "caption", "new": "x", "base": 1}, 400), ({"key": "KEY", "new": "x"}, 400)],
)  # fmt: skip
def test_a_senseless_edit_changes_nothing(calm: Page, given: Any, status: int) -> None:
    if isinstance(given, dict) and given.get("key") == "KEY":
        given = {**given, "key": calm.keys["a"]}
    calm.post("/api/edit", given, status)
    assert not edits_in(calm.output)


def test_undo_takes_back_one_change_after_the_other_but_not_what_was_only_seen(page: Page) -> None:
    page.edit("a", "caption", "A cat.")
    page.edit("b", "tags[night]", "yes")
    page.edit("b", "verdict", "accepted")
    page.edit("b", "seen", "yes")
    page.edit("c", "seen", "yes")
    told = page.post("/api/undo", {})
    assert told["what"] == "Undone: the verdict of b."
    assert [(row["id"], row["verdict"], row["seen"]) for row in told["rows"]] == [("b", None, True)]
    assert page.post("/api/undo", {})["what"] == "Undone: the tag night of b."
    assert page.post("/api/undo", {})["what"] == "Undone: the caption of a."
    page.post("/api/undo", {}, 409)
    assert made.captions(page.output)["a"] == "It is a dog, a."
    assert made.reviews(page.output)["b"].get("seen") is True


def test_undo_by_name(page: Page) -> None:
    first = page.edit("a", "caption", "A cat.")["history"][0]["edit"]
    second = page.edit("b", "caption", "A cow.")["history"][0]["edit"]
    told = page.post("/api/undo", {"edit": first})
    assert [(row["id"], row["caption"]) for row in told["rows"]] == [("a", "It is a dog, a.")]
    assert page.post("/api/undo", {})["rows"][0]["id"] == "b"  # the first is no longer among what may be undone
    again = page.post("/api/undo", {"edit": second})
    assert (again["rows"], again["what"][:7]) == ([], "Nothing")
    for given in ({"edit": "0123456789abcdef"}, {"batch": "x"}):
        page.post("/api/undo", given, 404)
    page.post("/api/undo", {"edit": 1}, 400)


def test_a_bulk_edit_is_previewed_made_and_undone_as_one(page: Page) -> None:
    page.edit("c", "lock", "It is a dog, c.")
    selection, change = {"list": page.list()}, {"kind": "replace", "find": "dog", "with": "cat"}
    shown = page.post("/api/bulk/preview", {"selection": selection, "change": change, "limit": 1})
    assert (shown["total"], shown["locked"], len(shown["changes"])) == (2, 1, 1)
    assert shown["changes"][0]["old"] == "It is a dog, a." and shown["changes"][0]["new"] == "It is a cat, a."
    done = page.post("/api/bulk/apply", {"selection": selection, "change": change, "fingerprint": shown["fingerprint"]})
    assert (done["changed"], done["skipped"]) == (2, 0)
    assert made.captions(page.output)["b"] == "It is a cat, b."
    assert made.captions(page.output)["c"] == "It is a dog, c."
    stale = {"selection": selection, "change": change, "fingerprint": shown["fingerprint"]}
    page.post("/api/bulk/apply", stale, 409)
    told = page.post("/api/undo", {})
    assert told["what"] == "Undone in 2 clips."
    assert made.captions(page.output) == {
        "a": "It is a dog, a.", "b": "It is a dog, b.", "c": "It is a dog, c.", "failed": None, MARKUP[:30]: MARKUP
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [("bulk/preview", {}, 400), ("bulk/preview", {"selection": {"list": "x"}, "change": {}}, 400),
     ("bulk/preview", {"selection": {"list": "x"}, "change": {"kind": "set", "field": "seen", "new": "yes"}}, 410),
     ("bulk/preview", {"selection": [], "change": {}}, 400), ("bulk/apply", {"selection": {}, "change": {}}, 400),
     ("bulk/preview", {"selection": {"keys": []}, "change": {"kind": "x"}, "offset": -1}, 400),
     ("ask", {}, 400), ("ask", {"selection": {"list": "x"}}, 400), ("ask", {"selection": {"keys": []}}, 400),
     ("ask", {"selection": {"keys": []}, "frames": "many"}, 400), ("asks/x/stop", {}, 404),
     ("candidates/x", {"decision": "taken"}, 404), ("candidates/x", {"decision": "eaten"}, 400),
     ("candidates/x", {}, 400), ("compare/x", {"choice": "left"}, 404)],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(calm: Page, path: str, given: Any, status: int) -> None:
    calm.post(f"/api/{path}", given, status)
    assert not edits_in(calm.output)


def test_looking_changes_nothing(calm: Page) -> None:
    """Whatever is written by POST is not reached by another method, nor by its words in the address."""
    for path in ("edit", "undo", "bulk/preview", "bulk/apply", "ask", "asks/x/stop", "candidates/x", "compare/x"):
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
            address = f"/api/{path}?key={calm.keys['a']}&field=caption&new=x"
            reply = calm.client.request(method, address, headers={"X-HTTP-Method-Override": "POST"})
            assert reply.status_code == 405
    assert not edits_in(calm.output)
    assert len(Results(calm.output)) == 5


def test_head_is_get_without_a_body(calm: Page) -> None:
    for path in ("/", "/page/style.css", "/api/result", "/api/list", f"/api/rows/{calm.keys['a']}"):
        reply = calm.client.head(path)
        assert (reply.status_code, reply.content) == (200, b"")


# ---------------------------------------------------------------------------------- the page's files


def test_the_pages_own_files_and_no_others(calm: Page) -> None:
    folder = files("framescribe.review").joinpath("page")
    names = [one.name for one in folder.iterdir() if one.name.endswith((".html", ".css", ".js"))]
    assert {"index.html", "style.css", "app.js"} <= set(names)
    kinds = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
    for name in names:
        reply = calm.client.get(f"/page/{name}")
        assert reply.content == folder.joinpath(name).read_bytes()
        assert reply.headers["content-type"] == f"{kinds[name.rpartition('.')[2]]}; charset=utf-8"
        again = calm.client.get(f"/page/{name}", headers={"if-none-match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert calm.client.get("/").content == folder.joinpath("index.html").read_bytes()


NAMES = ["..", ".", "../app.py", "..%2fapp.py", "%2e%2e%2fapp.py", "..%5capp.py", "..\\app.py", "app.py", "__init__.py",
         "index.html%00", "index.html%00.js", "%2fetc%2fpasswd", "/etc/passwd", "index.html/", "INDEX.HTML", "~root",
         "index", "", "%", "style.css?../../app.py%00", "a/b.js", "..;/app.py", "%252e%252e%252fapp.py"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_not_a_path(calm: Page, name: str) -> None:
    reply = calm.client.get(f"/page/{name}")
    if "?" in name:  # what follows it is no part of the name
        assert reply.content == files("framescribe.review").joinpath("page", "style.css").read_bytes()
    elif reply.url.path in ("/", "/page/index.html"):  # the client itself took it for the page
        assert reply.status_code in (200, 404)
    else:
        assert (reply.status_code, list(reply.json())) == (404, ["error"])
        assert b"import" not in reply.content and b"root:" not in reply.content


def test_a_search_that_nobody_waits_for_is_given_up(calm: Page) -> None:
    """A page that asks for another list hangs up, and the old search must not hold up the new one."""
    assert ask(calm.client.app, "GET", "/api/list?re=d.g").json["total"] == 3
    assert ask(calm.client.app, "GET", "/api/list?re=d.g", leaves=True).status == 499
    assert ask(calm.client.app, "GET", "/api/list?q=dog", leaves=True).status == 200  # found at once
