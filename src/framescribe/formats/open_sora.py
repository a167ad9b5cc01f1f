"""Knows the csv that Open-Sora 2 trains on; knows no model.

hpcaitech/Open-Sora @7ad6a96: docs/train.md, opensora/datasets/datasets.py and utils.py (pandas reads the csv, and a
path is opened as it stands), opensora/datasets/bucket.py, scripts/cnv/meta.py (how the columns are computed).
"""

from __future__ import annotations

import csv
import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats import trainer_lists as lists
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.listed import opened
from framescribe.formats.pandas_csv import read_csv, refuses_csv
from framescribe.formats.target import Target

_FILE = "dataset.csv"
_COLUMNS = ("path", "text", "num_frames", "height", "width", "aspect_ratio", "resolution", "fps")
_FACTS = _COLUMNS[2:]


def _write(samples: Iterable[Sample], target: Target) -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        for sample in samples:
            info = sample.info
            assert info is not None and info.fps  # else refused
            height, width = info.height, info.width
            # Whole paths: the trainer opens them from wherever it was started.
            yield (
                *(sample.video, sample.captions[0], info.frames, height, width),
                *(height / width, height * width, round(info.fps, 3)),
            )

    with target.file(_FILE) as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows())


def _read(path: Path) -> Iterator[Sample]:
    file = lists.list_in(path, _FILE)
    beside, root = os.path.abspath(file.parent), ""
    for line, record in read_csv(file, "text", "path"):
        video, text = record.pop("path"), record.pop("text")
        if not video:
            raise UserError(f"{file}, line {line}: it has no path")
        # Relative to where the trainer is started: here, or if the video is not there, near the list.
        root = root or lists.root_of(video, os.getcwd(), beside, os.path.dirname(beside))
        yield Sample(video=opened(root, video), captions=(text,) if text else (), columns=record)


def _recognises(path: Path) -> bool:
    file = path / _FILE if path.is_dir() else path
    record = lists.first_record(file) if file.suffix == ".csv" else None
    return record is not None and {"path", "text"} <= record.keys() and not record.keys().isdisjoint(_FACTS)


def _refuses(sample: Sample) -> str | None:
    return lists.lacking_facts(sample) or refuses_csv(sample)


def _start(folder: Path, layout: str) -> str:
    return (
        "torchrun --nproc_per_node 8 scripts/diffusion/train.py configs/diffusion/train/stage1.py "
        f"--dataset.data-path {shlex.quote(str(folder / _FILE))}"
    )


FORMAT = Format(
    name="open-sora",
    title="Open-Sora 2",
    source="hpcaitech/Open-Sora @7ad6a96: docs/train.md, opensora/datasets",
    notes=(
        "The list holds whole paths: export again after moving the folder. The trainer adds the frame rate to each "
        'text (" 24 FPS."), so do not write it yourself.',
        "Clips with fewer than five frames, or less than 0.8 × 256² pixels, are never used.",
    ),
    layouts=(
        Layout(
            name="csv",
            about="dataset.csv, with the whole paths of the videos",
            write=_write,
            read=_read,
            recognises=_recognises,
            videos="listed",
            videos_in="videos",
            facts=True,
            refuses=_refuses,
        ),
    ),
    start=_start,
    frames=FrameRule(
        step=4, remainder=1, least=5, then="it takes 4n + 1 frames, at most 129, and every second one above 24 a second"
    ),
    tokens=(512, "t5"),  # its CLIP reads the first 77 as well
)
