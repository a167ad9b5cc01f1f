"""A run in which nothing succeeds any more ends, says why, and keeps every row; a few failures change nothing."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from framescribe.engines.choice import ModelChoice
from framescribe.errors import RunError, UserError
from framescribe.records import Row, Video
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.runners.ranks import Rank
from framescribe.runs.job import RunOptions, Watcher, run_job
from framescribe.runs.patience import SAME_CAUSE, Most
from framescribe.runs.recipe import Recipe, StageChoice
from tests.runs_in_process import found, raw_film
from tests.servers import Act, ScriptedServer, answers, says

MANY = SAME_CAUSE + 40
REFUSED = answers(400, {"error": {"message": "I cannot describe this clip.", "code": "content_policy"}})


def listed(folder: Path, *paths: Path) -> Path:
    """A list of these files under a name for each place in it."""
    where = folder / "list.csv"
    with where.open("w", newline="") as file:
        csv.writer(file).writerows([("path", "code"), *((path, f"v{at:03}") for at, path in enumerate(paths))])
    return where


@pytest.fixture
def many(tmp_path: Path) -> list[Video]:
    film = raw_film(tmp_path / "film.avi", 90)
    return found(listed(tmp_path, *[film] * MANY), id_column="code")


def recipe(server: ScriptedServer, strategy: str = "frames-then-summary", stage: str = "frames") -> Recipe:
    choice = ModelChoice(engine="openai", model="tiny", base_urls=(server.url,), requests=4)
    return Recipe(strategy=strategy, decoders=1, stages={stage: StageChoice(model=choice, prompt="What?")})


def run(made: Recipe, videos: list[Video], output: Path, *, seen: Callable[[Row], None] | None = None, **more: object):  # type: ignore[no-untyped-def]
    given = {"max_failed": more.pop("max_failed", None), "again": more.pop("again", Again())}
    watcher = Watcher(row=seen or (lambda row: None))
    options = RunOptions(**given)  # type: ignore[arg-type]
    return asyncio.run(run_job(made, videos, Results(output), options=options, watcher=watcher, **more))  # type: ignore[arg-type]


def rows_of(output: Path) -> list[Row]:
    return list(Results(output).rows())


@pytest.mark.parametrize(("act", "kind"), [(REFUSED, "refused"), (says(""), "bad_reply")], ids=["refusals", "no words"])
def test_failures_of_one_kind_in_a_row_end_the_run_and_the_same_command_goes_on(
    act: Act, kind: str, many: list[Video], tmp_path: Path
) -> None:
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(act) as server:
        with pytest.raises(RunError, match="nothing succeeds any more") as caught:
            run(recipe(server), many, output)
        assert kind in str(caught.value) and "--max-failed" in str(caught.value)
        rows = rows_of(output)
        assert SAME_CAUSE <= len(rows) < MANY
        assert {row.error and row.error.kind for row in rows} == {kind}
        assert not output.exists()
        server._acts = [says("A clip.")]
        report = run(recipe(server), many, output)
    assert (report.done_before, report.new) == (len(rows), MANY - len(rows))
    assert Counter(row.status for row in read_rows(output)) == {"failed": len(rows), "ok": MANY - len(rows)}


def test_files_that_cannot_be_read_count_too(tmp_path: Path) -> None:
    gone = [tmp_path / f"gone {n}.mp4" for n in range(MANY)]
    videos = found(listed(tmp_path, *gone, raw_film(tmp_path / "film.avi", 90)), id_column="code")
    with ScriptedServer() as server, pytest.raises(RunError, match=r"stage decode, of the kind missing: \d\d\b"):
        run(recipe(server), videos, tmp_path / "frames.jsonl")
    assert not server.requests


@pytest.mark.parametrize("count", [SAME_CAUSE - 1, SAME_CAUSE])
def test_a_run_that_has_no_more_videos_than_that_is_finished(count: int, many: list[Video], tmp_path: Path) -> None:
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(REFUSED) as server:
        assert run(recipe(server), many[:count], output).output == output
    assert [row.status for row in read_rows(output)] == ["failed"] * count


def test_two_kinds_that_take_turns_end_it_too(many: list[Video], tmp_path: Path) -> None:
    more = [Video(id=f"{video.id} more", path=video.path, size=video.size) for video in many]
    numbers = iter(range(10_000))

    async def act(request: web.Request) -> web.StreamResponse:
        return await (REFUSED if next(numbers) % 2 else says(""))(request)

    with ScriptedServer(act) as server, pytest.raises(RunError, match="nothing succeeds any more"):
        run(recipe(server), [*many, *more], tmp_path / "frames.jsonl")


def test_a_success_now_and_then_keeps_it_going(many: list[Video], tmp_path: Path) -> None:
    numbers = iter(range(10_000))

    async def act(request: web.Request) -> web.StreamResponse:
        return await (says("A clip.") if next(numbers) % 30 == 29 else REFUSED)(request)

    output = tmp_path / "frames.jsonl"
    with ScriptedServer(act) as server:
        assert run(recipe(server), many, output).output == output
    assert Counter(row.status for row in read_rows(output)) == {"ok": MANY // 30, "failed": MANY - MANY // 30}


def test_quick_failures_that_overtake_a_slow_success_do_not_end_it(tmp_path: Path) -> None:
    """Missing files fail at once; the answer for the first video comes after all of those that may begin beside it."""
    film = raw_film(tmp_path / "film.avi", 90)
    gone = [tmp_path / f"gone {n}.mp4" for n in range(MANY)]
    videos = found(listed(tmp_path, film, *gone, film), id_column="code")
    enough, failed = threading.Event(), 0

    async def act(request: web.Request) -> web.StreamResponse:
        await asyncio.to_thread(enough.wait, 60)
        return await says("A clip.")(request)

    def seen(row: Row) -> None:
        nonlocal failed
        failed += row.error is not None
        if failed >= SAME_CAUSE:
            enough.set()

    output = tmp_path / "frames.jsonl"
    with ScriptedServer(act) as server:
        assert run(recipe(server), videos, output, seen=seen).output == output
    statuses = [row.status for row in read_rows(output)]
    assert statuses == ["ok", *["failed"] * MANY, "ok"]


@pytest.mark.parametrize(("text", "most"), [("3", 3), ("0", 0), ("10%", 9), ("2.5%", 2)])
def test_max_failed_ends_it_after_so_many(text: str, most: int, many: list[Video], tmp_path: Path) -> None:
    numbers = iter(range(10_000))

    async def act(request: web.Request) -> web.StreamResponse:
        return await (says("A clip.") if next(numbers) % 2 else REFUSED)(request)

    output = tmp_path / "frames.jsonl"
    with ScriptedServer(act) as server:
        made = recipe(server)
        with pytest.raises(RunError, match=f"--max-failed {text} allows"):
            run(made, many, output, max_failed=Most.parse(text))
    failed = sum(row.status == "failed" for row in rows_of(output))
    assert most < failed <= most + 4 + 2 * 1 + 4  # those under way are finished


def test_max_failed_may_allow_everything(many: list[Video], tmp_path: Path) -> None:
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(REFUSED) as server:
        assert run(recipe(server), many, output, max_failed=Most.parse("100%")).output == output


@pytest.mark.parametrize("text", ["", "many", "-1", "5.5", "101%", "%", "1e3", "²"])
def test_what_is_no_number_and_no_share(text: str) -> None:
    with pytest.raises(UserError, match="--max-failed"):
        Most.parse(text)


def test_on_the_command_line_it_is_a_line_or_two_and_exit_code_1(many: list[Video], tmp_path: Path) -> None:
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(REFUSED) as server:
        words = [
            "frames",
            tmp_path / "list.csv",
            "--id-column",
            "code",
            "--gate",
            "off",
            "--base-url",
            server.url,
            "--model",
            "tiny",
        ]
        command = [sys.executable, "-m", "framescribe", *map(str, words), "--no-preflight", "-o", str(output)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert ended.returncode == 1, ended.stderr
        assert "nothing succeeds any more" in ended.stderr and "Nothing is lost" in ended.stderr
        assert "Traceback" not in ended.stderr
        wrong = subprocess.run([*command, "--max-failed", "few"], capture_output=True, text=True, timeout=60)
        assert wrong.returncode == 2 and "--max-failed few" in wrong.stderr


def test_each_rank_ends_by_itself(many: list[Video], tmp_path: Path) -> None:
    output = tmp_path / "frames.jsonl"
    more = [Video(id=f"{video.id} more", path=video.path, size=video.size) for video in many]
    with ScriptedServer(REFUSED) as server:
        for number in range(2):
            with pytest.raises(RunError, match="nothing succeeds any more"):
                run(recipe(server), [*many, *more], output, runner=Rank(number, 2, 0, "one"))


def test_a_rank_whose_last_videos_all_failed_has_ended_well(many: list[Video], tmp_path: Path) -> None:
    """A launcher would end the others otherwise."""
    output = tmp_path / "frames.jsonl"
    videos = [one for video in many[:SAME_CAUSE] for one in (video, replace(video, id=f"{video.id} more"))]
    with ScriptedServer(says("A clip.")) as server:
        made = recipe(server)
        run(made, videos[1::2][:-2], output)
        server._acts = [REFUSED]
        report = run(made, videos, output, runner=Rank(0, 2, 0, "one"))
    assert (report.new, report.failed, report.output) == (SAME_CAUSE, SAME_CAUSE, None)


# --- errors that nobody foresaw -------------------------------------------------------------------

FAULTY = """
import asyncio
from framescribe.strategies.base import Output, Stage, Strategy

