"""Knows which of the videos that sources hold are kept, and under which ids; reads no source but by taking from it."""

from __future__ import annotations

import os
from array import array
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from itertools import islice, takewhile
from typing import Any

from framescribe.addresses import without_keys
from framescribe.errors import UserError
from framescribe.hashes import HashTable, hashes_of
from framescribe.packed import Packed, PackedVideos, video_of
from framescribe.records import Video
from framescribe.sources.found import Found, Say
from framescribe.sources.share import Share
from framescribe.storage.object_store import is_remote

AT_ONCE = 2048  # videos that are looked at together

_ID, _PATH, _FOLDER, _NAMED, _REAL = 0, 1, 7, 8, 9  # in what `_Kept` packs; the first seven are the video's


def settled(sources: Iterable[Iterable[Found]], limit: int | None, share: Share | None, say: Say) -> PackedVideos:
    """One video per file. An id that the user gave stays, and so does its row. The others depend only on where their
    source is: not on other videos, nor on any order. Of a single source, `share` may leave some out. No more is taken
    of the sources than `limit` needs, but of each at least one video: where its ids begin depends on all of them."""
    kept, folders = _Kept(), dict[str, None]()
    for source in sources:
        found = iter(source)
        while True:
            left = AT_ONCE if limit is None else min(AT_ONCE, limit - len(kept))
            some = list(islice(found, max(1, left)))
            folders |= dict.fromkeys(one.folder for one in some[:1])  # all videos of a source have the same
            if not some or left == 0:
                break
            kept.take([one for one in some if share is None or share.has(one.id)])
            if len(kept) == limit:
                break
        if isinstance(found, Generator):
            found.close()
    if kept.again is not None:
        times = "1 video was" if kept.times == 1 else f"{kept.times} videos were"
        rows = "; --id-column keeps every row" if kept.with_columns else ""
        say(f"{times} already listed: left out (first: {without_keys(kept.again.path)}){rows}")
    return PackedVideos(kept.videos(_prefixes(folders)))


class _Kept:
    """The videos that are kept, and which files and which of the user's own ids are among them.

    Both are found by their hashes, and believed only when the texts themselves are the same.
    """

    def __init__(self) -> None:
        self._found = Packed()
        self._reals, self._ids = HashTable(), HashTable()
        self._named = array("q")  # the numbers of those whose ids are in `_ids`
        self.again: Found | None = None  # the first that was left out
        self.times = 0
        self.with_columns = False

    def __len__(self) -> int:
        return len(self._found)

    def take(self, some: list[Found]) -> None:
        """Keep these, but no file twice. UserError if an id is the user's own and already another video's."""
        reals, named = hashes_of(one.real for one in some), [one for one in some if one.named_by is not None]
        ids = hashes_of(one.id for one in named)
        files, names = self._reals.first(reals), self._ids.first(ids)
        alone = len({one.real for one in some}) == len(some) and len({one.id for one in named}) == len(named)
        if alone and (files < 0).all() and (names < 0).all():
            self._named.extend(number for number, one in enumerate(some, len(self)) if one.named_by is not None)
            self._found.extend(map(_packed, some))
            self._reals.add(reals)
            self._ids.add(ids)
            return
        # In the order in which they were packed: many that are asked for are in the same block.
        numbers = {*files[files >= 0].tolist(), *(self._named[number] for number in names[names >= 0].tolist())}
        before = {number: self._found[number] for number in sorted(numbers)}
        for one in some:
            self._take(one, before)

    def _take(self, one: Found, before: dict[int, tuple[Any, ...]]) -> None:
        [real] = reals = hashes_of([one.real])

        def packed(number: int) -> tuple[Any, ...]:
            return before[number] if number in before else self._found[number]

        if one.named_by is None and any(_real(packed(number)) == one.real for number in self._reals.numbers(int(real))):
            self.again = self.again or one
            self.times += 1
            self.with_columns |= bool(one.metadata)
            return
        if one.named_by is not None:
            [name] = ids = hashes_of([one.id])
            for number in self._ids.numbers(int(name)):
                other = packed(self._named[number])
                if other[_ID] == one.id:
                    raise UserError(f"id {one.id!r} of {one.named_by} also belongs to {other[_NAMED]}; change one")
            self._ids.add(ids)
            self._named.append(len(self))
        self._reals.add(reals)
        self._found.append(_packed(one))

    def videos(self, prefixes: Mapping[str, str]) -> Iterator[Video]:
        """The videos, under ids that begin with what the folder of each asks for."""
        for fields in self._found:
            name, video = fields[_ID], fields[:_FOLDER]
            whole = fields[_NAMED] is not None or is_remote(name) or os.path.isabs(name)
            yield video_of(video if whole else (prefixes[fields[_FOLDER]] + name, *video[1:]))


def _packed(one: Found) -> tuple[Any, ...]:
    real = None if one.real == one.path else one.real
    return one.id, one.path, one.size, one.stamp, one.metadata, one.fault, None, one.folder, one.named_by, real


def _real(fields: tuple[Any, ...]) -> str:
    real = fields[_REAL] if fields[_REAL] is not None else fields[_PATH]
    assert isinstance(real, str)
    return real


def _prefixes(folders: Collection[str]) -> dict[str, str]:
    """The start of the ids in each of these folders: if there are several, the names in which they differ."""
    names = {folder: folder.replace(os.sep, "/").rstrip("/").split("/") for folder in folders}
    if len(names) < 2:
        return dict.fromkeys(folders, "")
    common = sum(1 for _ in takewhile(lambda parts: len(set(parts)) == 1, zip(*names.values(), strict=False)))
    return {
        folder: "".join(f"{part}/" for part in parts[common:] if part and not part.endswith(":"))
        for folder, parts in names.items()
    }
