"""Knows the JSON list that Open-Sora-Plan trains on, and the text file that names it; knows no model.

PKU-YuanGroup/Open-Sora-Plan @f7fa604, opensora/dataset/t2v_datasets.py: `--data` names a text file, each line of which
holds a folder, a comma and a list of the videos below that folder. Clips without `num_frames` stop the trainer.
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
from framescribe.formats.listed import namer, opened, utf8_lines
from framescribe.formats.target import Target
from framescribe.storage.json_stream import read_objects, write_objects

_LIST, _DATA = "dataset.json", "data.txt"
_SCRIPT = "scripts/text_condition/gpu/train_t2v_v1_3.sh"


def _write(samples: Iterable[Sample], target: Target) -> None:
    if "," in str(target.folder):
        raise UserError(f"Open-Sora-Plan takes no folder with a comma in its path, as {target.folder} has")
    named = namer(target)

    def records() -> Iterator[dict[str, Any]]:
        for sample in samples:
            info = sample.info
            assert info is not None and info.fps  # else refused
            yield {
                "path": named(sample.video),
                "cap": list(sample.captions),
                "resolution": {"height": info.height, "width": info.width},
                "num_frames": info.frames,
                "fps": info.fps,
                "duration": info.duration or info.frames / info.fps,
            }

    with target.file(_LIST) as file:
        write_objects(file, records())
    with target.file(_DATA) as file:
        file.write(f"{target.folder},{target.path(_LIST)}\n")


def _read(path: Path) -> Iterator[Sample]:
    for folder, file in _lists(path):
        for line, record in read_objects(file):
            name, texts = record.pop("path", None), record.pop("cap", None)
            if not isinstance(name, str):
                raise UserError(f"{file}, line {line}: it has no path")
            captions = lists.captions_of(texts, f"{file}, line {line}")
            yield Sample(video=opened(folder, name), captions=captions, columns=record)


def _lists(path: Path) -> Iterator[tuple[str, Path]]:
    """The lists, and the folders below which their videos lie: of the text file, or of a list alone its own."""
    path = lists.list_in(path, _DATA)
    if path.suffix == ".json":
        yield os.path.abspath(path.parent), path
        return
    for number, line in enumerate(utf8_lines(path), 1):
        if not line.strip():
            continue
        folder, comma, name = line.strip().partition(",")
        if not comma or "," in name:
            raise UserError(f"{path}, line {number} must hold a folder, a comma and a list")
        if not name.endswith(".json"):
            raise UserError(f"{path}, line {number}: {name} is not a .json list, and no other is read")
        # Relative to where the trainer is started: here, or if nothing is there, beside the text file.
        root = "" if os.path.isfile(name) else path.parent
        yield os.path.abspath(os.path.join(root, folder)), Path(os.path.join(root, name))


def _recognises(path: Path) -> bool:
    if path.suffix == ".json" and path.is_file():
        return _is_list(path)
    try:
        return any(_is_list(file) for _, file in _lists(path))
    except (UserError, OSError, ValueError):
        return False


def _is_list(path: Path) -> bool:
    record = lists.first_record(path)
    return record is not None and {"path", "cap", "resolution"} <= record.keys() and path.name != "videos2caption.json"


def _start(folder: Path, layout: str) -> str:
    data = str(folder / _DATA).replace("\\", r"\\").replace("&", r"\&").replace("#", r"\#")
    changes = f"s#scripts/train_data/merge_data.txt#{data}#; s/--num_frames 1 /--num_frames 93 /"
    return f"sed {shlex.quote(changes)} {_SCRIPT} | bash"


FORMAT = Format(
    name="open-sora-plan",
    title="Open-Sora-Plan",
    source="PKU-YuanGroup/Open-Sora-Plan @f7fa604: opensora/dataset/t2v_datasets.py",
    notes=(
        "The printed command runs its own script with our `data.txt` and 93 frames (its `--num_frames 1` drops every "
        "video). Only `.mp4` in lower case is read.",
        "Shapes that fewer than four batches of clips share are dropped, and if that is all of them it stops: for a "
        "small set lower `--train_batch_size`, or use `--force_resolution`.",
        "It cleans captions itself: lower case, without tags, links, @names and #numbers.",
    ),
    layouts=(
        Layout(
            name="json",
            about="dataset.json, data.txt that names it, and the videos",
            write=_write,
            read=_read,
            recognises=_recognises,
            videos="listed",
            videos_in="videos",
            endings=frozenset({".mp4"}),
            ending_case=True,
            several="a list, of which each step draws one",
            facts=True,
            refuses=lists.lacking_facts,
        ),
    ),
    start=_start,
    frames=FrameRule(
        step=4,
        remainder=1,
        least=29,
        fps=16.0,
        seconds=29.0625,
        then="at 16 frames a second it takes 4n + 1, at least 29 and at most 93, and drops clips over 29 s",
    ),
    tokens=(512, "umt5"),  # its mT5 has nearly the same vocabulary
)