class Tell(Stage):
    name, model, prompt, sees = "tell", "telling model", "clip", True
    async def run(self, context):
        await context.clip()
        {body}

class Faulty(Strategy):
    name, help, stages = "faulty", "fails", (Tell(),)
"""
BUGS = {
    "raises": ("raise KeyError('no such thing')", "KeyError: 'no such thing' (at "),
    "many lines": ("raise ValueError('one\\n' * 900)", "ValueError: one one"),
    "its own cancelled work": ("raise asyncio.CancelledError", "CancelledError (at "),
    "returns nothing": ("return None", "AttributeError: "),
    "no text": ("return Output(caption=b'bytes')", "TypeError: a caption must be text, not bytes"),
    "no JSON": ("return Output(value=object())", "TypeError: Object of type object is not JSON"),
}


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a strategy "faulty" whose stage does this."""
    site = tmp_path / "site"
    about = site / "faulty_strategy-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-strategy\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[framescribe.strategies]\nfaulty = faulty_strategy:Faulty\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))

    def install(body: str) -> None:
        (site / "faulty_strategy.py").write_text(FAULTY.format(body=body))
        sys.modules.pop("faulty_strategy", None)
        sys.dont_write_bytecode = True

    yield install
    sys.modules.pop("faulty_strategy", None)


