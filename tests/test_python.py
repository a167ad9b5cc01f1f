"""From Python: the same as the command line, in a script, a thread, an event loop, and however the loop is left."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest
import typer

import framescribe as fs
from framescribe.cli.engine_options import FOR_ENGINE, EngineOptions
from framescribe.cli.gate_options import GateOptions
from framescribe.cli.measure_options import MeasureOptions
from framescribe.cli.options import FrameModelOptions, SamplingOptions, SourceOptions, SummaryModelOptions, takes
from framescribe.cli.recipes import asked
from framescribe.cli.run_options import LimitOptions, ResultOptions
from framescribe.cli.verify_options import VerifyOptions
from framescribe.cli.wish_options import WishOptions
from framescribe.python.captions import Settings, _Job
from framescribe.python.options import Options
from framescribe.results.rows import read_rows
from tests.runs import below, gone, until
from tests.runs_in_process import raw_film
from tests.servers import ScriptedServer, answers, says, sleeps, tells

ROOT = Path(__file__).parent.parent
GROUPS = (
    *(SamplingOptions, FrameModelOptions, SummaryModelOptions, EngineOptions, WishOptions, GateOptions),
    *(MeasureOptions, VerifyOptions),
)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for number in range(4):
        raw_film(tmp_path / "clips" / f"{number}.avi", 50 * number)
    return tmp_path / "clips"


def recipe_for(server: ScriptedServer, requests: int = 2) -> fs.Recipe:
    return fs.Recipe(base_url=server.url, model="tiny", decoders=1, requests=requests)


def script(text: str, *words: object, folder: Path, how: str = "file") -> subprocess.CompletedProcess[str]:
    """Runs the text as a user may: as a file, with -c, or from stdin."""
    (folder / "script.py").write_text(text)
    start = {"file": ["script.py"], "-c": ["-c", text], "stdin": ["-"], "-m": ["-m", "script"]}[how]
    return subprocess.run(
        [sys.executable, "-W", "error", *start, *map(str, words)],
        cwd=folder,
        input=text if how == "stdin" else None,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )


# ------------------------------------------------------------------------------ the same as the command line


def test_every_option_that_decides_captions_is_a_keyword_with_the_same_default() -> None:
    options = {field.name for group in GROUPS for field in dataclasses.fields(group)}
    assert {field.name for field in dataclasses.fields(fs.Recipe)} == options | {"engine_arguments"}
    assert asked(*(group() for group in GROUPS)) == fs.Recipe()
    types = {name: hint.__forward_arg__ for name, hint in Options.__annotations__.items()}
    assert types == {field.name: field.type for field in dataclasses.fields(fs.Recipe)}


def test_every_keyword_of_run_is_an_option_with_the_same_default() -> None:
    groups = (SourceOptions, ResultOptions, LimitOptions)
    defaults = {field.name: field.default for group in groups for field in dataclasses.fields(group)}
    keywords = {field.name: field.default for field in dataclasses.fields(_Job)[3:]}
    assert keywords == {name: defaults[name] for name in keywords}
    assert set(get_type_hints(Settings)) == set(keywords)
    assert set(defaults) - set(keywords) == {"sources", "output"}  # these have places of their own


def test_what_the_command_line_parses_is_the_recipe_that_python_makes() -> None:
    heard: list[fs.Recipe] = []
    app = typer.Typer()

    @app.command()
    @takes(*GROUPS)
    def command(*groups: object) -> None:
        heard.append(asked(*groups))  # type: ignore[arg-type]

    words = (
        "--model m --summary-model s --base-url http://a/v1 --base-url http://b/v1 --summary-base-url http://c/v1 "
        "--strategy whole-clip --prompt p --summary-prompt q --sample times --frames 3 --times 1.5,2s --every 500ms "
        "--skip-edges 0.1 --salvage --avoid-bad-frames --seed 7 --max-pixels 2048 --decoders 2 --decode-timeout 9 "
        "--max-tokens 8 --temperature 0.5 --top-p 0.9 --thinking on --summary-thinking off --engine openai "
        "--revision r --device cpu --dtype float16 --quantize int8 --trust-remote-code "
        "--batch-size 4 --requests 5 --timeout 30 --endpoint-timeout 20 --api-key-env K --summary-api-key-env L "
        "--engine-command v --gpus 0,1 --tensor-parallel 2 --replicas 3 --gate flag --check mood --no-check markup "
        "--check-limit repeats.word_times=5 --min-words 6 --max-words 60 "
        "--forbid man --forbid woman --trigger rvn7 --language de --second-model t "
        "--note n{x} --note o --hint {tags} --must-mention kite --captions short --for wan "
        "--measure cuts --keep cuts==1 --verify 5% --verify-model u"
    )
    token = FOR_ENGINE.set(("--swap-space", "8"))
    try:
        app(words.split(), standalone_mode=False)
    finally:
        FOR_ENGINE.reset(token)
    assert heard == [
        fs.Recipe(
            model="m",
            summary_model="s",
            base_url=["http://a/v1", "http://b/v1"],
            summary_base_url=["http://c/v1"],
            strategy="whole-clip",
            prompt="p",
            summary_prompt="q",
            sample="times",
            frames=3,
            times=(1.5, 2.0),
            every="500ms",
            skip_edges=0.1,
            salvage=True,
            avoid_bad_frames=True,
            seed=7,
            max_pixels=2048,
            decoders=2,
            decode_timeout=9,
            max_tokens=8,
            temperature=0.5,
            top_p=0.9,
            thinking="on",
            summary_thinking="off",
            engine="openai",
            revision="r",
            device="cpu",
            dtype="float16",
            quantize="int8",
            trust_remote_code=True,
            batch_size=4,
            requests=5,
            timeout=30,
            endpoint_timeout=20,
            api_key_env="K",
            summary_api_key_env="L",
            engine_command="v",
            gpus="0,1",
            tensor_parallel=2,
            replicas=3,
            engine_arguments=("--swap-space", "8"),
            gate="flag",
            check=["mood"],
            no_check=["markup"],
            check_limit=["repeats.word_times=5"],
            min_words=6,
            max_words=60,
            forbid=["man", "woman"],
            trigger=["rvn7"],
            language="de",
            second_model="t",
            note=["n{x}", "o"],
            hint="{tags}",
            must_mention=["kite"],
            measure=["cuts"],
            keep="cuts==1",
            verify="5%",
            verify_model="u",
            captions=["short"],
            target="wan",
        )
    ]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("", {}),
        ("--sample uniform --frames 2 --seed 3", {"sample": "uniform", "frames": 2, "seed": 3}),
        ("--every 0.5 --temperature 1 --max-tokens 9", {"every": 0.5, "temperature": 1.0, "max_tokens": 9}),
        ("--strategy whole-clip --prompt Look", {"strategy": "whole-clip", "prompt": "Look"}),
    ],
)
def test_python_finds_nothing_left_to_do_in_what_the_command_line_captioned(
    words: str, options: dict[str, object], server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    command = [sys.executable, "-m", "framescribe", "caption", str(clips), "-o", str(output), "--base-url", server.url]
    subprocess.run([*command, "--decoders", "1", *words.split()], check=True, capture_output=True, timeout=120)
    before, asked_for = output.read_bytes(), len(server.requests)
    recipe = fs.Recipe(base_url=server.url, decoders=1, **options)  # type: ignore[arg-type]
    assert list(fs.run(recipe, clips, output)) == []
    assert (output.read_bytes(), len(server.requests)) == (before, asked_for)


def test_a_run_keeps_the_rows_that_the_command_keeps(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "framescribe", "caption", str(clips), "-o", str(tmp_path / "a.jsonl")]
    subprocess.run([*command, "--base-url", server.url], check=True, capture_output=True, timeout=120)
    rows = list(fs.run(fs.Recipe(base_url=server.url), clips, tmp_path / "b.jsonl"))
    assert (tmp_path / "a.jsonl").read_text() == (tmp_path / "b.jsonl").read_text()
    assert sorted(rows, key=lambda row: row.id) == list(read_rows(tmp_path / "b.jsonl"))


def test_one_clip(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    row = fs.caption(clips / "1.avi", base_url=server.url)
    (kept,) = fs.run(fs.Recipe(base_url=server.url), clips / "1.avi", tmp_path / "one.jsonl")
    assert (row.id, row.caption, row.frames, row.status) == (kept.id, kept.caption, kept.frames, "ok")
    (clips / "2.avi").write_text("no video")
    failed = fs.caption(clips / "2.avi", base_url=server.url)
    assert failed.status == "failed" and failed.error is not None and failed.error.kind == "unreadable"


# ------------------------------------------------------------------------------ errors, in Python's words


def test_errors_are_exported_and_name_keywords(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with pytest.raises(fs.UserError, match="there is no result"):
        list(fs.rows(output))
    with pytest.raises(fs.UserError, match="does not exist"):
        fs.caption(tmp_path / "no.mp4", base_url=server.url)
    with pytest.raises(fs.UserError, match=r"more than one video.*fs\.run"):
        fs.caption(clips, base_url=server.url)
    with pytest.raises(fs.UserError, match=r"^sample times needs times$"):
        list(fs.run(fs.Recipe(base_url=server.url, sample="times"), clips, output))
    with pytest.raises(fs.UserError, match=r"^temperature -1: it must be 0 or more$"):
        list(fs.run(fs.Recipe(base_url=server.url, temperature=-1), clips, output))
    with pytest.raises(fs.UserError, match="requests"):
        list(fs.run(fs.Recipe(base_url=server.url, requests=0), clips, output))
    with pytest.raises(fs.UserError, match="max_failed many"):
        list(fs.run(recipe_for(server), clips, output, max_failed="many"))
    list(fs.run(recipe_for(server), clips, output))
    with pytest.raises(fs.UserError, match=r"Write to another file \(output\).*redo=True"):
        list(fs.run(fs.Recipe(base_url=server.url, prompt="Otherwise"), clips, output))
    with pytest.raises(TypeError, match="retry_faild"):
        list(fs.run(recipe_for(server), clips, output, retry_faild=True))  # type: ignore[call-arg]
    assert issubclass(fs.Unreadable, fs.VideoError) and issubclass(fs.VideoError, fs.FramescribeError)


def test_a_run_that_must_stop_raises_and_keeps_its_rows(clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(says("one"), says("two"), answers(401, {"error": {"message": "no key"}})) as server:
        recipe = fs.Recipe(base_url=server.url, model="tiny", decoders=1, requests=1)
        with pytest.raises(fs.FramescribeError, match="key"):
            list(fs.run(recipe, clips, output))
    assert_nothing_runs()
    with ScriptedServer(tells()) as server:
        recipe = fs.Recipe(base_url=server.url, model="tiny", decoders=1)
        list(fs.run(recipe, clips, output))
    assert len(list(fs.rows(output))) == 4


# ------------------------------------------------------------------------------ leaving, and going on


def assert_nothing_runs() -> None:
    """No thread of ours, and no worker."""
    until(lambda: not below(os.getpid(), "spawn_main"), 30)
    assert "framescribe" not in {thread.name for thread in threading.enumerate()}


def test_a_loop_that_is_left_early_loses_nothing_and_goes_on(clips: Path, tmp_path: Path) -> None:
    for number in range(4, 16):
        raw_film(clips / f"{number:02}.avi", 10 * number)
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(sleeps(0.05, tells())) as server:
        recipe = fs.Recipe(base_url=server.url, model="tiny", decoders=1, requests=1)
        for row in fs.run(recipe, clips, output):
            first = row
            break
        assert_nothing_runs()
        assert not output.exists()
        kept = list(fs.rows(output))
        assert first in kept and len(kept) < 16
        assert len(server.requests) == 2 * len(kept)  # what was paid for is there
        rest = list(fs.run(recipe, clips, output))
        assert len(rest) == 16 - len(kept) and len(server.requests) == 32
        assert {row.id for row in fs.rows(output)} == {path.name for path in clips.iterdir()}
        assert output.exists()


def test_an_iterator_that_is_dropped_ends_its_run(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    rows = fs.run(recipe_for(server), clips, tmp_path / "captions.jsonl")
    next(rows)
    del rows
    gc.collect()
    assert_nothing_runs()


def test_rows_hold_what_a_person_changed(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    list(fs.run(recipe_for(server), clips, output))
    caption = next(fs.rows(output)).caption
    output.write_text(output.read_text().replace(str(caption), "By hand."))
    assert next(fs.rows(output)).caption == "By hand."
    list(fs.run(recipe_for(server), clips, output))
    assert next(fs.rows(output)).caption == "By hand."


# ------------------------------------------------------------------------------ event loops, threads, scripts


def test_in_an_event_loop(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    async def main() -> tuple[fs.Row, list[fs.Row], fs.Row, list[fs.Row]]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        ticking = asyncio.ensure_future(tick())
        one = await fs.caption_async(clips / "0.avi", base_url=server.url)
        many = [row async for row in fs.run_async(recipe_for(server), clips, tmp_path / "async.jsonl")]
        assert ticks > 5  # the loop was free meanwhile
        ticking.cancel()
        # What needs no `await` works here, too: a notebook's cells run in a loop.
        return (
            one,
            many,
            fs.caption(clips / "0.avi", base_url=server.url),
            list(fs.run(recipe_for(server), clips, tmp_path / "sync.jsonl")),
        )

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, many, other, others = asyncio.run(main(), debug=True)
        gc.collect()
    assert (one.caption, len(many), len(others)) == (other.caption, 4, 4)
    assert (tmp_path / "async.jsonl").read_text() == (tmp_path / "sync.jsonl").read_text()
    assert_nothing_runs()


def test_an_asynchronous_loop_that_is_left_or_cancelled_leaves_nothing(clips: Path, tmp_path: Path) -> None:
    async def leave(server: ScriptedServer) -> None:
        async for _ in fs.run_async(recipe_for(server), clips, tmp_path / "left.jsonl"):
            break

    async def cancelled(server: ScriptedServer) -> None:
        async def forever() -> None:
            async for _ in fs.run_async(recipe_for(server), clips, tmp_path / "cancelled.jsonl"):
                pass

        task = asyncio.ensure_future(forever())
        await asyncio.to_thread(until, lambda: bool(server.requests))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with ScriptedServer(tells()) as server:
        asyncio.run(leave(server), debug=True)
    assert_nothing_runs()
    assert list(fs.rows(tmp_path / "left.jsonl"))
    with ScriptedServer(sleeps(600)) as server:
        begun = time.monotonic()
        asyncio.run(cancelled(server), debug=True)
        assert time.monotonic() - begun < 60
    assert_nothing_runs()
    gc.collect()


def test_in_a_thread(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    rows: list[fs.Row] = []
    thread = threading.Thread(target=lambda: rows.extend(fs.run(recipe_for(server), clips, tmp_path / "out.jsonl")))
    thread.start()
    thread.join()
    assert len(rows) == 4 and (tmp_path / "out.jsonl").exists()


WHOLE = """
import sys, pathlib
import framescribe as fs
with open("runs", "a") as runs: runs.write("once\\n")
print(fs.caption(sys.argv[1] + "/0.avi", base_url=sys.argv[2]).status)
for row in fs.run(fs.Recipe(base_url=sys.argv[2]), sys.argv[1], output="captions.jsonl"):
    print(row.id)
