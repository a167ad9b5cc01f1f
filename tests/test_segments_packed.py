"""Segments packed into tars and Parquet files: what their own readers take out are clips, whole and in order."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import datasets
import pytest
import webdataset

from framescribe.dataset.export import Options, export_rows
from framescribe.errors import UserError
from tests.exports import result, tree
from tests.films import program
from tests.test_export_segments import IN_SEGMENTS, WORDS, divided, numbers
from tests.tones import heard, tone, with_sound
from tests.videos import film

# What `datasets` and `webdataset` leave open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PACKED = ["webdataset", "datasets"]
BOUNDS = (0, 33, 34, 100)


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()
    gc.collect()  # while what they left open is still ignored


def taken_out(folder: Path, to: str, tmp_path: Path) -> list[tuple[str, str, Path]]:
    """What the format's own reader finds: of each clip its id, its caption, and its bytes as a file."""
    if to == "webdataset":
        tars = [str(tar) for tar in sorted(folder.glob("*.tar"))]
        samples = webdataset.WebDataset(tars, shardshuffle=False).decode()
        found = [(one["json"]["id"], one["txt"], one["mp4"]) for one in samples]
    else:
        rows = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"), split="train")
        rows = rows.cast_column("video", datasets.Video(decode=False))
        found = [(row["video"]["path"], row["text"], row["video"]["bytes"]) for row in rows]
    clips = []
    for number, (name, text, content) in enumerate(found):
        path = tmp_path / f"out_{number}.mp4"
        path.write_bytes(content)
        clips.append((name, text, path))
    return clips


@pytest.mark.parametrize("to", PACKED)
def test_every_clip_that_is_taken_out_is_its_segment(tmp_path: Path, to: str) -> None:
    one, two = film(tmp_path / "a.webm", codec="libvpx-vp9", frames=100), film(tmp_path / "b.mp4", frames=20)
    rows = [divided(one, BOUNDS, WORDS), divided(two, (0, 20), ["All of it."])]
    captions, folder = result(tmp_path / "captions.jsonl", rows), tmp_path / "set"
    assert export_rows(captions, to, folder, options=IN_SEGMENTS).clips == 4
    clips = taken_out(folder, to, tmp_path)
    assert [name for name, _, _ in clips] == ["a_0001.mp4", "a_0002.mp4", "a_0003.mp4", "b.mp4"]
    assert [text for _, text, _ in clips] == [*WORDS, "All of it."]
    shown = [numbers(clip) for _, _, clip in clips]
    assert shown == [list(range(33)), [33], list(range(34, 100)), list(range(20))]
    assert clips[3][2].read_bytes() == two.read_bytes()
    assert not [path.name for path in folder.rglob("*") if path.suffix in (".mp4", ".tmp")]


@pytest.mark.parametrize("to", PACKED)
def test_repeated_it_is_the_same_and_corrected_it_is_what_was_meant(tmp_path: Path, to: str) -> None:
    path, folder = film(tmp_path / "a.mp4", frames=100, sound=True), tmp_path / "set"
    captions = result(tmp_path / "captions.jsonl", [divided(path, BOUNDS, WORDS)])
    export_rows(captions, to, folder, options=IN_SEGMENTS)
    before = tree(folder)
    export_rows(captions, to, folder, options=IN_SEGMENTS)
    assert tree(folder) == before
    other = result(tmp_path / "other.jsonl", [divided(path, (0, 50, 100), WORDS[1:])])
    export_rows(other, to, folder, options=IN_SEGMENTS)
    clips = taken_out(folder, to, tmp_path)
    assert [(text, numbers(clip)[0]) for _, text, clip in clips] == [(WORDS[1], 0), (WORDS[2], 50)]


@pytest.mark.skipif(program() is None, reason="no ffmpeg program to make films: pip install imageio-ffmpeg")
@pytest.mark.parametrize("to", PACKED)
def test_packed_clips_have_their_sound(tmp_path: Path, to: str) -> None:
    path = with_sound(film(tmp_path / "s.mkv", frames=100), tmp_path / "a.mkv", tone(), "-map 1:a -c:a libopus")
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 50, 100), WORDS[:2])])
    export_rows(captions, to, tmp_path / "set", options=IN_SEGMENTS)
    clips = taken_out(tmp_path / "set", to, tmp_path)
    assert [heard(clip).time(1.0) for _, _, clip in clips] == pytest.approx([1.0, 3.0], abs=1024 / 48000)


def test_segments_of_a_video_in_a_tar_are_packed(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=100)
    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        tar.add(path, "below/a.mp4")
    row = replace(divided(path, (0, 50, 100), WORDS[:2]), video_path=f"{tmp_path}/shard.tar/below/a.mp4")
    path.unlink()
    export_rows(result(tmp_path / "captions.jsonl", [row]), "webdataset", tmp_path / "set", options=IN_SEGMENTS)
    assert [numbers(clip)[0] for _, _, clip in taken_out(tmp_path / "set", "webdataset", tmp_path)] == [0, 50]


@pytest.mark.parametrize("to", PACKED)
def test_a_video_that_has_changed_is_named_and_nothing_is_left(tmp_path: Path, to: str) -> None:
    path = film(tmp_path / "a.mp4", frames=100)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 50, 100), WORDS[:2])])
    film(path, frames=60)
    with pytest.raises(UserError, match=r"a_0002\.mp4 cannot be packed: .* It has no frame 60"):
        export_rows(captions, to, tmp_path / "set", options=IN_SEGMENTS)
    assert not list((tmp_path / "set").rglob("*.*"))


@pytest.mark.parametrize("to", PACKED)
def test_a_video_that_is_gone_is_named_before_anything_is_cut(tmp_path: Path, to: str) -> None:
    path = film(tmp_path / "a.mp4", frames=20)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 10, 20), WORDS[:2])])
    path.unlink()
    with pytest.raises(UserError, match=r"there is no such file: a_0001\.mp4, a_0002\.mp4"):
        export_rows(captions, to, tmp_path / "set", options=Options(segments=True, videos="as-is"))
    assert not (tmp_path / "set").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be killed like that there")
@pytest.mark.parametrize("to", PACKED)
def test_killed_it_leaves_no_file_of_the_set_and_the_same_command_completes_it(tmp_path: Path, to: str) -> None:
    path = film(tmp_path / "a.mp4", frames=200, size=(640, 360))
    words = [f"Part {number}." for number in range(10)]
    captions = result(tmp_path / "captions.jsonl", [divided(path, range(0, 201, 20), words)])
    export_rows(captions, to, tmp_path / "whole", options=IN_SEGMENTS)
    folder = tmp_path / "set"
    command = f"framescribe.__main__ export {captions} --to {to} -o {folder} --segments".split()
    run = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(folder.glob(".framescribe-*.tmp")) and run.poll() is None:
        time.sleep(0.005)
    run.kill()
    assert run.wait() == -signal.SIGKILL
    assert not [found.name for found in folder.rglob("*") if found.suffix in (".tar", ".parquet", ".mp4")]
    export_rows(captions, to, folder, options=IN_SEGMENTS)
    assert tree(folder, card=False) == tree(tmp_path / "whole", card=False)
