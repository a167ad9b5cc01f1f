"""Knows how diffusion-pipe reads videos and captions: a folder with texts beside the videos, or with a captions.json,
named by a TOML file; knows no model.

tdrussell/diffusion-pipe @8f83dbf: utils/dataset.py (DirectoryDataset), utils/common.py, models/base.py,
examples/{dataset,main_example}.toml. The endings are imageio 2.38's, as utils/common.py takes them from there.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.sidecars import VIDEOS, Seen, placed, quoted, read_toml, text_of, write_beside, write_settings
from framescribe.formats.target import Target

SETTINGS = "dataset.toml"
TRAINING = "train.toml"
CAPTIONS = "captions.json"
_IMAGEIO = """
.264 .265 .3g2 .3gp .amv .asf .avc .avi .avs2 .avs3 .cdg .dav .dif .drc .dv .f4v .flv .gxf .h261 .h263 .h264 .h265 .h26l
.hevc .ismv .ivf .kux .lvf .m1v .m2t .m2ts .m2v .m4v .mj2 .mjpeg .mjpg .mk3d .mkv .moflex .mov .mp4 .mpeg .mpg .mts .mvi
.mxf .nut .obu .ogv .rm .roq .ts .ty .vc1 .vc2 .viv .vob .webm .wmv .wtv .xmv .y4m
"""  # without what is sound or needs options, such as .m4a and .rgb
_ENDINGS = frozenset(_IMAGEIO.split())
_TAKEN = _ENDINGS | {ending.upper() for ending in _ENDINGS}  # compared exactly: ".Mp4" is no video
_BUCKETS = (5, 9, 17, 33)  # 4n + 1, as Wan and HunyuanVideo need them; LTX's 8n + 1 are among them
_FPS = 16  # Wan's: the frames of a clip are counted at its model's rate

_DATASET = """\
# What diffusion-pipe trains on; every setting: examples/dataset.toml in its repository.
resolutions = [512]  # the side of a square with as many pixels; each clip keeps about its own shape
enable_ar_bucket = true
min_ar = 0.5
max_ar = 2.0
num_ar_buckets = 7
frame_buckets = {buckets}  # each clip is cut to the longest that it fills, at the model's frame rate, or is left out

[[directory]]
path = {path}
num_repeats = 1
"""
_TRAINING = """\
# A LoRA of Wan 2.1 with diffusion-pipe; every setting: examples/main_example.toml in its repository.
output_dir = {output}
dataset = {dataset}

epochs = 100
micro_batch_size_per_gpu = 1
pipeline_stages = 1
gradient_accumulation_steps = 1
gradient_clipping = 1.0
warmup_steps = 10

eval_every_n_epochs = 1
eval_before_first_step = false
eval_micro_batch_size_per_gpu = 1
eval_gradient_accumulation_steps = 1

save_every_n_epochs = 10
checkpoint_every_n_minutes = 120
activation_checkpointing = true
partition_method = "parameters"
save_dtype = "bfloat16"
caching_batch_size = 1
steps_per_print = 1
video_clip_mode = "single_beginning"

[model]
type = "wan"
ckpt_path = "/path/to/Wan2.1-T2V-1.3B"  # change this: the folder of the model
dtype = "bfloat16"
timestep_sample_method = "logit_normal"

[adapter]
type = "lora"
rank = 32
dtype = "bfloat16"

[optimizer]
type = "adamw_optimi"
lr = 2e-5
betas = [0.9, 0.99]
weight_decay = 0.01
eps = 1e-8
"""


# ---------------------------------------------------------------------------------- writing


def _write_texts(samples: Iterable[Sample], target: Target) -> None:
    list_of_theirs = str(target.path(f"{VIDEOS}/{CAPTIONS}"))
    if os.path.lexists(list_of_theirs) and not target.owns(list_of_theirs):
        raise UserError(f"{list_of_theirs} would be read instead of texts beside the videos: move it away")
    seen = Seen()
    write_beside(seen.through(samples, _FPS), target)
    _write_settings(target, seen)


def _write_captions(samples: Iterable[Sample], target: Target) -> None:
    """In ASCII, with escapes: it is opened in the system's own encoding."""
    seen = Seen()
    encode = json.JSONEncoder().encode
    with target.file(f"{VIDEOS}/{CAPTIONS}") as file:
        between = "{\n"
        for sample in seen.through(samples, _FPS):
            file.write(f"{between}{encode(os.path.basename(sample.video))}: {encode(sample.captions)}")
            between = ",\n"
        file.write("\n}\n")
    _write_settings(target, seen)


def _write_settings(target: Target, seen: Seen) -> None:
    buckets = {max((one for one in _BUCKETS if one <= frames), default=_BUCKETS[0]) for frames in seen.frames if frames}
    if None in seen.frames:
        buckets.add(_BUCKETS[-1])
    videos, output, dataset = (quoted(str(target.path(name))) for name in (VIDEOS, "output", SETTINGS))
    write_settings(target, SETTINGS, _DATASET.format(buckets=[1, *sorted(buckets)], path=videos))
    write_settings(target, TRAINING, _TRAINING.format(output=output, dataset=dataset))


