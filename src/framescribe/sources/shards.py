"""Knows which videos are in tar shards (the WebDataset convention), and what accompanies each; unpacks nothing.

Files whose names are the same up to the first dot after the last slash form one sample. In a sample with a video, the
object in the .json and the text of the .txt become metadata.
"""

from __future__ import annotations

import json
import tarfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, cast

from framescribe.addresses import Member, webdataset_key, without_keys
from framescribe.errors import Unreadable, UserError
from framescribe.frames.remote import RemoteFile
from framescribe.sources.found import VIDEO_ENDINGS, Found, Say
from framescribe.storage.json_tables import is_deep
from framescribe.storage.object_store import is_remote
from framescribe.storage.tables import ending_of

TAR = frozenset({".tar"})
AT_ONCE = 8  # shards read together
BLOCK = 2**16  # bytes fetched around each header of a remote shard
MOST_METADATA = 2**20  # bytes of a .json or .txt: anything larger does not describe a clip


def in_shards(shards: Sequence[Found], say: Say) -> Iterator[Found]:
    """The videos in these tars, in the order of the tars and of their contents; ids are "shard.tar/name". A few tars
    are read ahead.

    UserError if a tar cannot be read to its end, or if none holds a video.
    """
    count = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="shard") as threads:
        waiting = deque(threads.submit(_in_shard, shard) for shard in shards[:AT_ONCE])
        try:
            for number, shard in enumerate(shards, AT_ONCE):
                videos, strange = waiting.popleft().result()
                if number < len(shards):
                    waiting.append(threads.submit(_in_shard, shards[number]))
                if strange:
                    say(f"{without_keys(shard.path)}: {strange[0]} is not a JSON object; it is kept as text")
                if not videos:
                    say(f"{without_keys(shard.path)} holds no video")
                count += len(videos)
                yield from videos
        finally:
            for one in waiting:
                one.cancel()
    if shards and not count:
        raise UserError(f"no video in {without_keys(shards[0].path)}" + (" and the others" if len(shards) > 1 else ""))


def _in_shard(shard: Found) -> tuple[list[Found], list[str]]:
    """Its videos, and the names of .json files that hold no JSON object."""
    videos: list[Member] = []
    metadata: dict[str, dict[str, Any]] = {}
    strange: list[str] = []
    try:
        with _opened(shard.path) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            while (entry := tar.next()) is not None:
                if entry.size < 0:
                    raise tarfile.ReadError(f"the size of {entry.name} is negative")
                tar.members = []  # type: ignore[attr-defined]  # it would keep them all
                name = entry.name.removeprefix("./")
                if not entry.isreg() or entry.issparse() or name.rsplit("/", 1)[-1].startswith("."):
                    continue
                if ending_of(name) in VIDEO_ENDINGS:
                    videos.append(Member(shard.path, name, entry.offset_data, entry.size))
                elif (ending := ending_of(name)) in (".json", ".txt") and entry.size <= MOST_METADATA:
                    content = cast(BinaryIO, tar.extractfile(entry)).read().decode("utf-8", errors="replace")
                    columns = _columns(ending, content)
                    metadata.setdefault(webdataset_key(name), {}).update(columns)
                    if ending == ".json" and "json" in columns:
                        strange.append(name)
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError) as error:
        where = f" after {videos[-1].name}" if videos else ""
        raise UserError(f"{without_keys(shard.path)} cannot be read as a plain tar{where}: {error}; omit it") from error
    except Unreadable as error:
        raise UserError(f"{without_keys(shard.path)} cannot be read: {error}") from error
    return [
        Found(
            id=f"{shard.id}/{video.name}",
            path=video.path,
            real=f"{shard.real}/{video.name}",
            size=video.size,
            folder=shard.folder,
            # A rewritten tar may hold another file under the same name, of the same size.
            stamp=None if shard.stamp is None else f"{shard.stamp}@{video.offset}",
            metadata=metadata.get(webdataset_key(video.name), {}),
        )
        for video in videos
    ], strange


def _opened(path: str) -> BinaryIO:
    return cast(BinaryIO, RemoteFile(path, BLOCK) if is_remote(path) else open(path, "rb"))


def _columns(ending: str, content: str) -> dict[str, Any]:
    if ending == ".json":
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            value = None
        return value if isinstance(value, dict) and not is_deep(value) else {"json": content}
    return {"txt": content}
