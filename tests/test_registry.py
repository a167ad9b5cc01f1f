"""Names lead to classes, built in or from packages that are installed beside framescribe, and a bad one spoils none."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from framescribe import registry
from framescribe.engines.base import ChatRequest, Decoding, Message, TextPart
from framescribe.engines.choice import ModelChoice, Serving
from framescribe.engines.factory import make_engine
from framescribe.errors import UserError

ENGINES = ["transformers", "openai", "vllm", "sglang", "lmdeploy", "llama-cpp", "ollama"]
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a distribution as pip would: its code, and what it says of itself."""
    monkeypatch.setattr(registry, "_warned", set())

    def installed(name: str, code: str, **entries: str) -> None:
        site = tmp_path / name
        about = site / f"{name}-1.0.dist-info"
        about.mkdir(parents=True)
        (site / f"{name}.py").write_text(textwrap.dedent(code))
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = (f"{entry} = {place}" for entry, place in entries.items())
        (about / "entry_points.txt").write_text("[framescribe.engines]\n" + "\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(str(site))

    return installed


ECHO = """
    from framescribe.engines.base import (Engine, Reply)

    class Echo(Engine):
        def __init__(self, model):
            self.model = model
        @classmethod
        def made(cls, choice, *, prompt, beside, logs):
            return cls(choice.model)
        async def open(self): pass
        async def close(self): pass
        async def complete(self, request):
            return Reply(text=f"{self.model}: {request.messages[0].parts[0].text}", finish_reason="stop")
        @property
        def concurrency(self):
            return 1
        def describe(self):
            return "an echo"

    class Refined(Echo):
        @classmethod
        def ingredients(cls, choice):
            return {**choice.default_ingredients(), "voice": "loud"}
"""


def test_what_is_built_in() -> None:
    assert registry.names("engines") == ENGINES
    assert registry.names("strategies") == ["frames-then-summary", "whole-clip", "sliding", "structured"]
    assert {registry.load("engines", name).__name__ for name in ENGINES} == {
        *("TransformersEngine", "OpenAIEngine", "ServedEngine")
    }


@pytest.mark.parametrize(
    ("name", "hint"),
    [("transformer", "Did you mean 'transformers'?"), ("VLLM", "Did you mean 'vllm'?"), ("zzz", ", ".join(ENGINES))],
)
def test_an_unknown_name_is_one_line_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        registry.load("engines", name)
    assert str(caught.value).startswith(f"no engine is called {name!r}. ")
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_installed_engine_is_used_like_any_other(install: Install, tmp_path: Path) -> None:
    install("echoes", ECHO, echo="echoes:Echo")
    assert registry.names("engines") == [*ENGINES, "echo"]
    choice = ModelChoice(engine="echo", model="m")
    engine = make_engine(choice, prompt=None, beside=[choice], logs=tmp_path)
    request = ChatRequest(messages=(Message(role="user", parts=(TextPart("hello"),)),), decoding=Decoding())

    async def ask() -> str:
        await engine.open()
        return (await engine.complete(request)).text

    assert asyncio.run(ask()) == "m: hello"


def test_an_installed_engine_may_say_what_changes_captions(install: Install, tmp_path: Path) -> None:
    install("echoes", ECHO, echo="echoes:Echo", refined="echoes:Refined")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "weights.bin").write_text("weights")

    def told(engine: str, *arguments: str) -> dict[str, object]:
        choice = ModelChoice(engine=engine, model=str(tmp_path / "m"), serving=Serving(arguments=arguments))
        return choice.ingredients()

    plain = told("echo", "--speed", "9")
    assert plain["arguments"] == {"speed": ["9"]}
    assert str(plain["model"]).startswith("sha256:")
    assert told("refined", "--speed", "9") == {**plain, "voice": "loud"}


def test_listing_names_imports_nothing(install: Install) -> None:
    install("broken", "raise ValueError('imported')", broken="broken:Engine")
    assert "broken" in registry.names("engines")
    assert "broken" not in sys.modules


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
        ("raise ValueError('two\\nlines')", "two lines"),
        ("raise SystemExit('bye')", "bye"),
        ("", "no attribute 'Engine'"),
    ],
)
def test_a_plug_in_that_fails_spoils_no_other(
    install: Install, caplog: pytest.LogCaptureFixture, code: str, words: str
) -> None:
    sys.modules.pop("broken", None)
    install("echoes", ECHO, echo="echoes:Echo")
    install("broken", code, broken="broken:Engine")
    with pytest.raises(UserError) as caught:
        registry.load("engines", "broken")
    assert "engine 'broken' of broken cannot be imported" in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    caplog.set_level(logging.WARNING, "framescribe")
    found = registry.load_all("engines")
    registry.load_all("engines")
    assert list(found) == [*ENGINES, "echo"]
    (record,) = caplog.records
    assert record.name == "framescribe"
    assert "engine 'broken' of broken cannot be imported" in record.getMessage()
    assert "\n" not in record.getMessage()


def test_nobody_takes_a_name_that_is_taken(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    before = registry.load("engines", "vllm")
    install("second", ECHO, echo="second:Refined")
    install("first", ECHO, vllm="first:Echo", echo="first:Echo")  # earlier on the path
    assert registry.load("engines", "vllm") is before
    assert registry.load("engines", "echo").__module__ == "first"
    assert registry.names("engines") == [*ENGINES, "echo"]
    assert [record.getMessage() for record in caplog.records] == [
        "the engine 'vllm' of first is ignored: framescribe has a built-in one of that name",
        "the engine 'echo' of second is ignored: first has one of that name",
    ]


def test_it_is_light() -> None:
    code = "import sys; before = set(sys.modules); import framescribe.registry; print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith("framescribe.") and name.count(".") > 1]
    assert not {"importlib.metadata", "pydantic", "numpy"} & set(loaded)
