"""Lists as people and programs write them: no row is lost to a guess about the dialect, and one bad row costs one row.

Beside every list lie its files, so that what is found is told by the file system, not by the reader.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.registry import known_implementations
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.errors import UserError
from framescribe.records import Video
from framescribe.results.rows import read_rows
from framescribe.sources import find_videos
from tests.runs_in_process import Run, raw_film
from tests.servers import ScriptedServer, tells


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


def make(*names: str | bytes) -> None:
    for name in names:
        Path(os.fsdecode(name)).parent.mkdir(parents=True, exist_ok=True)
        Path(os.fsdecode(name)).write_bytes(b"x")


def put(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def found(*given: str, **options: Any) -> tuple[list[Video], list[str]]:
    said: list[str] = []
    videos = find_videos(given, say=said.append, **options)
    return videos, [line for line in said if not line.startswith("using column")]


def there(videos: list[Video]) -> list[str]:
    """The names of the files that were found and are there."""
    return [os.path.relpath(video.path) for video in videos if video.size is not None]


# --- dialects -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a.mp4\nb.mp4\n", {"path": "a.mp4"}),
        ("a.mp4,cat\nb.mp4,dog\n", {"column_1": "a.mp4", "column_2": "cat"}),
        ("cat,sub/c.mp4\ndog,b.mp4\n", {"column_1": "cat", "column_2": "sub/c.mp4"}),
        ("a.mp4\n", {"path": "a.mp4"}),
        ("a.mp4,x\nb.mp4,\n", {"column_1": "a.mp4", "column_2": "x"}),
        ("a.mp4;x\nb.mp4;y\n", {"column_1": "a.mp4", "column_2": "x"}),
        ('"a.mp4","x"\n"b.mp4","y"\n', {"column_1": "a.mp4", "column_2": "x"}),
        ("0001\na.mp4\n", {"path": "0001"}),
    ],
)
def test_a_table_without_a_header_keeps_its_first_video(text: str, columns: dict[str, str]) -> None:
    make("a.mp4", "b.mp4", "sub/c.mp4", "0001")
    videos, said = found(put("list.csv", text))
    assert len(there(videos)) == len(text.splitlines())
    assert dict(videos[0].metadata) == columns
    assert any("list.csv has no header: its first line is taken as a row" in line for line in said)


def test_addresses_are_no_header_either() -> None:
    videos, _ = found(put("list.csv", "https://host/get?id=1\nhttps://host/get?id=2\n"))
    assert [video.path for video in videos] == ["https://host/get?id=1", "https://host/get?id=2"]


@pytest.mark.parametrize("header", ["path,detector.tp", "file.mp4,n", "path,video.360"])
def test_a_header_that_ends_like_a_video_is_one(header: str) -> None:
    make("a.mp4", "a")
    value = "a.mp4" if header.startswith("path") else "a"
    videos, said = found(put("list.csv", f"{header}\n{value},3\n"), video_column=header.split(",")[0])
    assert [dict(video.metadata) for video in videos] == [dict(zip(header.split(","), (value, "3"), strict=True))]
    assert said == []


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        (['a.mp4\t"start', "b.mp4\tmiddle", 'c.mp4\tend"'], ['"start', "middle", 'end"']),
        (['a.mp4\t"Wow" said the cat', "b.mp4\ty"], ['"Wow" said the cat', "y"]),
        (['a.mp4\t"never closed', "b.mp4\ty"], ['"never closed', "y"]),
        (['a.mp4\t5" disk', 'b.mp4\t"'], ['5" disk', '"']),
        (['a.mp4\t"quoted ""well"""', "b.mp4\ty"], ['quoted "well"', "y"]),
        (['a.mp4\t"a tab\tin it"', "b.mp4\ty"], ["a tab\tin it", "y"]),
        (['a.mp4\t"two', 'lines"', "b.mp4\ty"], ["two\nlines", "y"]),
    ],
)
def test_quotes_in_a_tsv_lose_no_row(rows: list[str], titles: list[str]) -> None:
    make("a.mp4", "b.mp4", "c.mp4")
    videos, _ = found(put("list.tsv", "path\ttitle\n" + "\n".join(rows) + "\n"))
    assert [video.metadata["title"] for video in videos] == titles
    assert there(videos) == ["a.mp4", "b.mp4", "c.mp4"][: len(titles)]


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        (['a.mp4,"start', "b.mp4,middle", 'c.mp4,end"'], ['"start', "middle", 'end"']),
        (['a.mp4,"never closed', "b.mp4,y"], ['"never closed', "y"]),
        (['a.mp4,"Wow" he said', "b.mp4,y"], ['"Wow" he said', "y"]),
        (['a.mp4,"two', 'lines, with a comma"', "b.mp4,y"], ["two\nlines, with a comma", "y"]),
    ],
)
def test_quotes_in_a_csv_lose_no_row(rows: list[str], titles: list[str]) -> None:
    make("a.mp4", "b.mp4", "c.mp4")
    videos, said = found(put("list.csv", "path,title\n" + "\n".join(rows) + "\n"))
    assert [video.metadata["title"] for video in videos] == titles
    assert there(videos) == ["a.mp4", "b.mp4", "c.mp4"][: len(titles)]
    assert bool(said) == (titles[0].startswith('"'))


