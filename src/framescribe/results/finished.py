"""Knows the finished file: a row's form in each kind of file, how it is written whole, and how it is read back."""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.records import Row, Video, sample_key
from framescribe.results.parts import Place
from framescribe.storage.object_store import StoreError, is_remote, is_web, read_whole, size_of, upload
from framescribe.storage.tables import ending_of, read_table, write_to
from framescribe.storage.whole_file import whole_file

ENDINGS = (".jsonl", ".csv", ".parquet", ".tar")
_OWN = ("id", "video_path", "caption", "status", "frames", "video", "size", "flags", "error", "provenance")


def place_of(output: str | Path) -> Place:
    """Where the finished file goes: a path here, or a URL. UserError where it cannot be written."""
    place: Place = str(output) if is_remote(str(output)) else Path(output)
    if ending_of(str(output)) not in ENDINGS:
        raise UserError(f"{output} must end in {', '.join(ENDINGS)}: that says in which form the result is written")
    if isinstance(place, str) and is_web(place):
        raise UserError(f"{output}: a web server takes no files; write to a folder, or to s3://, gs:// or az://")
    if isinstance(place, Path) and place.is_dir():
        raise UserError(f"{output} is a folder; name a file in it")
    return place


def is_there(place: Place) -> bool:
    """Whether the finished file was written. Raises StoreError where its store does not say."""
    if isinstance(place, Path):
        return place.exists()
    try:
        size_of(place)
    except StoreError as error:
        if error.kind == "missing":
            return False
        raise
    return True


def refuse_twins(place: Place, videos: Iterable[Video]) -> None:
    """UserError where two videos would have the same name in a .tar."""
    names: dict[str, str] = {}
    if ending_of(str(place)) == ".tar":
        for video in videos:
            first = names.setdefault(key_of(video.id), video.id)
            if first != video.id:
                raise UserError(
                    f"{first} and {video.id} would both be {key_of(video.id)}.json in {place}; write .jsonl or .parquet"
                )


def key_of(video_id: str) -> str:
    """The name of a video's sample in a .tar: that of its source shard, where it is in one; else its id's, undotted."""
    _, in_shard, name = re.fullmatch(r"(.*?\.tar/)?(.*)", video_id, re.DOTALL | re.IGNORECASE).group(0, 1, 2)  # type: ignore[union-attr]
    if in_shard:
        return sample_key(name)
    name = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://|^/+", "", name)
    folder, slash, base = name.rpartition("/")
    return folder + slash + (base.rpartition(".")[0] or base).replace(".", "_")


def write_finished(place: Place, rows: Callable[[], Iterator[Row]]) -> None:
    """Write the file whole or not at all; `rows` gives them anew each time. OSError, StoreError where that fails."""
    ending = ending_of(str(place))
    with _whole(place) as temporary:
        if ending == ".tar":
            _write_tar(temporary, rows())
        elif ending == ".jsonl":
            write_to(temporary, ending, _Again(lambda: (row.as_dict() for row in rows())))
        else:
            write_to(temporary, ending, _Again(lambda: (flat(row) for row in rows())))


@contextmanager
def _whole(place: Place) -> Iterator[str]:
    """A temporary file on this machine that becomes the finished one when all is written."""
    if isinstance(place, Path):
        with whole_file(str(place)) as temporary:
            yield temporary
    elif sys.platform.startswith("linux"):
        with tempfile.TemporaryFile(prefix="framescribe-") as file:  # without a name, nothing can leave it behind
            yield f"/proc/self/fd/{file.fileno()}"
            upload(f"/proc/self/fd/{file.fileno()}", place)
    else:
        with tempfile.TemporaryDirectory(prefix="framescribe-") as folder:
            yield f"{folder}/finished"
            upload(f"{folder}/finished", place)


def _write_tar(temporary: str, rows: Iterator[Row]) -> None:
    """Of each row a sample: KEY.json, the whole row, and KEY.txt, its caption where it has one."""
    with tarfile.open(temporary, "w") as tar:
        for row in rows:
            key = key_of(row.id)
            _add(tar, f"{key}.json", row.as_line())
            if row.caption is not None:
                _add(tar, f"{key}.txt", row.caption)
            tar.members = []  # type: ignore[attr-defined]  # it would keep them all


def _add(tar: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode("utf-8", errors="backslashreplace")
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))


class _Again:
    """An iterable that can be gone through more than once."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._make())


def flat(row: Row) -> dict[str, Any]:
    """A row for csv and parquet: the user's columns beside ours, as "metadata.…" where the name is one of ours."""
    record = row.as_dict()
    metadata = record.pop("metadata")
    first = {name: record[name] for name in ("id", "video_path", "caption", "status")}
    own = {f"metadata.{name}" if name in _OWN else name: value for name, value in metadata.items()}
    return {**first, **own, **record}


def read_rows(path: Place) -> Iterator[Row]:
    """The rows of a finished file, here or at a URL. UserError where it is not one of framescribe's."""
    for record in _tar_records(path) if ending_of(str(path)) == ".tar" else read_table(path).records:
        try:
            yield Row.from_dict(_unflat(record))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path} was not written by framescribe (no row: {error!r}). Choose another file."
            ) from error


def _unflat(record: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(record.get("metadata"), dict) and isinstance(record.get("provenance"), dict):
        return dict(record)
    own = {name: record[name] for name in _OWN}
    for name in ("frames", "video", "flags", "error", "provenance"):
        if isinstance(own[name], str):
            own[name] = json.loads(own[name]) if own[name] else None
    own["caption"] = None if own["caption"] == "" else own["caption"]
    own["size"] = int(own["size"]) if own["size"] not in (None, "") else None
    metadata = {name.removeprefix("metadata."): value for name, value in record.items() if name not in _OWN}
    return {**own, "metadata": metadata}


def _tar_records(path: Place) -> Sequence[Mapping[str, Any]]:
    try:
        content = io.BytesIO(read_whole(path)) if isinstance(path, str) and is_remote(path) else open(path, "rb")  # noqa: SIM115
        with content, tarfile.open(fileobj=content, mode="r:") as tar:
            samples = [tar.extractfile(entry) for entry in tar if entry.name.endswith(".json")]
            return [json.loads(sample.read()) for sample in samples if sample is not None]
    except (tarfile.TarError, ValueError, OSError) as error:
        raise UserError(f"{path} is no result of framescribe ({error}). Choose another file.") from error
    except StoreError as error:
        raise UserError(f"{path} cannot be read: {error}") from error
