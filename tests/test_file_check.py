"""Whether a file is the one that its row was made from: by place, stamp and size, and where these leave a doubt, by its
bytes; and --check-content: a file that changed under the same size is captioned again, and nothing else is."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from framescribe.records import Row, Video
from framescribe.results.file_check import check_content, check_doubts
from framescribe.results.index import hash_of
from framescribe.results.plan import Again, Checked, Plan
from framescribe.results.rows import Results, read_rows
from framescribe.sources import find_videos
from tests.test_fingerprint import by_hand
from tests.test_results import failed, ids, row, wanted


def silent(line: str) -> None: ...


def find(folder: Path) -> list[Video]:
    return find_videos([str(folder)], say=silent)


def made_from(video: Video, content: bytes, made: Row | None = None, *, hashed: bool = False) -> Row:
    """The row of a file with these bytes."""
    made = made or row(video.id)
    file: dict[str, object] = {"fingerprint": by_hand(content), "stamp": video.stamp}
    if hashed:
        file["content"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    place = {"video_path": video.place, "size": video.size, "id": video.id}
    return replace(made, **place, provenance={**made.provenance, "file": file})  # type: ignore[arg-type]


def keep(output: Path, *rows: Row) -> None:
    results = Results(output)
    results.begin({})
    for one in rows:
        results.append(one)
    results.close()


def checked(results: Results, videos: list[Video], **more: object) -> Plan:
    """The plan once all doubts are settled."""
    doubts = results.plan(videos, wanted(), **more).doubts
    found = asyncio.run(check_doubts(doubts, results, 1, silent))
    plan = results.plan(videos, wanted(), checked=found, **more)
    assert not plan.doubts
    return plan


def test_only_what_has_another_content_is_done_again(tmp_path: Path) -> None:
    names = ("same", "touched", "changed", "vanished", "unhashed", "new")
    for name in names:
        (tmp_path / name).write_bytes(b"x" * 100)
    videos = [Video(id=name, path=str(tmp_path / name), size=100) for name in names]
    output = tmp_path / "captions.jsonl"
    keep(output, *(made_from(one, b"x" * 100, hashed=one.id != "unhashed") for one in videos[:-1]))
    os.utime(tmp_path / "touched", (1, 1))
    for name in ("changed", "unhashed", "new"):
        (tmp_path / name).write_bytes(b"y" * 100)
    (tmp_path / "vanished").unlink()
    again, said = Results(output), list[str]()
    changed = asyncio.run(check_content(videos, again, 1, said.append))
    assert changed == {("changed", hash_of(videos[2]))}
    plan = again.plan(videos, wanted(), checked=Checked(changed=changed))
    assert ids(plan) == ["changed", "new"]
    assert plan.replaced == 1
    assert said[0].startswith("rows without a file hash")
    assert said[-1].startswith("files that cannot be read now, whose rows stay: 1 (first: vanished: There is no such")
    assert ids(again.plan(videos, wanted())) == ["new"]  # without the option: by place, size and stamp alone


def test_a_run_that_moved_to_another_machine_does_nothing_twice(tmp_path: Path) -> None:
    """Copies have other times and other folders; ids, sizes and bytes are the same."""
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "clips" / "deep").mkdir(parents=True)
    (before / "clips" / "deep" / "a.mp4").write_bytes(b"x" * 100)
    (one,) = find(before / "clips")
    keep(before / "captions.jsonl", made_from(one, b"x" * 100))
    shutil.copytree(before, after, copy_function=shutil.copyfile)
    os.utime(after / "clips" / "deep" / "a.mp4", (2e9, 2e9))
    shutil.rmtree(before)
    results, videos = Results(after / "captions.jsonl"), find(after / "clips")
    plan = checked(results, videos)
    assert (plan.done, plan.todo, len(plan.moved)) == (1, [], 1)
    results.begin({})
    results.append(results.taken_over(plan.moved[0]))
    results.finish(videos)
    (kept,) = read_rows(results.output)
    assert (kept.id, kept.video_path, kept.caption) == ("deep/a.mp4", str(after / "clips/deep/a.mp4"), "A cat.")
    os.utime(after / "clips" / "deep" / "a.mp4", (1e9, 1e9))  # its place is noted now, and its stamp was
    assert len(Results(results.output).plan(find(after / "clips"), wanted()).doubts) == 1


@pytest.mark.parametrize("there", [True, False], ids=["copied", "moved"])
def test_a_file_whose_old_place_still_holds_one_has_a_row_at_each(tmp_path: Path, there: bool) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").write_bytes(b"x" * 100)
    output = tmp_path / "captions.jsonl"
    keep(output, made_from(find(tmp_path / "one")[0], b"x" * 100))
    if not there:
        (tmp_path / "one" / "a.mp4").unlink()
    results, videos = Results(output), find(tmp_path / "two")
    plan = checked(results, videos)
    assert (plan.done, plan.todo) == (1, [])
    results.append(results.taken_over(plan.moved[0]))
    results.close()
    places = [one.video_path for one in Results(output).rows()]
    assert places == [str(tmp_path / folder / "a.mp4") for folder in (("one", "two") if there else ("two",))]


def test_other_bytes_under_the_same_name_size_and_id_get_no_foreign_caption(tmp_path: Path) -> None:
    """In another folder, and in the same one with another time."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    file = tmp_path / "one" / "a.mp4"
    file.write_bytes(b"x" * 100)
    (tmp_path / "two" / "a.mp4").write_bytes(b"y" * 100)
    output = tmp_path / "captions.jsonl"
    (here,) = find(tmp_path / "one")
    keep(output, made_from(here, b"x" * 100))
    plan = checked(Results(output), find(tmp_path / "two"))
    assert (ids(plan), plan.done, plan.replaced) == (["a.mp4"], 0, 1)
    os.utime(file, ns=(5, 5))
    plan = checked(Results(output), find(tmp_path / "one"))  # only touched
    assert (plan.todo, len(plan.moved)) == ([], 1)
    file.write_bytes(b"z" * 100)
    plan = checked(Results(output), find(tmp_path / "one"))
    assert (ids(plan), plan.todo[0].way.other_file, plan.replaced) == (["a.mp4"], True, 1)


def test_a_failed_row_goes_with_its_file_and_is_tried_where_that_is_another(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").write_bytes(b"no video")
    output = tmp_path / "captions.jsonl"
    (here,) = find(tmp_path / "one")
    keep(output, made_from(here, b"no video", failed("a.mp4")))
    (tmp_path / "one" / "a.mp4").unlink()
    videos = find(tmp_path / "two")
    plan = checked(Results(output), videos)
    assert (plan.todo, plan.failed_before) == ([], 1)
    assert ids(checked(Results(output), videos, again=Again(failed=True))) == ["a.mp4"]
    (tmp_path / "two" / "a.mp4").write_bytes(b"another!")
    plan = checked(Results(output), videos)
    assert (ids(plan), plan.todo[0].way.moved) == (["a.mp4"], "a.mp4")


def test_a_file_that_cannot_be_read_is_not_taken_for_the_one_that_was(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.mp4").write_bytes(b"x" * 100)
    (here,) = find(tmp_path / "one")
    output = tmp_path / "captions.jsonl"
    keep(output, made_from(here, b"x" * 100))
    gone = replace(here, path=str(tmp_path / "two" / "a.mp4"))
    assert ids(checked(Results(output), [gone])) == ["a.mp4"]
