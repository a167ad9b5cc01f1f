"""Jobs of a scheduler's array: each takes its share of the videos, together they take each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.results.rows import read_rows
from framescribe.sources import find_videos
from tests.runs import alone
from tests.runs_in_process import raw_film
from tests.servers import ScriptedServer, says


def listed(path: Path, names: list[str]) -> Path:
    path.write_text("".join(f"{name}.mp4\n" for name in names))
    for name in names:
        (path.parent / f"{name}.mp4").touch()
    return path


def ids(*sources: Path, shard: str, limit: int | None = None) -> list[str]:
    return [one.id for one in find_videos([*map(str, sources)], shard=shard, limit=limit, say=lambda line: None)]


@pytest.mark.parametrize("folders", [1, 2])
def test_shares_hold_every_video_once_and_in_order(folders: int, tmp_path: Path) -> None:
    lists = []
    for folder in range(folders):
        (tmp_path / str(folder)).mkdir()
        lists.append(listed(tmp_path / str(folder) / "list.txt", [f"clip{number}" for number in range(200)]))
    every = [one.id for one in find_videos([*map(str, lists)], say=lambda line: None)]
    shares = [ids(*lists, shard=f"{number}/4") for number in range(1, 5)]
    assert sorted(name for share in shares for name in share) == sorted(every)
    for share in shares:
        assert share == [name for name in every if name in set(share)]
        assert 0.15 * len(every) < len(share) < 0.35 * len(every)
    assert ids(*lists, shard="2/4", limit=7) == shares[1][:7]
    assert ids(*lists, shard="1/1") == every


def test_a_video_that_is_listed_twice_is_taken_once(tmp_path: Path) -> None:
    names = listed(tmp_path / "list.txt", ["a", "b", "c"])
    names.write_text(names.read_text() * 2)
    assert sorted(ids(names, shard="1/2") + ids(names, shard="2/2")) == ["a.mp4", "b.mp4", "c.mp4"]


def test_a_list_that_grows_moves_no_video_to_another_share(tmp_path: Path) -> None:
    names = [f"clip{number}" for number in range(60)]
    before = [ids(listed(tmp_path / "list.txt", names), shard=f"{number}/3") for number in (1, 2, 3)]
    after = [ids(listed(tmp_path / "list.txt", ["new", *names, "newer"]), shard=f"{number}/3") for number in (1, 2, 3)]
    assert all(set(old) <= set(new) for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "1/0", "-1/3", "a/b", "1/3/5", ""])
def test_what_is_no_share_is_refused(shard: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--shard .*: give the number of a share"):
        ids(listed(tmp_path / "list.txt", ["a"]), shard=shard)


def test_the_results_of_an_array_are_one_result(tmp_path: Path) -> None:
    """Two clips in three shares, of which one at least is empty; put together, the rows are a result that goes on."""
    for number in range(2):
        raw_film(tmp_path / "clips" / f"{number}.avi", 60 * number)
    how = ("caption", tmp_path / "clips", "--strategy", "whole-clip", "--model", "tiny", "--gate", "off")
    with ScriptedServer(says("A grey square on a white wall.")) as server:
        parts = [tmp_path / f"part-{number}.jsonl" for number in range(1, 4)]
        for number, part in enumerate(parts, 1):
            alone(*how, "--base-url", server.url, "--shard", f"{number}/3", "-o", part)
        assert len(server.requests) == 2
        together = tmp_path / "captions.jsonl"
        together.write_text("".join(part.read_text() for part in parts))
        alone(*how, "--base-url", server.url, "-o", together)
        assert len(server.requests) == 2
    assert [row.id for row in read_rows(together)] == ["0.avi", "1.avi"]
