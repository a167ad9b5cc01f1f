"""Captions that say the same as another clip's are asked for again, from the frames, once; what is not better, or was
not ours to change, stays."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from framescribe.prompts import presets
from framescribe.records import Row
from framescribe.results.rows import Results, read_rows
from framescribe.runs.budget import Budget, Price
from framescribe.runs.job import Watcher, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.runs.runner import Runner
from tests.runs import content, until
from tests.runs_in_process import found, raw_film
from tests.servers import Act, ScriptedServer, answers, says, sleeps
from tests.test_gate import (
    FLAG,
    GOOD,
    KINDS,
    MEND,
    checked,
    choice,
    numbered,
    run,
    text_of,
    whole,
)
from tests.test_held import say

FLAGGED = ("caption_duplicate",)


def clips(folder: Path, count: int, first: int = 0) -> Path:
    for number in range(first, first + count):
        raw_film(folder / f"{number}.avi", 10 + 30 * number)
    return folder


def first_then(*again: Act, first: str = GOOD) -> Act:
    """Says the same of every clip when it is asked at temperature 0, and else these, one after the other."""
    left = list(again)

    async def act(request: web.Request) -> web.StreamResponse:
        if not (await request.json()).get("temperature"):
            return await says(first)(request)
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return act


def rows_of(output: Path) -> list[Row]:
    return list(read_rows(output))


def flags(output: Path) -> list[tuple[str, ...]]:
    return [row.flags for row in rows_of(output)]


def asked(row: Row) -> list[dict[str, Any]]:
    return [text for text in checked(row, "clip") if text["before"] == ["duplicate"]]


def test_all_but_the_first_are_drawn_again_and_each_differently(tmp_path: Path) -> None:
    videos, output = found(clips(tmp_path / "clips", 3)), tmp_path / "captions.jsonl"
    good = numbered()
    with ScriptedServer(first_then(next(good), next(good))) as server:
        report = run(whole(server, MEND), videos, output, prices={"tiny": Price(1.0, 1.0)})
        bodies = list(server.requests)
        run(whole(server, MEND), videos, output)
        assert len(server.requests) == len(bodies) == 5
    drawn = [body for body in bodies if body.get("temperature")]
    assert [body["temperature"] for body in drawn] == [0.7, 0.7] and len({body["seed"] for body in drawn}) == 2
    assert {text_of(body) for body in bodies} == {presets("clip")["default"]}
    rows = rows_of(output)
    assert rows[0].caption == GOOD and "checked" not in rows[0].stages["clip"]
    assert len({row.caption for row in rows}) == 3 and [row.status for row in rows] == ["ok"] * 3
    for row in rows[1:]:
        made, [text] = row.stages["clip"], asked(row)
        first, second = text["tries"]
        assert (text["by"], text["gate"], "found" in text) == ("asked", MEND.digest(), False)
        assert (first, second["text"], second["found"]) == ({"text": GOOD, "found": ["duplicate"]}, row.caption, [])
        assert second["changed"] == {"temperature": 0.7, "seed": made["decoding"]["seed"]}
        assert (made["decoding"]["temperature"], made["attempts"], second["attempts"]) == (0.7, 2, 1)
        assert (made["prompt_tokens"], made["cost"]) == (2 * second["prompt_tokens"], pytest.approx(2 * second["cost"]))
    told = report.faults.as_json()
    assert told["checks"]["duplicate"] == {"before": 2, "stripped": 0, "asked": 2, "second_model": 0, "left": 0}
    assert (told["requests"], told["cost"]) == (
        2,
        pytest.approx(sum(asked(row)[0]["tries"][1]["cost"] for row in rows[1:])),
    )
    assert report.budget.cost == pytest.approx(sum(row.stages["clip"]["cost"] for row in rows))


def film(path: Path, left: int, *, crf: int, size: int = 96) -> Path:
    """Twelve frames in H.264 of a bright square that moves to the right from this column on, on a shaded ground."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ground = np.add.outer(np.arange(96), np.arange(96)).astype(np.uint8)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=6, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = size, size, "yuv420p"
        for at in range(12):
            picture = np.repeat(ground[..., None], 3, axis=2)
            picture[40:60, left + at : left + at + 20] = (230, 210, 40)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(width=size, height=size)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def test_a_clip_that_looks_the_same_keeps_its_caption_and_is_not_asked_about(tmp_path: Path) -> None:
    """The same film encoded anew, and smaller; and another one with this caption, which is drawn again."""
    folder, output = tmp_path / "clips", tmp_path / "captions.jsonl"
    film(folder / "a.mp4", 10, crf=18)
    film(folder / "b.mp4", 10, crf=26)
    film(folder / "c.mp4", 10, crf=18, size=64)
    film(folder / "d.mp4", 40, crf=18)
    heard: list[str] = []
    with ScriptedServer(first_then(next(numbered()))) as server:
        made = whole(server, MEND)
        asyncio.run(run_job(made, found(folder), Results(output), watcher=Watcher(say=heard.append)))
        assert len(server.requests) == 5
        run(made, found(folder), output)
        run(made, found(folder), output, recheck=True)
        assert len(server.requests) == 5
    first, again, smaller, other = rows_of(output)
    assert [row.caption for row in (first, again, smaller)] == [GOOD] * 3 and other.caption != GOOD
    assert flags(output) == [FLAGGED, FLAGGED, FLAGGED, ()]
    for row in (again, smaller):
        [text] = asked(row)
        assert text["found"][0]["what"].endswith("the clip looks the same as a.mp4") and "tries" not in text
    assert any(line.startswith("of clips that look the same") and line.endswith(": 2") for line in heard)


