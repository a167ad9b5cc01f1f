"""Knows how SimpleTuner reads videos and captions: folders with texts beside the videos, of which each line is a
caption, named by a multidatabackend.json; knows no model.

bghira/SimpleTuner @bc8e6ab: simpletuner/helpers/prompts.py (prepare_instance_prompt_from_textfile, get_all_captions),
simpletuner/helpers/data_backend/{local,factory}.py, simpletuner/helpers/data_backend/config/{image,validators}.py,
simpletuner/helpers/training/__init__.py, documentation/DATALOADER.md, documentation/quickstart/WAN.md.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.sidecars import VIDEOS, Seen, placed, text_of, videos_in, write_beside, write_settings
from framescribe.formats.target import Target
from framescribe.plain_json import dumps

SETTINGS = "multidatabackend.json"
TRAINING = "config.json"
_ENDINGS = frozenset([".mp4", ".avi", ".mov", ".mkv", ".webm", ".flv", ".wmv", ".m4v", ".mpeg", ".mpg", ".3gp", ".ogv"])
_LEAST, _MOST = 17, 81  # of num_frames, which is 4n + 1 for Wan: about one second, and five


# ---------------------------------------------------------------------------------- writing


def _write(samples: Iterable[Sample], target: Target) -> None:
    if "{" in str(target.folder):  # helpers/configuration/template_vars.py
        raise UserError(f"SimpleTuner may take {{…}} in {target.folder} for a placeholder: use another -o")
    seen = Seen()
    write_beside(seen.through(samples), target)
    videos = {
        "id": "videos",
        "type": "local",
        "dataset_type": "video",
        "instance_data_dir": str(target.path(VIDEOS)),
        "caption_strategy": "textfile",
        "metadata_backend": "discovery",
        "crop": False,
        "resolution": 480,
        "resolution_type": "pixel_area",
        "minimum_image_size": 0,
        "repeats": 0,
        "cache_dir_vae": str(target.path("cache/vae")),
        "video": {"num_frames": _frames(seen), "min_frames": _frames(seen), "bucket_strategy": "aspect_ratio"},
    }
    texts = {
        "id": "text-embeds",
        "type": "local",
        "dataset_type": "text_embeds",
        "default": True,
        "cache_dir": str(target.path("cache/text")),
    }
    write_settings(target, SETTINGS, dumps([videos, texts], indent=2) + "\n")
    write_settings(target, TRAINING, dumps(_training(target), indent=2) + "\n")


def _frames(seen: Seen) -> int:
    """As many of each clip as the shortest has, within reason: SimpleTuner takes the same number of all, and leaves out
    what is shorter."""
    shortest = min((frames for frames in seen.frames if frames), default=_MOST)
    return min(max((shortest - 1) // 4 * 4 + 1, _LEAST), _MOST)


def _training(target: Target) -> dict[str, Any]:
    """JSON has no comments; documentation/OPTIONS.md explains each."""
    return {
        "model_type": "lora",
        "model_family": "wan",
        "pretrained_model_name_or_path": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
        "pretrained_t5_model_name_or_path": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
        "data_backend_config": str(target.path(SETTINGS)),
        "output_dir": str(target.path("output")),
        "resolution": 480,
        "resolution_type": "pixel_area",
        "minimum_image_size": 0,
        "aspect_bucket_rounding": 2,
        "train_batch_size": 1,
        "gradient_checkpointing": True,
        "gradient_accumulation_steps": 1,
        "mixed_precision": "bf16",
        "optimizer": "adamw_bf16",
        "learning_rate": 1e-4,
        "lr_scheduler": "constant",
        "lr_warmup_steps": 100,
        "max_train_steps": 2000,
        "num_train_epochs": 0,
        "checkpoint_step_interval": 250,
        "caption_dropout_probability": 0.1,
        "validation_disable": True,
        "report_to": "none",
        "seed": 42,
    }


# ---------------------------------------------------------------------------------- reading


def _read(path: Path) -> Iterator[Sample]:
    """The clips in the folders that a multidatabackend.json names (the folder's own, or `path`), or those in a folder:
    also in linked folders, and also those whose names begin with a dot. One without a text stops it."""
    for folder, backend in _folders(path):
        for video in videos_in(folder, _ENDINGS, hidden=True):
            text = text_of(os.path.splitext(video)[0] + ".txt")
            if text is None:
                raise UserError(
                    f"{video} has no .txt beside it, and SimpleTuner stops there: caption it, or move it away (import "
                    "--from txt reads the folder as it is)"
                )
            lines = [text] if backend.get("disable_multiline_split") else text.split("\n")
            yield Sample(video=video, captions=tuple(line.strip() for line in lines if line.strip()))


def _folders(path: Path) -> list[tuple[Path, Mapping[str, Any]]]:
    if path.is_dir() and not (path / SETTINGS).is_file():
        return [(path, {})]
    path = path / SETTINGS if path.is_dir() else path
    base = str(path.absolute().parent)
    folders = []
    for backend in _backends(path):
        if (backend.get("caption_strategy") or "textfile") != "textfile":
            raise UserError(
                f"{path}: {backend.get('id')!r} has the caption_strategy {backend['caption_strategy']!r}; only "
                "textfile can be read here"
            )
        folders.append((Path(placed(backend["instance_data_dir"], base)), backend))
    if not folders:
        raise UserError(f"{path} has no data set of the dataset_type video with an instance_data_dir")
    return folders


def _backends(path: Path) -> list[Mapping[str, Any]]:
    text = text_of(str(path))
    try:
        backends = json.loads(text or "")
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}") from None
    if not isinstance(backends, list) or not all(isinstance(one, dict) for one in backends):
        raise UserError(f"{path} must be a list of objects, one for each data set")
    return [
        one
        for one in backends
        if one.get("dataset_type") == "video"
        and isinstance(one.get("instance_data_dir"), str)
        and not one.get("disabled")
        and not one.get("disable")
    ]


def _recognises(path: Path) -> bool:
    path = path / SETTINGS if path.is_dir() else path
    try:
        return path.suffix.lower() == ".json" and path.is_file() and bool(_backends(path))
    except (UserError, OSError):
        return False


FORMAT = Format(
    name="simpletuner",
    title="SimpleTuner",
    source="bghira/SimpleTuner @bc8e6ab: simpletuner/helpers/prompts.py, documentation/DATALOADER.md",
    notes=(
        "Each line of a text is a caption of its own: line breaks become blanks, and several captions become lines.",
        "All clips give the same number of frames, that of the shortest (17 to 81); it does not resample. A video "
        "without a text stops it.",
    ),
    layouts=(
        Layout(
            name="folder",
            about=f"{VIDEOS}/a.mp4 with {VIDEOS}/a.txt, {SETTINGS} and {TRAINING}",
            write=_write,
            read=_read,
            recognises=_recognises,
            videos="beside",
            videos_in=VIDEOS,
            stems=True,
            endings=_ENDINGS,
            several="one line each",
            newlines=False,
        ),
    ),
    start=lambda folder, layout: f"cd {shlex.quote(str(folder))} && simpletuner train",
    frames=FrameRule(
        step=4,
        remainder=1,
        least=_LEAST,
        then=f"takes num_frames of {SETTINGS} from each clip, and leaves out what is shorter",
    ),
    tokens=(512, "umt5"),
)
