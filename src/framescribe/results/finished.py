"""Knows the finished file: how each format holds a row, how the file is written whole, and how it is read back."""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from framescribe.addresses import webdataset_key
from framescribe.errors import UserError
from framescribe.names import file_path
from framescribe.records import Row, row_in
from framescribe.results import folder as folders
from framescribe.results.cells import cells, row_of
from framescribe.results.folder import Folder, folder_at
from framescribe.results.parts import Location
from framescribe.storage.object_store import StoreError, described, is_remote, is_web, read_whole, size_of, upload
from framescribe.storage.tables import ending_of, records_of, write_to
from framescribe.storage.whole_file import whole_file

ENDINGS = (".jsonl", ".csv", ".parquet", ".tar")
AT_ONCE = 2**17  # bytes of a .jsonl that are read at once: lines are a few thousand long


def location_of(output: str | Path) -> Location:
    """Where the finished file goes: a local path, a folder for many (`Folder`), or a URL. UserError if it cannot be
    written."""
    location: Location = str(output) if is_remote(str(output)) else Path(output)
    if isinstance(location, Path) and (folder := folder_at(output)) is not None:
        return _checked(folder)
    if isinstance(location, str) and location.endswith("/"):
        raise UserError(f"{output}: a folder of files is written on this machine's disks only; name a file")
    if ending_of(str(output)) not in ENDINGS:
        raise UserError(
            f"{output} must end in {', '.join(ENDINGS)}: the ending decides the format (or in / for a folder of "
            "Parquet files)"
        )
    if isinstance(location, str) and is_web(location):
        raise UserError(f"{output}: a web server takes no files; write to a folder, or to s3://, gs:// or az://")
    return location


def _checked(folder: Folder) -> Folder:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file, not a folder: leave out the / behind it, or choose another name")
    if (own := ending_of(str(folder))) in ENDINGS and own not in folders.ENDINGS:
        raise UserError(
            f"{folder} is a folder, and its name's ending says what its files are: {', '.join(folders.ENDINGS)}; name "
            "another folder, or a file in it"
        )
    return folder


def format_of(location: Location) -> str:
    """The ending that says what the finished file is, or each of a folder's."""
    return location.ending if isinstance(location, Folder) else ending_of(str(location))


def stamp_of(location: Location) -> dict[str, Any]:
    """What shows whether the finished file was changed, without reading it: its size, and its modification time in
    seconds or what its store says about its version. OSError, StoreError if it is not there."""
    if isinstance(location, Folder):
        return location.stamp()
    if isinstance(location, Path):
        status = location.stat()
        return {"size": status.st_size, "modified": status.st_mtime}
    found = described(location)._asdict()
    return {name: value for name, value in found.items() if value is not None}


def is_there(location: Location) -> bool:
    """Whether the finished file was written; of a folder, whether all its files were. Raises StoreError if its store
    does not say."""
    if isinstance(location, Folder):
        return location.whole
    if isinstance(location, Path):
        return location.exists()
    try:
        size_of(location)
    except StoreError as error:
        if error.kind == "missing":
            return False
        raise
    return True


def refuse_twins(location: Location, ids: Iterable[str], others: Iterable[str] = ()) -> None:
    """UserError where two videos with these `ids`, or of these and of `others`, would have one name in a .tar."""
    names: dict[str, str] = {}
    if format_of(location) == ".tar":
        for one in ids:
            if names.get(key_of(one)) == one:
                raise UserError(f"two videos have the id {one}, and {location} can hold one; write .jsonl or .parquet")
            names.setdefault(key_of(one), one)
            _refuse_twin(location, names[key_of(one)], one)
        for one in others:
            _refuse_twin(location, names.setdefault(key_of(one), one), one)


def _refuse_twin(location: Location, first: str, one: str) -> None:
    if first != one:
        name = f"{key_of(one)}.json"
        raise UserError(f"{first} and {one} would both be {name} in {location}; write .jsonl or .parquet")


def key_of(video_id: str) -> str:
    """The name of a video's sample in a .tar: its name in the source shard, if it has one; else its id without its
    ending and with no dots. It is a safe path wherever the tar is unpacked."""
    _, in_shard, name = re.fullmatch(r"(.*?\.tar/)?(.*)", video_id, re.DOTALL | re.IGNORECASE).group(0, 1, 2)  # type: ignore[union-attr]
    if in_shard:
        return file_path(webdataset_key(name))
    name = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://|^/+", "", name)
    folder, slash, base = name.rpartition("/")
    return file_path(folder + slash + (base.rpartition(".")[0] or base).replace(".", "_"))


