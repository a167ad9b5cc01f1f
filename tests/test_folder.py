"""`-o out/`: the folder that loaders read as one, what of it is written anew, and that nothing gets lost in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from framescribe.errors import UserError
from framescribe.records import Failure, FrameCaption, Row, Video, VideoInfo
from framescribe.results import filling
from framescribe.results.edits import Edit
from framescribe.results.folder import Folder
from framescribe.results.growing import Growing
from framescribe.results.rows import Results, read_rows
from framescribe.results.standing import Standing
from framescribe.results.todos import Todo, Way
from framescribe.review.query import Query
from framescribe.review.session import Change, Session
from tests.runs import until

INFO = VideoInfo(duration=3.0, fps=10.0, width=320, height=240, codec="h264", frames=30)


@pytest.fixture(autouse=True)
def four_rows_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "ROWS_A_FILE", 4)


def name_of(number: int) -> str:
    return f"{number:03d}.mp4"


def video(number: int, **metadata: object) -> Video:
    return Video(id=name_of(number), path=f"/videos/{name_of(number)}", metadata=metadata)


def videos(*numbers: int) -> list[Video]:
    return [video(number) for number in numbers]


def row(number: int, caption: str | None = None, **metadata: object) -> Row:
    made = {"fingerprint": "f", "fills": ["frames", "caption"], "tokens": {f"of {number}": number}}
    return Row(
        id=name_of(number),
        video_path=f"/videos/{name_of(number)}",
        caption=caption or f"Clip {number}.",
        status="ok",
        frames=(FrameCaption(index=15, time=1.5, caption=f"frame of {number}"),),
        video=INFO,
        size=100 + number,
        provenance={"schema": 2, "file": {"fingerprint": f"bytes of {number}"}, "stages": {"whole": made}},
        metadata=metadata,
    )


def failed(number: int, **metadata: object) -> Row:
    error = Failure(stage="decode", kind="unreadable", message="the file is empty")
    return replace(
        row(number, **metadata), caption=None, status="failed", error=error, frames=(), video=None, size=None
    )


def written(output: Path | str, rows: Sequence[Row], of: Sequence[Video] | None = None) -> Results:
    """The result with these rows, finished for their videos in this order."""
    results = Results(output)
    results.begin({})
    for one in rows:
        results.append(one)
    results.finish(of or [video(int(one.id[:3]), **one.metadata) for one in rows])
    return results


def names(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if not name.startswith((".", "_")))


def captions(output: Path | str) -> list[tuple[str, str | None]]:
    return [(one.id, one.caption) for one in read_rows(Folder(output))]


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """What differs of each file that was written anew."""
    return {name: (os.stat(folder / name).st_ino, os.stat(folder / name).st_mtime_ns) for name in names(folder)}


@pytest.fixture
def uneven(tmp_path: Path) -> Path:
    """Ten rows in three files: in the first all failed, and the user's columns have their values only later."""
    lengths = {"lengths": {"fingerprint": "l", "output": {"short": "Clip.", "long": "It is a clip."}}}
    rows = [failed(number, when=None, mixed="a") for number in range(4)]
    rows += [row(number, when=number, mixed=number, tags=["x"]) for number in range(4, 10)]
    rows[9] = replace(rows[9], provenance={**rows[9].provenance, "stages": {**rows[9].stages, **lengths}})
    written(f"{tmp_path}/out/", rows)
    return tmp_path / "out"


# --- loaders ---


def test_every_parquet_file_has_the_same_columns(uneven: Path) -> None:
    assert names(uneven) == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    schemas = [pq.read_schema(uneven / name) for name in names(uneven)]
    assert schemas[0] == schemas[1] == schemas[2]
    types = {field.name: str(field.type) for field in schemas[0]}
    assert (types["when"], types["mixed"], types["tags"]) == ("int64", "string", "list<element: string>")
    assert [pq.read_metadata(uneven / name).num_rows for name in names(uneven)] == [4, 4, 2]


