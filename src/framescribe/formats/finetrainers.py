"""Knows what finetrainers reads: two lists of lines, texts beside videos, or a video folder of Hugging Face's.

Read in a-r-r-o-w/finetrainers @f476c37: finetrainers/data/dataset.py, utils/file.py, functional/text.py and
docs/dataset/README.md; datasets 3.6.0 and 5.2.0: folder_based_builder.py, data_files.py.

- What lies in the folder decides, in this order: metadata.json, .jsonl or .csv; a .tar or .parquet anywhere below it
  (then it is a WebDataset); a text beside a picture or video of the same name; the two lists.
- The lists are divided as `str.splitlines` does it, at eleven characters. Nothing is stripped or dropped; an empty line
  is a caption of no words. They must have as many lines as each other.
- Texts beside videos: .mp4 and .mov in lower case, in the folder itself; blanks at the ends are stripped.
- Of a caption "b'…'" the quotes and the b are cut off.
- `datasets` sorts files with names such as test_1.mp4, val/1.mp4 or training.json into splits, and finetrainers takes
  what is in the split train.
- A data set whose name might be that of one on the Hub ("set/clips") is looked for there first: hence whole paths.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.line_lists import read_lines, write_lines
from framescribe.formats.listed import holds_variable, namer, not_unicode, opened, whole_folder
from framescribe.formats.pandas_csv import read_csv
from framescribe.formats.target import Target
from framescribe.plain_json import dumps

CONFIG = "finetrainers.json"  # not training.json: see above
_CAPTIONS = ("prompt.txt", "prompts.txt", "caption.txt", "captions.txt")
_VIDEOS = ("video.txt", "videos.txt")
_METADATA = ("metadata.json", "metadata.jsonl", "metadata.csv")
_VIDEO_ENDINGS = (".mp4", ".mov")
_PICTURE_ENDINGS = (".jpg", ".jpeg", ".png")
_WORD = "train|training|validation|valid|dev|val|test|testing|eval|evaluation"
_SPLIT_FILE = re.compile(rf"(?:^|.*[-._ 0-9])(?:{_WORD})[-._ 0-9].*", re.DOTALL)
_SPLIT_FOLDER = re.compile(rf"(?:^|.*[-._ 0-9])(?:{_WORD})(?:$|[-._ 0-9].*)", re.DOTALL)


# --- what finetrainers takes a folder for ---


def _taken_for(folder: Path) -> str | None:
    """The layout for which finetrainers takes the folder; None: it finds none."""
    if any((folder / name).exists() for name in _METADATA):
        return "metadata"
    for _, _, files in os.walk(folder):
        if any(name.endswith((".tar", ".parquet")) for name in files):
            return "webdataset"
    for text in _texts(folder):
        if any(os.path.exists(text[:-4] + ending) for ending in (*_PICTURE_ENDINGS, *_VIDEO_ENDINGS)):
            return "pairs"
    if _there(folder, _CAPTIONS) and _there(folder, _VIDEOS):
        return "lists"
    return None


def _insist(folder: Path, layout: str) -> Path:
    """The folder as an absolute path. UserError if finetrainers would take it for something else."""
    root = whole_folder(folder)
    taken = _taken_for(root)
    if taken is None:
        raise UserError(
            f"{folder} holds nothing that finetrainers reads: no lists, no texts beside videos, no metadata"
        )
    if taken != layout:
        what = {
            "metadata": "the metadata file in it",
            "webdataset": "the .tar or .parquet in it",
            "pairs": "a text in it that has a video's or picture's name",
            "lists": "its lists",
        }[taken]
        raise UserError(f"{folder}: because of {what} finetrainers takes it for {taken}, not {layout}; move that away")
    return root


def _there(folder: Path, names: Iterable[str]) -> list[str]:
    return [name for name in names if (folder / name).exists()]


def _texts(folder: Path) -> list[str]:
    found = os.scandir(folder)
    with found:
        return sorted(entry.path for entry in found if entry.name.endswith(".txt") and entry.name != ".txt")


def _recognises(layout: str, path: Path) -> bool:
    """Only with a finetrainers.json: without one, other formats read such folders as well."""
    try:
        with open(path / CONFIG, encoding="utf-8") as file:
            config = json.load(file)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and "datasets" in config and _taken_for(path) == layout


def _recognises_lists(path: Path) -> bool:
    """Also without a finetrainers.json, if the lists have names that no other trainer looks for."""
    if _recognises("lists", path):
        return True
    names = _there(path, _CAPTIONS) + _there(path, _VIDEOS)
    return path.is_dir() and len(names) == 2 and names != ["prompts.txt", "videos.txt"] and _taken_for(path) == "lists"


# --- captions ---


def _used(caption: str) -> tuple[str, ...]:
    """The caption as finetrainers trains on it."""
    if caption.startswith("b'") and caption.endswith("'"):
        caption = caption[2:-1]
    return (caption,) if caption.strip() else ()


def _refuses_all(sample: Sample) -> str | None:
    caption = sample.captions[0]
    if caption.startswith("b'") and caption.endswith("'"):
        return "of its caption finetrainers would cut off b' and '; put it in other quotes"
    return not_unicode(sample)


# --- two lists ---


def _write_lists(samples: Iterable[Sample], target: Target) -> None:
    _write_config(target)
    write_lines(samples, target)


def _refuses_lines(sample: Sample) -> str | None:
    if sample.captions[0].splitlines() != [sample.captions[0]]:
        return (
            "its caption holds a line break, or a character such as U+2028 that finetrainers takes for one: remove it"
        )
    if sample.video.splitlines() != [sample.video]:
        return "its path holds a line break, or a character that finetrainers takes for one: rename the file"
    return _refuses_all(sample)


def _read_lists(folder: Path) -> Iterator[Sample]:
    root = _insist(folder, "lists")
    for names in (_CAPTIONS, _VIDEOS):
        if len(there := _there(root, names)) > 1:
            raise UserError(f"{folder}: finetrainers stops because there are both {' and '.join(there)}; keep one")
    captions, videos = (root / _there(root, names)[0] for names in (_CAPTIONS, _VIDEOS))
    start = str(root)
    for caption, name in zip_longest(_split(captions), _split(videos)):
        if caption is None or name is None:
            counts = [sum(1 for _ in _split(path)) for path in (captions, videos)]
            raise UserError(
                f"{folder}: {captions.name} has {counts[0]:,} lines as finetrainers divides it, {videos.name} has "
                f"{counts[1]:,}, at which it stops. Make them belong together line by line"
            )
        yield Sample(video=opened(start, name), captions=_used(caption))


def _split(path: Path) -> Iterator[str]:
    for line in read_lines(path):
        yield from line.splitlines()


# --- texts beside videos ---


def _write_pairs(samples: Iterable[Sample], target: Target) -> None:
    _write_config(target)
    for sample in samples:
        target.sidecar(sample.video, sample.captions[0])


def _read_pairs(folder: Path) -> Iterator[Sample]:
    root = _insist(folder, "pairs")
    for path in _texts(root):
        videos = [path[:-4] + ending for ending in _VIDEO_ENDINGS if os.path.exists(path[:-4] + ending)]
        if len(videos) > 1:
            raise UserError(f"{path}: finetrainers stops because {' and '.join(videos)} share it; rename one of them")
        if videos:
            yield Sample(video=videos[0], captions=_used("".join(read_lines(path)).strip()))


# --- a video folder ---


def _write_metadata(samples: Iterable[Sample], target: Target) -> None:
    _write_config(target)
    named = namer(target)

    def line(sample: Sample) -> str:
        name = named(sample.video)
        if why := _in_a_split(name):
            raise UserError(f"{name}: {why}")
        return dumps({"file_name": name, "caption": sample.captions[0]}) + "\n"

    with target.file("metadata.jsonl") as file:
        file.writelines(map(line, samples))


def _in_a_split(name: str) -> str | None:
    """Why `datasets` would not put a file of this name, relative to the data set's folder, into the split train."""
    *folders, file = name.split("/")
    if _SPLIT_FILE.fullmatch(file) or any(map(_SPLIT_FOLDER.fullmatch, folders)):
        return "`datasets` takes its name for that of a split (train, test, val …): rename it, or use --layout lists"
    return None


