"""Knows what a saved page promises: one file that asks for nothing, tells no secrets, and finds what a server would."""

from __future__ import annotations

import io
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image

from framescribe.errors import UserError
from framescribe.frames.files import fingerprint_of
from framescribe.records import MEASURE, Failure, FrameCaption, VideoInfo
from framescribe.results.finished import read_rows
from framescribe.review import saved_pictures
from framescribe.review.query import Query
from framescribe.review.saved import write_page
from framescribe.review.saved_html import as_json, document
from framescribe.review.saved_pictures import pictures_of
from framescribe.review.saved_rows import SOMEBODY, names_of, shareable, without_folders
from framescribe.review.session import Change, Session
from tests.exports import result
from tests.exports import row as clip_row
from tests.nasty import CAPTIONS, WORDS
from tests.review.browsing import browser as headless
from tests.review.browsing import watched
from tests.videos import film, number_in

ENDING = [
    "</script><script>document.title = 'taken'</script>",
    "</SCRIPT >", "<!-- <script>", "<!--<script>", "]]>", "-->", "</style>", "</html>",
    "<img src=x onerror=\"document.title = 'taken'\">", "<b>bold</b> &amp; &lt;", "\u2028\u2029", "\ud800 half \udfff",
    "\0 nothing", "\ufeff", "הכלב רץ \u202eabc\u202c", "\\u003c/script>", "${x} `y`",
]  # fmt: skip


