"""What people say of rows beside any run: words and marks have one order whoever writes them, and each stands until a
later one says otherwise."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import RunError
from framescribe.records import Row
from framescribe.results.edits import Edit, apply, caption_hash, now, taken_back
from framescribe.results.rows import Results, read_rows, video_of
from framescribe.results.standing import Standing
from tests.exports import result, row
from tests.test_edits import correct

OLD_LINE = (
    b'{"kind": "edit", "id": "1.mp4", "video_path": "/clips/1.mp4", "fingerprint": null, "field": "caption", '
    b'"old": "Model 1", "new": "Mine.", "who": "ann", "when": "2026-03-01T10:00:00+00:00"}\n'
)


def said(number: int, field: str, new: str | None, **more: Any) -> Edit:
    values: dict[str, Any] = {"old": None, "who": "ann", "when": now(), "fingerprint": None, **more}
    return Edit(id=f"{number}.mp4", video_path=f"/clips/{number}.mp4", field=field, new=new, **values)


def of(caption: str) -> str:
    return hashlib.sha256(caption.encode()).hexdigest()[:16]


def model_row(number: int, caption: str | None = None, **more: object) -> Row:
    return row(f"/clips/{number}.mp4", caption or f"Model {number}", **more)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return result(tmp_path / "captions.jsonl", [model_row(number) for number in range(4)])


def captions(output: Path | str) -> dict[str, str | None]:
    return {one.id: one.caption for one in Standing(output)}


def at(output: Path, number: int) -> Row:
    return next(one for one in Standing(output) if one.id == f"{number}.mp4")


def lines(output: Path, field: str = "caption") -> list[str | None]:
    """What the edit lines of this field say, in the order of the parts."""
    parts = sorted(output.with_name(f"{output.name}.parts").glob("*.jsonl"))
    records = [json.loads(line) for part in parts for line in part.read_bytes().splitlines()]
    return [record["new"] for record in records if record["kind"] == "edit" and record["field"] == field]


def review(*edits: Edit, caption: str = "Model 1") -> dict[str, Any] | None:
    return apply(model_row(1, caption), edits).provenance.get("review")


# --- one row ---


def test_a_verdict_is_about_one_caption_and_a_note_about_the_clip() -> None:
    made = (
        said(1, "verdict", "accepted", of=of("Model 1")),
        said(1, "seen", "yes", of=of("Model 1")),
        said(1, "versus[b.jsonl]", "tie", of=of("Model 1")),
        said(1, "note", "Too dark."),
        said(1, "tags[hands]", "yes"),
        said(1, "tags[night]", "yes", who="bob", when="2026-01-01T00:00:00.000+00:00"),
    )
    by = {"who": "bob", "when": "2026-01-01T00:00:00.000+00:00"}
    clip = {"note": "Too dark.", "tags": ["hands", "night"], **by}
    assert review(*made) == {"verdict": "accepted", "seen": True, "versus": {"b.jsonl": "tie"}, **clip}
    assert review(*made, caption="Other") == clip
    assert review(*made, said(1, "caption", "Other")) == clip
    rejected = said(1, "verdict", "rejected", of=of("Other"))
    assert (review(*made, rejected, caption="Other") or {})["verdict"] == "rejected"
    assert (review(*made, rejected) or {})["verdict"] == "accepted"  # the words that were accepted are back
    assert review(*made, *(said(1, one.field, None, of=one.of) for one in made)) is None
    assert caption_hash("Model 1") == of("Model 1") and caption_hash(None) == of("")


def test_a_lock_pins_the_words_until_somebody_says_otherwise() -> None:
    mine, lock = said(1, "caption", "Mine."), said(1, "lock", "Mine.")
    row = model_row(1, "A later run's")
    assert apply(row, [mine, lock]).caption == apply(row, [lock]).caption == "Mine."
    assert apply(row, [lock]).provenance["review"]["locked"] is True
    assert "edits" not in apply(row, [lock]).provenance
    assert apply(row, [lock, said(1, "caption", "Corrected.")]).caption == "Corrected."
    crossed = apply(row, [said(1, "caption", "Crossed."), lock])  # two people at once: the later line counts
    assert (crossed.caption, "edits" in crossed.provenance) == ("Mine.", False)
    assert apply(row, [mine, lock, said(1, "lock", None)]).caption == "Mine."
    assert apply(row, [lock, said(1, "lock", None)]) == row
    other_file = replace(lock, fingerprint="quick:00")
    assert apply(replace(row, provenance={"schema": 2, "file": {"fingerprint": "quick:11"}}), [other_file]).caption == (
        "A later run's"
    )


def test_a_row_that_failed_is_ok_once_words_are_locked_and_says_who_made_them() -> None:
    failed = replace(model_row(1), caption=None, status="failed")
    assert apply(failed, [said(1, "lock", "")]).status == "failed"
    made_by = {"engine": "openai", "model": "m", "prompt_sha256": "0" * 64}
    taken = apply(failed, [said(1, "caption", "Said so.", made_by=made_by)])
    assert (taken.status, taken.provenance["edits"][0]["made_by"]) == ("ok", made_by)


def test_lines_of_earlier_versions_are_read_and_new_ones_look_like_them() -> None:
    edit = Edit.from_dict(json.loads(OLD_LINE))
    assert edit.as_line() == OLD_LINE
    assert edit.key == hashlib.sha256(OLD_LINE).hexdigest()[:16]
    more = replace(edit, of="0123456789abcdef", batch="b", undoes="fedcba9876543210", made_by={"model": "m"})
    assert Edit.from_dict({**json.loads(more.as_line()), "from a later version": 1}) == more
    assert len({now() for _ in range(500)}) == 500


# --- several people, several processes ---

REVIEWER = """
import sys
from framescribe.results.edits import Edit, now
from framescribe.results.rows import Results
results = Results(sys.argv[1])
for line in sys.stdin:
    number, field, new = line.rstrip("\\n").split("|")
    results.edit(Edit(id=f"{number}.mp4", video_path=f"/clips/{number}.mp4", fingerprint=None, field=field, old=None,
                      new=new, who="bob", when=now()))
    print("kept", flush=True)
