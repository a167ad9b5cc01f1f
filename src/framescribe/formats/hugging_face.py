"""Knows what `datasets.load_dataset` reads: VideoFolder, and Parquet with a column of videos.

VideoFolder: the videos lie in `train/`, with the list of them beside them. Elsewhere `load_dataset` would take videos
with "test", "val" or "train" in their names for splits of their own, and the list for none of them: it would load the
videos without their captions. For the same reason there are no folders in `train/`.

Parquet: `embedded` holds the videos' bytes: it doubles what is on the disk, but can be moved, pushed and streamed.
`paths` holds the videos' absolute paths or URLs: it is small, but only good where these files are.

Read in datasets 5.2.0 and huggingface/datasets@b7cb10b: data_files.py, load.py (which builder reads a folder),
packaged_modules/folder_based_builder/folder_based_builder.py, features/video.py; docs/source/video_dataset.mdx.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.formats.columns import AT_ONCE, Columns
from framescribe.formats.embedded import read_parquet, recognises_parquet, write_embedded, write_paths
from framescribe.formats.listed import holds_variable
from framescribe.formats.plain_tables import CAPTION_NAMES, python, write_arrow
from framescribe.formats.target import Target
from framescribe.plain_json import dumps
from framescribe.storage.cell_text import unicode
from framescribe.storage.tables import open_table

ENDINGS = frozenset((".mkv", ".mp4", ".avi", ".mpeg", ".mov"))
TRAIN = "train"
BATCH = 10 << 20  # bytes of a .jsonl that the loader parses together
METADATA = tuple(f"metadata.{ending}" for ending in ("jsonl", "csv", "parquet"))

# Names by which `datasets` divides files into splits (data_files.py, SPLIT_KEYWORDS), if these are set apart.
_SPLIT = re.compile(
    r"(?:.*[-._ 0-9])?(?:train|training|validation|valid|dev|val|test|testing|eval|evaluation)(?P<more>[-._ 0-9].*)?"
)
# What pandas' read_csv takes for no value (pandas 3.1, parsers.py, STR_NA_VALUES).
_NOTHING_NAMES = """
#N/A #NA -1.#IND -1.#QNAN -NaN -nan 1.#IND 1.#QNAN <NA> N/A NA NULL NaN None n/a nan null
"""
_NOTHING = frozenset([*_NOTHING_NAMES.split(), "", "#N/A N/A"])
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[ T][\d:.+\-Z]*)?")


# --- writing --------------------------------------------------------------------------------------


def _columns(samples: Iterable[Sample], target: Target) -> Columns:
    own = {"file_name": lambda sample: _beside(target, sample), "text": lambda sample: sample.captions[0]}
    return Columns(samples, target.folder, own, taken=_is_file_name)


def _beside(target: Target, sample: Sample) -> str:
    """The video's path as seen from the list beside it."""
    folder, _, name = target.relative(sample.video).partition("/")
    if folder != TRAIN or "/" in name:
        raise UserError(
            f"{sample.id}: VideoFolder takes only videos in {target.path(TRAIN)}; put them there (--videos link)"
        )
    return name


def _is_file_name(name: str) -> bool:
    """Whether the loader would take the column's values for videos' paths, or the column for that of the videos."""
    return name in ("video", "file_names") or name.endswith(("_file_name", "_file_names"))


def _write_jsonl(samples: Iterable[Sample], target: Target) -> None:
    with _columns(samples, target) as columns, target.file(f"{TRAIN}/metadata.jsonl") as file:
        kinds, late = columns.kinds, columns.late
        kinds.update(dict.fromkeys(late, "text"))
        for chunk in columns.chunks(kinds):
            for name in late:  # the loader fixes the types by what comes first
                chunk[name] = ["" if value is None else value for value in chunk[name]]
            for name in (name for name, kind in kinds.items() if kind == "text"):
                chunk[name] = [value and unicode(value) for value in chunk[name]]
            names = tuple(chunk)
            file.writelines(
                dumps(dict(zip(names, values, strict=True))) + "\n" for values in zip(*chunk.values(), strict=True)
            )


def _write_csv(samples: Iterable[Sample], target: Target) -> None:
    with _columns(samples, target) as columns, target.file(f"{TRAIN}/metadata.csv") as file:
        rows = csv.writer(file, lineterminator="\r\n")  # csv leaves a lone CR unquoted unless it ends lines
        rows.writerow(columns.kinds)
        for chunk in columns.chunks():
            rows.writerows(
                [value if not isinstance(value, str) else unicode(value) for value in values]
                for values in zip(*chunk.values(), strict=True)
            )