"""


@pytest.mark.parametrize("how", ["file", "-c", "stdin", "-m"])
def test_a_script_needs_no_guard(how: str, server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    """Workers are processes of their own; none of them runs the script again."""
    done = script(WHOLE, clips, server.url, folder=tmp_path, how=how)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.split()) == ["0.avi", "1.avi", "2.avi", "3.avi", "ok"]
    assert (tmp_path / "runs").read_text() == "once\n"


def test_a_program_that_ends_in_the_middle_of_a_run_ends(clips: Path, tmp_path: Path) -> None:
    text = """
import sys
import framescribe as fs
rows = fs.run(fs.Recipe(base_url=sys.argv[2], decoders=1, requests=1), sys.argv[1], output="captions.jsonl")
print(next(rows).id)
"""
    # Four clips need eight answers; with five of them at least one is done, in whatever order they are asked for.
    with ScriptedServer(*[says("A grey square on a wall.")] * 5, sleeps(600)) as server:
        done = script(text, clips, server.url, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    kept = [row.id for row in fs.rows(tmp_path / "captions.jsonl")]
    assert done.stdout.strip() in kept and len(kept) < 4


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("call", ["list(fs.run(recipe, sys.argv[1]))", "fs.caption(clip, base_url=sys.argv[2])"])
def test_ctrl_c_ends_it_at_once(call: str, clips: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import sys\nimport framescribe as fs\nrecipe = fs.Recipe(base_url=sys.argv[2])\n"
        f"clip = sys.argv[1] + '/0.avi'\ntry:\n    {call}\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
    )
    with ScriptedServer(sleeps(600)) as server:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "script.py", str(clips), server.url],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until(lambda: bool(server.requests))
        workers = below(process.pid)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "interrupted\n", "")
    assert workers
    until(lambda: gone(workers), 20)


# ------------------------------------------------------------------------------ what is offered


def test_few_names_are_offered_and_all_are_there() -> None:
    assert [name for name in fs.__all__ if name[0].islower()] == [
        *("caption", "caption_async", "check", "compare", "export", "measure", "rows", "run", "run_async", "sample"),
        "score",
    ]
    for name in fs.__all__:
        assert getattr(fs, name).__doc__
    import framescribe.runs.job  # rooms do not take the names' places

    assert framescribe.runs.job and callable(fs.run)


USER = """
import asyncio
from pathlib import Path

