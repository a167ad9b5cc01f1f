"""Frames of a clip reach Qwen-VL in vLLM as one video: all of them, in order, with their times, at half the tokens.

The checkpoints are tiny and random: what they say means nothing, but which tokens come of which prompt.
"""

import asyncio
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart, VideoPart
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.servers import program
from framescribe.engines.servers.served import ServedEngine
from framescribe.frames.encode import encode
from tests.engines.checkpoints import write
from tests.engines.environments import environment
from tests.engines.native_resolution import QWEN2_5_VL, QWEN3_VL, QWEN_VIDEO
from tests.videos import film

VLLM = environment("vllm") / "bin" / "vllm"
FOR_VLLM = ("--dtype", "float32", "--enforce-eager", "--max-num-seqs", "4")
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1"}
TOKENS = 6

pytestmark = pytest.mark.skipif(not VLLM.exists(), reason="no vLLM here: `make test-engines` sets it up")


@pytest.fixture(scope="module", params=[QWEN2_5_VL, QWEN3_VL], ids=lambda architecture: architecture.name)
def checkpoint(request, tmp_path_factory):
    return request.param, write(request.param, tmp_path_factory.mktemp(request.param.name))


@pytest.fixture(scope="module")
def ask(checkpoint, tmp_path_factory):
    """Answers requests with vLLM, started as a run starts it for whole clips of up to 40 frames."""
    _, folder = checkpoint
    prompt = PromptSize(pictures=40, pixels=128 * 64, video=True)
    server = program.Server(repository=str(folder), name="tiny", prompt=prompt, arguments=FOR_VLLM)
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        served = ServedEngine("vllm", server, executable=[str(VLLM)], gpus=[()], logs=tmp_path_factory.mktemp("logs"))
        runner.run(served.open())
        try:
            yield lambda *parts: runner.run(served.complete(question(*parts)))
        finally:
            runner.run(served.close())


def question(*parts):
    message = Message(role="user", parts=(*parts, TextPart("Tell me.")))
    return ChatRequest(messages=(message,), decoding=Decoding(max_tokens=TOKENS))


def pictures(count, width=112):
    draw = np.random.default_rng(count)
    small = draw.integers(0, 256, (count, 8, width // 8, 3), dtype=np.uint8)  # blocks, that JPEG keeps
    return [encode(np.kron(pixels, np.ones((8, 8, 1), np.uint8)), "jpeg") for pixels in small]


def video(frames, times=None):
    times = times or tuple(number / 10 for number in range(len(frames)))
    return VideoPart(frames=tuple(frames), times=times, duration=times[-1] + 0.4)


def truth(architecture, folder, part):
    """What transformers itself says to these frames with these times: the prompt's length, and the text."""
    import torch
    import transformers
    from transformers.video_utils import VideoMetadata

    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = getattr(transformers, architecture.model).from_pretrained(folder, dtype=torch.float32)
    frames = [np.asarray(Image.open(io.BytesIO(frame.data)).convert("RGB")) for frame in part.frames]
    # 10 frames a second have a place for all times that are asked about here.
    known = VideoMetadata(
        total_num_frames=round(part.duration * 10),
        fps=10.0,
        duration=part.duration,
        frames_indices=[round(time * 10) for time in part.times],
    )
    inputs = processor(
        text=[architecture.prompt.format(pictures=QWEN_VIDEO)],
        videos=[np.stack(frames)],
        videos_kwargs={"video_metadata": [known], "do_sample_frames": False},
        return_tensors="pt",
    )
    length = inputs["input_ids"].shape[1]
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=TOKENS, do_sample=False, pad_token_id=3)
    return length, processor.tokenizer.decode(tokens[0, length:], skip_special_tokens=True)


def test_a_video_is_what_transformers_makes_of_the_same_frames_and_times(checkpoint, ask):
    architecture, folder = checkpoint
    frames, even = pictures(6), (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    uneven = (0.0, 0.1, 0.3, 0.7, 0.8, 1.0)  # a variable frame rate
    asked = [video(frames, even), video(frames[::-1], even), video(frames, uneven), video(frames[:5], even[:5])]
    replies = [ask(part) for part in asked]
    wanted = [truth(architecture, folder, part) for part in asked]
    assert [reply.prompt_tokens for reply in replies] == [length for length, _ in wanted]
    assert len({reply.text for reply in replies}) == 4  # the order reaches the model, and so do the times
    # Of equal prompts with Qwen3-VL's videos, unlike with its pictures, vLLM and transformers 5.23 make different
    # answers. With Qwen2.5-VL they do so where a video is longer to the model than it is wide, some seconds here.
    if architecture is QWEN2_5_VL:
        cut = "\ufffd"  # what is left of a character that the limit cut off
        assert [reply.text.rstrip(cut) for reply in replies] == [text.rstrip(cut) for _, text in wanted]


def test_qwen3_vl_reads_the_time_of_every_frame(checkpoint, ask):
    architecture, folder = checkpoint
    if architecture is not QWEN3_VL:
        pytest.skip("it places frames in time without words")
    frames, lengths = pictures(4), []
    for times in ((0.0, 0.1, 0.2, 0.3), (0.0, 1.0, 60.0, 61.0), (3600.0, 3601.0, 12345.6, 12345.7)):
        part = video(frames, times)
        lengths.append(ask(part).prompt_tokens)
        assert lengths[-1] == truth(architecture, folder, part)[0]
    assert lengths == sorted(set(lengths))  # as the seconds get longer to write


def test_every_frame_behind_the_32nd_is_there(ask):
    short, long = (ask(video(pictures(count))).prompt_tokens for count in (20, 40))
    text = ask().prompt_tokens
    assert 1.9 < (long - text) / (short - text) < 2.1


def test_a_frame_of_a_video_costs_half_the_tokens_of_a_picture(ask):
    wide, narrow = pictures(12), pictures(12, width=64)  # of 8 and 4 tokens as pictures

    def more(shown):
        return ask(*shown(wide)).prompt_tokens - ask(*shown(narrow)).prompt_tokens

    one_by_one = more(lambda frames: [ImagePart(frame) for frame in frames])
    assert (more(lambda frames: [video(frames)]), one_by_one) == (24, 48)


def test_a_run_sends_whole_clips_as_videos(checkpoint, tmp_path, monkeypatch):
    architecture, folder = checkpoint
    if architecture is not QWEN3_VL:
        pytest.skip("one is enough")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    clip = film(tmp_path / "clip.mp4", frames=25)
    output = tmp_path / "captions.jsonl"
    words = ["caption", clip, "--strategy", "whole-clip", "--frames", "6", "--max-pixels", "8192", "-o", output]
    words += ["--model", folder, "--engine", "vllm", "--engine-command", VLLM, "--max-tokens", TOKENS, "--", *FOR_VLLM]
    command = [sys.executable, "-m", "framescribe", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = map(json.loads, output.read_text().splitlines())
    assert row["caption"] and "video_sent_as_images" not in row["flags"]
    assert row["provenance"]["stages"]["clip"]["as_video"] is True
    assert [frame["index"] for frame in row["frames"]] == [0, 4, 8, 12, 16, 20]