class Elements(HTMLParser):
    """What a browser would see: each element's name, attributes and text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes), ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = tag, attributes, text + data

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


# ------------------------------------------------------------------------------------ the document


@pytest.mark.parametrize("text", [*ENDING, *CAPTIONS, WORDS])
def test_no_text_leaves_its_element(text: str) -> None:
    data = {"caption": text, text: [text]}
    page = Elements(document(data))
    plain = Elements(document({}))
    assert [(tag, attributes) for tag, attributes, _ in page.found] == [(tag, kept) for tag, kept, _ in plain.found]
    (inside,) = [text for attributes, text in page.of("script") if attributes.get("id") == "saved-data"]
    assert json.loads(inside) == data
    assert not set("<>&\u2028\u2029") & set(as_json(data))


def test_the_document_asks_for_nothing() -> None:
    page = Elements(document({"x": 1}))
    loading = ("src", "srcset", "poster", "data", "background", "action", "formaction")
    assert [name for _, attributes, _ in page.found for name in loading if attributes.get(name)] == []
    assert [attributes["href"] for attributes, _ in page.of("link")] == ["data:,"]
    assert not any(name.startswith("on") or name == "style" for _, attributes, _ in page.found for name in attributes)
    (policy,) = [kept["content"] for kept, _ in page.of("meta") if kept.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}
    assert rules["default-src"] == ["'none'"]
    assert not {"connect-src", "object-src", "frame-src", "worker-src", "font-src"} & rules.keys()
    assert all(source.startswith("'sha256-") for source in rules["script-src"] + rules["style-src"])
    assert rules["img-src"] == ["data:"]
    names = [name for name, _, _ in page.found]
    assert names.index("script") > names.index("main"), "scripts inside a document cannot wait for what follows them"


# -------------------------------------------------------------------------------- what leaves the machine


def test_no_folder_name_or_key_leaves_the_machine() -> None:
    row: dict[str, Any] = {
        "key": "0123456789abcdef",
        "id": "a.mp4",
        "video_path": "/home/ann/films/a.mp4",
        "caption": "A path /home/ann/films is what the sign says.",
        "error": "decode: /home/ann/films/a.mp4 cannot be opened",
        "failure": {"stage": "decode", "kind": "unreadable", "message": r"C:\Users\ann\a.mp4: moov atom not found"},
        "model": "/home/ann/models/my-llava",
        "stages": [
            {
                "name": "imported",
                "text": "said of /this/",
                "output": {"at": "/x/y"},
                "other": {"source": "file:///home/ann/sets/list.csv", "layout": "jsonl"},
            }
        ],
        "metadata": {
            "path": "/home/ann/films/a.mp4",
            "prompt": "slow /very slow/ pan",
            "link": "https://ann:secret@host.example/a.mp4?token=abc&size=2",
            "inner": ["~/films/b.mp4", 3],
        },
        "provenance": {
            "file": {"fingerprint": "quick:ab", "stamp": 123},
            "stages": {"frames": {"model": "~/models/my-llava", "engine": "vllm"}},
            "replaces": ["a.mp4", "/home/ann/old/a.mp4"],
            "edits": [{"field": "caption", "old": "x", "new": "y", "who": "ann", "when": "2026-11-29T10:00:00Z"}],
            "review": {"verdict": "accepted", "who": "ann"},
        },
        "history": [{"edit": "1", "field": "caption", "old": "x", "new": "y", "who": "ann", "when": "2026"}],
        "new_captions": [{"caption": "z", "model": "/home/ann/m"}],
        "candidates": 1,
        "note_text": "see /home",
    }
    told = shareable(row)
    assert told["video_path"] is None
    assert told["caption"] == row["caption"]
    assert told["error"] == "decode: a.mp4 cannot be opened"
    assert told["failure"] == {"stage": "decode", "kind": "unreadable", "message": "a.mp4: moov atom not found"}
    assert told["model"] == "my-llava"
    assert told["stages"][0]["other"] == {"source": "list.csv", "layout": "jsonl"}
    assert (told["stages"][0]["text"], told["stages"][0]["output"]) == ("said of /this/", {"at": "/x/y"})
    assert told["metadata"] == {
        "path": "a.mp4",
        "prompt": "slow /very slow/ pan",
        "link": "https://host.example/a.mp4?size=2",
        "inner": ["b.mp4", 3],
    }
    assert told["provenance"] == {
        "file": {"fingerprint": "quick:ab"},
        "stages": {"frames": {"model": "my-llava", "engine": "vllm"}},
        "edits": [{"field": "caption", "old": "x", "new": "y", "who": SOMEBODY, "when": "2026-11-29T10:00:00Z"}],
        "review": {"verdict": "accepted", "who": SOMEBODY},
    }
    assert told["history"][0]["who"] == SOMEBODY
    assert (told["new_captions"], told["candidates"], told["note_text"]) == ([], 0, "see /home")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("cannot open '/a/b/c.mp4'", "cannot open 'c.mp4'"),
        (r"\\server\share\films\c.mp4 is gone", "c.mp4 is gone"),
        ("C:/Users/ann/c.mp4", "c.mp4"),
        ("openai/clip and/or 1/2, 3 / 4", "openai/clip and/or 1/2, 3 / 4"),
        ("http://10.0.0.5:8000/v1/models said 404", "http://10.0.0.5:8000/v1/models said 404"),
        ("s3://bucket/films/c.mp4", "s3://bucket/films/c.mp4"),
        ("(/srv/x/c.mp4)", "(c.mp4)"),
    ],
)
def test_of_a_path_its_name_remains(said: str, left: str) -> None:
    assert without_folders(said) == left


def test_ids_that_are_whole_paths_lose_the_folder_that_they_share() -> None:
    ids = ["/home/ann/films/a/1.mp4", "/home/ann/films/b/1.mp4", "plain/2.mp4", "https://host/3.mp4"]
    assert names_of(ids) == {"/home/ann/films/a/1.mp4": "a/1.mp4", "/home/ann/films/b/1.mp4": "b/1.mp4"}
    assert names_of(["/home/ann/1.mp4"]) == {"/home/ann/1.mp4": "1.mp4"}
    assert names_of(["a/1.mp4"]) == {}


# --------------------------------------------------------------------------- search, filters and order


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with headless() as opened:
        yield opened


def told(number: int, caption: str | None, **more: Any) -> dict[str, Any]:
    """A row as the page holds it."""
    words = len((caption or "").split())
    plain: dict[str, Any] = {
        "key": f"{number:016x}", "id": f"clip {number}.mp4", "caption": caption, "status": "ok", "error": None,
        "flags": [], "why": [], "words": words, "duration": None, "fps": None, "width": None, "height": None,
        "codec": None, "frames": 0, "verdict": None, "locked": False, "edited": False, "seen": False, "note": False,
        "tags": [], "model": None, "candidates": 0, "plays": "none", "model_caption": caption, "video_path": None,
        "size": None, "count_of_frames": None, "frame_captions": [], "stages": [], "failure": None, "metadata": {},
        "provenance": {}, "note_text": None, "history": [], "new_captions": [], "pictures": {},
        "order": number, "worst": -number,
    }  # fmt: skip
    assert more.keys() <= plain.keys()
    return plain | more


def said(edited: str, marked: str | None) -> dict[str, Any]:
    edit = {"field": "caption", "old": "x", "new": "y", "who": SOMEBODY, "when": edited}
    return {"edits": [edit], **({"review": {"locked": True, "when": marked}} if marked else {})}


LATE = "2026-11-28T23:59:59.500Z"
ROWS = [
    told(0, "A brown dog runs along a beach.", duration=4.0, model="one", tags=["sea", "dog"], seen=True),
    told(1, "A dog and a cat sleep; the DOG snores.", duration=12.5, model="two", tags=["dog"]),
    told(2, "Café au lait, garçon! It's hot.", status="flagged", flags=["caption_truncated"], verdict="accepted"),
    told(3, None, status="failed", flags=[], duration=2.0),
    told(4, "狗在海滩上跑。", flags=["caption_repeats", "caption_truncated"], status="flagged", verdict="rejected"),
    told(5, "A brown cat runs along a beach.", edited=True, locked=True, provenance=said("2026-11-27T10:00:00Z", LATE)),
    told(6, "hot dogs: 5 > 3 && 2 < 4", note=True, edited=True, provenance=said("2026-11-29T00:00:00.000+00:00", None)),
    told(7, "brown A dog dog", duration=4.0, model="one"),
]  # fmt: skip


def words(row: dict[str, Any]) -> list[str]:
    return re.findall(r"\w+", (row["caption"] or "").lower().replace("é", "e").replace("ç", "c"))


def near(row: dict[str, Any], *wanted: str) -> bool:
    said = words(row)
    return any(said[at : at + len(wanted)] == list(wanted) for at in range(len(said)))


Test = Callable[[dict[str, Any]], bool]
QUERIES: list[tuple[dict[str, Any], Test]] = [
    ({}, lambda row: True),
    ({"q": "dog"}, lambda row: "dog" in words(row)),
    ({"q": "DOG -cat"}, lambda row: "dog" in words(row) and "cat" not in words(row)),
    ({"q": '"brown dog"'}, lambda row: near(row, "brown", "dog")),
    ({"q": '-"a brown" beach'}, lambda row: not near(row, "a", "brown") and "beach" in words(row)),
    ({"q": "cafe"}, lambda row: "cafe" in words(row)),
    ({"q": "it's"}, lambda row: near(row, "it", "s")),
    ({"q": "海滩"}, lambda row: "海滩" in (row["caption"] or "")),
    ({"q": "&&"}, lambda row: "&&" in (row["caption"] or "")),
    ({"q": "-dog"}, lambda row: "dog" not in words(row)),
    ({"q": '  "" - '}, lambda row: "-" in (row["caption"] or "")),
    ({"re": "dog"}, lambda row: re.search("dog", row["caption"] or "", re.IGNORECASE) is not None),
    ({"re": r"DOG\S*\W"}, lambda row: re.search(r"DOG\S*\W", row["caption"] or "") is not None),
    ({"re": r"\Sog\b"}, lambda row: re.search(r"\Sog\b", row["caption"] or "", re.IGNORECASE) is not None),
    ({"re": r"(?P<pet>dog|cat) (?P=pet)?runs\-?"}, lambda row: near(row, "dog", "runs") or near(row, "cat", "runs")),
    ({"re": "^$"}, lambda row: row["caption"] == ""),
    ({"id": "CLIP 5"}, lambda row: row["id"] == "clip 5.mp4"),
    ({"status": ["failed", "flagged"]}, lambda row: row["status"] != "ok"),
    ({"flag": ["caption_truncated"]}, lambda row: "caption_truncated" in row["flags"]),
    ({"flag": ["caption_repeats", "none"]}, lambda row: "caption_repeats" in row["flags"]),
    ({"verdict": "accepted"}, lambda row: row["verdict"] == "accepted"),
    ({"verdict": "none"}, lambda row: row["verdict"] is None),
    ({"locked": "1"}, lambda row: row["locked"]),
    ({"locked": "0", "edited": "1"}, lambda row: not row["locked"] and row["edited"]),
    ({"seen": "0"}, lambda row: not row["seen"]),
    ({"note": "1"}, lambda row: row["note"]),
    ({"tag": ["dog", "sea"]}, lambda row: set(row["tags"]) == {"dog", "sea"}),
    ({"min_words": "5", "max_words": "7"}, lambda row: 5 <= row["words"] <= 7),
    ({"min_duration": "4"}, lambda row: (row["duration"] or 0) >= 4),
    ({"max_duration": "4"}, lambda row: row["duration"] is not None and row["duration"] <= 4),
    ({"model": "one"}, lambda row: row["model"] == "one"),
    ({"candidates": "1"}, lambda row: False),
    ({"since": "2026-11-29"}, lambda row: row["order"] == 6),
    ({"until": "2026-11-28"}, lambda row: row["order"] == 5),
    ({"since": "2026-11-28", "until": "2026-11-29"}, lambda row: row["order"] in (5, 6)),
    ({"since": "2026-11-29T01:00:00+01:00"}, lambda row: row["order"] == 6),
    ({"right": "0"}, lambda row: row["order"] == 1),
    ({"right": "1"}, lambda row: row["order"] == 0),
]  # fmt: skip
EXTRAS = {"clips": {ROWS[0]["key"]: {"right": True, "truth": "A"}, ROWS[1]["key"]: {"right": False, "truth": "B"}}}


@pytest.fixture(scope="module")
def asked(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page of ROWS, to be asked as its own views ask it."""
    path = tmp_path_factory.mktemp("saved") / "page.html"
    path.write_text(page_of(ROWS, EXTRAS), encoding="utf-8")
    with watched(browser, path) as opened:
        yield opened.page


