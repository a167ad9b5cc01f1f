"""From frame to frame: which two pictures are shown, with which times and which state; which are not asked about; what
stands in the row; and what is paid for again after a failure."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from framescribe.checks.base import Circumstances
from framescribe.dataset.caption_table import captions_in
from framescribe.engines.base import ChatRequest, Decoding, Reply, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.errors import TooLong, UserError
from framescribe.frames.encode import encode
from framescribe.frames.sampling import Sampling
from framescribe.prompts import presets
from framescribe.python.recipe import Recipe as Wanted
from framescribe.records import Clip, Frame, FrameCaption, Row, VideoInfo
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.runs.captioner import largest_prompt
from framescribe.runs.gate import GateChoice
from framescribe.runs.job import RunOptions, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.strategies.base import Output
from framescribe.strategies.sliding import follow, render
from tests.runs_in_process import Run, found
from tests.servers import Act, ScriptedServer, answers, says
from tests.test_whole_clip import context_of
from tests.videos import bars, film, number_in

COUNTS = "The numbers count up one by one."
STEP_PROMPT = "{before} {time} {frame_index} {duration}: {state}"


def seen(body: dict[str, Any]) -> tuple[list[str], list[np.ndarray]]:
    """The texts and the pictures of a request, each in its order."""
    (message,) = body["messages"]
    parts = (
        message["content"] if isinstance(message["content"], list) else [{"type": "text", "text": message["content"]}]
    )
    urls = [part["image_url"]["url"].partition(",")[2] for part in parts if part["type"] == "image_url"]
    pictures = [np.asarray(Image.open(io.BytesIO(base64.b64decode(url))).convert("RGB")) for url in urls]
    return [part["text"] for part in parts if part["type"] == "text"], pictures


def numbers(body: dict[str, Any]) -> list[int]:
    """What the pictures of a request show."""
    return [number_in(pixels) for pixels in seen(body)[1]]


def reads(fails_at: int | None = None) -> Act:
    """Reads the numbers in the pictures, and says them; at `fails_at`, the request is refused."""

    async def act(request: web.Request) -> web.StreamResponse:
        shown = numbers(await request.json())
        if fails_at is not None and fails_at in shown[1:]:
            return await answers(400, {"error": {"message": "I do not like this picture"}})(request)
        if len(shown) == 2:
            before, now = map(name, shown)
            step = {"changed": [f"The {before} becomes the {now}."], "present": [f"the {now}"]}
            return await says(json.dumps(step))(request)
        return await says(f"The {name(shown[0])} stands on the lawn." if shown else "The numbers count up one by one.")(
            request
        )

    return act


def name(number: int) -> str:
    """A number in letters: the checks compare figures."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number)) + "-sign"


