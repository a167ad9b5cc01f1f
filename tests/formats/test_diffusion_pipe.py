"""diffusion-pipe's data sets, against what its loader does (tdrussell/diffusion-pipe @8f83dbf, utils/dataset.py): all
files of a directory but a few endings, `.txt` beside them unless there is a captions.json, whose values are lists."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.diffusion_pipe import FORMAT
from tests.formats.beside import LINES, NASTY, exported, files, found, info

TEXTS, LIST = "txt", "captions-json"


def settings(folder: Path) -> dict[str, Any]:
    """The data set's settings, found as the printed command finds them."""
    training = tomllib.loads(Path(FORMAT.start(folder, TEXTS).split("--config ")[1].strip("'")).read_text())
    loaded: dict[str, Any] = tomllib.loads(Path(training["dataset"]).read_text(encoding="utf-8"))
    return loaded


def trained_on(folder: Path) -> dict[str, tuple[str, ...]]:
    """What _get_ungrouped_metadata and _metadata_map_fn keep of the directory."""
    (directory,) = settings(folder)["directory"]
    path = Path(directory["path"])
    kept = {}
    listed = json.loads((path / "captions.json").read_bytes()) if (path / "captions.json").exists() else None
    for file in path.glob("*"):
        if not file.is_file() or file.suffix in (".txt", ".npz", ".json", ".parquet", ".bak", ".db"):
            continue
        if listed is not None:
            assert isinstance(listed[file.name], list)
            kept[str(file)] = tuple(listed[file.name])
        else:
            kept[str(file)] = (file.with_suffix(".txt").read_text(encoding="utf-8").strip(),)
    return kept


def test_the_trainer_finds_every_clip_and_every_word_in_texts(tmp_path: Path) -> None:
    folder = tmp_path / "a set é #1"
    written = exported(FORMAT, TEXTS, folder, NASTY | {"lines.mp4": LINES})
    assert trained_on(folder) == written
    assert {sample.video: sample.captions for sample in FORMAT.layout(TEXTS).read(folder)} == written
    assert [one.name for one in FORMAT.layouts if one.recognises(folder)] == [TEXTS]