def page_of(rows: list[dict[str, Any]], extras: dict[str, Any] | None = None) -> str:
    counts = dict.fromkeys(["ok", "flagged", "failed", "accepted", "rejected", "locked", "edited", "seen"], 0)
    result = {
        "name": "captions", "output": "captions.jsonl", "version": "1", "who": None, "revision": 0, "total": len(rows),
        "indexed": len(rows), "indexing": False, "finished": True, "running": False, "unreadable": 0, "counts": counts,
        "flags": [], "tags": [], "models": [], "asks": {"available": False, "why": ""}, "against": None,
    }  # fmt: skip
    return document({"result": result, "rows": rows, "about": ["Written by hand."], "extras": extras})


LISTED = """async (query) => {
  const { list, total } = await review.source.list(query);
  return [total, (await review.source.rows(list, 0, 200)).map((row) => row.key)];
}"""


@pytest.mark.parametrize(
    ("query", "wanted"), QUERIES, ids=lambda value: json.dumps(value) if isinstance(value, dict) else ""
)
@pytest.mark.browser
def test_a_query_finds_what_it_means(asked: Any, query: dict[str, Any], wanted: Test) -> None:
    total, keys = asked.evaluate(LISTED, query | {"sort": "order"})
    assert keys == [row["key"] for row in ROWS if wanted(row)]
    assert total == len(keys)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (None, [7, 6, 5, 4, 3, 2, 1, 0]),
        ("order", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("id", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("words", [3, 4, 7, 2, 0, 5, 1, 6]),
        ("-words", [1, 6, 0, 5, 2, 7, 4, 3]),
        ("duration", [3, 0, 7, 1, 2, 4, 5, 6]),
        ("-duration", [1, 0, 7, 3, 2, 4, 5, 6]),
        ("edited", [6, 5, 0, 1, 2, 3, 4, 7]),
    ],
)
@pytest.mark.browser
def test_rows_come_in_the_order_asked_for(asked: Any, sort: str | None, order: list[int]) -> None:
    _, keys = asked.evaluate(LISTED, {} if sort is None else {"sort": sort})
    assert [int(key, 16) for key in keys] == order


