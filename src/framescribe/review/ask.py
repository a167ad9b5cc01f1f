"""Knows how models are asked for new captions while a page is open: jobs, their progress, and what a person decides.

Answers are candidates beside the row's own caption, kept in the parts as soon as they come; a caption changes only when
a person takes one. Models work on a thread with an event loop of its own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framescribe.errors import FramescribeError, RunError, UserError
from framescribe.python.background import Background
from framescribe.python.recipe import Recipe
from framescribe.records import Row, Video
from framescribe.results.edits import now, review_of
from framescribe.results.fields import CAPTION
from framescribe.results.rows import video_of
from framescribe.results.videos import Videos
from framescribe.review.candidates import DECISIONS, Candidate, decision
from framescribe.review.index import key_of, shown
from framescribe.review.jobs import Job
from framescribe.review.models import Models
from framescribe.review.query import Query
from framescribe.review.recipes import Wish, base_of, prompt_of
from framescribe.review.selection import selected
from framescribe.review.session import MISSING, Change
from framescribe.runs.captioner import Captioner
from framescribe.runs.driver import Stopped, drive, in_thread, unless_stopped
from framescribe.runs.unforeseen import told

if TYPE_CHECKING:
    from framescribe.review.session import Session
    from framescribe.runs import recipe as full

GRACE_SECONDS = 20.0  # for what is under way when the page ends
LOOK_SECONDS = 5.0  # before it is tried again to find out which model there is
MOST_JOBS = 50  # of those that ended, remembered
COLUMNS_FROM = 100  # videos whose columns a prompt may name
NO_CAPTION = "(there is none yet)"


class Asker:
    """Asks models again about rows of a session. Thread-safe.

    `recipe` is what the command line names. `sources` say where the videos are, if their rows do not. Models are opened
    when they are first needed, and closed after `idle` seconds without a question. Servers that are started keep their
    logs in the folder `logs`.
    """

    def __init__(
        self,
        session: Session,
        recipe: Recipe | None = None,
        *,
        sources: Sequence[str] = (),
        idle: float = 600.0,
        logs: Path | None = None,
    ) -> None:
        self._session, self._given, self._idle = session, recipe, idle
        self._logs = logs or Path("framescribe-logs")
        self._videos = Videos(sources, lambda line: None)
        self._lock, self._deciding = threading.Lock(), threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._work: Background[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._models: Models | None = None
        self._closed = False
        self._known: Recipe | None = None
        self._refused: tuple[float, str] | None = None  # when no model was known, and why

    def available(self) -> dict[str, Any]:
        """Whether a model can be asked, else `why` not; which model, with which prompt, shown how many frames."""
        try:
            base = self._base()
            found = {"model": base.model, "prompt": prompt_of(base), "frames": base.frames}
            return {"available": True, "why": None, **found}
        except UserError as error:
            return {"available": False, "why": str(error), "model": None, "prompt": None, "frames": None}

    def ask(
        self,
        selection: Mapping[str, Any],
        criticism: str | None = None,
        prompt: str | None = None,
        model: str | None = None,
        frames: int | None = None,
    ) -> str:
        """Begin to ask about the selected rows, but for those with a locked caption, and return the job's name.
        UserError if that makes no sense or no model is known, KeyError for a list that is not known any more."""
        wish = Wish(criticism=criticism, prompt=prompt, model=model, frames=frames)
        recipe = wish.recipe(self._base())
        keys = list(selected(self._session, selection))
        if not keys:
            raise UserError("no row is selected: nothing to ask")
        job = Job(keys, wish, recipe, self._session.who)
        with self._lock:
            if self._closed:
                raise UserError("the page is closing: nothing more is asked")
            if self._work is None:
                self._work = Background(self._serve)
            ended = [name for name, one in self._jobs.items() if one.ended]
            for name in ended[: max(0, len(ended) - MOST_JOBS)]:
                del self._jobs[name]
            self._jobs[job.name] = job
        self._ready.wait()
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._begin, job)
        return job.name

    def jobs(self) -> list[dict[str, Any]]:
        """How far each job is, the latest first."""
        with self._lock:
            return [job.told() for job in reversed(self._jobs.values())]

    def stop(self, name: str) -> None:
        """Have a job end after what is under way. KeyError if there is none of this name."""
        with self._lock:
            job = self._jobs[name]
        if self._loop is not None and not job.ended:
            self._loop.call_soon_threadsafe(job.stopping.set)

    def decide(self, candidate: str, decided: str, base: Any = MISSING) -> str:
        """Take a candidate for the row's caption ("taken") or leave it ("left"); returns the row's key. KeyError if
        there is no such candidate or its row is gone. Conflict if the caption is no longer `base`, by default that
        about which was asked; Locked if it is locked."""
        if decided not in DECISIONS:
            raise UserError(f"a decision is one of {' and '.join(DECISIONS)}, not {decided!r}")
        session = self._session
        one = session.candidates.get(candidate)
        key = shown(key_of(*session.candidates.place(one)))
        with self._deciding:
            row = session.stored(key)
            if decided == "taken" and row.caption != one.caption:
                expected = one.old if base is MISSING else base
                made_by = {**one.made_by, "candidate": one.candidate}
                session.edit([Change(key=key, field=CAPTION, new=one.caption, base=expected, made_by=made_by)])
            if session.candidates.said(candidate) != decided:
                session.keep(decision(one, decided, who=session.who, when=now()))
        return key

    def close(self) -> None:
        """Stop all jobs, wait for what is under way, at most some seconds, and close the models."""
        with self._lock:
            self._closed, work = True, self._work
        if work is not None:
            self._ready.wait()
            work.stop()
            work.wait()

    def _base(self) -> Recipe:
        """The recipe without wishes. UserError if no model is known."""
        with self._lock:
            if self._known is None and (self._refused is None or time.monotonic() > self._refused[0] + LOOK_SECONDS):
                try:
                    self._known = base_of(self._given, self._session.noted(), self._any_row())
                except UserError as error:
                    self._refused = time.monotonic(), str(error)
            if self._known is None:
                assert self._refused is not None
                raise UserError(self._refused[1])
            return self._known

    def _any_row(self) -> Row | None:
        """A row that a model made."""
        keys = self._session.keys_of(self._session.make_list(Query.of({"status": "ok", "sort": "order"})).list)
        return self._session.stored(keys[0]) if keys else None

    # --- on the thread of the models ---

    async def _serve(self, stop: asyncio.Event) -> None:
        self._models = Models(logs=self._logs, idle=self._idle)
        self._loop = asyncio.get_running_loop()
        sweeping = asyncio.ensure_future(self._models.sweep())
        self._ready.set()
        try:
            await stop.wait()
            for job in list(self._jobs.values()):
                job.stopping.set()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
        finally:
            left = [sweeping, *self._tasks]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            await self._models.close()

    def _begin(self, job: Job) -> None:
        task = asyncio.ensure_future(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, job: Job) -> None:
        """One job, from its rows to its candidates."""
        try:
            await in_thread(lambda: job.leave_out(self._locked(job.keys)))
            if job.keys:
                await self._ask(job)
            job.end()
        except Stopped:
            job.end()
        except FramescribeError as error:
            job.end(str(error))
        except asyncio.CancelledError:
            job.stopping.set()
            job.end()
            raise
        except Exception as error:  # a plug-in's, say: the page goes on
            job.end(told(error))

    async def _ask(self, job: Job) -> None:
        assert self._models is not None
        first = await in_thread(lambda: self._first(job))
        recipe = await unless_stopped(job.recipe.settled(first, job.say), job.stopping)
        kept = await unless_stopped(self._models.take(recipe), job.stopping)
        try:
            job.state = "asking"
            work = self._work_of(job)
            asked = drive(
                lambda one: self._answer(job, kept.captioner, *one),
                work,
                room=lambda under_way: max(1, kept.captioner.in_flight // kept.users),
                stop=job.stopping,
            )
            async with aclosing(asked) as answers:
                async for _ in answers:
                    pass
        except RunError:
            kept.broken = True
            raise
        finally:
            self._models.give_back(kept)

    def _locked(self, keys: Iterable[str]) -> set[str]:
        return {text.key for text in self._session.texts(keys) if text.review.get("locked")}

    def _first(self, job: Job) -> list[Video]:
        """Some of the videos, for the columns that prompts may name."""
        found = []
        for key in job.keys[:COLUMNS_FROM]:
            with suppress(KeyError):
                row = self._session.stored(key)
                found.append(_asked_about(video_of(row), row, job.wish.criticism))
        return found

    async def _work_of(self, job: Job) -> AsyncIterator[tuple[str, Row, Video]]:
        """The rows that are left to ask about, with their videos; the others are counted."""
        for key in job.keys:
            name = key
            try:
                row = await in_thread(partial(self._session.stored, key))
                name = row.id
                if review_of(row).get("locked"):
                    job.leave_out({key})
                    continue
                video = await in_thread(partial(self._videos.of, row))
            except KeyError:
                job.fault(key, name, "its row is gone")
            except FramescribeError as error:
                job.fault(key, name, str(error))
            else:
                yield key, row, video

    async def _answer(self, job: Job, captioner: Captioner, key: str, row: Row, video: Video) -> None:
        """Ask about one row, and keep the answer."""
        made = await captioner.caption(_asked_about(video, row, job.wish.criticism))
        if made.error is not None or not made.caption:
            job.fault(key, row.id, made.error.message if made.error is not None else "the model wrote no caption")
            return
        prints = row.file.get("fingerprint"), made.file.get("fingerprint")
        if None not in prints and len(set(prints)) > 1:
            job.fault(key, row.id, "there is another file now than the one that was captioned: caption it with a run")
            return
        candidate = _candidate(made, row, captioner.recipe, job.wish.criticism, job.who)
        await in_thread(lambda: self._session.keep(candidate.as_record()))
        job.done += 1


def _asked_about(video: Video, row: Row, criticism: str | None) -> Video:
    """The video, with what prompts may say of it: its columns, its caption, and the criticism."""
    if criticism is None:
        return replace(video, caption=row.caption or "")
    return replace(video, metadata={**video.metadata, "criticism": criticism}, caption=row.caption or NO_CAPTION)


def _candidate(made: Row, row: Row, recipe: full.Recipe, criticism: str | None, who: str) -> Candidate:
    """What a row that was made anew says beside the row that there is."""
    stages = [made.stages[step.name] for step in recipe.steps]
    last = next(of for of in reversed(stages) if "caption" in (of.get("fills") or ()))
    seeing = next(step for step in recipe.steps if step.sees)
    spent: dict[str, Any] = {
        name: sum(of.get(name) or 0 for of in stages)
        for name in ("attempts", "prompt_tokens", "completion_tokens", "cost")
        if any(of.get(name) is not None for of in stages)
    }
    return Candidate(
        id=row.id,
        video_path=row.video_path,
        fingerprint=made.file.get("fingerprint") or row.file.get("fingerprint"),
        old=row.caption,
        caption=made.caption or "",
        flags=made.flags,
        made_by={
            **{name: last.get(name) for name in ("engine", "model", "prompt_sha256")},
            **({"criticism": criticism} if criticism is not None else {}),
        },
        prompt=recipe.stages[seeing.name].prompt,
        frames=len(made.frames),
        spent=spent,
        who=who,
        when=now(),
    )