def _refuses_metadata(sample: Sample) -> str | None:
    inside = sample.video.rpartition("/videos/")[2]
    why = _in_a_split(inside.rpartition("/")[2] if inside == sample.video else inside)
    return why or holds_variable(sample) or _refuses_all(sample)


def _read_metadata(folder: Path) -> Iterator[Sample]:
    root = _insist(folder, "metadata")
    there = _there(root, _METADATA)
    if len(there) > 1:
        raise UserError(f"{folder}: finetrainers stops because there are both {' and '.join(there)}; keep one")
    table = root / there[0]
    if there == ["metadata.json"]:
        raise UserError(
            f"{table}: finetrainers looks for it, but `datasets` reads metadata.jsonl or metadata.csv alone"
        )
    start = str(root)
    rows = read_csv(table, "caption", "file_name") if table.suffix == ".csv" else _json_rows(table)
    for line, row in rows:
        name = row.pop("file_name", None)
        if not isinstance(name, str) or not name:
            raise UserError(f"{table}, line {line}: it has no path of a video under 'file_name'; add it")
        if why := _in_a_split(os.path.normpath(name)):
            raise UserError(f"{table}, line {line}: {name}: {why}")
        if "caption" not in row:
            raise UserError(f"{table}, line {line}: it has no 'caption', at which finetrainers stops; add it")
        caption = row.pop("caption")
        if isinstance(caption, list):
            caption = caption[0] if caption else None
        yield Sample(
            video=opened(start, os.path.normpath(name)),
            captions=_used(caption) if isinstance(caption, str) else (),
            columns=row,
        )