@pytest.fixture(scope="module")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of numbered frames, 25 a second."""
    return film(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=40)


def run(server: ScriptedServer, clip: Path, output: Path, **options: Any) -> Row:
    """The row of a run with these options of the command line."""
    asked = Wanted(**{"strategy": "sliding", "base_url": server.url, "max_pixels": 8192, **options})
    videos = found(clip)
    Run(server, videos, output, asyncio.run(asked.settled(videos, say=lambda line: None)))
    (row,) = read_rows(output)
    return row


PROMPTS = {"prompt": "Tell.", "step_prompt": STEP_PROMPT, "summary_prompt": "Sum up: {captions}"}


def test_every_frame_is_shown_beside_the_one_before_it_with_times_and_what_was_there(
    clip_file: Path, tmp_path: Path
) -> None:
    with ScriptedServer(reads()) as server:
        row = run(server, clip_file, tmp_path / "captions.jsonl", frames=4, **PROMPTS)
    first, *steps, summary = server.requests
    assert numbers(first) == [0]
    assert seen(first)[0] == ["Tell."]
    assert [numbers(body) for body in steps] == [[0, 10], [10, 20], [20, 30]]
    assert [seen(body)[0] for body in steps] == [
        [
            "Frame 1 (0.00 s):",
            "Frame 2 (0.40 s):",
            "0.0 seconds 0.4 seconds 10 1.6 seconds: The a-sign stands on the lawn.",
        ],
        ["Frame 1 (0.40 s):", "Frame 2 (0.80 s):", "0.4 seconds 0.8 seconds 20 1.6 seconds: the ba-sign"],
        ["Frame 1 (0.80 s):", "Frame 2 (1.20 s):", "0.8 seconds 1.2 seconds 30 1.6 seconds: the ca-sign"],
    ]
    kinds = [part["type"] for part in steps[0]["messages"][0]["content"]]
    assert kinds == ["text", "image_url", "text", "image_url", "text"]
    assert seen(summary) == (
        [
            "Sum up: 0.00 s: The a-sign stands on the lawn.\n0.40 s: The a-sign becomes the ba-sign.\n"
            "0.80 s: The ba-sign becomes the ca-sign.\n1.20 s: The ca-sign becomes the da-sign.\n"
            "At the end: the da-sign."
        ],
        [],
    )
    assert (row.caption, row.status) == ("The numbers count up one by one.", "ok")
    assert [(frame.index, frame.time, frame.caption) for frame in row.frames] == [
        (0, 0.0, "The a-sign stands on the lawn."),
        *((10, 0.4, None), (20, 0.8, None), (30, 1.2, None)),
    ]
    assert {stage: made.get("fills") for stage, made in row.stages.items()} == {
        **{"first": ["frames"], "steps": None, "summary": ["caption"]}
    }
    assert row.stages["steps"]["output"] == {
        "steps": [
            {"index": n, "time": n / 25, "changed": [f"The {name(n - 10)} becomes the {name(n)}."]}
            | {"present": [f"the {name(n)}"]}
            for n in (10, 20, 30)
        ]
    }
    assert row.stages["steps"]["attempts"] == 3


def test_frames_in_which_nothing_has_changed_are_not_asked_about(tmp_path: Path) -> None:
    shown = [5] * 10 + [6] * 20 + [5] * 10
    path = film(tmp_path / "clip.mp4", pictures=[bars(number) for number in shown])
    with ScriptedServer(reads()) as server:
        row = run(server, path, tmp_path / "captions.jsonl", **PROMPTS)
    steps, summary = server.requests[1:-1], server.requests[-1]
    assert [seen(body)[0][:2] for body in steps] == [
        ["Frame 1 (0.00 s):", "Frame 2 (0.40 s):"],
        ["Frame 1 (0.40 s):", "Frame 2 (1.20 s):"],
    ]
    assert [numbers(body) for body in steps] == [[5, 6], [6, 5]]
    same = {step["index"]: step.get("same_as") for step in row.stages["steps"]["output"]["steps"]}
    assert same == {5: 0, 10: None, 15: 10, 20: 10, 25: 10, 30: None, 35: 30}
    *lines, last = seen(summary)[0][0].splitlines()
    assert last == "At the end: the f-sign."
    assert [line.partition(" s: ")[2] for line in lines[1:]] == [
        "nothing changes.",
        "The f-sign becomes the g-sign.",
        *["nothing changes."] * 3,
        "The g-sign becomes the f-sign.",
        "nothing changes.",
    ]


def test_without_more_words_it_is_eight_frames_with_prompts_of_its_own(clip_file: Path, tmp_path: Path) -> None:
    with ScriptedServer(reads()) as server:
        run(server, clip_file, tmp_path / "captions.jsonl")
    first, *steps, summary = server.requests
    assert seen(first)[0] == [presets("frame")["default"]]
    assert len(steps) == 7
    begins, _, ends = presets("step")["default"].partition("{state}")
    assert seen(steps[0])[0][-1].startswith(begins.format(before="0.0 seconds", time="0.2 seconds"))
    assert seen(steps[0])[0][-1].endswith(ends)
    assert seen(summary)[0][0].startswith(presets("summary")["steps"].partition("{captions}")[0])


# ------------------------------------------------------------------------------------------ of any frames


def made(shown: Sequence[int], *, times: bool = True) -> Clip:
    """Frames that show these numbers, one a second."""
    info = VideoInfo(duration=float(len(shown)), fps=1.0, width=128, height=64, codec="h264", frames=len(shown))
    frames = (Frame(index=n, time=float(n) if times else None, image=bars(number)) for n, number in enumerate(shown))
    return Clip(info=info, frames=tuple(frames))


def told(clip: Clip, complete: Callable[[ChatRequest], Awaitable[Reply]], state: str = "at first") -> Output:
    return asyncio.run(follow(clip, state, context_of(clip, complete, prompt="{state}")))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([3, 5, 200]), min_size=1, max_size=12))
def test_every_frame_is_asked_about_once_or_is_like_the_last_one_that_was(shown: list[int]) -> None:
    asked: list[tuple[int, int, str]] = []

    async def complete(request: ChatRequest) -> Reply:
        before, now = (number_in(part.image) for part in request.images)
        (prompt,) = [part.text for part in request.messages[0].parts[-1:] if isinstance(part, TextPart)]
        asked.append((before, now, prompt))
        step = {"changed": ["It changes."], **({"present": [str(now), "more"]} if now != 5 else {})}
        return Reply(text=json.dumps(step), finish_reason="stop", prompt_tokens=1, completion_tokens=1)

    output = told(made(shown), complete)
    changes = [(before, now) for before, now in itertools.pairwise(shown) if before != now]
    assert [(before, now) for before, now, _ in asked] == changes
    state = "at first"
    for _, now, prompt in asked:
        assert prompt == state
        state = f"{now}; more" if now != 5 else state
    steps = output.value["steps"]
    assert [step["index"] for step in steps] == list(range(1, len(shown)))
    for step in steps:
        runs = [list(run) for _, run in itertools.groupby(range(step["index"] + 1), key=lambda n: shown[n])]
        begin = runs[-1][0]  # of the frames that look like this one, without another between them
        assert step.get("same_as") == (begin if begin < step["index"] else None)
        assert ("changed" in step) == ("same_as" not in step)


def test_what_moves_slowly_is_asked_about_in_the_end() -> None:
    """Two neighbours can hardly be told apart; the first and the last show the dot in different places."""
    frames = []
    for n in range(60):
        across, down = np.meshgrid(np.arange(256), np.arange(128))
        near = np.clip(6.5 - np.hypot(across - 60 - n / 4, down - 64), 0, 1)[..., None]
        pixels = (np.array([90, 120, 90]) * (1 - near) + np.array([120, 100, 80]) * near).astype(np.uint8)
        frames.append(Frame(index=n, time=n / 25, image=pixels))
    info = VideoInfo(duration=2.4, fps=25.0, width=256, height=128, codec="h264", frames=60)
    asked = 0

    async def complete(request: ChatRequest) -> Reply:
        nonlocal asked
        asked += 1
        return Reply(text='{"changed": []}', finish_reason="stop", prompt_tokens=1, completion_tokens=1)

    told(Clip(info=info, frames=tuple(frames)), complete)
    assert 1 <= asked <= 20


def test_pictures_that_do_not_fit_are_both_halved_and_the_next_ones_are_not() -> None:
    sizes = []

    async def complete(request: ChatRequest) -> Reply:
        sizes.append([part.image.shape[:2] for part in request.images])
        if len(sizes) in (1, 2):
            raise TooLong("too long")
        return Reply(text='{"changed": ["It changes."]}', finish_reason="stop", prompt_tokens=1, completion_tokens=1)

    output = told(made([1, 2, 3]), complete)
    assert sizes == [[(64, 128)] * 2, [(32, 64)] * 2, [(16, 32)] * 2, [(64, 128)] * 2]
    assert output.flags == ("frame_shrunk",)
    assert len(output.value["steps"]) == 2


def test_encoded_pictures_are_compared_and_sent_as_they_came() -> None:
    clip = made([1, 1, 2])
    frames = tuple(Frame(index=f.index, time=f.time, image=encode(f.image, "jpeg")) for f in clip.frames)  # type: ignore[arg-type]
    sent = []

    async def complete(request: ChatRequest) -> Reply:
        sent.append([part.image for part in request.images])
        return Reply(text='{"changed": ["It changes."]}', finish_reason="stop", prompt_tokens=1, completion_tokens=1)

    output = told(Clip(info=clip.info, frames=frames), complete)
    assert sent == [[frames[0].image, frames[2].image]]
    assert output.value["steps"][0]["same_as"] == 0


def test_how_the_summary_model_reads_it() -> None:
    first = FrameCaption(index=0, time=0.0, caption="A dog sits on a lawn.")
    steps = [
        {"index": 9, "time": 0.75, "same_as": 0},
        {"index": 18, "time": 1.5, "changed": ["The dog gets up.", "A ball appears."], "camera": "pans left."},
        {"index": 27, "time": 2.25, "changed": [], "camera": "zooms in"},
        {"index": 36, "time": 3.0, "changed": []},
    ]
    assert render(first, steps) == (
        "0.00 s: A dog sits on a lawn.\n0.75 s: nothing changes.\n"
        "1.50 s: The dog gets up. A ball appears. Camera: pans left.\n"
        "2.25 s: nothing changes. Camera: zooms in.\n3.00 s: nothing changes."
    )
    up = {"index": 18, "time": 1.5, "present": ["a dog that stands.", "a ball"], "changed": ["The dog gets up."]}
    still = {"index": 27, "time": 2.25, "changed": []}
    gone = {"index": 36, "time": 3.0, "present": [], "changed": ["It goes."]}
    assert render(first, [up, still]).splitlines()[1:] == [
        *("1.50 s: The dog gets up.", "2.25 s: nothing changes.", "At the end: a dog that stands; a ball."),
    ]
    assert render(first, [up, still, gone]).splitlines()[-2:] == ["3.00 s: It goes.", "At the end: nothing."]
    unlisted = render(first, [up, {"index": 36, "time": 3.0, "changed": ["The ball rolls away."]}])
    assert "At the end" not in unlisted  # what was listed is no longer there
    untimed = [{**steps[3], "time": None}]
    assert render(FrameCaption(index=0, time=None, caption="A dog."), untimed) == "A dog.\nnothing changes."


# ------------------------------------------------------------------------------------------ runs


def recipe(server: ScriptedServer, *, summary: str = "Sum up: {captions}", step: str = STEP_PROMPT) -> Recipe:
    choice = ModelChoice(engine="openai", model="tiny", base_urls=(server.url,), requests=4)
    prompts = {"first": "Tell.", "steps": step, "summary": summary}
    return Recipe(
        strategy="sliding",
        sampling=Sampling(method="uniform", frames=4),
        max_pixels=8192,
        decoders=1,
        stages={stage: StageChoice(model=choice, prompt=prompt) for stage, prompt in prompts.items()},
    )


def content(row: Row) -> tuple[Any, ...]:
    outputs = {name: made.get("output") for name, made in row.stages.items()}
    return row.caption, row.frames, outputs, row.status


def test_after_a_failure_only_what_is_missing_is_asked_again(clip_file: Path, tmp_path: Path) -> None:
    videos, output, plain = found(clip_file), tmp_path / "captions.jsonl", tmp_path / "plain.jsonl"
    with ScriptedServer(reads()) as server:
        Run(server, videos, plain, recipe(server))
    with ScriptedServer(reads(fails_at=30)) as server:
        again = Run(server, videos, output, recipe(server))
        assert (again.report.failed, again.requests) == (1, 4)
        (row,) = read_rows(output)
        assert row.error is not None
        assert (row.error.stage, row.caption) == ("steps", None)
        assert row.frames[0].caption == "The a-sign stands on the lawn."
    with ScriptedServer(reads()) as server:
        again = Run(server, videos, output, recipe(server), retry_failed=True)
        assert (again.pictures, again.texts) == (3, 1)  # the first frame's caption was kept
    assert [content(row) for row in read_rows(output)] == [content(row) for row in read_rows(plain)]


def test_another_prompt_runs_its_stage_again_and_those_that_read_it(clip_file: Path, tmp_path: Path) -> None:
    videos, output = found(clip_file), tmp_path / "captions.jsonl"
    with ScriptedServer(reads()) as server:
        Run(server, videos, output, recipe(server))
        again = Run(server, videos, output, recipe(server, summary="In a sentence: {captions}"))
        assert (again.pictures, again.texts) == (0, 1)
        summary = recipe(server, summary="In a sentence: {captions}", step="{state}, and now?")
        with pytest.raises(UserError, match="captioned another way: 1"):
            Run(server, videos, output, summary)
        again = Run(server, videos, output, summary, redo=True)
        assert (again.pictures, again.texts) == (3, 1)
        assert Run(server, videos, output, summary).requests == 0


def test_clips_are_followed_side_by_side(tmp_path: Path) -> None:
    """A clip's requests wait for one another, so as many clips are under way as the server takes requests."""
    paths = [film(tmp_path / f"{n}.mp4", frames=8) for n in range(8)]
    sampling = Sampling(method="uniform", frames=8)
    waiting: list[asyncio.Event] = []

    async def act(request: web.Request) -> web.StreamResponse:
        """Answers once four are there, or, at the end, none comes any more."""
        event = asyncio.Event()
        waiting.append(event)
        if len(waiting) >= 4:
            for one in waiting:
                one.set()
            waiting.clear()
        try:
            await asyncio.wait_for(event.wait(), 5)
        except TimeoutError:
            if event in waiting:
                waiting.remove(event)
        return await reads()(request)

    with ScriptedServer(act) as server:
        made_ = recipe(server).model_copy(update={"sampling": sampling})
        again = Run(server, found(*paths), tmp_path / "captions.jsonl", made_)
        assert again.requests == 8 * 9
        assert server.most_at_once == 4


