"""Knows every option that decides what captions are made, once, but for how models run; runs nothing."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from framescribe.cli.numbers import refuse_strange
from framescribe.python.recipe import DEFAULTS, MOST
from framescribe.python.recipe import Say as Say

if TYPE_CHECKING:
    from framescribe.records import Video

SUMMARY_PROMPT = (
    "The prompt for the summary: text, @file, or default, easyanimate. What is to be summed up stands where it says "
    "{captions}; without that it follows."
)


def option(panel: str, help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


class SampleMethod(StrEnum):
    """The samplers' names."""

    mid = "mid"
    uniform = "uniform"
    random = "random"
    times = "times"
    every = "every"
    keyframes = "keyframes"
    scenes = "scenes"
    motion = "motion"


MOST_NAMED = 3  # sources in a message: a shell may have made thousands of one pattern


class Thinking(StrEnum):
    """Whether a model thinks before it answers."""

    off = "off"
    on = "on"


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Where the videos come from."""

    sources: Annotated[
        list[str],
        typer.Argument(
            help="Videos: files, folders, globs, tar shards, or metadata files (txt, csv, tsv, jsonl, json, parquet), "
            "local or at s3://, gs://, az://, hf://.",
            show_default=False,
        ),
    ]
    video_column: Annotated[
        str | None, option("Sources", "The metadata's column of video paths. Default: guessed, if only one fits.")
    ] = None
    id_column: Annotated[
        str | None, option("Sources", "The metadata's column of ids. Default: the path as written.")
    ] = None
    video_root: Annotated[
        str | None,
        option("Sources", "The folder that the metadata's paths start from. Default: the metadata file's."),
    ] = None
    limit: Annotated[int | None, option("Sources", "Only the first N videos.", min=1, metavar="N")] = None
    shard: Annotated[
        str | None,
        option(
            "Sources",
            "Only one share of the videos, for a scheduler's array of jobs: 3/50 is the third of fifty. Each needs an "
            "output of its own.",
            metavar="I/N",
        ),
    ] = None

    def find(self, say: Say) -> Sequence[Video]:
        """The videos, in a stable order."""
        from framescribe.sources import find_videos

        return find_videos(
            self.sources,
            video_column=self.video_column,
            id_column=self.id_column,
            video_root=self.video_root,
            limit=self.limit,
            shard=self.shard,
            say=say,
        )

    def named(self) -> str:
        """The sources as a message names them."""
        from framescribe.addresses import without_keys

        more = len(self.sources) - MOST_NAMED
        named = " ".join(map(without_keys, self.sources[:MOST_NAMED]))
        return f"{named} and more: {more:,}" if more > 0 else named


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """Which frames, and how large."""

    sample: Annotated[
        SampleMethod | None,
        option(
            "Frames",
            f"How frames are chosen. Default: mid, one frame; for whole clips uniform, {MOST}; for sliding uniform, 8.",
            show_default=False,
        ),
    ] = None
    frames: Annotated[
        int | None,
        option(
            "Frames",
            f"How many for uniform, random and motion (default: 1); the most for keyframes and scenes (default: "
            f"{MOST}).",
            min=1,
            metavar="N",
            show_default=False,
        ),
    ] = DEFAULTS.frames
    times: Annotated[str | None, option("Frames", "The frames at these seconds: 1.5,3.0", metavar="S,S,…")] = None
    every: Annotated[str | None, option("Frames", "One frame per interval: 2s, 500ms.", metavar="TIME")] = None
    skip_edges: Annotated[
        float, option("Frames", "Skip this share at both ends (black first frames): 0.05", min=0.0, max=0.49)
    ] = DEFAULTS.skip_edges
    salvage: Annotated[
        bool, option("Frames", "Use what can be read of videos that are cut off or damaged, and flag them.")
    ] = DEFAULTS.salvage
    avoid_bad_frames: Annotated[
        bool,
        option(
            "Frames",
            "Instead of a black, blank, frozen or badly blurred frame take the nearest better one. Every frame is "
            "decoded and looked at then.",
            "--avoid-bad-frames",
        ),
    ] = DEFAULTS.avoid_bad_frames
    seed: Annotated[int, option("Frames", "For random frames, and for decoding above temperature 0.")] = DEFAULTS.seed
    max_pixels: Annotated[
        int | None,
        option(
            "Frames",
            "Frames are shrunk while decoding to at most this many pixels. Default: 1048576; where a model sees "
            "several at once, 262144.",
            min=1024,
            metavar="N",
            show_default=False,
        ),
    ] = DEFAULTS.max_pixels
    segment: Annotated[
        str | None,
        option(
            "Frames",
            "Caption a long video segment by segment, each as long as this (10s) or a shot (shots). Frames are chosen "
            "in each; the video's caption is written from theirs.",
            metavar="TIME|shots",
        ),
    ] = None
    decoders: Annotated[
        int | None, option("Frames", "Videos decoded at once. Default: one per core, at most 8.", min=1, max=256)
    ] = DEFAULTS.decoders

    decode_timeout: Annotated[
        float | None,
        option("Frames", "Seconds allowed for decoding one video. Default: 60, plus 1 per megabyte.", min=0.1),
    ] = DEFAULTS.decode_timeout


@dataclass(frozen=True, slots=True)
class FrameModelOptions:
    """Who captions the frames."""

    model: Annotated[
        str | None, option("Models", "A name from `framescribe models`, a folder, a repository, or a server's model.")
    ] = DEFAULTS.model
    base_url: Annotated[
        list[str] | None,
        option(
            "Models",
            "An OpenAI-compatible server: http://host:8000/v1. Given several times, they share the work.",
            metavar="URL",
        ),
    ] = None
    prompt: Annotated[
        str, option("Prompts", "The frame or clip prompt: text, @file, or default, easyanimate (for frames).")
    ] = DEFAULTS.prompt


@dataclass(frozen=True, slots=True)
class SummaryModelOptions:
    """How a clip becomes a caption, and which model writes it."""

    strategy: Annotated[
        str,
        option(
            "Models",
            "frames-then-summary: each frame is captioned, then one caption is written from those. whole-clip: "
            "a model sees all frames at once and writes the caption. sliding: the first frame is captioned, then what "
            "changes from frame to frame, then one caption is written from that. structured: a model sees all frames "
            "at once and fills in a form, then one caption is written from that. Plug-ins may add others.",
            metavar="NAME",
        ),
    ] = DEFAULTS.strategy

    summary_model: Annotated[
        str | None, option("Models", "The model that writes the video's caption. Default: the same as --model.")
    ] = DEFAULTS.summary_model
    summary_base_url: Annotated[
        list[str] | None,
        option("Models", "Its server, if a different one. Default: --base-url.", metavar="URL"),
    ] = None
    summary_api_key_env: Annotated[
        str | None,
        option(
            "Servers",
            "The environment variable that holds its server's key. Default: that of --api-key-env, but a key for "
            "--base-url is never sent to another host.",
            metavar="NAME",
            show_default=False,
        ),
    ] = DEFAULTS.summary_api_key_env
    summary_thinking: Annotated[
        Thinking | None, option("Prompts", "The same for the summary. Default: --thinking.", show_default=False)
    ] = None
    step_prompt: Annotated[
        str,
        option("Prompts", "The prompt about two frames, for --strategy sliding: text, @file, or default."),
    ] = DEFAULTS.step_prompt
    summary_prompt: Annotated[str, option("Prompts", SUMMARY_PROMPT)] = DEFAULTS.summary_prompt


@dataclass(frozen=True, slots=True)
class FrameCaptionOptions:
    """Which frame captions are summarised, and by which model."""

    source: Annotated[
        str, typer.Argument(help="What `framescribe frames` wrote: .jsonl, .csv, .parquet or .tar.", show_default=False)
    ]
    model: Annotated[
        str | None,
        option(
            "Models",
            "The model that writes the video's caption. Default: one that suits the frames' model.",
            "--model",
            "--summary-model",
        ),
    ] = DEFAULTS.model
    base_url: Annotated[
        list[str] | None,
        option(
            "Models",
            "An OpenAI-compatible server. Given several times, they share the work.",
            "--base-url",
            "--summary-base-url",
            metavar="URL",
        ),
    ] = None
    prompt: Annotated[
        str,
        option("Prompts", SUMMARY_PROMPT, "--summary-prompt"),
    ] = DEFAULTS.summary_prompt
    seed: Annotated[int, option("Prompts", "For decoding above temperature 0.")] = DEFAULTS.seed
    limit: Annotated[int | None, option("Sources", "Only the first N videos.", min=1, metavar="N")] = None
    shard: Annotated[
        str | None,
        option(
            "Sources",
            "Only one share of the videos, for a scheduler's array of jobs: 3/50 is the third of fifty. Each needs an "
            "output of its own.",
            metavar="I/N",
        ),
    ] = None


def takes(*groups: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of these groups; it receives one object per group, in this order."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapper(**values: Any) -> None:
            for name, value in values.items():
                refuse_strange(name, value)
            command(
                *(group(**{field.name: values[field.name] for field in dataclasses.fields(group)}) for group in groups)
            )

        parameters = []
        for group in groups:
            hints = get_type_hints(group, include_extras=True)
            for field in dataclasses.fields(group):
                default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
                parameters.append(
                    inspect.Parameter(
                        field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name]
                    )
                )
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapper

    return decorate
