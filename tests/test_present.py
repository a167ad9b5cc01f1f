"""Which files are there: as the system itself says it of each, while a large folder is listed once."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from framescribe.dataset import present
from framescribe.dataset.present import ENOUGH, Present


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """More files than are asked for one by one; links to a file, to a folder and to nothing; a folder with the name of
    a film."""
    made = tmp_path / "films"
    made.mkdir()
    for number in range(2 * ENOUGH):
        (made / f"{number}.mp4").touch()
    (made / "link.mp4").symlink_to(made / "0.mp4")
    (made / "nothing.mp4").symlink_to(made / "gone.mp4")
    (made / "to_folder.mp4").symlink_to(tmp_path)
    (made / "folder.mp4").mkdir()
    (made / os.fsdecode(b"caf\xe9.mp4")).touch()
    return made


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("most", [present.MOST, 7])
def test_it_says_what_the_system_says_of_each(
    folder: Path, monkeypatch: pytest.MonkeyPatch, most: int, *, loop: bool
) -> None:
    monkeypatch.setattr(present, "MOST", most)
    if loop:  # of which scandir does not say what it is
        (folder / "loop.mp4").symlink_to(folder / "loop.mp4")
    files = Present()
    names = [*sorted(os.listdir(folder)), "gone.mp4", "0.MP4", ""] * 2
    assert [files.is_file(str(folder), name) for name in names] == [os.path.isfile(folder / name) for name in names]
    (folder / "late.mp4").touch()
    assert files.is_file(str(folder), "late.mp4")
    assert not files.is_file(str(folder / "none"), "0.mp4")


def test_a_folder_is_listed_once_and_only_if_many_files_are_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, asked = Counter[str](), Counter[str]()
    scandir, stat = os.scandir, os.stat

    def listing(path: str) -> Any:
        listed[path] += 1
        return scandir(path)

    def asking(path: Any, **more: Any) -> os.stat_result:
        asked[str(path)] += 1
        return stat(path, **more)

    other = folder.parent / "other"
    other.mkdir()
    monkeypatch.setattr(os, "scandir", listing)
    monkeypatch.setattr(os, "stat", asking)
    files = Present()
    for number in range(2 * ENOUGH):
        assert files.is_file(str(folder), f"{number}.mp4")
    assert not files.is_file(str(other), "0.mp4")
    assert sum(asked.values()) == ENOUGH  # all but one before the list, and the other folder's
    for number in range(2 * ENOUGH):
        assert files.is_file(str(folder), f"{number}.mp4")
    assert listed == {str(folder): 1}