def test_it_declares_what_its_largest_prompts_are() -> None:
    choice = ModelChoice(engine="vllm", model="qwen3-vl-8b")
    stage = StageChoice(model=choice, prompt="Tell.", decoding=Decoding(max_tokens=100))
    made_ = Recipe(strategy="sliding", max_pixels=512 * 512, stages=dict.fromkeys(("first", "steps", "summary"), stage))
    size = largest_prompt(made_, choice)
    assert size is not None
    assert (size.pictures, size.pixels, size.answer, size.video) == (2, 512 * 512, 100, False)
    only = made_.model_copy(update={"stages": {"first": stage}})
    assert (largest_prompt(only, choice) or size).pictures == 1


def test_what_contradicts_it_is_refused(clip_file: Path) -> None:
    def settled(**options: Any) -> Any:
        wanted = Wanted(**{"strategy": "sliding", "model": "shapes-vlm", "prompt": "Tell.", **options})
        return asyncio.run(wanted.settled(found(clip_file), say=lambda line: None))

    assert settled(step_prompt="{state}?").stages["steps"].prompt == "{state}?"
    with pytest.raises(UserError, match="frames-then-summary asks nothing with --step-prompt: leave it out"):
        settled(strategy="frames-then-summary", step_prompt="What changed?")
    with pytest.raises(UserError, match="there is no step prompt called 'easyanimate'"):
        settled(step_prompt="easyanimate")
    with pytest.raises(UserError, match=r"the step prompt names \{behind\}"):
        settled(step_prompt="{behind}?")


