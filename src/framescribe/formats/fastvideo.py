"""Knows the folder from which FastVideo precomputes latents and embeddings; knows no model.

hao-ai-lab/FastVideo @2f3d407: docs/training/data_preprocess.md, fastvideo/workflow/preprocess/components.py (the
preprocessing of today, `--preprocess.dataset_type merged`), fastvideo/dataset/preprocessing_datasets.py (the earlier
one, which reads merge.txt and takes `.mp4` alone), scripts/dataset_preparation/prepare_json_file.py (the raw folder).
The document shows records of `path` and `cap` alone; the code needs `fps`, `num_frames` and `resolution` as well.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats import trainer_lists as lists
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.listed import not_unicode, opened, utf8_lines
from framescribe.formats.target import Target
from framescribe.storage.json_stream import read_objects, write_objects

_LIST, _MERGE, _VIDEOS = "videos2caption.json", "merge.txt", "videos"
_RAW_VIDEOS, _RAW_PROMPTS = "videos.txt", "prompt.txt"
_LINE_BREAKS = ("\n", "\r")

# --- the merged data set ---


def _write(samples: Iterable[Sample], target: Target) -> None:
    named = lists.namer_in(target, _VIDEOS)

    def records() -> Iterator[dict[str, Any]]:
        for sample in samples:
            info = sample.info
            assert info is not None and info.fps  # else refused
            yield {
                "path": named(sample.video),
                "cap": list(sample.captions),
                "resolution": {"width": info.width, "height": info.height},
                "fps": info.fps,
                "duration": info.duration or info.frames / info.fps,
                "num_frames": info.frames,
            }

    with target.file(_LIST) as file:
        write_objects(file, records())
    with target.file(_MERGE) as file:
        file.write(f"{target.path(_VIDEOS)},{target.path(_LIST)}\n")


def _read(path: Path) -> Iterator[Sample]:
    file = lists.list_in(path, _LIST)
    videos = os.path.join(os.path.abspath(file.parent), _VIDEOS)
    for line, record in read_objects(file):
        name, texts = record.pop("path", None), record.pop("cap", None)
        if not isinstance(name, str):
            raise UserError(f"{file}, line {line}: it has no path")
        yield Sample(
            video=opened(videos, name), captions=lists.captions_of(texts, f"{file}, line {line}"), columns=record
        )


def _recognises(path: Path) -> bool:
    file = path / _LIST if path.is_dir() else path
    record = lists.first_record(file) if file.name == _LIST else None
    return record is not None and {"path", "cap"} <= record.keys()


# --- the raw folder, of which a script of the trainer makes a merged data set ---


def _write_raw(samples: Iterable[Sample], target: Target) -> None:
    with target.file(_RAW_VIDEOS) as videos, target.file(_RAW_PROMPTS) as prompts:
        for sample in samples:
            videos.write(f"{_VIDEOS}/{os.path.basename(sample.video)}\n")
            prompts.write(sample.captions[0] + "\n")


def _read_raw(path: Path) -> Iterator[Sample]:
    folder = path if path.is_dir() else path.parent
    videos, prompts = (_lines(folder / name) for name in (_RAW_VIDEOS, _RAW_PROMPTS))
    if len(videos) != len(prompts):
        raise UserError(
            f"{folder}: {_RAW_PROMPTS} has {len(prompts)} captions for the {len(videos)} videos of {_RAW_VIDEOS}: "
            "a caption may have no line breaks, and none may be empty"
        )
    root = os.path.abspath(folder)
    for video, prompt in zip(videos, prompts, strict=True):
        yield Sample(video=opened(root, video), captions=(prompt,))


def _lines(path: Path) -> list[str]:
    """The lines that are not empty, without blanks at their ends."""
    if not path.is_file():
        raise UserError(f"there is no {path}")
    return [text for line in utf8_lines(path) if (text := line.strip())]


def _refuses_raw(sample: Sample) -> str | None:
    if any(mark in sample.captions[0] for mark in _LINE_BREAKS):
        return "its caption has a line break, which would move every later caption to another video"
    name = os.path.basename(sample.video)
    if any(mark in name for mark in _LINE_BREAKS) or name != name.strip():
        return "its name has a line break, or a blank at its end, which the list cannot hold: rename the file"
    return not_unicode(sample)


def _start(folder: Path, layout: str) -> str:
    if layout == "raw":
        # The script expects a path of two names to the data: it is split at slashes into exactly four parts.
        above, data = folder.parent.parent, f"{folder.parent.name}/{folder.name}"
        script = '"$FASTVIDEO"/scripts/dataset_preparation/prepare_json_file.py'
        return f"cd {shlex.quote(str(above))} && python {script} --data_folder {shlex.quote(data)}"
    return (
        "torchrun --nproc_per_node=1 -m fastvideo.pipelines.preprocess.v1_preprocessing_new "
        "--model_path Wan-AI/Wan2.1-T2V-1.3B-Diffusers --mode preprocess --workload_type t2v "
        "--preprocess.video_loader_type torchvision --preprocess.dataset_type merged "
        f"--preprocess.dataset_path {shlex.quote(str(folder))} "
        f"--preprocess.dataset_output_dir {shlex.quote(str(folder / 'preprocessed'))} "
        "--preprocess.max_height 480 --preprocess.max_width 832 --preprocess.num_frames 77 --preprocess.train_fps 16 "
        "--preprocess.video_length_tolerance_range 5"
    )


FORMAT = Format(
    name="fastvideo",
    title="FastVideo",
    source="hao-ai-lab/FastVideo @2f3d407: docs/training/data_preprocess.md, fastvideo/workflow/preprocess",
    notes=(
        "Afterwards: a training script with the parquet folder that the first command writes. `fps`, `num_frames` and"
        " `resolution` are needed, so rows without facts are refused.",
        "Clips of fewer than 77 frames at 16 fps, or longer than the tolerance allows (24 s with the printed 5), are "
        "dropped without a word.",
        "`--layout raw` is for its script `prepare_json_file.py`, which wants a path of exactly two names, as printed.",
    ),
    layouts=(
        Layout(
            name="merged",
            about="videos2caption.json, and the videos in videos/",
            write=_write,
            read=_read,
            recognises=_recognises,
            videos="listed",
            videos_in=_VIDEOS,
            several="a list, of which the preprocessing draws one",
            facts=True,
            refuses=lists.lacking_facts,
        ),
        Layout(
            name="raw",
            about="videos.txt and prompt.txt, line by line, and the videos in videos/",
            write=_write_raw,
            read=_read_raw,
            recognises=lambda path: False,  # finetrainers' lists are the same files, and are read alike
            videos="within",
            videos_in=_VIDEOS,
            flat=True,
            newlines=False,
            refuses=_refuses_raw,
        ),
    ),
    start=_start,
    frames=FrameRule(
        least=77,
        fps=16.0,
        seconds=24.0625,
        then="at 16 frames a second it takes 77 of a clip, and drops shorter ones and those over 24 s",
    ),
    tokens=(512, "umt5"),
)