def test_datasets_reads_it_as_one(uneven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    cache = str(tmp_path / "cache")
    by_pattern = datasets.load_dataset("parquet", data_files=f"{uneven}/*.parquet", cache_dir=cache)["train"]
    by_folder = datasets.load_dataset(str(uneven), cache_dir=cache)["train"]
    for found in (by_pattern, by_folder):
        assert found["id"][:] == [name_of(number) for number in range(10)]
        assert found[4]["caption"] == "Clip 4." and found[4]["when"] == 4
        assert found[9]["captions"] == {"short": "Clip.", "long": "It is a clip."}
        assert found[0]["error"]["message"] == "the file is empty" and found[0]["video"] is None


def test_polars_reads_it_as_one(uneven: Path) -> None:
    polars = pytest.importorskip("polars")
    for where in (f"{uneven}/*.parquet", f"{uneven}/"):
        found = polars.scan_parquet(where).select("id", "when", polars.col("video").struct.field("width")).collect()
        assert found["id"].to_list() == [name_of(number) for number in range(10)]
        assert found["when"].to_list() == [None] * 4 + list(range(4, 10))
        assert found["width"].to_list() == [None] * 4 + [320] * 6


def test_readers_like_sparks_read_it_as_one(uneven: Path) -> None:
    (uneven / ".framescribe-0123456789abcdef.tmp").write_bytes(b"what a writer that was killed left")
    found = pyarrow.dataset.dataset(uneven).to_table()
    assert found["id"].to_pylist() == [name_of(number) for number in range(10)]
    assert found["mixed"].to_pylist() == ["a"] * 4 + [str(number) for number in range(4, 10)]
    assert json.loads(found["provenance"][5].as_py())["stages"]["whole"]["tokens"] == {"of 5": 5}


def test_webdataset_reads_a_folder_of_tars_as_one(tmp_path: Path) -> None:
    pytest.importorskip("webdataset")
    written(f"{tmp_path}/out.tar/", [row(number) for number in range(10)])
    script = (  # in a process of its own, since it leaves files open
        "import json, sys, webdataset\n"
        "for sample in webdataset.WebDataset(sys.argv[1], shardshuffle=False).decode():\n"
        "    print(json.dumps([sample['txt'], sample['json']['id']]))\n"
    )
    shards = f"{tmp_path}/out.tar/part-{{00000..00002}}.tar"
    done = subprocess.run([sys.executable, "-c", script, shards], capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found == [[f"Clip {number}.", name_of(number)] for number in range(10)]


def test_a_folder_of_jsonl_is_one_file_cut_into_pieces(tmp_path: Path) -> None:
    rows = [row(number, n=number) for number in range(10)]
    written(tmp_path / "one.jsonl", rows)
    written(f"{tmp_path}/out.jsonl/", rows)
    pieces = [(tmp_path / "out.jsonl" / f"part-0000{number}.jsonl").read_bytes() for number in range(3)]
    assert [piece.count(b"\n") for piece in pieces] == [4, 4, 2]
    assert b"".join(pieces) == (tmp_path / "one.jsonl").read_bytes()


# --- rows come back, and only what changed is written anew ---


@pytest.mark.parametrize("name", ["out", "out.jsonl", "out.tar"])
def test_rows_come_back_as_they_were_also_without_their_parts(name: str, tmp_path: Path) -> None:
    rows = [failed(0, n=1), *(row(number, n=number) for number in range(1, 10))]
    results = written(f"{tmp_path}/{name}/", rows)
    assert results.finished
    assert list(Standing(tmp_path / name)) == rows
    os.rename(f"{tmp_path}/{name}.parts", tmp_path / "elsewhere")
    alone = Results(tmp_path / name)
    assert alone.finished and list(alone.rows()) == rows


@pytest.mark.parametrize("name", ["out", "out.jsonl", "out.tar"])
def test_only_the_file_that_holds_a_changed_row_is_written_anew(name: str, tmp_path: Path) -> None:
    rows = [row(number) for number in range(10)]
    written(f"{tmp_path}/{name}/", rows)
    before = files(tmp_path / name)
    written(f"{tmp_path}/{name}/", [row(5, "Another one.")], videos(*range(10)))
    after = files(tmp_path / name)
    assert [file[:10] for file in before if before[file] != after[file]] == ["part-00001"]
    assert captions(tmp_path / name)[5] == (name_of(5), "Another one.")
    Results(tmp_path / name).edit(
        Edit(
            id=name_of(9),
            video_path=f"/videos/{name_of(9)}",
            fingerprint="bytes of 9",
            field="caption",
            old="Clip 9.",
            new="Mine.",
            who="me",
            when="2026-01-01T00:00:00+00:00",
        )
    )
    assert Results(tmp_path / name).write_again()
    at_last = files(tmp_path / name)
    assert [file[:10] for file in after if after[file] != at_last[file]] == ["part-00002"]
    assert captions(tmp_path / name)[9] == (name_of(9), "Mine.")


def test_a_column_that_comes_later_is_in_every_file(tmp_path: Path) -> None:
    written(f"{tmp_path}/out/", [row(number) for number in range(6)])
    written(f"{tmp_path}/out/", [row(6, title="New")], [*videos(*range(6)), video(6, title="New")])
    for name in names(tmp_path / "out"):
        assert "title" in pq.read_schema(tmp_path / "out" / name).names
    written(f"{tmp_path}/out/", [], videos(*range(7)))
    for name in names(tmp_path / "out"):
        assert "title" not in pq.read_schema(tmp_path / "out" / name).names
    assert [one for one, _ in captions(tmp_path / "out")] == [name_of(number) for number in range(7)]


def test_a_shorter_result_has_fewer_files(tmp_path: Path) -> None:
    written(f"{tmp_path}/out/", [row(number) for number in range(10)])
    results = Results(tmp_path / "out")
    results.begin({})
    results.finish(videos(0, 1, 2), prune=True)
    assert names(tmp_path / "out") == ["part-00000.parquet"]
    assert [one for one, _ in captions(tmp_path / "out")] == [name_of(number) for number in range(3)]


def test_a_correction_in_one_of_the_files_is_kept(tmp_path: Path) -> None:
    written(f"{tmp_path}/out.jsonl/", [row(number) for number in range(10)])
    file = tmp_path / "out.jsonl" / "part-00001.jsonl"
    file.write_text(file.read_text().replace("Clip 6.", "By hand."))
    assert dict((one.id, one.caption) for one in Standing(tmp_path / "out.jsonl"))[name_of(6)] == "By hand."
    written(f"{tmp_path}/out.jsonl/", [row(6, "By a model.")], videos(*range(10)))
    assert captions(tmp_path / "out.jsonl")[6] == (name_of(6), "By hand.")


def test_a_file_that_is_gone_is_written_again(tmp_path: Path) -> None:
    written(f"{tmp_path}/out/", [row(number) for number in range(10)])
    (tmp_path / "out" / "part-00001.parquet").unlink()
    written(f"{tmp_path}/out/", [], videos(*range(10)))
    assert [one for one, _ in captions(tmp_path / "out")] == [name_of(number) for number in range(10)]


# --- while a run goes on ---


class Under:
    """A run under way for these videos, of which some have their rows already."""

    def __init__(self, output: Path | str, inputs: Sequence[Video]) -> None:
        self.results = Results(output)
        self.results.begin({})
        todo = [Todo(one, None, Way()) for one in inputs if self.results.entry(one) is None]
        assert isinstance(self.results.output, Folder)
        self.growing = Growing(self.results, self.results.output, inputs, todo)

    def rows(self, *numbers: int) -> None:
        for number in numbers:
            self.results.append(row(number))
            self.growing.settled(name_of(number), f"/videos/{name_of(number)}")
        self.growing.write()


def test_a_file_is_there_as_soon_as_all_its_rows_are(tmp_path: Path) -> None:
    run = Under(f"{tmp_path}/out/", videos(*range(10)))
    run.rows(0, 1, 2, 5)
    assert names(tmp_path / "out") == []
    run.rows(4, 3)
    assert names(tmp_path / "out") == ["part-00000.parquet"]
    assert [one for one, _ in captions(tmp_path / "out")] == [name_of(number) for number in range(4)]
    assert not run.results.finished
    run.rows(7, 6, 9)
    first = files(tmp_path / "out")
    assert list(first) == ["part-00000.parquet", "part-00001.parquet"]
    run.rows(8)
    run.results.finish(videos(*range(10)))
    assert run.results.finished
    assert captions(tmp_path / "out") == [(name_of(number), f"Clip {number}.") for number in range(10)]
    last = files(tmp_path / "out")
    assert {name: last[name] for name in first} == first


def test_columns_are_those_of_the_whole_list_from_the_first_file_on(tmp_path: Path) -> None:
    inputs = [video(number, n=None if number < 8 else number) for number in range(10)]
    run = Under(f"{tmp_path}/out/", inputs)
    run.rows(*range(8))
    first = files(tmp_path / "out")
    assert str(pq.read_schema(tmp_path / "out" / "part-00000.parquet").field("n").type) == "int64"
    run.rows(8, 9)
    run.results.finish(inputs)
    last = files(tmp_path / "out")
    assert {name: last[name] for name in first} == first


def test_a_run_that_goes_on_writes_no_file_twice_and_loses_none(tmp_path: Path) -> None:
    run = Under(f"{tmp_path}/out/", videos(*range(14)))
    run.rows(*range(9))
    run.results.close()  # and here it was killed
    before = files(tmp_path / "out")
    again = Under(f"{tmp_path}/out/", videos(*range(14)))
    again.rows(*range(9, 13))
    assert list(files(tmp_path / "out")) == [f"part-0000{number}.parquet" for number in range(3)]
    again.rows(13)
    again.results.finish(videos(*range(14)))
    after = files(tmp_path / "out")
    assert {name: after[name] for name in before} == before
    assert [one for one, _ in captions(tmp_path / "out")] == [name_of(number) for number in range(14)]


def test_a_list_that_grew_at_its_end_goes_on_with_its_last_file(tmp_path: Path) -> None:
    written(f"{tmp_path}/out/", [row(number) for number in range(6)])
    before = files(tmp_path / "out")
    run = Under(f"{tmp_path}/out/", videos(*range(13)))
    run.rows(*range(6, 12))
    assert [one for one, _ in captions(tmp_path / "out")] == [name_of(number) for number in range(12)]
    assert files(tmp_path / "out")["part-00000.parquet"] == before["part-00000.parquet"]
    run.results.close()


@pytest.mark.parametrize("numbers", [[20, *range(10)], [*range(20, 30)]], ids=["one before", "others"])
def test_no_row_is_missing_while_another_list_is_captioned(numbers: list[int], tmp_path: Path) -> None:
    written(f"{tmp_path}/out/", [row(number) for number in range(10)])
    run = Under(f"{tmp_path}/out/", videos(*numbers))
    run.rows(*(number for number in numbers if number >= 10))
    assert [one for one, _ in captions(tmp_path / "out")] == [name_of(number) for number in range(10)]
    run.results.finish(videos(*numbers))
    rest = [number for number in range(10) if number not in numbers]
    assert [one for one, _ in captions(tmp_path / "out")] == [name_of(number) for number in [*numbers, *rest]]


def test_a_correction_in_a_file_is_kept_while_the_run_goes_on(tmp_path: Path) -> None:
    run = Under(f"{tmp_path}/out.jsonl/", videos(*range(10)))
    run.rows(*range(5))
    file = tmp_path / "out.jsonl" / "part-00000.jsonl"
    file.write_text(file.read_text().replace("Clip 2.", "By hand."))
    run.rows(*range(5, 10))
    run.results.finish(videos(*range(10)))
    assert captions(tmp_path / "out.jsonl")[2] == (name_of(2), "By hand.")
    assert len(captions(tmp_path / "out.jsonl")) == 10


def test_the_review_page_follows_a_folder_that_is_being_filled(tmp_path: Path) -> None:
    run = Under(f"{tmp_path}/out/", videos(*range(10)))
    run.rows(*range(6))
    session = Session(f"{tmp_path}/out/", cache=tmp_path / "cache", who="ann")
    session.open()
    try:
        assert session.ready(60)

        def keys() -> list[str]:
            return list(session.keys_of(session.make_list(Query.of({"sort": "order"})).list))

        (key,) = [key for key in keys() if session.row(key)["id"] == name_of(1)]  # of a file that is written already
        session.edit([Change(key, "caption", "Mine.", base="Clip 1.")])
        run.rows(*range(6, 10))
        until(lambda: len(keys()) == 10)
        run.results.finish(videos(*range(10)))
        until(lambda: session.result()["finished"])
        assert session.row(key)["caption"] == "Mine."
    finally:
        session.close()
    assert captions(tmp_path / "out")[:2] == [(name_of(0), "Clip 0."), (name_of(1), "Mine.")]


# --- what is refused ---


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.parquet").touch()
    with pytest.raises(UserError, match=r"holds other files, such as mine\.parquet"):
        written(f"{tmp_path}/out/", [row(0)])
    assert os.listdir(tmp_path) == ["out"]


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.jsonl").touch()
    with pytest.raises(UserError, match="is a file, not a folder"):
        Results(f"{tmp_path}/file.jsonl/")
    with pytest.raises(UserError, match=r"what its files are: \.parquet, \.jsonl, \.tar"):
        Results(f"{tmp_path}/out.csv/")
    with pytest.raises(UserError, match="this machine's disks only"):
        Results("s3://bucket/out/")


def test_two_clips_of_one_name_in_a_folder_of_tars_are_refused(tmp_path: Path) -> None:
    twins = [Video(id=f"a.{ending}", path=f"/videos/a.{ending}") for ending in ("mp4", "mkv")]
    with pytest.raises(UserError, match=r"would both be a\.json"):
        Results(f"{tmp_path}/out.tar/").accept(twins)
