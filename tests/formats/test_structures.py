"""What `structured` found out about a clip, exported as Cosmos 3's prompt and as SkyCaptioner's csv. What their own
tools take is the truth: their fields are written down here as their sources have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pytest

from framescribe.dataset.export import Options, export_rows
from framescribe.errors import UserError
from framescribe.formats.skyreels import FORMAT
from framescribe.formats.structures import cosmos_prompt, skycaptioner
from framescribe.records import Row
from tests.exports import clip, result, row

VALUE: dict[str, Any] = {
    "subjects": [
        {"what": "dog", "appearance": "brown, wet", "action": "runs, then jumps", "place": "at the left"},
        {"what": "boat", "appearance": 'red, "Anna" on its bow', "action": "not sure", "place": ""},
    ],
    "setting": "a beach",
    "light": "not sure",
    "style": "photographed",
    "actions": ["The dog runs.", "The dog jumps."],
    "shot_size": "medium wide shot",
    "angle": "low angle",
    "height": "ground level",
    "camera": {"movement": "pan", "direction": "left", "speed": "slow"},
    "text": ["Anna"],
}
CAPTION = "A brown dog runs along a beach and jumps."
COSMOS = {
    "subjects": [
        {
            "description": "dog",
            "appearance_details": "brown, wet",
            "location": "at the left",
            "action": "runs, then jumps",
        },
        {"description": "boat", "appearance_details": 'red, "Anna" on its bow'},
    ],
    "background_setting": "a beach",
    "cinematography": {
        "camera_motion": "slow pan left",
        "framing": "medium wide shot",
        "camera_angle": "low angle, ground level",
    },
    "style_medium": "photographed",
    "actions": [{"description": "The dog runs."}, {"description": "The dog jumps."}],
    "text_and_signage_elements": [{"text": "Anna"}],
    "temporal_caption": CAPTION,
    "resolution": {"H": 32, "W": 64},
    "aspect_ratio": "2,1",
    "duration": "0s",
    "fps": 25,
}
SKY = {
    "subjects": [
        {
            "TYPES": {"sub_type": "dog"},
            "appearance": "brown, wet",
            "action": "runs, then jumps",
            "position": "at the left",
            "is_main_subject": True,
        },
        {"TYPES": {"sub_type": "boat"}, "appearance": 'red, "Anna" on its bow', "is_main_subject": True},
    ],
    "shot_type": "full_shot",
    "shot_angle": "low_angle",
    "camera_motion": "slow pan left",
    "environment": "a beach",
}
# Of vllm_struct_caption.py's prompt.
SHOT_TYPES = {"long_shot", "full_shot", "medium_shot", "close_up", "extreme_close_up", "other"}
SHOT_ANGLES = {"eye_level", "high_angle", "low_angle", "other"}


def structured(path: Path, value: object = VALUE, caption: str | None = CAPTION) -> Row:
    stages = {"structure": {"fingerprint": "a", "output": value}, "summary": {"fingerprint": "b", "fills": ["caption"]}}
    return row(path, caption, provenance={"schema": 2, "version": "x", "file": {}, "stages": stages})


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    one, two = (clip(tmp_path / "clips" / name, number) for number, name in enumerate(("a.mp4", "comma, b.mp4")))
    return result(tmp_path / "captions.jsonl", [structured(one), structured(two)])


def test_cosmos_gets_its_prompt_with_the_caption_and_the_files_facts(rows: Path, tmp_path: Path) -> None:
    done = export_rows(rows, "cosmos3", tmp_path / "set", options=Options(variants=["structure"]))
    records = [json.loads(line) for line in (tmp_path / "set/train/video_dataset_file.jsonl").read_text().splitlines()]
    assert [record["t2w_windows"][0]["caption_json"] for record in records] == [COSMOS, COSMOS]
    assert {record["t2w_windows"][0]["caption"] for record in records} == {CAPTION}
    assert done.clips == 2


def test_json_of_another_form_stays_as_it_is(tmp_path: Path) -> None:
    own = {"temporal_caption": "A dog.", "context": "a beach"}
    rows = result(tmp_path / "captions.jsonl", [structured(clip(tmp_path / "a.mp4", 1), own)])
    export_rows(rows, "cosmos3", tmp_path / "set", options=Options(variants=["structure"]))
    [record] = map(json.loads, (tmp_path / "set/train/video_dataset_file.jsonl").read_text().splitlines())
    assert own.items() <= record["t2w_windows"][0]["caption_json"].items()


def test_skyreels_gets_the_csv_that_its_fusion_script_reads(rows: Path, tmp_path: Path) -> None:
    done = export_rows(rows, "skyreels", tmp_path / "set")
    table = pandas.read_csv(tmp_path / "set/structural_captions.csv")
    assert list(table) == ["path", "structural_caption"]
    assert [json.loads(text) for text in table["structural_caption"]] == [SKY, SKY]
    assert all(Path(path).is_file() for path in table["path"]) and done.clips == 2
    assert FORMAT.layout().recognises(tmp_path / "set")
    assert [json.loads(one.captions[0]) for one in FORMAT.layout().read(tmp_path / "set")] == [SKY, SKY]
    assert "--input_csv " in done.start


def test_clips_without_a_structure_are_refused_or_left_out(rows: Path, tmp_path: Path) -> None:
    prose = row(clip(tmp_path / "clips/c.mp4", 3), CAPTION)
    mixed = result(tmp_path / "mixed.jsonl", [structured(tmp_path / "clips/a.mp4"), prose])
    with pytest.raises(UserError, match=r"no text called structure: c\.mp4"):
        export_rows(mixed, "skyreels", tmp_path / "set")
    done = export_rows(mixed, "skyreels", tmp_path / "set", options=Options(skip_unusable=True))
    assert (done.clips, sum(done.left_out.values())) == (1, 1)
    with pytest.raises(UserError, match="no JSON object: caption with --strategy structured"):
        export_rows(mixed, "skyreels", tmp_path / "other", options=Options(variants=["caption"]))


def test_closed_values_become_those_of_skycaptioner() -> None:
    from framescribe.strategies.structured import SCHEMA

    for name, of, known in (("shot_type", "shot_size", SHOT_TYPES), ("shot_angle", "angle", SHOT_ANGLES)):
        for value in SCHEMA["properties"][of]["enum"]:
            said = skycaptioner({**VALUE, of: value}, None).get(name)
            assert (said is None) == (value == "not sure") and (said is None or said in known)
    assert skycaptioner({**VALUE, "height": "aerial"}, None)["shot_position"] == "aerial_view"
    assert skycaptioner({**VALUE, "angle": "overhead"}, None)["shot_position"] == "overhead_view"


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        (("static", "none", "none"), "static"),
        (("not sure", "left", "slow"), None),
        (("zoom", "in", "fast"), "fast zoom in"),
        (("tracking", "not sure", "none"), "tracking shot"),
        (("several", "none", "not sure"), "several movements"),
        (("orbit", "counterclockwise", "moderate"), "moderate orbit counterclockwise"),
    ],
)
def test_the_camera_is_told_in_words(camera: tuple[str, str, str], said: str | None) -> None:
    value = {**VALUE, "camera": dict(zip(("movement", "direction", "speed"), camera, strict=True))}
    assert skycaptioner(value, None).get("camera_motion") == said
    assert cosmos_prompt(value, None)["cinematography"].get("camera_motion") == said


def test_a_csv_that_the_fusion_script_stops_at(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("path,structural_caption\na.mp4,A dog.\n")
    with pytest.raises(UserError, match="line 2: its structural_caption is no JSON object"):
        list(FORMAT.layout().read(tmp_path / "a.csv"))
