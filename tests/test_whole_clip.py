"""All frames of a clip in one request: in order, each with its time; smaller and fewer where they do not fit; and rows
that every reader takes."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from framescribe.engines.base import ChatRequest, Decoding, Reply
from framescribe.engines.choice import ModelChoice
from framescribe.engines.presets import frames_as_video
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.servers.launch import command
from framescribe.engines.servers.program import Server
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import TooLong
from framescribe.frames.encode import encode
from framescribe.frames.pool import sample_as
from framescribe.frames.sampling import Sampling
from framescribe.prompts import presets
from framescribe.records import Clip, Frame, VideoInfo
from framescribe.results.rows import read_rows
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.strategies.asking import Asked, Asking
from framescribe.strategies.base import Context, Output
from framescribe.strategies.whole_clip import caption_clip
from tests.servers import Act, ScriptedServer, answers, says
from tests.videos import bars, film, number_in

TOO_LONG = answers(400, {"error": {"message": "the prompt is longer than the maximum model length of 4096"}})


@pytest.fixture(scope="module")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of numbered frames, 25 of them."""
    return film(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=25)


def framescribe(*words: object, code: int = 0) -> str:
    """What the command says, once it has ended with that code."""
    command = [sys.executable, "-m", "framescribe", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def picture(data: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def seen(body: dict[str, Any]) -> tuple[list[str], list[np.ndarray]]:
    """The texts and the pictures of a request, each in its order; a text comes before its picture."""
    (message,) = body["messages"]
    kinds = [part["type"] for part in message["content"]]
    assert kinds == ["text", "image_url"] * (len(kinds) // 2) + ["text"]
    texts = [part["text"] for part in message["content"] if part["type"] == "text"]
    urls = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    assert all(url.startswith("data:image/jpeg;base64,") for url in urls)
    return texts, [picture(url.partition(",")[2]) for url in urls]


def test_all_frames_go_in_one_request_in_order_each_behind_its_time(clip_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(says("A bar code counts up.")) as server:
        words = ("--strategy", "whole-clip", "--frames", 5, "--base-url", server.url, "--max-pixels", 8192)
        framescribe("caption", clip_file, "--prompt", "Say it, of {frame_count}.", *words, "-o", output)
    (body,) = server.requests
    texts, pictures = seen(body)
    assert [number_in(pixels) for pixels in pictures] == [0, 5, 10, 15, 20]
    times = ["Frame 1 (0.00 s):", "Frame 2 (0.20 s):", "Frame 3 (0.40 s):", "Frame 4 (0.60 s):", "Frame 5 (0.80 s):"]
    assert texts == [*times, "Say it, of 5."]
    assert "media_io_kwargs" not in body
    (row,) = read_rows(output)
    assert (row.caption, row.status) == ("A bar code counts up.", "ok")
    assert [(frame.index, frame.caption) for frame in row.frames] == [(n, None) for n in (0, 5, 10, 15, 20)]
    assert list(row.stages) == ["clip"]
    assert row.stages["clip"]["fills"] == ["caption", "frames"]


def test_without_more_words_it_is_sixteen_frames_with_its_own_prompt(clip_file: Path, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        words = ("--strategy", "whole-clip", "--base-url", server.url, "-o", tmp_path / "captions.jsonl")
        framescribe("caption", clip_file, *words)
    texts, pictures = seen(server.requests[0])
    assert len(pictures) == 16
    assert texts[-1] == presets("clip")["default"]


# ------------------------------------------------------------------------------------------ as one video


def context_of(
    clip: Clip,
    complete: Callable[[ChatRequest], Awaitable[Reply]],
    *,
    prompt: str = "Tell.",
    tokens: int = 30,
    takes_video: bool = False,
) -> Context:
    async def given(sampling: Sampling | None = None, max_pixels: int | None = None) -> Clip:
        return clip

    return Context(
        prompt=prompt,
        decoding=Decoding(max_tokens=tokens),
        metadata={},
        info=None,
        earlier={},
        ask=Asking(None, Asked(name=None, complete=complete)),
        complete=complete,
        clip=given,
        takes_video=takes_video,
    )


def told(clip: Clip, *acts: Act, takes_video: bool = False) -> tuple[Output, list[dict[str, Any]]]:
    """What comes of a clip before a server that acts so, and what it was asked."""

    async def work(url: str) -> Output:
        engine = OpenAIEngine(model=None, base_url=url, takes_video=takes_video)
        await engine.open()
        try:
            return await caption_clip(clip, context_of(clip, engine.complete, takes_video=engine.takes_video))
        finally:
            await engine.close()

    with ScriptedServer(*acts) as server:
        return asyncio.run(work(server.url)), server.requests


def made(numbers: Sequence[int], *, duration: float | None = 4.0, times: bool = True) -> Clip:
    """Frames of 256 x 128 that show their numbers, 25 a second."""
    info = VideoInfo(duration=duration, fps=25.0, width=256, height=128, codec="h264", frames=100)
    frames = (Frame(index=n, time=n / 25 if times else None, image=encode(bars(n, 256, 128), "jpeg")) for n in numbers)
    return Clip(info=info, frames=tuple(frames))


def test_a_model_that_takes_video_gets_one_with_the_time_of_every_frame() -> None:
    got, (body,) = told(made(range(0, 80, 2)), says("It counts."), takes_video=True)
    video, text = body["messages"][0]["content"]
    assert text == {"type": "text", "text": "Tell."}
    kind, _, data = video["video_url"]["url"].partition(",")
    assert (video["type"], kind) == ("video_url", "data:video/jpeg;base64")
    assert [number_in(picture(frame)) for frame in data.split(",")] == list(range(0, 80, 2))
    assert body["media_io_kwargs"] == {
        "video": {
            "fps": 1000,
            "frames_indices": list(range(0, 3200, 80)),  # milliseconds
            "total_num_frames": 4000,
            "duration": 4.0,
            "num_frames": -1,  # or vLLM drops all behind the 32nd
            "do_sample_frames": False,
        }
    }
    assert (got.caption, got.flags) == ("It counts.", ())
    assert [frame.index for frame in got.frames] == list(range(0, 80, 2))


@pytest.mark.parametrize("why", ["sizes differ", "no times", "no duration"])
def test_frames_that_cannot_be_one_video_go_as_pictures_and_are_flagged(why: str) -> None:
    clip = made([3, 7], times=why != "no times", duration=None if why == "no duration" else 4.0)
    if why == "sizes differ":
        small = Frame(index=9, time=1.0, image=encode(bars(9), "jpeg"))
        clip = Clip(info=clip.info, frames=(*clip.frames, small))
    got, (body,) = told(clip, says("It counts."), takes_video=True)
    texts, pictures = seen(body)
    assert [number_in(pixels) for pixels in pictures] == [frame.index for frame in clip.frames]
    assert texts[0] == ("Frame 1:" if why == "no times" else "Frame 1 (0.12 s):")
    assert got.flags == ("video_sent_as_images",)
    assert "media_io_kwargs" not in body


def test_one_frame_is_a_picture_and_no_video() -> None:
    got, (body,) = told(made([3]), takes_video=True)
    assert [number_in(pixels) for pixels in seen(body)[1]] == [3]
    assert got.flags == ()


def test_vllm_is_started_for_as_many_frames_and_told_to_take_their_times() -> None:
    qwen = Server(repository="Qwen/Qwen3-VL-8B-Instruct", name="q", prompt=PromptSize(pictures=40, video=True))
    line = command("vllm", qwen, 8000).argv
    limits = json.loads(line[line.index("--limit-mm-per-prompt") + 1])
    assert limits == {"image": 40, "video": {"count": 1, "num_frames": 40}}
    assert "--trust-request-mm-kwargs" in line
    pictures = Server(repository="google/gemma-3-4b-it", name="g", prompt=PromptSize(pictures=None))
    line = command("vllm", pictures, 8000).argv
    assert json.loads(line[line.index("--limit-mm-per-prompt") + 1]) == {"video": 0}
    assert "--trust-request-mm-kwargs" not in line
    assert "--limit-mm-data-per-request" not in command("sglang", pictures, 8000).argv


def test_llama_cpp_and_ollama_get_a_context_that_the_frames_fit_in() -> None:
    # A picture of 262,144 pixels is at most 335 tokens of 28 x 28; 64 of them, an answer of 512, and text.
    server = Server(repository="some/model", name="q", prompt=PromptSize(pictures=64, pixels=512 * 512))
    slot = int(command("ollama", server, 8000).environment["OLLAMA_CONTEXT_LENGTH"])
    assert 64 * 335 + 512 < slot < 64 * 335 + 512 + 4096
    line = command("llama-cpp", server, 8000).argv
    assert int(line[line.index("--ctx-size") + 1]) == 4 * slot


def test_which_models_get_a_video(tmp_path: Path) -> None:
    for model in ("qwen3-vl-8b", "Qwen/Qwen3-VL-8B-Instruct", "qwen2.5-vl-7b", "qwen3-vl-30b-a3b"):
        assert frames_as_video(model, "vllm")
        assert not frames_as_video(model, "transformers")
        assert not frames_as_video(model, "openai")
    for model in ("gemma-3-4b", "llava-v1.6-vicuna-7b", "never/heard-of", str(tmp_path), None):
        assert not frames_as_video(model, "vllm")
    (tmp_path / "config.json").write_text('{"architectures": ["Qwen2_5_VLForConditionalGeneration"]}')
    assert frames_as_video(str(tmp_path), "vllm")


# ------------------------------------------------------------------------------------------ too much


def test_frames_that_do_not_fit_are_halved_twice_then_every_other_is_left_out() -> None:
    got, asked = told(made(range(9)), *[TOO_LONG] * 4, says("It counts."))
    shapes = [[pixels.shape[:2] for pixels in seen(body)[1]] for body in asked]
    assert shapes == [[(128, 256)] * 9, [(64, 128)] * 9, [(32, 64)] * 9, [(32, 64)] * 5, [(32, 64)] * 3]
    texts, pictures = seen(asked[-1])
    assert [number_in(pixels) for pixels in pictures] == [0, 4, 8]
    assert texts[1] == "Frame 2 (0.16 s):"
    assert got.flags == ("frame_shrunk", "frame_left_out")
    assert [frame.index for frame in got.frames] == [0, 4, 8]  # what the model saw


def test_a_clip_of_which_two_small_frames_are_too_much_fails() -> None:
    with pytest.raises(TooLong):
        told(made(range(5)), TOO_LONG)


def test_the_engine_in_process_says_that_they_do_not_fit(clip_file: Path) -> None:
    from framescribe.engines.in_process.engine import TransformersEngine
    from framescribe.engines.presets import builtin_folder

    clip = sample_as(str(clip_file), Sampling(method="uniform", frames=25), key="", max_pixels=65536, form="pixels")
    sizes = []

    async def work() -> Output:
        engine = TransformersEngine(model=str(builtin_folder("shapes-vlm")), device="cpu")
        await engine.open()
        try:

            async def complete(request: ChatRequest) -> Reply:
                sizes.append(len(request.images))
                return await engine.complete(request)

            # A picture is 115 tokens to it whatever its size, and its context holds 4096.
            return await caption_clip(clip, context_of(clip, complete, prompt="A red circle. " * 400, tokens=5))
        finally:
            await engine.close()

    got = asyncio.run(work())
    assert sizes == [25, 25, 25, 13]
    assert [frame.index for frame in got.frames] == list(range(0, 25, 2))
    assert "frame_left_out" in got.flags


# ------------------------------------------------------------------------------------------ rows


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_its_rows_are_read_resumed_and_never_mixed(ending: str, clip_file: Path, tmp_path: Path) -> None:
    output, summed = tmp_path / f"captions.{ending}", tmp_path / "summed.jsonl"
    with ScriptedServer(says("A bar code counts up.")) as server:
        model = ("--base-url", server.url)
        whole = ("caption", clip_file, "--strategy", "whole-clip", "--frames", 2, *model, "-o", output)
        framescribe(*whole)
        (row,) = read_rows(output)
        assert row.caption == "A bar code counts up."
        assert [(frame.index, frame.caption) for frame in row.frames] == [(0, None), (12, None)]
        assert "videos already done: 1" in framescribe(*whole)
        said = framescribe("caption", clip_file, "--sample", "uniform", "--frames", 2, *model, "-o", output, code=2)
        assert "captioned another way" in said
        assert "strategy" in said
        assert "videos with a row: 1 of 1 (1 ok)" in framescribe("status", output)
        # There is nothing to sum up: the row fails and says so.
        framescribe("summarize", output, *model, "-o", summed, code=3)
        assert len(server.requests) == 1
    (failed,) = read_rows(summed)
    assert failed.error is not None
    assert (failed.error.kind, failed.caption) == ("no_frames", None)
    assert failed.error.message == "the result of its stage frames is missing; there is what these made: clip"


def test_what_contradicts_it_is_refused(clip_file: Path) -> None:
    words = ("caption", clip_file, "--strategy", "whole-clip", "--model", "shapes-vlm")
    assert "writes no summary" in framescribe(*words, "--summary-model", "shapes-llm", code=2)
    assert "no clip prompt called 'easyanimate'" in framescribe(*words, "--prompt", "easyanimate", code=2)


def test_each_strategy_has_ingredients_of_its_own() -> None:
    """And the rows of version 0.1.0 are known by what it gave them; here written down as it made them."""
    asked = ModelChoice(model="qwen3-vl-8b", engine="vllm")
    stage = StageChoice(model=asked, prompt="Tell.")
    last = StageChoice(model=asked, prompt="Sum up.", decoding=Decoding(max_tokens=9, temperature=0.5, seed=3))
    plain = Recipe(sampling=Sampling(method="uniform", frames=3), stages={"frames": stage, "summary": last})
    assert sorted(plain.ingredients("frames")) == [
        *("decoding", "max_pixels", "model", "prompt", "sampling", "stage", "strategy")
    ]
    assert sorted(plain.ingredients("summary")) == ["decoding", "model", "prompt", "stage", "strategy"]
    assert {wanted.name: wanted.former for wanted in plain.wanted()} == {
        "frames": "d4a7fd61e400a6fa",
        "summary": "b37754a3a51a2327",
    }
    whole = Recipe(strategy="whole-clip", stages={"clip": stage})
    in_process = stage.model_copy(update={"model": asked.model_copy(update={"engine": "transformers"})})
    elsewhere = Recipe(strategy="whole-clip", stages={"clip": in_process})
    # As pictures and as a video are not the same question.
    assert len({each.fingerprints()["clip"] for each in (whole, elsewhere)}) == 2
    assert [each.wanted()[0].former for each in (whole, elsewhere)] == ["e50b398c3f1506e5", "86c6bf6d0a6f2f09"]
    served = StageChoice(model=ModelChoice(model="tiny", engine="openai", base_urls=("http://x/v1",)), prompt="Tell.")
    assert Recipe(strategy="whole-clip", stages={"clip": served}).wanted()[0].former == "8b1420b39a942fab"