BAD: dict[str, Act] = {
    "the same": says(GOOD),
    "a fault": says("A dog."),
    "an error": answers(400, {"error": {"message": "no such thing"}}),
    "nothing": says(None),
}


@pytest.mark.parametrize("act", BAD.values(), ids=BAD)
def test_what_is_no_better_replaces_nothing_and_is_not_tried_again(act: Act, tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 2), tmp_path / "captions.jsonl"
    with ScriptedServer(first_then(act)) as server:
        run(whole(server, MEND), found(folder), output)
        before = len(server.requests)
        assert [row.caption for row in rows_of(output)] == [GOOD] * 2 and flags(output) == [FLAGGED] * 2
        run(whole(server, MEND), found(folder), output)
        assert len(server.requests) == before
    clips(folder, 1, first=2)
    with ScriptedServer(first_then(next(numbered()))) as server:
        run(whole(server, MEND), found(folder), output)
        assert len(server.requests) == 2  # for the new one
    first, second, third = rows_of(output)
    assert (first.flags, second.flags, third.flags) == (FLAGGED, FLAGGED, ())
    [text] = asked(second)
    assert text["found"][0]["what"] == f"as for {first.id}" and "by" not in text
    if act in (BAD["the same"], BAD["a fault"]):
        assert [one["text"] for one in text["tries"]] == [GOOD, GOOD if act is BAD["the same"] else "A dog."]
        assert second.stages["clip"]["attempts"] == before - 1
    else:
        assert "tries" not in text


