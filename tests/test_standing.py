"""Who only reads a result sees what the next run would keep: the newest rows, and a person's words before them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.records import FrameCaption, Row
from framescribe.results.rows import Results, read_rows, video_of
from framescribe.results.standing import Standing
from tests.exports import result, row
from tests.s3 import Door, environment, s3_server
from tests.test_edits import correct
from tests.test_marks import of, said

DATA = Path(__file__).parent / "data" / "results-0.1.0"


def captions(output: Path | str) -> dict[str, str | None]:
    rows = list(Standing(output))
    found = {one.id: one.caption for one in rows}
    assert len(found) == len(rows)
    return found


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def adopted(output: Path) -> dict[str, str | None]:
    """What the next run makes of it, in a copy."""
    copy = output.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(output.parent, copy, ignore=shutil.ignore_patterns("copy"), copy_function=shutil.copy2)
    results = Results(copy / output.name)
    results.begin({})
    videos = [video_of(one) for one in results.in_order()]
    results.finish(videos)
    return {one.id: one.caption for one in read_rows(copy / output.name)}


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_corrections_in_the_finished_file_count_before_any_run_has_adopted_them(tmp_path: Path, ending: str) -> None:
    rows = [row(f"/clips/{number}.mp4", f"Model {number}") for number in range(4)]
    output = result(tmp_path / f"captions{ending}", rows)
    assert captions(output) == {f"{n}.mp4": f"Model {n}" for n in range(4)}
    mine = {"1.mp4": 'A "quoted", red\nball — 球.', "2.mp4": "Two dogs."}
    correct(output, mine)
    before = snapshot(tmp_path)
    expected = {**{f"{n}.mp4": f"Model {n}" for n in range(4)}, **mine}
    assert captions(output) == expected
    edits = {one.id: [edit["field"] for edit in one.provenance.get("edits", ())] for one in Standing(output)}
    assert edits == {"0.mp4": [], "1.mp4": ["caption"], "2.mp4": ["caption"], "3.mp4": []}
    assert snapshot(tmp_path) == before  # it only reads
    assert adopted(output) == expected


def test_rows_that_are_newer_than_the_finished_file_count_and_corrections_before_them(tmp_path: Path) -> None:
    output = result(
        tmp_path / "captions.jsonl", [row(f"/clips/{number}.mp4", f"Model {number}") for number in range(4)]
    )
    results = Results(output)
    results.begin({})
    results.append(row("/clips/1.mp4", "Newer 1"))
    results.append(row("/clips/2.mp4", "Newer 2"))
    results.append(row("/clips/9.mp4", "Added"))
    results.close()
    expected = {"0.mp4": "Model 0", "1.mp4": "Newer 1", "2.mp4": "Newer 2", "3.mp4": "Model 3", "9.mp4": "Added"}
    assert captions(output) == expected
    correct(output, {"1.mp4": "Mine."})
    assert captions(output) == {**expected, "1.mp4": "Mine."} == adopted(output)


def test_words_that_are_put_back_undo_the_correction(tmp_path: Path) -> None:
    output = result(
        tmp_path / "captions.jsonl", [row(f"/clips/{number}.mp4", f"Model {number}") for number in range(2)]
    )
    correct(output, {"1.mp4": "Mine."})
    results = Results(output)
    results.begin({})
    results.finish([video_of(one) for one in results.in_order()])
    assert captions(output) == {"0.mp4": "Model 0", "1.mp4": "Mine."}
    correct(output, {"1.mp4": "Model 1"})
    assert captions(output) == {"0.mp4": "Model 0", "1.mp4": "Model 1"}
    assert not next(one for one in Standing(output) if one.id == "1.mp4").provenance.get("edits")


def test_a_corrected_frame_does_not_hide_that_the_caption_was_corrected(tmp_path: Path) -> None:
    frames = (FrameCaption(index=0, time=0.0, caption="A frame."),)
    output = result(tmp_path / "captions.jsonl", [row("/clips/1.mp4", "Model", status="flagged", frames=frames)])
    correct(output, {"1.mp4": "Mine."})
    results = Results(output)
    results.begin({})
    results.finish([video_of(one) for one in results.in_order()])
    record = json.loads(output.read_text())
    record["frames"][0]["caption"] = "My frame."
    output.write_text(json.dumps(record) + "\n")
    (one,) = Standing(output)
    assert (one.caption, one.frames[0].caption) == ("Mine.", "My frame.")
    assert {edit["field"] for edit in one.provenance["edits"]} == {"caption", "frames[0]"}


def test_rows_that_a_person_put_into_the_file_count(tmp_path: Path) -> None:
    output = result(tmp_path / "captions.jsonl", [row("/clips/1.mp4", "Model")])
    with output.open("a") as file:
        file.write(row("/clips/new.mp4", "Mine.").as_line() + "\n")
    assert captions(output) == {"1.mp4": "Model", "new.mp4": "Mine."} == adopted(output)


def test_two_rows_of_one_video_that_differ_are_refused(tmp_path: Path) -> None:
    output = result(tmp_path / "captions.jsonl", [row("/clips/1.mp4", "Model")])
    with output.open("a") as file:
        file.write(row("/clips/1.mp4", "Other.").as_line() + "\n")
    with pytest.raises(UserError, match=re.escape("two different rows of 1.mp4")):
        list(Standing(output))


def test_the_rows_of_an_interrupted_run_count_and_so_do_those_of_one_that_is_writing(tmp_path: Path) -> None:
    output = result(tmp_path / "captions.jsonl", [row("/clips/1.mp4", "Model 1")], finished=False)
    standing = Standing(output)
    assert standing.unfinished and [one.caption for one in standing] == ["Model 1"]
    writing = Results(output)
    writing.begin({})
    try:
        writing.append(row("/clips/2.mp4", "Model 2"))
        assert captions(output) == {"1.mp4": "Model 1", "2.mp4": "Model 2"}
        assert [one.caption for one in standing] == ["Model 1"]  # what it saw stays
        with next(iter(sorted(output.with_name(f"{output.name}.parts").glob("*.jsonl"))[-1:])).open("ab") as part:
            part.write(b'{"kind": "row", "id": "torn')
        assert captions(output) == {"1.mp4": "Model 1", "2.mp4": "Model 2"}
    finally:
        writing.close()


def test_a_finished_file_without_its_parts_counts_as_it_is(tmp_path: Path) -> None:
    output = result(tmp_path / "captions.jsonl", [row("/clips/1.mp4", "Model"), row("/clips/2.mp4", None)])
    correct(output, {"1.mp4": "Mine."})
    shutil.rmtree(f"{output}.parts")
    assert captions(output) == {"1.mp4": "Mine.", "2.mp4": None}
    assert not Path(f"{output}.parts").exists()


@pytest.mark.parametrize("name", ["frames.jsonl", "clip.jsonl", "columns.jsonl"])
def test_results_of_version_0_1_0_with_and_without_corrections(tmp_path: Path, name: str) -> None:
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    lines = [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
    assert captions(tmp_path / name) == {line["id"]: line["caption"] for line in lines}
    first = lines[0]["id"]
    correct(tmp_path / name, {first: "Mine."})
    assert captions(tmp_path / name) == {**{line["id"]: line["caption"] for line in lines}, first: "Mine."}


@pytest.mark.parametrize("name", ["nothing.jsonl", "foo://x/captions.jsonl", "captions.txt", "folder", "table.csv"])
def test_what_is_no_result_is_refused_in_a_line(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(UserError) as error:
        list(Standing(name))
    assert name in str(error.value) and len(str(error.value).splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("Model 1", "Model 1\\ud83d"),
    ],
)
def test_lines_may_be_written_in_any_way(tmp_path: Path, change: Callable[[str], str]) -> None:
    output = result(
        tmp_path / "captions.jsonl", [row(f"/clips/{number}.mp4", f"Model {number}") for number in range(3)]
    )
    shutil.rmtree(f"{output}.parts")
    output.write_text(change(output.read_text()), newline="")
    found = captions(output)
    assert {name: (words or "").replace("\ud83d", "") for name, words in found.items()} == {
        f"{n}.mp4": f"Model {n}" for n in range(3)
    }


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    output = result(tmp_path / "captions.jsonl", [row(f"/clips/{number}.mp4", "Model") for number in range(3)])
    shutil.rmtree(f"{output}.parts")
    lines = output.read_text().splitlines()
    for broken in ("{broken", "[]", '{"id": "a"}'):
        output.write_text("\n".join([*lines[:2], broken, lines[2]]) + "\n")
        with pytest.raises(UserError, match="line 3" if broken != '{"id": "a"}' else "not a row"):
            list(Standing(output))


# --- in an object store ---


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with s3_server(tmp_path_factory.mktemp("moto")) as door:
        yield door


def test_results_in_a_store_stand_as_those_on_a_disk_do(
    server: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(server, tmp_path / "state").items():
        monkeypatch.setenv(name, value)
    import fsspec

    store = fsspec.filesystem("s3", skip_instance_cache=True)
    store.mkdir("standing")
    output = "s3://standing/captions.jsonl"
    rows: list[Row] = [row(f"/clips/{number}.mp4", f"Model {number}") for number in range(3)]
    results = Results(output)
    results.begin({})
    for one in rows:
        results.append(one)
    results.close()
    assert Standing(output).unfinished
    expected = {f"{n}.mp4": f"Model {n}" for n in range(3)}
    assert captions(output) == expected
    results = Results(output)
    results.begin({})
    results.finish([video_of(one) for one in rows])
    assert not Standing(output).unfinished
    assert captions(output) == expected
    results = Results(output)
    results.begin({})
    results.append(replace(rows[1], caption="Newer 1"))
    results.close()
    assert captions(output) == {**expected, "1.mp4": "Newer 1"}
    store.invalidate_cache()
    changed = store.cat_file("standing/captions.jsonl").replace(b"Model 2", b"Mine.")
    store.pipe_file("standing/captions.jsonl", changed)
    assert captions(output) == {**expected, "1.mp4": "Newer 1", "2.mp4": "Mine."}


def test_people_on_two_machines_say_things_of_rows_in_a_store(
    server: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on(machine: str) -> Results:
        for name, value in environment(server, tmp_path / machine).items():
            monkeypatch.setenv(name, value)
        return Results(output)

    output = "s3://marks/captions.jsonl"
    run = on("one")
    import fsspec

    fsspec.filesystem("s3", skip_instance_cache=True).mkdir("marks")
    run.begin({})
    rows = [row(f"/clips/{number}.mp4", f"Model {number}") for number in range(4)]
    for one in rows:
        run.append(one)
    run.finish([video_of(one) for one in rows])
    here, there, expected = on("one"), on("two"), captions(output)
    for turn in range(6):
        (here, there)[turn % 2].edit(said(1, "caption", f"Words {turn}"))
        expected["1.mp4"] = f"Words {turn}"
        assert captions(output) == expected
    again = on("one")
    assert again.begin({}) == []
    again.finish([video_of(one) for one in rows])
    assert {one.id: one.caption for one in read_rows(output)} == captions(output) == expected
    there.edit(said(2, "verdict", "rejected", of=of("Model 2")))
    assert [one.id for one in Standing(output) if one.provenance.get("review")] == ["2.mp4"]
    assert on("two").write_again() and not on("two").write_again()
    assert [one.id for one in read_rows(output) if one.provenance.get("review")] == ["2.mp4"]
    assert {one.id: one.caption for one in read_rows(output)} == captions(output) == expected