"""


@contextmanager
def process(script: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, *map(str, words)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.send_signal(signal.SIGKILL)


def ask(started: subprocess.Popen[str], line: str = "") -> str:
    assert started.stdin is not None and started.stdout is not None
    started.stdin.write(f"{line}\n")
    started.stdin.flush()
    return started.stdout.readline().strip()


def test_of_two_people_the_one_who_spoke_last_counts(output: Path) -> None:
    rng, here, follower = random.Random(3), Results(output), Results(output)
    expected = captions(output)
    with process(REVIEWER, output) as there:
        for turn in range(40):
            number, words = rng.randrange(4), f"Words {turn}"
            if rng.random() < 0.5:
                here.edit(said(number, "caption", words))
            else:
                assert ask(there, f"{number}|caption|{words}") == "kept"
            expected[f"{number}.mp4"] = words
            if rng.random() < 0.2:
                follower.refresh()
            assert captions(output) == expected
    follower.refresh()
    here.refresh()
    for results in (follower, here, Results(output)):
        assert {one.id: one.caption for one in results.in_order()} == expected
    assert lines(output) == [f"Words {turn}" for turn in range(40)]


def test_the_order_is_that_of_the_lines_and_not_of_their_arrival(output: Path) -> None:
    results = Results(output)
    Results(output).edit(said(1, "caption", "First."))
    on_its_way = results.news()
    results.edit(said(1, "caption", "Second."))
    results.take(on_its_way)
    assert [one.caption for one in results.rows() if one.id == "1.mp4"] == ["Second."]
    assert [edit.new for edit in results.history("1.mp4", "/clips/1.mp4")] == ["First.", "Second."]
    assert captions(output)["1.mp4"] == "Second."


EDITING = """
import sys
from framescribe.results.edits import Edit, now
from framescribe.results.rows import Results
results = Results(sys.argv[1])
with results.editing():
    print(results.row("1.mp4", "/clips/1.mp4").caption, flush=True)
    sys.stdin.readline()
    results.edit(Edit(id="1.mp4", video_path="/clips/1.mp4", fingerprint=None, field="caption", old=None,
                      new="Checked before.", who="bob", when=now()))
