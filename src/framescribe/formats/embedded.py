"""Knows Parquet with a column of videos, as `datasets` types it: their bytes, or the paths where they lie.

`video` is a struct of `bytes` and `path`; the schema says, under "huggingface", that it is a Video
(huggingface/datasets@b7cb10b: features/video.py; features.py, `Features.from_arrow_schema`). Row groups of videos are
small there as well: 10 rows (config.py, PARQUET_ROW_GROUP_SIZE_FOR_VIDEO_DATASETS), shards 500 MB (MAX_SHARD_SIZE).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.columns import AT_ONCE, Columns
from framescribe.formats.packed import Videos, ending
from framescribe.formats.plain_tables import CAPTION_NAMES
from framescribe.formats.target import Target
from framescribe.names import file_path
from framescribe.storage.cell_text import unicode

SHARD_BYTES = 500 * 10**6
GROUP_ROWS, GROUP_BYTES = 10, 128 * 10**6
MOST_BYTES = 2**31 - 2**20  # of one video: Arrow counts the bytes of a column's piece in 32 bits
PATHS_NAME = "data/train-00000-of-00001.parquet"  # so called, it is loaded alone, whatever lies beside it
_TYPES = {"text": "string", "int": "int64", "float": "float64", "bool": "bool"}


def _columns(samples: Iterable[Sample], target: Target) -> Columns:
    own = {
        "video": lambda sample: sample.video,
        "text": lambda sample: sample.captions[0],
        "id": lambda sample: sample.id,
    }
    return Columns(samples, target.folder, own)


def _schema(columns: Columns) -> Any:
    import pyarrow as pa

    plain = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    video = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    kinds = columns.kinds
    features = {name: {"dtype": _TYPES[kind], "_type": "Value"} for name, kind in kinds.items()}
    features["video"] = {"_type": "Video"}
    fields = [(name, video if name == "video" else plain[kind]) for name, kind in kinds.items()]
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _plain(value: Any) -> Any:
    return unicode(value) if isinstance(value, str) else value


# --- writing --------------------------------------------------------------------------------------


def write_paths(samples: Iterable[Sample], target: Target) -> None:
    """One Parquet file; each video is its absolute path or its URL."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _columns(samples, target) as columns, target.whole(PATHS_NAME) as temporary:
        schema = _schema(columns)
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for chunk in columns.chunks():
                chunk["video"] = [{"bytes": None, "path": path} for path in chunk["video"]]
                arrays = [pa.array(list(map(_plain, chunk[one.name])), one.type) for one in schema]
                writer.write_batch(pa.record_batch(arrays, schema=schema))


def write_embedded(samples: Iterable[Sample], target: Target, most_bytes: int = SHARD_BYTES) -> None:
    """Parquet files of about so many bytes, with the videos' bytes in them. A group of rows, or one video if that is
    larger, is held in memory. UserError if a video cannot be read, or has 2 GB."""
    with _columns(samples, target) as columns, ExitStack() as stack, Videos(target) as videos:
        schema = _schema(columns)
        shards = _Shards(target, schema, stack, most_bytes)
        for chunk in columns.chunks():
            names = tuple(chunk)
            for values in zip(*chunk.values(), strict=True):
                row = dict(zip(names, values, strict=True))
                row["video"] = _bytes(videos, Sample(video=row["video"], captions=(), id=row["id"]))
                shards.add(row)
        shards.close()


def _bytes(videos: Videos, sample: Sample) -> dict[str, Any]:
    with videos.opened(sample) as source:
        if source.size > MOST_BYTES:
            raise UserError(
                f"{sample.id} has {source.size / 10**9:.1f} GB, and a cell of Parquet holds 2: "
                "use --layout paths, or --to webdataset"
            )
        with source.open() as file:
            content = file.read(source.size)
    name = file_path(sample.id or os.path.basename(sample.video))
    path = name if name.lower().endswith(ending(sample)) else name + ending(sample)
    return {"bytes": content, "path": path}


