"""Knows what NVIDIA's Cosmos-Predict2 and Cosmos 3 train on: a text per video in metas/, and JSON lines; no model.

Cosmos-Predict2 (nvidia-cosmos/cosmos-predict2 @661da47): cosmos_predict2/data/dataset_video.py takes the videos that
have an embedding, and scripts/get_t5_embeddings.py makes one of each text in metas/; nvidia-cosmos/cosmos-curate
@29f1358 writes the same folders.

Cosmos 3 (NVIDIA/cosmos-framework @5eee9ed): docs/dataset_jsonl.md,
cosmos_framework/data/generator/local_datasets/sft_dataset.py (what is read, and dropped),
cosmos_framework/inference/structured_caption.py (the structured prompt, and its facts about the file),
cosmos_framework/scripts/captions_to_sft_jsonl.py (a record).
"""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats import trainer_lists as lists
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.listed import broken_text, opened
from framescribe.formats.structures import cosmos_prompt
from framescribe.formats.target import Target
from framescribe.plain_json import dumps
from framescribe.records import VideoInfo

# --- Cosmos-Predict2 ---

_METAS, _VIDEOS = "metas", "videos"


def _write_metas(samples: Iterable[Sample], target: Target) -> None:
    metas = str(target.path(_METAS))
    for sample in samples:
        named = f"{metas}/{os.path.basename(sample.video)}"
        target.sidecar(named, sample.captions[0])
        if named in target.kept:
            target.kept.remove(named)
            target.kept.add(sample.video)


def _read_metas(path: Path) -> Iterator[Sample]:
    videos, metas = path / _VIDEOS, path / _METAS
    if not videos.is_dir() or not metas.is_dir():
        raise UserError(f"{path} needs the folders {_VIDEOS} and {_METAS}")
    root = os.path.abspath(videos)
    for name in sorted(name for name in os.listdir(videos) if name.endswith(".mp4")):
        # The embedding's name is made from the video's and from the text's, each time by replacing what looks like an
        # ending wherever it stands; only if both come to the same is it found.
        text = metas / f"{name[:-4]}.txt"
        found = text.name.replace(".txt", ".pickle") == name.replace(".mp4", ".pickle") and text.is_file()
        try:
            caption = text.read_text(encoding="utf-8").strip() if found else ""
        except UnicodeDecodeError as error:
            raise UserError(f"{text} is not UTF-8 ({error.reason}); save it as UTF-8") from None
        yield Sample(video=f"{root}/{name}", captions=(caption,) if caption else ())


def _metas_read_as(sample: Sample) -> tuple[str, ...]:
    """The caption as it is read from a text file: every line break is a newline."""
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n") for text in sample.captions)


def _recognises_metas(path: Path) -> bool:
    return (path / _VIDEOS).is_dir() and any((path / _METAS).glob("*.txt"))


def _refuses_metas(sample: Sample) -> str | None:
    name = os.path.basename(sample.video)[:-4]
    if ".mp4" in name or ".txt" in name:
        return "its name holds .mp4 or .txt before its ending, and the trainer would not find its caption: rename it"
    return broken_text(sample)


def _start_metas(folder: Path, layout: str) -> str:
    made = folder / "t5_xxl"
    again = f"rm -r {shlex.quote(str(made))} && " if made.exists() else ""  # else what is there is kept, of old words
    return f"{again}python -m scripts.get_t5_embeddings --dataset_path {shlex.quote(str(folder))}"


COSMOS_PREDICT2 = Format(
    name="cosmos-predict2",
    title="Cosmos-Predict2",
    source="nvidia-cosmos/cosmos-predict2 @661da47: cosmos_predict2/data, scripts/get_t5_embeddings.py",
    notes=(
        "Afterwards: an experiment whose `dataset_dir` is the folder. Existing `t5_xxl/*.pickle` are never renewed by"
        " its script, so the printed command removes them first.",
        "Only `.mp4` in lower case, directly in `videos/`. A clip of fewer than 94 frames stops the training.",
    ),
    layouts=(
        Layout(
            name="metas",
            about="metas/a.txt for videos/a.mp4; a script of the trainer adds t5_xxl/a.pickle",
            write=_write_metas,
            read=_read_metas,
            recognises=_recognises_metas,
            videos="within",
            videos_in=_VIDEOS,
            flat=True,
            endings=frozenset({".mp4"}),
            ending_case=True,
            refuses=_refuses_metas,
            read_as=_metas_read_as,
        ),
    ),
    start=_start_metas,
    # With exactly 93 it asks for a random number below 0.
    frames=FrameRule(least=94, then="it takes 93 frames in a row, and stops at a clip that has fewer than 94"),
    tokens=(512, "t5"),
)

# --- Cosmos 3 ---

_LIST, _LIST_IN = "video_dataset_file.jsonl", "train"
_LONGEST = 61.0  # seconds
_STRUCTURED, _DENSE = "caption_json", "caption"
_FACTS = ("resolution", "aspect_ratio", "duration", "fps")
_SIGNS = ('"subjects":', '"temporal_caption":')  # of a structured prompt, wherever they stand
# The keys under which the loader looks for a window's caption, until it finds one; of the last ones it draws one.
_FIRST = (_STRUCTURED, "qwen3_32b_rewrite-dense", _DENSE)
_DRAWN = tuple(
    f"{model}_{style}"
    for style in ("short", "descriptive", "dense")
    for model in ("qwen3_235b", "qwen3_32b", "qwen3p5_397b")
)


