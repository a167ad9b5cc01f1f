"""Knows how musubi-tuner reads videos and captions: a folder with texts beside the videos, or a jsonl list, named by a
TOML file; knows no model.

kohya-ss/musubi-tuner @30c658c: src/musubi_tuner/dataset/{config_utils,datasources,media_utils,image_video_dataset}.py,
docs/dataset_config.md, docs/wan.md.
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
from framescribe.formats.sidecars import (
    VIDEOS,
    Seen,
    placed,
    quoted,
    read_toml,
    text_of,
    whole,
    write_beside,
    write_settings,
)
from framescribe.formats.target import Target
from framescribe.plain_json import dumps
from framescribe.sources.found import MAGIC

SETTINGS = "dataset_config.toml"
LIST = "videos.jsonl"
_ENDINGS = frozenset([".mp4", ".webm", ".avi", ".mkv", ".mov", ".flv", ".wmv", ".m4v", ".mpg", ".mpeg"])
_GLOBBED = (*_ENDINGS, *(ending.upper() for ending in _ENDINGS))  # VIDEO_EXTENSIONS: no others, such as ".Mp4"

_SETTINGS = """\
# What musubi-tuner trains on; every setting: docs/dataset_config.md in its repository.
[general]
resolution = [832, 480]  # width and height: how many pixels. Each clip keeps about its own shape
batch_size = 1
enable_bucket = true
caption_extension = ".txt"

[[datasets]]
{source}
cache_directory = {cache}
num_repeats = 1
frame_extraction = "full"  # the whole clip; "head" takes the first target_frames, and drops clips that are shorter
max_frames = 81  # longer clips are cut. Each number of frames is rounded down to 4n + 1
{rate}
"""
_SAME_RATE = "source_fps = {rate}  # of the clips: frames are left out to match the model (Wan 16, HunyuanVideo 24)"
_NO_RATE = "# source_fps = 30.0  # where all clips have the same: frames are left out to match the model (Wan 16 fps)"


# ---------------------------------------------------------------------------------- writing


def _write_folder(samples: Iterable[Sample], target: Target) -> None:
    _check_cache(target)
    seen = Seen()
    write_beside(seen.through(samples), target)
    _write_settings(target, f"video_directory = {quoted(str(target.path(VIDEOS)))}", seen)


def _write_list(samples: Iterable[Sample], target: Target) -> None:
    """Absolute paths: others would count from where musubi-tuner is started."""
    _check_cache(target)
    seen = Seen()
    stems: set[int] = set()  # hashes: 60 bytes a clip, not its name
    encode = json.JSONEncoder(ensure_ascii=False).encode
    with target.file(LIST) as file:
        for sample in seen.through(samples):
            stem = hash(os.path.splitext(os.path.basename(sample.video))[0])
            if stem in stems:
                raise UserError(
                    f"{sample.video} has the name of another clip. musubi-tuner's cache tells clips apart by name, and "
                    "would train one with the other's caption: use --videos link, or rename it"
                )
            stems.add(stem)
            path = encode(sample.video) if sample.video.isascii() else dumps(sample.video)  # perhaps not UTF-8
            file.write(f'{{"video_path": {path}, "caption": {encode(sample.captions[0])}}}\n')
    _write_settings(target, f"video_jsonl_file = {quoted(str(target.path(LIST)))}", seen)


def _check_cache(target: Target) -> None:
    """The cache's folder is searched with glob.glob, unescaped (prepare_for_training)."""
    if MAGIC.search(str(target.folder)):
        raise UserError(f"musubi-tuner finds no cache below a path with [, ? or *: {target.folder}; use another -o")


def _write_settings(target: Target, source: str, seen: Seen) -> None:
    only = next(iter(seen.rates)) if len(seen.rates) == 1 else None
    rate = _SAME_RATE.format(rate=float(only)) if only else _NO_RATE
    cache = quoted(str(target.path("cache")))
    write_settings(target, SETTINGS, _SETTINGS.format(source=source, cache=cache, rate=rate))


# ---------------------------------------------------------------------------------- reading


def _read(path: Path) -> Iterator[Sample]:
    """The clips that a TOML file names (the folder's own, or `path`), those of a jsonl list, or those in a folder."""
    if path.is_dir() and not (path / SETTINGS).is_file():
        yield from _read_folder(path, ".txt")
    elif path.is_dir() or path.suffix.lower() == ".toml":
        path = path / SETTINGS if path.is_dir() else path
        base = os.path.dirname(os.path.abspath(path))
        for dataset in _datasets(path):
            if "video_directory" in dataset:
                folder = Path(placed(dataset["video_directory"], base))
                yield from _read_folder(folder, dataset.get("caption_extension"))
            elif "video_jsonl_file" in dataset:
                yield from _read_list(Path(placed(dataset["video_jsonl_file"], base)))
    else:
        yield from _read_list(path)


