"""Knows where videos come from: order, ids, the user's own columns; decodes nothing and opens no video."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from framescribe.addresses import is_valid, named, place_of, without_keys
from framescribe.errors import UserError
from framescribe.packed import PackedVideos
from framescribe.records import Video
from framescribe.sources.folders import by_pattern, in_folder
from framescribe.sources.found import MAGIC, VIDEO_ENDINGS, Found, Say, absolute, look_up, not_there, numbered
from framescribe.sources.lists import Columns, in_table, names_no_video
from framescribe.sources.settling import settled
from framescribe.sources.shards import TAR, in_shards
from framescribe.sources.share import Share
from framescribe.sources.spellings import local_of, packed
from framescribe.storage.object_store import StoreError, described, filesystem, is_remote, is_web, size_of
from framescribe.storage.tables import TABLE_ENDINGS, ending_of

__all__ = ["VIDEO_ENDINGS", "each_video", "find_videos"]

FEW = 1000  # videos, for which a store is asked for one folder after the other


def find_videos(
    sources: Sequence[str],
    *,
    video_column: str | None = None,
    id_column: str | None = None,
    video_root: str | None = None,
    limit: int | None = None,
    shard: str | None = None,
    say: Say,
) -> PackedVideos:
    """All videos of `sources` (files, folders, patterns, tables, tar shards; here, or at URLs) in a stable order, with
    stable ids; or those of one share of them ("3/50": `Share`); or the first `limit` of these, for which no more is
    read than needed.

    `say` gets one line for each choice made on the user's behalf. UserError if a source holds no video. Of a share
    there may be none.
    """
    share = None if shard is None else Share.parse(shard)
    given = [sources] if isinstance(sources, str) else [os.fspath(source) for source in sources]
    given = [one for source in given for one in numbered(source)]
    if not given or not all(given):
        kinds = (
            f"a video, a folder, a pattern like 'clips/**/*.mp4', tar shards, or a list ({', '.join(TABLE_ENDINGS)})"
        )
        raise UserError(f"no videos given: name {kinds}")
    if video_root is None:  # who names one means lists
        given = _without_texts_beside_videos(given, say)
    tables = [source for source in given if _is_table(source)]
    with_columns = [source for source in tables if ending_of(source) != ".txt"]
    for option, value, useful in (
        ("--video-column", video_column, with_columns),
        ("--id-column", id_column, with_columns),
        ("--video-root", video_root, tables),
    ):
        if value is not None and not useful:
            raise UserError(f"{option} {value} does not apply to {', '.join(given)}; leave it out")
    columns = Columns(video_column, id_column, video_root)
    few = limit is not None and limit <= FEW and share is None
    found = (_find(source, columns, say, few=few) for source in given)
    if share is not None:
        if len(given) == 1:  # then ids are as they were found, and what is in another share need not be kept
            return settled(found, limit, share, say)
        return PackedVideos(islice((one for one in settled(found, None, None, say) if share.has(one.id)), limit))
    videos = settled(found, limit, None, say)
    if not tables and all(video.fault is not None for video in videos):
        raise UserError(f"{without_keys(videos[0].path)}: {videos[0].fault}")
    return videos


def each_video(source: str) -> Iterator[Video]:
    """The videos of one folder, list or tar under the ids that `find_videos` gives them, one at a time and without the
    user's columns. UserError as there, also after the first ones."""
    for one in _find(source, Columns(None, None, None), lambda line: None, few=False):
        yield Video(id=one.id, path=one.path, size=one.size, stamp=one.stamp)


def _is_table(source: str) -> bool:
    return ending_of(without_keys(source)) in TABLE_ENDINGS and not os.path.isdir(source)


def _without_texts_beside_videos(given: list[str], say: Say) -> list[str]:
    """Of `set/*`, as a shell expands it: a table beside a video of its name tells of that video, and a text in which no
    line names a video is no list."""
    videos = {os.path.splitext(source)[0] for source in given if ending_of(without_keys(source)) in VIDEO_ENDINGS}
    beside, texts = [], []
    for source in given:
        if not _is_table(source) or is_remote(source) or not os.path.isfile(source):
            continue
        folder, name = os.path.split(source)
        parts = name.split(".")
        near = any(os.path.join(folder, ".".join(parts[:many])) in videos for many in range(1, len(parts)))
        if ending_of(source) == ".txt":
            texts += [source] if names_no_video(source, beside_one=near) else []
        elif near:
            beside.append(source)
    if len(beside) + len(texts) == len(given):
        return given
    for found, what in (
        (beside, "tables beside a video of the same name, left out"),
        (texts, "texts in which no line names a video, left out"),
    ):
        if found:
            say(f"{what}: {len(found):,} (first: {found[0]}; named alone it is read as a list)")
    return [source for source in given if source not in {*beside, *texts}]


def _find(source: str, columns: Columns, say: Say, *, few: bool) -> Iterable[Found]:
    source = local_of(source) or source
    if is_remote(source):
        return _find_remote(source, columns, say, few=few)
    if not os.path.lexists(source):
        source = os.path.expanduser(source)  # the shell leaves ~ alone inside quotes
    if os.path.isdir(source):
        return in_folder(source, say, few=few)
    if not os.path.exists(source):
        if MAGIC.search(source):
            return by_pattern(source, say, few=few)
        raise UserError(not_there(source))
    if _is_table(source):
        return in_table(source, columns, say)
    path = absolute(source)
    real, size, stamp = look_up(path, {})
    folder, name = os.path.split(path)
    one = Found(id=name, path=path, real=real, size=size, folder=folder, stamp=stamp, fault=packed(path))
    return in_shards([one], say) if ending_of(name) in TAR else [one]


def _find_remote(source: str, columns: Columns, say: Say, *, few: bool) -> Iterable[Found]:
    address = without_keys(source)
    folder, _, name = address.rpartition("/")
    ending = ending_of(name)
    if is_web(source) and not is_valid(source):
        raise UserError(f"{address} is not a valid address")
    fault = packed(source)
    one = Found(id=named(name, source), path=source, real=place_of(source), size=None, folder=folder, fault=fault)
    if fault is not None:
        return [one]
    try:
        if not is_web(source) and MAGIC.search(source) and not _is_there(source):
            return _from_store(by_pattern(source, say, few=few), address)
        if is_web(source) and not name:
            raise UserError(f"{address}: a web server does not list its files; name them in a table")
        if ending in TABLE_ENDINGS:
            return in_table(source, columns, say)
        if is_web(source) and ending not in TAR:
            return [one]
        if ending in VIDEO_ENDINGS | TAR:
            known = described(source)
            one = replace(one, size=known.size, stamp=known.stamp)
            return in_shards([one], say) if ending in TAR else [one]
        filesystem(source)
        return _from_store(in_folder(source, say, few=few), address)
    except StoreError as error:
        raise UserError(f"{address} cannot be read: {error}") from error
    except (ValueError, TypeError) as error:  # TypeError: a protocol that is no store of files
        raise UserError(f"{address}: {source.split('://')[0]} is not a known protocol") from error


def _from_store(found: Iterator[Found], address: str) -> Iterator[Found]:
    try:
        yield from found
    except StoreError as error:
        raise UserError(f"{address} cannot be read: {error}") from error


def _is_there(source: str) -> bool:
    try:
        return ending_of(source) != "" and size_of(source) is not None
    except StoreError:
        return False