plain = st.text(st.characters(codec="utf-8", exclude_characters='\r\n\t"\0'), max_size=8)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t\0"), max_size=8), min_size=1))
def test_a_tsv_without_quoting_has_as_many_rows_as_lines(
    tmp_path_factory: pytest.TempPathFactory, titles: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("tsv")
    (folder / "0.mp4").write_bytes(b"x")
    lines = ["path\ttitle", *(f"{number}.mp4\t{title}" for number, title in enumerate(titles))]
    (folder / "list.tsv").write_text("\n".join(lines), encoding="utf-8", newline="")
    videos, _ = found(str(folder / "list.tsv"))
    assert [video.id for video in videos] == [f"{number}.mp4" for number in range(len(titles))]
    for video, title in zip(videos, titles, strict=True):  # of quotes around the whole, nobody can know
        whole = len(title) > 1 and title[0] == title[-1] == '"'
        assert whole or video.metadata["title"] == title


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=6),
    st.sampled_from([",", ";", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_a_spreadsheet_writes_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, titles: list[str], mark: str, end: str, encoding: str, quoting: Any
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    (folder / "0.mp4").write_bytes(b"x")
    written = io.StringIO(newline="")
    rows = csv.writer(written, delimiter=mark, lineterminator=end, quoting=quoting)
    rows.writerow(["path", "title", "n"])
    titles = [title.replace("\r", " ").replace("\n", " " if end == "\r" else "\n") for title in titles]
    rows.writerows([f"{number}.mp4", title, "3"] for number, title in enumerate(titles))
    (folder / "list.csv").write_bytes(written.getvalue().encode(encoding))
    videos, _ = found(str(folder / "list.csv"))
    assert [video.metadata["title"] for video in videos] == titles


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sep=;\npath;title\na.mp4;x,y\n", 0),
        ('"sep=;"\r\npath;title\r\na.mp4;x,y\r\n', 0),
        ("path;title\na.mp4;x,y\n", 1),
        ("path\ttitle\na.mp4\tx,y\n", 1),
        ("\ufeffpath,title\r\na.mp4,\"x,y\"\r\n", 0),
        ("path,title\ra.mp4,\"x,y\"\r", 0),
    ],
)  # fmt: skip
def test_separators_and_ends_of_lines(content: str, said: int) -> None:
    make("a.mp4")
    videos, lines = found(put("list.csv", content))
    assert [(video.id, video.metadata["title"]) for video in videos] == [("a.mp4", "x,y")]
    assert len(lines) == said


def test_names_in_a_text_are_what_the_files_are_called() -> None:
    names = ["#hash.mp4", "trailing .mp4 ", '"a.mp4"', "~tilde.mp4", "12:30.mp4", " lead.mp4", "100%.mp4", "a%20b.mp4"]
    make(*names, "plain.mp4", "out.mp4")
    text = "\n".join(["# a comment", *names, "  plain.mp4\t", "#out.mp4", "# note.mp4", "#gone.mp4"])
    videos, said = found(put("list.txt", text))
    assert there(videos) == [*names, "plain.mp4"]
    assert [video.id for video in videos] == [*names, "plain.mp4", "#gone.mp4"]
    (line,) = [line for line in said if "comments" in line]
    assert line.endswith("left out as comments: 2 (first: line 11, '#out.mp4')")


def test_names_between_nuls(here: Path) -> None:
    make("a b.mp4", "c.mp4")
    videos, _ = found(put("list.txt", b"./a b.mp4\0./c.mp4\0"))  # find -print0
    assert there(videos) == ["a b.mp4", "c.mp4"]


