"""Knows the csv of structured captions that SkyReels' tools pass on: SkyCaptioner-V1 writes it, and its fusion script
makes text-to-video or image-to-video captions of it; knows no model.

SkyworkAI/SkyReels-V2 @abed76f: skycaptioner_v1/scripts/vllm_struct_caption.py (the columns), vllm_fusion_caption.py
(pandas reads the csv, and json.loads each caption), skycaptioner_v1/examples/test_result.csv.
"""

from __future__ import annotations

import csv
import json
import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats import trainer_lists as lists
from framescribe.formats.base import Format, Layout, Sample
from framescribe.formats.listed import opened
from framescribe.formats.pandas_csv import read_csv, refuses_csv
from framescribe.formats.structures import skycaptioner
from framescribe.formats.target import Target

_FILE = "structural_captions.csv"
_PATH, _CAPTION = "path", "structural_caption"


def _write(samples: Iterable[Sample], target: Target) -> None:
    with target.file(_FILE) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((_PATH, _CAPTION))
        # Whole paths: the tools open them from wherever they were started.
        writer.writerows((sample.video, sample.captions[0]) for sample in samples)


def _read(path: Path) -> Iterator[Sample]:
    file = lists.list_in(path, _FILE)
    beside, root = os.path.abspath(file.parent), ""
    for line, record in read_csv(file, _CAPTION, _PATH):
        video, text = record.pop(_PATH), record.pop(_CAPTION)
        if not video or _structure(text or "") is None:
            lacks = "it has no path" if not video else f"its {_CAPTION} is no JSON object, at which the script stops"
            raise UserError(f"{file}, line {line}: {lacks}")
        root = root or lists.root_of(video, os.getcwd(), beside, os.path.dirname(beside))
        yield Sample(video=opened(root, video), captions=(text,), columns=record)


def _structure(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _recognises(path: Path) -> bool:
    file = path / _FILE if path.is_dir() else path
    record = lists.first_record(file) if file.suffix == ".csv" else None
    return record is not None and {_PATH, _CAPTION} <= record.keys()


def _refuses(sample: Sample) -> str | None:
    if _structure(sample.captions[0]) is None:
        return "its caption is no JSON object: caption with --strategy structured; no trigger, prefix, suffix or limit"
    return refuses_csv(sample)


FORMAT = Format(
    name="skyreels",
    title="SkyReels (SkyCaptioner-V1)",
    source="SkyworkAI/SkyReels-V2 @abed76f: skycaptioner_v1/scripts, skycaptioner_v1/examples",
    notes=(
        "It takes what `--strategy structured` made, in SkyCaptioner-V1's form; its fusion script makes captions for "
        "text-to-video (`--task t2v`) or image-to-video (`--task i2v`) of it. Main categories (`TYPES.type`) and "
        "expressions are left out: nobody was asked for them.",
        "The list holds whole paths: export again after moving the folder.",
    ),
    layouts=(
        Layout(
            name="csv",
            about="structural_captions.csv, with the whole paths of the videos and SkyCaptioner-V1's JSON",
            write=_write,
            read=_read,
            recognises=_recognises,
            videos="listed",
            videos_in="videos",
            refuses=_refuses,
            composes=skycaptioner,
            variant="structure",
        ),
    ),
    start=lambda folder, layout: (
        "python scripts/vllm_fusion_caption.py --task t2v --model_path Qwen/Qwen2.5-32B-Instruct "
        f"--input_csv {shlex.quote(str(folder / _FILE))} --out_csv {shlex.quote(str(folder / 'fused.csv'))}"
    ),
)
