"""Knows rows that hold more than a caption, as runs write them: steps, fields, lengths, segments, and what was mended;
tests nothing. Their clips are films of numbered frames, 25 a second."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from framescribe.frames.files import fingerprint_of
from framescribe.records import FrameCaption, Row, VideoInfo, caption_hash
from tests.videos import film

FIRST = "A small green square at the bottom left and a large pink circle at the top right of a grey background."
STEPS: list[dict[str, Any]] = [
    {
        "index": 12,
        "time": 0.48,
        "changed": ["The small green square moves from the bottom left to the center."],
        "present": ["a small green square at the center", "a large pink circle at the top right"],
    },
    {"index": 24, "time": 0.96, "changed": []},
    {"index": 36, "time": 1.44, "same_as": 24},
    {
        "index": 48,
        "time": 1.92,
        "changed": ["In this frame, the large pink circle grows."],
        "camera": "pans slowly to the left",
        "present": ["a small green square at the center", "a very large pink circle at the top right"],
    },
]
STEP_CHECKED = {
    "text": "step",
    "frame": 48,
    "before": ["frame_talk", "speculation"],
    "found": [{"check": "frame_talk", "start": 0, "end": 13, "what": "“In this frame”", "field": "changed[0]"}],
    "by": "asked",
    "tries": [
        {
            "text": '{"changed": ["In the second frame the circle perhaps grows."], "present": []}',
            "found": ["frame_talk", "speculation"],
            "prompt_tokens": 700,
            "completion_tokens": 21,
        },
        {
            "changed": {"instruction": "Do not write “second frame”."},
            "text": json.dumps({name: STEPS[3][name] for name in ("changed", "camera", "present")}),
            "found": ["frame_talk"],
            "prompt_tokens": 712,
            "completion_tokens": 18,
        },
    ],
}
FIELDS = {
    "subjects": [
        {
            "what": "square",
            "appearance": "small, green",
            "action": "moves from the bottom left to the center",
            "place": "at the bottom left",
        },
        {"what": "circle", "appearance": "large, pink", "action": "stays still", "place": "at the top right"},
    ],
    "setting": "a grey background",
    "light": "not sure",
    "style": "drawn",
    "actions": ["The small green square moves from the bottom left to the center.", "Overall, it is calm."],
    "shot_size": "wide shot",
    "angle": "not sure",
    "height": "not sure",
    "camera": {"movement": "pan", "direction": "left", "speed": "slow"},
    "text": ["EXIT 9"],
}
FIELDS_CHECKED = {
    "text": "structure",
    "before": ["malformed"],
    "found": [
        {"check": "boilerplate_ending", "start": 0, "end": 19, "what": "the sentence sums up", "field": "actions[1]"}
    ],
    "by": "asked",
    "tries": [
        {"text": '{"subjects": [{"what": "squ', "finish_reason": "length", "found": ["malformed"],
         "prompt_tokens": 900, "completion_tokens": 64},
        {"changed": {"max_tokens": 256}, "text": json.dumps(FIELDS), "found": ["boilerplate_ending"],
         "prompt_tokens": 900, "completion_tokens": 180},
    ],
}  # fmt: skip
MEDIUM = (
    "A small green square moves from the bottom left to the center, and a large pink circle stays at the top right."
)
SHORT = "A green square moves and a pink circle stays."
LONG = f"{MEDIUM} The background is a plain grey. At the end, both shapes stand still beside each other."
SHORT_CHECKED = {
    "text": "short",
    "before": ["too_long"],
    "by": "asked",
    "tries": [
        {"text": MEDIUM, "found": ["too_long"], "prompt_tokens": 200, "completion_tokens": 30},
        {"changed": {"instruction": "Write at most 9 words."}, "text": SHORT, "found": [], "prompt_tokens": 208,
         "completion_tokens": 11},
    ],
}  # fmt: skip
SEGMENTS: list[dict[str, Any]] = [
    {"start": 0.0, "end": 2.0, "first_frame": 0, "last_frame": 49, "caption": "A blue triangle enters from the left."},
    {
        "start": 2.0,
        "end": 4.0,
        "first_frame": 50,
        "last_frame": 99,
        "caption": "The image shows that it turns.",
    },
    {"start": 4.0, "end": 6.0, "first_frame": 100, "last_frame": 149, "caption": "It leaves past a zebra crossing."},
]
SEGMENT_CHECKED = {
    "text": "caption",
    "segment": 1,
    "before": ["boilerplate_opening"],
    "found": [{"check": "boilerplate_opening", "start": 0, "end": 15, "what": "“The image shows”"}],
}
DUPLICATE = {
    "text": "caption",
    "before": ["duplicate"],
    "by": "asked",
    "tries": [
        {"text": "A blue triangle moves.", "found": ["duplicate"], "prompt_tokens": 0, "completion_tokens": 0},
        {"changed": {"temperature": 0.7}, "text": "A blue triangle enters, turns, and leaves.", "found": [],
         "prompt_tokens": 640, "completion_tokens": 12},
    ],
}  # fmt: skip


MOVES: list[dict[str, Any]] = [
    {"label": "pan_left", "amount": 0.3, "unit": "widths", "speed": 0.25, "margin": 3.1, "spans": [[0.1, 1.1]]},
    {"label": "zoom_in", "amount": 1.05, "unit": "times", "speed": 0.04, "margin": 0.7, "spans": [[0.4, 1.0]]},
    {"label": "static", "amount": None, "unit": None, "speed": None, "margin": 4.0, "spans": [[1.2, 2.0]]},
]
SHOTS: list[dict[str, Any]] = [
    {"start": 0.0, "end": 1.2, "moves": MOVES[:1], "maybe": MOVES[1:2], "visible": 0.9, "confidence": 0.8},
    {"start": 1.2, "end": 2.0, "moves": MOVES[2:], "maybe": [], "visible": 0.9, "confidence": 0.9},
]
FACTS: dict[str, Any] = {
    "cuts": {"version": 1, "cuts": [1.2], "fades": [], "shots": 2, "confidence": 0.9},
    "camera": {"version": 1, "shots": SHOTS, "said": "pan left, then static"},
    "borders": {"version": 1, "left": 0.0, "right": 0.0, "top": 0.125, "bottom": 0.125, "confidence": 0.9},
    "sharpness": {"version": 1, "cannot_tell": True},
    "overlay": {"version": 9, "static": "of another version"},
}


def sliding(folder: Path) -> Row:
    """Four steps: something moves, nothing changes, nobody was asked, the camera moves (and a fault is left)."""
    frames = [FrameCaption(index=0, time=0.0, caption=FIRST)]
    frames += [FrameCaption(index=step["index"], time=step["time"], caption=None) for step in STEPS]
    stages = {
        "first": {"fills": ["frames"]},
        "steps": {"output": {"steps": STEPS}, "checked": [STEP_CHECKED], "flags": ["step_frame_talk"]},
        "summary": {"fills": ["caption"]},
    }
    return _row(folder / "sliding.mp4", 50, MEDIUM, stages, frames=frames, flags=["step_frame_talk"])


def structured(folder: Path) -> Row:
    """All fields, three of them not sure, one with a fault; the first answer was no JSON."""
    stages = {
        "structure": {
            "fills": ["frames"],
            "output": FIELDS,
            "checked": [FIELDS_CHECKED],
            "flags": ["structure_boilerplate_ending"],
        },
        "summary": {"fills": ["caption"]},
    }
    frames = [FrameCaption(index=index, time=index / 25, caption=None) for index in (0, 24, 48)]
    flags = ["structure_boilerplate_ending"]
    return _row(folder / "structured.mp4", 50, MEDIUM, stages, frames=frames, flags=flags)


def measured(folder: Path) -> Row:
    """Two shots, bars, one measure that cannot tell, and one in a shape that nobody knows."""
    stages = {"measure": {"output": FACTS}, "clip": {"fills": ["frames", "caption"]}}
    return _row(folder / "measured.mp4", 50, MEDIUM, stages, frames=[FrameCaption(index=0, time=0.0, caption=None)])


def verified(folder: Path) -> Row:
    """Three claims of the caption, one of each verdict, and one that was cut out of the caption before."""
    claims = [
        {"kind": "object", "statement": "There is a small green square.", "verdict": "supported", "frames": [0, 48]},
        {"kind": "action", "statement": "The square moves to the center.", "verdict": "undecided"},
        {"kind": "place", "statement": "A circle is at the top right.", "verdict": "contradicted", "frames": [48]},
    ]
    wrong = [{"kind": "colour", "statement": "There is a red star.", "verdict": "contradicted", "mended": "cut"}]
    value = {"support": 0.3333, "about": caption_hash(MEDIUM), "claims": claims, "wrong": wrong}
    stages = {"clip": {"fills": ["frames", "caption"]}, "verify": {"output": value}}
    frames = [FrameCaption(index=index, time=index / 25, caption=None) for index in (0, 24, 48)]
    return _row(folder / "verified.mp4", 50, MEDIUM, stages, frames=frames)


def of_lengths(folder: Path) -> Row:
    """Three lengths, of which the shortest was asked for twice."""
    stages = {
        "clip": {"fills": ["frames", "caption"]},
        "lengths": {"output": {"short": SHORT, "medium": MEDIUM, "long": LONG}, "checked": [SHORT_CHECKED]},
    }
    frames = [FrameCaption(index=index, time=index / 25, caption=None) for index in (0, 24, 48)]
    return _row(folder / "lengths.mp4", 50, LONG, stages, frames=frames)


def segmented(folder: Path) -> Row:
    """Three segments of two seconds, one with a fault; the caption was a duplicate at first."""
    frames = [
        FrameCaption(index=at * 50 + 20, time=at * 2 + 0.8, caption=f"A triangle in part {at + 1}.") for at in range(3)
    ]
    bare = [{name: value for name, value in one.items() if name != "caption"} for one in SEGMENTS]
    stages = {
        "frames": {"segment": 2.0, "fills": ["frames"], "output": {"segments": bare}},
        "summary": {"segment": 2.0, "output": {"segments": SEGMENTS}, "checked": [SEGMENT_CHECKED]},
        "timeline": {"fills": ["caption"], "checked": [DUPLICATE]},
    }
    caption = "A blue triangle enters, turns, and leaves."
    flags = ["segment_caption_boilerplate_opening"]
    return _row(folder / "segments.mp4", 150, caption, stages, frames=frames, flags=flags)


def _row(
    path: Path,
    count: int,
    caption: str,
    stages: Mapping[str, Mapping[str, Any]],
    *,
    frames: Sequence[FrameCaption],
    flags: Sequence[str] = (),
) -> Row:
    film(path, frames=count, options={"bf": "0"})
    return Row(
        id=path.name,
        video_path=str(path),
        caption=caption,
        status="flagged" if flags else "ok",
        frames=tuple(frames),
        video=VideoInfo(duration=count / 25, fps=25.0, width=128, height=64, codec="h264", frames=count),
        flags=tuple(flags),
        provenance={
            "schema": 2,
            "version": "0.2.0",
            "file": {"fingerprint": fingerprint_of(str(path))},
            "stages": {
                name: {"fingerprint": name, "engine": "openai", "model": "tiny", "attempts": 1, **made}
                for name, made in stages.items()
            },
        },
        size=path.stat().st_size,
    )
