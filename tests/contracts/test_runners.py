"""The contract of runners: wherever videos are captioned, the same command gives the same rows, the failed ones too."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framescribe.demo.clips import DemoClip
from tests.runs import ACCELERATE, MODELS, TORCHRUN, alone, cluster, content, ended, running, until, writers
from tests.servers import ScriptedServer, says, sleeps

pytestmark = pytest.mark.slow
TURNS = 3  # of the dozen clips
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def listed(demo_clips: list[DemoClip], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[object, ...]]:
    """A command's words for clips, a file that is no video, and an address that hangs whoever decodes it."""
    folder = tmp_path_factory.mktemp("list")
    (folder / "broken.mp4").write_bytes(b"nothing")
    with ScriptedServer(others=sleeps(600)) as server:
        paths = [f"{server.root}/hangs.mp4", folder / "broken.mp4", *[clip.path for clip in demo_clips] * TURNS]
        with (folder / "list.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("path", "code", "source"))
            table.writerows((path, f"{number:02}", f"row {number}") for number, path in enumerate(paths))
        # The clips come three times, and so do their captions.
        gate = ("--no-check", "duplicate")
        yield "caption", folder / "list.csv", "--id-column", "code", "--decode-timeout", "10", *MODELS, *gate


@pytest.fixture(scope="module")
def straight(listed: tuple[object, ...], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What one process makes of it."""
    output = tmp_path_factory.mktemp("straight") / "captions.jsonl"
    alone(*listed, "-o", output)
    return content(output)


def test_the_truth_holds_captions_and_both_failures(straight: Rows, demo_clips: list[DemoClip]) -> None:
    assert [row["error"] and row["error"]["kind"] for row in straight[:3]] == ["decode_timeout", "unreadable", None]
    assert len(straight) == TURNS * len(demo_clips) + 2
    assert all(row["caption"] and row["metadata"]["source"] for row in straight[2:])


@pytest.mark.parametrize("launcher", [TORCHRUN, ACCELERATE], ids=["torchrun", "accelerate"])
def test_ranks_of_a_launcher(
    launcher: tuple[str, ...], listed: tuple[object, ...], straight: Rows, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    with running(*listed, "-o", output, launcher=launcher, ACCELERATE_USE_CPU="true") as run:
        code, said = ended(run)
    assert code == 0, said
    assert content(output) == straight
    assert len(writers(output)) == 2
    assert "[0/2]" in said
    assert "[1/2]" in said


def test_actors_on_a_cluster_of_its_own(listed: tuple[object, ...], straight: Rows, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with running(*listed, "--runner", "ray", "-o", output) as run:
        code, said = ended(run)
    assert code == 3, said
    assert content(output) == straight
    assert len(writers(output)) == 1
    assert said.count("failed: ") == 2
    once = [line for line in said.splitlines() if " videos (" not in line and not line.startswith("last caption")]
    assert len(once) < 18, said  # Ray itself says nothing


def test_actors_on_two_machines_of_which_one_is_lost(
    listed: tuple[object, ...], straight: Rows, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    with (
        cluster(1, 1) as machines,
        running(*listed, "--runner", "ray", "--ray-address", machines.address, "-o", output) as run,
    ):
        until(lambda: sum(writers(output)) >= 3)
        machines.remove_node(next(iter(machines.worker_nodes)), allow_graceful=False)
        code, said = ended(run)
    assert code == 3, said
    assert " is lost: its machine cannot be reached" in said, said
    assert content(output) == straight
    assert sum(writers(output)) == len(straight)  # only the driver writes, and each row once


@pytest.mark.parametrize("how", ["torchrun", "ray"])
def test_what_is_measured_is_the_same_and_needs_no_model_later(
    how: str, demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    launcher = TORCHRUN if how == "torchrun" else ()
    runner = ("--runner", "ray", "--replicas", "1") if how == "ray" else ()
    command = "caption", demo_clips[0].path.parent, "--strategy", "whole-clip", "--frames", "2", "--decoders", "1"
    asks = *command, "--model", "tiny", "--no-preflight", "--gate", "off"
    one, many = tmp_path / "one.jsonl", tmp_path / "many.jsonl"
    with ScriptedServer(says("The same for each.")) as server:
        alone(*asks, "--base-url", server.url, "--measure", "cuts,light", "-o", one)
        with running(
            *asks, "--base-url", server.url, "--measure", "cuts", *runner, "-o", many, launcher=launcher
        ) as run:
            code, said = ended(run)
        assert code == 0, said
        asked = len(server.requests)
    assert asked == 2 * len(demo_clips)
    # The server is gone, and nobody misses it.
    with running(*asks, "--base-url", server.url, "--measure", "light", *runner, "-o", many, launcher=launcher) as run:
        code, said = ended(run)
    assert code == 0, said
    rows = {row["id"]: row for row in content(many)}
    truth = {row["id"]: row for row in content(one)}
    assert {name: row["caption"] for name, row in rows.items()} == {name: "The same for each." for name in truth}
    measured = [
        {name: row["provenance"]["stages"]["measure"]["output"] for name, row in of.items()} for of in (rows, truth)
    ]
    assert measured[0] == measured[1]
    assert {tuple(sorted(facts)) for facts in measured[0].values()} == {("cuts", "light")}
