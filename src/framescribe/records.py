"""Knows the records passed around (Video, Frame, Clip, FrameCaption, Row) and a row's JSON line; reads no file."""

from __future__ import annotations

import binascii
import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, get_args

import msgspec

from framescribe.addresses import closed, place_of
from framescribe.former_rows import provenance_of
from framescribe.plain_json import dumps

if TYPE_CHECKING:
    import numpy as np

SCHEMA = 2  # of a row; rows without a number come from version 0.1.0
DECODE = "decode"  # the stage that precedes every strategy's own
MEASURE = "measure"  # what was measured, beside every strategy's own stages
AGAIN = "again"  # in the record of a stage whose texts are to be mended; no row on disk has it
STANDS = "stands"  # in the provenance of a row to go on from, a person's caption; no row on disk has it
IMPORTED = "imported"  # the stage of captions that were made elsewhere
LENGTHS = "lengths"  # the stage of captions of several lengths
LEFT_OUT = "left_out"  # the kind of a "failure" that was wanted: `--keep` left the video out
VERIFY = "verify"  # the stage that checks captions against the frames
SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"  # what the frames say of a claim
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
        return {name: closed(value) for name, value in self.metadata.items()}

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
    _base64: bytes | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def base64(self) -> bytes:
        """The file as base64: made when it is first asked for, and kept, since stages and retries send it again."""
        if self._base64 is None:
            object.__setattr__(self, "_base64", binascii.b2a_base64(self.data, newline=False))
        return self._base64 or b""

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
class Segment:
    """A part of a video, from second `start` up to `end`: its frames from number `first` to `last`, both included, of
    which `frames` are sampled."""

    start: float
    end: float
    first: int
    last: int
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What a strategy sees of a video: its facts and its sampled frames, in order of time.

    `segments`: all of them, if the video was divided; its frames are then those of the first ones. `flags` says what is
    wrong with a file that was sampled nevertheless; `replaced`, which frames show little and which were taken instead:
    {"frame", "by", "why"}; `content` is its hash, if asked for; `fingerprint` is the quick one of its bytes
    (`frames.files`); and `facts` is what was measured in all its frames, if asked for (`measures.watching`).
    """

    info: VideoInfo
    frames: tuple[Frame, ...]
    segments: tuple[Segment, ...] = ()
    flags: tuple[str, ...] = ()
    replaced: tuple[Mapping[str, Any], ...] = ()
    content: str | None = None
    fingerprint: str | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCaption:
    """What a model said about one frame; `caption` is None if the frame was only shown together with others."""

    index: int
    time: float | None
    caption: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a video has no caption: the stage that failed ("decode" or one of the strategy's), the kind
    (`VideoError.kind`, INTERNAL or LEFT_OUT), and a sentence for a person."""

    stage: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is written for one video, failed or not. `caption` is None if none was wanted or none came. `video_path` is
    the file's place. `provenance` says what the row belongs to and what made each part of it:

        schema, version   of the row's format, and of framescribe
        file              what the file was: `fingerprint` of its bytes (`frames.files.fingerprint_of`), `stamp`
                          (`Video.stamp`), `content`, its SHA-256, if that was asked for
        stages            by name: `fingerprint` of what the stage's result depends on; engine, model and the like;
                          `attempts`, `prompt_tokens`, `completion_tokens`, `cost`; `flags` that it raised; `checked`,
                          a record of each text that failed a check at first (`strategies.asking`), and `gate`, which
                          stands for the gate that could not mend one of them; its result: the row's own fields that
                          it `fills`, and other values as `output`; `as`: "caption" if the output is the caption that
                          it made, before a later stage made another one; "captions" if it is a list of all captions
                          but the one that it `fills`; `of` (`caption_hash`): the caption that the output was made
                          from, where that is the row's; "measure" holds `Row.facts`; `told`: what a stage's model was
                          told of them; "decode" holds the file's flags and `Clip.replaced`
        recaptioned       true if a person chose to have this video captioned differently from the others
        replaces          [id, place] of the row that this one replaces, if that is a different one
        edits             what a person changed, in order: field, old, new, who, when; `made_by`, if a model wrote it
        review            the marks that a person set, as far as they stand: `verdict`, `locked`, `seen`, `note`,
                          `tags`, `versus` (by the name of another result); `who` and `when` of the latest
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

    @property
    def left_out(self) -> bool:
        """Whether it has no caption because a condition (`--keep`) left the video out; its status is "failed"."""
        return self.error is not None and self.error.kind == LEFT_OUT

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was measured in its pixels, by the measures' names (docs/measures.md); none if nothing was."""
        made = (self.stages.get(MEASURE) or {}).get("output")
        return made if isinstance(made, dict) else {}

    @property
    def captions(self) -> Mapping[str, str]:
        """Its captions by their lengths (`--captions`); if the caption was corrected since, those a person wrote."""
        made, old = (self.stages.get(LENGTHS) or {}).get("output"), LENGTHS in self.outdated
        said = {f"captions[{name}]": (name, text) for name, text in made.items()} if isinstance(made, dict) else {}
        kept = {edit.get("field") for edit in self.provenance.get("edits") or ()} if old else said
        return {name: text for field, (name, text) in said.items() if field in kept and isinstance(text, str)}

    @property
    def outdated(self) -> tuple[str, ...]:
        """The stages whose results were made from another caption than the row has now."""
        made_from = [(name, made["of"]) for name, made in self.stages.items() if "of" in made]
        return tuple(name for name, of in made_from if of != caption_hash(self.caption))

    @property
    def verified(self) -> Mapping[str, Any]:
        """What the frames say of its caption (`strategies.verify`): `support`; `claims`; and `wrong`, those of an
        earlier caption that they contradicted. Nothing if it was not verified, or has changed since then."""
        made = (self.stages.get(VERIFY) or {}).get("output") or {}
        return made if made.get("about") == caption_hash(self.caption) else {}

    @property
    def claims(self) -> list[dict[str, Any]]:
        """What its caption claims, if it was verified: `kind`, `start` and `end` in the caption, `statement`,
        `verdict`, `frames`, the numbers of those that decided it, and `by`, "asked" or "measured"."""
        return list(self.verified.get("claims") or ())

    @property
    def support(self) -> float | None:
        """Which share of the caption's claims the frames support, from 0 to 1; None: it was not verified."""
        return self.verified.get("support")

    @property
    def segments(self) -> list[dict[str, Any]]:
        """The segments of a video that was captioned in segments: `start` and `end` in seconds, `first_frame` and
        `last_frame`, `caption`, the `value` that its strategy made, if any, what its model was `told` of what was
        measured in it, and its `frames`. Else an empty list."""
        parts = list[dict[str, Any]]()
        for made in self.stages.values():
            if "segment" in made and made.get("output"):
                found = made["output"]["segments"]
                before = parts if len(parts) == len(found) else [{}] * len(found)
                parts = [{**one, **other} for one, other in zip(before, found, strict=True)]
        for part in parts:
            inside = range(part["first_frame"], part["last_frame"] + 1)
            part["frames"] = [frame for frame in self.frames if frame.index in inside]
        return parts

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


def caption_hash(caption: str | None) -> str:
    """What stands for a caption in lines about it: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256((caption or "").encode(errors="surrogatepass")).hexdigest()[:16]


def row_in(line: bytes) -> Row | None:
    """The row in a JSON line, found three times as fast as by `parsed` and `Row.from_dict`; None if the line is not
    plainly one in today's form, and these two have to decide."""
    try:
        row: Row = _ROWS.decode(line)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return row if "schema" in row.provenance or not row.provenance else None


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


_ROWS = msgspec.json.Decoder(Row)