@pytest.mark.parametrize("query", [{"re": "("}, {"since": "yesterday"}])
@pytest.mark.browser
def test_a_query_that_makes_no_sense_is_told_in_a_line(asked: Any, query: dict[str, str]) -> None:
    said = asked.evaluate("(query) => review.source.list(query).then(() => null, (error) => error.message)", query)
    assert next(iter(query.values())) in said
    assert "\n" not in said


@pytest.mark.browser
def test_places_in_a_list(asked: Any) -> None:
    ask = "async ([query, key]) => review.source.place((await review.source.list(query)).list, key)"
    assert asked.evaluate(ask, [{"sort": "order", "q": "dog"}, ROWS[7]["key"]]) == 2
    assert asked.evaluate(ask, [{"sort": "order", "q": "dog"}, ROWS[2]["key"]]) is None


# --------------------------------------------------------------------------------- a result as a page


def data_in(path: Path) -> dict[str, Any]:
    scripts = Elements(path.read_text(encoding="utf-8")).of("script")
    data: dict[str, Any] = json.loads(next(text for kept, text in scripts if kept.get("id") == "saved-data"))
    return data


def picture(base64: str) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(base64)))


IDS = [
    "<img src=x onerror=alert(1)>.mp4",
    "a\u2028b.mp4",
    "\ud800.mp4",
    "שלום.mp4",
    "x" * 200 + ".mp4",
    "</script>.mp4",
]
SEEN = 24  # of the nasty clips have a video
EVIL = "<script>document.title = 'taken'</script>"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a result, a page of it, and the clips of half of its rows; the others' clips lie elsewhere."""
    folder, secret = tmp_path_factory.mktemp("ann-private"), tmp_path_factory.mktemp("ann-secret")
    (folder / "clips").mkdir()
    rows = []
    for number, words in enumerate([*ENDING, *CAPTIONS, WORDS]):
        place = (folder / "clips" if number % 2 else secret) / f"clip {number} #1 %.mp4"
        if number < SEEN:
            film(place, frames=20)
        frames = tuple(FrameCaption(index=at, time=at / 25, caption=f"{EVIL} {at}") for at in (2, 9, 17))
        row = clip_row(place, words, id=IDS[number] if number < len(IDS) else f"{number}.mp4", frames=frames)
        rows.append(replace(row, metadata={EVIL: [EVIL, str(place)]}, flags=(EVIL,), status="flagged"))
    broken = clip_row(secret / "gone.mp4", None, status="failed", video=None)
    message = f"{secret}/gone.mp4: {EVIL}"
    rows.append(replace(broken, error=Failure(stage=EVIL, kind="missing", message=message)))
    result(folder / "captions.jsonl", rows)
    write_page(folder / "captions.jsonl", folder / "page.html")
    return folder


