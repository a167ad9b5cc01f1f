"""Knows how to find out whether a model sees: questions about drawn cards, and what wrong answers mean; knows no video.

Every card is a large shape on white, so that any model that sees can name its colour, including the built-in one.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw

from framescribe.engines.base import ChatRequest, Decoding, Engine, ImagePart, Message, Reply, TextPart
from framescribe.errors import BadReply, Refused, RunError, TooLong, VideoError

WIDTH, HEIGHT = 320, 240
DESCRIBE = "Describe this image."
SENTENCE = "Please look closely at everything that can be seen, and take your time before you answer. "
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (215, 30, 35),
    "orange": (250, 140, 20),
    "yellow": (248, 222, 30),
    "green": (30, 150, 55),
    "cyan": (30, 205, 215),
    "blue": (35, 70, 220),
    "purple": (125, 40, 165),
    "pink": (255, 130, 190),
}
RADIUS = 38  # pixels
_FINE = 4  # drawn larger and scaled down: PIL's own edges are not smooth


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one question showed: "ok", "odd" (captions may still be right) or "bad", and what usually causes it."""

    name: str
    verdict: Literal["ok", "odd", "bad"]
    text: str


def card(colour: str, shape: Literal["circle", "square"] = "circle", x: float = 0.5) -> np.ndarray:
    """RGB uint8 [240, 320, 3]: one large shape on white, centred at this fraction of the picture's width."""
    picture = Image.new("RGB", (_FINE * WIDTH, _FINE * HEIGHT), (250, 250, 250))
    left, top, reach = _FINE * (x * WIDTH - RADIUS), _FINE * (HEIGHT / 2 - RADIUS), 2 * _FINE * RADIUS
    brush = ImageDraw.Draw(picture)
    draw = brush.ellipse if shape == "circle" else brush.rectangle
    draw((left, top, left + reach, top + reach), fill=COLOURS[colour])
    return np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX))


