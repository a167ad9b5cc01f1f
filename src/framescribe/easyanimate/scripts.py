"""Knows what the two scripts' flags mean as a recipe, and the order of a run; knows no model, decodes nothing.

Each script has two files. `--saved_path` holds the original's columns, and only what was captioned. The rows file
beside it (or in `--output_dir`) is framescribe's own: every row as soon as it is done, failed or not, and how
it was made. Rows that only `--saved_path` holds, such as the original's, count as done and stay as they are.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framescribe.errors import UserError
from framescribe.records import Row, Video

if TYPE_CHECKING:
    from framescribe.cli.plain import Screen
    from framescribe.easyanimate.saved import Saved
    from framescribe.engines.choice import ModelChoice
    from framescribe.results.rows import Results
    from framescribe.runners.ranks import Rank
    from framescribe.runs.gate import GateChoice
    from framescribe.runs.recipe import Recipe

FRAME_MODEL = "llava-v1.6-vicuna-7b"
SUMMARY_MODEL = "mistralai/Mistral-7B-Instruct-v0.2"
METHODS = {"mid": "mid", "uniform": "uniform", "random": "random", "extract_mid_frame": "mid"}
FRAME_COLUMNS = ("video_path", "image_caption_model", "prompt", "sampled_frame_idx", "sampled_frame_caption")
SUMMARY_COLUMNS = ("video_path", "summary_model", "summary_caption")
NEVER_MIXED = "Use another --saved_path: rows that were made in different ways are never mixed in one file."

# The repositories that the original README links to, mapped to names that presets.py knows.
_LINKED = {
    "liuhaotian/llava-v1.6-vicuna-7b": "llava-v1.6-vicuna-7b",
    "deepseek-ai/deepseek-vl-7b-chat": "deepseek-vl-7b-chat",
    "Lin-Chen/ShareGPT4V-7B": "ShareGPT4V-7B",
    "Qwen/Qwen-VL-Chat": "Qwen-VL-Chat",
    "internlm/internlm-xcomposer2-vl-7b": "internlm-xcomposer2-vl-7b",
}
# Messages from the rest of the package name framescribe's own options.
_WORDS = {
    "; --id-column keeps every row": "",
    "--video-column": "--video_path_column",
    "--video-root": "--video_folder",
    "--base-url": "--base_url",
    "--quantize": "--image_caption_model_quantized",
    "-o": "--saved_path",
}
_FRAME_WORDS = {**_WORDS, "--model": "--image_caption_model_name"}
_SUMMARY_WORDS = {**_WORDS, "--model": "--summary_model_name"}
_INGREDIENTS = {
    "sampling": "--frame_sample_method or --num_sampled_frames",
    "prompt": "the prompt",
    "model": "the model",
    "quantize": "--image_caption_model_quantized",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFlags:
    """The flags of caption_video_frame.py."""

    video_folder: str | None
    video_metadata_path: str | None
    video_path_column: str
    batch_size: int
    frame_sample_method: str
    num_sampled_frames: int
    image_caption_model_name: str | None
    image_caption_model_quantized: bool
    image_caption_prompt: str | None
    base_url: str | None
    output_dir: Path | None
    saved_path: Path
    saved_freq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryFlags:
    """The flags of caption_summary.py."""

    video_metadata_path: str
    video_path_column: str
    caption_column: str
    remove_quotes: bool
    batch_size: int
    summary_model_name: str | None
    summary_prompt: str | None
    base_url: str | None
    output_dir: Path | None
    saved_path: Path
    saved_freq: int


def caption_frames(flags: FrameFlags) -> int:
    """Caption the sampled frames of every video, and return the exit code."""
    return _ended("caption_video_frame.py", _FRAME_WORDS, lambda display: _caption_frames(flags, display))


def summarize(flags: SummaryFlags) -> int:
    """Write one caption per video from its frame captions, and return the exit code."""
    return _ended("caption_summary.py", _SUMMARY_WORDS, lambda display: _summarize(flags, display))


def truth(text: str) -> bool:
    """A flag's "true" or "false", taken literally; the original took any text as true."""
    word = text.strip().lower()
    if word not in ("true", "false", "yes", "no", "1", "0"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return word in ("true", "yes", "1")


def positive(text: str) -> int:
    """A flag's whole number of at least 1."""
    if not re.fullmatch(r"\s*0*[1-9][0-9]*\s*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _ended(script: str, words: Mapping[str, str], command: Callable[[Screen], int]) -> int:
    from framescribe.cli.screen import screen
    from framescribe.cli.terminal import ended

    def run() -> int:
        rank = _rank()
        with screen(quiet=False, json_logs=False, rank=rank.number if rank else None) as display:
            return command(display)

    return ended(script, run, words=lambda text: _in_words(text, words))


def _rank() -> Rank | None:
    """Which process this is among those that `accelerate launch` or torchrun started, as the original was started."""
    from framescribe.runners.ranks import rank_of

    return rank_of(os.environ)


def _in_words(text: str, words: Mapping[str, str]) -> str:
    for ours, theirs in words.items():
        text = re.sub(rf"(?<![\w-]){re.escape(ours)}(?![\w-])", theirs, text)
    return text


def _caption_frames(flags: FrameFlags, display: Screen) -> int:
    from framescribe.easyanimate.saved import Saved
    from framescribe.frames.sampling import Sampling
    from framescribe.prompts import check, load
    from framescribe.runs.recipe import Recipe, StageChoice

    method, count = METHODS[flags.frame_sample_method], flags.num_sampled_frames
    if method == "mid" and count != 1:
        display.say(f"mid takes one frame: --num_sampled_frames {count} has no effect (it is for uniform and random)")
        count = 1
    sampling = Sampling(method=method, frames=count)  # type: ignore[arg-type]
    videos = _videos(flags, lambda line: display.say(_in_words(line, _FRAME_WORDS)))
    prompt = load("easyanimate" if flags.image_caption_prompt is None else flags.image_caption_prompt, "frame")
    check(prompt, "frame", sorted({column for video in videos for column in video.metadata}))
    name, choice = _model(flags.image_caption_model_name, FRAME_MODEL, flags, display)
    if flags.image_caption_model_quantized:
        if flags.base_url:
            raise UserError("--image_caption_model_quantized: a server decides that itself; leave it out")
        choice = choice.model_copy(update={"quantize": "int4"})
    recipe = Recipe(sampling=sampling, stages={"frames": StageChoice(model=choice, prompt=prompt)}, gate=_gate())
    same = {"image_caption_model": name, "prompt": prompt}
    saved = Saved.read(flags.saved_path, FRAME_COLUMNS, flags.video_path_column, same, NEVER_MIXED)

    def record(row: Row) -> dict[str, Any]:
        frames = [frame.index for frame in row.frames], [frame.caption for frame in row.frames]
        return dict(zip(FRAME_COLUMNS, (row.id, name, prompt, *frames), strict=True))

    return _job(recipe, videos, saved, flags.output_dir, record, display)


def _summarize(flags: SummaryFlags, display: Screen) -> int:
    from framescribe.easyanimate.captions import frame_captions
    from framescribe.easyanimate.saved import Saved
    from framescribe.prompts import check, load
    from framescribe.runs.recipe import Recipe, StageChoice

    rows = frame_captions(
        flags.video_metadata_path, flags.video_path_column, flags.caption_column, flags.remove_quotes, display.say
    )
    videos = [Video(id=row.id, path=row.video_path, metadata=row.metadata) for row in rows.values()]
    note = None
    prompt = load("easyanimate" if flags.summary_prompt is None else flags.summary_prompt, "summary")
    if "{captions}" not in prompt:  # the original's prompt ends in "Here is the mid-frame description: "
        prompt += " {captions}"
        note = "the summary prompt does not say {captions}: the frame captions follow it"
    check(prompt, "summary", sorted({column for video in videos for column in video.metadata}))
    if note is not None:
        display.say(note)
    name, choice = _model(flags.summary_model_name, SUMMARY_MODEL, flags, display)
    recipe = Recipe(stages={"summary": StageChoice(model=choice, prompt=prompt)}, gate=_gate())
    same = {"summary_model": name}
    saved = Saved.read(flags.saved_path, SUMMARY_COLUMNS, flags.video_path_column, same, NEVER_MIXED)

    def record(row: Row) -> dict[str, Any]:
        return dict(zip(SUMMARY_COLUMNS, (row.id, name, row.caption), strict=True))

    return _job(recipe, videos, saved, flags.output_dir, record, display, rows)


def _videos(flags: FrameFlags, say: Callable[[str], None]) -> Sequence[Video]:
    from framescribe.sources import find_videos

    table, folder = flags.video_metadata_path, flags.video_folder or None
    if table:
        column = None if table.lower().endswith(".txt") else flags.video_path_column
        return find_videos([table], video_column=column, video_root=folder, say=say)
    if folder is None:
        raise UserError("no videos given: name a --video_folder, or a --video_metadata_path (txt, csv, jsonl), or both")
    if Path(folder).is_file():
        raise UserError(f"--video_folder {folder} is a file; a list of videos goes to --video_metadata_path")
    return find_videos([folder], say=say)


def _model(
    name: str | None, default: str, flags: FrameFlags | SummaryFlags, display: Screen
) -> tuple[str, ModelChoice]:
    """The model's name as the user knows it, and the choice."""
    from framescribe.cli.recipes import chosen
    from framescribe.engines.choice import ModelChoice

    if flags.base_url:
        choice = chosen(ModelChoice(engine="openai", model=name, base_urls=(flags.base_url,)), display.say)
        return choice.model or "", choice
    name = name or default
    return name, ModelChoice(model=_LINKED.get(name, name), batch_size=flags.batch_size)


def _gate() -> GateChoice:
    """Texts stay as the model wrote them, and what is no caption at all is flagged in the rows file."""
    from framescribe.checks.judge import ALL
    from framescribe.runs.gate import GateChoice

    return GateChoice(mode="flag", on=("empty", "refusal", "truncated", "repeats", "encoding"), off=(ALL,))


def _job(
    recipe: Recipe,
    videos: Sequence[Video],
    saved: Saved,
    output_dir: Path | None,
    record: Callable[[Row], dict[str, Any]],
    display: Screen,
    frames_from: Mapping[str, Row] | None = None,
) -> int:
    """Caption what neither file holds, and write it to `--saved_path`, however the run ends."""
    from framescribe.cli.running import run
    from framescribe.results.index import hash_of
    from framescribe.results.plan import Again
    from framescribe.results.rows import Results, video_of
    from framescribe.runners.ranks import joined
    from framescribe.runs.job import RunOptions

    sources = None if frames_from is None else {(row.id, hash_of(video_of(row))): row for row in frames_from.values()}
    kept = Results(_rows_path(saved.path, output_dir))
    _refuse_other_recipe(kept, recipe)
    again = Again(failed=True, redo=True)
    plan = kept.plan(videos, recipe.wanted(), again=again, sources=sources)
    todo = {todo.video.id for todo in plan.todo} | {doubt.video.id for doubt in plan.doubts}
    there = saved.find(videos, made_here=lambda name: _captioned(kept, name))
    foreign = {id for id in there.keys() & todo if not _captioned(kept, id)}
    # A row that this run replaces is removed first: however the run ends, the old caption is not kept for the new file.
    there = saved.drop(there, todo - foreign)
    left = [video for video in videos if video.id not in foreign]
    if foreign:
        display.say(f"videos already in {saved.path}: {len(foreign):,}")
    if not left:
        return 0
    rank = joined(os.environ)
    try:
        options = RunOptions(again=again)
        code = run(recipe, left, kept, display, options=options, runner=rank, frames_from=sources)
    finally:
        rows = list(Results(kept.output).rows(left))
        if rank is None or len(rows) == len(left):  # of several processes the last one writes
            done = (row for row in rows if row.status != "failed")
            saved.add(videos, {row.id: record(row) for row in done if row.id not in there}, there)
    if rank is not None:
        return code
    again_words = "; failed videos have no row there; the same command retries them" if code == 3 else ""
    display.say(f"rows in {saved.path}: {len(saved.records):,}{again_words}")
    return code


def _rows_path(saved_path: Path, output_dir: Path | None) -> Path:
    folder = output_dir or saved_path.parent
    for wanted in (folder, saved_path.parent):
        try:
            wanted.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"the folder {wanted} cannot be created: {error.strerror or error}") from error
    return folder / f"{saved_path.stem}.rows.jsonl"


def _captioned(kept: Results, name: str) -> bool:
    return any(not entry.failed for entry in kept.entries(name))


def _refuse_other_recipe(kept: Results, recipe: Recipe) -> None:
    (wanted,) = recipe.wanted()
    ours = (wanted.recipe, wanted.former)
    others = (row for row in kept.rows() if row.status != "failed")
    if all((row.fingerprint(wanted.name) or "").partition(":")[0] in ours for row in others):
        return
    noted = kept.noted_recipe()
    before = (noted.get("stages") or noted).get(wanted.name) or {}
    now = recipe.ingredients(wanted.name)
    names = [_INGREDIENTS.get(name, name) for name in now if name in before and before[name] != now[name]]
    different = f"; different now: {', '.join(names)}" if names else ""
    raise UserError(f"{kept.output} holds rows that were made differently{different}.\n{NEVER_MIXED}")