def test_the_page_holds_every_row(nasty: Path) -> None:
    rows = {row["id"]: row for row in data_in(nasty / "page.html")["rows"]}
    stored = {row.id: row for row in read_rows(nasty / "captions.jsonl")}
    assert rows.keys() == stored.keys()
    for name, row in stored.items():
        assert rows[name]["caption"] == row.caption
        assert [one["caption"] for one in rows[name]["frame_captions"]] == [one.caption for one in row.frames]


def test_pictures_are_those_of_the_sampled_frames(nasty: Path) -> None:
    for row in data_in(nasty / "page.html")["rows"]:
        if row["order"] >= SEEN:
            assert row["pictures"] == {}
            continue
        assert row["pictures"].keys() == {"2", "9", "17"}
        for index, data in row["pictures"].items():
            assert number_in(np.asarray(picture(data))) == int(index)


def test_videos_beside_the_page_are_linked_and_no_other_place_is_told(nasty: Path) -> None:
    text = (nasty / "page.html").read_text(encoding="utf-8")
    for place in (nasty.name, str(nasty.parent), "ann-secret"):
        assert place not in text
    for row in data_in(nasty / "page.html")["rows"]:
        number = re.search(r"clip%20(\d+)%20%231%20%25\.mp4$", row["video_path"] or "")
        assert (number is not None) == (row["order"] < SEEN and row["order"] % 2 == 1)
        assert number is None or int(number[1]) == row["order"]
        assert row["plays"] == ("none" if row["order"] >= SEEN else "direct" if number else "frames")
        assert row["metadata"] == {} or row["metadata"][EVIL][1].startswith("clip ")