@dataclass(frozen=True, slots=True)
class Subject:
    """A model that is asked as a run would ask it: with the same limit for its answers, which its thoughts count
    towards, and with pictures of at most so many pixels (None: any)."""

    engine: Engine
    decoding: Decoding = field(default_factory=Decoding)
    pixels: int | None = None

    def fitted(self, picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        if self.pixels is None or width * height <= self.pixels:
            return picture
        scale = math.sqrt(self.pixels / (width * height))
        size = (max(1, int(width * scale)), max(1, int(height * scale)))
        return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


async def ask(
    subject: Engine | Subject, text: str, *pictures: np.ndarray, max_tokens: int | None = None, schema: Any = None
) -> Reply:
    """Ask one question, with the pictures before the text; with another limit for the answer, if it is given."""
    subject = subject if isinstance(subject, Subject) else Subject(subject)
    shown = (ImagePart(subject.fitted(picture)) for picture in pictures)
    parts: tuple[ImagePart | TextPart, ...] = (*shown, TextPart(text))
    decoding = replace(subject.decoding, max_tokens=max_tokens) if max_tokens else subject.decoding
    return await subject.engine.complete(
        ChatRequest(messages=(Message(role="user", parts=parts),), decoding=decoding, schema=schema)
    )


def _names(text: str, colour: str) -> bool:
    return colour in text.lower()


async def colours(subject: Engine | Subject) -> Finding:
    """Three cards that differ in colour."""
    shown = ("red", "blue", "green")
    said = [reply.text for reply in await asyncio.gather(*(ask(subject, DESCRIBE, card(c)) for c in shown))]
    if len(set(said)) == 1:
        return Finding(
            name="colours",
            verdict="bad",
            text=f"it is blind: a red, a blue and a green circle are all {_short(said[0])!r}. The usual cause is "
            "a chat template without a place for pictures, or a text-only model: check --model and the server's "
            "--chat-template",
        )
    right = sum(_names(text, colour) for text, colour in zip(said, shown, strict=True))
    if right == len(shown):
        return Finding(name="colours", verdict="ok", text="names red, blue and green")
    if _names(said[0], "blue") and _names(said[1], "red"):
        return Finding(name="colours", verdict="bad", text="it mistakes red for blue: the channels are swapped (BGR)")
    return Finding(
        name="colours",
        verdict="odd",
        text=f"it sees, but named {right} of 3 colours; of the red circle it says {_short(said[0])!r}",
    )


async def places(subject: Engine | Subject) -> Finding:
    """Two cards that differ in the position of the shape."""
    said = await asyncio.gather(*(ask(subject, DESCRIBE, card("red", x=x)) for x in (0.17, 0.83)))
    left, right = (reply.text.lower() for reply in said)
    if left == right:
        return Finding(
            name="places",
            verdict="odd",
            text="it gives the same answer for left and right: pictures may reach it cropped or too small",
        )
    if "right" in left and "left" in right and "left" not in left:
        return Finding(name="places", verdict="bad", text="it mistakes left for right: pictures reach it mirrored")
    named = "left" in left and "right" in right
    return Finding(
        name="places",
        verdict="ok" if named else "odd",
        text="names left and right" if named else f"tells left from right, but does not say so: {_short(left)!r}",
    )


async def order(subject: Engine | Subject) -> Finding:
    """Two pictures in one prompt, in both orders."""
    cards = card("red"), card("blue", "square")
    question = "Describe the first image, then the second image."
    try:
        said = await asyncio.gather(ask(subject, question, *cards), ask(subject, question, *reversed(cards)))
    except Refused as error:
        return Finding(name="order", verdict="odd", text=f"it takes one picture per prompt: {error}")
    first, second = ([text.find("red"), text.find("blue")] for text in (reply.text.lower() for reply in said))
    if said[0].text == said[1].text:
        return Finding(
            name="order",
            verdict="odd",
            text="the order of two pictures makes no difference: send one picture per prompt",
        )
    if -1 in (*first, *second):
        return Finding(name="order", verdict="odd", text="it does not mention both pictures: send one per prompt")
    if first[0] < first[1] and second[1] < second[0]:
        return Finding(name="order", verdict="ok", text="tells the first picture from the second")
    return Finding(name="order", verdict="bad", text="it swaps the order of pictures: the server or template reorders")


async def long_prompt(subject: Engine | Subject) -> Finding:
    """A prompt of about 1,500 tokens with a picture."""
    try:
        reply = await ask(subject, SENTENCE * 90 + DESCRIBE, card("red"))
    except TooLong as error:
        return Finding(name="long prompt", verdict="odd", text=f"the context is small: {error}")
    named = _names(reply.text, "red")
    return Finding(
        name="long prompt",
        verdict="ok" if named else "odd",
        text="still sees with 1,500 tokens of text"
        if named
        else f"answers, but the picture is lost among 1,500 tokens of text: {_short(reply.text)!r}",
    )


async def length(subject: Engine | Subject) -> Finding:
    """An answer that must be longer than some servers' default of 16 or 20 tokens."""
    try:
        reply = await ask(subject, "Describe this image in three long sentences.", card("red"), max_tokens=96)
    except BadReply as error:  # thoughts count, too
        count, cut = error.usage.completion_tokens or None, False
    else:
        count, cut = reply.completion_tokens, reply.finish_reason == "length"
    if cut and count is not None and count < 90:
        return Finding(
            name="length",
            verdict="bad",
            text=f"it cuts answers at {count} tokens though 96 were allowed: the server ignores max_tokens",
        )
    if count is not None and count > 100:
        return Finding(name="length", verdict="bad", text=f"it wrote {count} tokens although only 96 were allowed")
    return Finding(name="length", verdict="ok", text="respects max_tokens")


async def schema(subject: Engine | Subject) -> Finding:
    """An answer that must be JSON."""
    wanted: dict[str, Any] = {
        "type": "object",
        "properties": {"colour": {"type": "string", "enum": list(COLOURS)}},
        "required": ["colour"],
        "additionalProperties": False,
    }
    try:
        reply = await ask(subject, 'Which colour is the circle? Answer as {"colour": …}.', card("red"), schema=wanted)
    except Refused as error:
        return Finding(name="JSON", verdict="odd", text=f"it accepts no schema: {error}")
    try:
        said = json.loads(reply.text)
    except ValueError:
        return Finding(name="JSON", verdict="odd", text=f"it ignores the schema: {_short(reply.text)!r} is not JSON")
    if not isinstance(said, dict) or list(said) != ["colour"] or said["colour"] not in COLOURS:
        return Finding(name="JSON", verdict="odd", text=f"it does not follow the schema: {_short(reply.text)!r}")
    return Finding(name="JSON", verdict="ok", text="follows a schema")


async def together(subject: Engine | Subject) -> Finding:
    """Eight pictures at once, twice."""
    shown = list(COLOURS) * 2
    said = [reply.text for reply in await asyncio.gather(*(ask(subject, DESCRIBE, card(c)) for c in shown))]
    alone = [(await ask(subject, DESCRIBE, card(colour))).text for colour in COLOURS]
    mixed = [
        colour
        for colour, text, own in zip(shown, said, alone * 2, strict=True)
        if text != own and _names(own, colour) and not _names(text, colour)
    ]
    if mixed:
        return Finding(
            name="together",
            verdict="bad",
            text=f"asked all at once, it is wrong about {len(mixed)} of {len(shown)} that it names one by one: "
            "answers are mixed up, or parallel requests disturb each other",
        )
    same = sum(text == own for text, own in zip(said, alone * 2, strict=True))
    return Finding(
        name="together",
        verdict="ok",
        text=f"{same} of {len(shown)} answers given at once equal those given alone, and none are mixed up",
    )


Question = Callable[[Engine | Subject], Awaitable[Finding]]
QUESTIONS: tuple[Question, ...] = (
    colours,
    places,
    order,
    long_prompt,
    length,
    schema,
    together,
)


async def examine(
    question: Question,
    engine: Engine,
    decoding: Decoding | None = None,
    pixels: int | None = None,
) -> Finding:
    """The finding of one question, asked as a run with this decoding would ask it, with pictures of at most `pixels`.
    An engine that fails on it is a finding, too. RunError if the engine is gone."""
    try:
        return await question(Subject(engine, decoding or Decoding(), pixels))
    except VideoError as error:
        return Finding(name=question.__name__.replace("_", " "), verdict="bad", text=str(error))


async def check_sight(
    engine: Engine,
    say: Callable[[str], None],
    *,
    model: str,
    sees: bool,
    writes: bool | None = None,
    decoding: Decoding | None = None,
    pixels: int | None = None,
) -> None:
    """Ask a run's engine about two pictures, where it `sees`, and for a sentence, where it `writes` from text alone
    (by default, where it does not see), as the run will ask it. RunError if it is blind or says nothing; `model` is
    what a person calls it there."""
    leave = "Skip this check with --no-preflight; `framescribe doctor` with the same options asks more questions."
    subject = Subject(engine, decoding or Decoding(), pixels)
    if sees:
        pictures = card("red"), card("blue", "square")
        try:
            said = await asyncio.gather(*(ask(subject, DESCRIBE, picture) for picture in pictures))
        except VideoError as error:
            raise RunError(
                f"before the run, the {model} was asked about a picture, and failed: {error}\n{leave}"
            ) from None
        first, second = (reply.text.strip() for reply in said)
        if not (first or second):
            raise RunError(f"the {model} gives an empty answer to a picture.\n{leave}")
        if first == second:
            raise RunError(
                f"the {model} is blind: a red circle and a blue square are both {_short(first)!r} to it. The usual "
                f"cause is a chat template without a place for pictures, or a text-only model.\n{leave}"
            )
        if not (_names(first, "red") and _names(second, "blue")):
            say(f"note: of a red circle, the {model} says {_short(first)!r}; of a blue square, {_short(second)!r}")
    if writes or (writes is None and not sees):
        question = "Make one sentence of this: A large red circle is in the center, on a white background."
        try:
            reply = await ask(subject, question)
        except VideoError as error:
            raise RunError(
                f"before the run, the {model} was asked for a sentence, and failed: {error}\n{leave}"
            ) from None
        if not reply.text.strip():
            raise RunError(f"the {model} gives an empty answer.\n{leave}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