def _datasets(path: Path) -> list[Mapping[str, Any]]:
    settings = read_toml(path)
    try:
        return [{**settings.get("general", {}), **dataset} for dataset in settings.get("datasets", [])]
    except TypeError:
        raise UserError(f"{path}: [general] and [[datasets]] must be tables") from None


def _read_folder(folder: Path, ending: str | None) -> Iterator[Sample]:
    """VideoDirectoryDatasource: this folder alone, no names that begin with a dot (glob), and a text for each video."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    for video in sorted(
        os.path.join(os.path.abspath(folder), name)
        for name in os.listdir(folder)
        if name.endswith(_GLOBBED) and not name.startswith(".")
    ):
        text = text_of(os.path.splitext(video)[0] + ending) if ending else None
        if text is None:
            raise UserError(
                f"{video} has no {ending or 'text (caption_extension)'} beside it, and musubi-tuner stops there: "
                "caption it, or move it away (import --from txt reads the folder as it is)"
            )
        yield Sample(video=video, captions=whole(text))


def _read_list(path: Path) -> Iterator[Sample]:
    """VideoJsonlDatasource: each line is an object; an empty line or a byte order mark stops it. Captions stay as
    they are, not stripped."""
    base = os.path.dirname(os.path.abspath(path))
    loads = json.loads
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    row = loads(line)
                    video, caption = row["video_path"], row["caption"]
                except (ValueError, KeyError, TypeError) as error:
                    raise UserError(
                        f"{path}, line {number}: musubi-tuner stops here; it needs an object with video_path and "
                        f"caption ({type(error).__name__}: {error})"
                    ) from None
                if not isinstance(video, str) or not isinstance(caption, str):
                    raise UserError(f"{path}, line {number}: video_path and caption must be texts")
                if not video.startswith("/"):
                    video = placed(video, base)
                yield Sample(video=video, captions=(caption,) if caption.strip() else ())
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from None


def _has(path: Path, key: str) -> bool:
    """Whether it is a TOML file, or a folder with ours, that has a data set with this key."""
    path = path / SETTINGS if path.is_dir() else path
    try:
        return path.suffix.lower() == ".toml" and any(key in one for one in _datasets(path))
    except (UserError, OSError):
        return False


def _is_list(path: Path) -> bool:
    if path.suffix.lower() != ".jsonl" or not path.is_file():
        return _has(path, "video_jsonl_file")
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        try:
            row = json.loads(file.readline())
        except ValueError:
            return False
    return isinstance(row, dict) and {"video_path", "caption"} <= row.keys()


def _refuses(sample: Sample) -> str | None:
    name = os.path.basename(sample.video)
    if name.startswith("."):
        return "musubi-tuner does not see files whose names begin with a dot"
    if not name.endswith(_GLOBBED):
        return f"musubi-tuner sees endings that are all small or all capital letters, not {os.path.splitext(name)[1]}"
    return None


FORMAT = Format(
    name="musubi-tuner",
    title="musubi-tuner",
    source="kohya-ss/musubi-tuner @30c658c: src/musubi_tuner/dataset/, docs/dataset_config.md",
    notes=(
        "After the first command: `wan_cache_text_encoder_outputs.py` with the same `--dataset_config`, then "
        "`wan_train_network.py`. When captions change, run the text encoder's cache again.",
        "A clip without a text stops it; it looks into no folder below; and `.Mp4` is not seen, though `.mp4` and "
        "`.MP4` are.",
        "Its cache knows clips by their names alone, so two clips of one name never share an export.",
        'Ours sets `frame_extraction = "full"`; `"head"` silently drops clips shorter than `target_frames`. '
        "`source_fps` is set if all clips have the same rate; without it, 30 fps clips play slowly, since Wan learns "
        "16 fps.",
    ),
    layouts=(
        Layout(
            name="folder",
            about=f"{VIDEOS}/a.mp4 with {VIDEOS}/a.txt, and {SETTINGS}",
            write=_write_folder,
            read=_read,
            recognises=lambda path: _has(path, "video_directory"),
            videos="beside",
            videos_in=VIDEOS,
            flat=True,
            stems=True,
            endings=_ENDINGS,
            refuses=_refuses,
        ),
        Layout(
            name="jsonl",
            about=f"{LIST}, and {SETTINGS}",
            write=_write_list,
            read=_read,
            recognises=_is_list,
            videos="listed",
            videos_in=VIDEOS,
            flat=True,  # its cache has one name for two clips of one name in two folders
            stems=True,
        ),
    ),
    start=lambda folder, layout: (
        "python src/musubi_tuner/wan_cache_latents.py --vae /path/to/wan_2.1_vae.safetensors "
        f"--dataset_config {shlex.quote(str(folder / SETTINGS))}"
    ),
    frames=FrameRule(
        step=4, remainder=1, then=f"leaves out up to three frames at the end, and all after max_frames in {SETTINGS}"
    ),
    tokens=(512, "umt5"),
)