@pytest.mark.browser
def test_what_texts_hold_stays_text(browser: Any, nasty: Path) -> None:
    rows = data_in(nasty / "page.html")["rows"]
    with watched(browser, nasty / "page.html") as opened:
        page = opened.page
        page.wait_for_selector("#cards li")
        for row in rows:
            page.evaluate("key => review.state.set({clip: key})", row["key"])
            shows = "id => document.getElementById('clip').textContent.toWellFormed().includes(id)"
            opened.until(shows, browsers(row["id"]))
            for details in page.query_selector_all("#clip details"):
                details.evaluate("element => { element.open = true; }")
            said = page.evaluate("document.getElementById('clip').innerText.toWellFormed()")
            for text in (
                row["caption"] or row["failure"]["message"],
                *(one["caption"] for one in row["frame_captions"]),
            ):
                assert " ".join(browsers(text).split()) in " ".join(said.split())
        page.evaluate("review.state.set({clip: null, view: 'charts'})")
        page.wait_for_selector("#charts section")
        assert "taken" not in page.title()
        assert page.evaluate("document.querySelectorAll('#main :is(script, img[onerror], b b)').length") == 0
        asked = {unquote(urlsplit(address).path) for address in opened.files}
    assert asked <= {str(path) for path in (nasty / "clips").iterdir()} | {str(nasty / "page.html")}
    assert len(asked) > 10


def browsers(text: str) -> str:
    """The text as a browser gives it to Python: half a letter is no letter there."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


@pytest.mark.browser
def test_the_clip_plays_where_it_lies_beside_the_page(browser: Any, nasty: Path) -> None:
    row = next(row for row in data_in(nasty / "page.html")["rows"] if row["plays"] == "direct")
    with watched(browser, nasty / "page.html") as opened:
        opened.page.evaluate("key => review.state.set({clip: key})", row["key"])
        opened.until("document.querySelector('#clip video')?.videoWidth === 128")
        opened.until("document.querySelector('#clip video').currentTime > 0")


@pytest.mark.browser
def test_a_saved_page_is_read_from_the_keyboard_and_changes_nothing(browser: Any, nasty: Path) -> None:
    with watched(browser, nasty / "page.html") as opened:
        page = opened.page
        page.wait_for_selector("#cards li")
        page.keyboard.press("/")
        page.keyboard.type("2000 OR word7 word1999")
        page.keyboard.press("Enter")
        opened.until("review.state.query.q !== undefined")
        opened.until("document.querySelectorAll('#cards li').length === 0")
        page.evaluate("review.state.set({q: 'word7 word1999'})")
        opened.until("document.querySelectorAll('#cards li').length === 2")
        page.evaluate("review.state.set({q: null, sort: 'order'})")
        opened.until("document.querySelectorAll('#cards li').length > 1")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("o")
        page.wait_for_selector("#clip:not([hidden])")
        first = page.evaluate("review.state.query.clip")
        for key in "arxntecz":
            page.keyboard.press(key)
        assert page.evaluate("review.state.query.clip") == first
        assert page.locator("textarea:visible, dialog").count() == 0
        assert page.locator(".edits:visible").count() == 0
        page.keyboard.press("j")
        opened.until("first => review.state.query.clip !== first", first)
        page.keyboard.press("k")
        opened.until("first => review.state.query.clip === first", first)
        page.keyboard.press("?")
        page.wait_for_selector("dialog")
        assert "accept" not in page.inner_text("dialog").lower()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of forty rows without videos, some reviewed, and its page."""
    folder = tmp_path_factory.mktemp("plain")
    rows = []
    for number in range(40):
        words = f"A {('brown', 'black', 'red')[number % 3]} dog and {number} cats " + "run " * (number % 5)
        facts = VideoInfo(duration=1 + number / 7, fps=25, width=64, height=48, codec="h264", frames=9)
        more: dict[str, Any] = {"status": "flagged", "flags": ("caption_repeats",)} if number % 7 == 3 else {}
        if number % 4:
            moves = ([], ["static"], ["pan_left", "shake"], ["zoom_in"])[number % 11 % 4]
            measured = {
                "motion": {"version": 1, "amount": round(number**2 / 8000, 4), "objects": 0.1},
                "cuts": {"version": 1, "cuts": [1.0] * (number % 3), "fades": [], "shots": 1},
                "camera": {"version": 1, "shots": [{"moves": [{"label": label} for label in moves]}]},
            }
            more["provenance"] = {"schema": 2, "file": {}, "stages": {MEASURE: {"output": measured}}}
        rows.append(clip_row(f"/nowhere/{number}.mp4", words.strip() + ".", video=facts, **more))
    rows.append(clip_row("/nowhere/failed.mp4", None, status="failed", video=None))
    result(folder / "captions.jsonl", rows)
    with session_of(folder) as session:
        keys = session.keys_of(session.make_list(Query.of({"sort": "order"})).list)
        session.edit([Change(key, "verdict", "accepted") for key in keys[:5]])
        session.edit([Change(keys[5], "tags[night]", "yes"), Change(keys[6], "note", "look again")])
        session.edit([Change(keys[7], "caption", "Two dogs sleep."), Change(keys[8], "seen", "yes")])
    write_page(folder / "captions.jsonl", folder / "page.html")
    return folder


