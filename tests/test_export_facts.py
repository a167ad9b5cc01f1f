"""Trainers that need a video's facts get them from the file where the row, as an imported one, has none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from framescribe.dataset.export import export_rows
from framescribe.errors import UserError
from tests.exports import clip, result, row


def test_facts_that_the_row_lacks_are_read_from_the_file(tmp_path: Path) -> None:
    videos = [clip(tmp_path / f"{number}.mp4", number) for number in range(2)]
    captions = result(tmp_path / "captions.jsonl", [row(video, "Some bars.", video=None) for video in videos])
    done = export_rows(captions, "fastvideo", tmp_path / "set")
    records = json.loads((tmp_path / "set/videos2caption.json").read_text())
    facts = {"resolution": {"width": 64, "height": 32}, "fps": 25.0, "duration": 0.08, "num_frames": 2}
    assert [facts.items() <= record.items() for record in records] == [True, True]
    assert done.unfit_count == 2  # FastVideo drops clips of fewer than 77 frames
    export_rows(captions, "ltx-2", tmp_path / "other")  # needs none


def test_a_file_that_says_nothing_about_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    captions = result(tmp_path / "captions.jsonl", [row(tmp_path / "broken.mp4", "Some bars.", video=None)])
    with pytest.raises(UserError, match=r"are not known.*broken\.mp4"):
        export_rows(captions, "open-sora", tmp_path / "set")
