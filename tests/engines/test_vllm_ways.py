"""Every way from a clip to its captions on vLLM: as the engine in this process has it, and JSON by its schema."""

from __future__ import annotations

import json
import os
import signal

import pytest

from framescribe.demo.scenes import parse_statement
from framescribe.strategies.structured import FORM
from tests.engines import shapes
from tests.engines.shapes import rows, written
from tests.engines.test_vllm import FOR_VLLM, VLLM, finish, framescribe, until
from tests.ways import WAYS

CLIPS = 16
MODELS = ("shapes-vlm", "shapes-clip", "shapes-llm")

pytestmark = pytest.mark.skipif(not VLLM.exists(), reason="no vLLM here: `make test-engines` sets it up")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    shapes.clips(folder, CLIPS, "ways")
    return folder


@pytest.fixture(scope="module")
def urls(tmp_path_factory):
    """Where each of the models is served, by its name."""
    serving, urls = {}, {}
    try:
        for model in MODELS:  # one after the other: of several at once, one may find too little memory
            words = ("serve", "--engine", "vllm", "--engine-command", VLLM, "--model", model, *FOR_VLLM)
            serving[model] = framescribe(*words, cwd=tmp_path_factory.mktemp(model))
            said = [""]
            while "--base-url" not in said[-1]:
                said.append(serving[model].stdout.readline())
                assert said[-1], "".join(said)
            urls[model] = said[-1].split()[-1]
        yield urls
    finally:
        for process in serving.values():
            process.send_signal(signal.SIGINT)
        for process in serving.values():
            process.wait(60)
            process.stdout.close()


@pytest.mark.parametrize("way", WAYS)
def test_it_is_as_in_this_process_and_killed_runs_go_on(way, clips, urls, tmp_path):
    here, there, options = tmp_path / "here.jsonl", tmp_path / "there.jsonl", WAYS[way]
    finish(framescribe("caption", clips, *options, "-o", here, "--dtype", "float32"))
    words = ["caption", clips, *options, "-o", there, "--requests", "2"]
    words += ["--base-url", urls[options[options.index("--model") + 1]]]
    if "--summary-model" in options:
        words += ["--summary-base-url", urls[options[options.index("--summary-model") + 1]]]
    run = framescribe(*words, start_new_session=True)
    until(lambda: written(there) >= 4)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert not there.exists()
    finish(framescribe(*words))
    ours, theirs = rows(here), rows(there)
    assert len(theirs) == CLIPS
    same = [theirs[id]["caption"] == row["caption"] for id, row in ours.items()]
    assert sum(same) / len(same) >= 0.9
    assert all(parse_statement(row["caption"]).mentions for row in theirs.values())
    if way == "structured":
        made = [row["provenance"]["stages"]["structure"] for row in theirs.values()]
        assert all(FORM.read(json.dumps(one["output"])) == one["output"] for one in made)
        assert not any("structure_malformed" in (one.get("flags") or ()) for one in made)
