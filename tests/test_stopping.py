"""How a run ends from within: in the right order, with its lock given back, and heard at every long step."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from framescribe.engines.base import ChatRequest, Engine, Reply
from framescribe.engines.choice import ModelChoice
from framescribe.engines.servers.guard import descendants
from framescribe.errors import RunError, UserError
from framescribe.frames.pool import DecoderPool
from framescribe.records import Row, Video
from framescribe.results.rows import Results, read_rows
from framescribe.runs.job import RunOptions, Watcher, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.storage import locks
from tests.runs import below, until
from tests.runs_in_process import Run, found, raw_film, recipe
from tests.servers import ScriptedServer, says
from tests.test_results import row, video, write


class Sulking(Engine):
    """Of a plug-in: answers, but cannot be closed; notes what was asked of it and not answered when it was closed."""

    name = "sulking"
    under_way: ClassVar[set[int]] = set()
    at_close: ClassVar[list[int]] = []
    slow = False

    @classmethod
    def made(cls, choice: ModelChoice, **more: Any) -> Sulking:
        return cls()

    async def open(self) -> None:
        self.under_way.clear()
        self.at_close.clear()

    async def complete(self, request: ChatRequest) -> Reply:
        number = len(self.under_way)
        self.under_way.add(number)
        try:
            await asyncio.sleep(60 if self.slow and number else 0)
            return Reply(text="A clip.", finish_reason="stop", prompt_tokens=1, completion_tokens=1)
        finally:
            self.under_way.discard(number)

    async def close(self) -> None:
        self.at_close.append(len(self.under_way))
        raise OSError("the device is gone")

    @property
    def concurrency(self) -> int:
        return 2

    def describe(self) -> str:
        return "sulking"


@pytest.fixture
def sulking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recipe]:
    about = tmp_path / "site" / "sulking-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sulking\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[framescribe.engines]\nsulking = {__name__}:Sulking\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    choice = ModelChoice(engine="sulking", model="m")
    yield Recipe(decoders=2, stages={"frames": StageChoice(model=choice, prompt="What?")})
    Sulking.slow = False


@pytest.fixture
def videos(tmp_path: Path) -> list[Video]:
    for number in range(6):
        raw_film(tmp_path / "clips" / f"{number}.avi", 30 * number)
    return found(tmp_path / "clips")


def is_free(output: Path) -> bool:
    """Whether another launch may write here now; UserError where not."""
    results = Results(output)
    results.begin({}, "another launch")
    results.close()
    return True


def test_a_model_that_cannot_be_closed_takes_nothing_away(
    sulking: Recipe, videos: list[Video], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "frames.jsonl"
    report = asyncio.run(run_job(sulking, videos, Results(output)))
    assert report.output == output
    assert [row.status for row in read_rows(output)] == ["ok"] * 6
    assert "the models did not end cleanly: OSError: the device is gone" in caplog.text
    until(lambda: not below(os.getpid(), "spawn_main"), 20)  # the decoders are ended all the same
    assert is_free(output)  # the lock was given back


def test_no_engine_is_closed_while_a_video_is_under_way(sulking: Recipe, videos: list[Video], tmp_path: Path) -> None:
    Sulking.slow = True

    def full(row: Row) -> None:
        raise RunError("the disk is full")

    output = tmp_path / "frames.jsonl"
    with pytest.raises(RunError, match="the disk is full"):
        asyncio.run(run_job(sulking, videos, Results(output), watcher=Watcher(row=full)))
    assert set(Sulking.at_close) == {0}
    assert is_free(output)


def test_a_run_that_is_refused_late_gives_its_lock_back(videos: list[Video], tmp_path: Path) -> None:
    """Here: the finished file was changed by hand while the run was going on, and cannot be read any more."""
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(says("x")) as server:
        Run(server, videos, output)
        raw_film(tmp_path / "clips" / "more.avi", 200)

        def spoil(row: Row) -> None:
            output.write_text("no JSON at all\n")

        job = run_job(recipe(server), found(tmp_path / "clips"), Results(output), watcher=Watcher(row=spoil))
        with pytest.raises(UserError, match="was changed since framescribe wrote it"):
            asyncio.run(job)
    output.unlink()
    assert is_free(output)


def hangs(path: str) -> str:
    threading.Event().wait()
    return path


def test_whoever_waits_for_a_pool_that_is_closed_starts_no_new_one() -> None:
    before = set(descendants(os.getpid()))

    async def main() -> list[object]:
        pool = DecoderPool(1)
        tasks = [asyncio.ensure_future(pool.run(hangs, f"{number}")) for number in range(4)]
        await asyncio.to_thread(until, lambda: set(descendants(os.getpid())) - before)
        await asyncio.to_thread(pool.close)
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)

    ended = asyncio.run(main())
    assert [type(error) for error in ended] == [RunError] * 4
    until(lambda: not set(descendants(os.getpid())) - before, 20)


def test_checking_files_hears_a_stop(videos: list[Video], tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(says("x")) as server:
        Run(server, videos, output, check_content=True)
        Path(videos[0].path).unlink()
        os.mkfifo(videos[0].path)  # whoever opens it waits for ever

        async def stopped() -> object:
            stop = asyncio.Event()

            def say(line: str) -> None:
                if line.startswith("comparing files"):
                    asyncio.get_running_loop().call_later(0.1, stop.set)

            options = RunOptions(check_content=True)
            return await run_job(
                recipe(server), videos, Results(output), options=options, watcher=Watcher(say=say), stop=stop
            )

        report = asyncio.run(asyncio.wait_for(stopped(), 40))
    assert (report.output, report.done_before, report.new) == (None, 6, 0)  # type: ignore[attr-defined]
    assert is_free(output)


def test_a_finished_file_that_is_dropped_leaves_the_old_one(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4", "old"))
    Results(output).finish([video("a.mp4")])
    write(output, row("b.mp4", "new"))
    asked = iter([False, True, True])
    with pytest.raises(RunError, match="was not written"):
        Results(output).finish([video("a.mp4"), video("b.mp4")], dropped=lambda: next(asked))
    assert [one.caption for one in read_rows(output)] == ["old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["captions.jsonl", "captions.jsonl.parts"]
    Results(output).finish([video("a.mp4"), video("b.mp4")])
    assert [one.caption for one in read_rows(output)] == ["old", "new"]


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_said_and_used(
    code: int, videos: list[Video], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(locks.fcntl, "flock", refuses)
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(says("x")) as server:
        assert Run(server, videos, output).report.output == output
    assert len(list(read_rows(output))) == 6
    assert "has no locks" in caplog.text and "make sure that no other run writes" in caplog.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["captions.jsonl", "captions.jsonl.parts", "clips"]


def test_an_output_that_cannot_be_is_refused_before_anything_is_asked(videos: list[Video], tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "folder.jsonl" / "notes.txt").write_text("somebody's own")
    (tmp_path / "dangling.jsonl").symlink_to(tmp_path / "no" / "x.jsonl")
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    (tmp_path / "file.jsonl.parts").write_text("not a folder")
    (tmp_path / "odd.jsonl.parts" / "1.jsonl").mkdir(parents=True)
    (tmp_path / "there.jsonl").symlink_to(tmp_path / "real.jsonl")
    with ScriptedServer(says("x")) as server:
        for name in ("folder", "dangling", "loop", "file", "odd"):
            words = ["frames", tmp_path / "clips", "--gate", "off", "--base-url", server.url, "--model", "m"]
            command = [sys.executable, "-m", "framescribe", *map(str, words), "-o", str(tmp_path / f"{name}.jsonl")]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            looking, line = done.stderr.splitlines()
            assert done.returncode == 2 and looking.startswith("looking for videos") and f"{name}.jsonl" in line
        assert not server.requests
        Run(server, videos, tmp_path / "there.jsonl")  # a link to a file that is yet to be written
    assert len(list(read_rows(tmp_path / "real.jsonl"))) == 6
    assert (tmp_path / "there.jsonl").is_symlink()


def test_a_changed_summary_prompt_holds_few_rows_at_once(tmp_path: Path) -> None:
    """However many there are: each is read when its turn comes."""
    count, most = 150, 0
    film = raw_film(tmp_path / "film.avi", 90)
    (tmp_path / "list.csv").write_text("path,code\n" + "".join(f"{film},{number:03}\n" for number in range(count)))
    videos, output = found(tmp_path / "list.csv", id_column="code"), tmp_path / "captions.jsonl"

    with ScriptedServer(says("x")) as server:
        Run(server, videos, output)
        seen = 0

        def now_and_then(one: Row) -> None:
            nonlocal seen, most
            seen += 1
            if seen % 25 == 0:
                gc.collect()
                most = max(most, sum(type(thing) is Row for thing in gc.get_objects()))

        changed = recipe(server, summary="Say it otherwise: {captions}")
        job = run_job(changed, videos, Results(output), watcher=Watcher(row=now_and_then))
        report = asyncio.run(job)
    assert report.new == count
    assert 0 < most < 60