# ------------------------------------------------------------------------------------------ checked


def test_what_fails_is_asked_again_step_by_step_and_the_caption_is_written_anew(
    clip_file: Path, tmp_path: Path
) -> None:
    videos, output = found(clip_file), tmp_path / "captions.jsonl"
    guess = json.dumps({"changed": ["The number is probably going to be larger soon."], "present": ["a number"]})

    async def act(request: web.Request) -> web.StreamResponse:
        if numbers(await request.json()) == [10, 20]:
            return await says(guess)(request)
        return await reads()(request)

    with ScriptedServer(act) as server:
        Run(server, videos, output, recipe(server))
    with ScriptedServer(reads()) as server:
        checked = recipe(server).model_copy(update={"gate": GateChoice(language="en")})
        options = RunOptions(again=Again(recheck=True))
        asyncio.run(run_job(checked, videos, Results(output), options=options))
        pictures = [numbers(body) for body in server.requests if numbers(body)]
        assert pictures == [[10, 20]] * len(pictures)  # the other steps' answers were good
        assert sum(not numbers(body) for body in server.requests) == 1
        asked = len(server.requests)
        asyncio.run(run_job(checked, videos, Results(output), options=options))
        assert len(server.requests) == asked
    (row,) = read_rows(output)
    steps = row.stages["steps"]["output"]["steps"]
    assert "probably" not in json.dumps(steps)
    assert [step["index"] for step in steps] == [10, 20, 30]
    assert row.status == "ok"


