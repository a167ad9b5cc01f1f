"""What made a row: what changes a result has another fingerprint, and nothing else has; results of version 0.1.0 go on.

The golden fingerprints are stored in results everywhere: where one changes, those results are paid for again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framescribe.engines.base import Decoding
from framescribe.engines.choice import ModelChoice, Serving
from framescribe.errors import UserError
from framescribe.frames.sampling import Sampling
from framescribe.results.rows import Results, read_rows
from framescribe.runs.recipe import Recipe, StageChoice
from tests.runs_in_process import Run, found, raw_film, recipe, told
from tests.servers import ScriptedServer, tells
from tests.test_identity import listed

OLD = Path(__file__).parent / "data" / "results-0.1.0"
SIZES = {"01-green-square-moves.mp4": 7025, "02-pink-square-rests.mp4": 3311, "03-broken.mp4": 500}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


# --- golden fingerprints --------------------------------------------------------------------------

SERVED = ModelChoice(engine="openai", model="Qwen/Qwen3-VL-8B-Instruct", base_urls=("http://a:8000/v1",))
HUB = ModelChoice(engine="vllm", model="qwen3-vl-8b")


def stage(choice: ModelChoice = SERVED, prompt: str = "Describe it.", **decoding: Any) -> StageChoice:
    return StageChoice(model=choice, prompt=prompt, decoding=Decoding(**decoding))


def prints(sampling: Sampling | None = None, frames: StageChoice | None = None, **more: Any) -> dict[str, str]:
    stages = {"frames": frames or stage(), "summary": stage(prompt="Sum up: {captions}")}
    return Recipe(**{"sampling": sampling or Sampling(), "stages": stages, **more}).fingerprints()


GOLDEN = {
    "default": {"frames": "2dd0ef7f68e93cff", "summary": "195a3d7c24c9671a"},
    "uniform": {"frames": "372e21e394de7264", "summary": "195a3d7c24c9671a"},
    "random": {"frames": "5c5debe182bb9705"},
    "drawn": {"frames": "ca08f2199e06675f"},
    "hub": {"frames": "2dd0ef7f68e93cff"},
    "clip": {"clip": "209f23b163a0b2b8"},
}


def test_golden_fingerprints() -> None:
    assert prints() == GOLDEN["default"]
    assert prints(Sampling(method="uniform", frames=8, skip_edges=0.05)) == GOLDEN["uniform"]
    assert prints(Sampling(method="random", frames=4, seed=3))["frames"] == GOLDEN["random"]["frames"]
    assert prints(frames=stage(temperature=0.7, top_p=0.9, seed=5))["frames"] == GOLDEN["drawn"]["frames"]
    assert prints(frames=stage(HUB))["frames"] == GOLDEN["hub"]["frames"]
    clip = Recipe(strategy="whole-clip", stages={"clip": stage(HUB)})
    assert clip.fingerprints() == GOLDEN["clip"]


@pytest.mark.parametrize(
    "same",
    [
        {"sampling": Sampling(seed=7)},
        {"sampling": Sampling(method="mid", frames=3)},
        {"decoders": 3},
        {"decode_seconds": 5.0},
        {"frames": stage(SERVED.model_copy(update={"base_urls": ("http://b/v1",), "requests": 3, "timeout": 5.0}))},
        {"frames": stage(seed=9)},
        {"frames": stage(top_p=0.5)},
    ],
    ids=str,
)
def test_what_changes_no_result_changes_no_fingerprint(same: dict[str, Any]) -> None:
    assert prints(**same) == prints()


@pytest.mark.parametrize(
    "other",
    [
        {"sampling": Sampling(skip_edges=0.1)},
        {"sampling": Sampling(salvage=True)},
        {"max_pixels": 4096},
        {"frames": stage(prompt="Describe it")},
        {"frames": stage(max_tokens=100)},
        {"frames": stage(temperature=0.1)},
        {"frames": stage(SERVED.model_copy(update={"model": "other"}))},
        {"frames": stage(HUB.model_copy(update={"engine": "llama-cpp"}))},
    ],
    ids=str,
)
def test_what_changes_a_result_changes_its_stage_alone(other: dict[str, Any]) -> None:
    now, before = prints(**other), prints()
    assert now["frames"] != before["frames"]
    assert now["summary"] == before["summary"]


def test_arguments_of_an_engine_count_where_they_matter() -> None:
    def given(*arguments: str) -> str:
        choice = HUB.model_copy(update={"serving": Serving(arguments=arguments)})
        return prints(frames=stage(choice))["frames"]

    assert given("--max-num-seqs", "16") == given("--gpu-memory-utilization=0.8") == given()
    assert given("--quantization", "fp8") == given("--quantization=fp8") != given()


# --- values that prompts use ----------------------------------------------------------------------


def test_a_changed_value_that_a_prompt_uses_is_asked_anew_and_no_other(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 10)
    raw_film(tmp_path / "b.avi", 200)
    output, made = tmp_path / "captions.jsonl", recipe(server, frame="Describe {title}.")

    def videos(**titles: str) -> list[Any]:
        rows = [{"path": f"{name}.avi", "title": title, "note": note} for name, (title, note) in pairs(titles)]
        return found(listed(tmp_path / "list.csv", *rows))

    def pairs(titles: dict[str, str]) -> list[tuple[str, tuple[str, str]]]:
        return [(name, tuple(text.split("/"))) for name, text in titles.items()]  # type: ignore[misc]

    Run(server, videos(a="dog/x", b="cat/x"), output, made)
    assert Run(server, videos(a="dog/y", b="cat/z"), output, made).requests == 0  # no prompt uses the note
    run = Run(server, videos(a="wolf/y", b="cat/z"), output, made)
    assert (run.pictures, run.texts) == (1, 1)
    fresh = tmp_path / "fresh.jsonl"
    Run(server, videos(a="wolf/y", b="cat/z"), fresh, made)
    assert told(output) == told(fresh)
    summary = recipe(server, frame="Describe {title}.", summary="{note}: {captions}")
    assert Run(server, videos(a="wolf/y", b="cat/z"), output, summary).pictures == 0
    assert Run(server, videos(a="wolf/Y", b="cat/z"), output, summary).requests == 1


def test_frames_drawn_by_the_id_are_drawn_anew_under_another_id(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 10)
    output = tmp_path / "captions.jsonl"
    drawn = recipe(server, sampling=Sampling(method="random", frames=1))
    rows = [{"path": "a.avi", "name": "one"}]
    Run(server, found(listed(tmp_path / "list.csv", *rows), id_column="name"), output, drawn)
    rows = [{"path": "a.avi", "name": "two"}]
    renamed = found(listed(tmp_path / "list.csv", *rows), id_column="name")
    assert Run(server, renamed, output, drawn).pictures == 1


# --- other recipes --------------------------------------------------------------------------------


def test_another_frame_prompt_is_refused_but_failed_rows_refuse_nothing(server: ScriptedServer, tmp_path: Path) -> None:
    clips, output = tmp_path / "clips", tmp_path / "captions.jsonl"
    raw_film(clips / "a.avi", 10)
    (clips / "broken.avi").write_bytes(b"\0" * 100)
    Run(server, found(clips), output)
    with pytest.raises(UserError, match="different: prompt"):
        Run(server, found(clips), output, recipe(server, frame="Other?"))
    assert not Run(server, found(clips), output).requests
    (clips / "a.avi").unlink()
    Run(server, found(clips), output, recipe(server, frame="Other?"))
    assert {row.id: row.status for row in read_rows(output)} == {"broken.avi": "failed", "a.avi": "ok"}


def test_a_narrower_run_leaves_the_other_rows_in_the_finished_file(server: ScriptedServer, tmp_path: Path) -> None:
    clips, output = tmp_path / "clips", tmp_path / "captions.jsonl"
    for number in range(6):
        raw_film(clips / f"{number}.avi", 40 * number)
    Run(server, found(clips), output)
    before = told(output)
    run = Run(server, found(clips / "0.avi", clips / "1.avi"), output, recipe(server, frame="Other?"), redo=True)
    assert run.requests == 4
    after = told(output)
    assert after.keys() == before.keys()
    assert {key for key in after if after[key] != before[key]} == {
        (f"{n}.avi", str(clips / f"{n}.avi")) for n in (0, 1)
    }
    Run(server, found(clips / "0.avi"), output, recipe(server, frame="Other?"), prune=True)
    assert len(told(output)) == 1
    assert len(Results(output)) == 6


# --- version 0.1.0 --------------------------------------------------------------------------------


def old(tmp_path: Path, name: str) -> tuple[Path, Path]:
    """A result of version 0.1.0, and its clips: files of the right sizes, whose content nobody reads."""
    for file in (OLD / f"{name}.parts").glob("*"):
        target = tmp_path / f"{name}.parts" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text().replace("{FOLDER}", str(tmp_path)))
    (tmp_path / name).write_text((OLD / name).read_text().replace("{FOLDER}", str(tmp_path)))
    (tmp_path / "clips").mkdir()
    for clip, size in SIZES.items():
        (tmp_path / "clips" / clip).write_bytes(b"\1" * size)
    return tmp_path / name, tmp_path / "clips"


UNIFORM = Sampling(method="uniform", frames=2)


def test_a_result_of_version_0_1_0_is_taken_up(server: ScriptedServer, tmp_path: Path) -> None:
    output, clips = old(tmp_path, "frames.jsonl")
    before = told(output)
    made = recipe(server, summary="Sum up: {captions}", sampling=UNIFORM)
    run = Run(server, found(clips), output, made)
    assert run.requests == 0
    assert told(output) == before
    again = Run(server, found(clips), output, recipe(server, summary="Short: {captions}", sampling=UNIFORM))
    assert (again.pictures, again.texts) == (0, 2)
    assert [frames for _, frames in told(output).values()] == [frames for _, frames in before.values()]
    old(tmp_path / "again", "frames.jsonl")
    output, clips = tmp_path / "again" / "frames.jsonl", tmp_path / "again" / "clips"
    with pytest.raises(UserError, match=r"captioned another way.*\(different: prompt\)"):
        Run(server, found(clips), output, recipe(server, frame="Other?", sampling=UNIFORM))


def test_a_table_of_version_0_1_0_is_taken_up_without_its_parts(server: ScriptedServer, tmp_path: Path) -> None:
    _, clips = old(tmp_path, "frames.jsonl")
    table = tmp_path / "table.csv"
    table.write_text((OLD / "table.csv").read_text().replace("{FOLDER}", str(tmp_path)))
    before = told(table)
    made = recipe(server, summary="Sum up: {captions}", sampling=UNIFORM)
    assert Run(server, found(clips), table, made).requests == 0
    assert told(table) == before


def test_whole_clips_of_version_0_1_0_are_taken_up(server: ScriptedServer, tmp_path: Path) -> None:
    output, clips = old(tmp_path, "clip.jsonl")
    before = told(output)
    choice = ModelChoice(engine="openai", model="tiny", base_urls=(server.url,))
    made = Recipe(
        strategy="whole-clip",
        sampling=Sampling(method="uniform", frames=3),
        max_pixels=512 * 512,
        stages={"clip": StageChoice(model=choice, prompt="What happens?")},
    )
    assert Run(server, found(clips), output, made).requests == 0
    assert told(output) == before


def test_columns_of_version_0_1_0_are_compared_with_those_of_now(server: ScriptedServer, tmp_path: Path) -> None:
    output, _ = old(tmp_path, "columns.jsonl")
    shutil.copyfile(OLD / "list.csv", tmp_path / "list.csv")
    made = recipe(server, frame="Describe {title}.", summary="Sum up: {captions}")
    assert Run(server, found(tmp_path / "list.csv"), output, made).requests == 0
    (tmp_path / "list.csv").write_text((tmp_path / "list.csv").read_text().replace(",pink", ",red"))
    run = Run(server, found(tmp_path / "list.csv"), output, made)
    assert (run.report.new, run.report.done_before) == (1, 1)


def test_rows_of_version_0_1_0_whose_clips_lie_elsewhere_are_not_believed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    output, clips = old(tmp_path, "frames.jsonl")
    clips.rename(tmp_path / "moved")
    for clip in ("01-green-square-moves.mp4", "02-pink-square-rests.mp4"):
        film = raw_film(tmp_path / "film.avi", 99).read_bytes()
        (tmp_path / "moved" / clip).write_bytes(film)
    made = recipe(server, summary="Sum up: {captions}", sampling=UNIFORM)
    assert Run(server, found(tmp_path / "moved"), output, made).pictures == 4


def test_a_servers_only_model_counts_by_the_name_it_serves_under(tmp_path: Path) -> None:
    raw_film(tmp_path / "clips" / "a.avi", 10)
    output = tmp_path / "captions.jsonl"
    for name, refused in (("one", False), ("one", False), ("other", True)):
        with ScriptedServer(tells(), models=[name]) as server:
            nameless = recipe(server, model=None)
            if refused:
                with pytest.raises(UserError, match="different: model"):
                    Run(server, found(tmp_path / "clips"), output, nameless)
            else:
                Run(server, found(tmp_path / "clips"), output, nameless)
    assert next(read_rows(output)).stages["frames"]["model"] == "one"


@pytest.mark.parametrize("where", ["at its place", "elsewhere"])
def test_words_about_a_file_of_version_0_1_0_do_not_stand_beside_another_file(
    server: ScriptedServer, tmp_path: Path, where: str
) -> None:
    output, clips = old(tmp_path, "frames.jsonl")
    output.write_text(output.read_text().replace("seen 8e3bdee22830d133", "Mine."))
    made = recipe(server, summary="Sum up: {captions}", sampling=UNIFORM)
    Run(server, found(clips), output, made)
    assert next(caption for caption, _ in told(output).values()) == "Mine."
    if where == "elsewhere":
        clips = tmp_path / "other"
    raw_film(clips / "01-green-square-moves.mp4", 60)
    videos = found(clips / "01-green-square-moves.mp4")
    Run(server, videos, output, made)
    fresh = tmp_path / "fresh.jsonl"
    Run(server, videos, fresh, made)
    assert told(output, videos) == told(fresh)