def test_names_that_are_not_utf8_are_found_in_lists(here: Path) -> None:
    name = b"caf\xe9.mp4"
    make(name, "a.mp4")
    for content in (b"caf\xe9.mp4\na.mp4\n", b"path,t\ncaf\xe9.mp4,x\na.mp4,y\n"):
        videos, _ = found(put("list.txt" if b"path" not in content else "list.csv", content))
        assert [os.fsencode(os.path.basename(video.path)) for video in videos] == [name, b"a.mp4"]
    pq.write_table(pa.table({"path": pa.array([name, b"a.mp4"]).cast(pa.string(), safe=False)}), "list.parquet")
    assert [os.fsencode(os.path.basename(video.path)) for video in found("list.parquet")[0]] == [name, b"a.mp4"]


def test_a_table_in_another_encoding_costs_the_rows_that_it_concerns() -> None:
    make("a.mp4", "b.mp4")
    videos, _ = found(put("list.csv", "path,title\na.mp4,café\nb.mp4,tea\n".encode("latin-1")))
    assert [(video.id, video.fault) for video in videos] == [
        ("a.mp4", "list.csv, line 2: this is not UTF-8; save the table as UTF-8"),
        ("b.mp4", None),
    ]


# --- other spellings ------------------------------------------------------------------------------


def test_paths_are_found_under_the_spelling_of_their_files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here / "home"))
    monkeypatch.setenv("CLIPS", "clips")
    composed, apart = (unicodedata.normalize(form, "clips/café.mp4") for form in ("NFC", "NFD"))
    make("sub/win.mp4", "home/mine.mp4", "clips/x.mp4", composed, "a b.mp4")
    written = ["sub\\win.mp4", "~/mine.mp4", "$CLIPS/x.mp4", apart, " a b.mp4 ", '"a b.mp4"']
    Path("list.jsonl").write_text("\n".join(json.dumps({"path": path, "title": "x"}) for path in written))
    videos, said = found("list.jsonl")
    assert there(videos) == ["sub/win.mp4", "home/mine.mp4", "clips/x.mp4", composed, "a b.mp4"]
    assert [video.metadata["path"] for video in videos] == written[:5]  # the user's columns stay as they are
    (line,) = [line for line in said if "another spelling" in line]
    assert line.endswith("which is used: 6 (first: 'sub/win.mp4' for 'sub\\\\win.mp4')")


def test_an_address_of_a_local_file_is_its_path(here: Path) -> None:
    make("a b.mp4", "c%20d.mp4", "clips/e.mp4")
    text = "".join(f"file://{host}{here}/{name}\n" for host, name in
                   (("", "a%20b.mp4"), ("", "c%20d.mp4"), ("localhost", "clips/e.mp4")))  # fmt: skip
    assert there(found(put("list.txt", text))[0]) == ["a b.mp4", "c%20d.mp4", "clips/e.mp4"]
    assert there(found(f"file://{here}/a%20b.mp4")[0]) == ["a b.mp4"]
    assert there(found(f"file://{here}/clips")[0]) == ["clips/e.mp4"]


def test_a_path_that_is_not_there_is_told_with_the_likely_reason(here: Path) -> None:
    make("a.mp4")
    videos, said = found(put("list.csv", "path,t\na.mp4,x\nsub\\b.mp4,x\n~/gone.mp4,x\n"))
    assert there(videos) == ["a.mp4"]
    assert said == [
        "list.csv: paths with back slashes that lead to no file; folders are separated by / here: 1 "
        r"(first: 'sub\\b.mp4')",
        "list.csv: paths with ~ or $ that lead to no file, whether or not they are replaced as a shell does: 1 "
        "(first: '~/gone.mp4')",
    ]
    with pytest.raises(UserError, match="its paths have back slashes, but folders are separated by / here"):
        found(put("list.csv", "path,t\nC:\\x\\a.mp4,x\n"))


def test_a_row_without_a_value_is_no_video_and_is_told() -> None:
    make("a.mp4")
    videos, said = found(put("list.csv", "path,t\na.mp4,x\n,\n\n,\n"))
    assert [video.id for video in videos] == ["a.mp4"]
    assert said == ["list.csv: rows without any value, left out: 2 (first: line 3)"]


