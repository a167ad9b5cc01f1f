"""Asks once more, from the frames, for captions that say the same as another clip's, and decides which of the two texts
stands; finds none itself (`duplicates`), and opens no model."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from framescribe.records import Row, Video
from framescribe.results.rows import Results, marked
from framescribe.results.todos import Todo, Way
from framescribe.runs import duplicates
from framescribe.runs.captions import Captions, Redraws
from framescribe.runs.driver import LOOK_SECONDS, drive
from framescribe.runs.duplicates import Compared, ToAsk
from framescribe.runs.kept import DUPLICATE
from framescribe.runs.recipe import Recipe
from framescribe.runs.report import Report
from framescribe.strategies import ladder
from framescribe.strategies.asking import ASKED
from framescribe.strategies.base import CAPTION
from framescribe.strategies.hope import HOPELESS

LATEST = 50  # captions of those that say the same, with which a new one is compared at once; in the end all are
SPENT = ("attempts", "prompt_tokens", "completion_tokens", "cost")


class SecondRound:
    """What becomes of such captions once every video has its row: `to_ask` and `ask`, where they are asked for again,
    then `mark`. `every_row`: also of rows that were finished before."""

    def __init__(self, recipe: Recipe, results: Results, say: Callable[[str], None], *, every_row: bool) -> None:
        self._recipe, self._results, self._say, self._every_row = recipe, results, say, every_row
        self._found: Compared | None = None

    def to_ask(self, videos: Sequence[Video]) -> list[ToAsk]:
        """Whose captions are asked for again."""
        if not duplicates.asked_for(self._recipe) or len(videos) > duplicates.MOST:
            return []
        self._found = self._compared(videos)
        if self._found is None:
            return []
        return duplicates.to_ask(self._found, self._recipe, videos, self._results, every_row=self._every_row)

    async def ask(
        self,
        captions: Captions,
        redraws: Redraws,
        videos: Sequence[Video],
        todo: Sequence[ToAsk],
        report: Report,
        stop: asyncio.Event,
    ) -> None:
        """Ask again for these captions, with the open `captions`, which are `redraws`, too, and keep what comes of it,
        until `stop`, the end of the budget, or until it has been in vain too often: the others stay as they are."""
        results, say = self._results, self._say
        self._found = None  # they may say something else then
        again = _Again(self._recipe, videos, results, redraws, todo)
        say(f"captions that another one says too, or nearly, asked for again: {len(todo):,}")

        def room(under_way: int) -> int:
            admitted, why = report.budget.admits(captions.requests_a_video, under_way)
            if why:
                say(f"{why}: the other captions that say the same stay")
            return captions.in_flight if admitted and not again.lost else 0

        async with aclosing(drive(again.row, todo, room=room, stop=stop)) as rows:
            async for row in rows:
                if row is not None:
                    results.append(row)
                    report.asked_again(row)
        if again.lost:
            say(f"asking again for such captions never helped ({HOPELESS} videos): the others stay")
        if again.alike:
            say(f"of clips that look the same as the other one, which nobody is asked about: {again.alike:,}")
        say(f"captions that differ now: {again.better:,}")

    def mark(self, videos: Sequence[Video]) -> None:
        """Keep rows anew that say the same as another one, or no longer do."""
        found, count = self._found or self._compared(videos), 0
        try:
            for row in duplicates.remarked(found, videos, self._results) if found is not None else ():
                self._results.append(row)
                count += row.status == "flagged"
        finally:
            self._results.close()
        if count:
            self._say(f"videos with the same caption as another one, or nearly the same, flagged: {count:,}")

    def _compared(self, videos: Sequence[Video]) -> Compared | None:
        """Which captions say the same; None if they are not compared, or need not be again."""
        if not duplicates.looked_for(self._recipe) or not (self._every_row or self._results.unmarked()):
            return None
        if len(videos) > duplicates.MOST:
            self._say(
                f"among more than {duplicates.MOST:,} videos, captions that say the same are not looked for "
                "(framescribe check does it, set by set)"
            )
            return None
        return duplicates.compared(self._recipe, videos, self._results)


class _Again:
    """Gives each of the videos `todo` its row: with another caption if that one is better, else with its own;
    both say that it was asked for. `better` counts the former. A failure changes no row.

    Where the clip looks the same as the one whose caption it has, the same caption is right: it stays, nobody is asked,
    and the row says so. `alike` counts these.
    """

    def __init__(
        self, recipe: Recipe, videos: Sequence[Video], results: Results, redraws: Redraws, todo: Sequence[ToAsk]
    ) -> None:
        assert recipe.gate is not None
        self._recipe, self._videos, self._results, self._redraws = recipe, videos, results, redraws
        self._digest, self._limit = recipe.gate.digest(), duplicates.limit(recipe)
        self._said = {one.stands: deque[str](maxlen=LATEST) for one in todo}
        self._looked = time.monotonic()
        self.better = self.alike = self._done = 0

    @property
    def lost(self) -> bool:
        """Whether asking has been in vain so often that it is given up."""
        return self._done >= HOPELESS and not self.better

    async def row(self, one: ToAsk) -> Row | None:
        """The video's row from now on; None if it stays as it is."""
        video, results = self._videos[one.number], self._results
        entry = results.entry(video)
        if entry is None or results.held(video):
            return None
        before, stands = results.load(entry), self._videos[one.stands]
        if await self._redraws.alike(video, stands):
            if results.held(video) or results.entry(video) != entry:
                return None
            self.alike += 1
            return duplicates.asked(before, self._of_both(looks_like=stands.id))
        todo = Todo(video, entry, Way(keep=tuple(name for name in before.stages if name not in self._recipe.stages)))
        drawn = await self._redraws.redraw(video, results.earlier(todo), self._seed(video))
        if time.monotonic() - self._looked > LOOK_SECONDS:
            await results.look()
            self._looked = time.monotonic()
        if results.held(video) or results.entry(video) != entry:
            return None
        self._done += 1
        if drawn.error is not None or drawn.caption is None:
            return None
        faults = [flag for flag in drawn.flags if flag not in before.flags]
        if self._is_said(one.stands, drawn.caption):
            faults.append(f"{CAPTION}_{DUPLICATE}")
        record = self._record(video, before, drawn, faults)
        if faults:
            return duplicates.asked(_with_both_paid(before, drawn), record)
        self.better += 1
        self._said[one.stands].append(drawn.caption)
        return duplicates.asked(marked(_with_both_paid(drawn, before), todo, results), record)

    def _seed(self, video: Video) -> int:
        """Another one for each video and each gate: clips that look the same are to be drawn differently."""
        return int(hashlib.sha256(f"{self._digest} {video.id}".encode(errors="surrogatepass")).hexdigest()[:7], 16)

    def _is_said(self, stands: int, caption: str) -> bool:
        """Whether the video that keeps its caption, or one of the last that got another, says the same."""
        from framescribe.checks.duplicates import likeness  # which needs numpy

        first = next(iter(self._results.rows([self._videos[stands]])), None)
        others = [*self._said[stands], *([first.caption] if first is not None and first.caption else ())]
        return any(likeness(caption, other) >= self._limit for other in others)

    def _record(self, video: Video, before: Row, drawn: Row, faults: Sequence[str]) -> dict[str, Any]:
        """What the row says of it, as of any text that was asked for again (`strategies.asking`)."""
        given = next(self._recipe.stages[step.name].decoding for step in self._recipe.steps if step.sees)
        now = {
            "changed": ladder.changed_settings(given, ladder.redrawn(given, self._seed(video))),
            "text": drawn.caption,
            "found": [fault.removeprefix(f"{CAPTION}_") for fault in faults],
            **_spent_on(drawn, is_told=not faults),
        }
        by = {} if faults else {"by": ASKED}
        return self._of_both(**by, tries=[{"text": before.caption, "found": [DUPLICATE]}, now])

    def _of_both(self, **said: Any) -> dict[str, Any]:
        return {"text": CAPTION, "before": [DUPLICATE], "gate": self._digest, **said}


def _spent_on(row: Row, *, is_told: bool) -> dict[str, Any]:
    """What a row's answers cost; if its records of texts stay, too, without those that they tell of."""
    spent: dict[str, Any] = {}
    for stage in row.stages.values():
        for name in (name for name in SPENT if name in stage):
            spent[name] = spent.get(name, 0) + stage[name]
        for text in (stage.get("checked") or ()) if is_told else ():
            for one in (text.get("tries") or ())[1:]:
                for name in spent:
                    spent[name] -= 1 if name == "attempts" else one.get(name) or 0
    return spent


def _with_both_paid(row: Row, other: Row) -> Row:
    """The row, with what the answers for the other one cost added in: both were paid for."""
    stages = {name: dict(made) for name, made in row.stages.items()}
    for name, made in stages.items():
        beside = other.stages.get(name) or {}
        made |= {one: (made.get(one) or 0) + (beside.get(one) or 0) for one in SPENT if one in made or one in beside}
    return replace(row, provenance={**row.provenance, "stages": stages})
