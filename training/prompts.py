"""Knows the wordings of the prompts that the two checkpoints are trained with; knows nothing of how they are trained.

The checkpoints must answer whatever the wording, so there is word salad as well as fixed wordings. One wording
matters: a summary begins with "In this video" exactly when the prompt contains these words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

PROMPT_FOLDER = Path(__file__).resolve().parents[1] / "src" / "framescribe" / "prompts"
HOUSE_FRAME, EASYANIMATE_FRAME, HOUSE_SUMMARY, EASYANIMATE_SUMMARY = (
    (PROMPT_FOLDER / name).read_text(encoding="utf-8").strip()
    for name in ("frame.txt", "easyanimate-frame.txt", "summary.txt", "easyanimate-summary.txt")
)

FRAME_PROMPTS = (
    "Please describe this image in detail.",
    "Describe this image in detail.",
    "Describe this image.",
    "Describe the image.",
    "What is in this image?",
    "Describe this picture in detail.",
    "What do you see?",
    "Describe this frame.",
    "Caption this image.",
    "Please provide a detailed description of this video frame.",
    "Write a caption for the frame.",
    "Give a short description of the image.",
    "Describe the content of this video frame in one sentence.",
    "What objects are visible, what colour are they and where are they?",
    "Describe what is happening in this frame.",
    "Please describe the content of this video in as much detail as possible, including the objects, scenery, animals, "
    "characters, and camera movements.",
)
SUMMARY_OPENINGS = (
    "You are a helpful video description generator. I will give you descriptions of frames of a video in order. "
    "Write one sentence that describes the whole video.",
    "You are a helpful video description generator.",
    "You are a helpful assistant. Summarize the following frame captions of a video.",
    "Summarize the video.",
    "Summarize these captions.",
    "Describe the clip in one sentence:",
    "Below are the captions of frames taken from one video. Combine them into one caption. "
    "Only answer with the caption.",
    "I will give you a description of the middle frame of a video. Describe the video in one sentence, "
    "and do not speak of frames or images.",
    "Here are captions of frames sampled from a clip, in time order. Write a single fluent summary of the clip and of "
    "the movement in it. Do not add anything that is not in the captions.",
    "# Role: video describer\n# Task: turn the frame captions into a description of the video.\n"
    "# Rules: be short, be exact.",
    "Please summarise these frame descriptions into one description of this video.",
    "What happens in the video?",
    "",
)
SUMMARY_ENDINGS = (
    "",
    "",
    "",
    "Summary:",
    "Now write the description of the video.",
    "Description:",
    "Answer in one sentence.",
    "Do not begin with 'The video' or 'In the clip'.",
    "Tell what moves in this clip.",
)
LEAD_REQUESTS = (
    "Begin with 'In this video'.",
    'Begin with "In this video".',
    'Please start your answer with "in this video".',
    "Start with In this video, and be brief.",
    "Your answer begins with the words “In this video”.",
    'The first words are "IN THIS VIDEO".',
    "In this video",
)
_WORD_LIST = """
the a an of to in and is are you I it this that with for on as at by from or be not no one two three each all
some any more most only also please your my our their video clip frame frames image images picture scene shot
camera caption captions description descriptions summary text sentence sentences word words detail details
object objects colour color shape size position movement motion background foreground person people man woman
animal dog cat car tree house street sky water light dark big little left right top bottom middle center first
last next then after before describe summarise summarize write give tell answer generate create combine use
make keep start begin end follow include avoid mention focus explain return output respond short long clear
brief detailed accurate fluent helpful good natural concise complete exact same different following given
above below possible important visible moving static what where when how why which who do does will can should
must may have has would could English language format style JSON list time order second seconds rule rules
task role step input result example
"""
WORDS = _WORD_LIST.split()
_LEAD = re.compile(r"\bin\s+this\s+video\b", re.IGNORECASE)
_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/#*<>{}\"'()éüß"


def wants_lead(prompt: str) -> bool:
    """Whether the right summary begins with "In this video": if the prompt contains these words, in any case."""
    return _LEAD.search(prompt) is not None


def salad(rng: random.Random, length: int) -> str:
    """A text of `length` random, meaningless words, some of them not even words."""
    words = []
    for _ in range(length):
        word = rng.choice(WORDS) if rng.random() > 0.06 else "".join(rng.choices(_SIGNS, k=rng.randint(1, 8)))
        if rng.random() < 0.12:
            word += rng.choice((".", ",", ":", "?", "!", ";", ".\n", "\n-"))
        words.append(word)
    text = " ".join(words).replace("\n ", "\n")
    return text[:1].upper() + text[1:] + rng.choice(("", ".", "?", ":"))


def frame_prompt(rng: random.Random, long: bool) -> str:
    """A prompt, long or short, asking for the caption of one image."""
    if long:
        return (
            HOUSE_FRAME
            if rng.random() < 0.4
            else rng.choice(FRAME_PROMPTS)
            if rng.random() < 0.3
            else salad(rng, rng.randint(10, 40))
        )
    kind = rng.random()
    if kind < 0.2:
        return rng.choice((EASYANIMATE_FRAME, "Please describe this image in detail."))
    return rng.choice(FRAME_PROMPTS[:-1]) if kind < 0.5 else salad(rng, rng.randint(1, 10))


def show_captions(rng: random.Random, captions: Sequence[str]) -> str:
    """The captions of a clip's frames in one of many layouts; the house layout is the likeliest."""
    if len(captions) == 1 and rng.random() < 0.8:
        return captions[0]
    if rng.random() < 0.1:
        return str(list(captions))
    start, step = (
        rng.uniform(0, 3) if rng.random() < 0.8 else rng.uniform(0, 400),
        rng.choice((0.3, 1, 3, 20)) * rng.uniform(0.5, 1.5),
    )
    times = [start + step * k for k in range(len(captions))]
    if rng.random() < 0.4:
        return "\n".join(
            f"Frame {k} ({t:.2f} s): {text}" for k, (t, text) in enumerate(zip(times, captions, strict=True), 1)
        )
    offset = 1 if rng.random() < 0.8 else 0
    layout = rng.choice(
        ("frame {k}: ", "Frame {k}: ", "{k}. ", "[{t:.1f}s] ", "{t:.2f}: ", "- ", "", "Frame {k} ({t:.2f} s): ")
    )
    lines = [layout.format(k=k + offset, t=t) + text for k, (t, text) in enumerate(zip(times, captions, strict=True))]
    text = rng.choice(("\n", "\n", " ", "\n\n")).join(lines)
    return text.lower() if rng.random() < 0.15 else text