def _write_parquet(samples: Iterable[Sample], target: Target) -> None:
    with _columns(samples, target) as columns, target.whole(f"{TRAIN}/metadata.parquet") as temporary:
        write_arrow(temporary, columns)


# --- reading --------------------------------------------------------------------------------------


def _read_folder(path: Path, name: str) -> Iterator[Sample]:
    """What the lists of this name say, in a folder and below it; or all its videos, without captions, where the loader
    reads no list. Relative paths start from the list's folder."""
    if not path.is_dir():
        yield from _rows(path)
        return
    lists, videos, others = _loaded(path, name)
    if others:
        raise UserError(
            f"{others[0]} and {lists[0] if lists else name}: VideoFolder reads lists of one format; keep one"
        )
    for table in lists:
        yield from _rows(Path(table))
    if not lists:
        for video in videos:
            yield Sample(video=video, captions=())


def _loaded(folder: Path, name: str) -> tuple[list[str], list[str], list[str]]:
    """The lists of this name that the loader reads, the videos that it finds, and the lists of other formats."""
    files = sorted(_files(os.path.abspath(folder)))
    if not _says_which(folder):  # names decide which files belong to which split; those of none are left out
        in_folders = [file for file in files if any(map(_SPLIT.fullmatch, file.split("/")[:-1]))]
        by_name = in_folders or [
            file for file in files if (found := _SPLIT.fullmatch(file.split("/")[-1])) is not None and found["more"]
        ]
        files = by_name or files
    at = {file: os.path.join(os.path.abspath(folder), *file.split("/")) for file in files}
    lists = [at[file] for file in files if file.split("/")[-1] == name]
    others = [at[file] for file in files if file.split("/")[-1] in METADATA and file.split("/")[-1] != name]
    return lists, [at[file] for file in files if os.path.splitext(file)[1].lower() in ENDINGS], others


def _files(folder: str) -> Iterator[str]:
    for at, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        below = os.path.relpath(at, folder).replace(os.sep, "/")
        for name in names:
            if not name.startswith(".") and name != "README.md":
                yield name if below == "." else f"{below}/{name}"


def _says_which(folder: Path) -> bool:
    """Whether the card says which files are to be loaded."""
    try:
        front = (folder / "README.md").read_text(encoding="utf-8", errors="replace").split("\n---", 1)[0]
    except OSError:
        return False
    return re.search(r"^\s*data_files:", front, re.MULTILINE) is not None


def _rows(table: Path) -> Iterator[Sample]:
    batches = {".csv": _csv_batches, ".jsonl": _json_batches, ".parquet": _parquet_batches}[table.suffix]
    folder, number = os.path.dirname(os.path.abspath(table)), 0
    for names, rows in batches(table):
        if "file_name" not in names:
            raise UserError(f"{table} has no column file_name; it has {', '.join(names)}")
        at = names.index("file_name")
        said = next((names.index(name) for name in ("text", *CAPTION_NAMES) if name in names), None)
        others = [(place, name) for place, name in enumerate(names) if place not in (at, said)]
        for row in rows:
            number += 1
            file, caption = row[at], row[said] if said is not None else None
            yield Sample(
                video=os.path.join(folder, _inside(file, f"{table}, row {number}")),
                captions=(str(caption),) if caption not in (None, "") else (),
                columns={name: row[place] for place, name in others if row[place] is not None},
            )


def _inside(file: Any, where: str) -> str:
    """The path, which the loader wants to be relative and to stay in the list's folder."""
    if not isinstance(file, str) or not file:
        raise UserError(f"{where}: its file_name is empty")
    plain = os.path.normpath(file)
    if "://" in file or os.path.isabs(file) or plain == ".." or plain.startswith(f"..{os.sep}"):
        raise UserError(f"{where}: its file_name {file!r} leads out of the list's folder, which the loader refuses")
    return plain


Batches = Iterator[tuple[list[str], Iterable[tuple[Any, ...]]]]


