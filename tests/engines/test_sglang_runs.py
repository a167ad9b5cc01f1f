"""Runs with SGLang's own server on the CPU, which hangs, is killed and is ended: captions equal those in process."""

import os
import signal

import pytest

from tests.engines import shapes
from tests.engines.environments import ready
from tests.engines.sglang import ENVIRONMENT, EXECUTABLE, OPTIONS
from tests.engines.shapes import MODELS, TAKING, rows, share_equal, share_right, written
from tests.runs import below, ended, gone, running, until

if not ready("sglang"):
    pytest.skip("no SGLang here: make test-sglang", allow_module_level=True)

CLIPS = 20
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder of clips, and the scene of each by its file's name."""
    folder = tmp_path_factory.mktemp("clips")
    return folder, shapes.clips(folder, CLIPS, "sglang")


def run(kind, clips, output, *words):
    engine = ("--engine", "sglang", "--engine-command", EXECUTABLE)
    models = MODELS if kind == "caption" else MODELS[:2]
    words = (kind, clips[0], *TAKING, *models, *engine, "-o", output, *words, "--", *OPTIONS)
    return running(*words, **ENVIRONMENT)


def until_written(count, output, process):
    """Wait until a run has written so many rows."""
    until(lambda: written(output) >= count or process.poll() is not None, 500)
    assert process.poll() is None, process.communicate()


@pytest.fixture(scope="module")
def in_process(clips, tmp_path_factory):
    output = tmp_path_factory.mktemp("transformers") / "captions.jsonl"
    with running("caption", clips[0], *TAKING, *MODELS, "--dtype", "float32", "-o", output) as process:
        code, said = ended(process, 500)
    assert code == 0, said
    return rows(output)


def well_done(output, in_process, code, said):
    """Whether all clips have captions, as the in-process engine gives them."""
    assert code == 0, said
    found = rows(output)
    assert [row["status"] for row in found.values()] == ["ok"] * CLIPS
    assert share_equal(found, in_process) >= 0.95
    return found


def test_captions_equal_those_of_the_engine_in_process(clips, in_process, tmp_path):
    output = tmp_path / "captions.jsonl"
    with run("caption", clips, output) as process:
        until_written(1, output, process)
        before = list(below(process.pid))
        found = well_done(output, in_process, *ended(process, 900))
    assert share_right(found, clips[1]) >= 0.95
    same = [found[id]["caption"] == row["caption"] for id, row in in_process.items()]
    assert sum(same) / len(same) >= 0.9
    until(lambda: gone(before), 60)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=["hangs", "is killed"])
def test_a_server_that_hangs_or_is_killed_is_restarted_and_costs_nothing(number, clips, in_process, tmp_path):
    output = tmp_path / "frames.jsonl"
    # Longer than a server that has just come up takes for its first answer here: it must not seem to hang as well.
    with run("frames", clips, output, "--requests", "2", "--timeout", "30") as process:
        until_written(3, output, process)
        before = list(below(process.pid, "sglang"))
        (scheduler,) = below(process.pid, "sglang::scheduler")
        os.kill(scheduler, number)
        code, said = ended(process, 900)
    assert "sglang-0 died and is being restarted" in said, said
    assert ("it hangs" in said) == (number == signal.SIGSTOP), said
    well_done(output, in_process, code, said)
    until(lambda: gone(before), 60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_a_run_that_is_ended(number, clips, tmp_path):
    output = tmp_path / "frames.jsonl"
    with run("frames", clips, output, "--requests", "2") as process:
        until_written(1, output, process)
        before = below(process.pid)
        assert any("sglang::scheduler" in line for line in before.values())
        process.send_signal(number)
        process.wait(60)
        until(lambda: gone(before), 60)


def test_doctor_finds_nothing_bad(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it leaves the server's log where it is called
    words = ("doctor", "--engine", "sglang", "--engine-command", EXECUTABLE, "--model", "shapes-vlm", "--", *OPTIONS)
    with running(*words, **ENVIRONMENT) as process:
        code, said = ended(process, 500)
    assert code == 0, said
    assert ", sglang version: 0.5" in said, said
    for name in ("colours", "places", "length", "together"):
        assert [line for line in said.splitlines() if line.startswith(f"ok  {name}")], said


def test_a_model_that_sglang_does_not_know_ends_with_its_own_words(clips, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "never-heard-of"}')
    engine = ("--engine", "sglang", "--engine-command", EXECUTABLE)
    words = ("frames", clips[0], "--model", tmp_path / "model", *engine, "-o", tmp_path / "out.jsonl")
    with running(*words, "--", *OPTIONS, **ENVIRONMENT) as process:
        code, said = ended(process, 500)
    assert code == 1
    assert "never-heard-of" in said, said
    assert str(tmp_path / "out.jsonl.logs") in said