# --- what is no list ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["c.zip", "c.tar.gz", "c.tgz", "list.csv.gz", "c.7z"])
def test_packed_files_are_told_and_cost_one_row(name: str) -> None:
    make("a.mp4", name)
    with pytest.raises(UserError, match=f"{name}: It is (packed|a compressed tar)"):
        found(name)
    with pytest.raises(UserError, match=r"It is (packed|a compressed tar)"):
        found(f"?*{os.path.splitext(name)[1]}")
    videos, _ = found("a.mp4", name)
    assert [video.fault is None for video in videos] == [True, False]
    videos, _ = found(put("list.txt", f"a.mp4\n{name}\n"))
    assert [video.fault is None for video in videos] == [True, False]


def test_texts_beside_videos_are_no_lists() -> None:
    make("set/a.mp4", "set/b.mp4")
    put("set/a.txt", "A dog runs.\n")
    put("set/README.txt", "Clips of dogs.\n")
    put("set/b.info.json", '{"title": "x"}')
    put("set/list.txt", "b.mp4\n")
    videos, said = found(*sorted(f"set/{name}" for name in os.listdir("set")))
    assert there(videos) == ["set/a.mp4", "set/b.mp4"]
    assert [line.partition(" (")[0] for line in said if "left out" in line] == [
        "tables beside a video of the same name, left out: 1",
        "texts in which no line names a video, left out: 2",
        "1 video was already listed: left out",
    ]
    make("clips/b", "clips/b.mp4")
    put("set/names.txt", "b\n")
    assert there(found("set/list.txt", "set/names.txt", video_root="clips")[0]) == ["clips/b.mp4", "clips/b"]
    with pytest.raises(UserError, match=r"none of the files listed in set/README\.txt exists"):
        found("set/README.txt")


def test_a_video_that_is_not_there_is_called_missing(server: ScriptedServer, here: Path) -> None:
    raw_film(here / "a.mp4", 20)
    videos, _ = found(put("list.txt", "a.mp4\ngone.mp4\n"))
    Run(server, videos, here / "out.jsonl")
    _, gone = read_rows(here / "out.jsonl")
    assert gone.error is not None and (gone.error.kind, gone.error.message) == ("missing", "There is no such file.")


# --- one bad row costs one row --------------------------------------------------------------------

BAD_JSON = ["{bad", "[1]", '"x"', '{"path": "b.mp4", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
            '{"path": "b.mp4", "x": ' + "[" * 150 + "]" * 150 + "}",
            '{"path": {"bytes": "x"}}', '{"path": null, "t": 1}',
            '{"path": "b.mp4", "n": ' + "1" * 5000 + "}"]  # fmt: skip
BAD_PATHS = ["gs://bucket/x.mp4", "http://[::1/x.mp4", "http://host:99999/x.mp4", "http:///x.mp4", "foo://x/y.mp4",
             "github://x/y.mp4", "zip://a.mp4::s3://b/c.zip", "x\0y.mp4", "\ud83d.mp4", "http://[::1/\ud83d?\ud83d=1",
             "x" * 300 + ".mp4"]  # fmt: skip


