"""Two stages that write the same field: whenever the later one runs, it sees what the earlier one made."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from aiohttp import web

from framescribe.engines.choice import ModelChoice
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.runs.job import RunOptions, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from tests.runs_in_process import found, raw_film
from tests.servers import ScriptedServer, answers, says

STRATEGY = """
from framescribe.engines.base import ChatRequest, Message, TextPart
from framescribe.strategies.base import Output, Stage, Strategy

async def asked(context, words):
    message = Message(role="user", parts=(TextPart(words),))
    return (await context.complete(ChatRequest(messages=(message,), decoding=context.decoding))).text

class Draft(Stage):
    name, model, prompt, sees = "draft", "drafting model", "clip", True
    async def run(self, context):
        await context.clip()
        return Output(caption=await asked(context, context.prompt))

class Polish(Stage):
    name, model, prompt, after = "polish", "polishing model", "clip", ("draft",)
    async def run(self, context):
        seen = context.earlier["draft"]
        return Output(caption=await asked(context, f"{context.prompt}: caption {seen.caption}, value {seen.value}"))

class Twice(Strategy):
    name, help, stages = "twice", "a draft, polished", (Draft(), Polish())
"""


def test_the_later_stage_sees_the_same_on_every_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "site" / "twice_strategy-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: twice-strategy\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[framescribe.strategies]\ntwice = twice_strategy:Twice\n")
    (tmp_path / "site" / "twice_strategy.py").write_text(STRATEGY)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "twice_strategy", raising=False)
    videos, output = found(raw_film(tmp_path / "film.avi", 90)), tmp_path / "captions.jsonl"
    refuses = True

    async def act(request: web.Request) -> web.StreamResponse:
        words = json.dumps((await request.json())["messages"], ensure_ascii=False)
        if "olish" in words and refuses:
            return await answers(400, {"error": {"message": "I cannot."}})(request)
        return await says("polished" if "olish" in words else "a draft")(request)

    with ScriptedServer(act) as server:

        def run(polish: str) -> list[str]:
            choice = ModelChoice(engine="openai", model="tiny", base_urls=(server.url,))
            stages = {
                "draft": StageChoice(model=choice, prompt="Draft"),
                "polish": StageChoice(model=choice, prompt=polish),
            }
            recipe = Recipe(strategy="twice", decoders=1, stages=stages)
            before = len(server.requests)
            options = RunOptions(again=Again(failed=True))
            asyncio.run(run_job(recipe, videos, Results(output), options=options))
            return [asked["messages"][0]["content"] for asked in server.requests[before:]]

        seen = "caption a draft, value None"
        assert f"Polish: {seen}" in str(run("Polish"))
        [row] = read_rows(output)
        assert (row.status, row.caption) == ("failed", None)
        refuses = False
        assert str(run("Polish")).count(seen) == 1  # the draft was kept
        [row] = read_rows(output)
        assert (row.caption, row.output("draft")) == ("polished", "a draft")
        again = run("Repolish")
        assert len(again) == 1 and f"Repolish: {seen}" in str(again)
    [row] = read_rows(output)
    assert (row.caption, row.output("draft"), row.output("polish")) == ("polished", "a draft", "polished")
