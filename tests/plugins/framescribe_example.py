"""An engine that counts what it is shown, and a strategy of two stages whose first makes JSON of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from framescribe.engines.base import ChatRequest, Engine, ImagePart, Message, Reply, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.engines.prompt_size import PromptSize
from framescribe.frames.sampling import Sampling
from framescribe.strategies.base import CAPTION, Context, Output, Stage, Strategy


class CountingEngine(Engine):
    """Answers with the number of pictures and the words that it was asked."""

    name = "counting"
    wants = "png"

    def __init__(self, model: str) -> None:
        self.model = model

    @classmethod
    def made(
        cls, choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path
    ) -> CountingEngine:
        return cls(choice.model or "fingers")

    async def open(self) -> None:
        pass

    async def complete(self, request: ChatRequest) -> Reply:
        await asyncio.sleep(0)
        words = " ".join(
            part.text for message in request.messages for part in message.parts if isinstance(part, TextPart)
        )
        return Reply(text=f"{len(request.images)}|{words}", finish_reason="stop", prompt_tokens=3, completion_tokens=1)

    async def close(self) -> None:
        pass

    @property
    def concurrency(self) -> int:
        return 4

    def describe(self) -> str:
        return f"{self.model}, counting"


class Look(Stage):
    """Shows the first and the last frame, each size twice; its result is JSON that only the next stage reads."""

    name = "look"
    model = "looking model"
    sees = True
    prompt = "clip"

    def requests(self, sampling: Sampling) -> int:
        return 2

    def ingredients(self, choice: ModelChoice) -> dict[str, Any]:
        return {"looks": 2}

    async def run(self, context: Context) -> Output:
        said = []
        for pixels in (None, 64 * 64):
            clip = await context.clip(max_pixels=pixels)
            parts = (*(ImagePart(frame.image) for frame in clip.frames), TextPart(context.prompt))
            request = ChatRequest(messages=(Message(role="user", parts=parts),), decoding=context.decoding)
            said.append((await context.complete(request)).text)
        return Output(value={"said": said}, flags=("looked_twice",))


class Tell(Stage):
    """Tells what was seen."""

    name = "tell"
    model = "telling model"
    after = ("look",)
    prompt = "summary"

    async def run(self, context: Context) -> Output:
        seen = context.earlier["look"].value["said"]
        request = ChatRequest(
            messages=(Message(role="user", parts=(TextPart(f"{context.prompt} {'; '.join(seen)}"),)),),
            decoding=context.decoding,
        )
        return Output(caption=await context.ask(request, CAPTION, "the tale"))


class LookThenTell(Strategy):
    name = "look-then-tell"
    help = "the first and the last frame are looked at twice"
    stages = (Look(), Tell())
    sampling = {"method": "uniform", "frames": 2}  # noqa: RUF012
