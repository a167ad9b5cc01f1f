"""Knows what VideoX-Fun, and EasyAnimate before it, reads: one JSON list, or a csv, of paths and texts.

Read in aigc-apps/VideoX-Fun @804a425: videox_fun/data/dataset_image_video.py (ImageVideoDataset), bucket_sampler.py and
scripts/wan2.1/README_TRAIN_LORA.md; aigc-apps/EasyAnimate @c2a70d1: easyanimate/data/dataset_image_video.py.

- The table's name must end in .json or .csv; .jsonl is not read. The JSON must be one list.
- Paths start from `--train_data_dir`; whole paths work.
- A record whose `type` is not exactly "video" is opened as a picture. What cannot be opened, or lacks `text`, is
  replaced by another record at random, with no more than a printed line.
- `width` and `height` spare the loader a look into the file. An empty one in a csv drops the record, so a csv has none.
- EasyAnimate takes videos only with `--video_repeat` of 1 or more.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.csv_rows import DEFAULT_LONGEST, has_columns, read_rows, write_rows
from framescribe.formats.listed import broken_text, namer, not_unicode, opened
from framescribe.formats.target import Target
from framescribe.sources.found import VIDEO_ENDINGS
from framescribe.storage.json_stream import read_objects, write_objects

JSON, CSV = "metadata.json", "metadata.csv"
_COLUMNS = ("file_path", "text", "type")


def _write_json(samples: Iterable[Sample], target: Target) -> None:
    named = namer(target)

    def records() -> Iterator[Mapping[str, Any]]:
        for sample in samples:
            record: dict[str, Any] = {
                "file_path": named(sample.video),
                "text": sample.captions[0],
                "type": "video",
            }
            if (info := sample.info) is not None and info.width and info.height:
                record["width"], record["height"] = info.width, info.height
            yield record

    with target.file(JSON) as file:
        write_objects(file, records())


def _write_csv(samples: Iterable[Sample], target: Target) -> None:
    named = namer(target)
    with target.file(CSV) as file:
        write_rows(file, _COLUMNS, ((named(sample.video), sample.captions[0], "video") for sample in samples))


def _read_json(path: Path) -> Iterator[Sample]:
    table = path / JSON if path.is_dir() else path
    return _samples(table, read_objects(table))


def _read_csv(path: Path) -> Iterator[Sample]:
    table = path / CSV if path.is_dir() else path
    return _samples(table, _csv_rows(table))


def _csv_rows(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = ((line, row) for line, row in read_rows(table, newline=None, longest=DEFAULT_LONGEST) if row)
    _, header = next(rows, (0, list[str]()))
    if header and header[0].startswith("\ufeff"):
        raise UserError(
            f"{table} begins with a byte order mark, which would become part of a column's name; "
            "save it as UTF-8 without"
        )
    if lacking := [name for name in _COLUMNS if name not in header]:
        raise UserError(f"{table}, line 1: the column {lacking[0]!r} is missing; add it")
    return ((line, dict(zip(header, row, strict=False))) for line, row in rows)


def _samples(table: Path, rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[Sample]:
    root = os.path.abspath(table.parent)
    for line, row in rows:
        path, text, kind = row.pop("file_path", None), row.pop("text", None), row.pop("type", None)
        if not isinstance(path, str) or not path:
            raise UserError(f"{table}, line {line}: it has no path under 'file_path', and would never be used; add it")
        if kind != "video":
            if os.path.splitext(path)[1].lower() not in VIDEO_ENDINGS:
                continue  # a picture, which a data set may hold beside its videos
            what = "has no type" if kind is None else f"has the type {kind!r}"
            raise UserError(
                f'{table}, line {line}: {path} {what}, and would be opened as a picture; write "type": "video"'
            )
        yield Sample(
            video=opened(root, path),
            captions=(text,) if isinstance(text, str) and text.strip() else (),
            columns=row,
        )


def _recognises_json(path: Path) -> bool:
    table = path / JSON if path.is_dir() else path
    if table.suffix != ".json" or not table.is_file():
        return False
    try:
        return {"file_path", "text"} <= next((value for _, value in read_objects(table)), {}).keys()
    except UserError:
        return False


def _recognises_csv(path: Path) -> bool:
    return has_columns(path / CSV if path.is_dir() else path, "file_path", "text")


def _refuses_csv(sample: Sample) -> str | None:
    if len(sample.captions[0]) > DEFAULT_LONGEST:
        return f"its caption has more than {DEFAULT_LONGEST:,} characters, at which Python's csv stops: shorten it"
    if "\r" in sample.captions[0]:
        return "its caption has a carriage return, which a csv changes to a line feed: use --on-newline space"
    return not_unicode(sample)


_LAYOUTS = (
    Layout(
        name="json",
        about="metadata.json, one list of objects with file_path, text, type, width and height",
        write=_write_json,
        read=_read_json,
        recognises=_recognises_json,
        videos="listed",
        videos_in="videos",
        refuses=broken_text,
    ),
    Layout(
        name="csv",
        about="metadata.csv with the columns file_path, text and type",
        write=_write_csv,
        read=_read_csv,
        recognises=_recognises_csv,
        videos="listed",
        videos_in="videos",
        refuses=_refuses_csv,
    ),
)


def _data(folder: Path, layout: str) -> str:
    table = folder / (CSV if layout == "csv" else JSON)
    return f"--train_data_dir {shlex.quote(str(folder))} --train_data_meta {shlex.quote(str(table))}"


def _start(folder: Path, layout: str) -> str:
    return (
        "accelerate launch --mixed_precision bf16 scripts/wan2.1/train_lora.py --config_path "
        "config/wan2.1/wan_civitai.yaml --pretrained_model_name_or_path "
        f"models/Diffusion_Transformer/Wan2.1-T2V-1.3B {_data(folder, layout)} --image_sample_size 640 "
        "--video_sample_size 640 --token_sample_size 640 --video_sample_stride 2 --video_sample_n_frames 81 "
        "--train_batch_size 1 --video_repeat 1 --num_train_epochs 100 --checkpointing_steps 50 --learning_rate 1e-4 "
        "--gradient_checkpointing --mixed_precision bf16 --vae_mini_batch 1 --random_hw_adapt "
        "--training_with_video_token_length --enable_bucket --uniform_sampling --rank 64 --network_alpha 32 "
        '--target_name "q,k,v,ffn.0,ffn.2" --use_peft_lora --low_vram --output_dir output_dir_lora'
    )


def _start_easyanimate(folder: Path, layout: str) -> str:
    return (
        "accelerate launch --mixed_precision bf16 scripts/train_lora.py --config_path "
        "config/easyanimate_video_v5.1_magvit_qwen.yaml --pretrained_model_name_or_path "
        f"models/Diffusion_Transformer/EasyAnimateV5.1-12b-zh {_data(folder, layout)} --image_sample_size 1024 "
        "--video_sample_size 256 --token_sample_size 512 --video_sample_stride 3 --video_sample_n_frames 49 "
        "--train_batch_size 1 --video_repeat 1 --num_train_epochs 100 --checkpointing_steps 100 --learning_rate 1e-4 "
        "--gradient_checkpointing --mixed_precision bf16 --vae_mini_batch 1 --random_hw_adapt "
        "--training_with_video_token_length --loss_type flow --enable_bucket --uniform_sampling --low_vram "
        "--train_mode normal --output_dir output_dir_lora"
    )


FORMAT = Format(
    name="videox-fun",
    title="VideoX-Fun",
    source="aigc-apps/VideoX-Fun @804a425: videox_fun/data/dataset_image_video.py",
    notes=(
        "It reads one JSON list, never a `.jsonl`. A record that it cannot use is silently replaced by a random one, "
        "apart from a printed line; the export refuses such rows.",
    ),
    layouts=_LAYOUTS,
    start=_start,
    frames=FrameRule(least=2, then="it takes every second frame, 81 at most, and of those the first 4n + 1"),
    tokens=(512, "umt5"),
)
EASYANIMATE = Format(
    name="easyanimate",
    title="EasyAnimate",
    source="aigc-apps/EasyAnimate @c2a70d1: easyanimate/data/dataset_image_video.py",
    notes=(
        "It leaves out each clip's first and last tenth, and needs `--video_repeat 1`, which the printed command has.",
    ),
    layouts=_LAYOUTS,
    start=_start_easyanimate,
    frames=FrameRule(
        least=4,
        then="it takes every third frame of a clip's middle four fifths, 49 at most, and of those the first 4n + 1",
    ),
)
