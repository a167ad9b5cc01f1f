"""Knows how a model is asked to judge: each question once, in a form that can be checked, counted and kept; knows no
metric and no formula."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framescribe import prompts
from framescribe.checks.base import Circumstances
from framescribe.checks.judge import Checks
from framescribe.engines.base import ChatRequest, Decoding, Engine, Message, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.engines.factory import make_engine
from framescribe.engines.sight import check_sight
from framescribe.errors import UserError
from framescribe.frames.memory import FrameMemory
from framescribe.frames.pool import DecoderPool
from framescribe.frames.sampling import Sampling
from framescribe.machine import cpus
from framescribe.records import Clip, Video
from framescribe.runs.budget import Budget, Tab
from framescribe.runs.counted import Counted
from framescribe.runs.meter import Meter
from framescribe.runs.recipe import drawn
from framescribe.scoring.judgements import Judgements
from framescribe.strategies.asking import Asking, Gate
from framescribe.strategies.base import Context
from framescribe.strategies.form import Form
from framescribe.strategies.hope import Hope
from framescribe.strategies.whole_clip import Whole, WholeClip, ask_of_all

JUDGE = "judge"
FRAMES = 8  # of a clip, however many either caption was made from
NEEDED: Mapping[str, tuple[str, ...]] = {
    "events": ("text",),
    "relations": ("text", "list"),
    "questions": ("text",),
    "answers": ("text", "list"),
    "grades": ("list",),
    "pair": ("first", "second"),
}
"""The prompts, and which placeholders each cannot do without."""
# An answer that is not of its form is asked for again, each time another way; no words are judged.
_GATE = Gate(checks=Checks(()), mend=True, caption=Circumstances(), step=Circumstances(), digest="")


def prompts_in(given: Mapping[str, str]) -> dict[str, str]:
    """The judge's prompts by name, some of them `given`: as text or @file. UserError for a name that does not exist, or
    for a prompt without what it is about."""
    for name in given:
        if name not in NEEDED:
            raise UserError(f"there is no judge's prompt called {name!r}. There are: {', '.join(NEEDED)}.")
    texts = {name: prompts.load(given.get(name, name), "judge") for name in NEEDED}
    for name, text in texts.items():
        prompts.check(text, "judge", (), f"the judge's prompt {name}")
        for needed in NEEDED[name]:
            if f"{{{needed}}}" not in text:
                raise UserError(f"the judge's prompt {name} does not say where {{{needed}}} stands")
    return texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How many frames of a clip a judge sees, evenly spread, and how many pixels each has at most."""

    frames: int = FRAMES
    max_pixels: int = WholeClip.max_pixels

    @property
    def sampling(self) -> Sampling:
        return Sampling(method="uniform", frames=self.frames, salvage=True)