import framescribe as fs

recipe = fs.Recipe(model="shapes-vlm", summary_model="shapes-llm", sample="uniform", frames=5)
row: fs.Row = fs.caption(Path("clip.mp4"), model="shapes-vlm", summary_model="shapes-llm")
words: list[str] = [row.caption or "" for row in fs.run(recipe, ["a", Path("b")], output="out.jsonl", limit=3)]
if row.error is not None:
    print(row.error.kind)
try:
    fs.export("out.jsonl", to="musubi-tuner", folder="set/", trigger="ohwx dog")
except fs.UserError as error:
    print(error)
for frame in fs.sample("clip.mp4", 8):
    print(frame.index, frame.time)
for faults in fs.check(["A dog runs.", None], trigger="ohwx dog", limits={"repeats": {"phrase_times": 4}}):
    print([fault.what for fault in faults])


async def main() -> None:
    one = await fs.caption_async("clip.mp4", base_url="http://host/v1")
    async for row in fs.run_async(recipe, "clips/", redo=True):
        print(one.caption, row.caption)


asyncio.run(main())
for row in fs.rows("out.jsonl"):
    print(row.id, row.caption)
"""


@pytest.mark.slow
def test_a_users_script_passes_a_strict_type_checker_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    def checked(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "user.py").write_text(text)
        command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path / "c")]
        environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
        quiet = ["--follow-untyped-imports", "--follow-imports", "silent"]
        return subprocess.run(
            [*command, *quiet, "user.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400
        )

    good = checked(USER)
    assert good.returncode == 0, good.stdout
    wrong = 'import framescribe as fs\nfs.caption("a", modle="x")\nfs.Recipe(frames="many")\nfs.run(1, "a", lim=3)\n'
    assert checked(wrong).stdout.count("error:") >= 4