@pytest.mark.parametrize("line", [*BAD_JSON, *(json.dumps({"path": path}) for path in BAD_PATHS)])
def test_a_bad_row_is_one_failed_row(
    line: str, server: ScriptedServer, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(known_implementations, "gs", {"class": "no.such.Store", "err": "not there"})
    raw_film(here / "a.mp4", 20)
    raw_film(here / "c.mp4", 60)
    put("list.jsonl", '{"path": "a.mp4"}\n' + line + '\n{"path": "c.mp4"}\n')
    videos, _ = found("list.jsonl")
    Run(server, videos, here / "out.jsonl")
    rows = list(read_rows(here / "out.jsonl"))
    assert [row.status for row in rows] == ["ok", "failed", "ok"]
    assert rows[1].error is not None and rows[1].error.stage == "decode" and rows[1].error.kind != "internal"


def test_all_rows_bad_is_an_error_before_anything_begins() -> None:
    for line in (*BAD_JSON, *(json.dumps({"path": path}) for path in BAD_PATHS[:7])):
        with pytest.raises(UserError) as caught:
            found(put("list.jsonl", f"{line}\n"), video_column="path")
        assert "\n" not in str(caught.value)


def test_a_row_with_too_many_values_is_told_and_not_guessed() -> None:
    make("a.mp4", "b.mp4")
    videos, _ = found(put("list.csv", "path,title\na.mp4,Hello, world\nb.mp4\n"))
    told = "list.csv, line 2: 3 values for 2 columns; put a value that holds a comma in double quotes"
    assert [(video.id, video.fault) for video in videos] == [("a.mp4", told), ("b.mp4", None)]


def test_times_that_python_has_no_type_for_are_text() -> None:
    make("a.mp4", "b.mp4")
    far = pa.array([2**62, 0], pa.timestamp("us"))
    days = pa.array([2**31 - 1, 0], pa.date32())
    nested = pa.array([[2**62], [0]], pa.list_(pa.timestamp("ms")))
    other = pa.array([0, 0], pa.timestamp("us", "No/Where"))
    pq.write_table(pa.table({"path": ["a.mp4", "b.mp4"], "t": far, "d": days, "n": nested, "z": other}), "list.parquet")
    videos, _ = found("list.parquet")
    assert [str(video.metadata["t"]) for video in videos] == ["148108-07-06T14:00:27.387904", "1970-01-01 00:00:00"]
    assert videos[0].metadata["d"] == "5881580-07-11"
    assert str(videos[0].metadata["n"][0]).startswith("146140482-")
    assert len(there(videos)) == 2


# --- only what is needed is read ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("list.csv", lambda number: f"{number}.mp4,title {number}\n"),
        ("list.tsv", lambda number: f'{number}.mp4\t"title" {number}\n'),
        ("list.jsonl", lambda number: json.dumps({"path": f"{number}.mp4", "title": "x"}) + "\n"),
        ("list.txt", lambda number: f"{number}.mp4\n"),
    ],
)
def test_a_limit_reads_no_more_of_a_list_than_it_needs(here: Path, name: str, row: Callable[[int], str]) -> None:
    """The list is a pipe that never ends."""
    make("0.mp4", "1.mp4", "2.mp4")
    os.mkfifo(name)
    written = 0

    def write() -> None:
        nonlocal written
        with open(name, "wb", buffering=0) as pipe:
            header = {"list.csv": b"path,title\n", "list.tsv": b"path\ttitle\n"}.get(name, b"")
            number, text = 0, header
            try:
                while written < 2**26:  # so that a reader of everything fails, and does not hang
                    while len(text) < 2**12:
                        text, number = text + row(number).encode(), number + 1
                    written += pipe.write(text)
                    text = b""
            except BrokenPipeError:
                pass

    writer = threading.Thread(target=write)
    writer.start()
    videos, _ = found(name, limit=3)
    writer.join()
    assert there(videos) == ["0.mp4", "1.mp4", "2.mp4"]
    assert written < 2**20


def test_a_limit_reads_only_the_first_rows_of_a_parquet_file(here: Path) -> None:
    """Everything behind the first row group is damaged, which shows only if it is read."""
    make("0.mp4", "1.mp4", "2.mp4")
    noise = random.Random(0)
    table = pa.table({"path": [f"{number}.mp4" for number in range(20_000)],
                      "title": [str(noise.random()) for _ in range(20_000)]})  # fmt: skip
    pq.write_table(table, "list.parquet", row_group_size=2000)
    file = pq.ParquetFile("list.parquet").metadata
    content = bytearray(Path("list.parquet").read_bytes())
    start = file.row_group(1).column(0).dictionary_page_offset or file.row_group(1).column(0).data_page_offset
    last = file.row_group(9).column(1)
    end = last.data_page_offset
    content[start:end] = noise.randbytes(end - start)
    Path("list.parquet").write_bytes(content)
    assert there(found("list.parquet", limit=3)[0]) == ["0.mp4", "1.mp4", "2.mp4"]
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        found("list.parquet")


def test_a_limit_changes_no_id_and_no_order() -> None:
    make("one/a.mp4", "one/b.mp4", "two/a.mp4", "two/c.mp4")
    put("one/list.csv", "path,t\na.mp4,x\nb.mp4,y\na.mp4,z\n")
    put("two/list.txt", "a.mp4\nc.mp4\n")
    whole, _ = found("one/list.csv", "two/list.txt")
    assert [video.id for video in whole] == ["one/a.mp4", "one/b.mp4", "two/a.mp4", "two/c.mp4"]
    for limit in range(1, 6):
        assert found("one/list.csv", "two/list.txt", limit=limit)[0] == whole[:limit]