class Judge:
    """`async with` it, then ask as much at once as you like: engines batch or limit requests themselves. With `sight`,
    clips are shown. `logs`: the folder for the logs of servers that are started."""

    def __init__(
        self,
        choice: ModelChoice,
        kept: Judgements,
        *,
        decoding: Decoding,
        texts: Mapping[str, str] | None = None,
        budget: Budget | None = None,
        sight: Sight | None = None,
        logs: Path | None = None,
    ) -> None:
        self.choice, self.kept, self.sight = choice, kept, sight
        self.budget, self.meter = budget or Budget(), Meter([JUDGE])
        self._decoding, self._texts = decoding, texts or prompts_in({})
        self._logs, self._hope = logs or Path("framescribe-logs"), Hope()
        self._made_by: dict[str, Any] = {}
        self._engine: Engine | None = None
        self._pool: DecoderPool | None = None
        self._memory = FrameMemory(min(8, cpus()))

    async def __aenter__(self) -> Judge:
        self.budget.check([self.choice.model])
        largest, seen = None, self.sight
        if seen is not None:
            largest = Whole().largest(seen.sampling, seen.max_pixels, self.choice, self._decoding.max_tokens)
        self._made_by = self.choice.ingredients()
        self._engine = make_engine(self.choice, prompt=largest, beside=[self.choice], logs=self._logs)
        try:
            await self._engine.open()
            if seen is not None:
                self._pool = DecoderPool(self._memory.decoders)
        except BaseException:  # also Ctrl-C: a server that was started must not stay
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Release the model and the decoders."""
        if self._pool is not None:
            await asyncio.to_thread(self._pool.close)
        if self._engine is not None:
            await self._engine.close()

    async def refuse_blind(self, say: Any) -> None:
        """RunError if the model does not see."""
        assert self._engine is not None and self.sight is not None
        await check_sight(
            self._engine,
            say,
            model="judge",
            sees=True,
            decoding=self._decoding,
            pixels=self.sight.max_pixels,
        )

    @property
    def at_once(self) -> int:
        """How many clips keep the model busy; it may change."""
        assert self._engine is not None
        return 2 * self._engine.concurrency

    async def ask(self, tab: Tab, name: str, values: Mapping[str, object], form: Form) -> dict[str, Any]:
        """The answer to the prompt of this name, which is about texts alone. VideoError if there is none of that form;
        what it costs goes on the clip's `tab`."""
        text = prompts.fill(self._texts[name], values)
        key = self._key(name, text, form)
        if (answer := self.kept.find(key)) is not None:
            return answer
        asking = self._asking(tab)
        request = ChatRequest(
            messages=(Message(role="user", parts=(TextPart(text),)),), decoding=self._decoding, schema=form.schema
        )
        said = await asking(request, name, f"the judge's prompt {name}", form=form)
        return self._kept(key, name, form.read(said), {})

    async def look(self, tab: Tab, video: Video, name: str, values: Mapping[str, object], form: Form) -> dict[str, Any]:
        """The same with the clip's frames before the prompt. VideoError, too, if the clip cannot be decoded."""
        assert self._pool is not None and self._engine is not None and self.sight is not None
        engine, pool, seen = self._engine, self._pool, self.sight
        text = prompts.fill(self._texts[name], values)
        shown = [video.place, video.size, video.stamp, seen.sampling.ingredients, seen.max_pixels]
        key = self._key(name, text, form, shown)
        if (answer := self.kept.find(key)) is not None:
            return answer
        decode = lambda: pool.sample(  # noqa: E731
            video.path, seen.sampling, key=video.id, max_pixels=seen.max_pixels, form=engine.wants
        )
        async with self._memory.clip(decode) as clip:

            async def same(*_: object, **__: object) -> Clip:
                return clip

            asking = self._asking(tab)
            context = Context(
                prompt=self._texts[name],
                decoding=self._decoding,
                metadata=values,
                info=clip.info,
                earlier={},
                ask=asking,
                complete=self._counted(tab).asked(engine, self.choice).complete,
                clip=same,
                takes_video=engine.takes_video,
                id=video.id,
            )
            said, _, _ = await ask_of_all(clip, context, name, "the pair", form=form)
        return self._kept(key, name, form.read(said), {"id": video.id})

    def _counted(self, tab: Tab) -> Counted:
        return Counted(self, JUDGE, tab)

    def _asking(self, tab: Tab) -> Asking:
        assert self._engine is not None
        return Asking(_GATE, self._counted(tab).asked(self._engine, self.choice), hope=self._hope)

    def _key(self, name: str, text: str, form: Form, shown: object = None) -> str:
        depends = [name, text, form.schema, self._made_by, drawn(self._decoding), shown]
        return hashlib.sha256(
            json.dumps(depends, sort_keys=True, default=str).encode(errors="surrogatepass")
        ).hexdigest()

    def _kept(self, key: str, name: str, answer: dict[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
        self.kept.keep(key, answer, {"prompt": name, "judge": self.choice.model, **about})
        return answer
