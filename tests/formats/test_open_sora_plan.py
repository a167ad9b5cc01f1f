"""Open-Sora-Plan's list, joined with the folder in data.txt as its data set class does it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.fastvideo import FORMAT as FASTVIDEO
from framescribe.formats.open_sora_plan import FORMAT
from framescribe.records import VideoInfo
from framescribe.registry import load
from tests.formats.lists_written import INFO, found, meant, samples_in, write

LAYOUT = FORMAT.layout()


def as_loaded(data: Path) -> list[dict[str, object]]:
    """opensora/dataset/t2v_datasets.py, define_frame_index, in short."""
    loaded = []
    for line in data.read_text(encoding="utf-8").splitlines():
        folder, annotations = line.strip().split(",")
        for record in json.loads(Path(annotations).read_text(encoding="utf-8")):
            loaded.append(record | {"path": os.path.join(folder, record["path"])})
    return loaded


def test_the_trainer_finds_every_clip_with_its_facts(tmp_path: Path) -> None:
    samples = samples_in(tmp_path / "set/videos")
    write(LAYOUT, tmp_path / "set", samples)
    loaded = as_loaded(tmp_path / "set/data.txt")
    assert [(one["path"], one["cap"]) for one in loaded] == [(one.video, list(one.captions)) for one in samples]
    facts = {"resolution": {"height": 720, "width": 1280}, "num_frames": 120, "fps": 24.0, "duration": 5.0}
    assert all(facts.items() <= one.items() for one in loaded)
    for path in (tmp_path / "set", tmp_path / "set/data.txt", tmp_path / "set/dataset.json"):
        assert found(LAYOUT, path) == meant(samples)
        assert LAYOUT.recognises(path)


def test_several_captions_and_videos_elsewhere(tmp_path: Path) -> None:
    sample = Sample(video="/elsewhere/a.mp4", captions=("One.", "Two."), info=INFO)
    write(LAYOUT, tmp_path / "set", [sample])
    (loaded,) = as_loaded(tmp_path / "set/data.txt")
    assert (loaded["path"], loaded["cap"]) == ("/elsewhere/a.mp4", ["One.", "Two."])
    assert found(LAYOUT, tmp_path / "set") == meant([sample])


def test_a_folder_with_a_comma_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="comma"):
        write(LAYOUT, tmp_path / "a,b", samples_in(tmp_path / "a,b/videos"))


def test_lists_that_a_person_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"path": "a.mp4", "resolution": {"height": 1, "width": 1}}
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/one.json").write_text(json.dumps([one | {"cap": "A cat."}, one | {"cap": None}]))
    data = tmp_path / "data.txt"
    data.write_text("clips,lists/one.json\n\n/other,lists/one.json\n")
    expected = [(f"{tmp_path}/clips/a.mp4", ("A cat.",)), (f"{tmp_path}/clips/a.mp4", ())]
    expected += [("/other/a.mp4", ("A cat.",)), ("/other/a.mp4", ())]
    for where in (tmp_path, "/"):  # where the trainer is started, or beside the list
        monkeypatch.chdir(where)
        assert found(LAYOUT, data) == expected
    assert LAYOUT.recognises(tmp_path)


@pytest.mark.parametrize(
    ("line", "why"),
    [("clips", "line 1 must hold"), ("a,b,c.json", "line 1 must hold"), ("clips,list.pkl", "not a .json list")],
)
def test_a_line_that_is_not_read(tmp_path: Path, line: str, why: str) -> None:
    (tmp_path / "data.txt").write_text(line)
    with pytest.raises(UserError, match=why):
        found(LAYOUT, tmp_path)
    assert not LAYOUT.recognises(tmp_path)


def test_its_lists_and_fastvideos_are_told_apart(tmp_path: Path) -> None:
    write(LAYOUT, tmp_path / "plan", samples_in(tmp_path / "plan/videos"))
    write(FASTVIDEO.layout(), tmp_path / "fast", samples_in(tmp_path / "fast/videos"))
    for path in (tmp_path / "fast", tmp_path / "fast/videos2caption.json"):
        assert FASTVIDEO.layout().recognises(path) and not LAYOUT.recognises(path)
    assert not FASTVIDEO.layout().recognises(tmp_path / "plan")


def test_it_takes_mp4_in_small_letters_alone_and_needs_the_facts() -> None:
    assert LAYOUT.endings == {".mp4"} and LAYOUT.ending_case
    assert LAYOUT.refuses(Sample(video="/a.mp4", captions=("A cat.",)))
    assert LAYOUT.refuses(Sample(video="/a.mp4", captions=("A cat.",), info=INFO)) is None


def test_the_command_changes_the_trainers_script(tmp_path: Path) -> None:
    assert load("formats", "open-sora-plan") is FORMAT
    folder = tmp_path / "it's #1 & more"
    script = tmp_path / "scripts/text_condition/gpu/train_t2v_v1_3.sh"
    script.parent.mkdir(parents=True)
    script.write_text(
        'echo --data "scripts/train_data/merge_data.txt" \\\n    --num_frames 1 \\\n    --max_height 352\n'
    )
    said = subprocess.run(FORMAT.start(folder, "json"), shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert said.stdout.split(" --num", 1) == [f"--data {folder}/data.txt", "_frames 93 --max_height 352\n"]


def test_clips_that_are_too_long_to_be_used_are_told() -> None:
    """It drops what is over five times as long as what it takes of a clip."""
    rule = FORMAT.frames
    assert rule is not None
    for seconds in (29.3125, 60.0625):  # 4n + 1 frames
        info = VideoInfo(duration=seconds, fps=16.0, width=64, height=64, codec="h264", frames=round(seconds * 16))
        assert not rule.fits(info)
    assert rule.fits(VideoInfo(duration=23.5625, fps=16.0, width=64, height=64, codec="h264", frames=377))
