"""vLLM on the CPU, started, fed, killed and ended by framescribe: captions as good as the in-process engine's."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framescribe.engines.sight import SENTENCE
from tests.engines import shapes
from tests.engines.shapes import MODELS, TAKING, rows, share_equal, share_right, written
from tests.runs import ACCELERATE, below, cluster, ended, running, writers

ROOT = Path(__file__).parents[2]
VLLM = ROOT / ".engines" / "vllm" / "bin" / "vllm"
CLIPS = 30
# In bf16, vLLM's own choice on a CPU, a caption differs now and then from float32's.
FOR_VLLM = ("--", "--dtype", "float32", "--enforce-eager", "--max-num-seqs", "16")
ENVIRONMENT = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1"}

pytestmark = pytest.mark.skipif(not VLLM.exists(), reason="no vLLM here: `make test-engines` sets it up")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder of clips, and the scene of each by its file's name."""
    folder = tmp_path_factory.mktemp("clips")
    return folder, shapes.clips(folder, CLIPS, "vllm")


def framescribe(*words, **options):
    command = [sys.executable, "-m", "framescribe", *map(str, words)]
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


def finish(process, seconds=400):
    """What it said, once it has ended well."""
    said, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, said
    return said


def caption(folder, output, *words):
    return framescribe("caption", folder, *TAKING, *MODELS, "-o", output, *words)


@pytest.fixture(scope="module")
def in_process(clips, tmp_path_factory):
    output = tmp_path_factory.mktemp("transformers") / "captions.jsonl"
    finish(caption(clips[0], output, "--dtype", "float32"))
    return rows(output)


@pytest.fixture(scope="module")
def in_vllm(clips, tmp_path_factory):
    output = tmp_path_factory.mktemp("vllm") / "captions.jsonl"
    finish(caption(clips[0], output, "--engine", "vllm", "--engine-command", VLLM, *FOR_VLLM))
    return rows(output)


def test_captions_equal_those_of_the_engine_in_process(clips, in_process, in_vllm):
    assert len(in_vllm) == CLIPS
    assert share_equal(in_process, in_vllm) >= 0.95
    assert share_right(in_vllm, clips[1]) >= share_right(in_process, clips[1]) - 0.005
    assert share_right(in_vllm, clips[1]) >= 0.95
    same = [in_vllm[id]["caption"] == row["caption"] for id, row in in_process.items()]
    assert sum(same) / len(same) >= 0.9


def servers(owner):
    """The main processes of the vLLM servers below this process."""
    return [pid for pid, line in below(owner.pid, " serve ").items() if "guard.py" not in line]


def until(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_server_killed_in_the_middle_of_a_run_costs_nothing(clips, in_vllm, tmp_path):
    output = tmp_path / "captions.jsonl"
    words = ("--requests", "2", "--engine", "vllm", "--engine-command", VLLM, *FOR_VLLM)
    run = caption(clips[0], output, *words)
    until(lambda: written(output) >= 5)
    before = servers(run)
    os.kill(before[0], signal.SIGKILL)
    said = finish(run)
    assert "vllm-0 died and is being restarted: it was ended by SIGKILL" in said, said
    found = rows(output)
    assert len(found) == CLIPS
    assert all(row["status"] == "ok" for row in found.values())
    assert share_equal(found, in_vllm) >= 0.95
    assert share_right(found, clips[1]) >= share_right(in_vllm, clips[1]) - 0.005
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)


def test_actors_on_two_machines_of_a_ray_cluster_hold_a_vllm_each_and_one_is_lost(
    clips, in_vllm, tmp_path, monkeypatch
):
    for name in ("HF_HUB_OFFLINE", "VLLM_CPU_KVCACHE_SPACE", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, ENVIRONMENT[name])  # the machines are begun from here
    output = tmp_path / "captions.jsonl"
    with cluster(1, 1) as machines:
        words = ("--runner", "ray", "--ray-address", machines.address, "--requests", "1", "--engine", "vllm")
        run = caption(clips[0], output, *words, "--engine-command", VLLM, *FOR_VLLM)
        until(lambda: len(below(os.getpid(), "guard.py")) == 8)  # two for a server, of which each model has one
        until(lambda: written(output) >= 3)
        before = {**below(os.getpid(), " serve "), **below(os.getpid(), "VLLM::")}
        machines.remove_node(next(iter(machines.worker_nodes)), allow_graceful=False)
        said = finish(run)
    assert " is lost: its machine cannot be reached" in said, said
    found = rows(output)
    assert len(found) == CLIPS
    assert all(row["status"] == "ok" for row in found.values())
    assert share_equal(found, in_vllm) >= 0.95
    assert written(output) == CLIPS
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before), 30)


