"""What a person writes in place of a length, a segment's caption or a field stands as their caption does: in the
finished file, in exports, and through later runs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import framescribe as fs
from framescribe.dataset.export import Options, export_rows
from framescribe.errors import UserError
from framescribe.records import Row
from framescribe.results.edits import Edit, apply, now, taken_back
from framescribe.results.fields import part_of
from framescribe.results.rows import Results, read_rows, video_of
from framescribe.results.standing import Standing
from tests.exports import clip, result
from tests.formats.test_structures import VALUE, structured
from tests.runs_in_process import raw_film
from tests.test_check_command import check
from tests.test_export_segments import divided
from tests.test_lengths import CRABS, LONG, MEDIUM, OTHERS, SHORT, run, shortens
from tests.videos import film

MINE = "A fisherman at sea."


def of(row: Row, field: str, new: str | None, old: str | None = None) -> Edit:
    """A line about this row, which is as a run wrote it."""
    about = {"id": row.id, "video_path": row.video_path, "fingerprint": row.file.get("fingerprint")}
    return Edit(**about, field=field, old=old, new=new, who="ann", when=now(), of=part_of(row, field))


def write(output: Path, field: str, new: str | None, old: str | None = None) -> Edit:
    """Someone writes this in the only row, while nobody else does."""
    results = Results(output)
    [bare] = [results.load(entry) for entry in results._index.entries()]
    made = of(bare, field, new, old)
    results.edit(made)
    results.close()
    return made


@pytest.fixture
def sea(tmp_path: Path) -> Path:
    return raw_film(tmp_path / "film.avi", 90)


def in_cells(output: Path) -> Mapping[str, str]:
    """The lengths in the finished file, read as anybody reads it."""
    if output.suffix == ".jsonl":
        [row] = map(json.loads, output.read_text().splitlines())
        return row["provenance"]["stages"]["lengths"]["output"]
    if output.suffix == ".csv":
        with output.open(newline="") as file:
            [row] = csv.DictReader(file)
        return json.loads(row["captions"])
    [row] = pq.read_table(output).to_pylist()
    return row["captions"]


# --- lengths ---


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_a_length_of_a_persons_own_is_in_the_finished_file_and_stays_through_runs(
    ending: str, sea: Path, tmp_path: Path
) -> None:
    output = tmp_path / f"out.{ending}"
    run(shortens(MEDIUM, SHORT), sea, output, captions="long,30w,short")
    write(output, "captions[short]", MINE, SHORT)
    row, asked = run(shortens(CRABS), sea, output, captions="long,30w,short")
    assert asked == [] and in_cells(output) == {"long": LONG, "30w": MEDIUM, "short": MINE}
    write(output, "caption", OTHERS, LONG)
    row, asked = run(shortens(CRABS), sea, output, captions="long,30w,short")
    assert in_cells(output) == {"long": OTHERS, "30w": CRABS, "short": MINE} and row.outdated == ()
    assert OTHERS in asked[0]
    [edit] = [edit for edit in row.provenance["edits"] if edit["field"] == "captions[short]"]
    assert (edit["old"], edit["new"], edit["who"]) == (SHORT, MINE, "ann")
    before = output.read_bytes()
    _, asked = run(shortens(CRABS), sea, output, captions="long,30w,short", prompt="Describe it.")
    assert asked == [] and output.read_bytes() == before  # as with an edited caption
    row, _ = run(shortens(CRABS), sea, output, captions="long,30w,short", prompt="Describe it.", redo=True)
    assert in_cells(output)["short"] == MINE


def test_taken_back_the_length_is_the_models_of_the_caption_that_stands(sea: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    run(shortens(SHORT), sea, output, captions="long,short")
    mine = write(output, "captions[short]", MINE, SHORT)
    write(output, "caption", OTHERS, LONG)
    run(shortens(CRABS), sea, output, captions="long,short")
    results = Results(output)
    results.edit(taken_back(mine))
    results.close()
    Results(output).write_again()
    assert in_cells(output) == {"long": OTHERS, "short": CRABS}


def test_of_an_older_captions_lengths_only_a_persons_own_are_exported(sea: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    run(shortens(MEDIUM, SHORT), sea, output, captions="long,30w,short")
    write(output, "captions[short]", MINE, SHORT)
    write(output, "caption", OTHERS, LONG)
    for variant in ("30w", "lengths"):
        with pytest.raises(UserError, match="was corrected after its other lengths were made"):
            fs.export(output, to="txt", folder=tmp_path / "set", variants=[variant])
    fs.export(output, to="txt", folder=tmp_path / "set", variants=["short"])
    assert (tmp_path / "set" / "film.txt").read_text().strip() == MINE
    for name, text in (("30w", "A middle one."), ("long", OTHERS)):
        write(output, f"captions[{name}]", text)
    fs.export(output, to="diffusion-pipe", folder=tmp_path / "all", variants=["lengths"], layout="captions-json")
    [written] = (tmp_path / "all").rglob("captions.json")
    [texts] = json.loads(written.read_text()).values()
    assert texts == [OTHERS, "A middle one.", MINE]


def test_a_length_of_a_persons_own_is_checked_as_the_models_is(sea: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    run(shortens(SHORT), sea, output, captions="long,short")
    write(output, "captions[short]", f"The image shows that {LONG[0].lower()}{LONG[1:]}", SHORT)
    table = tmp_path / "checked.jsonl"
    assert check(output, "-o", table).returncode == 3  # it found something
    [row] = map(json.loads, table.read_text().splitlines())
    assert {"short_too_long", "short_boilerplate_opening"} <= set(row["flags"])


def correct(output: Path, new: str) -> None:
    """Write it into the finished file, as a person with a spreadsheet does."""
    if output.suffix == ".jsonl":
        [row] = map(json.loads, output.read_text().splitlines())
        row["provenance"]["stages"]["lengths"]["output"]["short"] = new
        output.write_text(json.dumps(row) + "\n")
    elif output.suffix == ".csv":
        table = pd.read_csv(output, dtype=str, keep_default_na=False)
        table["captions"] = [json.dumps({**json.loads(cell), "short": new}) for cell in table["captions"]]
        table.to_csv(output, index=False)
    else:
        table = pd.read_parquet(output)
        table["captions"] = [{**cell, "short": new} for cell in table["captions"]]
        table.to_parquet(output)


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_a_length_that_is_corrected_in_the_finished_file_is_kept(ending: str, sea: Path, tmp_path: Path) -> None:
    output = tmp_path / f"out.{ending}"
    run(shortens(SHORT), sea, output, captions="long,short")
    correct(output, MINE)
    [row] = Standing(output)
    assert dict(row.captions) == {"long": LONG, "short": MINE} and row.caption == LONG
    row, asked = run(shortens(CRABS), sea, output, captions="long,short")
    assert asked == [] and in_cells(output) == {"long": LONG, "short": MINE}
    assert [(edit["field"], edit["old"]) for edit in row.provenance["edits"]] == [("captions[short]", SHORT)]
    correct(output, SHORT)  # the model's own
    row, _ = run(shortens(CRABS), sea, output, captions="long,short")
    assert in_cells(output)["short"] == SHORT and "edits" not in row.provenance


def test_a_cell_of_lengths_that_cannot_be_read_is_refused_before_anything_is_written(sea: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    run(shortens(SHORT), sea, output, captions="long,short")
    table = pd.read_csv(output, dtype=str, keep_default_na=False)
    table["captions"] = ['{"short": "A fish']
    table.to_csv(output, index=False)
    before = output.read_bytes()
    with pytest.raises(UserError, match="was changed since framescribe wrote it"):
        run(shortens(CRABS), sea, output, captions="long,short")
    assert output.read_bytes() == before


# --- segments and fields ---


def in_segments(folder: Path) -> Row:
    return divided(film(folder / "film.mp4", frames=100), (0, 33, 100), ["It begins.", "It ends."])


def of_fields(folder: Path) -> Row:
    return structured(clip(folder / "a.mp4", 1))


def test_segments_are_exported_in_a_persons_words(tmp_path: Path) -> None:
    row = in_segments(tmp_path)
    output = result(tmp_path / "out.jsonl", [row])
    write(output, "segments[1]", "It falls.", "It ends.")
    export_rows(output, "txt", tmp_path / "set", options=Options(segments=True))
    written = {path.name: path.read_text().strip() for path in (tmp_path / "set").rglob("*.txt")}
    assert written == {"film_0001.txt": "It begins.", "film_0002.txt": "It falls."}
    [stands] = read_rows(output) if Results(output).write_again() else []
    assert [one["caption"] for one in stands.segments] == ["It begins.", "It falls."]
    assert stands.caption == row.caption


def test_a_segments_words_are_about_its_seconds(tmp_path: Path) -> None:
    row = in_segments(tmp_path)
    mine = of(row, "segments[1]", "It falls.")
    remade = replace(row, provenance=json.loads(json.dumps(row.provenance).replace("It ends.", "It stops.")))
    assert [one["caption"] for one in apply(remade, [mine]).segments] == ["It begins.", "It falls."]
    otherwise = divided(tmp_path / "film.mp4", (0, 50, 100), ["It begins.", "It ends."])
    stands = apply(otherwise, [mine])
    assert [one["caption"] for one in stands.segments] == ["It begins.", "It ends."]
    assert "edits" not in stands.provenance


def test_fields_are_exported_in_a_persons_words(tmp_path: Path) -> None:
    output = result(tmp_path / "out.jsonl", [of_fields(tmp_path)])
    write(output, "fields.subjects[1].action", "drifts")
    write(output, "fields.light", "morning light")
    write(output, "fields.camera.movement", "tilt")
    export_rows(output, "skyreels", tmp_path / "set")
    [text] = pd.read_csv(tmp_path / "set" / "structural_captions.csv")["structural_caption"]
    said = json.loads(text)
    assert [one.get("action") for one in said["subjects"]] == ["runs, then jumps", "drifts"]
    assert (said["lighting"], said["camera_motion"]) == ("morning light", "slow tilt left")


def test_dropped_edits_leave_the_models_words(tmp_path: Path) -> None:
    row = of_fields(tmp_path)
    output = result(tmp_path / "out.jsonl", [row])
    write(output, "fields.setting", "a bay", "a beach")
    results = Results(output)
    results.take_back_edits([video_of(row)])
    assert list(results.rows()) == [row]
    results.close()


def test_words_in_a_list_are_about_its_entries(tmp_path: Path) -> None:
    row = of_fields(tmp_path)
    mine = [of(row, "fields.subjects[1].action", "drifts"), of(row, "fields.setting", "a bay")]

    def made(**other: Any) -> Row:
        stages = {**row.stages, "structure": {**row.stages["structure"], "output": {**VALUE, **other}}}
        return apply(replace(row, provenance={**row.provenance, "stages": stages}), mine)

    again = made(style="drawn").stages["structure"]["output"]
    assert (again["subjects"][1]["action"], again["setting"], again["style"]) == ("drifts", "a bay", "drawn")
    other = made(subjects=VALUE["subjects"][::-1]).stages["structure"]["output"]
    assert other == {**VALUE, "subjects": VALUE["subjects"][::-1], "setting": "a bay"}


@pytest.mark.parametrize(
    ("make", "field", "old"),
    [(in_segments, "segments[0]", "It begins."), (of_fields, "fields.actions[1]", "The dog jumps.")],
)
def test_a_finished_file_without_its_parts_still_says_who_wrote_what(
    make: Callable[[Path], Row], field: str, old: str, tmp_path: Path
) -> None:
    output = result(tmp_path / "out.jsonl", [make(tmp_path)])
    write(output, field, "Mine.", old)
    Results(output).write_again()
    alone = tmp_path / "alone" / "out.jsonl"
    alone.parent.mkdir()
    alone.write_bytes(output.read_bytes())
    results = Results(alone)
    [row] = results.rows()
    [edit] = row.provenance["edits"]
    assert (edit["field"], edit["old"], edit["new"]) == (field, old, "Mine.") and "Mine." in row.as_line()
    results.edit(*(taken_back(edit) for edit in results.history(row.id, row.video_path)))
    [row] = results.rows()
    assert '"Mine."' not in row.as_line() and json.dumps(old) in row.as_line()
    results.close()
