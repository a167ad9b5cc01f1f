"""Knows the records passed around (Video, Frame, Clip, FrameCaption, Row) and a row's JSON line; reads no file."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, get_args

from pydantic_core import from_json

from framescribe.addresses import place_of, without_access
from framescribe.plain_json import dumps

if TYPE_CHECKING:
    import numpy as np

SCHEMA = 2  # of a row; rows without a number come from version 0.1.0
DECODE = "decode"  # the stage that precedes every strategy's own
IMPORTED = "imported"  # the stage of captions that were made elsewhere
INTERNAL = "internal"  # the kind of a failure that nobody foresaw: the next run tries again
Status = Literal["ok", "flagged", "failed"]
STATUSES = get_args(Status)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One input. `id` is the same on every machine; `metadata` holds the user's other columns, untouched.

    `size` is the file's length in bytes; `stamp` is what its store says about its version (a modification time in
    nanoseconds, an ETag). Both are set only if known without opening the file. `fault` says why there is nothing to
    open: its line in a list is no proper one. `caption`: what its row says now, where prompts may use that.
    """

    id: str
    path: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    size: int | None = None
    stamp: int | str | None = None
    fault: str | None = None
    caption: str | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """What prompts may use: the user's columns, and as "caption" what the row says now, where that is wanted."""
        return self.metadata if self.caption is None else {**self.metadata, "caption": self.caption}

    @property
    def kept(self) -> dict[str, Any]:
        """The user's columns as rows hold them: addresses without the parts that only grant access."""
        return {name: _closed(value) for name, value in self.metadata.items()}

    @property
    def place(self) -> str:
        """Where the file is, as rows hold it: without the parts that only grant access, which may be keys."""
        return place_of(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What the container and the decoder say about a video: seconds, pixels as displayed, frames as decoded."""

    duration: float | None
    fps: float | None
    width: int
    height: int
    codec: str
    frames: int


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A picture as the bytes of an image file, which is how servers take it."""

    data: bytes
    format: Literal["jpeg", "png"]

    def __repr__(self) -> str:
        return f"EncodedImage({len(self.data)} bytes of {self.format})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One decoded picture: its place in presentation order, its time in seconds, and the picture itself.

    `image` is RGB uint8 pixels [height, width, 3], or an encoded image if that was asked for.
    """

    index: int
    time: float | None
    image: np.ndarray | EncodedImage

    def __repr__(self) -> str:
        image = self.image if isinstance(self.image, EncodedImage) else self.image.shape
        return f"Frame(index={self.index}, time={self.time}, image={image})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What a strategy sees of a video: its facts and its sampled frames, in order of time.

    `flags` says what is wrong with a file that was sampled nevertheless; `content` is its hash, if asked for; and
    `fingerprint` is the quick one of its bytes (`frames.files.fingerprint_of`).
    """

    info: VideoInfo
    frames: tuple[Frame, ...]
    flags: tuple[str, ...] = ()
    content: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCaption:
    """What a model said about one frame; `caption` is None if the frame was only shown together with others."""

    index: int
    time: float | None
    caption: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a video has no caption: the stage that failed ("decode" or one of the strategy's), the kind
    (`VideoError.kind`, or INTERNAL), and a sentence for a person."""

    stage: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is written for one video, failed or not. `caption` is None if none was wanted or none came.

    `video_path` is the file's place. `provenance` says what the row belongs to and what made each part of it:

        schema, version   of the row's format, and of framescribe
        file              what the file was: `fingerprint` of its bytes (`frames.files.fingerprint_of`), `stamp`
                          (`Video.stamp`), `content`, its SHA-256, if that was asked for
        stages            by name: `fingerprint` of what the stage's result depends on; engine, model and the like;
                          `attempts`, `prompt_tokens`, `completion_tokens`, `cost`; `flags` that it raised; its result:
                          the row's own fields that it `fills`, and other values as `output`; `as`: "caption" if the
                          output is the caption that it made, before a later stage made another one; "captions" if
                          it is a list of all captions but the one that it `fills`
        recaptioned       true if a person chose to have this video captioned differently from the others
        replaces          [id, place] of the row that this one replaces, if that is a different one
        edits             what a person changed, in order: field, old, new, who, when
    """

    id: str
    video_path: str
    caption: str | None
    status: Status
    frames: tuple[FrameCaption, ...] = ()
    video: VideoInfo | None = None
    size: int | None = None
    flags: tuple[str, ...] = ()
    error: Failure | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    as_html: ClassVar[Callable[[Row], str | None]] = lambda row: None
    """How a notebook shows it; set by the room that opens files (`python.notebook`)."""

    def __repr__(self) -> str:
        said = f"caption={self.caption!r}"
        if self.error is not None:
            said = f"error={f'{self.error.stage}: {self.error.message}'!r}"
        return f"Row(id={self.id!r}, status={self.status!r}, {said}, frames={len(self.frames)})"

    def _repr_html_(self) -> str | None:
        return self.as_html()

    @property
    def stages(self) -> Mapping[str, Mapping[str, Any]]:
        """What each stage did, by its name; see `Row`."""
        return self.provenance.get("stages") or {}

    def fingerprint(self, stage: str) -> str | None:
        """The fingerprint of the recipe's `stage` that made this row, or None if that stage was not wanted."""
        return (self.stages.get(stage) or {}).get("fingerprint")

    @property
    def file(self) -> Mapping[str, Any]:
        """What is known about the file that the row was made from; see `Row`."""
        return self.provenance.get("file") or {}

    def has_result(self, stage: str) -> bool:
        """Whether this stage produced a result."""
        made = self.stages.get(stage) or {}
        return bool(made.get("fills")) or made.get("output") is not None

    def output(self, stage: str) -> Any:
        """What this stage made: its own output, else the caption or frames that it filled; None if it made nothing."""
        made = self.stages.get(stage) or {}
        if made.get("output") is not None:
            return made["output"]
        return next((getattr(self, name) for name in made.get("fills") or ()), None)

    def only(self, stages: Sequence[str]) -> Row:
        """The row with only what these stages made, for another recipe to build on."""
        kept = {name: made for name, made in self.stages.items() if name in stages and self.has_result(name)}
        fills = {name for made in kept.values() for name in made.get("fills") or ()}
        if kept and DECODE in self.stages:
            kept = {DECODE: self.stages[DECODE], **kept}
        return replace(
            self,
            caption=self.caption if "caption" in fills else None,
            frames=self.frames if "frames" in fills else (),
            video=self.video if kept else None,
            status="ok",
            error=None,
            flags=tuple(dict.fromkeys(flag for made in kept.values() for flag in made.get("flags") or ())),
            provenance={**self.provenance, "stages": kept},
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the order in which a person reads them."""
        return {  # not `asdict`, which copies every value deeply: ten times slower, for every row of a finished file
            "id": self.id,
            "video_path": self.video_path,
            "caption": self.caption,
            "status": self.status,
            "frames": tuple({"index": f.index, "time": f.time, "caption": f.caption} for f in self.frames),
            "video": asdict(self.video) if self.video else None,
            "size": self.size,
            "flags": self.flags,
            "error": asdict(self.error) if self.error else None,
            "provenance": dict(self.provenance),
            "metadata": dict(self.metadata),
        }

    def as_line(self) -> str:
        """One JSON object without its newline (`plain_json.dumps`)."""
        return dumps(self.as_dict())

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], *, frames: bool = True) -> Row:
        """The inverse of `as_dict`, also for rows of version 0.1.0. Unknown keys from another version are
        dropped, as are incomplete facts of the video, and the frames if not `frames`. ValueError, KeyError or TypeError
        if it is not a row."""
        if not isinstance(record["id"], str) or record["status"] not in STATUSES:
            raise ValueError("its id is not text, or its status is unknown")
        error = record.get("error")
        return cls(
            id=record["id"],
            video_path=record["video_path"],
            caption=record["caption"],
            status=record["status"],
            frames=_captions(record.get("frames") or ()) if frames else (),
            video=_facts(record.get("video")),
            size=record.get("size"),
            flags=tuple(record.get("flags") or ()),
            error=_made(Failure, error) if error else None,
            provenance=provenance_of(record),
            metadata=record.get("metadata") or {},
        )


def _closed(value: Any) -> Any:
    if isinstance(value, str):
        return without_access(value)
    if isinstance(value, Mapping):
        return {name: _closed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_closed(inner) for inner in value]
    return value


def parsed(line: bytes) -> dict[str, Any]:
    """The JSON object in a line, even with lone surrogates: file names need not be UTF-8. ValueError or RecursionError
    if it is not one."""
    try:
        record = from_json(line)  # twice as fast as `json`, which takes some lines that this refuses
    except ValueError:
        record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")
    return record


def provenance_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record's provenance in today's form."""
    made: Mapping[str, Any] = record.get("provenance") or {}
    return made if "schema" in made or not made else _from_0_1_0(record, made)


def _from_0_1_0(record: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """Version 0.1.0 had the stages "frames" and "summary", and called that of whole clips "frames", too."""
    prints, stages = made.get("fingerprints") or {}, dict[str, Any]()
    flags = record.get("flags") or ()
    captioned = any(frame.get("caption") is not None for frame in record.get("frames") or ())
    for name, fingerprint in prints.items():
        stage = dict((made.get("stages") or {}).get(name) or {})
        whole = stage.get("strategy") == "whole-clip"
        has_caption, has_frames = record.get("caption") is not None, bool(record.get("frames"))
        if whole:
            fills = ["caption", "frames"] if has_caption else []
        else:
            fills = (
                ["frames"]
                if name == "frames" and captioned
                else ["caption"]
                if name != "frames" and has_caption
                else []
            )
        raised = [flag for flag in flags if whole or flag.startswith("frame_") == (name == "frames")]
        raised = [flag for flag in raised if not flag.startswith("video_")]
        stages["clip" if whole else name] = {
            "fingerprint": fingerprint,
            **stage,
            **({"flags": raised} if raised and fills else {}),
            **({"fills": fills} if fills and (has_frames or name != "frames") else {}),
        }
    if damaged := [flag for flag in flags if flag.startswith("video_") and flag != "video_sent_as_images"]:
        stages[DECODE] = {"flags": damaged}
    file = {"content": made["content"]} if made.get("content") else {}
    return {"schema": 1, "version": made.get("version"), "file": file, "stages": stages}


def _captions(frames: Sequence[Mapping[str, Any]]) -> tuple[FrameCaption, ...]:
    try:
        return tuple([FrameCaption(**frame) for frame in frames])
    except TypeError:
        return tuple(_made(FrameCaption, frame) for frame in frames)


def _made(kind: Callable[..., _T], values: Mapping[str, Any]) -> _T:
    """One of `kind`, without unknown keys from another version. TypeError if some are missing."""
    try:
        return kind(**values)
    except TypeError:
        names = inspect.signature(kind).parameters
        return kind(**{name: values[name] for name in names if name in values})


def _facts(values: Mapping[str, Any] | None) -> VideoInfo | None:
    """None if an older version recorded fewer of them."""
    try:
        return _made(VideoInfo, values) if values else None
    except TypeError:
        return None
