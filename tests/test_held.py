"""What a person holds on to: no run ever changes a locked row, nor, unless asked to, a corrected or accepted one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framescribe.dataset.export import Options, export_rows
from framescribe.records import Row
from framescribe.results.edits import Edit, caption_hash, now, taken_back
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.results.standing import Standing
from framescribe.runs.job import RunOptions, Watcher, run_job
from tests.exports import clip, result, row
from tests.runs_in_process import Run, found, raw_film, recipe
from tests.servers import ScriptedServer, tells
from tests.test_edits import framescribe


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for number in range(4):
        raw_film(tmp_path / "clips" / f"{number}.avi", 60 * number)
    return tmp_path / "clips"


def captions(output: Path) -> dict[str, str | None]:
    return {one.id: one.caption for one in read_rows(output)}


def say(output: Path, name: str, *fields: str, new: str | None = None) -> Row:
    """Say something of the row as it stands, as the page does; returns the row."""
    results = Results(output)
    stands = next(one for one in results.in_order() if one.id == name)
    for field in fields:
        edit = Edit(
            id=stands.id,
            video_path=stands.video_path,
            fingerprint=stands.file.get("fingerprint"),
            field=field,
            old=stands.caption if field == "caption" else None,
            new=(stands.caption or "") if field == "lock" else new,
            who="ann",
            when=now(),
            of=caption_hash(stands.caption) if field == "verdict" else None,
        )
        results.edit(edit)
    return stands


def told_with(said: list[str], words: str) -> bool:
    return any(line.startswith(words) for line in said)


def test_a_locked_caption_outlives_every_run(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    before = captions(output)
    say(output, "1.avi", "lock")
    say(output, "2.avi", "caption", new="Mine.")
    say(output, "2.avi", "lock")
    other = recipe(server, frame="Other?")
    run = Run(server, found(clips), output, other, redo=True)
    assert told_with(run.said, "rows locked by a person, kept as they are: 2")
    assert (run.report.new, run.report.output) == (2, output)
    expected = {**before, "2.avi": "Mine."}
    assert {name: captions(output)[name] for name in ("1.avi", "2.avi")} == {
        name: expected[name] for name in ("1.avi", "2.avi")
    }
    assert captions(output)["0.avi"] != before["0.avi"]
    Run(server, found(clips), output, recipe(server, frame="And now?"), redo=True, drop_edits=True)
    model = ("--base-url", server.url, "--model", "tiny", "--prompt", "Another?")
    said = framescribe("recaption", output, "--where", "words > 0", *model, "--drop-edits")
    assert "rows locked by a person, kept as they are: 2" in said
    assert captions(output)["1.avi"] == before["1.avi"] and captions(output)["2.avi"] == "Mine."
    rows = {one.id: one for one in Standing(output)}
    assert rows["2.avi"].provenance["review"]["locked"] and rows["2.avi"].provenance["edits"]
    assert rows["0.avi"].provenance["recaptioned"] and "recaptioned" not in rows["1.avi"].provenance


def test_an_unlocked_caption_is_made_anew(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    before = captions(output)
    locked = say(output, "1.avi", "lock")
    edit = Results(output).history(locked.id, locked.video_path)[-1]
    Results(output).edit(taken_back(edit))
    run = Run(server, found(clips), output, recipe(server, frame="Other?"), redo=True)
    assert run.report.new == 4 and captions(output)["1.avi"] != before["1.avi"]


def test_accepted_captions_are_kept_as_corrected_ones_are(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    before = captions(output)
    say(output, "0.avi", "verdict", new="rejected")
    say(output, "1.avi", "verdict", new="accepted")
    say(output, "2.avi", "verdict", new="accepted")
    say(output, "2.avi", "caption", new="Mine.")  # other words than those that were accepted; now corrected ones
    summary = recipe(server, summary="Other: {captions}")
    run = Run(server, found(clips), output, summary)
    assert told_with(run.said, "rows corrected or accepted by a person, kept as they are: 2")
    after = captions(output)
    assert after["1.avi"] == before["1.avi"] and after["2.avi"] == "Mine."
    assert after["0.avi"] != before["0.avi"] and after["3.avi"] != before["3.avi"]
    model = ("--base-url", server.url, "--model", "tiny", "--prompt", "Another?", "--where", "words > 0")
    said = framescribe("recaption", output, *model)
    assert "rows that a person corrected or accepted, kept as they are (--drop-edits captions them too): 2" in said
    assert captions(output)["1.avi"] == before["1.avi"] and captions(output)["2.avi"] == "Mine."
    framescribe("recaption", output, *model, "--drop-edits")
    assert captions(output)["1.avi"] != before["1.avi"] and captions(output)["2.avi"] != "Mine."
    review = {one.id: one.provenance.get("review") for one in Standing(output)}
    assert review == dict.fromkeys(before)  # the verdicts were about other words


def test_a_lock_is_about_its_file_and_not_about_one_that_replaces_it(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    before = captions(output)
    say(output, "1.avi", "lock", "note", new="Look.")
    raw_film(clips / "1.avi", 77)
    run = Run(server, found(clips), output)
    assert run.report.new == 1 and captions(output)["1.avi"] != before["1.avi"]
    assert "review" not in {one.id: one for one in Standing(output)}["1.avi"].provenance


def test_what_is_said_moves_with_its_file(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    say(output, "1.avi", "caption", new="Mine.")
    say(output, "1.avi", "lock", "note", "tags[hands]", new="yes")
    first = Results(output).history("1.avi", str(clips / "1.avi"))
    Results(output).edit(taken_back(first[-1]))
    (tmp_path / "moved").mkdir()
    clips.rename(tmp_path / "moved" / "clips")
    Run(server, found(tmp_path / "moved" / "clips"), output, recipe(server, frame="Other?"), redo=True)
    moved = next(one for one in read_rows(output) if one.id == "1.avi")
    review = moved.provenance["review"]
    assert (moved.caption, review["locked"], review["note"], "tags" in review) == ("Mine.", True, "yes", False)
    *_, tag, back = Results(output).history("1.avi", moved.video_path)
    assert back.undoes == tag.key


def test_who_holds_on_to_a_row_while_a_run_goes_on_is_heard(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):  # more than are ever under way at once
        raw_film(tmp_path / "clips" / f"{number:02}.avi", 6 * number)
    output, videos = tmp_path / "captions.jsonl", found(tmp_path / "clips")
    Run(server, videos, output)
    before = captions(output)
    monkeypatch.setattr("framescribe.runs.job.LOOK_SECONDS", 0.0)
    rows: list[str] = []

    def seen(one: Row) -> None:
        rows.append(one.id)
        if len(rows) == 1:
            say(output, "39.avi", "lock")
            say(output, one.id, "caption", new="Said of what the run has made.")

    def run() -> Any:
        made = recipe(server, frame="Other?")
        options = RunOptions(again=Again(redo=True))
        return run_job(made, videos, Results(output), options=options, watcher=Watcher(row=seen))

    report = asyncio.run(run())
    assert report.output == output and "39.avi" not in rows and len(rows) == 39
    after = captions(output)
    assert after["39.avi"] == before["39.avi"] and after[rows[0]] == "Said of what the run has made."
    assert captions(output) == {one.id: one.caption for one in Standing(output)}


def test_rejected_rows_are_not_exported_and_accepted_ones_are_though_flagged(tmp_path: Path) -> None:
    rows = [
        row(clip(tmp_path / "clips" / f"{number}.mp4", number), f"Model {number}", status=status, flags=flags)
        for number, (status, flags) in enumerate(
            [("ok", ()), ("ok", ()), ("flagged", ("caption_truncated",)), ("flagged", ("caption_truncated",))]
        )
    ]
    output = result(tmp_path / "captions.jsonl", rows)
    say(output, "0.mp4", "verdict", new="rejected")
    say(output, "2.mp4", "verdict", new="accepted")
    exported = export_rows(output, "txt", tmp_path / "set", options=Options())
    assert dict(exported.left_out) == {"rejected": 1, "flagged": 1}
    texts = sorted(path.read_text().strip() for path in (tmp_path / "set").glob("*.txt"))
    assert texts == ["Model 1", "Model 2"]
