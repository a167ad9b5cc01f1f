"""Trainers that need a video's facts get them from the file where the row, as an imported one, has none; and rows are
chosen by what was measured, and by how much of the caption the frames support."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from framescribe.dataset.export import Options, export_rows
from framescribe.errors import UserError
from framescribe.records import MEASURE, VERIFY, caption_hash
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


def test_clips_are_chosen_by_facts_and_by_support_and_the_card_says_which_were_not(tmp_path: Path) -> None:
    rows = []
    for number, (motion, support) in enumerate([(0.1, 1.0), (0.1, 0.5), (0.001, 1.0), (None, 1.0), (0.3, None)]):
        one, stages = row(clip(tmp_path / f"{number}.mp4", number), f"Clip {number}."), {}
        if motion is not None:
            stages[MEASURE] = {"output": {"motion": {"version": 1, "amount": motion, "objects": 0.0}}}
        if support is not None:
            stages[VERIFY] = {"output": {"about": caption_hash(one.caption), "support": support}}
        made = {**one.provenance, "stages": {**one.stages, **stages}}
        rows.append(replace(one, provenance=made))
    captions = result(tmp_path / "captions.jsonl", rows)
    where = "support >= 0.9 and motion > 0.02"
    done = export_rows(captions, "musubi-tuner", tmp_path / "set", options=Options(where=(where,)))
    assert [path.read_text() for path in sorted((tmp_path / "set").rglob("*.txt"))] == ["Clip 0."]
    assert done.left_out == {f"not {where}": 4}
    assert f"- `not {where}`: 4 rows" in (tmp_path / "set/README.md").read_text()
    two = Options(where=("motion > 0.02", "support >= 0.9"))
    assert export_rows(captions, "musubi-tuner", tmp_path / "two", options=two).left_out == {
        "not motion > 0.02": 2,
        "not support >= 0.9": 2,
    }
    with pytest.raises(UserError, match=r"no row .* can be exported: not motion > 9 \(5\)"):
        export_rows(captions, "musubi-tuner", tmp_path / "none", options=Options(where=("motion > 9",)))
