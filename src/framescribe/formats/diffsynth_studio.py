"""Knows what DiffSynth-Studio reads: a table with the columns video and prompt, as csv, a JSON list or JSON lines.

Read in modelscope/DiffSynth-Studio @fed7b18: diffsynth/core/data/unified_dataset.py, operators.py and
examples/wanvideo/model_training/train.py.

- The ending of the table decides how it is read; a csv is read by pandas (`pandas_csv`).
- Paths start from `--dataset_base_path`; whole paths and addresses with http:// or https:// work.
- The ending of a video, after its last dot, decides how it is opened; any other stops the training.
- A blank line among JSON lines stops it, even the last one.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.csv_rows import has_columns, write_rows
from framescribe.formats.line_lists import read_lines
from framescribe.formats.listed import broken_text, namer, opened
from framescribe.formats.pandas_csv import read_csv, refuses_csv
from framescribe.formats.target import Target
from framescribe.plain_json import dumps
from framescribe.storage.json_stream import read_objects, write_objects

ENDINGS = frozenset([".mp4", ".avi", ".mov", ".wmv", ".mkv", ".flv", ".webm", ".gif"])
_PICTURES = frozenset([".jpg", ".jpeg", ".png", ".webp", ".bmp"])
_Rows = Iterator[tuple[int, dict[str, Any]]]


def _write_csv(samples: Iterable[Sample], target: Target) -> None:
    named = namer(target)
    with target.file("metadata.csv") as file:
        write_rows(file, ("video", "prompt"), ((named(sample.video), sample.captions[0]) for sample in samples))


def _records(samples: Iterable[Sample], target: Target) -> Iterator[dict[str, str]]:
    named = namer(target)
    return ({"video": named(sample.video), "prompt": sample.captions[0]} for sample in samples)


def _write_json(samples: Iterable[Sample], target: Target) -> None:
    with target.file("metadata.json") as file:
        write_objects(file, _records(samples, target))


def _write_lines(samples: Iterable[Sample], target: Target) -> None:
    with target.file("metadata.jsonl") as file:
        file.writelines(dumps(record) + "\n" for record in _records(samples, target))


def _csv_rows(path: Path) -> _Rows:
    return read_csv(path, "prompt", "video")


def _line_rows(path: Path) -> _Rows:
    for number, line in enumerate(read_lines(path), start=1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            what = f"not JSON ({error})" if line.strip() else "a blank line, at which the loader stops; remove it"
            raise UserError(f"{path}, line {number}: {what}") from None
        if not isinstance(value, dict):
            raise UserError(f"{path}, line {number}: this is not an object; write one JSON object per line")
        yield number, value


def _read(name: str, rows_of: Callable[[Path], _Rows], path: Path) -> Iterator[Sample]:
    """The samples of a table, or of the one called `name` in a folder. Pictures, which may be among them, are left
    out."""
    table = path / name if path.is_dir() else path
    root = os.path.abspath(table.parent)
    for line, row in rows_of(table):
        video = row.pop("video", None)
        if not isinstance(video, str) or not video:
            raise UserError(f"{table}, line {line}: it has no path of a video under 'video'; add it")
        ending = "." + video.rpartition(".")[2].lower()
        if ending in _PICTURES:
            continue
        if ending not in ENDINGS:
            raise UserError(f"{table}, line {line}: DiffSynth-Studio stops at {video}; it takes {_taken()}")
        caption = row.pop("prompt", None)
        yield Sample(
            video=video if _is_address(video) else opened(root, video),
            captions=(caption,) if isinstance(caption, str) and caption.strip() else (),
            columns=row,
        )


def _taken() -> str:
    return ", ".join(sorted(ENDINGS))


def _is_address(video: str) -> bool:
    return video.startswith(("http://", "https://"))


def _recognises_csv(path: Path) -> bool:
    return has_columns(path / "metadata.csv" if path.is_dir() else path, "video", "prompt")


def _recognises_json(name: str, rows_of: Callable[[Path], _Rows], path: Path) -> bool:
    table = path / name if path.is_dir() else path
    if table.suffix != Path(name).suffix or not table.is_file():
        return False
    try:
        return {"video", "prompt"} <= next(rows_of(table), (0, {}))[1].keys()
    except UserError:
        return False


def _refuses_address(sample: Sample) -> str | None:
    video = sample.video
    if "://" not in video:
        return None
    if not _is_address(video):
        return "DiffSynth-Studio opens no address but http:// and https://: copy the video (--videos copy)"
    if os.path.splitext(video)[1].lower() not in ENDINGS:
        return "DiffSynth-Studio cannot tell from its address what it is: copy the video (--videos copy)"
    return None


def _start(folder: Path, layout: str) -> str:
    return (
        f"accelerate launch examples/wanvideo/model_training/train.py --dataset_base_path {shlex.quote(str(folder))} "
        f"--dataset_metadata_path {shlex.quote(str(folder / f'metadata.{layout}'))} --height 480 --width 832 "
        "--num_frames 81 --dataset_repeat 10 --model_id_with_origin_paths "
        '"Wan-AI/Wan2.1-T2V-1.3B:diffusion_pytorch_model*.safetensors,'
        'Wan-AI/Wan2.1-T2V-1.3B:models_t5_umt5-xxl-enc-bf16.pth,Wan-AI/Wan2.1-T2V-1.3B:Wan2.1_VAE.pth" '
        '--learning_rate 1e-4 --num_epochs 5 --remove_prefix_in_ckpt "pipe.dit." --lora_base_model dit '
        '--lora_target_modules "q,k,v,o,ffn.0,ffn.2" --lora_rank 32 --output_path models/train/lora'
    )


def _layout(
    name: str,
    about: str,
    write: Callable[[Iterable[Sample], Target], None],
    read: Callable[[Path], Iterator[Sample]],
    recognises: Callable[[Path], bool],
    refuses: Callable[[Sample], str | None],
) -> Layout:
    return Layout(
        name=name,
        about=about,
        write=write,
        read=read,
        recognises=recognises,
        videos="listed",
        videos_in="videos",
        endings=ENDINGS,
        urls=True,
        refuses=lambda sample: _refuses_address(sample) or refuses(sample),
    )


FORMAT = Format(
    name="diffsynth-studio",
    title="DiffSynth-Studio",
    source="modelscope/DiffSynth-Studio @fed7b18: diffsynth/core/data/unified_dataset.py",
    notes=(
        "In `csv` and `jsonl`, pandas takes NA, null, None, true or a number alone for something else: such captions "
        "are refused, and `--layout json` holds them.",
        "HTML entities in captions are decoded by the trainer. The list may name videos at http addresses.",
    ),
    layouts=(
        _layout(
            "csv",
            "metadata.csv with the columns video and prompt",
            _write_csv,
            partial(_read, "metadata.csv", _csv_rows),
            _recognises_csv,
            refuses_csv,
        ),
        _layout(
            "json",
            "metadata.json, one list of objects",
            _write_json,
            partial(_read, "metadata.json", read_objects),
            partial(_recognises_json, "metadata.json", read_objects),
            broken_text,
        ),
        _layout(
            "jsonl",
            "metadata.jsonl, one object per line",
            _write_lines,
            partial(_read, "metadata.jsonl", _line_rows),
            partial(_recognises_json, "metadata.jsonl", _line_rows),
            broken_text,
        ),
    ),
    start=_start,
    frames=FrameRule(step=4, remainder=1, then="it takes the first 81 frames, or of fewer the first 4n + 1"),
    tokens=(512, "umt5"),
)