print("out", flush=True)
"""


def test_nobody_says_anything_while_somebody_looks_and_then_speaks(output: Path) -> None:
    results = Results(output)
    with process(EDITING, output) as there:
        assert there.stdout is not None and there.stdout.readline().strip() == "Model 1"
        waits = threading.Thread(target=results.edit, args=(said(1, "caption", "Meanwhile."),))
        waits.start()
        waits.join(1)  # as long as it wants: it must not be done
        assert ask(there) == "out"
        waits.join()
    assert lines(output) == ["Checked before.", "Meanwhile."]


def test_an_undo_stands_after_a_restart_and_can_be_undone(output: Path) -> None:
    mine = said(1, "caption", "Mine.", old="Model 1")
    Results(output).edit(mine)
    again = Results(output)
    (found,) = again.history("1.mp4", "/clips/1.mp4")
    assert found == mine
    undo = taken_back(found)
    again.edit(undo)
    assert (undo.undoes, captions(output)["1.mp4"]) == (mine.key, "Model 1")
    assert not at(output, 1).provenance.get("edits")
    once_more = Results(output)
    once_more.edit(said(1, "caption", "Mine.", undoes=undo.key))
    assert captions(output)["1.mp4"] == "Mine."
    assert [edit.undoes for edit in once_more.history("1.mp4", "/clips/1.mp4")] == [None, mine.key, undo.key]
    assert once_more.row("1.mp4", "/clips/1.mp4", edited=False) == Results(output).row(
        "1.mp4", "/clips/1.mp4", edited=False
    )


def test_after_an_error_the_next_line_begins_a_part_of_its_own(output: Path) -> None:
    resource = pytest.importorskip("resource")  # which Windows lacks
    results, before = Results(output), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        results.edit(said(1, "caption", "Before."))
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
        with pytest.raises(RunError, match="rows cannot be written"):
            results.edit(said(2, "caption", "Too long. " * 50))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    results.edit(said(3, "caption", "After."))
    assert captions(output) == {"0.mp4": "Model 0", "1.mp4": "Before.", "2.mp4": "Model 2", "3.mp4": "After."}
    assert Results(output).unreadable_lines == 0


# --- beside the finished file ---


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_a_file_without_its_parts_is_edited_as_if_they_were_there(tmp_path: Path, ending: str) -> None:
    output = result(tmp_path / f"captions{ending}", [model_row(number) for number in range(3)])
    Results(output).edit(
        said(0, "caption", "Mine."), said(0, "lock", "Mine."), said(1, "verdict", "accepted", of=of("Model 1"))
    )
    assert Results(output).write_again()
    shutil.rmtree(f"{output}.parts")
    here = Results(output)
    here.edit(said(1, "note", "Sharp."))
    said_of = {one.id: one.provenance.get("review") or {} for one in Standing(output)}
    assert said_of["0.mp4"]["locked"] and said_of["1.mp4"]["verdict"] == "accepted"
    assert said_of["1.mp4"]["note"] == "Sharp." and said_of["2.mp4"] == {}
    assert captions(output) == {"0.mp4": "Mine.", "1.mp4": "Model 1", "2.mp4": "Model 2"}
    here.edit(said(2, "caption", "Two."))
    fresh = Results(output)
    assert fresh.begin({}) == []  # nobody put old words back
    fresh.close()
    assert captions(output) == {"0.mp4": "Mine.", "1.mp4": "Model 1", "2.mp4": "Two."}
    assert [edit.field for edit in Results(output).history("0.mp4", "/clips/0.mp4")] == ["caption", "lock"]
    output.unlink()
    assert captions(output) == {"0.mp4": "Mine.", "1.mp4": "Model 1", "2.mp4": "Two."}


def test_what_was_changed_by_hand_comes_before_what_is_said_afterwards(output: Path) -> None:
    correct(output, {"1.mp4": "By hand.", "2.mp4": "By hand."})
    Results(output).edit(said(1, "caption", "On the page."))
    expected = {"0.mp4": "Model 0", "1.mp4": "On the page.", "2.mp4": "By hand.", "3.mp4": "Model 3"}
    assert captions(output) == expected
    results = Results(output)
    assert results.begin({}) == []
    results.finish([video_of(one) for one in results.in_order()])
    assert {one.id: one.caption for one in read_rows(output)} == captions(output) == expected


def test_words_put_back_by_hand_into_a_locked_row_count_as_said_last(output: Path) -> None:
    results = Results(output)
    results.edit(said(1, "caption", "Mine."), said(1, "lock", "Mine."))
    assert results.write_again()
    correct(output, {"1.mp4": "Model 1"})
    results = Results(output)
    assert len(results.begin({})) == 1
    results.close()
    assert captions(output)["1.mp4"] == "Model 1"
    assert at(output, 1).provenance["review"]["locked"]


def test_a_correction_by_hand_is_taken_back_by_hand_though_no_run_finished_in_between(output: Path) -> None:
    for words, stands in (("By hand.", "By hand."), ("Model 1", "Model 1"), ("Again.", "Again.")):
        correct(output, {"1.mp4": words})
        run = Results(output)
        assert len(run.begin({})) == 1
        run.close()  # it was stopped
        assert captions(output)["1.mp4"] == stands
        assert bool(at(output, 1).provenance.get("edits")) == (words != "Model 1")


def test_rows_of_a_stopped_run_are_nobodys_words_after_a_correction_by_hand(output: Path) -> None:
    run = Results(output)
    run.begin({})
    run.append(model_row(1, "Newer 1"))
    run.close()
    correct(output, {"2.mp4": "By hand."})  # in a file that has the older row of 1
    for _ in range(2):
        run = Results(output)
        run.begin({})
        run.close()  # stopped at once
        assert captions(output) == {"0.mp4": "Model 0", "1.mp4": "Newer 1", "2.mp4": "By hand.", "3.mp4": "Model 3"}
        with output.open("a"):
            correct(output, {"3.mp4": "Model 3"})  # saved once more, with nothing changed


# --- while the finished file is written ---

FINISHING = """
import sys
from framescribe.results.rows import Results, video_of
results = Results(sys.argv[1])
results.begin({})
print("begun", flush=True)
sys.stdin.readline()
paused = []
def pause():
    if not paused:
        paused.append(1)
        print("writing", flush=True)
        sys.stdin.readline()
    return False