def test_ranks_of_accelerate_hold_a_vllm_each(clips, in_vllm, tmp_path):
    folder, output = tmp_path / "clips", tmp_path / "captions.jsonl"
    shutil.copytree(clips[0], folder)
    (folder / "broken.mp4").write_bytes(b"nothing")
    words = ("caption", folder, *TAKING, *MODELS, "-o", output)
    vllm = ("--engine", "vllm", "--engine-command", VLLM, *FOR_VLLM)
    with running(*words, *vllm, launcher=ACCELERATE, ACCELERATE_USE_CPU="true", VLLM_CPU_KVCACHE_SPACE="1") as run:
        until(lambda: len(below(run.pid, "guard.py")) == 8)  # two for a server, of which each model has one
        before = list(below(run.pid))
        code, said = ended(run, 500)
    assert code == 0, said
    found = rows(output)
    assert found.pop("broken.mp4")["error"]["kind"] == "unreadable"
    assert share_equal(found, in_vllm) >= 0.95
    assert len(found) == CLIPS
    assert len(writers(output)) == 2
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before), 30)


def test_two_servers_share_the_work_and_one_is_killed_for_good(clips, in_process, tmp_path):
    serving = []
    urls = []
    try:
        for number in range(2):
            folder = tmp_path / str(number)
            folder.mkdir()
            words = ("serve", "--engine", "vllm", "--engine-command", VLLM, "--model", "shapes-vlm", *FOR_VLLM)
            serving.append(framescribe(*words, cwd=folder))
        for process in serving:
            line = ""
            while "--base-url" not in line:
                line = process.stdout.readline()
                assert line
            urls += line.split()[-1:]
        output = tmp_path / "frames.jsonl"
        given = [word for url in urls for word in ("--base-url", url)]
        words = ("--requests", "1", "--endpoint-timeout", "20", "--model", "shapes-vlm", "-o", output)
        run = framescribe("frames", clips[0], *TAKING, *given, *words)
        until(lambda: written(output) >= 2)
        dying = list(below(serving[1].pid))
        os.kill(serving[1].pid, signal.SIGKILL)  # its servers are told to end
        time.sleep(2)
        for pid in dying:  # and are gone while the run goes on, however long they would have taken
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        said = finish(run)
        assert "gets no requests now" in said, said
        found = rows(output)
        assert len(found) == CLIPS
        assert share_equal(found, in_process) >= 0.95
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in dying), 30)
        serving[0].send_signal(signal.SIGINT)
        assert serving[0].wait(30) == 0
    finally:
        for process in serving:
            process.kill()
            process.wait()
            process.stdout.close()


def test_doctor_finds_nothing_bad(tmp_path):
    words = ("doctor", "--engine", "vllm", "--engine-command", VLLM, "--model", "shapes-vlm", *FOR_VLLM)
    said = finish(framescribe(*words, cwd=tmp_path))
    for name in ("colours", "places", "length", "together"):
        assert [line for line in said.splitlines() if line.startswith(f"ok  {name}")], said


def test_an_answer_that_goes_in_circles_is_ended_and_flagged(clips, tmp_path):
    # Behind a prompt as long as this the tiny model says the same word for ever. The gate would ask again.
    output, prompt = tmp_path / "frames.jsonl", SENTENCE * 90 + "Describe this image."
    words = ("--prompt", prompt, "--limit", "1", "--engine", "vllm", "--engine-command", VLLM, "-o", output, *FOR_VLLM)
    finish(framescribe("frames", clips[0], "--gate", "off", "--model", "shapes-vlm", "--max-tokens", "400", *words))
    ((_, row),) = rows(output).items()
    assert row["flags"] == ["frame_caption_repeats"]
    assert row["provenance"]["stages"]["frames"]["completion_tokens"] < 100


def test_a_model_that_the_engine_does_not_know_ends_with_its_own_words(clips, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "never-heard-of"}')
    words = ("--model", tmp_path / "model", "--engine", "vllm", "--engine-command", VLLM, "-o", tmp_path / "out.jsonl")
    run = framescribe("frames", clips[0], *words)
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "never-heard-of" in said, said
    assert str(tmp_path / "out.jsonl.logs") in said
