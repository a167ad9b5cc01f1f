"""Knows the lists from which LTX's two trainers precompute latents and embeddings; knows neither model.

LTX-2 (Lightricks/LTX-2 @400fd31, packages/ltx-trainer/scripts/process_dataset.py, process_captions.py,
process_videos.py, src/ltx_trainer/datasets.py) finds by their names the columns that it uses, in the first record of
JSON and JSON lines. LTX-Video-Trainer (@31b1273, scripts/process_captions.py, process_videos.py,
src/ltxv_trainer/datasets.py) takes `caption` and `media_path`. Both keep what they compute under the video's path with
the ending `.pt`, and read it back by that name.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

from framescribe.errors import UserError
from framescribe.formats import trainer_lists as lists
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.csv_rows import write_rows
from framescribe.formats.listed import broken_text, namer, opened
from framescribe.formats.pandas_csv import read_csv, refuses_csv
from framescribe.formats.target import Target
from framescribe.plain_json import dumps
from framescribe.storage.json_stream import read_objects, write_objects

Kind = Literal["json", "jsonl", "csv"]
_ABOUT = {
    "json": "dataset.json, a list of objects, and the videos",
    "jsonl": "dataset.jsonl, an object a line, and the videos",
    "csv": "dataset.csv, and the videos",
}
_VIDEO, _MEDIA_PATH = "video", "media_path"  # LTX-2's column; LTX-Video-Trainer's, which LTX-2 takes as well


_READ: dict[Kind, Callable[[Path], Iterable[lists.Found]]] = {
    "json": read_objects,
    "jsonl": lists.read_json_lines,
    "csv": lambda path: read_csv(path, "caption"),
}


def _write(samples: Iterable[Sample], target: Target, kind: Kind, column: str) -> None:
    named = namer(target)

    def rows() -> Iterator[tuple[str, str]]:
        for sample in samples:
            yield sample.captions[0], named(sample.video)

    with target.file(f"dataset.{kind}") as file:
        if kind == "csv":
            return write_rows(file, ("caption", column), rows())
        records = ({"caption": caption, column: path} for caption, path in rows())
        if kind == "json":
            write_objects(file, records)
        else:
            file.writelines(dumps(record) + "\n" for record in records)


def _read(path: Path, kind: Kind, column: str) -> Iterator[Sample]:
    file = lists.list_in(path, f"dataset.{kind}")
    folder, old, found = os.path.abspath(file.parent), column == _MEDIA_PATH, ""
    for line, record in _READ[kind](file):
        found = found or _column(file, set(record), old=old)
        where = f"{file}, line {line}"
        try:
            caption, media = record.pop("caption"), record.pop(found)
        except KeyError as error:
            raise UserError(f"{where} has no {error.args[0]}") from None
        if not isinstance(media, str):
            raise UserError(f"{where}: {found} must be a path")
        if caption is not None and not isinstance(caption, str):
            raise UserError(f"{where}: caption must be a text")
        media = media.strip()
        if old and os.path.isabs(media):
            raise UserError(f"{where}: {media} must be relative to {folder}, or LTX-Video-Trainer loses its caption")
        yield Sample(video=opened(folder, media), captions=(caption,) if caption else (), columns=record)


def _column(file: Path, names: set[str], *, old: bool) -> str:
    """The column of the videos. UserError where the trainer would stop, or take one of two by chance."""
    if not old and {_VIDEO, _MEDIA_PATH} <= names:
        raise UserError(f"{file} has the columns video and media_path, of which LTX-2 takes either: remove one")
    column = _VIDEO if not old and _MEDIA_PATH not in names else _MEDIA_PATH
    if not {"caption", column} <= names:
        raise UserError(f"{file} needs the columns caption and {column}; it has {', '.join(sorted(names))}")
    return column


def _recognises(path: Path, kind: Kind, column: str) -> bool:
    file = path / f"dataset.{kind}" if path.is_dir() else path
    record = lists.first_record(file) if file.suffix == f".{kind}" else None
    if record is None or "caption" not in record:
        return False
    if _VIDEO in record or _MEDIA_PATH not in record:
        return column == _VIDEO and isinstance(record.get(_VIDEO), str)
    whole = os.path.isabs(str(record[_MEDIA_PATH]).strip())  # which LTX-Video-Trainer does not take
    return whole == (column == _VIDEO)


def _refuses(sample: Sample, kind: Kind) -> str | None:
    name = os.path.basename(sample.video)
    if name.startswith("latent_"):
        return "its name begins with latent_, and the trainer would look for its caption under another name: rename it"
    if sample.video != sample.video.strip():
        return "its path ends in a blank, which the trainer cuts off: rename it"
    return refuses_csv(sample) if kind == "csv" else broken_text(sample)


def _layouts(column: str) -> tuple[Layout, ...]:
    kinds: tuple[Kind, ...] = ("json", "jsonl", "csv")
    return tuple(
        Layout(
            name=kind,
            about=_ABOUT[kind],
            write=partial(_write, kind=kind, column=column),
            read=partial(_read, kind=kind, column=column),
            recognises=partial(_recognises, kind=kind, column=column),
            videos="within" if column == _MEDIA_PATH else "listed",
            videos_in="videos",
            stems=True,
            refuses=partial(_refuses, kind=kind),
        )
        for kind in kinds
    )


def _start_ltx_2(folder: Path, layout: str) -> str:
    again = " --overwrite" if (folder / ".precomputed").exists() else ""  # else what is there is kept, with its words
    return (
        f"uv run python scripts/process_dataset.py {shlex.quote(str(folder / f'dataset.{layout}'))} "
        "--resolution-buckets 960x544x49 --model-path LTX-2.safetensors --text-encoder-path GEMMA_FOLDER" + again
    )


def _start_ltx_video(folder: Path, layout: str) -> str:
    return (
        f"python scripts/preprocess_dataset.py {shlex.quote(str(folder / f'dataset.{layout}'))} "
        "--resolution-buckets 768x768x25"
    )


LTX_2 = Format(
    name="ltx-2",
    title="LTX-2",
    source="Lightricks/LTX-2 @400fd31: packages/ltx-trainer/scripts/process_dataset.py",
    notes=(
        "Afterwards: `uv run python scripts/train.py` with `data.preprocessed_data_root` set to the folder's "
        "`.precomputed`. When captions change, `--overwrite` is needed; the printed command has it where something is"
        " computed already.",
        "What is computed is kept under a clip's path without its ending: two clips that differ in their endings "
        "alone are given different names. Use its `--lora-trigger` or `--trigger` here, not both.",
    ),
    layouts=_layouts(_VIDEO),
    start=_start_ltx_2,
    # Its Gemma reads 1024 tokens (ltx_core/text_encoders/gemma), more than captions have.
    frames=FrameRule(
        step=8, remainder=1, least=49, then="it uses the first frames that its bucket holds, and drops clips with fewer"
    ),
)

LTX_VIDEO_TRAINER = Format(
    name="ltx-video-trainer",
    title="LTX-Video-Trainer",
    source="Lightricks/LTX-Video-Trainer @31b1273: scripts/preprocess_dataset.py, docs/dataset-preparation.md",
    notes=(
        "Afterwards: `scripts/train.py` with `preprocessed_data_root`. Paths must be relative and below the folder.",
    ),
    layouts=_layouts(_MEDIA_PATH),
    start=_start_ltx_video,
    frames=FrameRule(
        step=8, remainder=1, least=25, then="it uses the first frames that its bucket holds, and drops clips with fewer"
    ),
    tokens=(256, "t5"),
)