results.finish([video_of(row) for row in results.in_order()], dropped=pause)
print("done", flush=True)
"""


@pytest.mark.parametrize("killed", [False, True], ids=["finishes", "is killed before it notes that"])
def test_what_is_said_while_the_file_is_written_is_neither_missed_nor_undone(output: Path, killed: bool) -> None:
    reviewer, note = Results(output), output.with_name(f"{output.name}.parts") / "finished.json"
    reviewer.edit(said(0, "caption", "Before."))  # its part is open, and older than what the run adds
    with process(FINISHING, output) as run:
        assert run.stdout is not None and run.stdout.readline().strip() == "begun"
        reviewer.edit(said(1, "caption", "Since it began."))
        assert ask(run) == "writing"
        reviewer.edit(said(1, "caption", "Once more."))
        reviewer.edit(said(2, "caption", "Meanwhile."), said(3, "verdict", "rejected", of=of("Model 3")))
        so_far = note.read_bytes()
        assert ask(run) == "done"
    written = {one.id: one.caption for one in read_rows(output)}
    assert written == {"0.mp4": "Before.", "1.mp4": "Since it began.", "2.mp4": "Model 2", "3.mp4": "Model 3"}
    if killed:
        note.write_bytes(so_far)
    expected = {**written, "1.mp4": "Once more.", "2.mp4": "Meanwhile."}
    assert captions(output) == expected
    assert at(output, 3).provenance["review"]["verdict"] == "rejected"
    reviewer.edit(said(0, "caption", "After."))
    expected["0.mp4"] = "After."
    again = Results(output)
    assert again.begin({}) == []
    again.close()
    assert captions(output) == expected
    assert Results(output).write_again()
    assert {one.id: one.caption for one in read_rows(output)} == captions(output) == expected


def test_what_is_changed_by_hand_while_the_file_is_written_is_not_written_over(output: Path) -> None:
    with process(FINISHING, output) as run:
        assert run.stdout is not None and run.stdout.readline().strip() == "begun"
        assert ask(run) == "writing"
        correct(output, {"1.mp4": "By hand."})
        assert ask(run) == "done"
    expected = {"0.mp4": "Model 0", "1.mp4": "By hand.", "2.mp4": "Model 2", "3.mp4": "Model 3"}
    assert {one.id: one.caption for one in read_rows(output)} == captions(output) == expected


def test_the_file_is_written_again_once_and_not_while_a_run_holds_it(output: Path) -> None:
    results = Results(output)
    assert not results.write_again()
    results.edit(said(1, "tags[hands]", "yes"))
    before = output.read_bytes()
    with process(FINISHING, output) as run:
        assert run.stdout is not None and run.stdout.readline().strip() == "begun"
        assert not Results(output).write_again()  # it is left to the run
        assert output.read_bytes() == before
        assert ask(run) == "writing"
        results.edit(said(2, "tags[hands]", "yes"))
        assert not Results(output).write_again()
        assert ask(run) == "done"
    assert [one.id for one in read_rows(output) if one.provenance.get("review")] == ["1.mp4"]
    assert results.write_again()
    assert [one.id for one in read_rows(output) if one.provenance.get("review")] == ["1.mp4", "2.mp4"]
    assert not results.write_again()


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet", ".tar"])
def test_written_again_it_keeps_its_order_its_columns_and_what_was_pruned(tmp_path: Path, ending: str) -> None:
    rows = [model_row(number, metadata={"title": f"T{number}"}) for number in (2, 0, 1)]
    output = result(tmp_path / f"captions{ending}", [*rows, model_row(7)])
    run = Results(output)
    run.begin({})
    run.finish([replace(video_of(one), metadata={"title": f"New {one.id}"}) for one in rows], prune=True)
    Results(output).edit(said(0, "caption", "Mine."), said(1, "versus[b.jsonl]", "this", of=of("Model 1")))
    assert [one.id for one in Standing(output)] == ["2.mp4", "0.mp4", "1.mp4"]
    assert Results(output).write_again()
    found = list(read_rows(output))
    assert [(one.id, one.caption) for one in found] == [("2.mp4", "Model 2"), ("0.mp4", "Mine."), ("1.mp4", "Model 1")]
    assert [one.metadata["title"] for one in found] == ["New 2.mp4", "New 0.mp4", "New 1.mp4"]
    assert found[2].provenance["review"]["versus"] == {"b.jsonl": "this"}
    stopped = Results(output)
    stopped.begin({})
    stopped.append(model_row(8))
    stopped.close()
    assert Results(output).write_again()
    assert [one.id for one in read_rows(output)] == ["2.mp4", "0.mp4", "1.mp4", "8.mp4"]
    assert list(Standing(output)) == list(read_rows(output))


def test_records_of_other_kinds_are_kept_and_handed_on(output: Path) -> None:
    heard: list[Any] = []
    results = Results(output, others=heard.append)
    record = {**model_row(1, "Maybe.").as_dict(), "kind": "candidate", "flags": [], "frames": []}
    results.keep(record)
    assert heard == [record]
    Results(output, others=heard.append)
    assert heard == [record, record]
    assert captions(output)["1.mp4"] == "Model 1"
    assert Results(output).write_again()
    correct(output, {"1.mp4": "Maybe."})  # which no row ever said
    assert captions(output)["1.mp4"] == "Maybe."
    assert Results(output).unreadable_lines == 0


def seen_by(output: Path, conditions: Sequence[str]) -> list[str]:
    from framescribe.results.selection import chosen

    return [one.id for one in chosen(Standing(output), ids=None, where=conditions)]


def test_marks_select_rows(output: Path) -> None:
    Results(output).edit(
        said(0, "verdict", "accepted", of=of("Model 0")),
        said(1, "verdict", "rejected", of=of("Model 1")),
        said(1, "note", "Too dark."),
        said(2, "tags[hands]", "yes"),
        said(2, "tags[night]", "yes"),
        said(3, "lock", "Model 3"),
        said(3, "seen", "yes", of=of("Model 3")),
    )
    for condition, numbers in {
        "accepted": [0],
        "rejected": [1],
        "noted": [1],
        "note = Too dark.": [1],
        "tag = hands": [2],
        "tag = 'night'": [2],
        "tag != hands": [0, 1, 3],
        "locked": [3],
        "seen": [3],
    }.items():
        assert seen_by(output, [condition]) == [f"{number}.mp4" for number in numbers], condition