# ---------------------------------------------------------------------------------- reading


def _read(path: Path) -> Iterator[Sample]:
    """The clips in the directories that a TOML file names (the folder's own, or `path`), or those in a folder."""
    for folder, prefix in _directories(path):
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder, and diffusion-pipe stops there")
        listed = _captions_of(folder / CAPTIONS)
        for name in sorted(os.listdir(folder)):
            video = os.path.join(folder, name)
            if os.path.splitext(name)[1] not in _TAKEN or not os.path.isfile(video):
                continue
            captions = _beside(video) if listed is None else _in_list(listed, name, folder)
            if captions or not name.startswith("."):  # without a caption it is left out, with a warning
                yield Sample(video=video, captions=tuple(prefix + caption for caption in captions))


def _directories(path: Path) -> list[tuple[Path, str]]:
    """Each directory, and what is put before its captions."""
    if path.is_dir() and not (path / SETTINGS).is_file():
        return [(path.absolute(), "")]
    path = path / SETTINGS if path.is_dir() else path
    settings = read_toml(path)
    try:
        return [
            (
                Path(placed(directory["path"], str(path.absolute().parent))),
                directory.get("caption_prefix", settings.get("caption_prefix", "")),
            )
            for directory in settings["directory"]
        ]
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{path} has no [[directory]] with a path") from None


def _beside(video: str) -> list[str]:
    text = text_of(os.path.splitext(video)[0] + ".txt")
    return [text.strip()] if text and text.strip() else []


def _in_list(listed: dict[str, Any], name: str, folder: Path) -> list[str]:
    captions = listed.get(name)
    if captions is None:
        return []
    if not isinstance(captions, list) or not all(isinstance(caption, str) for caption in captions):
        raise UserError(f"{folder / CAPTIONS}: diffusion-pipe stops at {name!r}: its value is not a list of texts")
    return [caption for caption in captions if caption.strip()]


def _captions_of(path: Path) -> dict[str, Any] | None:
    """The whole file at once, as diffusion-pipe has it; None if there is none. While there is one, no .txt is read."""
    text = text_of(str(path))
    if text is None:
        return None
    try:
        listed = json.loads(text)
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}") from None
    if not isinstance(listed, dict):
        raise UserError(f"{path} must be an object: file names, each with a list of captions")
    return listed


def _is_ours(path: Path, *, listed: bool) -> bool:
    """Whether it names directories as diffusion-pipe's settings do, or is a folder with such a captions.json."""
    try:
        if path.is_dir() and not (path / SETTINGS).is_file():
            captions = _captions_of(path / CAPTIONS) if listed else None
            return bool(captions) and all(isinstance(value, list) for value in (captions or {}).values())
        if not path.is_dir() and path.suffix.lower() != ".toml":
            return False
        return any((folder / CAPTIONS).is_file() == listed for folder, _ in _directories(path)[:1])
    except (UserError, OSError):
        return False


def _refuses(sample: Sample) -> str | None:
    name = os.path.basename(sample.video)
    ending = os.path.splitext(name)[1]
    if ending not in _TAKEN:
        return f"diffusion-pipe takes endings that are all small or all capital letters, not {ending}"
    if not name.isprintable() and any(0xD800 <= ord(one) < 0xE000 for one in name):
        return "diffusion-pipe stops at names that are not UTF-8"
    return None


_COMMON: dict[str, Any] = {
    "read": _read,
    "videos": "beside",
    "videos_in": VIDEOS,
    "flat": True,
    "endings": _ENDINGS,
    "refuses": _refuses,
}

FORMAT = Format(
    name="diffusion-pipe",
    title="diffusion-pipe",
    source="tdrussell/diffusion-pipe @8f83dbf: utils/dataset.py, examples/dataset.toml",
    notes=(
        "Put the model's folder into `train.toml` first. `--layout captions-json` takes several captions per clip.",
        "A `captions.json` turns all `.txt` files off. A clip without a caption is left out.",
        "When captions change, add `--regenerate_cache`. `frame_buckets` are chosen so that no clip of five frames or"
        " more is dropped.",
    ),
    layouts=(
        Layout(
            name="txt",
            about=f"{VIDEOS}/a.mp4 with {VIDEOS}/a.txt, {SETTINGS} and {TRAINING}",
            write=_write_texts,
            recognises=lambda path: _is_ours(path, listed=False),
            stems=True,
            **_COMMON,
        ),
        Layout(
            name="captions-json",
            about=f"{VIDEOS}/a.mp4 in {VIDEOS}/{CAPTIONS}, {SETTINGS} and {TRAINING}",
            write=_write_captions,
            recognises=lambda path: _is_ours(path, listed=True),
            several="a list",
            **_COMMON,
        ),
    ),
    start=lambda folder, layout: (
        f"deepspeed --num_gpus=1 train.py --deepspeed --config {shlex.quote(str(folder / TRAINING))}"
    ),
    frames=FrameRule(
        step=4,
        remainder=1,
        least=_BUCKETS[0],
        fps=_FPS,
        then=f"cuts it to the longest of frame_buckets in {SETTINGS}, and leaves out what is shorter than all",
    ),
    tokens=(512, "umt5"),
)