def _write_windows(samples: Iterable[Sample], target: Target) -> None:
    named = lists.namer_in(target, _LIST_IN)

    def records() -> Iterator[dict[str, Any]]:
        for sample in samples:
            info, text = sample.info, sample.captions[0]
            assert info is not None  # else refused
            window: dict[str, Any] = {"start_frame": 0, "end_frame": info.frames - 1, "temporal_interval": 1}
            structured = _structured(text)
            if structured is None:
                window[_DENSE] = text
            else:
                window[_STRUCTURED] = _with_facts(structured, info)
                prose = structured.get("temporal_caption")
                if isinstance(prose, str) and prose.strip():
                    window[_DENSE] = prose.strip()
            yield {
                # The loader hashes it, for which it must be proper text.
                "uuid": sample.id.encode("utf-8", "backslashreplace").decode() or os.path.basename(sample.video),
                "duration": _duration(info),
                "width": info.width,
                "height": info.height,
                "vision_path": named(sample.video),
                "t2w_windows": [window],
            }

    with target.file(f"{_LIST_IN}/{_LIST}") as file:
        file.writelines(dumps(record) + "\n" for record in records())


def _structured(text: str) -> dict[str, Any] | None:
    """The structured prompt that a caption is; None if it is prose."""
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _with_facts(structured: dict[str, Any], info: VideoInfo) -> dict[str, Any]:
    """The structured prompt with what the file says about itself, whatever a model said about that."""
    width, height = info.width, info.height
    common = math.gcd(width, height)
    return structured | {
        "resolution": {"H": height, "W": width},
        "aspect_ratio": f"{width // common},{height // common}",
        "duration": f"{round(_duration(info))}s",
        "fps": round(info.fps or 0),
    }


def _duration(info: VideoInfo) -> float:
    return info.duration or info.frames / (info.fps or 1)


def _windows_read_as(sample: Sample) -> tuple[str, ...]:
    """The captions as the trainer gives them to the model: a structured one is compact JSON, with the file's facts."""
    structured = _structured(sample.captions[0])
    if structured is None or sample.info is None:
        return sample.captions
    return (dumps(_with_facts(structured, sample.info)),)


def _read_windows(path: Path) -> Iterator[Sample]:
    if path.is_dir():
        path = path / _LIST_IN / _LIST if (path / _LIST_IN / _LIST).is_file() else path / _LIST
    file = lists.list_in(path, _LIST)
    root = os.path.abspath(file.parent)
    for line, record in lists.read_json_lines(file):
        where = f"{file}, line {line}"
        try:
            video, id, windows = record.pop("vision_path"), record.pop("uuid"), record.pop("t2w_windows", None) or []
            texts = tuple(text for window in windows for text in _texts(window))
        except (KeyError, AttributeError, TypeError) as error:
            raise UserError(f"{where} is no record of a clip: {type(error).__name__} {error}") from None
        yield Sample(video=video if "://" in video else opened(root, video), captions=texts, id=str(id), columns=record)


def _texts(window: dict[str, Any]) -> list[str]:
    """The captions of a window that the loader may take."""
    key = next((key for key in _FIRST if key in window), None)
    found = [window[key]] if key is not None else [window[key] for key in _DRAWN if key in window]
    texts = [dumps(one) if isinstance(one, dict) else one.strip() for one in found]
    return [text for text in texts if text]


def _recognises_windows(path: Path) -> bool:
    if path.is_dir():
        return any(_recognises_windows(file) for file in (path / _LIST_IN / _LIST, path / _LIST) if file.is_file())
    record = lists.first_record(path) if path.suffix == ".jsonl" else None
    return record is not None and {"vision_path", "t2w_windows"} <= record.keys()


def _refuses_windows(sample: Sample) -> str | None:
    info = sample.info
    if why := lists.lacking_facts(sample):
        return why
    if "://" in sample.video and not sample.video.startswith("s3://"):
        return "the trainer takes no addresses but s3://: --videos copy fetches it"
    text = sample.captions[0]
    if any(sign in text for sign in _SIGNS) and _structured(text) is None:
        return "its caption holds JSON and other text: a structured caption takes no trigger, prefix, suffix or limit"
    if info is not None and _duration(info) > _LONGEST:
        return "it is longer than 61 seconds, and the trainer would leave it out: cut it, or leave it out"
    return None


COSMOS3 = Format(
    name="cosmos3",
    title="Cosmos 3",
    source="NVIDIA/cosmos-framework @5eee9ed: docs/dataset_jsonl.md, cosmos_framework/data/generator/local_datasets",
    notes=(
        "`--variant structure` exports what `--strategy structured` made as the JSON prompt, with the caption as its "
        "`temporal_caption` and the facts of the file put in; what is not known is left out. JSON that another stage "
        "made stays as it is, and prose becomes the plain caption.",
        "Dropped by its loader, and refused here: clips above 61 s. 2,048 tokens fit.",
    ),
    layouts=(
        Layout(
            name="jsonl",
            about="train/video_dataset_file.jsonl, and the videos in train/videos/; captions may be structured (JSON)",
            write=_write_windows,
            read=_read_windows,
            recognises=_recognises_windows,
            videos="listed",
            videos_in=f"{_LIST_IN}/videos",
            urls=True,
            facts=True,
            refuses=_refuses_windows,
            composes=cosmos_prompt,
            read_as=_windows_read_as,
        ),
    ),
    start=lambda folder, layout: f"DATASET_PATH={shlex.quote(str(folder))} bash examples/launch_sft_vision_nano.sh",
    frames=FrameRule(
        step=4, remainder=1, least=61, then="it takes 4n + 1 frames, and leaves out clips that have fewer than 61"
    ),
)
