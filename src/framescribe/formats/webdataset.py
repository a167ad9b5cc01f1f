"""Knows tars as WebDataset reads them: of each clip KEY.mp4, KEY.txt and KEY.json, next to each other.

A key ends at the first dot of a file's name, so keys are numbers here; the JSON holds the row's id, the file's facts
and the user's columns. Every JSON has the same keys, with values of the same types, because `datasets` guesses both
from the first five samples. What reads this: webdataset 1.0.2, tariterators.py (`base_plus_ext`, `tar_file_iterator`,
`group_by_keys`), autodecode.py; huggingface/datasets@b7cb10b, packaged_modules/webdataset/webdataset.py.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.formats.columns import FACTS, Columns
from framescribe.formats.packed import Videos, ending
from framescribe.formats.plain_tables import CAPTION_NAMES, info_of, python
from framescribe.formats.target import Target
from framescribe.plain_json import dumps
from framescribe.sources.found import VIDEO_ENDINGS

SHARD_BYTES, SHARD_SAMPLES = 10**9, 10_000
_BLOCK = 512
_KEY = re.compile(r"((?:.*/|)[^.]+)[.]([^/]*)")
_META = re.compile(r"__[^/]*__($|/)")


class _Shards:
    """The tars that are being written, one after the other; `tar` is the one that has room."""

    def __init__(self, target: Target, most_bytes: int, most_samples: int) -> None:
        self._target, self._bytes, self._samples = target, most_bytes, most_samples
        self._number = self._in_it = self._size = 0
        self._open = ExitStack()
        self._tar: tarfile.TarFile | None = None

    def __enter__(self) -> _Shards:
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def with_room(self, size: int) -> tarfile.TarFile:
        """The tar for the next sample, of so many bytes. A sample that is larger than a tar may be has its own."""
        full = self._in_it >= self._samples or self._size + size > self._bytes
        if self._tar is None or (full and self._in_it):
            self._open.close()
            self._tar = self._open.enter_context(self._new())
            self._number, self._in_it, self._size = self._number + 1, 0, 0
        self._in_it, self._size = self._in_it + 1, self._size + size
        self._tar.members = []  # type: ignore[attr-defined]  # it would keep them all
        return self._tar

    def _new(self) -> tarfile.TarFile:
        temporary = self._open.enter_context(self._target.whole(f"{self._number:05}.tar"))
        return tarfile.open(temporary, "w", format=tarfile.GNU_FORMAT)


def write(
    samples: Iterable[Sample], target: Target, most_bytes: int = SHARD_BYTES, most_samples: int = SHARD_SAMPLES
) -> None:
    """Tars of at most so many bytes and samples each; a sample is never divided."""
    own = {
        "video": lambda sample: sample.video,
        "caption": lambda sample: sample.captions[0],
        "id": lambda sample: sample.id,
    }
    number = 0
    with (
        Columns(samples, target.folder, own, facts=True) as columns,
        _Shards(target, most_bytes, most_samples) as shards,
        Videos(target) as videos,
    ):
        kinds, late = columns.kinds, columns.late - set(own)
        kinds.update(dict.fromkeys(late, "text"))
        for chunk in columns.chunks(kinds):
            for name in late:  # a loader that saw no value in the first samples would take none later
                chunk[name] = ["" if value is None else value for value in chunk[name]]
            for values in zip(*chunk.values(), strict=True):
                record = dict(zip(chunk, values, strict=True))
                sample = Sample(video=record.pop("video"), captions=(record["caption"],), id=record["id"])
                _add(shards, videos, f"{number:08}", sample, dumps(record))
                number += 1


def _add(shards: _Shards, videos: Videos, key: str, sample: Sample, about: str) -> None:
    parts = [(".txt", _bytes(sample.captions[0])), (".json", _bytes(about))]
    with videos.opened(sample) as source, source.open() as video:
        size = _padded(source.size) + sum(_padded(len(part)) for _, part in parts)
        tar = shards.with_room(size)
        try:
            tar.addfile(_entry(key + ending(sample), source.size), video)
        except OSError as error:
            raise UserError(f"{sample.id} cannot be packed: {error}. Pack again once it no longer changes") from error
    for name, part in parts:
        tar.addfile(_entry(key + name, len(part)), io.BytesIO(part))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry


def _padded(size: int) -> int:
    return _BLOCK + -(-size // _BLOCK) * _BLOCK


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")


# --- reading --------------------------------------------------------------------------------------


def read(path: Path) -> Iterator[Sample]:
    """The samples with a video in a tar, or in the tars of a folder and below it, in the order of their names.

    The caption is the .txt, else the .json's `caption`, `text`, `prompt` or `cap`. UserError where a loader would stop.
    """
    for tar in _tars(path):
        try:
            with tarfile.open(tar, "r|*") as stream:
                for key, parts in _grouped(tar, stream):
                    if sample := _sample(tar, key, parts):
                        yield sample
        except (tarfile.TarError, OSError, EOFError) as error:
            raise UserError(f"{tar} cannot be read as a tar: {error}") from error


def _tars(path: Path) -> list[str]:
    if not path.is_dir():
        return [os.path.abspath(path)]
    found = [
        os.path.join(at, name)
        for at, _, names in os.walk(os.path.abspath(path))
        for name in names
        if name.endswith(".tar") and not name.startswith(".")
    ]
    if not found:
        raise UserError(f"{path} holds no .tar")
    return sorted(found)


def _grouped(tar: str, stream: tarfile.TarFile) -> Iterator[tuple[str, dict[str, tuple[str, bytes]]]]:
    """Each key with, by ending, its files' names and, except of videos, their bytes."""
    current, parts = None, dict[str, tuple[str, bytes]]()
    for entry in stream:
        stream.members = []  # type: ignore[attr-defined]
        found = _KEY.fullmatch(entry.name)
        if not entry.isreg() or found is None or _META.match(entry.name):
            continue
        key, suffix = found[1], found[2].lower()
        if key != current and current is not None:
            yield current, parts
            parts = {}
        current = key
        if suffix in parts:
            raise UserError(f"{tar}: {key} has two files that end in .{suffix}; a sample's files must be told apart")
        content = stream.extractfile(entry) if suffix in ("txt", "json") else None
        parts[suffix] = entry.name, content.read() if content is not None else b""
    if current is not None:
        yield current, parts