class _Shards:
    """The files that are being written, one after the other, a group of rows at a time."""

    def __init__(self, target: Target, schema: Any, stack: ExitStack, most_bytes: int) -> None:
        self._target, self._schema, self._stack, self._most = target, schema, stack, most_bytes
        self._rows: list[dict[str, Any]] = []
        self._held = self._size = self._number = 0
        self._writer: Any = None

    def add(self, row: dict[str, Any]) -> None:
        size = len(row["video"]["bytes"])
        if self._held + size > GROUP_BYTES:
            self._flush()
        self._rows.append(row)
        self._held += size
        if len(self._rows) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        if self._writer is None:
            self._begin()
        self._stack.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._rows:
            return
        if self._writer is None or self._size + self._held > self._most:
            self._begin()
        arrays = [pa.array([_plain(row[one.name]) for row in self._rows], one.type) for one in self._schema]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._size += self._held
        self._rows, self._held = [], 0

    def _begin(self) -> None:
        import pyarrow.parquet as pq

        self._stack.close()
        temporary = self._stack.enter_context(self._target.whole(f"data/train-{self._number:05}.parquet"))
        plain = [name for name in self._schema.names if name != "video"]  # videos are compressed already
        self._writer = self._stack.enter_context(
            pq.ParquetWriter(temporary, self._schema, compression=dict.fromkeys(plain, "zstd"), use_dictionary=plain)
        )
        self._number, self._size = self._number + 1, 0


# --- reading --------------------------------------------------------------------------------------


def _tables(path: Path) -> list[str]:
    if not path.is_dir():
        return [os.path.abspath(path)]
    found = sorted((path / "data").glob("*-[0-9]*-of-[0-9]*.parquet")) or sorted(path.rglob("*.parquet"))
    if not found:
        raise UserError(f"{path} holds no .parquet")
    return [os.path.abspath(table) for table in found]


def read_parquet(path: Path) -> Iterator[Sample]:
    """The rows of a Parquet file, or of those in a folder. A video whose bytes are in it has a path below the file's.
    UserError if there is no column of videos."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for table in _tables(path):
        try:
            with pq.ParquetFile(table) as file:
                yield from _rows(table, file)
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"{table} cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _rows(table: str, file: Any) -> Iterator[Sample]:
    schema = file.schema_arrow
    video, embedded = _video_column(schema)
    if video is None:
        raise UserError(f"{table} has no column of videos; it has {', '.join(schema.names)}")
    caption = next((name for name in ("text", *CAPTION_NAMES) if name in schema.names), None)
    others = [name for name in schema.names if name not in (video, caption, "id")]
    wanted = [f"{video}.path" if embedded is not None else video, *others]
    wanted += [name for name in (caption, "id") if name in schema.names]
    number = 0
    for batch in file.iter_batches(AT_ONCE, columns=wanted):
        columns = dict(zip(batch.schema.names, (column.to_pylist() for column in batch.columns), strict=True))
        for row in range(batch.num_rows):
            number += 1
            where = columns[video][row]
            where = where["path"] if isinstance(where, dict) else where
            text = columns[caption][row] if caption else None
            inside = embedded and not (where and (os.path.isabs(where) or "://" in where))
            yield Sample(
                video=f"{table}/{where or number}"
                if inside
                else os.path.abspath(where)
                if "://" not in where
                else where,
                captions=(str(text),) if text else (),
                id=str(columns["id"][row] or "") if "id" in columns else "",
                columns={name: value for name in others if (value := columns[name][row]) is not None},
            )


def _video_column(schema: Any) -> tuple[str | None, bool | None]:
    """The column of videos, and whether it may hold their bytes; None: it is a column of paths."""
    import pyarrow as pa

    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        typed = [name for name, kind in features.items() if kind.get("_type") == "Video" and name in schema.names]
    except (ValueError, KeyError, TypeError, AttributeError):
        typed = []
    name = next(iter(typed), "video" if "video" in schema.names else None)
    if name is None:
        return None, None
    return name, True if pa.types.is_struct(schema.field(name).type) else None


def recognises_parquet(path: Path, *, embedded: bool) -> bool:
    """Whether it is such a file, or a folder with such files: with the videos' bytes, or without."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_dir() and path.suffix.lower() != ".parquet":
        return False
    try:
        with pq.ParquetFile(_tables(path)[0]) as file:
            name, struct = _video_column(file.schema_arrow)
            if name is None or not struct or b"huggingface" not in (file.schema_arrow.metadata or {}):
                return False
            first = next(file.iter_batches(1, columns=[f"{name}.bytes"]), None)
            held = first is not None and first.num_rows and first.column(0)[0].as_py()["bytes"] is not None
            return bool(held) == embedded
    except (UserError, pa.ArrowException, OSError):
        return False
