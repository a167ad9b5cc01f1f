"""Knows what shapes-clip is asked about a clip, in which words, and the right answers; knows no pixel and no model."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence

from prompts import FRAME_PROMPTS, PROMPT_FOLDER, frame_prompt, salad

from framescribe.demo import told
from framescribe.demo.scenes import AT_PLACE, Statement, summarise

HOUSE_CLIP, HOUSE_STEP, HOUSE_STRUCTURED = (
    (PROMPT_FOLDER / name).read_text(encoding="utf-8").strip()
    for name in ("clip.txt", "step.txt", "structured-clip.txt")
)

CLIP_PROMPTS = (
    "Describe this video in detail.",
    "Please describe this video.",
    "Describe the clip in one sentence.",
    "What happens in this video?",
    "What happens?",
    "Write a caption for this clip.",
    "Caption the video.",
    "Summarize what moves and what stays in these frames.",
    "These are frames of one video, in order. Describe the video as a whole.",
    "You see frames of a video in order of time. Write one paragraph about what happens from beginning to end.",
    "Which objects are there, where are they, and how do they move?",
    "Describe the subject, its motion, the camera and the background of the video.",
    "Please provide a detailed description of this video, focusing on the main subjects, their actions, and the scene.",
)
WISHES = (
    "Write at most 40 words.",
    "Write at most 25 words.",
    "Write about 60 words.",
    "Write between 80 and 120 words.",
    "Write at most 226 tokens.",
    "Answer in one sentence.",
    "Write in English.",
    "Write plain text, without headings or lists.",
    'Do not use the words "video", "image" or "suddenly".',
    'Use the word "background".',
    "Note: this is a test recording of drawn shapes.",
    "Keep to the present tense.",
)


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.:])\s+", text)


def _some(rng: random.Random, text: str, most: int) -> str:
    """A few neighbouring sentences of a text."""
    parts = _sentences(text)
    first = rng.randrange(len(parts))
    return " ".join(parts[first : first + rng.randint(1, most)])


def _around(rng: random.Random, text: str, words: str) -> str:
    """A part of the text with these words in it."""
    before, after = text.split(words, 1)
    before, after = before.split(" ")[-rng.randint(1, 10) :], after.split(" ")[: rng.randint(3, 25)]
    return " ".join(before) + words + " ".join(after)


def _wished(rng: random.Random, prompt: str) -> str:
    """The prompt, now and then followed by wishes about how to write, which change nothing."""
    if rng.random() > 0.15:
        return prompt
    wish = " ".join(rng.sample(WISHES, rng.randint(1, 3))) if rng.random() < 0.7 else salad(rng, rng.randint(3, 12))
    return f"{prompt}\n\n{wish}"


def clip_prompt(rng: random.Random, long: bool) -> str:
    """A prompt asking for one sentence about a clip."""
    if long:
        prompt = HOUSE_CLIP if rng.random() < 0.7 else salad(rng, rng.randint(20, 80))
    else:
        kind = rng.random()
        if kind < 0.4:
            prompt = rng.choice(CLIP_PROMPTS)
        elif kind < 0.6:
            prompt = _some(rng, HOUSE_CLIP, 2)
        else:
            prompt = rng.choice(FRAME_PROMPTS) if kind < 0.65 else salad(rng, rng.randint(1, 12))
    return _wished(rng, prompt)


def structured_prompt(rng: random.Random, long: bool) -> str:
    """The prompt asking for a JSON object about a clip, or a part of it."""
    if long:
        return _wished(rng, HOUSE_STRUCTURED)
    return _wished(rng, _around(rng, HOUSE_STRUCTURED, '"subjects"'))


def step_prompt(rng: random.Random, long: bool, before: Statement, times: tuple[float, float]) -> str:
    """The prompt asking for what changed from one picture to the next, filled, or a part of it."""
    if rng.random() < 0.5 or not before.mentions:
        state = before.sentence()
    else:
        state = "; ".join(f"a {one.name} {AT_PLACE[one.end]}" for one in before.mentions)
    prompt = HOUSE_STEP
    if not long:
        how = _around(rng, prompt, '"changed" is')
        prompt = f"At {{before}}: {{state}} At {{time}}: {how}" if rng.random() < 0.6 else how
    values = {"before": f"{times[0]:.1f} seconds", "time": f"{times[1]:.1f} seconds", "state": state}
    for name, value in values.items():
        prompt = prompt.replace(f"{{{name}}}", value)
    return _wished(rng, prompt)


def ask(
    rng: random.Random, task: str, frames: Sequence[Statement], times: Sequence[float], long: bool
) -> tuple[str, str]:
    """A prompt for a task about these frames and the right answer."""
    if task == "structured":
        return structured_prompt(rng, long), json.dumps(told.structure(frames))
    if task == "step":
        before, now = frames
        return step_prompt(rng, long, before, (times[0], times[1])), json.dumps(told.step(before, now))
    if task == "frame":
        return _wished(rng, frame_prompt(rng, long)), frames[0].sentence()
    return clip_prompt(rng, long), summarise(frames).sentence()


def markers(times: Sequence[float]) -> str:
    """What stands between the pictures of a clip and the prompt."""
    return "".join(f"Frame {number} ({time:.2f} s):" for number, time in enumerate(times, start=1))