def _sample(tar: str, key: str, parts: dict[str, tuple[str, bytes]]) -> Sample | None:
    video = next((name for suffix, (name, _) in parts.items() if f".{suffix}" in VIDEO_ENDINGS), None)
    if video is None:
        return None
    try:
        text = parts["txt"][1].decode() if "txt" in parts else None
        about = json.loads(parts["json"][1]) if "json" in parts else {}
    except ValueError as error:
        raise UserError(f"{tar}: the text or the JSON of {key} cannot be read ({error})") from error
    about = about if isinstance(about, dict) else {"json": about}
    named = next((name for name in CAPTION_NAMES if isinstance(about.get(name), str)), "")
    caption = about.get(named, "") if text is None else text
    if about.get(named) != caption:
        named = ""  # a column of the user's
    info = info_of([about.get(name) for name in FACTS])
    return Sample(
        video=f"{tar}/{video}",
        captions=(caption,) if caption else (),
        id=str(about.get("id") or ""),
        info=info,
        columns={
            name: value
            for name, value in about.items()
            if name not in ("id", named) and not (info is not None and name in FACTS)
        },
    )


def recognises(path: Path) -> bool:
    """Whether it is a tar, or a folder with tars, whose first sample is a video."""
    if path.is_dir() and not any(path.glob("*.tar")) and not any(path.glob("*/*.tar")):
        return False
    if not path.is_dir() and path.suffix.lower() != ".tar":
        return False
    try:
        return next(read(path), None) is not None
    except UserError:
        return False


def _start(folder: Path, layout: str) -> str:
    shards = sorted(one.name for one in folder.glob("[0-9]" * 5 + ".tar"))
    name = f"{{00000..{len(shards) - 1:05}}}.tar" if len(shards) > 1 else "00000.tar"
    code = "import webdataset; print(next(iter(webdataset.WebDataset(PATH, shardshuffle=False))).keys())"
    return python(code, folder / name)


FORMAT = Format(
    name="webdataset",
    title="WebDataset",
    source="webdataset 1.0.2; huggingface/datasets@b7cb10b: packaged_modules/webdataset/webdataset.py",
    notes=(
        "Keys are running numbers, because a dot would end one; the row's id, the facts and your columns are in "
        "`KEY.json`.",
    ),
    layouts=(
        Layout(
            name="shards",
            about="00000.tar, 00001.tar …, each with KEY.mp4, KEY.txt, KEY.json; up to 1 GB or 10,000 clips",
            write=write,
            read=read,
            recognises=recognises,
            videos="packed",
        ),
    ),
    start=_start,
)
