"""Has a model describe a clip as one JSON object, from all frames in one request, then writes the caption from that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from framescribe.engines.base import ChatRequest, Message, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.errors import BadReply
from framescribe.prompts import fill
from framescribe.records import VideoInfo
from framescribe.strategies.base import CAPTION, Context, Output, Stage, Strategy, seconds
from framescribe.strategies.form import NOT_SURE, Form, written
from framescribe.strategies.whole_clip import FRAMES, Whole, WholeClip, ask_of_all

STRUCTURE = "structure"  # as the flags about it begin


def _text(letters: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": letters}


def _list(of: Mapping[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": of, "maxItems": most}


def _one_of(values: str) -> dict[str, Any]:
    return {"type": "string", "enum": [*values.split(", "), NOT_SURE]}


def _object(**fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


# In the words of the prompt "structured", and in its order.
SCHEMA = _object(
    subjects=_list(_object(what=_text(60), appearance=_text(400), action=_text(400), place=_text(200)), 5),
    setting=_text(400),
    light=_text(200),
    style=_text(200),
    actions=_list(_text(300), 20),
    shot_size=_one_of(
        "extreme close-up, close-up, medium close-up, medium shot, medium wide shot, wide shot, extreme wide shot"
    ),
    angle=_one_of("level, low angle, high angle, overhead, tilted"),
    height=_one_of("ground level, knee level, hip level, shoulder level, eye level, aerial"),
    camera=_object(
        movement=_one_of("static, pan, tilt, roll, zoom, dolly, truck, pedestal, orbit, tracking, handheld, several"),
        direction=_one_of("left, right, up, down, in, out, clockwise, counterclockwise, none"),
        speed=_one_of("slow, moderate, fast, none"),
    ),
    text=_list(_text(200), 20),
)
FORM = Form(SCHEMA, verbatim=("text",))


class Structure(Whole):
    """One JSON object from all frames in one request."""

    name = "structure"
    preset = "structured"
    form = FORM

    def ingredients(self, choice: ModelChoice) -> dict[str, Any]:
        schema = hashlib.sha256(json.dumps(SCHEMA).encode()).hexdigest()[:16]
        return {**super().ingredients(choice), "schema": schema}

    def values(self, result: Any) -> Mapping[tuple[str, int | None], Any]:
        return {(STRUCTURE, None): result}

    async def run(self, context: Context) -> Output:
        said, frames, flags = await ask_of_all(await context.clip(), context, STRUCTURE, "the clip", form=FORM)
        value = FORM.read(said)
        if not told(value):  # a caption would be made up
            raise BadReply("the model's answer for the clip says nothing: every field is empty or not sure")
        return Output(value=value, frames=frames, flags=flags)


class Summary(Stage):
    """One caption from that object."""

    name = "summary"
    model = "summary model"
    after = ("structure",)
    told = True
    prompt = "summary"
    preset = "structured"

    async def run(self, context: Context) -> Output:
        structure = context.earlier["structure"]
        return await summarize(structure.value, len(structure.frames or ()), context.info, context)


class Structured(Strategy):
    name = "structured"
    help = "a model sees all frames at once and fills in a form, then one caption is written from that"
    stages = (Structure(), Summary())
    sampling = {"method": "uniform", "frames": FRAMES}  # noqa: RUF012
    max_pixels = WholeClip.max_pixels


async def summarize(value: Mapping[str, Any], frames: int, info: VideoInfo | None, context: Context) -> Output:
    """One caption for the video, from what is known of it."""
    known = written(told(value))
    values = {
        **context.metadata,
        "captions": known,
        "frame_count": frames,
        "duration": seconds(info.duration if info else None),
    }
    prompt = context.prompt if "{captions}" in context.prompt else context.prompt + "\n\n{captions}"
    message = Message(role="user", parts=(TextPart(fill(prompt, values)),))
    request = ChatRequest(messages=(message,), decoding=context.decoding)
    return Output(caption=await context.ask(request, CAPTION, "the summary", made_from=[known]))


def told(value: Any) -> Any:
    """The value without what is empty, unsure or none."""
    if isinstance(value, Mapping):
        kept = {name: told(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in ("", [], {}, NOT_SURE, "none")}
    if isinstance(value, list):
        return [one for one in map(told, value) if one not in ("", [], {}, NOT_SURE)]
    return value
