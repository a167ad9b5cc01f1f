"""A person's words are never lost: corrections in the finished file stay through every later run, until that person
says otherwise; and `recaption` captions some videos in another way and keeps everything else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from framescribe.errors import UserError
from framescribe.results.rows import Results, read_rows
from tests.runs_in_process import FRAME_PROMPT, SUMMARY_PROMPT, Run, found, raw_film, recipe, told
from tests.servers import ScriptedServer, tells


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for number in range(4):
        raw_film(tmp_path / "clips" / f"{number}.avi", 60 * number)
    return tmp_path / "clips"


def correct(output: Path, words: dict[str, str]) -> None:
    """Change captions in the file as a person would: in an editor, a spreadsheet, a notebook."""
    if output.suffix == ".jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
        for row in rows:
            row["caption"] = words.get(row["id"], row["caption"])
        output.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif output.suffix == ".csv":
        table = pd.read_csv(output, dtype=str, keep_default_na=False)
        table["caption"] = [words.get(name, old) for name, old in zip(table["id"], table["caption"], strict=True)]
        table.to_csv(output, index=False)
    else:
        table = pd.read_parquet(output)
        table["caption"] = [words.get(name, old) for name, old in zip(table["id"], table["caption"], strict=True)]
        table.to_parquet(output)


def captions(output: Path) -> dict[str, str | None]:
    return {row.id: row.caption for row in read_rows(output)}


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_corrections_stay_through_every_later_run(
    server: ScriptedServer, clips: Path, tmp_path: Path, ending: str
) -> None:
    output = tmp_path / f"captions{ending}"
    Run(server, found(clips), output)
    models = captions(output)
    mine = {"1.avi": 'A "quoted", red\nball — 球.', "2.avi": "Two dogs."}
    correct(output, mine)
    raw_film(clips / "4.avi", 250)  # one clip is added, and the same command is given again
    run = Run(server, found(clips), output)
    assert f"kept corrections made in {output}: 2" in run.said
    assert run.requests == 2
    assert captions(output) == {**models, **mine, "4.avi": captions(output)["4.avi"]}
    Run(server, found(clips), output, recipe(server, summary="Other: {captions}"))
    assert {name: captions(output)[name] for name in mine} == mine
    assert captions(output)["0.avi"] != models["0.avi"]
    Run(server, found(clips), output, recipe(server, frame="Other?"), redo=True)
    assert {name: captions(output)[name] for name in mine} == mine
    (tmp_path / "moved").mkdir()
    clips.rename(tmp_path / "moved" / "clips")
    Run(server, found(tmp_path / "moved" / "clips"), output, recipe(server, frame="Other?"))
    assert {name: captions(output)[name] for name in mine} == mine


def test_a_row_says_what_a_person_changed(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    before = captions(output)
    correct(output, {"1.avi": "Mine."})
    Run(server, found(clips), output)
    (edit,) = next(row for row in read_rows(output) if row.id == "1.avi").provenance["edits"]
    assert (edit["field"], edit["old"], edit["new"]) == ("caption", before["1.avi"], "Mine.")
    assert edit["who"] and edit["when"].startswith("20")


def test_who_puts_the_models_words_back_takes_the_correction_back(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    before = captions(output)
    correct(output, {"1.avi": "Mine."})
    Run(server, found(clips), output)
    correct(output, {"1.avi": "Better."})
    Run(server, found(clips), output)
    assert captions(output)["1.avi"] == "Better."
    correct(output, {"1.avi": str(before["1.avi"])})
    Run(server, found(clips), output, recipe(server, summary="Other: {captions}"))
    assert captions(output)["1.avi"] not in ("Better.", before["1.avi"])


def test_a_finished_file_that_is_only_older_than_the_rows_is_nobodys_work(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    for number in range(4, 16):
        raw_film(clips / f"{number}.avi", 10 * number)
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    other = recipe(server, summary="Other: {captions}")
    stopped = Run(server, found(clips), output, other, stop_after=1)
    assert stopped.report.output is None
    os.utime(output)  # copied, say
    assert not any("correct" in line for line in Run(server, found(clips), output, other).said)
    fresh = tmp_path / "fresh.jsonl"
    Run(server, found(clips), fresh, other)
    assert told(output) == told(fresh)


def test_a_correction_made_while_rows_were_newer_is_still_seen(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    for number in range(4, 16):
        raw_film(clips / f"{number}.avi", 10 * number)
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    other = recipe(server, summary="Other: {captions}")
    assert Run(server, found(clips), output, other, stop_after=1).report.output is None
    correct(output, {"3.avi": "Mine."})
    Run(server, found(clips), output, other)
    assert captions(output)["3.avi"] == "Mine."
    assert sum(caption == "Mine." for caption in captions(output).values()) == 1


def test_words_about_a_file_do_not_stand_beside_another_that_takes_its_place(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    correct(output, {"1.avi": "Mine."})
    Run(server, found(clips), output)
    raw_film(clips / "1.avi", 77)
    Run(server, found(clips), output)
    fresh = tmp_path / "fresh.jsonl"
    Run(server, found(clips), fresh)
    assert captions(output) == captions(fresh)


@pytest.mark.parametrize("broken", ["not JSON\n", '{"id": "1.avi"}\n'])
def test_a_file_that_cannot_be_understood_is_refused_before_anything_is_asked(
    server: ScriptedServer, clips: Path, tmp_path: Path, broken: str
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    left = output.read_text() + broken
    output.write_text(left)
    asked = len(server.requests)
    with pytest.raises(UserError, match="was changed since framescribe wrote it"):
        Run(server, found(clips), output, recipe(server, summary="Other: {captions}"))
    assert output.read_text() == left
    assert len(server.requests) == asked


def test_two_different_rows_of_one_video_are_refused(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    row = json.loads(output.read_text().splitlines()[0])
    output.write_text(output.read_text() + json.dumps({**row, "caption": "Another."}) + "\n")
    with pytest.raises(UserError, match="two different rows of 0"):
        Run(server, found(clips), output)


def test_rows_of_another_result_that_a_person_put_in_are_kept(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    Run(server, found(clips), one)
    raw_film(tmp_path / "more" / "x.avi", 33)
    Run(server, found(tmp_path / "more"), other)
    one.write_text(one.read_text() + other.read_text())
    Run(server, found(clips), one, recipe(server, summary="Other: {captions}"))
    assert captions(one)["x.avi"] == captions(other)["x.avi"]


# --- recaption ------------------------------------------------------------------------------------


def framescribe(*words: object, code: int = 0) -> str:
    done = subprocess.run([sys.executable, "-m", "framescribe", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stderr


def test_recaption_changes_the_chosen_ones_and_nothing_else(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    model = ("--base-url", server.url, "--model", "tiny", "--summary-prompt", SUMMARY_PROMPT)
    first = ("caption", clips, *model, "--prompt", FRAME_PROMPT, "-o", output)
    framescribe(*first)
    before = told(output)
    (tmp_path / "some.txt").write_text("3.avi\n1.avi\n")
    framescribe("recaption", output, "--ids", tmp_path / "some.txt", *model, "--prompt", "Other?")
    after = told(output)
    assert list(after) == list(before)  # in the same order
    assert {Path(place).name for (_, place) in after if after[_, place] != before[_, place]} == {"1.avi", "3.avi"}
    kinds = {row.id: row.fingerprint("frames") for row in read_rows(output)}
    assert kinds["1.avi"] == kinds["3.avi"] != kinds["0.avi"] == kinds["2.avi"]
    asked = len(server.requests)
    said = framescribe(*first)
    assert "rows made by `recaption`, kept as they are (--redo replaces them): 2" in said
    assert told(output) == after
    framescribe("recaption", output, "--ids", tmp_path / "some.txt", *model, "--prompt", "Other?")
    assert (told(output), len(server.requests)) == (after, asked)  # it is done already
    assert (
        "videos with a row: 4 of 4"
        in subprocess.run(
            [sys.executable, "-m", "framescribe", "status", str(output)], capture_output=True, text=True
        ).stdout
    )
    framescribe(*first, "--redo")
    assert told(output) == before


def test_recaption_by_conditions_and_a_failure_that_costs_nothing(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    model = ("--base-url", server.url, "--model", "tiny")
    framescribe("caption", clips, *model, "-o", output)
    before = captions(output)
    correct(output, {"0.avi": "Mine."})
    framescribe("status", output, "--finish")
    (clips / "2.avi").unlink()
    said = framescribe("recaption", output, "--where", "duration < 3", *model, "--prompt", "Other?", code=3)
    assert "rows that a person corrected or accepted, kept as they are" in said
    now = captions(output)
    assert now["0.avi"] == "Mine."
    assert now["2.avi"] == before["2.avi"]  # its file is gone, its caption is not
    assert now["1.avi"] != before["1.avi"]
    framescribe("recaption", output, "--where", "edited", *model, "--prompt", "Other?", "--drop-edits")
    assert captions(output)["0.avi"] not in ("Mine.", before["0.avi"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which videos?"),
        (("--where", "flagged"), "no row of"),
        (("--where", "a b"), "is not a condition"),
        (("--ids", "none.txt"), "no row in the result for"),
    ],
)
def test_recaption_says_what_it_does_not_understand(
    server: ScriptedServer, clips: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    (tmp_path / "none.txt").write_text("nobody.avi\n")
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", "recaption", str(output), *words, "--base-url", server.url],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_edits_of_frames_are_kept_too(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    rows[0]["frames"][0]["caption"] = "A frame of mine."
    output.write_text("".join(json.dumps(row) + "\n" for row in rows))
    Run(server, found(clips), output)
    assert next(read_rows(output)).frames[0].caption == "A frame of mine."
    assert len(Results(output)) == 4


def test_a_copied_result_of_a_run_that_was_stopped_after_a_move_has_each_video_once(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    for number in range(4, 16):
        raw_film(clips / f"{number}.avi", 10 * number)
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    clips.rename(tmp_path / "moved")
    other = recipe(server, summary="Other: {captions}")
    assert Run(server, found(tmp_path / "moved"), output, other, stop_after=1).report.output is None
    os.utime(output)
    Run(server, found(tmp_path / "moved"), output, other)
    assert len(told(output)) == 16


def test_rows_that_a_stopped_run_added_after_corrections_were_taken_up_are_nobodys_work(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    for number in range(4, 16):
        raw_film(clips / f"{number}.avi", 10 * number)
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    correct(output, {"3.avi": "Mine."})
    other = recipe(server, summary="Other: {captions}")
    assert Run(server, found(clips), output, other, stop_after=1).report.output is None
    correct(output, {"5.avi": "Mine, too."})
    assert f"kept corrections made in {output}: 1" in Run(server, found(clips), output, other).said
    now, fresh = captions(output), tmp_path / "fresh.jsonl"
    Run(server, found(clips), fresh, other)
    assert {name for name in now if now[name] != captions(fresh)[name]} == {"3.avi", "5.avi"}


def test_a_table_with_names_of_any_bytes_is_nobodys_work(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    os.rename(os.fsencode(clips / "1.avi"), os.path.join(os.fsencode(clips), b"caf\xe9.avi"))
    for ending in (".csv", ".parquet", ".jsonl"):
        output = tmp_path / f"captions{ending}"
        Run(server, found(clips), output)
        os.utime(output)
        assert Run(server, found(clips), output).requests == 0
        assert len(Results(output)) == 4
        for part in output.with_name(f"{output.name}.parts").iterdir():
            part.unlink()
        assert Run(server, found(clips), output).requests == 0  # from the table alone