@contextmanager
def session_of(folder: Path) -> Iterator[Session]:
    session = Session(folder / "captions.jsonl", cache=folder / "cache", who="ann")
    session.open()
    try:
        assert session.ready(60)
        yield session
    finally:
        session.close()


ASKED: list[dict[str, Any]] = [
    {}, {"q": "dog"}, {"q": "cats -red"}, {"q": '"run run"'}, {"re": "brown|Two"}, {"re": r"\d0 cats"}, {"id": "3.MP4"},
    {"status": ["failed", "flagged"]}, {"flag": ["caption_repeats"]}, {"verdict": "none"}, {"verdict": "accepted"},
    {"edited": "1"}, {"seen": "1"}, {"note": "1"}, {"tag": ["night"]}, {"min_words": "6"}, {"max_duration": "3"},
    {"model": "m"}, {"candidates": "0"}, {"since": "2020-01-01"}, {"until": "2020-01-01"}, {"sort": "id"},
    {"sort": "words"}, {"sort": "-duration"}, {"sort": "edited"}, {"sort": "order"}, 
    {"sort": "motion"}, {"sort": "-cuts"},
    {"facts": "motion > 0.02"}, {"facts": "motion>.02 and cuts=0 or not camera"}, {"facts": "0.01 <= motion < 2e-1"},
    {"facts": "camera = pan_left"}, {"facts": "camera != static and words > 6"}, {"facts": "'shake' not in camera"},
    {"facts": "camera = ['static']"}, {"facts": "not (cuts or motion > 0.05)"},
    {"facts": "cuts not in (0, 2,) and shake"},
    {"facts": "-motion < -0.05 and duration > 2"}, {"facts": "shake = False"}, {"facts": "blur > 0.5 or cuts == 0"},
]  # fmt: skip


@pytest.mark.browser
def test_the_page_finds_sorts_and_counts_as_the_server_does(browser: Any, plain: Path) -> None:
    with watched(browser, plain / "page.html") as opened, session_of(plain) as session:
        for query in ASKED:
            listed = session.make_list(Query.of(query))
            total, keys = opened.page.evaluate(LISTED, query)
            assert (total, keys) == (listed.total, list(session.keys_of(listed.list))), query
            charts = opened.page.evaluate("query => review.source.charts(query)", query)["charts"]
            assert sorted_bars(charts) == sorted_bars(session.charts(Query.of(query))["charts"]), query
        for bar in (
            bar for chart in opened.page.evaluate("review.source.charts({})")["charts"] for bar in chart["bars"]
        ):
            assert opened.page.evaluate(LISTED, bar["query"])[0] == bar["count"], bar


@pytest.mark.parametrize(
    "facts",
    [
        "motion >",
        "moton > 1",
        "camera = pan",
        "camera > 1",
        "cuts = 'two'",
        "not",
        "(cuts",
        "cuts in []",
        "cuts; 1",
        "1 +",
    ],
)
@pytest.mark.browser
def test_what_is_no_condition_on_facts_is_said_in_one_line(browser: Any, plain: Path, facts: str) -> None:
    with watched(browser, plain / "page.html") as opened:
        said = opened.page.evaluate("facts => review.source.list({facts}).catch((error) => error.message)", facts)
    with pytest.raises(UserError):
        Query.of({"facts": facts})
    assert said.startswith(f"facts '{facts}': ") and "\n" not in said


