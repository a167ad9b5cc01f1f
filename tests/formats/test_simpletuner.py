"""SimpleTuner's data sets, against what its loader does (bghira/SimpleTuner @bc8e6ab, helpers/data_backend/local.py,
helpers/prompts.py): folders and linked folders, endings in any case, and each line of a text a caption."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.formats.simpletuner import FORMAT
from tests.formats.beside import NASTY, exported, files, found, info

ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".flv", ".wmv", ".m4v", ".mpeg", ".mpg", ".3gp", ".ogv")


def backends(folder: Path) -> dict[str, dict[str, Any]]:
    """The data sets by type, found as the printed command finds them: by config.json in its working directory."""
    assert FORMAT.start(folder, "folder").startswith(f"cd {folder} && ")
    config = json.loads((folder / "config.json").read_bytes())
    listed = json.loads(Path(config["data_backend_config"]).read_bytes())
    return {backend["dataset_type"]: backend for backend in listed}


def trained_on(folder: Path) -> dict[str, tuple[str, ...]]:
    """LocalDataBackend.list_files, and get_all_captions of the strategy "textfile"."""
    backend = backends(folder)["video"]
    assert backend["caption_strategy"] == "textfile"
    captions = {}
    for at, _, names in os.walk(backend["instance_data_dir"], followlinks=True):
        for name in names:
            if name.lower().endswith(ENDINGS):
                video = os.path.join(os.path.abspath(at), name)
                text = Path(os.path.splitext(video)[0] + ".txt").read_bytes().decode("utf-8")
                lines = text.split("\n") if "\n" in text else [text]
                captions[video] = tuple(line.strip() for line in lines if line.strip())
    return captions


def test_the_trainer_finds_every_clip_and_every_word(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    several = {"two.mp4": ("One.", "Another, of the same clip."), "sub/below.ogv": "In a folder."}
    written = exported(FORMAT, "folder", folder, NASTY | several)
    assert trained_on(folder) == written
    assert {sample.video: sample.captions for sample in FORMAT.layout("folder").read(folder)} == written
    assert FORMAT.layout("folder").recognises(folder)
    assert backends(folder)["text_embeds"]["default"] is True  # it does not start without one


@pytest.mark.parametrize(
    ("frames", "taken"), [([81, 200], 81), ([200], 81), ([50, 90], 49), ([49], 49), ([5, 90], 17), ([], 81)]
)
def test_the_shortest_clip_sets_the_number_of_frames(frames: list[int], taken: int, tmp_path: Path) -> None:
    infos = {f"{count}.mp4": info(count, 30) for count in frames}
    exported(FORMAT, "folder", tmp_path / "set", {name: "A." for name in infos} or {"a.mp4": "A."}, infos)
    video = backends(tmp_path / "set")["video"]["video"]
    assert (video["num_frames"], video["min_frames"]) == (taken, taken)  # it refuses min_frames < num_frames


def test_a_folder_is_read_as_the_trainer_reads_it(tmp_path: Path) -> None:
    folder = files(tmp_path / "set", a_mp4="", a_txt="\ufeffOne\r\n\n two \n", B_Mov="", B_txt="", c_gif="")
    files(folder / ".hidden", **{".d_mp4": "", ".d_txt": "Hidden, but seen."})
    files(tmp_path / "other", e_mp4="", e_txt="In a linked folder.")
    (folder / "linked").symlink_to(tmp_path / "other")
    (folder / "again").symlink_to(folder)  # entered once
    expected = {
        "a.mp4": ("One", "two"),
        "B.Mov": (),
        ".d.mp4": ("Hidden, but seen.",),
        "e.mp4": ("In a linked folder.",),
    }
    assert found(FORMAT, "folder", folder) == expected
    assert len(list(FORMAT.layout("folder").read(folder))) == 4


def test_a_clip_without_a_text_stops_it(tmp_path: Path) -> None:
    folder = files(tmp_path, a_mp4="", a_txt="A.", **{"._a_mp4": ""})  # as macOS leaves them on other disks
    with pytest.raises(UserError, match=r"\._a\.mp4 has no \.txt beside it, and SimpleTuner stops there"):
        found(FORMAT, "folder", folder)


def test_settings_that_a_person_wrote(tmp_path: Path) -> None:
    files(tmp_path / "one", a_mp4="", a_txt="One\nand two.")
    files(tmp_path / "two", b_mp4="", b_txt="One\nand two.")
    listed: list[dict[str, Any]] = [
        {
            "id": "1",
            "dataset_type": "video",
            "instance_data_dir": str(tmp_path / "one"),
            "caption_strategy": "textfile",
        },
        {"id": "2", "dataset_type": "video", "instance_data_dir": "two", "disable_multiline_split": True},
        {"id": "3", "dataset_type": "video", "instance_data_dir": "/nowhere", "disabled": True},
        {"id": "4", "dataset_type": "image", "instance_data_dir": "/nowhere"},
        {"id": "5", "dataset_type": "text_embeds", "default": True},
    ]
    file = tmp_path / "backends.json"
    file.write_text(json.dumps(listed))
    assert found(FORMAT, "folder", file) == {"a.mp4": ("One", "and two."), "b.mp4": ("One\nand two.",)}
    assert FORMAT.layout("folder").recognises(file)
    listed[0]["caption_strategy"] = "parquet"
    file.write_text(json.dumps(listed))
    with pytest.raises(UserError, match="'1' has the caption_strategy 'parquet'"):
        found(FORMAT, "folder", file)


@pytest.mark.parametrize(
    ("content", "why"), [("{", "is not JSON"), ('{"id": 1}', "must be a list of objects"), ("[]", "has no data set")]
)
def test_other_json_is_not_recognised(content: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(content)
    assert not FORMAT.layout("folder").recognises(tmp_path / "x.json")
    with pytest.raises(UserError, match=why):
        found(FORMAT, "folder", tmp_path / "x.json")


def test_a_path_that_it_takes_for_a_placeholder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="for a placeholder"):
        exported(FORMAT, "folder", tmp_path / "{env:HOME}", {"a.mp4": "A."})
