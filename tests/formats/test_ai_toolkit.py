"""ai-toolkit's data sets, against what its loader does (ostris/ai-toolkit @27a03a9, toolkit/data_loader.py,
toolkit/dataloader_mixins.py): folders by os.walk, endings in any case, the whole text as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.formats.ai_toolkit import FORMAT
from framescribe.formats.base import Sample
from tests.formats.beside import LINES, NASTY, exported, files, found

yaml = pytest.importorskip("yaml")
ENDINGS = (".mp4", ".avi", ".mov", ".webm", ".mkv", ".wmv", ".m4v", ".flv")


def process(folder: Path) -> dict[str, Any]:
    (only,) = yaml.safe_load((folder / "ai-toolkit.yaml").read_text(encoding="utf-8"))["config"]["process"]
    assert isinstance(only, dict)
    return only


def trained_on(folder: Path) -> dict[str, tuple[str, ...]]:
    """AiToolkitDataset's file_list, and each item's raw_caption."""
    (dataset,) = process(folder)["datasets"]
    texts = {}
    for at, folders, names in os.walk(dataset["folder_path"]):
        folders[:] = [one for one in folders if not one.startswith(".")]
        for name in names:
            if name.lower().endswith(ENDINGS) and not name.startswith("."):
                video = os.path.join(at, name)
                with open(os.path.splitext(video)[0] + "." + dataset["caption_ext"], encoding="utf-8") as file:
                    texts[video] = (file.read(),)
    return texts


def test_the_trainer_finds_every_clip_and_every_word(tmp_path: Path) -> None:
    folder = tmp_path / "a \"set\" é 'x' #1: y"
    below = {"lines.mp4": LINES, "sub/below.mp4": "In a folder.", "sub/x.y/z.webm": "Deeper."}
    written = exported(FORMAT, "folder", folder, NASTY | below)
    assert trained_on(folder) == written
    assert {sample.video: sample.captions for sample in FORMAT.layout("folder").read(folder)} == written
    assert FORMAT.layout("folder").recognises(folder)
    assert process(folder)["training_folder"] == str(folder / "output")
    (dataset,) = process(folder)["datasets"]
    assert dataset["auto_frame_count"] is True  # or it takes no videos at all: one of two settings must say so


def test_a_folder_is_read_as_the_trainer_reads_it(tmp_path: Path) -> None:
    folder = files(tmp_path / "set", a_mp4="", a_txt="\ufeff One\nand two. \n", B_Mov="", c_mp4="", c_txt=" ", d_gif="")
    files(folder / "below" / "deeper", e_mp4="", e_txt="E.")
    files(folder / ".thumbs", f_mp4="", f_txt="Hidden.")
    files(folder / "_controls", g_mp4="", g_txt="Left out.")
    files(folder / "_controls" / "x", h_mp4="", h_txt="Not left out.")
    files(folder, **{"._a_mp4": ""})
    files(tmp_path / "other", i_mp4="", i_txt="In a linked folder.")
    (folder / "linked").symlink_to(tmp_path / "other")
    (folder / "j.mp4").symlink_to(tmp_path / "other" / "i.mp4")
    files(folder, j_txt="A linked file.")
    expected = {"a.mp4": ("One\nand two.",), "B.Mov": (), "c.mp4": (), "e.mp4": ("E.",), "h.mp4": ("Not left out.",)}
    assert found(FORMAT, "folder", folder) == expected | {"j.mp4": ("A linked file.",)}


JOB = """\
job: extension
config:
  process:
    - type: sd_trainer
      datasets:
        # - folder_path: "/not/this"
        - folder_path: {one}   # the first
          caption_ext: "cap"
          default_caption: 'it''s a clip'
        - caption_ext: .txt
          folder_path: two
      train: {{steps: 1}}
"""


@pytest.mark.parametrize("quoting", ["{}", '"{}"', "'{}'"])
def test_a_job_that_a_person_wrote(quoting: str, tmp_path: Path) -> None:
    one = files(tmp_path / "first set", a_mp4="", a_cap="One.", a_txt="Not this.", b_mp4="")
    files(tmp_path / "two", c_mp4="", c_txt="Two.")
    job = tmp_path / "job.yaml"
    job.write_text(JOB.format(one=quoting.format(one)), encoding="utf-8")
    datasets = yaml.safe_load(job.read_text())["config"]["process"][0]["datasets"]
    assert [dataset["folder_path"] for dataset in datasets] == [str(one), "two"]  # so the job says what is meant
    expected = {"a.mp4": ("One.",), "b.mp4": ("it's a clip",), "c.mp4": ("Two.",)}
    assert found(FORMAT, "folder", job) == expected
    assert FORMAT.layout("folder").recognises(job)


def test_other_yaml_is_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("config:\n  - path: x\n")
    assert not FORMAT.layout("folder").recognises(tmp_path / "other.yaml")
    assert not FORMAT.layout("folder").recognises(tmp_path)
    with pytest.raises(UserError, match="has no data set with a folder_path"):
        found(FORMAT, "folder", tmp_path / "other.yaml")


def test_a_path_that_it_takes_for_a_variable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="for a variable"):
        exported(FORMAT, "folder", tmp_path / "${HOME}", {"a.mp4": "A."})


@pytest.mark.parametrize(("video", "why"), [("/x/.a.mp4", "begin with a dot"), ("/x/_controls/a.mp4", "_controls")])
def test_places_where_it_does_not_look_are_refused(video: str, why: str) -> None:
    refused = FORMAT.layout("folder").refuses(Sample(video=video, captions=("A.",)))
    assert refused is not None and why in refused
