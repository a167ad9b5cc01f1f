"""Models by name: every name leads somewhere on every engine, and what is said agrees with transformers itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from framescribe.cli.models import described, to_type
from framescribe.easyanimate.scripts import _LINKED
from framescribe.engines.choice import ModelChoice
from framescribe.engines.presets import (
    PRESETS,
    builtin_folder,
    default_image_model,
    identity,
    route,
    summary_partner,
)
from framescribe.engines.routes import CHECKED, Route
from framescribe.engines.servers.launch import PROGRAMS
from framescribe.errors import UserError

ROOT = Path(__file__).parent.parent
PAIRS = [(name, engine) for name in PRESETS for engine in CHECKED]
ORIGINAL = [
    "llava-v1.6-vicuna-7b",
    "Qwen-VL-Chat",
    "ShareGPT4V-7B",
    "deepseek-vl-7b-chat",
    "internlm-xcomposer2-vl-7b",
    "Mistral-7B-Instruct-v0.2",
]


def framescribe(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


@pytest.fixture(scope="module")
def architectures() -> set[str]:
    """What this transformers can build to answer in text, with images or without."""
    from transformers.models.auto import modeling_auto as auto

    return {*auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES.values(), *auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()}


@pytest.mark.parametrize(("name", "engine"), PAIRS, ids="-".join)
def test_every_pair_has_a_route_or_one_line_that_names_one(name: str, engine: str) -> None:
    preset = PRESETS[name]
    if engine in preset.routes:
        found = route(name, engine)
        assert found.repository
        assert found.arguments == preset.routes[engine].arguments
        return
    with pytest.raises(UserError) as raised:
        route(name, engine)
    told = str(raised.value)
    assert "\n" not in told
    assert told.startswith(f"{name} does not run in {engine}")
    assert CHECKED[engine] is None or CHECKED[engine] in told
    assert f"use {preset.instead}" in told
    assert route(preset.instead, engine).repository
    assert PRESETS[preset.instead].kind.split("+")[0] == preset.kind.split("+")[0]
    for other in re.findall(r"--engine (\S+?)[,.]", told):
        assert route(name, other).repository


def test_a_model_without_any_route_says_what_else_can_be_done() -> None:
    nowhere = {name for name, preset in PRESETS.items() if not preset.routes}
    assert nowhere == {"tarsier2-recap-7b", "Qwen-VL-Chat", "ShareGPT4V-7B", "internlm-xcomposer2-vl-7b"}
    for name in nowhere:
        with pytest.raises(UserError, match=r"--base-url|framescribe convert"):
            route(name, "vllm")


@pytest.mark.parametrize("name", ["someone/model", "./folder", "gpt-9", "qwen3-vl:8b"])
@pytest.mark.parametrize("engine", [*CHECKED, "openai"])
def test_a_name_without_a_preset_is_passed_on_as_it_is(name: str, engine: str) -> None:
    assert route(name, engine) == Route(name)


@pytest.mark.parametrize("name", ["qwen3-vl-8b", "Qwen-VL-Chat"])
def test_what_a_server_calls_its_models_is_its_own_affair(name: str) -> None:
    assert route(name, "openai") == Route(name)


def test_the_routes_that_differ() -> None:
    llava = {engine: route("llava-v1.6-vicuna-7b", engine) for engine in CHECKED}
    assert llava["vllm"] == llava["transformers"] == llava["lmdeploy"] == Route("llava-hf/llava-v1.6-vicuna-7b-hf")
    assert llava["sglang"].repository == "liuhaotian/llava-v1.6-vicuna-7b"
    assert llava["sglang"].arguments[-2:] == ("--chat-template", "vicuna_v1.1")
    assert "--tokenizer-path" in llava["sglang"].arguments
    assert route("qwen3-vl-8b", "ollama") == Route("qwen3-vl:8b-instruct")
    assert route("internvl3.5-8b", "sglang") == Route("OpenGVLab/InternVL3_5-8B", ("--trust-remote-code",))


def test_ollama_is_given_no_arguments() -> None:
    for preset in PRESETS.values():  # its server serves every model, so they would be nobody's
        assert preset.routes.get("ollama", Route("")).arguments == ()


@pytest.mark.parametrize("name", PRESETS)
def test_transformers_has_the_architecture_or_there_is_no_route(name: str, architectures: set[str]) -> None:
    preset = PRESETS[name]
    assert ("transformers" in preset.routes) == (preset.architecture in architectures)


def test_pixels_are_those_of_the_models_own_processors() -> None:
    from transformers import LlavaNextConfig
    from transformers.models.deepseek_vl_hybrid import image_processing_pil_deepseek_vl_hybrid as deepseek
    from transformers.models.gemma4 import image_processing_pil_gemma4 as gemma4

    assert PRESETS["llava-v1.6-vicuna-7b"].pixels == max(h * w for h, w in LlavaNextConfig().image_grid_pinpoints)
    size = deepseek.DeepseekVLHybridImageProcessorPil.high_res_size
    assert PRESETS["deepseek-vl-7b-chat"].pixels == size["height"] * size["width"]
    gemma = gemma4.Gemma4ImageProcessorPil
    assert PRESETS["gemma-4-e4b"].pixels == gemma.max_soft_tokens * (gemma.patch_size * gemma.pooling_kernel_size) ** 2


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.builtin])
def test_built_in_models_are_folders_of_what_they_say(name: str) -> None:
    folder = builtin_folder(name)
    assert (folder / "model.safetensors").is_file()
    assert json.loads((folder / "config.json").read_text())["architectures"] == [PRESETS[name].architecture]
    for engine in ("transformers", "vllm"):
        assert route(name, engine) == Route(str(folder))


def test_a_model_is_the_same_on_every_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PRESETS:
        known = {ModelChoice(engine=engine, model=name).what_matters()["model"] for engine in PRESETS[name].routes}
        assert known <= {identity(name, None)}
    assert identity("shapes-vlm", None) == identity(str(builtin_folder("shapes-vlm")), None)
    assert identity("shapes-vlm", None) != identity("shapes-llm", None)
    assert identity("qwen3-vl-8b", "v2") == "qwen3-vl-8b@v2"
    (tmp_path / "qwen3-vl-8b").mkdir()  # the name is the preset's: a folder of that name is not what is loaded
    monkeypatch.chdir(tmp_path)
    assert identity("qwen3-vl-8b", None) == "qwen3-vl-8b"


@pytest.mark.parametrize("engine", CHECKED)
@pytest.mark.parametrize("gigabytes", [None, 8, 21.5, 80])
def test_the_default_runs_on_its_engine_and_fits(engine: str, gigabytes: float | None) -> None:
    memory = None if gigabytes is None else int(gigabytes * 1e9)
    name = default_image_model(memory, engine)
    assert route(name, engine).repository
    assert gigabytes is None or PRESETS[name].memory <= gigabytes


def test_who_sums_up() -> None:
    assert summary_partner("shapes-vlm") == "shapes-llm"
    assert PRESETS["shapes-llm"].kind == "text"
    assert summary_partner("qwen3-vl-8b") == "qwen3-vl-8b"
    assert summary_partner("someone/model") == "someone/model"


def test_the_original_pipelines_models_are_all_known() -> None:
    assert set(ORIGINAL) <= set(PRESETS)
    assert set(_LINKED.values()) <= set(PRESETS)


def test_the_versions_are_those_that_are_started() -> None:
    assert {engine: CHECKED[engine] for engine in PROGRAMS} == {engine: it.version for engine, it in PROGRAMS.items()}


def test_the_docs_have_the_same_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import models_reference as reference

    page = reference.PAGE.read_text(encoding="utf-8")
    written = page.split(reference.BEGIN)[1].split(reference.END)[0]
    assert written == reference.tables(), f"run: {Path(sys.executable).name} docs/models_reference.py"


def test_the_list_has_a_line_for_each_and_fits_in_100_columns() -> None:
    lines = framescribe("models").splitlines()
    assert max(len(line) for line in lines) <= 100
    firsts = [line.split()[0] for line in lines if line.split()]
    assert [name for name in firsts if name in PRESETS] == list(PRESETS)


def test_one_model_is_shown_whole() -> None:
    text = framescribe("models", "llava-v1.6-vicuna-7b")
    for word in ("Llama 2", "451584", "liuhaotian/llava-v1.6-vicuna-7b", "vicuna_v1.1", *CHECKED):
        assert word in text


def test_an_unknown_name_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", "models", "qwen3-vl-9b"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert "Did you mean 'qwen3-vl-" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_lines_to_type_use_options_that_exist() -> None:
    known = {
        command: set(re.findall(r"--[a-z][a-z-]+", framescribe(command, "--help")))
        for command in ("caption", "summarize")
    }
    for preset in PRESETS.values():
        assert len(described(preset)) >= 4 + len(CHECKED)
        for line in to_type(preset):
            _, command, *words = line.split()
            assert {word for word in words if word.startswith("--")} <= known[command]
        assert bool(to_type(preset)) == bool(preset.routes)


def test_the_home_of_nobody_is_no_folder_and_no_traceback() -> None:
    from framescribe.engines.in_process.hub import find
    from framescribe.engines.presets import frames_as_video
    from framescribe.engines.servers.launch import command
    from framescribe.engines.servers.program import Server

    nobody = "~nobody-of-that-name/model"
    assert not frames_as_video(nobody, "vllm")
    assert "-hf" in command("llama-cpp", Server(repository=nobody, name="n"), 1).argv
    with pytest.raises(UserError, match="there is no folder"):
        find(nobody)
