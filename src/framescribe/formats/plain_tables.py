"""Knows one plain table of a data set, csv or Parquet: a row per video, for people, pandas and scripts; no trainer.

The columns are `video`, `caption`, `id`, the file's facts, and the user's own. In csv a text that a spreadsheet would
take for a formula has an apostrophe before it; the reader takes that away again. Paths and ids need not be Unicode:
they are written with escapes then, captions as they are.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.formats.columns import APART, FACTS, Columns, Kind
from framescribe.formats.target import Target
from framescribe.records import VideoInfo
from framescribe.storage.cell_text import escaped, guarded, quoted, unescaped, unguarded, unicode
from framescribe.storage.object_store import is_remote
from framescribe.storage.tables import open_table

CSV_NAME, PARQUET_NAME = "captions.csv", "captions.parquet"
OWN = ("video", "caption", "id")
NAMES = ("video", "id")
VIDEO_NAMES = ("video", "video_path", "file_name", "file_path", "path", "media_path")  # in tables that others made
CAPTION_NAMES = ("caption", "text", "prompt", "cap")
_COMMAND = re.compile(
    r"[=+\-@\uff1d\uff0b\uff0d\uff20\s']"
)  # how a relative path may begin that a spreadsheet would run


def _columns(samples: Iterable[Sample], target: Target) -> Columns:
    own = {
        "video": lambda sample: _path(target.relative(sample.video)),
        "caption": lambda sample: sample.captions[0],
        "id": lambda sample: sample.id,
    }
    return Columns(samples, target.folder, own, facts=True)


def _path(path: str) -> str:
    """The same path, but not one that would need an apostrophe: only our reader would take that away."""
    return f"./{path}" if _COMMAND.match(path) else path


# --- writing --------------------------------------------------------------------------------------


def write_csv(samples: Iterable[Sample], target: Target) -> None:
    """One csv (RFC 4180, UTF-8), with every column that any of the samples has."""
    with _columns(samples, target) as columns, target.file(CSV_NAME) as file:
        kinds = columns.kinds
        rows = csv.writer(file, lineterminator="\r\n")  # csv leaves a lone CR unquoted unless it ends lines
        rows.writerow(map(guarded, kinds))  # `Columns` has made Unicode of them
        for chunk in columns.chunks():
            rows.writerows(zip(*(_cells(name, kind, chunk[name]) for name, kind in kinds.items()), strict=True))


def _cells(name: str, kind: Kind, values: list[Any]) -> list[Any]:
    if name in NAMES:
        return [value and quoted(value) for value in values]
    if kind == "text":
        return [value and guarded(unicode(value)) for value in values]
    return [str(value).lower() for value in values] if kind == "bool" else values


def write_parquet(samples: Iterable[Sample], target: Target) -> None:
    """One Parquet file, with every column that any of the samples has."""
    with _columns(samples, target) as columns, target.whole(PARQUET_NAME) as temporary:
        write_arrow(temporary, columns, {name: escaped for name in NAMES})


def write_arrow(
    temporary: str,
    columns: Columns,
    texts: Mapping[str, Callable[[str], str]] = {},
) -> None:
    """Write the columns as Parquet into this file; `texts`: by column, what makes Unicode of its texts, if not
    `unicode`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = columns.kinds
    plain = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    schema = pa.schema([(name, plain[kind]) for name, kind in kinds.items()])
    with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for chunk in columns.chunks():
            for name, kind in kinds.items():
                if kind == "text":
                    text = texts.get(name, unicode)
                    chunk[name] = [value and text(value) for value in chunk[name]]
            arrays = [pa.array(chunk[field.name], field.type) for field in schema]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


# --- reading --------------------------------------------------------------------------------------


