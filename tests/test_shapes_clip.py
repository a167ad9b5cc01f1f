"""Knows what shapes-clip promises: found by its name, it tells a drawn clip as it was drawn, in a sentence and in JSON.

How good it is on average is measured by training/evaluate_clip.py; here one answer may be wrong, but not most of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from framescribe.demo import told
from framescribe.demo.clips import write_clip
from framescribe.demo.scenes import PLAIN_BACKGROUNDS, Background, ClipScene, SceneObject, Statement, Track
from framescribe.engines.presets import PRESETS, builtin_folder, summary_partner
from framescribe.engines.sight import COLOURS
from framescribe.prompts import fill, load

FRAMES, FPS = 20, 10
SPOTS = {"left": (1 / 6, 0.5), "right": (5 / 6, 0.5), "top": (0.5, 1 / 6), "bottom left": (1 / 6, 5 / 6)}


def thing(size: str, colour: str, shape: str, place: str) -> SceneObject:
    return SceneObject(size, colour, shape, *SPOTS[place], {"small": 0.075, "large": 0.14}[size], COLOURS[colour])


def plain(name: str) -> Background:
    return Background(name, PLAIN_BACKGROUNDS[name], PLAIN_BACKGROUNDS[name])


# Each clip beside the sentence and the list of changes that a person would give.
CLIPS = (
    (
        ClipScene((Track(thing("large", "red", "circle", "left"), "moves", SPOTS["right"]),), plain("white")),
        "A large red circle moves from the left to the right, on a white background.",
        ["The large red circle moves from the left to the right."],
    ),
    (
        ClipScene((Track(thing("small", "blue", "square", "top")),), plain("beige")),
        "A small blue square is at the top, on a beige background.",
        [],
    ),
    (
        ClipScene((Track(thing("large", "green", "triangle", "bottom left"), "disappears"),), plain("gray")),
        "A large green triangle disappears from the bottom left, on a gray background.",
        ["The large green triangle disappears from the bottom left."],
    ),
    (
        ClipScene(
            (
                Track(thing("large", "yellow", "star", "left")),
                Track(thing("small", "red", "diamond", "right"), "moves", SPOTS["top"]),
            ),
            plain("navy"),
        ),
        "A large yellow star is on the left and a small red diamond moves from the right to the top, "
        "on a navy background.",
        ["The small red diamond moves from the right to the top."],
    ),
)


class Asked:
    """The checkpoint, asked about pictures as framescribe asks."""

    def __init__(self, folder: Path) -> None:
        self.processor = AutoProcessor.from_pretrained(folder)
        self.model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()

    def __call__(self, images: Sequence[Image.Image], times: Sequence[float | None], prompt: str) -> str:
        parts: list[dict[str, Any]] = []
        for number, time in enumerate(times, start=1):
            parts += [{"type": "text", "text": f"Frame {number} ({time:.2f} s):"}] if time is not None else []
            parts += [{"type": "image"}]
        messages = [{"role": "user", "content": [*parts, {"type": "text", "text": prompt}]}]
        chat = self.processor.apply_chat_template(messages, add_generation_prompt=True)
        inputs = self.processor(images=list(images), text=chat, return_tensors="pt")
        with torch.inference_mode():
            output = self.model.generate(**inputs)
        text: str = self.processor.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return text.strip()


@pytest.fixture(scope="module")
def ask() -> Asked:
    return Asked(builtin_folder("shapes-clip"))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[list[Image.Image], list[float], list[Statement]]]:
    """Each clip's first, middle and last frame as decoded from a file, their times, and what they show."""
    found, last = [], FRAMES - 1
    for number, (scene, _, _) in enumerate(CLIPS):
        path = tmp_path_factory.mktemp("clips") / f"{number}.mp4"
        write_clip(path, scene, width=320, height=240, fps=FPS, frames=FRAMES)
        with av.open(str(path)) as container:
            images = [frame.to_image() for frame in container.decode(video=0)]
        taken = (0, last // 2, last)
        statements = [scene.frame(k / last).statement() for k in taken]
        found.append(([images[k] for k in taken], [k / FPS for k in taken], statements))
    return found


def most(right: Sequence[bool], wrong: int = 1) -> bool:
    """Whether at most so many are wrong. Of steps, and behind prompts of a user's own, it gets three in four right."""
    return sum(right) >= len(right) - wrong


def test_its_name_is_known() -> None:
    assert PRESETS["shapes-clip"].kind == "image"
    assert summary_partner("shapes-clip") == "shapes-llm"
    assert (builtin_folder("shapes-clip") / "preprocessor_config.json").is_file()


@pytest.mark.parametrize("prompt", [load("default", "clip"), "What happens?\n\nWrite at most 40 words."])
def test_it_tells_what_happens_in_a_clip(ask: Asked, shown: Any, prompt: str) -> None:
    said = [ask(images, times, prompt) for images, times, _ in shown]
    right, wrong = [sentence for _, sentence, _ in CLIPS], 1 if prompt == load("default", "clip") else 2
    assert most([one == other for one, other in zip(said, right, strict=True)], wrong), said


def test_it_tells_a_clip_as_an_object(ask: Asked, shown: Any) -> None:
    said = [json.loads(ask(images, times, load("structured", "clip"))) for images, times, _ in shown]
    right = [changed for _, _, changed in CLIPS]
    assert most([one["actions"] == changed for one, changed in zip(said, right, strict=True)]), said
    assert most([one == told.structure(states) for one, (_, _, states) in zip(said, shown, strict=True)]), said


def test_it_tells_what_changed_between_two_frames(ask: Asked, shown: Any) -> None:
    said = []
    for images, times, states in shown:
        values = {
            "before": f"{times[0]:.1f} seconds",
            "time": f"{times[2]:.1f} seconds",
            "state": states[0].sentence(),
        }
        prompt = fill(load("default", "step"), values)
        said.append(json.loads(ask([images[0], images[2]], [times[0], times[2]], prompt)))
    right = [changed for _, _, changed in CLIPS]
    assert most([one["changed"] == changed for one, changed in zip(said, right, strict=True)], 2), said


def test_it_captions_a_single_picture(ask: Asked, shown: Any) -> None:
    said = [ask(images[:1], [None], load("default", "frame")) for images, _, _ in shown]
    assert most([text == states[0].sentence() for text, (_, _, states) in zip(said, shown, strict=True)]), said
