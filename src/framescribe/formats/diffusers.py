"""Knows what diffusers' training script for CogVideoX reads: two lists, or a table that `datasets` loads.

Read in huggingface/diffusers @58eb52c: examples/cogvideo/train_cogvideox_lora.py (VideoDataset) and README.md.

- The lists are divided at line ends alone. Every line loses the blanks at its ends, and those that are then empty are
  dropped, from each list by itself: so one blank caption and one line too many elsewhere shift all between them.
- Every path must be a file. Whole paths work.
- All videos are decoded into memory before the training begins.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from framescribe.errors import UserError
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.csv_rows import has_columns, write_rows
from framescribe.formats.line_lists import PROMPTS, VIDEOS, read_lines, write_lines
from framescribe.formats.listed import namer, not_unicode, opened, whole_folder
from framescribe.formats.pandas_csv import read_csv, refuses_csv
from framescribe.formats.target import Target

# In a folder of its own: `datasets` takes a folder in which videos lie for a data set of videos, not for a table.
TABLE = "table/train.csv"


def _refuses_lines(sample: Sample) -> str | None:
    video = sample.video
    if video != video.strip() or "\n" in video or "\r" in video:
        return "its path has a line break, or a blank at an end, which the lists lose: rename the file"
    return not_unicode(sample)


def _read_lists(folder: Path) -> Iterator[Sample]:
    root = str(whole_folder(folder))
    counts = [sum(1 for _ in _filled(os.path.join(root, name))) for name in (PROMPTS, VIDEOS)]
    if counts[0] != counts[1]:
        raise UserError(
            f"{folder}: {PROMPTS} has {counts[0]:,} lines that are not empty, {VIDEOS} has {counts[1]:,}; "
            "the training script stops at this. Make them belong together line by line"
        )
    captions = _filled(os.path.join(root, PROMPTS))
    for (_, caption), (number, name) in zip(captions, _filled(os.path.join(root, VIDEOS)), strict=True):
        video = opened(root, name)
        if not os.path.isfile(video):
            raise UserError(
                f"{folder / VIDEOS}, line {number}: there is no file {video}; correct the path, which starts from "
                f"{root}, or remove the line here and in {PROMPTS}"
            )
        yield Sample(video=video, captions=(caption,))


def _filled(path: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(read_lines(path), start=1):
        if text := line.strip():
            yield number, text


def _has_lists(path: Path) -> bool:
    return (path / PROMPTS).is_file() and (path / VIDEOS).is_file() and not (path / "finetrainers.json").exists()


def _write_table(samples: Iterable[Sample], target: Target) -> None:
    named = namer(target)
    with target.file(TABLE) as file:
        write_rows(file, ("text", "video"), ((sample.captions[0], named(sample.video)) for sample in samples))


def _read_table(path: Path) -> Iterator[Sample]:
    table, root = _table_of(path)
    for line, values in read_csv(table, "text", "video"):
        if (video := values["video"]) is None:
            raise UserError(f"{table}, line {line}: it has no path of a video")
        caption = values["text"] or ""
        yield Sample(video=opened(root, video), captions=(caption,) if caption.strip() else ())


def _table_of(path: Path) -> tuple[Path, str]:
    """The table, and the folder that its paths start from: `--instance_data_root`."""
    table = path
    if path.is_dir():
        table = path / TABLE if (path / TABLE).exists() else path / "metadata.csv"
    root = table.parent.parent if table.parent.name == Path(TABLE).parent.name else table.parent
    return table, os.path.abspath(root)


def _has_table(path: Path) -> bool:
    return has_columns(_table_of(path)[0], "text", "video")


def _start(folder: Path, layout: str) -> str:
    where = f"--instance_data_root {shlex.quote(str(folder))} --caption_column {PROMPTS} --video_column {VIDEOS}"
    if layout == "csv":
        table = shlex.quote(str((folder / TABLE).parent))
        where = f"--instance_data_root {shlex.quote(str(folder))} --dataset_name {table}"
    return (
        "accelerate launch examples/cogvideo/train_cogvideox_lora.py --pretrained_model_name_or_path "
        f"THUDM/CogVideoX-2b {where} --mixed_precision fp16 --rank 64 --lora_alpha 64 --train_batch_size 1 "
        "--num_train_epochs 30 --learning_rate 1e-3 --enable_slicing --enable_tiling --output_dir cogvideox-lora"
    )


FORMAT = Format(
    name="diffusers",
    title="diffusers (CogVideoX)",
    source="huggingface/diffusers @58eb52c: examples/cogvideo/train_cogvideox_lora.py",
    notes=(
        "The script decodes all videos into memory first: 300 clips of 49 frames at 720 × 480 need some 60 GB. "
        "Batches above 1 need clips with equally many frames.",
        "In `--layout csv` captions may hold line breaks, but NA, null, None, true or a number alone is refused, "
        "because pandas takes it for something else.",
    ),
    layouts=(
        Layout(
            name="lists",
            about="prompts.txt and videos.txt, whose lines belong together",
            write=write_lines,
            read=_read_lists,
            recognises=_has_lists,
            videos="listed",
            videos_in="videos",
            newlines=False,
            refuses=_refuses_lines,
        ),
        Layout(
            name="csv",
            about="table/train.csv with the columns text and video",
            write=_write_table,
            read=_read_table,
            recognises=_has_table,
            videos="listed",
            videos_in="videos",
            refuses=refuses_csv,
        ),
    ),
    start=_start,
    frames=FrameRule(
        step=4,
        remainder=1,
        then="of up to 49 frames it takes the first 4n + 1; of more, 49 spread over the clip",
    ),
    tokens=(226, "t5"),
)