def _read(path: Path, name: str, text: Callable[[str], str]) -> Iterator[Sample]:
    """The rows of a table, or of the one in a folder; `text` is what a cell means. Relative paths start from the
    table's folder. UserError if it has no column with videos, or where it is broken."""
    table = path / name if path.is_dir() else path
    folder = os.path.dirname(os.path.abspath(table))
    opened = open_table(table)
    names = {unescaped(text(one)): one for one in opened.columns or ()}
    video = next((names[one] for one in VIDEO_NAMES if one in names), None)
    if video is None:
        raise UserError(f"{table} has no column with videos: name it {VIDEO_NAMES[0]!r}; it has {', '.join(names)}")
    caption = next((names[one] for one in CAPTION_NAMES if one in names), None)
    own = {video, caption, names.get("id")}
    facts = [names.get(one) for one in FACTS]
    others = {name.removeprefix(APART): one for name, one in names.items() if one not in own and one not in facts}
    for row in opened.rows:
        if row.fault is not None:
            raise UserError(f"{table}, {row.at}: {row.fault}")
        record = row.record
        where, said = record[video], record[caption] if caption else None
        if not isinstance(where, str) or not where:
            raise UserError(f"{table}, {row.at}: the column {video} holds no path of a video")
        where = unescaped(text(where))
        if not is_remote(where):
            where = os.path.join(folder, where)
            where = os.path.normpath(where) if "/." in where or "//" in where else where
        yield Sample(
            video=where,
            captions=(text(str(said)),) if said else (),
            id=unescaped(text(str(record[names["id"]] or ""))) if "id" in names else "",
            info=info_of([None if one is None else record[one] for one in facts]),
            columns={
                name: text(value) if isinstance(value, str) else value
                for name, one in others.items()
                if (value := record[one]) is not None
            },
        )


def info_of(values: list[Any]) -> VideoInfo | None:
    """The file's facts from the values of FACTS; None unless all are there that every file has."""
    duration, fps, width, height, frames, codec = values
    try:
        return VideoInfo(
            duration=float(duration) if duration else None,
            fps=float(fps) if fps else None,
            width=int(width),
            height=int(height),
            codec=codec or "",
            frames=int(frames),
        )
    except (TypeError, ValueError):
        return None


def read_csv(path: Path) -> Iterator[Sample]:
    """The rows of a csv, or of the `captions.csv` in a folder, in the exact words that were written."""
    return _read(path, CSV_NAME, unguarded)


def read_parquet(path: Path) -> Iterator[Sample]:
    """The rows of a Parquet file, or of the `captions.parquet` in a folder."""
    return _read(path, PARQUET_NAME, str)


def _recognises(name: str) -> Callable[[Path], bool]:
    def is_ours(path: Path) -> bool:
        table = path / name if path.is_dir() else path
        if table.suffix.lower() != Path(name).suffix or not table.is_file():
            return False
        try:
            return set(OWN) <= set(open_table(table).columns or ())
        except UserError:
            return False

    return is_ours


def python(code: str, path: Path | str) -> str:
    """The line for a shell that runs this code, with the path in place of PATH."""
    return shlex.join(["python", "-c", code.replace("PATH", json.dumps(str(path), ensure_ascii=False))])


def _layout(name: str, about: str, **does: Any) -> Layout:
    return Layout(
        name="table", about=about, recognises=_recognises(name), videos="listed", videos_in="videos", urls=True, **does
    )


CSV = Format(
    name="csv",
    title="plain csv",
    source="RFC 4180; pandas, read_csv",
    notes=("An apostrophe stands before a cell that a spreadsheet would run (=, +, -, @). Parquet has none.",),
    layouts=(
        _layout(
            CSV_NAME,
            f"{CSV_NAME}: video, caption, id, facts, your columns; ' before what a spreadsheet would run",
            write=write_csv,
            read=read_csv,
        ),
    ),
    start=lambda folder, layout: python(
        "import pandas; print(pandas.read_csv(PATH, keep_default_na=False))", folder / CSV_NAME
    ),
)
PARQUET = Format(
    name="parquet",
    title="plain Parquet",
    source="Apache Parquet; pandas, read_parquet",
    notes=("Columns keep their types.",),
    layouts=(
        _layout(
            PARQUET_NAME,
            f"{PARQUET_NAME}: video, caption, id, facts, your columns with their types",
            write=write_parquet,
            read=read_parquet,
        ),
    ),
    start=lambda folder, layout: python("import pandas; print(pandas.read_parquet(PATH))", folder / PARQUET_NAME),
)
