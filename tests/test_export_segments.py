"""Segments as clips of their own: every file that is cut out holds exactly its frames, as their pixels prove."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from framescribe.dataset.export import Options, export_rows
from framescribe.errors import UserError
from framescribe.frames import decoder
from framescribe.frames.cutting import Cutter, mark_of
from framescribe.frames.probe import probe
from framescribe.frames.sampling import Sampling
from framescribe.records import Row, VideoInfo
from tests.exports import result, row, times
from tests.videos import bars, film, number_in

IN_SEGMENTS = Options(segments=True)


def numbers(path: Path) -> list[int]:
    """What the pictures of a file show, in a plain decode from its start to its end."""
    with av.open(str(path)) as container:
        return [number_in(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def divided(path: Path, bounds: Sequence[int], captions: Sequence[str], **more: Any) -> Row:
    """A row of a film of 25 frames a second with segments that begin at these frames; the last bound is its end."""
    pairs = list(pairwise(bounds))
    parts = [{"start": a / 25, "end": b / 25, "first_frame": a, "last_frame": b - 1} for a, b in pairs]
    told = [{**part, "caption": caption} for part, caption in zip(parts, captions, strict=True)]
    stages = {
        "frames": {"fingerprint": "f", "segment": 2.0, "fills": ["frames"], "output": {"segments": parts}},
        "summary": {"fingerprint": "s", "segment": 2.0, "output": {"segments": told}},
        "timeline": {"fingerprint": "t", "fills": ["caption"]},
    }
    info = VideoInfo(duration=bounds[-1] / 25, fps=25.0, width=128, height=64, codec="h264", frames=bounds[-1])
    file = {"fingerprint": f"{path.name} {path.stat().st_size}"}
    provenance = {"schema": 2, "version": "x", "file": file, "stages": stages}
    return row(path, " ".join(captions), video=info, provenance=provenance, **more)


WORDS = ["It begins.", "It goes on.", "It ends."]


@pytest.mark.parametrize("name", ["h264.mp4", "old.avi", "vp9.webm", "stream.ts", "film.mkv"])
def test_every_clip_holds_exactly_the_frames_of_its_segment(tmp_path: Path, name: str) -> None:
    codec = {"avi": "mpeg4", "ebm": "libvpx-vp9"}.get(name[-3:], "libx264")
    path = film(tmp_path / name, frames=100, codec=codec, gop=30)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 33, 34, 100), WORDS)])
    made = export_rows(captions, "musubi-tuner", tmp_path / "set", options=IN_SEGMENTS)
    assert made.clips == 3
    videos = sorted((tmp_path / "set").rglob("*.mp4"))
    stem = name.partition(".")[0]
    assert [video.name for video in videos] == [f"{stem}_0001.mp4", f"{stem}_0002.mp4", f"{stem}_0003.mp4"]
    assert [numbers(video) for video in videos] == [list(range(33)), [33], list(range(34, 100))]
    assert [video.with_suffix(".txt").read_text().strip() for video in videos] == WORDS
    facts = [probe(str(video)) for video in videos]
    assert [(one.frames, one.fps) for one in facts] == [(33, 25.0), (1, 25.0), (66, 25.0)]
    assert [one.duration for one in facts] == pytest.approx([1.32, 0.04, 2.64], abs=0.001)


def test_pauses_between_frames_and_pictures_on_their_side_are_kept_as_they_are_shown(tmp_path: Path) -> None:
    ticks = [0, 40, 100, 600, 640, 1500, 1540, 1700]
    path = film(tmp_path / "pauses.mp4", ticks=ticks, turn=(90, False, False))
    with Cutter() as cutter:
        cutter.cut(str(path), 2, 6, str(tmp_path / "cut.mp4"), "a mark")
    clip = decoder.sample(str(tmp_path / "cut.mp4"), Sampling(method="uniform", frames=9), key="", max_pixels=None)
    assert [frame.time for frame in clip.frames] == pytest.approx([0, 0.5, 0.54, 1.4, 1.44], abs=0.001)
    whole = decoder.sample(str(path), Sampling(method="uniform", frames=9), key="", max_pixels=None)
    assert clip.frames[0].image.shape == whole.frames[2].image.shape == (128, 64, 3)
    assert abs(clip.frames[0].image.astype(int) - whole.frames[2].image.astype(int)).mean() < 4
    assert mark_of(str(tmp_path / "cut.mp4")) == "a mark"


def test_parts_that_do_not_come_in_order_are_cut_too(tmp_path: Path) -> None:
    path, other = film(tmp_path / "a.mp4", frames=30), film(tmp_path / "b.mp4", pictures=[bars(200)] * 9)
    asked = [(path, 20, 29), (path, 3, 4), (other, 0, 1), (path, 5, 5)]
    with Cutter() as cutter:
        for number, (source, first, last) in enumerate(asked):
            cutter.cut(str(source), first, last, str(tmp_path / f"{number}.mp4"), "")
    found = [numbers(tmp_path / f"{number}.mp4") for number in range(4)]
    assert found == [list(range(20, 30)), [3, 4], [200, 200], [5]]


def made_at(folder: Path) -> dict[str, int]:
    return {path: time for path, time in times(folder).items() if path.endswith(".mp4")}


def test_what_was_cut_before_is_not_cut_again_unless_it_is_another_part(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=100)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 50, 100), WORDS[:2])])
    folder = tmp_path / "set"
    export_rows(captions, "musubi-tuner", folder, options=IN_SEGMENTS)
    before = made_at(folder)
    export_rows(captions, "musubi-tuner", folder, options=IN_SEGMENTS)
    assert made_at(folder) == before
    other = result(tmp_path / "other.jsonl", [divided(path, (0, 50, 75, 100), WORDS)])
    export_rows(other, "musubi-tuner", folder, options=IN_SEGMENTS)
    videos = sorted(folder.rglob("*.mp4"))
    assert [numbers(video)[0] for video in videos] == [0, 50, 75]
    assert made_at(folder)[str(videos[0])] == before[str(videos[0])]
    export_rows(captions, "musubi-tuner", folder, options=IN_SEGMENTS)
    assert [numbers(video)[-1] for video in sorted(folder.rglob("*.mp4"))] == [49, 99]


def test_a_list_holds_the_facts_of_the_clips(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=100)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 40, 100), WORDS[:2])])
    export_rows(captions, "cosmos3", tmp_path / "set", options=IN_SEGMENTS)
    lines = (tmp_path / "set" / "train" / "video_dataset_file.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["duration"] for record in records] == [1.6, 2.4]
    assert [record["t2w_windows"][0]["end_frame"] for record in records] == [39, 59]
    files = [tmp_path / "set" / "train" / record["vision_path"] for record in records]
    assert [numbers(file)[0] for file in files] == [0, 40]


def test_a_video_that_is_one_segment_is_linked_as_it_is(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=20)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 20), WORDS[:1])])
    export_rows(captions, "musubi-tuner", tmp_path / "set", options=IN_SEGMENTS)
    (video,) = (tmp_path / "set").rglob("*.mp4")
    assert (video.name, video.resolve()) == ("a.mp4", path)


def test_what_a_stage_made_of_a_segment_is_a_text_of_it(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=20)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 10, 20), WORDS[:2])])
    export_rows(captions, "musubi-tuner", tmp_path / "set", options=Options(segments=True, variants=("summary",)))
    assert [file.read_text().strip() for file in sorted((tmp_path / "set").rglob("a*.txt"))] == WORDS[:2]


def test_what_cannot_be_is_said_before_anything_is_cut(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=20)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 10, 20), WORDS[:2])])
    with pytest.raises(UserError, match="cannot stay where they are"):
        export_rows(captions, "musubi-tuner", tmp_path / "set", options=Options(segments=True, videos="as-is"))
    assert not (tmp_path / "set").exists()


def test_rows_without_segments_are_named(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=20)
    captions = result(tmp_path / "captions.jsonl", [row(path, "Plain.")])
    with pytest.raises(UserError, match=r"not captioned in segments.*: a\.mp4"):
        export_rows(captions, "musubi-tuner", tmp_path / "set", options=IN_SEGMENTS)


def test_a_video_that_has_changed_is_named_and_leaves_no_wrong_clip(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=100)
    captions = result(tmp_path / "captions.jsonl", [divided(path, (0, 50, 100), WORDS[:2])])
    film(path, frames=60)
    with pytest.raises(UserError, match="It has no frame 60"):
        export_rows(captions, "musubi-tuner", tmp_path / "set", options=IN_SEGMENTS)
    assert [numbers(video) for video in (tmp_path / "set").rglob("*.mp4")] == [list(range(50))]
