"""What is Ray's own among the runners: who dies costs nothing, what errs says so as it does here, and nothing stays.

That the rows are those of one process is the contract's (tests/contracts/test_runners.py).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from framescribe.demo.clips import DemoClip
from tests.runs import alone, below, cluster, content, ended, gone, running, until, writers
from tests.s3 import SECRET, environment, s3_server
from tests.servers import ScriptedServer, says, sleeps
from tests.test_served import PROGRAM, started

RAY = ("--runner", "ray", "--replicas", "1")
ACTOR = "ray::Actor"


@pytest.fixture
def folder(demo_clips: list[DemoClip]) -> Path:
    return demo_clips[0].path.parent


@pytest.fixture
def slow() -> Iterator[ScriptedServer]:
    with ScriptedServer(sleeps(0.4, says("the same"))) as server:
        yield server


def failure(words: tuple[object, ...]) -> tuple[int, list[str]]:
    """The exit code and the last words of a run that ends with an error."""
    with running(*words) as run:
        code, said = ended(run, 90)
    assert "Traceback" not in said
    return code, said[said.index("framescribe: ") :].splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("neighbours", [12, 0], ids=["among others", "alone"])
def test_a_video_that_kills_its_actor_twice_is_failed_and_its_neighbours_are_not(
    neighbours: int, demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    begun: list[str] = []

    async def hangs(request: web.Request) -> web.StreamResponse:
        begun.append(request.path)
        return await sleeps(600)(request)

    output = tmp_path / "frames.jsonl"
    with ScriptedServer(says("the same"), others=hangs) as server:
        lines = [f"{server.root}/kills.mp4", *(str(clip.path) for clip in demo_clips[:neighbours])]
        (tmp_path / "list.txt").write_text("\n".join(lines) + "\n")
        words = (
            "frames",
            tmp_path / "list.txt",
            "--gate",
            "off",
            "--base-url",
            server.url,
            "--no-preflight",
            "-o",
            output,
            *RAY,
        )
        with running(*words, "--decoders", "1") as run:
            for times in (1, 2):  # one video is decoded at a time, and this one is the first
                until(lambda times=times: len(begun) == times)
                (actor,) = below(run.pid, ACTOR)
                os.kill(actor, signal.SIGKILL)
            code, said = ended(run, 90)
    assert code == 3, said
    first, *others = content(output)
    assert (first["status"], first["error"]["kind"]) == ("failed", "actor_died")
    assert [row["frames"][0]["caption"] for row in others] == ["the same"] * neighbours
    assert len({row["provenance"]["stages"]["frames"]["fingerprint"] for row in (first, *others)}) == 1
    assert said.count("its process died; videos to retry: ") == 2, said


@pytest.mark.slow
def test_an_actor_that_is_killed_costs_nothing_and_takes_its_server_along(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(PROGRAM)
    output = tmp_path / "frames.jsonl"
    words = ("frames", folder, "--engine", "vllm", "--model", "some/model", "--no-preflight", "-o", output, *RAY)
    engine = ("--engine-command", f"{sys.executable} {tmp_path / 'server.py'}", "--requests", "1", "--decoders", "1")
    with running(*words, *engine) as run:
        until(lambda: sum(writers(output)) >= 2)
        (actor,) = below(run.pid, ACTOR)
        os.kill(actor, signal.SIGKILL)
        code, said = ended(run)
    assert code == 0, said
    assert len(content(output)) == 12
    logs = sorted(output.with_name("frames.jsonl.logs").glob("*/*/*.log"))
    assert [str(log.relative_to(log.parents[2])) for log in logs] == [
        "actor-0/vllm/vllm-0.log",
        "actor-1/vllm/vllm-0.log",
    ]
    until(lambda: gone(pid for log in logs for pid in started(log)), 20)


@pytest.mark.slow
def test_each_actor_and_its_server_see_a_gpu_of_their_own(folder: Path, tmp_path: Path) -> None:
    seen = 'open(f"{__file__}.{os.getpid()}", "w").write(os.environ["CUDA_VISIBLE_DEVICES"])\n'
    (tmp_path / "server.py").write_text(PROGRAM.replace("words =", f"{seen}words =", 1))
    output = tmp_path / "frames.jsonl"
    words = ("frames", folder, "--engine", "vllm", "--model", "some/model", "--no-preflight", "--requests", "1")
    engine = ("--engine-command", f"{sys.executable} {tmp_path / 'server.py'}", "--runner", "ray", "-o", output)
    with (
        cluster(num_cpus=2, num_gpus=2) as machines,  # Ray believes in GPUs that it is told of
        running(*words, *engine, "--ray-address", machines.address) as run,
    ):
        until(lambda: len(list(tmp_path.glob("server.py.*"))) == 2 or run.poll() is not None)
        code, said = ended(run)
    assert code == 0, said
    assert "each with 1 CPU and 1 GPU" in said
    assert sorted(file.read_text() for file in tmp_path.glob("server.py.*")) == ["0", "1"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine",
    [("--model", "/nowhere/model"), ("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--endpoint-timeout", "0")],
    ids=["no such model", "no server"],
)
def test_an_error_of_the_run_ends_it_with_the_words_that_it_has_here(
    engine: tuple[str, ...], folder: Path, tmp_path: Path
) -> None:
    words = ("frames", folder, *engine, "-o", tmp_path / "frames.jsonl")
    assert failure((*words, *RAY)) == failure(words)


@pytest.mark.slow
def test_a_server_that_ends_for_good_stops_the_run(folder: Path, tmp_path: Path, slow: ScriptedServer) -> None:
    output = tmp_path / "frames.jsonl"
    words = (
        "frames",
        folder,
        "--gate",
        "off",
        "--base-url",
        slow.url,
        "--endpoint-timeout",
        "1",
        "--requests",
        "1",
        "-o",
        output,
        *RAY,
    )
    with running(*words) as run:
        until(lambda: sum(writers(output)) >= 2)
        slow.stop()
        code, said = ended(run)
    assert code == 1, said
    assert "Traceback" not in said
    assert "Nothing is lost" in said


@pytest.mark.slow
def test_a_machine_that_comes_later_is_used(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "frames.jsonl"
    with cluster(1) as machines, ScriptedServer(sleeps(3, says("the same"))) as server:
        words = (
            "frames",
            folder,
            "--gate",
            "off",
            "--base-url",
            server.url,
            "--requests",
            "1",
            "--no-preflight",
            "-o",
            output,
        )
        with running(*words, "--runner", "ray", "--ray-address", machines.address) as run:
            until(lambda: sum(writers(output)) >= 1)
            machines.add_node(num_cpus=1)
            code, said = ended(run)
        assert server.most_at_once == 2  # each actor asks for one thing at a time
    assert code == 0, said
    assert len(content(output)) == 12


@pytest.mark.slow
def test_an_actor_with_nothing_left_to_do_is_let_go_while_another_is_at_the_last_video(
    demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(says("the same"), others=sleeps(600)) as server:
        lines = [f"{server.root}/hangs.mp4", *(str(clip.path) for clip in demo_clips)]
        (tmp_path / "list.txt").write_text("\n".join(lines) + "\n")
        words = ["frames", tmp_path / "list.txt", "--gate", "off", "--base-url", server.url, "-o", output]
        words += ["--requests", "1", "--decoders", "1", "--decode-timeout", "40", "--runner", "ray", "--replicas", "2"]
        with running(*words) as run:
            until(lambda: len(below(run.pid, ACTOR)) == 2)
            until(lambda: sum(writers(output)) == len(demo_clips))  # none waits behind the one that hangs
            until(lambda: len(below(run.pid, ACTOR)) == 1)
            assert not output.exists()
            code, said = ended(run)
    assert code == 3, said
    assert " is lost" not in said
    assert [row["status"] for row in content(output)] == ["failed"] + ["ok"] * len(demo_clips)


def test_ctrl_c_ends_after_what_is_under_way(folder: Path, tmp_path: Path, slow: ScriptedServer) -> None:
    output = tmp_path / "frames.jsonl"
    words = (
        "frames",
        folder,
        "--gate",
        "off",
        "--base-url",
        slow.url,
        "--requests",
        "1",
        "--decoders",
        "1",
        "-o",
        output,
        *RAY,
    )
    with running(*words) as run:
        until(lambda: sum(writers(output)) >= 2)
        processes = below(run.pid)
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        code, said = ended(run)
    assert code == 130, said
    assert "stopping" in said
    assert 2 < len(slow.requests) == sum(writers(output)) < 12
    until(lambda: gone(processes), 20)


@pytest.mark.slow
def test_kill_9_of_the_driver_leaves_no_process_and_the_command_goes_on(
    folder: Path, tmp_path: Path, slow: ScriptedServer
) -> None:
    output = tmp_path / "frames.jsonl"
    words = ("frames", folder, "--gate", "off", "--base-url", slow.url, "--requests", "1", "-o", output)
    with running(*words, *RAY) as run:
        until(lambda: sum(writers(output)) >= 2)
        processes = below(run.pid)
        for name in ("gcs_server", "raylet", ACTOR, "spawn_main"):
            assert any(name in line for line in processes.values())
        decoders = [pid for pid, line in processes.items() if "spawn_main" in line]
        assert not any("_raylet" in Path(f"/proc/{pid}/maps").read_text() for pid in decoders)  # Ray is not in them
        run.kill()
        run.wait()
        # Two small ones of Ray's try for a minute to tell somebody that their node is gone, then they end as well.
        agents = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
        until(lambda: gone(pid for pid, line in processes.items() if not line.startswith(agents)), 30)
    before = sum(writers(output))
    said = alone(*words)
    assert f"videos already done: {before}" in said
    assert len(content(output)) == 12
    assert sum(writers(output)) == 12


@pytest.mark.slow
def test_what_was_asked_and_spent_is_counted_here(folder: Path, tmp_path: Path, slow: ScriptedServer) -> None:
    output, prices = tmp_path / "frames.jsonl", tmp_path / "prices.toml"
    prices.write_text("[m]\ninput = 200000\noutput = 500000\n")  # 5 and 2 tokens: 2 a request
    words = (
        "frames",
        folder,
        "--gate",
        "off",
        "--base-url",
        slow.url,
        "--model",
        "m",
        "--requests",
        "1",
        "--decoders",
        "1",
        "-o",
        output,
    )
    with running(*words, *RAY, "--prices", prices, "--max-requests", "6", "--json-logs") as run:
        code, said = ended(run)
    assert code == 1, said
    finished = json.loads(said.splitlines()[-1])
    counts = finished["counts"]
    assert (counts["frames"], counts["prompt_tokens"], counts["completion_tokens"]) == (6, 30, 12)
    assert finished["cost"] == 12.0
    assert finished["seconds"]["frames"] > 0
    assert len(slow.requests) == 1 + 6  # the first asks whether pictures are needed


@pytest.mark.slow
def test_the_keys_of_a_store_and_a_server_reach_machines_that_have_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: set[str | None] = set()

    async def keyed(request: web.Request) -> web.StreamResponse:
        keys.add(request.headers.get("Authorization"))
        return await says("the same")(request)

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    output = tmp_path / "frames.jsonl"
    with cluster(1) as machines, s3_server(tmp_path) as door, ScriptedServer(keyed) as server:
        clips = door.bucket("clips", folder)
        words = ("frames", clips, "--gate", "off", "--base-url", server.url, "--model", "m", "-o", output)
        ours = {"MY_KEY": "the-key-of-the-tests", **environment(door, tmp_path)}
        ours |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        ray = ("--runner", "ray", "--ray-address", machines.address)
        with running(*words, "--api-key-env", "MY_KEY", *ray, **ours) as run:
            code, said = ended(run, 120)
    assert code == 0, said
    assert keys == {"Bearer the-key-of-the-tests"}
    assert [row["status"] for row in content(output)] == ["ok"] * 12
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*frames.jsonl*/**/*") if path.is_file())
    assert SECRET not in said
    assert b"the-key-of-the-tests" not in written
    assert SECRET.encode() not in written


@pytest.mark.parametrize(
    ("words", "says_"),
    [
        (("--ray-address", "127.0.0.1:9", "--model", "m", "--runner", "ray"), "no Ray cluster can be reached"),
        (("--ray-address", "auto", "--model", "m"), "--ray-address is for --runner ray"),
        (("--runner", "ray"), "--runner ray needs --model"),
        (("--runner", "ray", "--model", "m", "--engine", "vllm", "--gpus", "0"), "--gpus"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(words: tuple[str, ...], says_: str, folder: Path, tmp_path: Path) -> None:
    code, said = failure(("caption", folder, *words, "-o", tmp_path / "captions.jsonl"))
    assert (code, len(said)) == (2, 1)
    assert says_ in said[0]


def test_without_ray_the_line_that_installs_it(folder: Path, tmp_path: Path) -> None:
    words = ["frames", str(folder), "--runner", "ray", "--model", "m", "-o", str(tmp_path / "frames.jsonl")]
    code = (
        f"import sys; sys.modules['ray'] = None; sys.argv[1:] = {words}; from framescribe.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "pip install 'framescribe[ray]'" in done.stderr