@pytest.mark.parametrize(("sign", "flags"), [("SALE", ()), ("EXIT", ("caption_unsupported_text",))])
def test_a_caption_may_quote_only_what_a_step_holds(
    sign: str, flags: tuple[str, ...], clip_file: Path, tmp_path: Path
) -> None:
    videos, output = found(clip_file), tmp_path / "captions.jsonl"
    step = json.dumps({"changed": ['A sign that reads "SALE" appears above the door.']})

    async def act(request: web.Request) -> web.StreamResponse:
        shown = numbers(await request.json())
        first = "A wooden door stands in a brick wall."
        caption = f'A sign that reads "{sign}" appears above a wooden door in a brick wall.'
        return await says(step if len(shown) == 2 else first if shown else caption)(request)

    with ScriptedServer(act) as server:
        gate = GateChoice(mode="flag", on=("unsupported_text",), language="en")
        Run(server, videos, output, recipe(server).model_copy(update={"gate": gate}))
        (row,) = read_rows(output)
        assert row.flags == flags
        (read,) = captions_in(output, of=Circumstances())
        assert any(sign in text for text in read.of.frame_captions) == (not flags)
        mending = recipe(server).model_copy(update={"gate": gate.model_copy(update={"mode": "mend"})})
        asyncio.run(run_job(mending, videos, Results(output), options=RunOptions(again=Again(recheck=True))))
        (mended,) = read_rows(output)
        assert (mended.caption == row.caption) == (not flags)
