"""Texts beside videos: what is written, and what is found in folders that people made."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.formats.sidecars import FORMAT, quoted, videos_in
from tests.formats.beside import NASTY, exported, files, found


def test_each_text_stands_beside_its_video_on_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    written = exported(FORMAT, "folder", folder, NASTY | {"sub/below.mp4": "In a folder."})
    for video, (caption,) in written.items():
        text = Path(video).with_suffix(".txt").read_bytes()
        assert text == caption.encode()
        assert text.splitlines() == [text]  # kohya's scripts take the first line (read_caption, readlines)
    assert {sample.video: sample.captions for sample in FORMAT.layout("folder").read(folder)} == written
    assert FORMAT.layout("folder").newlines is False


def test_nothing_that_a_person_wrote_is_left_out(tmp_path: Path) -> None:
    folder = files(tmp_path, a_mp4="", a_txt="\ufeffOne\nand two.\n\n", b_MKV="", b_caption="B.", c_gif="", e_png="")
    files(folder, d_webm="", d_txt="D.", d_caption="Not this.", f_mov="", f_txt=" \n", f_caption="Nor this.")
    files(folder / "below" / "deeper", g_mp4="", g_txt="G.")
    files(folder, **{"._a_mp4": "", "._a_txt": "A copy of macOS."})
    expected = {"a.mp4": ("One\nand two.",), "b.MKV": ("B.",), "c.gif": (), "d.webm": ("D.",), "f.mov": ()}
    assert found(FORMAT, "folder", folder) == expected | {"g.mp4": ("G.",)}


def test_a_folder_that_leads_to_itself_is_entered_once(tmp_path: Path) -> None:
    folder = files(tmp_path / "set", a_mp4="", a_txt="A.")
    (folder / "again").symlink_to(folder)
    assert list(videos_in(folder, frozenset([".mp4"]))) == [str(folder / "a.mp4")]


def test_what_is_recognised(tmp_path: Path) -> None:
    recognises = FORMAT.layout("folder").recognises
    assert recognises(files(tmp_path / "txt", **{"x_mp4": "", "x_txt": ""}))
    assert recognises(files(tmp_path / "kohya", x_mp4="", x_caption=""))
    assert not recognises(files(tmp_path / "none", x_mp4="", y_txt=""))
    assert not recognises(tmp_path / "txt" / "x.txt")


def test_a_text_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    files(tmp_path, a_mp4="")
    (tmp_path / "a.txt").write_bytes("Zwölf".encode("latin-1"))
    with pytest.raises(UserError, match=r"a\.txt is not UTF-8"):
        found(FORMAT, "folder", tmp_path)


@pytest.mark.parametrize(
    "text",
    ["C:\\new", 'a "b"', "it's # no: comment", "tab\tline\nend\r", "\x7f\x85\u2028\u200b", "日本 🐕 \U000e0001", " "],
)
def test_settings_files_hold_any_text(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}  # comment") == {"x": text}
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(f"x: {quoted(text)}  # comment") == {"x": text}


def test_a_name_that_no_settings_file_can_hold() -> None:
    with pytest.raises(UserError, match="not UTF-8"):
        quoted("/data/\udce9")
