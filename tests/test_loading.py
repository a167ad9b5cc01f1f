"""Results load in other libraries with the lines that docs/python.md gives, whatever is in them, and wherever."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest

import framescribe as fs
from framescribe.records import Failure, FrameCaption, Video, VideoInfo
from framescribe.results.rows import Results

PAGE = Path(__file__).parent.parent / "docs" / "python.md"
COUNT = 1500  # readers guess types from the first 100 or 1000 rows; what is odd comes last
LINES = re.findall(
    r"^    ((?:pandas|polars|pyarrow\.\w+|pyarrow|datasets)\..*\(.*captions\.(\w+).*)$", PAGE.read_text(), re.M
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    for ending in ("jsonl", "csv", "parquet"):
        results = Results(folder / f"captions.{ending}")
        results.begin({})
        for row in rows():
            results.append(row)
        results.finish([Video(id=row.id, path=row.video_path, metadata=row.metadata) for row in rows()])
    return folder


def rows() -> list[fs.Row]:
    facts = VideoInfo(duration=2.0, fps=12.5, width=640, height=480, codec="h264", frames=25)
    stages = {
        "frames": {"fingerprint": "f", "fills": ["frames"]},
        "summary": {"fingerprint": "s", "fills": ["caption"]},
    }
    made = [
        fs.Row(
            id=f"{number:04}",  # as ids of a list may be: no reader may take them for numbers
            video_path=f"/clips/{number:04}.mp4",
            caption=f'Clip {number}, "so",\nit says.',
            status="ok",
            frames=(FrameCaption(index=0, time=0.0, caption="A dog."),),
            video=facts,
            size=1000 + number,
            provenance={"schema": 2, "version": "0.2.0", "file": {"fingerprint": "q"}, "stages": stages},
            metadata={"title": f"Title {number}"},
        )
        for number in range(COUNT)
    ]
    failure = Failure(stage="decode", kind="unreadable", message="It is no video.")
    lost = {"status": "failed", "caption": None, "frames": (), "video": None, "error": failure}
    made.append(replace(made[-1], id=f"{COUNT:04}", video_path="/clips/last.mp4", **lost))  # type: ignore[arg-type]
    edits = [{"field": "caption", "old": "x", "new": "y", "who": "me", "when": "2026-01-01"}]
    flagged = {"status": "flagged", "flags": ("summary_repeats",), "provenance": {**made[0].provenance, "edits": edits}}
    made.append(replace(made[0], id=f"{COUNT + 1:04}", video_path="/clips/odd.mp4", **flagged))  # type: ignore[arg-type]
    return made


def test_the_page_has_a_line_for_each_library_and_format() -> None:
    assert {(line.split(".")[0], ending) for line, ending in LINES} == {
        (library, ending)
        for library in ("pandas", "polars", "pyarrow", "datasets")
        for ending in ("jsonl", "csv", "parquet")
    }


@pytest.mark.parametrize("line", [line for line, _ in LINES])
def test_results_load_with_the_pages_line(
    line: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    library: Any = pytest.importorskip(line.split(".")[0])
    names = {library.__name__: library, "fs": fs, "pandas": pandas}
    if library.__name__ == "datasets":
        monkeypatch.setattr(library.config, "HF_DATASETS_CACHE", tmp_path)
        library.disable_progress_bars()
    if library.__name__ == "pyarrow":
        import pyarrow.csv
        import pyarrow.parquet  # noqa: F401
    table = eval(line, names)
    column: Callable[[str], list[Any]] = {
        "pandas": lambda name: table[name].tolist(),
        "polars": lambda name: table[name].to_list(),
        "pyarrow": lambda name: table[name].to_pylist(),
        "datasets": lambda name: list(table[name]),
    }[library.__name__]
    wanted = rows()
    assert column("id") == [row.id for row in wanted]
    assert column("status") == [row.status for row in wanted]
    assert column("caption")[:-2] == [row.caption for row in wanted[:-2]]
    assert column("caption")[-2] in (None, "") or column("caption")[-2] != column("caption")[-2]  # None or NaN