def test_the_trainer_finds_every_clip_and_every_word_in_a_list(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    clips = {name: (text, "Another.\nOf two lines.") for name, text in NASTY.items()}
    written = exported(FORMAT, LIST, folder, clips | {"a.mp4": "One.", "a.mov": "Another file."})
    assert trained_on(folder) == written
    assert {sample.video: sample.captions for sample in FORMAT.layout(LIST).read(folder)} == written
    assert (folder / "videos" / "captions.json").read_bytes().isascii()  # opened without an encoding
    assert [one.name for one in FORMAT.layouts if one.recognises(folder)] == [LIST]


def test_no_clip_is_too_short_for_all_frame_buckets(tmp_path: Path) -> None:
    clips = {name: "A." for name in ("a.mp4", "b.mp4", "c.mp4", "d.mp4")}
    infos = {"a.mp4": info(200), "b.mp4": info(32), "c.mp4": info(24, 30), "d.mp4": info(3)}  # 200, 32, 12, 3 at 16 fps
    exported(FORMAT, TEXTS, tmp_path / "set", clips, infos)
    assert settings(tmp_path / "set")["frame_buckets"] == [1, 5, 9, 17, 33]
    exported(FORMAT, TEXTS, tmp_path / "long", {"a.mp4": "A."}, {"a.mp4": info(81)})
    assert settings(tmp_path / "long")["frame_buckets"] == [1, 33]
    exported(FORMAT, TEXTS, tmp_path / "unknown", {"a.mp4": "A."})
    assert settings(tmp_path / "unknown")["frame_buckets"] == [1, 33]


def test_a_list_that_a_person_wrote_would_hide_texts(tmp_path: Path) -> None:
    files(tmp_path / "set" / "videos", captions_json="{}")
    with pytest.raises(UserError, match=r"captions\.json would be read instead"):
        exported(FORMAT, TEXTS, tmp_path / "set", {"a.mp4": "A."})
    exported(FORMAT, LIST, tmp_path / "ours", {"a.mp4": "A."})
    exported(FORMAT, TEXTS, tmp_path / "ours", {"a.mp4": "B."})  # an earlier export's goes
    assert found(FORMAT, TEXTS, tmp_path / "ours") == {"a.mp4": ("B.",)}


def test_a_folder_of_texts_is_read_as_the_trainer_reads_it(tmp_path: Path) -> None:
    folder = files(tmp_path, a_mp4="", a_txt=" One\nand two. \n", B_MOV="", B_txt="B.", c_mp4="", d_mp4="", d_txt=" \n")
    files(folder, e_Mp4="", e_txt="Not a video.", g_png="", g_txt="A picture.")
    files(folder, **{"._a_mp4": "", ".h_mp4": "", ".h_txt": "Hidden, but seen."})
    files(folder / "below", f_mp4="", f_txt="Not searched.")
    (folder / "gone.mp4").symlink_to(folder / "nowhere.mp4")
    expected = {
        "a.mp4": ("One\nand two.",),
        "B.MOV": ("B.",),
        "c.mp4": (),
        "d.mp4": (),
        ".h.mp4": ("Hidden, but seen.",),
    }
    assert found(FORMAT, TEXTS, folder) == expected


def test_a_list_is_read_as_the_trainer_reads_it(tmp_path: Path) -> None:
    folder = files(tmp_path, a_mp4="", a_txt="Not read.", b_mp4="", c_mp4="", d_mp4="")
    listed = {"a.mp4": ["One.", " Two.\n"], "b.mp4": None, "d.mp4": ["", "D."], "elsewhere.mp4": ["No such file."]}
    (folder / "captions.json").write_text(json.dumps(listed))
    assert found(FORMAT, LIST, folder) == {"a.mp4": ("One.", " Two.\n"), "b.mp4": (), "c.mp4": (), "d.mp4": ("D.",)}
    assert FORMAT.layout(LIST).recognises(folder) is False  # a value that is not a list
    del listed["b.mp4"]
    (folder / "captions.json").write_text(json.dumps(listed))
    assert FORMAT.layout(LIST).recognises(folder)


def test_an_empty_list_hides_texts(tmp_path: Path) -> None:
    assert found(FORMAT, TEXTS, files(tmp_path, a_mp4="", a_txt="Not read.", captions_json="{}")) == {"a.mp4": ()}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"a.mp4": "A."}', "'a.mp4': its value is not a list of texts"),
        ('{"a.mp4": [1]}', "'a.mp4': its value is not a list of texts"),
        ('["a.mp4"]', "must be an object"),
        ('{"a.mp4": ', "is not JSON"),
    ],
)
def test_a_list_that_stops_it(content: str, why: str, tmp_path: Path) -> None:
    files(tmp_path, a_mp4="", captions_json=content)
    with pytest.raises(UserError, match=why):
        found(FORMAT, LIST, tmp_path)


def test_settings_that_a_person_wrote(tmp_path: Path) -> None:
    files(tmp_path / "one", a_mp4="", a_txt="a dog")
    files(tmp_path / "two", b_mp4="", captions_json='{"b.mp4": ["a cat", "two cats"]}')
    file = tmp_path / "my.toml"
    file.write_text(
        f"""
        caption_prefix = "anime, "
        [[directory]]
        path = {str(tmp_path / "one")!r}
        [[directory]]
        path = "two"
        caption_prefix = ""
        """
    )
    assert found(FORMAT, TEXTS, file) == {"a.mp4": ("anime, a dog",), "b.mp4": ("a cat", "two cats")}
    assert FORMAT.layout(TEXTS).recognises(file)
    file.write_text("[general]\nresolution = 1\n")
    assert not FORMAT.layout(TEXTS).recognises(file)
    with pytest.raises(UserError, match=r"has no \[\[directory\]\]"):
        found(FORMAT, TEXTS, file)


@pytest.mark.parametrize(("name", "why"), [("a.Mp4", "all capital letters"), ("a\udce9.mp4", "not UTF-8")])
def test_names_that_it_cannot_use_are_refused(name: str, why: str) -> None:
    refused = FORMAT.layout(TEXTS).refuses(Sample(video=f"/x/{name}", captions=("A.",)))
    assert refused is not None and why in refused
