"""Knows the order of an import: a data set is read as its trainer reads it, and its captions become rows, under the ids
that `caption` gives the same videos. Knows no format and asks no model.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from framescribe.addresses import place_of
from framescribe.dataset.recognised import Recognised, recognised
from framescribe.dataset.wording import CAPTION
from framescribe.errors import UserError, VideoError
from framescribe.formats.base import Sample
from framescribe.frames.files import fingerprint_of
from framescribe.machine import cpus
from framescribe.records import IMPORTED, LENGTHS, SCHEMA, Row, Video, caption_hash
from framescribe.results.edits import Edit, me
from framescribe.results.facts import stamp_number
from framescribe.results.index import Entry
from framescribe.results.parts import Location
from framescribe.results.rows import Results
from framescribe.sources import each_video
from framescribe.sources.found import absolute, look_up
from framescribe.storage.object_store import is_remote
from framescribe.storage.tables import TABLE_ENDINGS, ending_of
from framescribe.strategies.lengths import lengths_in
from framescribe.version import VERSION

Say = Callable[[str], None]
AT_ONCE = 8  # files opened together
BATCH = 256  # clips whose captions are held while their files are opened


@dataclass(slots=True)
class Counted:
    """How many clips something is true of, and the id of the first."""

    count: int = 0
    first: str = ""

    def add(self, video: Video) -> None:
        """Count one more."""
        self.first = self.first or video.id
        self.count += 1


@dataclass(slots=True, kw_only=True)
class Imported:
    """What an import made, in clips.

    `new`: rows that were not there. `changed`: rows whose captions were others when they were last imported, which say
    now what the data set says. `unchanged`: rows that say so already, or that were corrected or captioned anew since
    their captions were imported. `others`: rows with other captions that were never imported, left as they are.
    `bare`: clips without a caption, which get no row. `missing`: rows whose file is not there. `repeated`: clips that
    the data set names more than once; all of their captions are kept.
    """

    format: str
    layout: str
    output: Location
    new: Counted = field(default_factory=Counted)
    changed: Counted = field(default_factory=Counted)
    unchanged: Counted = field(default_factory=Counted)
    others: Counted = field(default_factory=Counted)
    bare: Counted = field(default_factory=Counted)
    missing: Counted = field(default_factory=Counted)
    repeated: Counted = field(default_factory=Counted)


def import_rows(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    wanted: str | None = None,
    say: Say = lambda line: None,
) -> Imported:
    """Make the captions of a data set, a folder or file, rows of the result `output`; `wanted` names its format, which
    is otherwise recognised.

    Repeated, it takes over what changed in the data set since. UserError as in `recognised`, and if the data set names
    no file that is there, or holds no caption.
    """
    found = recognised(source, wanted)
    say(f"reading {os.fspath(source)} as {found.format.title}, {found.name} ({found.why}; --from names another)")
    return _Import(Path(os.path.abspath(os.path.expanduser(source))), found, Results(os.fspath(output)), say).run()


class _Import:
    """One import, step by step."""

    def __init__(self, path: Path, found: Recognised, results: Results, say: Say) -> None:
        self._path, self._found, self._results, self._say = path, found, results, say
        self._videos: dict[str, Video] = {}  # by place, in the data set's order
        self._repeated: set[str] = set()
        self._names, self._order = _with_caption_first(found.names)
        self._nameless = False
        self._told = Imported(format=found.format.name, layout=found.layout.name, output=results.output)

    def run(self) -> Imported:
        results = self._results
        self._look_through()
        videos = list(self._videos.values())
        results.accept(videos)
        kept = results.begin(results.noted_recipe() or {"inputs": len(videos)})
        try:
            if kept:
                rows = len({(edit.id, edit.video_path) for edit in kept})
                self._say(f"kept corrections made in {results.output}: {rows:,}")
            with ThreadPoolExecutor(min(AT_ONCE, cpus()), thread_name_prefix="fingerprint") as threads:
                for batch in _batches(self._to_write()):
                    files = threads.map(_file_of, [video for video, _ in batch])
                    for (video, captions), file in zip(batch, files, strict=True):
                        self._write(video, captions, file)
            results.finish(videos)
        finally:
            results.close()
        return self._told

    # --- which videos ---

    def _look_through(self) -> None:
        """Find out which videos the data set names. UserError if there is nothing to import."""
        known, here = _known(self._path), {row.video_path: row.id for row in self._results.rows()}
        root = self._path if self._path.is_dir() else self._path.parent
        folders: dict[str, str] = {}
        captioned = there = False
        for sample in self._found.layout.read(self._path):
            place = _place(sample)
            captioned = captioned or any(map(_says, sample.captions))
            if place in self._videos:
                if place not in self._repeated:
                    self._repeated.add(place)
                    self._told.repeated.add(self._videos[place])
                continue
            if place not in known and ".tar/" in place:
                known |= _known(Path(place.partition(".tar/")[0] + ".tar"))
            video = known.get(place) or _unlisted(sample.video if is_remote(sample.video) else place, root, folders)
            video = replace(video, metadata=sample.columns)
            if place in here and self._results.entry(video) is None:
                video = replace(video, id=here[place])
            self._videos[place] = video
            there = there or video.size is not None or is_remote(video.path)
        first = next(iter(self._videos.values()), None)
        if first is None:
            raise UserError(f"{self._path} holds no clip, read as {self._found.name}")
        if not captioned:
            raise UserError(f"no clip of {self._path} has a caption, read as {self._found.name}: nothing to import")
        if not there and ".parquet/" in first.path:
            raise UserError(
                f"{first.path.partition('.parquet/')[0]}.parquet holds the videos themselves, and rows name files: "
                "take them out of it, or import what it was exported from"
            )
        if not there:
            raise UserError(
                f"none of the videos that {self._path} names is there (first: {first.path}): "
                "move them back, or correct the paths"
            )

    # --- what they say ---

    def _captioned(self) -> Iterator[tuple[Video, tuple[str, ...]]]:
        """Each video with all of its captions; those that come more than once at the end."""
        held: dict[str, list[str]] = {}
        for sample in self._found.layout.read(self._path):
            place, captions = _place(sample), tuple(filter(_says, sample.captions))
            if place in self._repeated:
                held.setdefault(place, []).extend(captions)
            elif place in self._videos:  # else it came while this was under way
                if len(captions) == len(self._names):
                    captions = tuple(captions[at] for at in self._order)
                elif len(captions) > 1:
                    self._say_nameless()
                yield self._videos[place], captions
        for place, several in held.items():
            yield self._videos[place], tuple(dict.fromkeys(several))

    def _say_nameless(self) -> None:
        """Say once that captions have no names."""
        if not self._nameless:
            self._say(
                f"the captions of a clip have no names in {self._found.format.title}'s files, and no note of an export "
                "says them: the first is the row's caption, all others are kept beside it"
            )
        self._nameless = True

    def _to_write(self) -> Iterator[tuple[Video, tuple[str, ...]]]:
        """The videos whose rows do not yet say what the data set says."""
        told = self._told
        for video, captions in self._captioned():
            if not captions:
                told.bare.add(video)
                continue
            if video.size is None and not is_remote(video.path):
                told.missing.add(video)
            entry = self._results.entry(video)
            before = self._before(entry)
            if entry is None or (before is None and (shown := self._shown(video)) is None):
                yield video, captions
            elif before is None:
                (told.unchanged if (shown,) == captions else told.others).add(video)
            elif before == _print(captions) and not (entry.captioned == IMPORTED and _other_file(video, entry)):
                told.unchanged.add(video)
            else:
                yield video, captions

    def _before(self, entry: Entry | None) -> str | None:
        """What the captions of a row are recognised by that were imported last; None: none were."""
        if entry is None or not entry.has(IMPORTED):
            return None
        said: str = self._results.load(entry).stages[IMPORTED]["captions_sha256"]
        return said

    def _shown(self, video: Video) -> str | None:
        """The caption of the video's row, with a person's corrections."""
        return next((row.caption for row in self._results.rows([video])), None)

    def _write(self, video: Video, captions: tuple[str, ...], file: Mapping[str, Any]) -> None:
        results, told = self._results, self._told
        entry = results.entry(video)
        base, by, before = Row(id=video.id, video_path=video.place, caption=None, status="ok"), None, None
        if entry is not None:
            by, before = entry.captioned, self._before(entry)
            # What was made from another file goes with it.
            if entry.fingerprint is None or file.get("fingerprint", entry.fingerprint) == entry.fingerprint:
                base = results.load(entry)
                base = base.only(tuple(base.stages))
                file = {**{name: value for name, value in base.file.items() if name != "replaced"}, **file}
        fills = base.caption is None or by == IMPORTED
        row = replace(
            base,
            caption=captions[0] if fills else base.caption,
            status="flagged" if base.flags else "ok",
            size=video.size,
            provenance={
                **{name: value for name, value in base.provenance.items() if name != "replaces"},
                "schema": SCHEMA,
                "version": VERSION,
                "file": dict(file),
                "stages": {
                    **(self._with_lengths(base.stages, video, captions) if fills else base.stages),
                    IMPORTED: self._made(captions, fills=fills),
                },
            },
            metadata=video.kept,
        )
        results.append(row)
        if before is not None and captions[0] != _first(base) and (shown := self._shown(video)) != captions[0]:
            # Both were changed since the import: the words that are found last count, as in a finished file.
            results.edit(self._edit(row, shown, captions[0]))
        (told.new if before is None else told.unchanged if before == _print(captions) else told.changed).add(video)

    def _made(self, captions: tuple[str, ...], *, fills: bool) -> dict[str, Any]:
        """What the row says about its captions' origin."""
        made: dict[str, Any] = {
            "format": self._found.format.name,
            "layout": self._found.layout.name,
            "from": str(self._path),
            "captions_sha256": _print(captions),
            "fills": ["caption"] if fills else [],
        }
        rest = list(captions[1:] if fills else captions)
        return made | ({"output": rest, "as": "captions"} if rest else {})

    def _with_lengths(self, stages: Mapping[str, Any], video: Video, captions: tuple[str, ...]) -> dict[str, Any]:
        """The stages with the captions by their names, as the one that makes several lengths leaves them, if they have
        names; those of an earlier import go."""
        kept = {name: made for name, made in stages.items() if name != LENGTHS or "fingerprint" in made}
        if len(captions) < 2 or len(captions) != len(self._names) or video.place in self._repeated:
            return kept
        named = {name: text for name, text in zip(self._names, captions, strict=True) if name != CAPTION}
        return kept | {LENGTHS: {"output": named, "of": caption_hash(captions[0])}}

    def _edit(self, row: Row, old: str | None, new: str) -> Edit:
        return Edit(
            id=row.id,
            video_path=row.video_path,
            fingerprint=row.file.get("fingerprint"),
            field="caption",
            old=old,
            new=new,
            who=me(),
            when=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _with_caption_first(names: Sequence[str]) -> tuple[list[str], list[int]]:
    """The names in the order in which a row has their texts, and which of them stands where: first the caption, or the
    longest, from which the others were made."""

    def about(name: str) -> float:
        try:
            return lengths_in([name])[0].about
        except UserError:
            return 0.0

    first = max(range(len(names)), key=lambda at: (names[at] == CAPTION, about(names[at])), default=0)
    order = sorted(range(len(names)), key=lambda at: at != first)
    return [names[at] for at in order], order


def _known(path: Path) -> dict[str, Video]:
    """The videos of a folder, list or tar by place, as `caption` finds them; nothing where it finds none."""
    known: dict[str, Video] = {}
    if path.is_dir() or ending_of(str(path)) in (*TABLE_ENDINGS, ".tar"):
        with suppress(UserError):
            for video in each_video(str(path)):
                known.setdefault(video.place, video)
    return known


def _place(sample: Sample) -> str:
    video = sample.video
    if is_remote(video):
        return place_of(video)
    return video if os.path.isabs(video) and os.path.normpath(video) == video else absolute(video)


def _unlisted(path: str, root: Path, folders: dict[str, str]) -> Video:
    """A video that is in no list and no folder that `caption` reads: called by its path below the data set's folder, or
    by its whole path."""
    if is_remote(path):
        return Video(id=place_of(path), path=path)
    _, size, stamp = look_up(path, folders)
    inside = os.path.relpath(path, root)
    name = path if inside.startswith(os.pardir) or os.path.isabs(inside) else inside.replace(os.sep, "/")
    return Video(id=name, path=path, size=size, stamp=stamp)


def _file_of(video: Video) -> dict[str, Any]:
    """What a row says about its file: as far as that can be known without fetching it from elsewhere."""
    file: dict[str, Any] = {} if video.stamp is None else {"stamp": video.stamp}
    if video.size is not None and not is_remote(video.path):
        with suppress(VideoError):
            file["fingerprint"] = fingerprint_of(video.path)
    return file


def _other_file(video: Video, entry: Entry) -> bool:
    """Whether the file may be another one than the row was made from."""
    pairs = ((video.size, entry.size), (stamp_number(video.stamp), entry.stamp))
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _first(row: Row) -> str | None:
    """The first of the captions that were imported last."""
    made = row.stages.get(IMPORTED) or {}
    if "caption" in (made.get("fills") or ()):
        return row.caption
    said = made.get("output")
    every: list[str] = said if isinstance(said, list) else [said] if said else []
    return every[0] if every else None


def _says(caption: str) -> bool:
    return bool(caption) and not caption.isspace()


def _print(captions: Sequence[str]) -> str:
    """What captions are recognised by when they are imported again."""
    return hashlib.sha256(json.dumps(list(captions)).encode()).hexdigest()[:16]


def _batches(work: Iterable[tuple[Video, tuple[str, ...]]]) -> Iterator[list[tuple[Video, tuple[str, ...]]]]:
    every = iter(work)
    while batch := list(islice(every, BATCH)):
        yield batch