@pytest.mark.parametrize("bug", BUGS)
def test_an_error_that_nobody_foresaw_is_a_row_that_the_next_run_tries_again(
    bug: str, faulty: Callable[[str], None], many: list[Video], tmp_path: Path
) -> None:
    body, message = BUGS[bug]
    output = tmp_path / "captions.jsonl"
    faulty(body)
    with ScriptedServer() as server:
        report = run(recipe(server, "faulty", "tell"), many[:3], output)
        assert report.statuses == {"failed": 3}
        for row in read_rows(output):
            assert row.error is not None and (row.error.stage, row.error.kind) == ("tell", "internal")
            assert row.error.message.startswith(message)
            assert "\n" not in row.error.message and len(row.error.message) < 700
            assert str(tmp_path.parent) not in row.error.message
        faulty("return Output(caption='mended')")
        report = run(recipe(server, "faulty", "tell"), many[:3], output)
        assert (report.done_before, report.failed_before, report.new) == (0, 0, 3)
    assert [(row.status, row.caption) for row in read_rows(output)] == [("ok", "mended")] * 3


def test_such_errors_end_a_run_and_ranks_finish_in_spite_of_a_few(
    faulty: Callable[[str], None], many: list[Video], tmp_path: Path
) -> None:
    faulty("raise KeyError('no such thing')")
    with ScriptedServer() as server:
        made = recipe(server, "faulty", "tell")
        with pytest.raises(RunError, match="of the kind internal") as caught:
            run(made, many, tmp_path / "many.jsonl")
        assert "KeyError: 'no such thing'" in str(caught.value)
        output = tmp_path / "few.jsonl"
        assert run(made, many[:6], output, runner=Rank(0, 2, 0, "one")).output is None
        assert run(made, many[:6], output, runner=Rank(1, 2, 0, "one")).output == output
        assert [row.error and row.error.kind for row in read_rows(output)] == ["internal"] * 6


def test_an_error_that_nobody_foresaw_never_replaces_a_caption(
    faulty: Callable[[str], None], many: list[Video], tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    faulty("return Output(caption='good')")
    with ScriptedServer() as server:
        made = recipe(server, "faulty", "tell")
        run(made, many[:1], output)
        two = Results(output)  # as a rank that took the same video at the very end
        [good] = two.rows()
        stages = {name: {"fingerprint": of["fingerprint"]} for name, of in good.stages.items()}
        bad = json.loads(good.as_line()) | {
            "caption": None,
            "status": "failed",
            "error": {"stage": "tell", "kind": "internal", "message": "KeyError"},
        }
        bad["provenance"]["stages"] = stages
        two.begin({})
        two.append(Row.from_dict(bad))
        two.close()
    assert [row.caption for row in rows_of(output)] == ["good"]
