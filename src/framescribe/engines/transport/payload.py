"""Knows how a request is written for OpenAI's chat API: messages, pictures, parameters; sends nothing."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart, VideoPart
from framescribe.frames.encode import encode
from framescribe.records import EncodedImage

CLOCK = 1000  # positions per second for a video's frames
_HERE = uuid.uuid4().hex  # stands for a picture in JSON; no text can know it


@dataclass(frozen=True, slots=True, eq=False)
class _Pictures:
    """A data: URL, whose base64 is only made when it is sent."""

    media: str
    images: tuple[EncodedImage, ...]


async def body(
    request: ChatRequest, model: str | None, image_format: Literal["jpeg", "png"], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The request as JSON, but for its pictures: see `pieces`. Pixels are encoded in another thread."""
    video, encoded = None, True
    for part in (part for message in request.messages for part in message.parts):
        if isinstance(part, ImagePart):
            encoded = encoded and isinstance(part.image, EncodedImage)
        elif isinstance(part, VideoPart):
            video, encoded = part, encoded and all(isinstance(frame, EncodedImage) for frame in part.frames)
    if encoded:
        messages = [_with_images(message, image_format) for message in request.messages]
    else:
        messages = await asyncio.to_thread(
            lambda: [_with_images(message, image_format) for message in request.messages]
        )
    written: dict[str, Any] = {"model": model, "messages": messages, **_decoding(request.decoding), **extra}
    if video is not None:
        written["media_io_kwargs"] = {"video": _as_sampled(video)}
    if request.schema is not None:
        form = {"name": "answer", "schema": request.schema, "strict": True}
        written["response_format"] = {"type": "json_schema", "json_schema": form}
    return written


def pieces(body: Mapping[str, Any]) -> list[bytes | EncodedImage]:
    """The body as it is sent: JSON, a picture, JSON, and so on; each picture stands for its base64."""
    pictures = list(_pictures(body["messages"]))
    first, *others = _as_json(body).split(_HERE)
    written = list[bytes | EncodedImage]()
    before = first
    for shown, after in zip(pictures, others, strict=True):
        before += f"data:{shown.media};base64,"
        for image in shown.images:
            written += [before.encode(), image]
            before = ","
        before = after
    return [*written, before.encode()]


def _pictures(messages: Iterable[Mapping[str, Any]]) -> Iterator[_Pictures]:
    for message in messages:
        for part in message["content"] if isinstance(message["content"], list) else ():
            if isinstance(shown := part.get(part.get("type")), dict):
                yield shown["url"]


def _place_of(value: object) -> str:
    assert isinstance(value, _Pictures)
    return _HERE


_as_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_place_of).encode


def _decoding(decoding: Decoding) -> dict[str, Any]:
    """Only what matters is sent: a greedy answer draws nothing, and top_p 1 excludes nothing."""
    greedy = decoding.temperature == 0
    return {
        "max_tokens": decoding.max_tokens,
        "temperature": decoding.temperature,
        **({} if greedy or decoding.top_p == 1 else {"top_p": decoding.top_p}),
        **({} if greedy else {"seed": decoding.seed}),
    }


def _with_images(message: Message, image_format: Literal["jpeg", "png"]) -> dict[str, Any]:
    if all(isinstance(part, TextPart) for part in message.parts):
        return _plain(message)
    parts: list[dict[str, Any]] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            parts.append({"type": "text", "text": part.text})
        elif isinstance(part, ImagePart):
            image = _encoded(part.image, image_format)
            parts.append({"type": "image_url", "image_url": {"url": _Pictures(f"image/{image.format}", (image,))}})
        else:
            parts.append({"type": "video_url", "video_url": {"url": _video(part)}})
    return {"role": message.role, "content": parts}


def _plain(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": "\n".join(part.text for part in message.parts if isinstance(part, TextPart)),
    }


def _video(video: VideoPart) -> _Pictures:
    """Frames in the form in which vLLM accepts a video that is already decoded."""
    return _Pictures("video/jpeg", tuple(_encoded(frame, "jpeg") for frame in video.frames))


def _encoded(image: np.ndarray | EncodedImage, image_format: Literal["jpeg", "png"]) -> EncodedImage:
    return image if isinstance(image, EncodedImage) else encode(image, image_format)


def _as_sampled(video: VideoPart) -> dict[str, Any]:
    """What vLLM must know about these frames. Positions are milliseconds, so that models which compute a frame's time
    as position / fps get the time at which it is shown, even at a variable frame rate. Without `num_frames` -1, vLLM
    would silently drop all frames after the 32nd."""
    positions = [round(time * CLOCK) for time in video.times]
    return {
        "fps": CLOCK,
        "frames_indices": positions,
        "total_num_frames": max(round(video.duration * CLOCK), positions[-1] + 1),
        "duration": video.duration,
        "num_frames": -1,
        "do_sample_frames": False,
    }
