"""Knows the records that travel (Video, Frame, Clip, FrameCaption, Row) and a row's form as a line; reads no file."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, get_args
from urllib.parse import urlsplit, urlunsplit

from pydantic_core import from_json

if TYPE_CHECKING:
    import numpy as np

_MEMBER = re.compile(r"(.+?\.tar)/(.+)\?bytes=(\d+)-(\d+)", re.DOTALL | re.IGNORECASE)
_PASSWORD = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+://)[^/@]*:[^/@]*@")
Status = Literal["ok", "flagged", "failed"]
Stage = Literal["decode", "frames", "summary"]
_STATUSES = get_args(Status)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One input. `id` is the same on every machine; `metadata` holds the user's other columns, untouched.

    `size` is the file's length in bytes where it is known: a file that was replaced is captioned again.
    """

    id: str
    path: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    size: int | None = None

    @property
    def public_path(self) -> str:
        """The path as rows hold it: of a URL without name, password and query, which may be keys."""
        return without_keys(self.path)


class Member(NamedTuple):
    """A file in a tar: the tar's path, the file's name in it, and where its bytes are."""

    tar: str
    name: str
    offset: int
    size: int

    @property
    def path(self) -> str:
        """As a path that travels as others do; `in_tar` is the inverse."""
        return f"{self.tar}/{self.name}?bytes={self.offset}-{self.offset + self.size - 1}"


def in_tar(path: str) -> Member | None:
    """What `path` says of a file in a tar, or None where it names a file by itself."""
    found = _MEMBER.fullmatch(path)
    if found is None:
        return None
    tar, name, first, last = found.groups()
    return Member(tar, name, int(first), int(last) + 1 - int(first))


def sample_key(name: str) -> str:
    """What WebDataset calls `__key__`: a file's name in a tar up to the first dot behind the last slash."""
    folder, slash, base = name.rpartition("/")
    return folder + slash + base.partition(".")[0]


def without_keys(path: str) -> str:
    """A path as people and rows see it: a web address without what may open it, a video in a tar without its place."""
    if member := in_tar(path):
        return f"{without_keys(member.tar)}/{member.name}"
    if not path.lower().startswith(("http://", "https://")):
        return _PASSWORD.sub(r"\1", path)
    parts = urlsplit(path)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What the container and the decoder say of a video: seconds, pixels as displayed, frames as decoded."""

    duration: float | None
    fps: float | None
    width: int
    height: int
    codec: str
    frames: int


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A picture as the bytes of a file, the way servers take it."""

    data: bytes
    format: Literal["jpeg", "png"]

    def __repr__(self) -> str:
        return f"EncodedImage({len(self.data)} bytes of {self.format})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One decoded picture: its place in presentation order, its time in seconds, and the picture itself.

    `image` is RGB uint8 pixels [height, width, 3], or encoded where that was asked for.
    """

    index: int
    time: float | None
    image: np.ndarray | EncodedImage

    def __repr__(self) -> str:
        image = self.image if isinstance(self.image, EncodedImage) else self.image.shape
        return f"Frame(index={self.index}, time={self.time}, image={image})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What a strategy sees of a video: its facts and its sampled frames, in the order of time.

    `flags` says what is wrong with the file where it was sampled all the same, `content` is its hash where that was
    asked for, `fingerprint` the quick one of its bytes (`frames.files.fingerprint_of`).
    """

    info: VideoInfo
    frames: tuple[Frame, ...]
    flags: tuple[str, ...] = ()
    content: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCaption:
    """What a model said of one frame; `caption` is None where it was shown the frame only together with others."""

    index: int
    time: float | None
    caption: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a video has no caption: where it happened, the kind (`VideoError.kind`), and a sentence for a person."""

    stage: Stage
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is written for one video, the failed ones too. `caption` is None where no summary was wanted or came."""

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

    @property
    def has_frame_captions(self) -> bool:
        """Whether a summary can be written from its frames."""
        return any(frame.caption is not None for frame in self.frames)

    def fingerprint(self, stage: Stage) -> str | None:
        """The fingerprint of the recipe's `stage` that made this row, or None where that stage did not run."""
        return dict(self.provenance.get("fingerprints") or {}).get(stage)

    @property
    def content(self) -> str | None:
        """The hash of the file that it was made from ("sha256:…"), where it was asked for."""
        return self.provenance.get("content")

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
        """One JSON object without its newline. Values that JSON has no form for (dates, bytes) become text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, default=_as_text)

    @classmethod
    def from_line(cls, line: bytes) -> Row:
        """The inverse of `as_line`. Raises as `from_dict`, and RecursionError where it is nested too deeply."""
        try:
            record = from_json(line)  # twice as fast as `json`, which takes some lines that this refuses
        except ValueError:
            record = json.loads(line)
        return cls.from_dict(record)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Row:
        """The inverse of `as_dict`. Keys that another version wrote are left out, and facts of the video that lack
        some. Raises ValueError, KeyError or TypeError where the record is no row."""
        if not isinstance(record["id"], str) or record["status"] not in _STATUSES:
            raise ValueError("its id is no text, or its status is none")
        error = record.get("error")
        return cls(
            id=record["id"],
            video_path=record["video_path"],
            caption=record["caption"],
            status=record["status"],
            frames=_captions(record.get("frames") or ()),
            video=_facts(record.get("video")),
            size=record.get("size"),
            flags=tuple(record.get("flags") or ()),
            error=_made(Failure, error) if error else None,
            provenance=record.get("provenance") or {},
            metadata=record.get("metadata") or {},
        )


def _captions(frames: Sequence[Mapping[str, Any]]) -> tuple[FrameCaption, ...]:
    try:
        return tuple([FrameCaption(**frame) for frame in frames])
    except TypeError:
        return tuple(_made(FrameCaption, frame) for frame in frames)


def _made(kind: Callable[..., _T], values: Mapping[str, Any]) -> _T:
    """One of `kind`, without the keys that another version wrote. TypeError where some are missing."""
    try:
        return kind(**values)
    except TypeError:
        names = inspect.signature(kind).parameters
        return kind(**{name: values[name] for name in names if name in values})


def _facts(values: Mapping[str, Any] | None) -> VideoInfo | None:
    """None where an older version knew fewer of them."""
    try:
        return _made(VideoInfo, values) if values else None
    except TypeError:
        return None


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
