"""Several processes of one launcher caption one list: the rows of one process, whoever does which, whoever dies."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from framescribe.engines.choice import ModelChoice
from framescribe.errors import UserError
from framescribe.results.index import hash_of
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows, video_of
from framescribe.runners.ranks import Rank, key_of, rank_of
from framescribe.runs.job import RunOptions, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.sources import find_videos
from tests.runs import ACCELERATE, MODELS, TORCHRUN, alone, content, ended, running, until, writers
from tests.runs_in_process import found, raw_film
from tests.runs_in_process import recipe as made
from tests.scripts import FRAMES
from tests.servers import ScriptedServer, says, sleeps
from tests.test_results import row, video, wanted


@pytest.fixture(scope="module")
def folder(demo_clips, tmp_path_factory):
    """The demo's clips and one file that is no video."""
    where = tmp_path_factory.mktemp("clips")
    for clip in demo_clips:
        shutil.copy(clip.path, where)
    (where / "99 broken.mp4").write_bytes(b"nothing")
    return where


@pytest.fixture(scope="module")
def straight(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("straight") / "captions.jsonl"
    alone("caption", folder, *MODELS, "-o", output)
    return content(output)


@pytest.mark.slow
def test_the_originals_script_is_shared_out_too(demo_clips, tmp_path):
    words = ["--video_folder", demo_clips[0].path.parent, "--image_caption_model_name", "shapes-vlm"]
    script, environment = str(FRAMES), {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    for name, started in (("one.csv", ()), ("two.csv", ACCELERATE)):
        command = [sys.executable, *started, script, *map(str, words), f"--saved_path={tmp_path / name}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "two.csv").read_text()
    assert len([part for part in tmp_path.glob("two*.parts/*.jsonl") if part.stat().st_size]) == 2


@pytest.mark.slow
def test_a_dead_rank_loses_only_what_it_had_under_way(folder, straight, tmp_path):
    output = tmp_path / "captions.jsonl"
    with running("caption", folder, *MODELS, "--decoders", "1", "-o", output, launcher=TORCHRUN) as run:
        until(lambda: sum(writers(output)) >= 3)
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        os.kill(int(children[-1]), signal.SIGKILL)
        code, _ = ended(run, 120)
    assert code != 0
    before = sum(writers(output))
    said = alone("caption", folder, *MODELS, "-o", output)
    assert "videos already done" in said
    assert content(output) == straight
    assert sum(writers(output)) - before < len(straight)


def test_a_rank_that_is_done_helps_the_slow_one(demo_clips, tmp_path):
    clips = [clip.path for clip in demo_clips] * 5
    listed = tmp_path / "list.csv"
    lines = [f"{path},{number}" for number, path in enumerate(clips)]
    listed.write_text("path,code\n" + "\n".join(lines) + "\n")
    output = tmp_path / "frames.jsonl"
    common = ("frames", listed, "--id-column", "code", "-o", output, "--requests", "1", "--decoders", "1")
    here = {"MASTER_PORT": "1", "MASTER_ADDR": "here", "WORLD_SIZE": "2"}
    runs = []

    async def when_the_other_has_helped(request):
        await asyncio.to_thread(until, lambda: len(quick.requests) >= 45, 300)
        return await says("the same")(request)

    with ScriptedServer(when_the_other_has_helped) as slow, ScriptedServer(says("the same")) as quick:
        for number, server in enumerate((slow, quick)):
            environment = {**os.environ, **here, "RANK": str(number), "LOCAL_RANK": "0"}
            words = [*map(str, common), "--gate", "off", "--base-url", server.url, "--no-preflight"]
            command = [sys.executable, "-m", "framescribe", *words]
            runs.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment))
        said = [run.communicate(timeout=200)[1] for run in runs]
        assert [run.returncode for run in runs] == [0, 0], said
        assert len(quick.requests) >= 45
        assert len(slow.requests) + len(quick.requests) <= 70  # a few at the very end may be done twice
    rows = content(output)
    assert [row["id"] for row in rows] == [str(number) for number in range(60)]
    assert {frame["caption"] for row in rows for frame in row["frames"]} == {"the same"}


def test_a_rank_that_ends_first_does_not_take_the_rows_to_be_redone_for_done(demo_clips, tmp_path):
    videos = find_videos([str(demo_clips[0].path.parent)], say=lambda line: None)
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(says("the same")) as server:

        def job(prompt, **more):
            model = ModelChoice(engine="openai", model="m", base_urls=(server.url,))
            recipe = Recipe(stages={"frames": StageChoice(model=model, prompt=prompt)})
            return asyncio.run(run_job(recipe, videos, Results(output), **more))

        assert job("What is this?").output == output
        report = job("What is that?", options=RunOptions(again=Again(redo=True)), runner=Rank(0, 2, 0, "one"))
    assert 0 < report.new < len(videos)
    assert report.output is None


def test_every_video_is_done_by_somebody(tmp_path):
    videos = [video(f"{n:03}") for n in range(101)]
    done = Counter()

    async def work(number, pace):
        results = Results(tmp_path / "captions.jsonl")
        rank = Rank(number, 3, number, "one")
        results.begin({}, "one")

        planner = results.planner(wanted(), videos)
        async for todo in rank.work(planner.plan(rank.share(videos)).todo, planner, videos, results, lambda: 2):
            await asyncio.sleep(pace)
            results.append(row(todo.video.id))
            done[todo.video.id] += 1
        results.close()

    async def main():
        await asyncio.gather(work(0, 0.001), work(1, 0.02), work(2, 0.005))

    asyncio.run(main())
    assert sorted(done) == [video.id for video in videos]
    assert sum(done.values()) <= len(videos) + 3


def test_what_the_environment_says():
    assert rank_of({}) is None
    assert rank_of({"WORLD_SIZE": "1", "RANK": "0"}) is None
    first, second = (rank_of({"WORLD_SIZE": "4", "RANK": str(n), "LOCAL_RANK": "1"}) for n in (2, 3))
    assert (first.number, first.count, first.local) == (2, 4, 1)
    assert first.launch == second.launch
    other = rank_of({"WORLD_SIZE": "4", "RANK": "2", "LOCAL_RANK": "1", "MASTER_PORT": "1234"})
    assert other.launch != first.launch
    for wrong in ({"WORLD_SIZE": "4", "RANK": "4"}, {"WORLD_SIZE": "x"}, {"WORLD_SIZE": "2", "RANK": "-1"}):
        with pytest.raises(UserError, match="--runner local"):
            rank_of(wrong)


def test_runner_accelerate_without_a_launcher_says_how(demo_clips, tmp_path):
    words = ["caption", str(demo_clips[0].path), "--runner", "accelerate", "-o", str(tmp_path / "out.jsonl")]
    done = subprocess.run([sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "torchrun" in done.stderr


@pytest.mark.slow
def test_two_runs_on_one_result_the_second_is_told_who_holds_it(demo_clips, tmp_path):
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(sleeps(1, says("slow"))) as server:
        words = ["frames", str(demo_clips[0].path.parent), "--gate", "off", "--base-url", server.url, "-o", str(output)]
        words += ["--requests", "1", "--decoders", "1"]
        command = [sys.executable, "-m", "framescribe", *words]
        first = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        until(lambda: sum(writers(output)))
        second = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert second.returncode == 2
        assert f"{output} is being written by another run, process {first.pid} on" in second.stderr
        first.kill()
        first.communicate()
        third = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        _, said = third.communicate(timeout=120)
        assert third.returncode == 0, said
    assert len(content(output)) == 12


class Counting(set):
    """A set that counts how often it is asked."""

    asked = 0

    def __contains__(self, key):
        self.asked += 1
        return super().__contains__(key)


def test_helping_costs_the_same_however_many_videos_are_left(tmp_path):
    videos = [video(f"{n:05}") for n in range(40_000)]
    helped = []

    async def main():
        results = Results(tmp_path / "captions.jsonl")
        results.begin({}, "one")
        planner, rank = results.planner(wanted(), videos), Rank(0, 2, 0, "one")
        work = rank.work([], planner, videos, results, lambda: 8)
        results.fresh = Counting()
        while len(helped) < 300:
            todo = await anext(work)
            helped.append(todo.video.id)
            results.fresh.add(key_of(todo))
        await work.aclose()
        results.close()
        return results.fresh.asked

    asked = asyncio.run(main())
    assert len(set(helped)) == 300
    assert not set(helped) & {one.id for one in videos[1::2][:8]}  # its owner may be at these
    assert asked < 300 * 40


def test_help_takes_everything_but_what_its_owner_may_be_at(tmp_path):
    videos = [video(f"{n:03}") for n in range(120)]

    async def main():
        results = Results(tmp_path / "captions.jsonl")
        planner, rank = results.planner(wanted(), videos), Rank(0, 3, 0, "one")
        done = {key_of(todo) for todo in planner.plan(videos[1::3]).todo[:10]}  # in the meantime, by their owner
        results.fresh |= done
        return [todo async for todo in rank.work([], planner, videos, results, lambda: 5)]

    helped = asyncio.run(main())
    theirs = [video.id for video in videos[1::3]][15:] + [video.id for video in videos[2::3]][5:]
    assert sorted(todo.video.id for todo in helped) == sorted(theirs)


def test_ranks_finish_summaries_of_which_some_have_no_frames(tmp_path):
    films = [raw_film(tmp_path / "clips" / f"{n}.avi", 20 * n) for n in range(1, 7)]
    films[2].write_bytes(b"\0" * 500)
    frames, output = tmp_path / "frames.jsonl", tmp_path / "captions.jsonl"
    with ScriptedServer(says("the same")) as server:
        whole = made(server)
        half, rest = (
            whole.model_copy(update={"stages": {stage: whole.stages[stage]}}) for stage in ("frames", "summary")
        )
        videos = found(tmp_path / "clips")
        asyncio.run(run_job(half, videos, Results(frames)))
        rows = {(row.id, hash_of(video_of(row))): row for row in read_rows(frames)}
        of = [video_of(row) for row in rows.values()]
        for turn in range(2):  # and once more, when everything is done
            reports = [
                asyncio.run(run_job(rest, of, Results(output), frames_from=rows, runner=Rank(number, 2, 0, "one")))
                for number in range(2)
            ]
            assert reports[-1].output == output
            assert sum(report.new for report in reports) == (0 if turn else 6)
    assert [row.status for row in read_rows(output)] == ["ok", "ok", "failed", "ok", "ok", "ok"]
