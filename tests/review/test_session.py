"""A result under review: what is shown is what stands, what a person changes is on the disk when it is acknowledged,
and nothing that a person or a run says is lost, whoever else is at work."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.records import Failure, FrameCaption, Row, VideoInfo, caption_hash
from framescribe.results.rows import Results, read_rows, video_of
from framescribe.review.query import Query
from framescribe.review.session import MISSING, Change, Conflict, Locked, Session
from tests.exports import result, row
from tests.runs import until
from tests.s3 import Door, environment, s3_server
from tests.test_edits import correct

NASTY = [
    'He said "no" OR NEAR(a b) AND NOT x*',
    "nul \0 inside",
    "lone \ud800 surrogate",
    "שלום עולם مرحبا",
    "👩‍👩‍👧 und 球 ⚽\ufe0f",
    "<b onclick='x'>&amp;</b>\u2028line",
    "';DROP TABLE facts;--",
    "long " * 20_000,
    "\u202eevil\u202c",
]


@contextmanager
def opened(output: Path | str, cache: Path, who: str = "ann") -> Iterator[Session]:
    session = Session(output, cache=cache, who=who)
    session.open()
    try:
        assert session.ready(60)
        yield session
    finally:
        session.close()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def some(tmp_path: Path, count: int = 5, **more: object) -> Path:
    rows = [row(f"/clips/{number}.mp4", f"Model {number}.") for number in range(count)]
    return result(tmp_path / "captions.jsonl", rows, **more)  # type: ignore[arg-type]


def keys(session: Session, **query: str) -> list[str]:
    return list(session.keys_of(session.make_list(Query.of({"sort": "order", **query})).list))


def captions(session: Session) -> dict[str, str | None]:
    return {one["id"]: one["caption"] for one in map(session.row, keys(session))}


def key_of(session: Session, name: str) -> str:
    (found,) = [key for key in keys(session) if session.row(key)["id"] == name]
    return found


def lines(output: Path) -> list[dict[str, object]]:
    parts = sorted(Path(f"{output}.parts").glob("*.jsonl"))
    return [json.loads(line) for part in parts for line in part.read_bytes().splitlines()]


def said(output: Path) -> list[tuple[object, object]]:
    return [(line["field"], line["new"]) for line in lines(output) if line.get("kind") == "edit"]


def finish(output: Path) -> dict[str, str | None]:
    """What the next run makes of the result."""
    results = Results(output)
    results.begin({})
    results.finish([video_of(one) for one in results.in_order()])
    return {one.id: one.caption for one in read_rows(output)}


# --- what is shown ---


def test_a_row_is_described_in_brief_and_in_full(tmp_path: Path, cache: Path) -> None:
    stages = {
        "decode": {"flags": ["video_damaged"]},
        "frames": {"engine": "e", "model": "m1", "fills": ["frames"], "fingerprint": "f1", "attempts": 2},
        "summary": {"model": "m2", "output": "The raw one.", "as": "caption", "prompt_sha256": "abc", "cost": 0.5},
        "refine": {"model": "m3", "fills": ["caption"], "prompt_tokens": 7, "completion_tokens": 3, "flags": ["x"]},
        "measure": {"output": {"cuts": {"version": 1, "cuts": [1.0]}}},
        "verify": {"output": {"about": caption_hash("A dog runs. " * 60), "support": 0.5, "claims": []}},
    }
    one = row(
        "/clips/a.mp4",
        "A dog runs. " * 60,
        status="flagged",
        flags=("video_damaged", "x"),
        size=123,
        frames=(FrameCaption(index=0, time=0.0, caption="A dog."), FrameCaption(index=9, time=0.3, caption=None)),
        video=VideoInfo(duration=3.5, fps=24.0, width=640, height=360, codec="h264", frames=84),
        provenance={"schema": 2, "version": "x", "file": {"fingerprint": "quick:00"}, "stages": stages},
        metadata={"title": "T"},
    )
    error = Failure(stage="decode", kind="unreadable", message="It is no video.")
    failed = row("/clips/b.mp4", None, status="failed", error=error, video=None)
    with opened(result(tmp_path / "captions.jsonl", [one, failed]), cache) as session:
        listed = session.make_list(Query.of({"sort": "order"}))
        brief, other = session.rows_of(listed.list, 0, 10)
        assert brief == {
            "key": keys(session)[0],
            "id": "a.mp4",
            "caption": ("A dog runs. " * 60)[:500],
            "cut": True,
            "status": "flagged",
            "error": None,
            "flags": ["video_damaged", "x"],
            "why": brief["why"],
            "words": 180,
            "support": 0.5,
            "duration": 3.5,
            "fps": 24.0,
            "width": 640,
            "height": 360,
            "codec": "h264",
            "frames": 2,
            "verdict": None,
            "locked": False,
            "edited": False,
            "seen": False,
            "note": False,
            "tags": [],
            "model": "m3",
            "candidates": 0,
            "plays": "direct",
        }
        assert (other["error"], other["plays"], other["caption"]) == ("It is no video.", "none", None)
        full = session.row(brief["key"])
        assert full["caption"] == full["model_caption"] == "A dog runs. " * 60
        assert (full["video_path"], full["size"], full["count_of_frames"]) == ("/clips/a.mp4", 123, 84)
        assert full["frame_captions"] == [
            {"index": 0, "time": 0.0, "caption": "A dog.", "model_caption": "A dog.", "edited": False},
            {"index": 9, "time": 0.3, "caption": None, "model_caption": None, "edited": False},
        ]
        assert (full["facts"], full["verified"]["support"]) == ({"cuts": {"version": 1, "cuts": [1.0]}}, 0.5)
        told = {stage["name"]: stage for stage in full["stages"]}
        assert told["frames"]["other"] == {"fills": ["frames"], "fingerprint": "f1"}
        assert (told["frames"]["engine"], told["frames"]["attempts"]) == ("e", 2)
        assert (told["summary"]["text"], told["summary"]["cost"]) == ("The raw one.", 0.5)
        assert told["summary"]["prompt_sha256"] == "abc"
        assert (told["refine"]["text"], told["refine"]["flags"]) == ("A dog runs. " * 60, ["x"])
        assert full["metadata"] == {"title": "T"} and full["failure"] is None and full["history"] == []
        failure = {"stage": "decode", "kind": "unreadable", "message": "It is no video."}
        assert session.row(other["key"])["failure"] == failure
        counted = session.result()
        assert counted["counts"] == {
            **{"ok": 0, "flagged": 1, "failed": 1, "accepted": 0},
            **{"rejected": 0, "locked": 0, "edited": 0, "seen": 0},
        }
        assert counted["flags"] == [{"name": "video_damaged", "count": 1}, {"name": "x", "count": 1}]
        assert (counted["models"], counted["total"], counted["who"]) == (["m", "m3"], 2, "ann")
        assert counted["finished"] and not counted["indexing"] and counted["error"] is None


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_a_file_that_was_corrected_by_hand_is_shown_so_and_stays_so(tmp_path: Path, cache: Path, ending: str) -> None:
    rows = [row(f"/clips/{number}.mp4", f"Model {number}.") for number in range(3)]
    output = result(tmp_path / f"captions{ending}", rows)
    correct(output, {"1.mp4": "By hand."})
    with opened(output, cache) as session:
        assert captions(session) == {"0.mp4": "Model 0.", "1.mp4": "By hand.", "2.mp4": "Model 2."}
        one = session.row(key_of(session, "1.mp4"))
        assert (one["edited"], one["model_caption"]) == (True, "Model 1.")
        session.edit([Change(one["key"], "caption", "On the page.", base="By hand.")])
        session.edit([Change(key_of(session, "2.mp4"), "caption", "On the page, too.")])
        expected = {"0.mp4": "Model 0.", "1.mp4": "On the page.", "2.mp4": "On the page, too."}
        assert captions(session) == expected
        assert session.row(one["key"])["model_caption"] == "Model 1."
    assert finish(output) == expected


def test_a_finished_file_without_parts_can_be_reviewed(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path, 3)
    shutil.rmtree(f"{output}.parts")
    with opened(output, cache) as session:
        assert captions(session) == {f"{n}.mp4": f"Model {n}." for n in range(3)}
        assert not Path(f"{output}.parts").exists()  # nothing is written before a person says something
        session.edit([Change(key_of(session, "1.mp4"), "caption", "Mine.")])
        assert captions(session)["1.mp4"] == "Mine."
        until(lambda: not session._following.behind)
        assert captions(session) == {"0.mp4": "Model 0.", "1.mp4": "Mine.", "2.mp4": "Model 2."}
    assert finish(output) == {"0.mp4": "Model 0.", "1.mp4": "Mine.", "2.mp4": "Model 2."}


def test_an_interrupted_run_can_be_reviewed_and_a_missing_result_is_an_error(tmp_path: Path, cache: Path) -> None:
    with opened(some(tmp_path, 3, finished=False), cache) as session:
        assert captions(session) == {f"{n}.mp4": f"Model {n}." for n in range(3)}
        assert not session.result()["finished"]
    with pytest.raises(UserError, match="there is no result at"):
        Session(tmp_path / "other.jsonl", cache=cache).open()


def test_a_file_that_cannot_be_understood_is_said_and_read_once_it_is_repaired(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path, 2)
    whole = output.read_text()
    output.write_text(whole + row("/clips/1.mp4", "Another.").as_line() + "\n")
    session = Session(output, cache=cache)
    session.open()
    try:
        with pytest.raises(UserError, match=r"two different rows of 1\.mp4"):
            session.ready(60)
        with pytest.raises(UserError, match=r"two different rows of 1\.mp4"):
            session.edit([Change(keys(session)[0], "seen", "yes")])
        output.write_text(whole)
        until(lambda: session.result()["error"] is None)
        assert session.ready(60)
        until(lambda: captions(session) == {"0.mp4": "Model 0.", "1.mp4": "Model 1."})  # it may have seen half a file
    finally:
        session.close()


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_whatever_a_caption_says_comes_back_as_it_is(tmp_path: Path, cache: Path, ending: str) -> None:
    texts = {f"{at}.mp4": text for at, text in enumerate(NASTY)}
    output = result(tmp_path / f"captions{ending}", [row(f"/clips/{name}", text) for name, text in texts.items()])
    with opened(output, cache) as session:
        assert captions(session) == texts
        every = keys(session)
        assert {text.id: text.caption for text in session.texts(every)} == texts
        for key, text in zip(every, reversed(NASTY), strict=True):
            session.edit(
                [Change(key, "caption", text), Change(key, "note", text), Change(key, f"tags[{text[:50]}]", "yes")]
            )
        for key, text in zip(every, reversed(NASTY), strict=True):
            full = session.row(key)
            assert (full["caption"], full["note_text"], full["tags"]) == (text, text, [text[:50]])
        assert keys(session, q="shalom") == [] and len(keys(session, q="שלום")) == 1 and len(keys(session, q="球")) == 1
    with opened(output, cache) as session:
        assert [session.row(key)["caption"] for key in every] == list(reversed(NASTY))


# --- what a person changes ---


def test_an_edit_is_on_the_disk_when_it_is_acknowledged(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path)
    with opened(output, cache) as session:
        key = key_of(session, "3.mp4")
        before = session.revision
        (name,) = session.edit([Change(key, "caption", "Mine.", base="Model 3.")])
        assert said(output) == [("caption", "Mine.")]
        assert session.revision > before
        full = session.row(key)
        assert (full["caption"], full["model_caption"], full["edited"]) == ("Mine.", "Model 3.", True)
        (told,) = full["history"]
        assert (told["edit"], told["old"], told["new"], told["who"]) == (name, "Model 3.", "Mine.", "ann")
        assert session.stored(key).caption == "Mine." and [one.key for one in session.history(key)] == [name]
        assert session.edit([Change(key, "caption", "Mine.")]) == []  # it says so already
        assert keys(session, edited="1") == [key] == keys(session, q="mine")
        assert key not in keys(session, q="model")
        session.edit([Change(key, "caption", "Model 3.")])  # the model's own words: no edit any more
        assert said(output) == [("caption", "Mine."), ("caption", None)]
        assert not session.row(key)["edited"]


def test_marks_stand_in_the_row_and_those_about_a_caption_lapse_with_it(tmp_path: Path, cache: Path) -> None:
    with opened(some(tmp_path), cache) as session:
        key = keys(session)[0]
        session.edit(
            [
                Change(key, "verdict", "accepted"),
                Change(key, "seen", "yes"),
                Change(key, "note", "look again"),
                Change(key, "tags[horse]", "x"),
                Change(key, "tags[night]", "yes"),
                Change(key, "versus[other.jsonl]", "this"),
            ]
        )
        full = session.row(key)
        marks = [full[name] for name in ("verdict", "seen", "note", "note_text", "tags", "locked", "edited")]
        assert marks == ["accepted", True, True, "look again", ["horse", "night"], False, False]
        assert full["provenance"]["review"]["versus"] == {"other.jsonl": "this"}
        assert session.result()["tags"] == [{"name": "horse", "count": 1}, {"name": "night", "count": 1}]
        session.edit([Change(key, "caption", "Mine.")])
        full = session.row(key)
        assert [full[name] for name in ("verdict", "seen", "note_text", "tags")] == [
            None,
            False,
            "look again",
            ["horse", "night"],
        ]
        assert "versus" not in full["provenance"]["review"]
        session.edit([Change(key, "tags[horse]", None), Change(key, "note", "  ")])
        full = session.row(key)
        assert (full["tags"], full["note"]) == (["night"], False)


def test_what_makes_no_sense_is_refused_and_then_nothing_is_written(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path)
    with opened(output, cache) as session:
        key, other = keys(session)[:2]
        for field, new in [
            ("verdict", "perhaps"),
            ("frames[0]", "x"),
            ("id", "x"),
            ("tags[]", "yes"),
            (f"tags[{'x' * 201}]", "yes"),
            ("caption", "x" * 1_000_001),
            ("caption", 7),
        ]:
            with pytest.raises(UserError):
                session.edit([Change(other, "caption", "Mine."), Change(key, field, new)])  # type: ignore[arg-type]
        with pytest.raises(KeyError):
            session.edit([Change(other, "caption", "Mine."), Change("0" * 16, "caption", "Mine.")])
        with pytest.raises(KeyError):
            session.row("no key")
        assert said(output) == [] and captions(session)["1.mp4"] == "Model 1."


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path)
    with opened(output, cache) as ann, opened(output, cache, "bob") as bob:
        key = keys(ann)[0]
        ann.edit([Change(key, "caption", "Ann's.", base="Model 0.")])
        with pytest.raises(Conflict) as caught:  # although bob's page does not show it yet
            bob.edit([Change(key, "caption", "Bob's.", base="Model 0.")])
        assert caught.value.key == key
        assert bob.row(key)["caption"] == "Ann's."
        bob.edit([Change(key, "caption", "Bob's.", base="Ann's.")])
        until(lambda: ann.row(key)["caption"] == "Bob's.")
        assert [(one.who, one.new) for one in ann.history(key)] == [("ann", "Ann's."), ("bob", "Bob's.")]
        other = keys(ann)[1]
        ann.edit([Change(other, "note", "N", base=None)])
        with pytest.raises(Conflict):
            bob.edit([Change(other, "note", "M", base=None)])
        bob.edit([Change(other, "note", "M", base=MISSING)])
    assert len(list(cache.glob("*.sqlite"))) == 1  # bob's index was a temporary one


def test_a_locked_caption_changes_only_once_it_is_unlocked(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path)
    with opened(output, cache) as session:
        key = keys(session)[0]
        session.edit([Change(key, "lock", "yes")])
        assert said(output) == [("lock", "Model 0.")]
        with pytest.raises(Locked):
            session.edit([Change(key, "caption", "Mine.")])
        session.edit([Change(key, "verdict", "accepted")])
        results = Results(output)  # a run captions it again, whatever for
        results.append(row("/clips/0.mp4", "Another model's."))
        results.close()
        until(lambda: session.row(key)["model_caption"] == "Another model's.")
        assert session.row(key)["caption"] == "Model 0."
        session.edit([Change(key, "lock", None)])
        assert session.row(key)["caption"] == "Model 0." and not session.row(key)["locked"]  # no word has changed
        session.edit([Change(key, "caption", "Mine.")])
        assert session.row(key)["caption"] == "Mine."


def test_one_edit_is_undone_and_the_undoing_too(tmp_path: Path, cache: Path) -> None:
    with opened(some(tmp_path), cache) as session:
        key = keys(session)[0]
        (first,) = session.edit([Change(key, "caption", "One.")])
        (second,) = session.edit([Change(key, "caption", "Two.")])
        assert session.undo(first) == ([], 1)  # it was changed again since
        assert session.undo(second) == ([key], 0) and session.row(key)["caption"] == "One."
        assert session.undo(second) == ([], 1)
        history = session.row(key)["history"]
        assert [(one["new"], one["undone"]) for one in history] == [("One.", False), ("Two.", True), ("One.", False)]
        assert history[0]["undoes"] == second
        assert session.undo(history[0]["edit"]) == ([key], 0) and session.row(key)["caption"] == "Two."
        assert [one["undone"] for one in session.row(key)["history"]] == [False, True, False, False]
        for one in session.row(key)["history"]:
            session.undo(one["edit"])
        (only,) = session.edit([Change(key, "verdict", "rejected")])
        session.undo(only)
        assert session.row(key)["verdict"] is None
        with pytest.raises(KeyError):
            session.undo("0" * 16)


def test_undoing_a_verdict_leaves_the_one_of_an_earlier_caption(tmp_path: Path, cache: Path) -> None:
    with opened(some(tmp_path), cache) as session:
        key = keys(session)[0]
        session.edit([Change(key, "verdict", "accepted")])
        (words,) = session.edit([Change(key, "caption", "Other.")])
        (rejected,) = session.edit([Change(key, "verdict", "rejected")])
        assert session.undo(rejected) == ([key], 0) and session.row(key)["verdict"] is None
        session.undo(words)
        assert (session.row(key)["caption"], session.row(key)["verdict"]) == ("Model 0.", "accepted")


def test_a_whole_batch_is_undone_but_not_what_was_changed_or_locked_since(tmp_path: Path, cache: Path) -> None:
    with opened(some(tmp_path, 6), cache) as session:
        every = keys(session)
        session.edit([Change(every[0], "caption", "Before.")])
        session.edit([Change(key, "caption", f"Bulk {key}.") for key in every[:3]], batch="b1")
        session.edit([Change(key, "caption", f"Bulk {key}.") for key in every[3:]], batch="b1")
        session.edit([Change(every[1], "caption", "Mine, later."), Change(every[2], "lock", "yes")])
        undone = session.undo("b1")
        assert (set(undone.rows), undone.skipped) == ({every[0], *every[3:]}, 2)
        assert list(captions(session).values()) == [
            "Before.",
            "Mine, later.",
            f"Bulk {every[2]}.",
            "Model 3.",
            "Model 4.",
            "Model 5.",
        ]
        (batch,) = {session.row(key)["history"][0]["batch"] for key in undone.rows}
        assert set(session.undo(batch).rows) == set(undone.rows)  # the undoing of a batch is a batch
        assert captions(session)["5.mp4"] == f"Bulk {every[5]}."


def test_many_threads_edit_and_every_line_is_written_once(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path, 8)
    with opened(output, cache) as session:
        every = keys(session)
        faults: list[BaseException] = []

        def work(at: int) -> None:
            try:
                for number in range(10):
                    session.edit([Change(every[at], "caption", f"{at}: {number}")])
                    assert session.row(every[at])["caption"] == f"{at}: {number}"
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert sorted(said(output)) == sorted(("caption", f"{at}: {number}") for at in range(8) for number in range(10))


def test_lines_about_candidates_are_kept_and_found_again(tmp_path: Path, cache: Path) -> None:
    record = {
        **{"kind": "candidate", "id": "1.mp4", "video_path": "/clips/1.mp4", "fingerprint": None, "old": "Model 1."},
        **{"caption": "A horse.", "flags": [], "made_by": {"model": "m9"}, "prompt": "P", "frames": 3, "spent": {}},
        **{"who": "ann", "when": "2026-01-01T00:00:00+00:00", "candidate": "c1"},
    }
    output = some(tmp_path)
    with opened(output, cache) as session, opened(output, cache, "bob") as bob:
        key = key_of(session, "1.mp4")
        session.keep(record)
        assert [line for line in lines(output) if line.get("kind") == "candidate"] == [record]
        assert keys(session, candidates="1") == [key]
        (new,) = session.row(key)["new_captions"]
        assert (new["candidate"], new["caption"], new["decided"]) == ("c1", "A horse.", None)
        until(lambda: keys(bob, candidates="1") == [key])
        bob.keep(
            {"kind": "decision", "candidate": "c1", "id": "1.mp4", "video_path": "/clips/1.mp4", "decision": "left"}
        )
        until(lambda: keys(session, candidates="1") == [])
    with opened(output, cache) as session:
        assert session.row(key)["new_captions"][0]["decided"] == "left"


# --- while runs write, and from one time to the next ---


def test_new_rows_appear_while_a_run_writes_and_a_list_stays_as_it_was(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path, 3, finished=False)
    with opened(output, cache) as session:
        listed = session.make_list(Query.of({"sort": "order"}))
        run = Results(output)
        run.begin({})
        try:
            for number in range(3, 6):
                run.append(row(f"/clips/{number}.mp4", f"Model {number}."))
            run.append(row("/clips/0.mp4", "Newer."))
            until(lambda: session.result()["indexed"] == 6)
            until(lambda: captions(session)["0.mp4"] == "Newer.")
            assert session.result()["running"]
            assert [one["id"] for one in session.rows_of(listed.list, 0, 9)] == ["0.mp4", "1.mp4", "2.mp4"]
            assert len(session.keys_of(listed.list)) == listed.total == 3
            session.edit([Change(key_of(session, "4.mp4"), "caption", "Mine.")])
            run.append(row("/clips/4.mp4", "Newer 4."))
            run.finish([video_of(row(f"/clips/{number}.mp4", None)) for number in (5, 4, 3, 2, 1, 0)])
        finally:
            run.close()
        until(
            lambda: session.result()["finished"] and list(captions(session)) == [f"{n}.mp4" for n in (5, 4, 3, 2, 1, 0)]
        )
        assert captions(session)["4.mp4"] == "Mine."
    assert {one.id: one.caption for one in read_rows(output)}["4.mp4"] == "Mine."


def test_a_run_in_another_process_and_a_person_edit_at_once(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path, 20, finished=False)
    code = (
        "import sys\nfrom framescribe.results.rows import Results, video_of\nfrom tests.exports import row\n"
        "results = Results(sys.argv[1])\nresults.begin({})\n"
        "for number in range(200): results.append(row(f'/clips/{number}.mp4', f'Run {number}.'))\n"
        "results.finish([video_of(row(f'/clips/{number}.mp4', None)) for number in range(200)])\n"
    )
    with opened(output, cache) as session:
        run = subprocess.Popen([sys.executable, "-c", code, str(output)], cwd=Path(__file__).parents[2])
        for number in range(20):
            session.edit([Change(key_of(session, f"{number}.mp4"), "caption", f"Mine {number}.")])
        assert run.wait(60) == 0
        until(lambda: session.result()["finished"] and len(captions(session)) == 200)
        expected = {f"{n}.mp4": f"Mine {n}." if n < 20 else f"Run {n}." for n in range(200)}
        until(lambda: captions(session) == expected)
    assert finish(output) == expected


def test_a_row_whose_file_has_moved_has_one_place(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path, 2, finished=False)
    with opened(output, cache) as session:
        run = Results(output)
        moved = row("/other/0.mp4", "Model 0.")
        moved = Row(**{**_fields(moved), "provenance": {**moved.provenance, "replaces": ["0.mp4", "/clips/0.mp4"]}})
        run.append(moved)
        run.close()
        until(lambda: {session.row(key)["video_path"] for key in keys(session)} == {"/other/0.mp4", "/clips/1.mp4"})


def test_rows_that_were_pruned_from_the_finished_file_are_gone(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path, 4)
    with opened(output, cache) as session:
        run = Results(output)
        run.begin({})
        run.finish([video_of(row(f"/clips/{number}.mp4", None)) for number in (3, 1)], prune=True)
        until(lambda: list(captions(session)) == ["3.mp4", "1.mp4"])
    with opened(output, cache) as session:
        assert list(captions(session)) == ["3.mp4", "1.mp4"]


def _fields(one: Row) -> dict[str, object]:
    return {name: getattr(one, name) for name in Row.__dataclass_fields__ if name != "as_html"}


def marked(cache: Path, output: Path) -> None:
    """Write into the index what no row says, to see whether it is used."""
    (index,) = cache.glob("*.sqlite")
    with sqlite3.connect(index) as connection:
        connection.execute("UPDATE facts SET model = 'from the index'")
    connection.close()


def test_an_index_is_used_again_as_long_as_nothing_has_changed(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path)
    with opened(output, cache) as session:
        session.edit([Change(key_of(session, "1.mp4"), "caption", "Mine.")])
    marked(cache, output)
    run = Results(output)
    run.append(row("/clips/2.mp4", "Newer."))
    run.close()
    with opened(output, cache) as session:
        assert captions(session) == {
            **{f"{n}.mp4": f"Model {n}." for n in range(5)},
            "1.mp4": "Mine.",
            "2.mp4": "Newer.",
        }
        assert len(keys(session, model="from the index")) == 4  # only what had changed was taken in
    correct_one = json.loads(output.read_text().splitlines()[4])
    output.write_text(
        "\n".join([*output.read_text().splitlines()[:4], json.dumps({**correct_one, "caption": "By hand."})]) + "\n"
    )
    with opened(output, cache) as session:
        assert captions(session)["4.mp4"] == "By hand."


def test_an_index_that_was_left_half_made_is_made_to_the_end(tmp_path: Path, cache: Path) -> None:
    output = some(tmp_path, 6000)
    session = Session(output, cache=cache)
    session.open()
    until(lambda: session.result()["indexed"] > 0)
    assert session.result()["indexing"]
    session.close()
    (index,) = cache.glob("*.sqlite")
    with sqlite3.connect(index) as connection:
        assert connection.execute("SELECT count(*) FROM facts").fetchone()[0] < 6000
    connection.close()
    with opened(output, cache) as session:
        assert session.result()["indexed"] == len(keys(session)) == 6000


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b"this is no database at all, but it is longer than a header\n" * 50),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)),
        lambda path: path.write_bytes(b""),
    ],
)
def test_an_index_that_is_gone_or_damaged_is_made_anew(
    tmp_path: Path, cache: Path, damage: Callable[[Path], object]
) -> None:
    output = some(tmp_path, 40)
    expected = {**{f"{n}.mp4": f"Model {n}." for n in range(40)}, "1.mp4": "Mine."}
    with opened(output, cache) as session:
        session.edit([Change(key_of(session, "1.mp4"), "caption", "Mine.")])
    (index,) = cache.glob("*.sqlite")
    damage(index)
    with opened(output, cache) as session:
        until(lambda: captions_or_none(session) == expected)


def captions_or_none(session: Session) -> dict[str, str | None] | None:
    try:
        return captions(session)
    except UserError:
        return None


def test_an_index_that_is_damaged_under_way_is_made_anew_and_said_once(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = some(tmp_path, 300)
    expected = {f"{n}.mp4": f"Model {n}." for n in range(300)}
    with opened(output, cache) as session, caplog.at_level(logging.WARNING):
        kept = session.make_list(Query.of({"sort": "order"}))
        for index in cache.glob("*.sqlite*"):
            index.unlink()
        with session._rows.index.reading():  # no connection that is open already
            until(lambda: captions_or_none(session) == expected and session._following.indexed.is_set())
        assert [record.message for record in caplog.records if "made anew" in record.message].__len__() == 1
        assert len(session.rows_of(kept.list, 0, 500)) == 300  # keys stay the same
        session.edit([Change(keys(session)[0], "caption", "Mine.")])
        assert captions(session)["0.mp4"] == "Mine."


def test_lists_are_forgotten_in_time_and_page_where_they_were(tmp_path: Path, cache: Path) -> None:
    with opened(some(tmp_path, 30), cache) as session:
        first = session.make_list(Query.of({"sort": "order"}))
        ids = [f"{n}.mp4" for n in range(30)]
        assert [one["id"] for one in session.rows_of(first.list, 10, 5)] == ids[10:15]
        assert session.rows_of(first.list, 40, 5) == [] and session.rows_of(first.list, -3, 1)[0]["id"] == "0.mp4"
        assert session.place_in(first.list, session.keys_of(first.list)[7]) == 7
        assert session.place_in(first.list, "0" * 16) is None and session.place_in(first.list, "x") is None
        for _ in range(20):
            session.make_list(Query())
        with pytest.raises(KeyError):
            session.rows_of(first.list, 0, 1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with s3_server(tmp_path_factory.mktemp("moto")) as door:
        yield door


def test_a_result_in_a_store_is_reviewed_like_one_on_a_disk(
    server: Door, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(server, tmp_path / "state").items():
        monkeypatch.setenv(name, value)
    server.bucket("review")
    output = "s3://review/captions.jsonl"
    results = Results(output)
    results.begin({})
    for number in range(3):
        results.append(row(f"/clips/{number}.mp4", f"Model {number}."))
    results.finish([video_of(row(f"/clips/{number}.mp4", None)) for number in range(3)])
    with opened(output, cache) as session:
        assert captions(session) == {f"{n}.mp4": f"Model {n}." for n in range(3)}
        session.edit([Change(key_of(session, "1.mp4"), "caption", "Mine.")])
        assert captions(session)["1.mp4"] == "Mine."
    with opened(output, cache) as session:
        assert captions(session) == {"0.mp4": "Model 0.", "1.mp4": "Mine.", "2.mp4": "Model 2."}
