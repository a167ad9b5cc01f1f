"""Knows what the demonstration captions, by which recipe, and how captions are judged; knows no screen and no page."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from framescribe.demo.clips import DemoClip, demo_clips
from framescribe.demo.scenes import Mention, parse_statement
from framescribe.engines.choice import ModelChoice
from framescribe.errors import UserError
from framescribe.frames.sampling import Sampling
from framescribe.names import file_path
from framescribe.prompts import load
from framescribe.records import Row, Video
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.sources import find_videos

DEFAULT_FOLDER = "framescribe-demo"
CLIPS = 12
SAMPLING = Sampling(method="uniform", frames=5)
# One short line: the display does not wrap it.
WARNING = "The built-in models know only drawn shapes: on real videos they talk nonsense."

ATTRIBUTES = ("colour", "shape", "size", "place", "movement", "background")
_NOTE = "demo.json"


def recipe() -> Recipe:
    """What `framescribe caption --sample uniform --frames 5 --model shapes-vlm` would do, and so the same rows."""
    return Recipe(
        sampling=SAMPLING,
        stages={
            "frames": StageChoice(model=ModelChoice(model="shapes-vlm"), prompt=load("default", "frame")),
            "summary": StageChoice(model=ModelChoice(model="shapes-llm"), prompt=load("default", "summary")),
        },
    )


# --------------------------------------------------------------------------------------- the folder


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """A folder that is ready: what is captioned there, and the made-up clips by id (none for the user's own videos)."""

    folder: Path
    videos: Sequence[Video]
    clips: dict[str, DemoClip]
    sources: tuple[str, ...] = ("YOUR-VIDEOS/",)

    @property
    def real_command(self) -> str:
        """What captions such videos with a real model."""
        return f"framescribe caption {shlex.join(self.sources)} -o captions.jsonl"

    @property
    def review_command(self) -> str:
        """What opens the captions on a page; where that is not installed, it says what to install."""
        return f"framescribe review {shlex.quote(str(self.captions))}"

    @property
    def captions(self) -> Path:
        return self.folder / "captions.jsonl"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"


def made_up(folder: Path, seed: int, count: int) -> DemoFolder:
    """Make the clips in `folder`, the same ones each time. UserError if the folder holds another demonstration."""
    noted = _noted(folder)
    if noted is not None and (noted.get("seed") != seed or noted.get("clips", 0) > count):
        raise UserError(
            f"{folder} holds {_named(noted)}. Choose another folder for --seed {seed} --clips {count}: -o DIR"
        )
    _note(folder, {"seed": seed, "clips": count})
    try:
        clips = {clip.path.name: clip for clip in demo_clips(folder / "clips", seed, count)}
    except OSError as error:
        raise UserError(
            f"the clips cannot be written to {folder}: {error.strerror or error}. Choose another: -o DIR"
        ) from error
    # By name, one by one: other files in that folder have no known content.
    videos = find_videos([str(clip.path) for clip in clips.values()], say=lambda line: None)
    return DemoFolder(folder, videos, clips)


def own(folder: Path | None, videos: Sequence[Video], sources: Sequence[str]) -> DemoFolder:
    """A folder for captions of the user's videos. UserError if it holds another demonstration."""
    folder = folder or Path(file_path(f"{DEFAULT_FOLDER}-{_short(sources[0])}"))
    wish = {"sources": [source if "://" in source else os.path.abspath(source) for source in sources]}
    noted = _noted(folder)
    if noted not in (None, wish):
        raise UserError(f"{folder} holds {_named(noted)}. Choose another folder for {' '.join(sources)}: -o DIR")
    _note(folder, wish)
    return DemoFolder(folder, videos, {}, tuple(sources))


def _noted(folder: Path) -> dict[str, Any] | None:
    """Which demonstration the folder holds; UserError if it holds files that a demonstration would overwrite."""
    try:
        noted = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        for name in ("captions.jsonl", "captions.jsonl.parts", "report.html", "clips"):
            if (folder / name).exists():
                raise UserError(
                    f"{folder / name} already exists, and no demo made it. Choose another folder: -o DIR"
                ) from None
        return None
    except (OSError, ValueError):
        noted = None
    if not isinstance(noted, dict):
        raise UserError(f"{folder / _NOTE} cannot be read. Choose another folder (-o DIR), or delete {folder}.")
    return noted


def _note(folder: Path, wish: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _NOTE).write_text(json.dumps(wish) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written: {error.strerror or error}. Choose another folder: -o DIR"
        ) from error


def _named(noted: dict[str, Any] | None) -> str:
    noted = noted or {}
    if "sources" in noted:
        return f"the captions of {', '.join(noted['sources'])}"
    return f"the demo of --seed {noted.get('seed')} --clips {noted.get('clips')}"


def _short(source: str) -> str:
    """A folder name from what the user gave: `clips/*.mp4` gives "clips", "." the name of this folder."""
    for part in reversed(os.path.abspath(source).split(os.sep)):
        if "*" not in part and (name := re.sub(r"[^\w.-]+", "-", Path(part).stem).strip("-")):
            return name
    return "videos"


# -------------------------------------------------------------------------------------- the verdict


Piece = tuple[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One caption beside the truth: right means identical; `hits` of `asked` attributes agree, by name."""

    said: str | None
    truth: str
    hits: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def right(self) -> bool:
        return self.said == self.truth

    def side_by_side(self) -> tuple[list[Piece], list[Piece]]:
        """Caption and truth in pieces, each with whether it occurs only there."""
        said, truth = ([*re.findall(r"\s+|[^\s,.]+|[,.]", text)] for text in (self.said or "", self.truth))
        left: list[Piece] = []
        right: list[Piece] = []
        for kind, a, b, c, d in SequenceMatcher(None, said, truth, autojunk=False).get_opcodes():
            left.append(("".join(said[a:b]), kind != "equal"))
            right.append(("".join(truth[c:d]), kind != "equal"))
        return [piece for piece in left if piece[0]], [piece for piece in right if piece[0]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One row and, if the truth is known, the verdicts on its frame captions and its caption."""

    row: Row
    frames: tuple[Verdict, ...] = ()
    caption: Verdict | None = None

    @property
    def frames_right(self) -> int:
        return sum(verdict.right for verdict in self.frames)


@dataclass(frozen=True, slots=True)
class Score:
    """How much of what was shown is right. A video without a caption is not right; only captioned frames count."""

    videos: int
    videos_right: int
    frames: int
    frames_right: int
    hits: Counter[str]
    asked: Counter[str]

    @property
    def share(self) -> float:
        """The share of all attributes that are right."""
        return self.hits.total() / self.asked.total() if self.asked else 0.0

    @property
    def attributes(self) -> dict[str, float]:
        """The share that is right, by attribute, over frame captions and captions together."""
        return {name: self.hits[name] / self.asked[name] for name in ATTRIBUTES if self.asked[name]}


def show(rows: Iterable[Row], clips: dict[str, DemoClip]) -> list[Shown]:
    """Each row beside the truth, if `clips` knows it."""
    return [_judged(row, clips[row.id]) if row.id in clips else Shown(row=row) for row in rows]


def score(shown: Iterable[Shown]) -> Score | None:
    """None if no truth is known."""
    judged = [one for one in shown if one.caption is not None]
    if not judged:
        return None
    verdicts = [verdict for one in judged for verdict in (*one.frames, one.caption) if verdict is not None]
    return Score(
        videos=len(judged),
        videos_right=sum(one.caption is not None and one.caption.right for one in judged),
        frames=sum(len(one.frames) for one in judged),
        frames_right=sum(one.frames_right for one in judged),
        hits=sum((verdict.hits for verdict in verdicts), Counter[str]()),
        asked=sum((verdict.asked for verdict in verdicts), Counter[str]()),
    )


def _judged(row: Row, clip: DemoClip) -> Shown:
    times = [frame.index / max(1, clip.frame_count - 1) for frame in row.frames]
    frames = tuple(
        judge_caption(frame.caption, clip.scene.frame_caption(time), moving=False)
        for frame, time in zip(row.frames, times, strict=True)
    )
    # Only what the sampled frames show can be known; a video that failed before that has the whole clip's truth.
    truth = clip.scene.summary(times) if times else clip.summary()
    return Shown(row=row, frames=frames, caption=judge_caption(row.caption, truth, moving=True))


def judge_caption(said: str | None, truth: str, *, moving: bool) -> Verdict:
    """What was said beside the truth; of a clip (`moving`) it also counts what each object does."""
    if said is None:
        return Verdict(said=None, truth=truth)
    right, heard = parse_statement(truth), parse_statement(said)
    hits, asked = Counter({"background": int(heard.background == right.background)}), Counter({"background": 1})
    left = [_attributes(mention, moving) for mention in heard.mentions]
    for wanted in (_attributes(mention, moving) for mention in right.mentions):
        asked.update(wanted.keys())
        # The order in which objects are named does not matter: each is compared with the one it is most like.
        best = max(left, key=lambda other: len(wanted.items() & other.items()), default=None)
        if best is not None:
            left.remove(best)
            hits.update(name for name, _ in wanted.items() & best.items())
    for invented in left:
        asked.update(invented.keys())
    return Verdict(said=said, truth=truth, hits=hits, asked=asked)


def _attributes(mention: Mention, moving: bool) -> dict[str, str]:
    found = {
        "colour": mention.colour,
        "shape": mention.shape,
        "size": mention.size,
        "place": f"{mention.start}-{mention.end}",
    }
    return {**found, "movement": mention.motion} if moving else found
