"""Tests of --thinking: what each server is sent, what is remembered of it, and which server is sent which key."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.options import Thinking
from framescribe.cli.recipes import asked
from framescribe.engines.base import ChatRequest, Decoding, Message, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.engines.in_process.engine import TransformersEngine
from framescribe.engines.in_process.reader import Reader
from framescribe.engines.presets import builtin_folder
from framescribe.engines.servers.served import ServedEngine
from framescribe.engines.thinking_switch import fields
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import BadReply, UserError
from framescribe.python.recipe import Recipe
from tests.runs_in_process import raw_film
from tests.servers import ScriptedServer, answers, says

QUESTION = ChatRequest(messages=(Message(role="user", parts=(TextPart("Hello"),)),), decoding=Decoding())

# As each provider's documentation has it, in autumn 2026.
PROVIDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "https://api.openai.com/v1": ({"reasoning_effort": "none"}, {"reasoning_effort": "medium"}),
    "https://mine.openai.azure.com/openai/v1": ({"reasoning_effort": "none"}, {"reasoning_effort": "medium"}),
    "https://generativelanguage.googleapis.com/v1beta/openai": (
        {"reasoning_effort": "none"},
        {"reasoning_effort": "medium"},
    ),
    "https://openrouter.ai/api/v1": ({"reasoning": {"effort": "none"}}, {"reasoning": {"enabled": True}}),
    "https://dashscope-intl.aliyuncs.com/compatible-mode/v1": ({"enable_thinking": False}, {"enable_thinking": True}),
    "https://api.z.ai/api/paas/v4": ({"thinking": {"type": "disabled"}}, {"thinking": {"type": "enabled"}}),
    "https://api.anthropic.com/v1": ({"thinking": {"type": "disabled"}}, {"thinking": {"type": "adaptive"}}),
    "https://api.together.xyz/v1": ({"reasoning": {"enabled": False}}, {"reasoning": {"enabled": True}}),
}


@pytest.mark.parametrize("url", PROVIDERS)
def test_a_provider_is_told_in_its_own_words(url: str) -> None:
    assert (fields("off", url), fields("on", url)) == PROVIDERS[url]
    assert fields(None, url) == {}


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://gpu-box/v1", "https://notopenrouter.ai/v1"])
def test_a_server_of_ones_own_is_told_in_all_words(url: str) -> None:
    off = fields("off", url)
    assert off["chat_template_kwargs"] == {"enable_thinking": False, "thinking": False}  # vLLM, SGLang, llama.cpp
    assert off["reasoning_effort"] == "none"  # Ollama
    assert fields("on", url) == {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}}


@pytest.mark.parametrize("thinking", [None, "off", "on"])
def test_the_fields_are_sent_with_every_request(thinking: Any) -> None:
    async def ask(url: str) -> None:
        engine = OpenAIEngine(model="tiny", base_url=url, thinking=thinking)
        await engine.open()
        await engine.complete(QUESTION)
        await engine.close()

    with ScriptedServer(says()) as server:
        asyncio.run(ask(server.url))
        sent = {name: server.requests[-1].get(name) for name in fields("off", server.url)}
    assert sent == {name: fields(thinking, server.url).get(name) for name in sent}


def test_thinking_counts_only_where_it_is_not_as_usual() -> None:
    def known(engine: str, model: str, thinking: Any) -> Any:
        return ModelChoice(engine=engine, model=model, thinking=thinking).ingredients().get("thinking")

    for engine in ("transformers", "vllm", "llama-cpp", "ollama"):
        assert [known(engine, "qwen3-vl-8b", thinking) for thinking in (None, "off", "on")] == [None, None, "on"]
    assert [known("openai", "qwen3-vl-8b", thinking) for thinking in (None, "off", "on")] == [None, "off", "on"]
    assert [known("vllm", "glm-4.1v-9b", thinking) for thinking in (None, "on")] == [None, None]


def made(choice: ModelChoice, tmp_path: Path) -> ServedEngine:
    return ServedEngine.made(choice, prompt=None, beside=[choice], logs=tmp_path)


@pytest.mark.parametrize("name", ["glm-4.1v-9b", "zai-org/GLM-4.1V-9B-Thinking"])
def test_a_model_that_always_thinks_is_not_told_otherwise(name: str, tmp_path: Path) -> None:
    """Told that it does not think, vLLM would leave its thoughts in the answer."""
    program = shutil.copy(sys.executable, tmp_path / "vllm")
    choice = ModelChoice(engine="vllm", model=name)
    choice = choice.model_copy(update={"serving": choice.serving.model_copy(update={"command": str(program)})})
    engine = made(choice, tmp_path)
    assert engine._server.thinking == "on"
    assert engine._server.parser == "glm45"
    with pytest.raises(UserError, match="always thinks"):
        made(choice.model_copy(update={"thinking": "off"}), tmp_path)
    in_process = ModelChoice(model=name, thinking="off")
    with pytest.raises(UserError, match="always thinks"):
        TransformersEngine.made(in_process, prompt=None, beside=[in_process], logs=tmp_path)
    other = made(choice.model_copy(update={"model": "qwen3-vl-8b"}), tmp_path)
    assert (other._server.thinking, other._server.parser) == ("off", None)


def test_options_become_the_choice() -> None:
    assert asked(EngineOptions()).choice("m").thinking is None
    assert asked(EngineOptions(thinking=Thinking.off)).choice("m").thinking == "off"


# -------------------------------------------------------------------------------------- in process


def thinker(folder: Path, **variables: str) -> Path:
    """A copy of the built-in text model whose template writes the switches that it is given before its own text."""
    shutil.copytree(builtin_folder("shapes-llm"), folder)
    file = folder / "chat_template.jinja"
    heads = "".join(
        "{%- if " + name + " is defined and " + name + " %}" + text + "{% endif %}" for name, text in variables.items()
    )
    file.write_text(heads + file.read_text())
    return folder


@pytest.mark.parametrize("name", ["enable_thinking", "thinking"])
def test_in_process_the_chat_template_is_told(name: str, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = thinker(tmp_path / "model", **{name: "circle circle circle "})
    counts = {}
    for thinking in ("off", "on"):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        reader = Reader("tiny", None, tokenizer, None, thinking)  # type: ignore[arg-type]
        counts[thinking] = reader.encode([QUESTION])["input_ids"].shape[1]
    assert counts["on"] > counts["off"]


@pytest.mark.parametrize(
    ("written", "thought", "answer"),
    [
        ("◁think▷red circle◁/think▷blue square", "red circle", "blue square"),
        ("<|channel>red circle<channel|>blue square", "red circle", "blue square"),
        ("red circle◁/think▷blue square", "red circle", "blue square"),
        ("blue square", "", "blue square"),
    ],
)
def test_in_process_thoughts_marked_by_special_tokens_are_cut(written: str, thought: str, answer: str) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(builtin_folder("shapes-llm"))
    marks = ["◁think▷", "◁/think▷", "<|channel>", "<channel|>", "<|end_of_it|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    reader = Reader("tiny", None, tokenizer, None)
    tokens = tokenizer.encode(f"{written}<|end_of_it|>", add_special_tokens=False)
    said = reader.decode(tokens)
    assert tuple("".join(text.split()) for text in said) == ("".join(thought.split()), "".join(answer.split()))


def test_in_process_a_budget_used_up_by_thinking_says_so(tmp_path: Path) -> None:
    """A real model that begins with <think>: the built-in one, in whose vocabulary its first word is spelled so."""
    folder, first = tmp_path / "thinker", "ĠThere"
    shutil.copytree(builtin_folder("shapes-llm"), folder)
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary, merges = tokenizer["model"]["vocab"], tokenizer["model"]["merges"]
    vocabulary["<think>"] = vocabulary.pop(first)
    tokenizer["model"]["merges"] = [pair for pair in merges if first not in (*pair, "".join(pair))]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    engine = TransformersEngine(model=str(folder), device="cpu")

    async def main() -> None:
        await engine.open()
        try:
            with pytest.raises(BadReply, match=r"thinking.*--max-tokens") as caught:
                await engine.complete(QUESTION)
            assert caught.value.usage.completion_tokens > 0
        finally:
            await engine.close()

    asyncio.run(main())


# -------------------------------------------------------------------------------------- two servers


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "framescribe", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )


KEY, OTHER = "sk-frames-1234567", "sk-summary-7654321"


@pytest.mark.parametrize(
    ("host", "more", "frames", "summary"),
    [
        ("127.0.0.1", [], KEY, KEY),
        ("localhost", [], KEY, "none"),  # another host
        ("localhost", ["--summary-api-key-env", "OTHER"], KEY, OTHER),
        ("127.0.0.1", ["--summary-api-key-env", "OTHER"], KEY, OTHER),
    ],
)
def test_a_key_goes_to_the_host_that_it_is_for(
    host: str, more: list[str], frames: str, summary: str, tmp_path: Path
) -> None:
    raw_film(tmp_path / "a.avi", 10)
    with ScriptedServer(says("red")) as one, ScriptedServer(says("A red film.")) as two:
        words = ["caption", str(tmp_path / "a.avi"), "--model", "tiny", "--gate", "off", "--base-url", one.url]
        words += ["--summary-base-url", two.url.replace("127.0.0.1", host), "--summary-model", "tiny", *more]
        ended = run(*words, "-o", str(tmp_path / "c.jsonl"), OPENAI_API_KEY=KEY, OTHER=OTHER)
        assert ended.returncode == 0, ended.stderr
        assert set(one.authorization) == {f"Bearer {frames}"}
        assert set(two.authorization) == {f"Bearer {summary}"}
    assert ("does not get the key" in " ".join(ended.stderr.split())) == (summary == "none")
    assert KEY not in ended.stderr


def test_a_summary_server_that_needs_a_key_of_its_own_says_how_to_give_it(tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 10)
    wrong = answers(401, {"error": {"message": "no key"}})
    with ScriptedServer(says("red")) as one, ScriptedServer(wrong, models=wrong) as two:
        words = ["caption", str(tmp_path / "a.avi"), "--model", "tiny", "--gate", "off", "--base-url", one.url]
        words += ["--summary-base-url", two.url.replace("127.0.0.1", "localhost"), "--summary-model", "tiny"]
        ended = run(*words, "-o", str(tmp_path / "c.jsonl"), OPENAI_API_KEY=KEY)
    assert ended.returncode == 2, ended.stderr
    assert "--summary-api-key-env" in ended.stderr.split("localhost")[-1]


def test_a_key_for_no_server_is_refused(tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 10)
    ended = run("caption", str(tmp_path / "a.avi"), "--model", "shapes-vlm", "--summary-api-key-env", "OTHER")
    assert ended.returncode == 2
    assert "--summary-base-url" in ended.stderr


def test_the_summary_may_think_though_the_frames_do_not(tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 10)
    with ScriptedServer(says("fine")) as server:
        words = ["caption", str(tmp_path / "a.avi"), "--model", "tiny", "--gate", "off", "--base-url", server.url]
        words += ["--thinking", "off", "--summary-thinking", "on", "-o", str(tmp_path / "c.jsonl")]
        assert run(*words).returncode == 0
        sent = [request.get("chat_template_kwargs", {}).get("enable_thinking") for request in server.requests]
    assert sent == [False, True]


# ------------------------------------------------------------------------------ one beside another


def test_another_summary_model_has_its_own_revision() -> None:
    frame = ModelChoice(engine="vllm", model="qwen3-vl-8b", revision="v2")
    assert frame.with_model("qwen3-vl-8b").revision == "v2"
    assert frame.with_model("Qwen/Qwen3-VL-8B-Instruct").revision == "v2"
    assert frame.with_model("org/other").revision is None


def test_options_for_a_started_server_do_not_concern_one_that_runs_already() -> None:
    options = Recipe(engine="vllm", gpus="0", engine_command="vllm", tensor_parallel=2)
    beside = options.choice("m", ["http://host/v1"], beside=True)
    assert (beside.engine, beside.serving) == ("openai", ModelChoice().serving)