def sorted_bars(charts: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {chart["name"]: sorted(json.dumps(bar, sort_keys=True) for bar in chart["bars"]) for chart in charts}


def test_nobody_is_named(plain: Path) -> None:
    rows = data_in(plain / "page.html")["rows"]
    said = [
        one
        for row in rows
        for one in (*row["history"], row["provenance"].get("review"), *row["provenance"].get("edits", []))
        if one
    ]
    assert len(said) > 9
    assert {one["who"] for one in said} == {SOMEBODY}
    assert data_in(plain / "page.html")["result"]["who"] is None


def test_too_many_clips_are_left_out_and_said(plain: Path, tmp_path: Path) -> None:
    said: list[str] = []
    write_page(plain / "captions.jsonl", tmp_path / "few.html", limit=4, where=["words > 3"], say=said.append)
    data = data_in(tmp_path / "few.html")
    with session_of(plain) as session:
        worst = session.keys_of(session.make_list(Query.of({"min_words": "4"})).list)
        assert {row["key"] for row in data["rows"]} == set(worst[:4])
    assert data["result"]["total"] == 4
    assert f"It holds 4 of {len(worst)} clips, those most in need of a look." in data["about"]
    assert "They were chosen from 41." in data["about"]
    assert any(f"clips left out: {len(worst) - 4}" in line and "--where" in line for line in said)
    assert any(re.search(r"few\.html: 4 clips, 0 pictures, \d+\.\d MB", line) for line in said)


@pytest.mark.parametrize(
    ("output", "page", "where", "why"),
    [
        ("captions.jsonl", "page.txt", (), "end in .html"),
        ("captions.jsonl", "captions.jsonl", (), "end in .html"),
        ("captions.jsonl", "none/page.html", (), "no folder"),
        ("captions.jsonl", "folder.html", (), "is a folder"),
        ("other.jsonl", "page.html", (), "no result"),
        ("captions.jsonl", "page.html", ("duration > 900",), "No clip is left"),
        ("captions.jsonl", "page.html", ("?",), "not a condition"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_line(
    plain: Path, tmp_path: Path, output: str, page: str, where: tuple[str, ...], why: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(UserError, match=why) as caught:
        write_page(plain / output, tmp_path / page, where=where)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


# --------------------------------------------------------------------------------------- pictures


def test_a_clip_that_is_no_longer_the_one_captioned_has_no_pictures(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=20)
    frames = (FrameCaption(index=3, time=3 / 25, caption="x"),)
    known = {"schema": 2, "file": {"fingerprint": fingerprint_of(str(path))}, "stages": {}}
    other = {"schema": 2, "file": {"fingerprint": "quick:00"}, "stages": {}}
    rows = [clip_row(path, "x", frames=frames, provenance=made) for made in (known, other)]
    same, changed = pictures_of(rows)
    assert (list(same), changed) == ([3], {})


def test_a_clip_without_frames_shows_its_middle(tmp_path: Path) -> None:
    (pictures,) = pictures_of([clip_row(film(tmp_path / "a.mp4", frames=21), "x")])
    assert [number_in(np.asarray(picture(data))) for data in pictures.values()] == [10]


def test_frames_without_times_are_found_by_their_place(tmp_path: Path) -> None:
    frames = tuple(FrameCaption(index=at, time=None, caption="x") for at in (4, 11))
    (pictures,) = pictures_of([clip_row(film(tmp_path / "a.mp4", frames=21), "x", frames=frames)])
    assert {index: number_in(np.asarray(picture(data))) for index, data in pictures.items()} == {4: 4, 11: 11}


def test_many_pictures_are_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    path = film(tmp_path / "noise.mp4", pictures=[noise] * 4)
    row = clip_row(path, "x", frames=tuple(FrameCaption(index=at, time=at / 25, caption="x") for at in range(4)))
    sizes = []
    for budget in (saved_pictures.BUDGET_BYTES, 40_000, 1):
        monkeypatch.setattr(saved_pictures, "BUDGET_BYTES", budget)
        (pictures,) = pictures_of([row])
        width, height = picture(pictures[0]).size
        sizes.append(width * height)
    assert sizes[0] > sizes[1] > sizes[2] > 0
    assert sizes[0] <= saved_pictures.LARGEST
    assert sizes[2] >= saved_pictures.SMALLEST * 0.9
