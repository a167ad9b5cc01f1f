"""Tar shards: videos are found and decoded where they lie, and results come as shards that trainers read.

Shards are written with Python's tarfile and with webdataset itself, and read with webdataset.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import webdataset

from framescribe.errors import Unreadable, UserError
from framescribe.frames.decoder import sample
from framescribe.frames.files import content_of
from framescribe.frames.probe import probe
from framescribe.frames.sampling import Sampling
from framescribe.records import Video
from framescribe.results.rows import Results, read_rows
from framescribe.sources import find_videos
from tests.test_job import job, recipe
from tests.test_remote import noisy
from tests.test_results import failed, row, wanted
from tests.videos import film, number_in


def pack(tar: Path, files: Mapping[str, bytes], kind: int = tarfile.GNU_FORMAT) -> Path:
    with tarfile.open(tar, "w", format=kind) as shard:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            shard.addfile(entry, io.BytesIO(content))
    return tar


def read_by_a_trainer(tars: Path) -> list[dict[str, Any]]:
    """The samples that webdataset gives, bytes as text; in a process of its own, since it leaves files open."""
    script = (
        "import json, sys, webdataset\n"
        "for sample in webdataset.WebDataset(sys.argv[1], shardshuffle=False).decode():\n"
        "    print(json.dumps(sample, default=bytes.decode))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tars)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def find(*sources: object) -> tuple[list[Video], list[str]]:
    said: list[str] = []
    return find_videos([str(source) for source in sources], say=said.append), said


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_every_container_is_decoded_where_it_lies(tmp_path: Path, kind: int) -> None:
    contents = {"long/" * 15 + "x.json": b"{}"}
    for name in ("a.mp4", "b.ts", "c.avi", "d.mkv", "e.h264"):
        contents[f"deep/{name}"] = film(tmp_path / name, gop=10, frames=30).read_bytes()
    videos, _ = find(pack(tmp_path / "s.tar", contents, kind))
    assert [video.id for video in videos] == [f"s.tar/{name}" for name in list(contents)[1:]]
    for video in videos:
        alone = tmp_path / video.id.rsplit("/", 1)[-1]
        assert (video.size, video.place) == (alone.stat().st_size, str(tmp_path / video.id))
        sampling = Sampling(method="uniform", frames=3)
        inside, outside = (sample(path, sampling, key="", max_pixels=None) for path in (video.path, str(alone)))
        assert inside.info == outside.info
        assert [number_in(frame.image) for frame in inside.frames] == [frame.index for frame in outside.frames]  # type: ignore[arg-type]
        assert probe(video.path).frames == 30
        assert content_of(video.path) == f"sha256:{hashlib.sha256(alone.read_bytes()).hexdigest()}"


def test_a_video_that_is_cut_off_in_a_tar_is_told(tmp_path: Path) -> None:
    whole = noisy(tmp_path / "a.avi").read_bytes()
    (video,), _ = find(pack(tmp_path / "s.tar", {"a.avi": whole[: len(whole) // 2]}))
    with pytest.raises(Unreadable, match="cut off"):
        sample(video.path, Sampling(), key="", max_pixels=None)


def test_what_lies_beside_a_video_becomes_its_metadata(tmp_path: Path) -> None:
    with webdataset.TarWriter(str(tmp_path / "s-000.tar")) as shard:
        shard.write({"__key__": "one/000", "mp4": b"x", "json": {"title": "007", "n": 3}, "txt": "seen", "cls": 1})
        shard.write({"__key__": "one/001", "mp4": b"xx"})
    pack(tmp_path / "s-001.tar", {"./002.json": b"[1", "002.wide.mp4": b"xxx", "._002.mp4": b"", "003.jpg": b""})
    pack(tmp_path / "s-002.tar", {"readme.md": b"x"})
    videos, said = find(tmp_path)
    assert [(video.id, dict(video.metadata)) for video in videos] == [
        ("s-000.tar/one/000.mp4", {"title": "007", "n": 3, "txt": "seen"}),
        ("s-000.tar/one/001.mp4", {}),
        ("s-001.tar/002.wide.mp4", {"json": "[1"}),
    ]
    assert "002.json is not a JSON object" in said[0]
    assert said[1].endswith("s-002.tar holds no video")
    assert find(tmp_path / "s-{000..001}.tar")[0] == find(tmp_path / "*.tar")[0] == videos
    with pytest.raises(UserError, match=r"no video in .*s-002\.tar"):
        find(tmp_path / "s-002.tar")
    (tmp_path / "beside.mp4").write_bytes(b"x")
    videos, said = find(tmp_path)
    assert [video.id for video in videos] == ["beside.mp4"]
    assert "tar files beside the videos" in said[0] and "left out: 3" in said[0]


def test_a_tar_that_is_none_or_not_whole_is_named(tmp_path: Path) -> None:
    tar = pack(tmp_path / "s.tar", {"a.mp4": b"x" * 5000, "b.mp4": b"x" * 50000})
    (video,) = (one for one in find(tar)[0] if one.id.endswith("b.mp4"))
    content = tar.read_bytes()
    tar.write_bytes(content[:20000])
    with pytest.raises(UserError, match=r"s\.tar cannot be read as a plain tar after b\.mp4"):
        find(tar)
    with pytest.raises(Unreadable, match="shorter"):
        sample(video.path, Sampling(), key="", max_pixels=None)
    tar.write_bytes(b"not a tar" * 1000)
    with pytest.raises(UserError, match=r"s\.tar cannot be read as a plain tar"):
        find(tar)
    with pytest.raises(UserError, match="does not exist"):
        find(tmp_path / "none-{00..01}.tar")


def test_a_result_of_shards_is_joined_to_its_sources_by_key(tmp_path: Path) -> None:
    for shard in range(2):
        with webdataset.TarWriter(str(tmp_path / f"s-{shard}.tar")) as writer:
            for number in range(3):
                writer.write({"__key__": f"v/{shard}{number}", "mp4": f"video {shard}{number}".encode()})
    videos, _ = find(tmp_path / "s-{0..1}.tar")
    output = tmp_path / "captions.tar"
    results = Results(output)
    results.accept(videos)
    results.begin({})
    for video in videos[::-1]:
        made = failed(video.id) if video.id.endswith("11.mp4") else row(video.id, f"caption of {video.id} 日本")
        made = replace(made, size=video.size, video_path=video.place)
        results.append(made)
    results.finish(videos)
    samples = read_by_a_trainer(output)
    assert [one["__key__"] for one in samples] == ["v/00", "v/01", "v/02", "v/10", "v/11", "v/12"]
    sources = read_by_a_trainer(tmp_path / "s-{0..1}.tar")
    for source, captions in zip(sources, samples, strict=True):  # the same keys in the same order
        assert source["__key__"] == captions["__key__"]
        name = source["mp4"].removeprefix("video ")
        if name == "11":
            assert captions["json"]["status"] == "failed" and "txt" not in captions
        else:
            assert captions["txt"] == captions["json"]["caption"] == f"caption of s-{name[0]}.tar/v/{name}.mp4 日本"
    assert list(read_rows(output)) == list(Results(output).rows(videos))
    shutil.rmtree(results.parts)
    assert Results(output).plan(videos, wanted()).failed_before == 1


def test_names_that_would_meet_in_a_result_are_refused_before_anything_is_paid_for(tmp_path: Path) -> None:
    videos = [Video(id=name, path=name) for name in ("a.mp4", "film.001.mp4", "film.002.mp4", "s.tar/k.mp4")]
    results = Results(tmp_path / "captions.tar")
    results.accept(videos)
    with pytest.raises(UserError, match=r"a\.mp4 and a\.webm would both be a\.json"):
        results.accept([*videos, Video(id="a.webm", path="a.webm")])
    with pytest.raises(UserError, match=r"s\.tar/k\.mp4 and t\.tar/k\.mp4 would both be k\.json"):
        results.accept([*videos, Video(id="t.tar/k.mp4", path="x")])
    with pytest.raises(UserError, match=r"two videos have the id a\.mp4, and .*captions\.tar can hold one"):
        results.accept([*videos, Video(id="a.mp4", path="elsewhere/a.mp4")])
    Results(tmp_path / "captions.jsonl").accept([*videos, Video(id="a.webm", path="a.webm")])
    results.begin({})
    results.append(row("a.mp4"))  # a row of an earlier run stays in the file, unless it is pruned
    with pytest.raises(UserError, match=r"a\.webm and a\.mp4 would both be a\.json"):
        results.accept([Video(id="a.webm", path="a.webm")])
    results.accept([Video(id="a.webm", path="a.webm")], prune=True)
    results.close()


def test_captions_of_a_shard_are_those_of_its_files(demo_clips, tmp_path: Path) -> None:
    clips = [clip.path for clip in demo_clips[:4]]
    pack(tmp_path / "s.tar", {clip.name: clip.read_bytes() for clip in clips})
    captions = []
    made = recipe(Sampling(), without="summary")
    for sources, output in ((clips, "files.jsonl"), ([tmp_path / "s.tar"], "shard.jsonl")):
        job(made, find(*sources)[0], tmp_path / output)
        rows = list(read_rows(tmp_path / output))
        captions.append([(one.id.rsplit("/", 1)[-1], one.frames) for one in rows])
    assert captions[0] == captions[1]
    assert [one.video_path for one in rows] == [str(tmp_path / "s.tar" / clip.name) for clip in clips]