def test_two_that_get_one_other_caption_are_not_both_better(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(first_then(next(numbered()))) as server:
        report = run(whole(server, MEND), found(clips(tmp_path / "clips", 3)), output)
    first, second, third = rows_of(output)
    assert first.caption == third.caption == GOOD != second.caption
    assert flags(output) == [FLAGGED, (), FLAGGED]
    assert report.faults.mended["duplicate", "asked"] == 1


def test_copies_and_what_a_person_or_another_recipe_made_are_only_flagged(tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 3), tmp_path / "captions.jsonl"
    shutil.copy(folder / "0.avi", folder / "0 copy.avi")
    with ScriptedServer(says(GOOD)) as server:
        run(whole(server, FLAG), found(folder), output)
        assert len(server.requests) == 4
    say(output, "1.avi", "lock")
    with ScriptedServer(first_then(next(numbered()))) as server:
        run(whole(server, MEND), found(folder), output)
        assert server.requests == []  # finished before
        run(whole(server, MEND), found(folder), output, recheck=True)
        assert len(server.requests) == 1  # 2.avi
        run(whole(server, MEND), found(folder), output, recheck=True)
        assert len(server.requests) == 1
    rows = {row.id: row for row in rows_of(output)}
    assert {name for name, row in rows.items() if row.flags == FLAGGED} == {"0.avi", "0 copy.avi", "1.avi"}


def test_a_new_clip_is_asked_about_and_not_the_older_one_that_says_the_same(tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 1, first=5), tmp_path / "captions.jsonl"
    with ScriptedServer(first_then(next(numbered()))) as server:
        run(whole(server, MEND), found(folder), output)
        clips(folder, 1)  # which comes first
        run(whole(server, MEND), found(folder), output)
        assert len(server.requests) == 3
    new, old = rows_of(output)
    assert (old.caption, old.flags, new.flags) == (GOOD, (), ()) and new.caption != GOOD


def test_frames_are_asked_about_again_and_the_summary_is_made_from_them(tmp_path: Path) -> None:
    fine = "A dog stands on the wet sand of a beach."
    again = "A dog lies on a towel near the sea."

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "image_url" in str(body):
            return await says(again if body.get("temperature") else fine)(request)
        return await says("A dog lies down by the sea." if "towel" in text_of(body) else GOOD)(request)

    output = tmp_path / "captions.jsonl"
    with ScriptedServer(act) as server:
        stages = {
            name: StageChoice(model=choice(server), prompt=presets(kind)["default"]) for name, kind in KINDS.items()
        }
        made = Recipe(sampling={"method": "uniform", "frames": 2}, stages=stages, decoders=1, gate=MEND)  # type: ignore[arg-type]
        run(made, found(clips(tmp_path / "clips", 2)), output)
        assert len(server.requests) == 9
    first, second = rows_of(output)
    assert [row.caption for row in (first, second)] == [GOOD, "A dog lies down by the sea."]
    assert {frame.caption for frame in second.frames} == {again}
    assert [second.stages[name]["attempts"] for name in ("frames", "summary")] == [4, 2]
    assert [second.stages[name]["decoding"].get("temperature") for name in ("frames", "summary")] == [0.7, None]
    [text] = second.stages["summary"]["checked"]
    assert text["tries"][1]["attempts"] == 3


def test_a_server_that_draws_nothing_anew_is_not_asked(tmp_path: Path) -> None:
    async def picky(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if unknown := next((name for name in ("temperature", "seed", "top_p") if name in body), None):
            message = f"Unsupported parameter: '{unknown}' is not supported with this model."
            error = {"message": message, "param": unknown, "code": "unsupported_parameter"}
            return await answers(400, {"error": error})(request)
        return await says(GOOD)(request)

    output = tmp_path / "captions.jsonl"
    with ScriptedServer(picky) as server:
        run(whole(server, MEND, temperature=0.5), found(clips(tmp_path / "clips", 2)), output)
        heard = [body for body in server.requests if not {"temperature", "seed", "top_p"} & body.keys()]
    assert len(heard) == 2 and flags(output) == [FLAGGED] * 2


def heard_in(server: ScriptedServer, folder: Path, output: Path, **more: Any) -> list[str]:
    heard: list[str] = []
    watcher = Watcher(say=heard.append)
    asyncio.run(run_job(whole(server, MEND), found(folder), Results(output), watcher=watcher, **more))
    return heard


def test_the_budget_ends_it_and_the_file_is_finished(tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 4), tmp_path / "captions.jsonl"
    good = numbered()
    with ScriptedServer(first_then(next(good), next(good))) as server:
        heard = heard_in(server, folder, output, budget=Budget(max_requests=5))
        assert len(server.requests) == 5
    assert sum("the other captions that say the same stay" in line for line in heard) == 1
    assert sorted(flags(output)) == [(), FLAGGED, FLAGGED, FLAGGED]


def test_what_is_in_vain_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framescribe.runs.second_round.HOPELESS", 2)
    folder, output = clips(tmp_path / "clips", 8), tmp_path / "captions.jsonl"
    with ScriptedServer(says(GOOD)) as server:
        heard = heard_in(server, folder, output)
        assert 10 <= len(server.requests) < 15
    assert sum("never helped (2 videos)" in line for line in heard) == 1
    assert flags(output) == [FLAGGED] * 8


class Half(Runner):
    """One of two processes; the other one does nothing."""

    def share(self, videos: Any) -> Any:
        return videos[:]


def test_several_processes_only_flag(tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 2), tmp_path / "captions.jsonl"
    with ScriptedServer(says(GOOD)) as server:
        heard_in(server, folder, output, runner=Half())
        assert len(server.requests) == 2
    assert flags(output) == [FLAGGED] * 2


OTHERS = [
    "A white horse trots across a frozen field and shakes its mane.",
    "Two men in orange coats lift a piano into the back of a van.",
    "Rain runs down the window of a bakery while a girl draws on the glass.",
    "An old tractor pulls a cart of hay up a steep gravel road.",
    "A chef slices a red onion on a wooden board and wipes the knife.",
    "Three boys kick a yellow ball against the wall of a garage.",
    "Snow slides off the roof of a barn and covers a parked bicycle.",
]


def other_of(body: Mapping[str, Any]) -> str:
    """What there is to say of the clip instead, which the shade of its picture tells: requests come in any order."""
    content = body["messages"][-1]["content"]
    url = next(part["image_url"]["url"] for part in content if part["type"] == "image_url")
    shade = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")).mean()
    return OTHERS[round((shade - 10) / 30) - 1]


def differing(wait: Callable[[int], float] = lambda number: 0) -> Act:
    """Says the same of every clip when it is asked at temperature 0, and else what there is to say of it, once it has
    waited so many seconds: the first of these requests is 1."""
    drawn = itertools.count(1)

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if not body.get("temperature"):
            return await says(GOOD)(request)
        return await sleeps(wait(next(drawn)), says(other_of(body)))(request)

    return act


def drawn_in(output: Path) -> int:
    """How many of the captions that have been kept so far were drawn again."""
    kept = "".join(part.read_text() for part in Path(f"{output}.parts").glob("*.jsonl"))
    return sum(text in kept for text in OTHERS)


def goes_on(folder: Path, output: Path, answered: int) -> None:
    """The next run asks for what is left, the one after it for nothing, and the result is that of a straight run."""
    straight = output.with_name("straight.jsonl")
    assert not output.exists() and 1 <= answered < 7
    with ScriptedServer(differing()) as server:
        run(whole(server, MEND), found(folder), output)
        run(whole(server, MEND), found(folder), output)
        assert len(server.requests) == 7 - answered
    with ScriptedServer(differing()) as server:
        run(whole(server, MEND), found(folder), straight)
        assert len(server.requests) == 15
    assert content(output) == content(straight)
    assert [row.status for row in read_rows(output)] == ["ok"] * 8


def test_a_run_that_is_stopped_on_the_way_goes_on_there(tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 8), tmp_path / "captions.jsonl"

    async def stopped(server: ScriptedServer) -> None:
        stop = asyncio.Event()
        going = asyncio.ensure_future(run_job(whole(server, MEND), found(folder), Results(output), stop=stop))
        await asyncio.to_thread(until, lambda: len(server.requests) >= 10)
        stop.set()
        assert (await going).output is None

    with ScriptedServer(differing(lambda number: 0 if number == 1 else 3)) as server:
        asyncio.run(stopped(server))
        answered = len(server.requests) - 8  # what was under way is finished
    assert drawn_in(output) == answered
    goes_on(folder, output, answered)


KILLED = """
import sys
from types import SimpleNamespace
from tests.runs_in_process import found
from tests.test_gate import MEND, run, whole

folder, output, url = sys.argv[1:]
run(whole(SimpleNamespace(url=url), MEND), found(folder), output)
"""


def test_a_run_that_is_killed_on_the_way_goes_on_there(tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 8), tmp_path / "captions.jsonl"
    with ScriptedServer(differing(lambda number: 0 if number == 1 else 60)) as server:
        words = [sys.executable, "-c", KILLED, str(folder), str(output), server.url]
        with subprocess.Popen(words, cwd=Path(__file__).parents[1]) as killed:
            try:
                until(lambda: len(server.requests) >= 10 and drawn_in(output))
            finally:
                killed.kill()
    assert drawn_in(output) == 1
    goes_on(folder, output, 1)
