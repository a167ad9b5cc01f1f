"""Knows how ai-toolkit reads videos and captions: folders with texts beside the videos, named by a YAML file; knows no
model.

ostris/ai-toolkit @27a03a9: toolkit/data_loader.py (AiToolkitDataset), toolkit/dataloader_mixins.py
(CaptionProcessingDTOMixin, get_auto_frame_count), toolkit/config_modules.py (DatasetConfig), toolkit/config.py,
config/examples/train_lora_wan21_1b_24gb.yaml.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from framescribe.errors import UserError
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.sidecars import (
    VIDEOS,
    placed,
    quoted,
    text_of,
    videos_in,
    whole,
    write_beside,
    write_settings,
)
from framescribe.formats.target import Target

SETTINGS = "ai-toolkit.yaml"
_ENDINGS = frozenset([".mp4", ".avi", ".mov", ".webm", ".mkv", ".wmv", ".m4v", ".flv"])
_CONTROLS = "_controls"  # what lies directly in a folder of this name is left out
_FPS = 16  # Wan's, which the settings name

_JOB = """\
# A LoRA of Wan 2.1 with ai-toolkit; every setting: config/examples in its repository.
job: extension
config:
  name: {name}
  process:
    - type: sd_trainer
      training_folder: {output}
      device: cuda:0
      network:
        type: lora
        linear: 32
        linear_alpha: 32
      save:
        dtype: float16
        save_every: 250
        max_step_saves_to_keep: 4
      datasets:
        - folder_path: {path}
          caption_ext: txt
          resolution: [480]
          fps: {fps}  # the model's
          auto_frame_count: true  # all of each clip. If long ones need too much memory, put num_frames: 41 in its place
          cache_latents_to_disk: true
      train:
        batch_size: 1
        steps: 2000
        gradient_accumulation: 1
        train_unet: true
        train_text_encoder: false
        gradient_checkpointing: true
        noise_scheduler: flowmatch
        timestep_type: sigmoid
        optimizer: adamw8bit
        lr: 0.0001
        dtype: bf16
        disable_sampling: true  # false draws samples while it trains; then add "sample" as in the examples
      model:
        name_or_path: "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"
        arch: wan21
        quantize_te: true
      sample:
        sampler: flowmatch
        prompts: []
meta:
  name: "[name]"
  version: "1.0"
"""


# ---------------------------------------------------------------------------------- writing


def _write(samples: Iterable[Sample], target: Target) -> None:
    if "${" in str(target.folder):
        raise UserError(f"ai-toolkit takes ${{…}} in {target.folder} for a variable: use another -o")
    write_beside(samples, target)
    name, path, output = (
        quoted(text) for text in (target.folder.name, str(target.path(VIDEOS)), str(target.path("output")))
    )
    write_settings(target, SETTINGS, _JOB.format(name=name, output=output, path=path, fps=_FPS))


# ---------------------------------------------------------------------------------- reading


def _read(path: Path) -> Iterator[Sample]:
    """The clips in the folders that a YAML file names (the folder's own, or `path`), or those in a folder.

    Folders below are searched, except linked ones. A clip without a text is trained with the default caption, or none.
    What ai-toolkit does to a text later is not undone here: it doubles the blank after each comma, puts one after a
    comma that has none ("1,000"), and drops "[name]" and "[trigger]" unless the job has a trigger word.
    """
    for folder, dataset in _folders(path):
        ending = "." + dataset.get("caption_ext", "txt").removeprefix(".")
        default = whole(dataset.get("default_caption"))
        for video in videos_in(folder, _ENDINGS, links=False):
            if os.path.basename(os.path.dirname(video)) != _CONTROLS:
                yield Sample(video=video, captions=whole(text_of(os.path.splitext(video)[0] + ending)) or default)


def _folders(path: Path) -> list[tuple[Path, Mapping[str, str]]]:
    if path.is_dir() and not (path / SETTINGS).is_file():
        return [(path, {})]
    path = path / SETTINGS if path.is_dir() else path
    base = str(path.absolute().parent)
    named = ((one.get("dataset_path") or one.get("folder_path"), one) for one in _datasets(path))
    folders: list[tuple[Path, Mapping[str, str]]] = [(Path(placed(at, base)), one) for at, one in named if at]
    if not folders:
        raise UserError(f"{path} has no data set with a folder_path")
    return folders


_ITEM = re.compile(
    r"""^(?P<item>\s*-\s+)?\s*(?P<key>folder_path|dataset_path|caption_ext|default_caption)\s*:\s*
        (?: "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>(?:[^']|'')*)' | (?P<plain>[^\s#"'][^#]*?) ) \s*(?:\s\#.*)?$""",
    re.VERBOSE,
)


def _datasets(path: Path) -> Iterator[dict[str, str]]:
    """What the data sets in a job's file say, as far as it matters here. Looked for line by line: that needs no parser
    of YAML, and the whole job is ai-toolkit's to check."""
    text = text_of(str(path))
    if text is None:
        raise UserError(f"{path} does not exist")
    dataset: dict[str, str] = {}
    for line in text.splitlines():
        if line.lstrip().startswith("- "):
            yield dataset
            dataset = {}
        if found := _ITEM.match(line):
            dataset[found["key"]] = _value(found)
    yield dataset


def _value(found: re.Match[str]) -> str:
    if found["double"] is not None:
        wide = re.sub(r"\\U([0-9a-fA-F]{8})", lambda code: chr(int(code[1], 16)), found["double"])
        try:
            return str(json.loads(f'"{wide}"'))
        except ValueError:
            return wide
    return found["plain"] or found["single"].replace("''", "'")


def _recognises(path: Path) -> bool:
    path = path / SETTINGS if path.is_dir() else path
    try:
        return path.suffix.lower() in (".yaml", ".yml") and bool(_folders(path))
    except (UserError, OSError):
        return False


def _refuses(sample: Sample) -> str | None:
    folder, name = os.path.split(sample.video)
    if name.startswith("."):
        return "ai-toolkit does not see files whose names begin with a dot"
    if os.path.basename(folder) == _CONTROLS:
        return f"ai-toolkit leaves out what lies in a folder named {_CONTROLS}"
    return None


FORMAT = Format(
    name="ai-toolkit",
    title="ai-toolkit",
    source="ostris/ai-toolkit @27a03a9: toolkit/data_loader.py, toolkit/dataloader_mixins.py",
    notes=(
        "A missing text means an empty caption, silently. It also trains on pictures that lie in the folder, and does"
        " not follow linked folders.",
        "It changes captions as it reads them: a blank follows every comma (`1,000` becomes `1, 000`), and "
        "`[trigger]` becomes the trigger word of its own configuration, or nothing.",
        "Ours takes whole clips at 16 fps (`auto_frame_count`), which needs memory for long ones.",
    ),
    layouts=(
        Layout(
            name="folder",
            about=f"{VIDEOS}/a.mp4 with {VIDEOS}/a.txt, and {SETTINGS}",
            write=_write,
            read=_read,
            recognises=_recognises,
            videos="beside",
            videos_in=VIDEOS,
            stems=True,
            endings=_ENDINGS,
            refuses=_refuses,
        ),
    ),
    start=lambda folder, layout: f"python run.py {shlex.quote(str(folder / SETTINGS))}",
    frames=FrameRule(step=4, remainder=1, fps=_FPS, then="leaves out up to three frames at the end"),
    tokens=(512, "umt5"),
)