def _json_batches(table: Path) -> Batches:
    import pyarrow as pa
    import pyarrow.json

    first: Any = None
    with open(table, "rb") as file:
        while batch := file.read(BATCH):
            batch += file.readline()
            try:
                options = pyarrow.json.ReadOptions(block_size=len(batch) + 1)
                found = pyarrow.json.read_json(io.BytesIO(batch), read_options=options)
            except (pa.ArrowException, ValueError) as error:
                raise UserError(f"{table} cannot be read: {str(error).splitlines()[0]}") from None
            first = first if first is not None else found.schema
            for field in found.schema:
                known = first.field(field.name).type if field.name in first.names else field.type
                if pa.types.is_null(known) and not pa.types.is_null(field.type):
                    raise UserError(
                        f"{table}: {field.name} has no value in the first rows, so the loader takes none later; "
                        "fill it in, or leave it out"
                    )
            yield found.column_names, zip(*(column.to_pylist() for column in found.columns), strict=True)


def _parquet_batches(table: Path) -> Batches:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(table) as file:
            for batch in file.iter_batches(AT_ONCE):
                names = batch.schema.names
                yield names, zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{table} cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _csv_batches(table: Path) -> Batches:
    opened = open_table(table)
    names = list(opened.columns or ())

    def rows() -> Iterator[tuple[Any, ...]]:
        for row in opened.rows:
            if row.fault is not None:
                raise UserError(f"{table}, {row.at}: {row.fault}")
            yield tuple([None if value in _NOTHING else value for value in row.record.values()])

    yield names, rows()


def _recognises_folder(path: Path, name: str) -> bool:
    lists = _loaded(path, name)[0] if path.is_dir() else [str(path)] * (path.name == name)
    try:
        return bool(lists) and "file_name" in next(open_table(lists[0]).rows).record
    except (UserError, StopIteration):
        return False


def _refused_in_csv(sample: Sample) -> str | None:
    if sample.captions and sample.captions[0] in _NOTHING:
        return "pandas takes its caption (NA, null …) for a missing value: use --layout jsonl"
    return holds_variable(sample)


def _refused_in_jsonl(sample: Sample) -> str | None:
    if sample.captions and _DATE.fullmatch(sample.captions[0]):
        return "`datasets` takes its caption for a date: use --layout parquet"
    return holds_variable(sample)


def _layout(ending: str, about: str, write: Callable[[Iterable[Sample], Target], None], **more: Any) -> Layout:
    name = f"metadata.{ending}"
    return Layout(
        name=ending,
        about=about,
        write=write,
        read=partial(_read_folder, name=name),
        recognises=partial(_recognises_folder, name=name),
        videos="within",
        videos_in=TRAIN,
        flat=True,
        endings=ENDINGS,
        **more,
    )


VIDEOFOLDER = Format(
    name="videofolder",
    title="Hugging Face VideoFolder",
    source="huggingface/datasets@b7cb10b: packaged_modules/folder_based_builder; docs/source/video_dataset.mdx",
    notes=(
        "`train/` holds the videos and `metadata.jsonl` with `file_name`, `text` and your columns. All videos lie in "
        "one folder, of which the Hub takes 10,000 files.",
        "pandas reads NA in csv as nothing, and a date alone in jsonl is no text any more: such captions are refused,"
        " with the layout to use instead.",
    ),
    layouts=(
        _layout("jsonl", "train/metadata.jsonl beside the videos", _write_jsonl, refuses=_refused_in_jsonl),
        _layout("csv", "train/metadata.csv beside the videos", _write_csv, refuses=_refused_in_csv),
        _layout(
            "parquet",
            "train/metadata.parquet beside the videos: columns keep their types",
            _write_parquet,
            refuses=holds_variable,
        ),
    ),
    start=lambda folder, layout: python(
        'import datasets; print(datasets.load_dataset("videofolder", data_dir=PATH))', folder
    ),
)
DATASETS = Format(
    name="datasets",
    title="Hugging Face datasets",
    source="huggingface/datasets@b7cb10b: packaged_modules/parquet, features/video.py",
    notes=(
        "The videos' bytes are in the Parquet files, which doubles what is on the disk. `--layout paths` holds paths,"
        " which are good on this machine only. Decoding needs torchcodec.",
    ),
    layouts=(
        Layout(
            name="embedded",
            about="data/train-00000.parquet …, with the videos' bytes in them: can be moved, pushed and streamed",
            write=write_embedded,
            read=read_parquet,
            recognises=partial(recognises_parquet, embedded=True),
            videos="packed",
        ),
        Layout(
            name="paths",
            about="one Parquet file with the videos' paths or URLs: small, but only good where these are",
            write=write_paths,
            read=read_parquet,
            recognises=partial(recognises_parquet, embedded=False),
            videos="listed",
            videos_in="videos",
            urls=True,
        ),
    ),
    start=lambda folder, layout: python("import datasets; print(datasets.load_dataset(PATH))", folder),
)