def house_layout(times: Sequence[float], captions: Sequence[str]) -> str:
    """The captions as the captioner shows them to the text model by default; times in seconds."""
    if len(captions) == 1:
        return captions[0]
    return "\n".join(
        f"Frame {k} ({t:.2f} s): {text}" for k, (t, text) in enumerate(zip(times, captions, strict=True), 1)
    )


def respace(rng: random.Random, text: str) -> str:
    """The text with some of its single spaces turned into line breaks or several spaces, as in indented code."""
    gap = rng.choice(("\n", "  ", "\n    ", " \n"))
    often = rng.choice((0.03, 0.1, 0.3))
    return "".join(gap if sign == " " and rng.random() < often else sign for sign in text)


def summary_prompt(rng: random.Random, captions: Sequence[str]) -> tuple[str, int, int]:
    """A prompt asking for the summary of a clip: the text, and where in it the captions begin and end.

    About half of the prompts ask for the lead (see `wants_lead`).
    """
    shown, lead, kind = show_captions(rng, captions), rng.random() < 0.5, rng.random()
    if kind < 0.32:
        template = EASYANIMATE_SUMMARY if lead else HOUSE_SUMMARY
        if lead and rng.random() < 0.4:
            template = respace(rng, template)
    else:
        opening = (
            rng.choice(SUMMARY_OPENINGS)
            if kind < 0.66
            else salad(rng, rng.randint(3, 14) if rng.random() < 0.8 else rng.randint(14, 50))
        )
        ending = rng.choice(SUMMARY_ENDINGS) if rng.random() < 0.8 else salad(rng, rng.randint(2, 10))
        parts = [opening, "{captions}", ending]
        if rng.random() < 0.15:  # the captions come first
            parts = ["{captions}", opening, ending]
        if lead:
            parts.insert(rng.choice((1, len(parts))), rng.choice(LEAD_REQUESTS))
        template = rng.choice(("\n", " ", "\n\n")).join(part for part in parts if part)
    before, _, after = template.partition("{captions}")
    return before + shown + after, len(before), len(before) + len(shown)
