"""--check-content: a file that changed under the same size is captioned again, and nothing else is."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from pathlib import Path

from framescribe.records import Video
from framescribe.results.content_check import changed_files
from framescribe.results.rows import Results
from framescribe.sources import find_videos
from tests.test_results import PRINTS, row


def test_only_what_has_another_content_is_done_again(tmp_path: Path) -> None:
    names = ("same", "touched", "changed", "vanished", "unhashed", "new")
    results = Results(tmp_path / "captions.jsonl")
    results.begin({})
    for name in names[:-1]:
        (tmp_path / name).write_bytes(b"x" * 100)
        more = {} if name == "unhashed" else {"content": f"sha256:{hashlib.sha256(b'x' * 100).hexdigest()}"}
        provenance = {**row(name).provenance, **more}
        results.append(row(name, size=100, provenance=provenance))
    results.close()
    os.utime(tmp_path / "touched", (1, 1))
    for name in ("changed", "unhashed", "new"):
        (tmp_path / name).write_bytes(b"y" * 100)
    (tmp_path / "vanished").unlink()
    videos = [Video(id=name, path=str(tmp_path / name), size=100) for name in names]
    again, said = Results(tmp_path / "captions.jsonl"), []
    changed = asyncio.run(changed_files(videos, again, 1, said.append))
    assert changed == {"changed"}
    plan = again.plan(videos, PRINTS, changed=changed)
    assert [video.id for video, _ in plan.todo] == ["changed", "new"]
    assert plan.replaced == 1
    assert said[0].startswith("1 rows hold no hash")
    assert said[-1].startswith("1 files cannot be read now; their rows stay (first: vanished: There is no such file")
    assert [video.id for video, _ in again.plan(videos, PRINTS).todo] == ["new"]  # without the option: by size alone


def test_a_run_that_moved_to_another_machine_does_nothing_twice(tmp_path: Path) -> None:
    """Copies have other times and other folders; ids and sizes are the same."""
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "clips" / "deep").mkdir(parents=True)
    (before / "clips" / "deep" / "a.mp4").write_bytes(b"x" * 100)
    for one in find_videos([str(before / "clips")], say=print):
        results = Results(before / "captions.jsonl")
        results.begin({})
        results.append(row(one.id, size=one.size))
        results.close()
    shutil.copytree(before, after, copy_function=shutil.copyfile)
    os.utime(after / "clips" / "deep" / "a.mp4", (2e9, 2e9))
    plan = Results(after / "captions.jsonl").plan(find_videos([str(after / "clips")], say=print), PRINTS)
    assert (plan.done, plan.todo) == (1, [])