def write_finished(location: Location, rows: Callable[[], Iterator[Row]]) -> None:
    """Write the file whole or not at all; `rows` yields them afresh each time. OSError, StoreError if that fails."""
    ending = ending_of(str(location))
    with _whole(location) as temporary:
        if ending == ".tar":
            _write_tar(temporary, rows())
        elif ending == ".jsonl":
            write_to(temporary, ending, _Again(lambda: (row.as_dict() for row in rows())))
        else:
            write_to(temporary, ending, _Again(lambda: (cells(row, spreadsheet=ending == ".csv") for row in rows())))


@contextmanager
def _whole(location: Location) -> Iterator[str]:
    """A temporary file on this machine that becomes the finished file once everything is written."""
    if isinstance(location, Path):
        with whole_file(str(location)) as temporary:
            yield temporary
    elif sys.platform.startswith("linux"):
        with tempfile.TemporaryFile(prefix="framescribe-") as file:  # unnamed, so it can never be left behind
            yield f"/proc/self/fd/{file.fileno()}"
            upload(f"/proc/self/fd/{file.fileno()}", location)
    else:
        with tempfile.TemporaryDirectory(prefix="framescribe-") as folder:
            yield f"{folder}/finished"
            upload(f"{folder}/finished", location)


def _write_tar(temporary: str, rows: Iterator[Row]) -> None:
    """For each row a sample: KEY.json, the whole row, and KEY.txt, its caption where it has one.

    Of two rows with one id, which lie at two places, only the first has a name here.
    """
    there: set[str] = set()
    with tarfile.open(temporary, "w") as tar:
        for row in rows:
            key = key_of(row.id)
            if key in there:
                continue
            there.add(key)
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


def read_rows(path: Location, *, frames: bool = True) -> Iterator[Row]:
    """The rows of a finished file, here or at a URL; without `frames`, which may take less time, they may have none.
    UserError if framescribe did not write it."""
    if (folder := folder_at(path)) is not None:
        for file in folder.files():
            yield from read_rows(file, frames=frames)
        return
    ending = ending_of(str(path))
    whole, spreadsheet = ending in (".jsonl", ".tar"), ending == ".csv"
    for record in _tar_records(path) if ending == ".tar" else _lines(path) if whole else records_of(path):
        if isinstance(record, Row):
            yield record
            continue
        try:
            yield Row.from_dict(record if whole else row_of(record, spreadsheet=spreadsheet), frames=frames)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path} was not written by framescribe (not a row: {error!r}). Choose another file."
            ) from error


def is_result(path: Path) -> bool:
    """Whether a file, or a folder, on this machine is a result: its first row is one of framescribe's."""
    if (folder := folder_at(path)) is not None:
        return any(is_result(file) for file in folder.files()[:1])
    ending = ending_of(str(path))
    if ending not in ENDINGS or not path.is_file():
        return False
    try:
        if ending != ".tar":
            return next(read_rows(path), None) is not None
        with tarfile.open(path, "r:") as tar:
            first = tar.next()
            sample = tar.extractfile(first) if first is not None and first.name.endswith(".json") else None
            if sample is not None:
                Row.from_dict(json.loads(sample.read()))
            return sample is not None
    except (UserError, tarfile.TarError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _lines(path: Location) -> Iterator[Row | Mapping[str, Any]]:
    """The rows of a .jsonl, or their records. From the first line on that is plainly neither, they are read as those of
    any table."""
    count = 0
    if isinstance(path, Path):
        with path.open("rb", buffering=AT_ONCE) as file:
            for line in file:
                if (row := row_in(line)) is not None:
                    yield row
                else:
                    try:
                        record = from_json(line)  # reads four times as many lines a second as a table's reader
                    except ValueError:
                        break
                    if type(record) is not dict:
                        break
                    yield record
                count += 1
            else:
                return
    yield from islice(records_of(path), count, None)


def _tar_records(path: Location) -> Sequence[Mapping[str, Any]]:
    try:
        content = io.BytesIO(read_whole(path)) if isinstance(path, str) and is_remote(path) else open(path, "rb")  # noqa: SIM115
        with content, tarfile.open(fileobj=content, mode="r:") as tar:
            samples = [tar.extractfile(entry) for entry in tar if entry.name.endswith(".json")]
            return [json.loads(sample.read()) for sample in samples if sample is not None]
    except (tarfile.TarError, ValueError, OSError) as error:
        raise UserError(f"{path} is not a framescribe result ({error}). Choose another file.") from error
    except StoreError as error:
        raise UserError(f"{path} cannot be read: {error}") from error