def _json_rows(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(read_lines(table), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{table}, line {number}: not JSON ({error}); write one JSON object per line") from None
        if not isinstance(value, dict):
            raise UserError(f"{table}, line {number}: this is not an object; write one JSON object per line")
        yield number, value


# --- what the training needs ---


def _write_config(target: Target) -> None:
    config = {
        "datasets": [
            {
                "data_root": str(target.folder),
                "dataset_type": "video",
                "video_resolution_buckets": [[49, 480, 832]],
                "reshape_mode": "bicubic",
            }
        ]
    }
    with target.file(CONFIG) as file:
        file.write(dumps(config, indent=2) + "\n")


def _start(folder: Path, layout: str) -> str:
    return (
        "torchrun --standalone --nproc_per_node 1 train.py --parallel_backend ptd --model_name wan "
        "--pretrained_model_name_or_path Wan-AI/Wan2.1-T2V-1.3B-Diffusers --training_type lora --rank 32 "
        '--lora_alpha 32 --target_modules "blocks.*(to_q|to_k|to_v|to_out.0)" --dataset_config '
        f"{shlex.quote(str(folder / CONFIG))} --train_steps 3000 --batch_size 1 --gradient_checkpointing "
        "--optimizer adamw --lr 5e-5 --enable_slicing --enable_tiling --output_dir finetrainers-lora"
    )


FORMAT = Format(
    name="finetrainers",
    title="finetrainers",
    source="a-r-r-o-w/finetrainers @f476c37: finetrainers/data/dataset.py",
    notes=(
        "Run it in its own checkout. Its data loader wants `datasets` 3.x. `finetrainers.json` holds the whole path "
        "of the folder: export again after moving it.",
        "Give `--trigger` here or its own `id_token`, not both.",
        "`--layout pairs` takes `.mp4` and `.mov` in lower case only. In `metadata`, names that hold test, val, "
        "train, dev or eval would become other splits, and are refused.",
    ),
    layouts=(
        Layout(
            name="lists",
            about="prompts.txt and videos.txt, whose lines belong together",
            write=_write_lists,
            read=_read_lists,
            recognises=_recognises_lists,
            videos="listed",
            videos_in="videos",
            newlines=False,
            refuses=_refuses_lines,
        ),
        Layout(
            name="pairs",
            about="a.mp4 with a.txt, in one folder",
            write=_write_pairs,
            read=_read_pairs,
            recognises=lambda path: _recognises("pairs", path),
            videos="beside",
            flat=True,
            stems=True,
            endings=frozenset(_VIDEO_ENDINGS),
            ending_case=True,
            refuses=_refuses_all,
        ),
        Layout(
            name="metadata",
            about="metadata.jsonl with file_name and caption, as Hugging Face's videofolder has it",
            write=_write_metadata,
            read=_read_metadata,
            recognises=lambda path: _recognises("metadata", path),
            videos="within",
            videos_in="videos",
            refuses=_refuses_metadata,
        ),
    ),
    start=_start,
    frames=FrameRule(
        step=4,
        remainder=1,
        then="of 49 frames or more it takes 49, spread over the clip; of fewer the model takes the first 4n + 1",
    ),
    tokens=(512, "umt5"),
)
