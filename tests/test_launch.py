"""The command lines of the engines' servers, as a person would type them after each engine's own documentation."""

import os
import stat
from dataclasses import replace

import pytest

from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.servers.launch import (
    PROGRAMS,
    command,
    executable,
    gpu_memory,
    shares,
    version,
    visible_gpus,
)
from framescribe.engines.servers.program import Server
from framescribe.errors import UserError

QWEN = Server(repository="Qwen/Qwen3-VL-8B-Instruct", name="qwen3-vl-8b")
FULL = Server(
    repository="org/model",
    name="short",
    revision="v2",
    dtype="bfloat16",
    trust_remote_code=True,
    tensor_parallel=2,
    share=0.5,
    processors=4,
    arguments=("--max-num-seqs", "512"),
)


def line(engine, server):
    return " ".join(command(engine, server, 8123).argv)


def test_vllm_0_33():
    assert line("vllm", QWEN) == (
        "serve Qwen/Qwen3-VL-8B-Instruct --host 127.0.0.1 --port 8123 --served-model-name qwen3-vl-8b "
        '--max-model-len auto --limit-mm-per-prompt {"image":2,"video":0} --mm-processor-cache-gb 0'
    )
    assert line("vllm", FULL) == (
        "serve org/model --host 127.0.0.1 --port 8123 --served-model-name short --max-model-len auto "
        '--limit-mm-per-prompt {"image":2,"video":0} --mm-processor-cache-gb 0 --api-server-count 4 '
        "--tensor-parallel-size 2 --gpu-memory-utilization 0.46 --dtype bfloat16 --revision v2 --trust-remote-code "
        "--max-num-seqs 512"
    )


def test_what_goes_into_every_request_beyond_openais_api():
    circles = {"repetition_detection": {"min_pattern_size": 4, "max_pattern_size": 64, "min_count": 4}}
    for thinking, on in (("off", False), ("on", True)):
        server = replace(QWEN, thinking=thinking)
        extras = {engine: command(engine, server, 8123).extra for engine in PROGRAMS}
        template = {"chat_template_kwargs": {"enable_thinking": on, "thinking": on}}
        assert extras.pop("vllm") == circles | template
        assert extras.pop("ollama") == ({} if on else {"reasoning_effort": "none"})  # on by default
        assert extras == dict.fromkeys(("sglang", "lmdeploy", "llama-cpp"), template)
        assert ("--reasoning-budget 0" in line("llama-cpp", server)) == (not on)


def test_thoughts_are_separated_by_the_engine_where_it_can():
    thinker = replace(QWEN, parser="glm45")
    assert " --reasoning-parser glm45" in line("vllm", thinker)
    assert " --reasoning-parser glm45" in line("sglang", thinker)
    assert " --reasoning-format deepseek" in line("llama-cpp", thinker)
    assert not any("parser" in line(engine, QWEN) for engine in PROGRAMS)


def test_vllm_sets_memory_aside_for_pictures_of_the_size_that_will_come():
    sized = replace(QWEN, sized=True)
    assert '{"image":{"count":2,"width":1024,"height":1024},"video":0}' in line("vllm", sized)
    small = replace(sized, prompt=PromptSize(pictures=16, pixels=262144, video=True))
    assert '{"image":{"count":16,"width":512,"height":512},"video":{"count":1,"num_frames":16}}' in line("vllm", small)
    odd = replace(sized, prompt=PromptSize(pixels=500_000))  # 707.1 on a side
    assert '"width":736,"height":736' in line("vllm", odd)


def test_the_second_of_two_models_gets_as_much_as_the_first():
    """SGLang and LMDeploy count what is free, of which the first has taken its share; vLLM counts the whole."""
    first, second = replace(QWEN, share=0.5), replace(QWEN, share=0.5, before=1)
    assert "--mem-fraction-static 0.42" in line("sglang", first)
    assert "--mem-fraction-static 0.74" in line("sglang", second)  # of 0.575 that are left: 0.425 of the whole
    assert "--cache-max-entry-count 0.40" in line("lmdeploy", first)
    assert "--cache-max-entry-count 0.67" in line("lmdeploy", second)
    assert "--gpu-memory-utilization 0.46" in line("vllm", first)
    assert "--gpu-memory-utilization 0.46" in line("vllm", second)


def test_a_model_gets_no_more_context_than_it_was_made_for():
    llava = replace(QWEN, context=4096)
    assert "--ctx-size 16384 " in line("llama-cpp", llava)  # half a MB per token: 8.6 GB instead of 17
    assert command("ollama", llava, 8123).environment["OLLAMA_CONTEXT_LENGTH"] == "4096"
    roomy = replace(QWEN, context=131072)
    assert "--ctx-size 32768 " in line("llama-cpp", roomy)


@pytest.mark.parametrize(
    ("engine", "options", "words"),
    [
        ("lmdeploy", {"dtype": "float32"}, "LMDeploy has no float32"),
        ("llama-cpp", {"dtype": "bfloat16"}, "--dtype has no counterpart in llama.cpp"),
        ("llama-cpp", {"revision": "v2"}, "--revision has no counterpart in llama.cpp"),
        ("ollama", {"dtype": "float16"}, "--dtype has no counterpart in Ollama"),
        ("ollama", {"revision": "v2"}, "--revision has no counterpart in Ollama"),
    ],
)
def test_an_option_that_an_engine_lacks_is_refused_in_one_line(engine, options, words):
    with pytest.raises(UserError, match=words) as caught:
        command(engine, replace(QWEN, **options), 8123)
    assert "\n" not in str(caught.value)


def test_a_model_of_text_alone_is_told_nothing_of_images():
    text = Server(repository="mistralai/Mistral-7B-Instruct-v0.2", name="m", prompt=None)
    assert line("vllm", text) == (
        "serve mistralai/Mistral-7B-Instruct-v0.2 --host 127.0.0.1 --port 8123 --served-model-name m "
        "--max-model-len auto"
    )


def test_sglang_0_5_23():
    assert line("sglang", FULL) == (
        "serve --model-path org/model --host 127.0.0.1 --port 8123 --served-model-name short "
        '--limit-mm-data-per-request {"image": 2} --tp-size 2 --mem-fraction-static 0.42 --dtype bfloat16 '
        "--revision v2 --trust-remote-code --max-num-seqs 512"
    )


def test_lmdeploy_0_18():
    assert line("lmdeploy", FULL) == (
        "serve api_server org/model --server-name 127.0.0.1 --server-port 8123 --model-name short --tp 2 "
        "--cache-max-entry-count 0.40 --dtype bfloat16 --revision v2 --trust-remote-code --max-num-seqs 512"
    )


def test_llama_cpp_from_the_hub_and_from_files(tmp_path):
    hub = Server(repository="ggml-org/Qwen2.5-VL-7B-Instruct-GGUF", name="q")
    rest = "--host 127.0.0.1 --port 8123 --alias q --jinja --parallel 4 --ctx-size 32768 "
    rest += "--reasoning-format deepseek --reasoning-budget 0"
    assert line("llama-cpp", hub) == f"-hf ggml-org/Qwen2.5-VL-7B-Instruct-GGUF {rest}"
    model, projector = tmp_path / "Model-Q8.gguf", tmp_path / "mmproj-Model.gguf"
    model.touch()
    projector.touch()
    for named in (tmp_path, model):
        local = Server(repository=str(named), name="q")
        assert line("llama-cpp", local) == f"-m {model} --mmproj {projector} {rest}"
    (tmp_path / "Another.gguf").touch()
    with pytest.raises(UserError, match="it has 2 and 1"):
        line("llama-cpp", Server(repository=str(tmp_path), name="q"))


def test_ollama_is_set_up_by_its_environment():
    made = command("ollama", Server(repository="qwen2.5vl:7b", name="qwen2.5vl:7b"), 8123)
    assert made.argv == ("serve",)
    assert made.first == ("pull", "qwen2.5vl:7b")
    assert made.environment == {
        "OLLAMA_HOST": "127.0.0.1:8123",
        "OLLAMA_NUM_PARALLEL": "4",
        "OLLAMA_CONTEXT_LENGTH": "8192",
    }
    with pytest.raises(UserError, match="--tensor-parallel"):
        command("ollama", FULL, 8123)


def program(folder, name, text="exit 0"):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IEXEC)
    return str(file)


def test_where_the_program_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"pip install vllm==0\.33\.0") as caught:
        executable("vllm", None)
    assert "--engine-command ~/vllm/bin/vllm" in str(caught.value)
    with pytest.raises(UserError, match="not on the PATH"):
        executable("ollama", None)
    uvx = program(tmp_path, "uvx")
    assert executable("sglang", None) == [uvx, "--from", "sglang==0.5.23", "sglang"]
    assert version(executable("sglang", None)) == "0.5.23"  # not asked: that would fetch it
    own = program(tmp_path, "vllm")
    assert executable("vllm", None) == [own]
    assert executable("vllm", f"{own} --quiet") == [own, "--quiet"]
    with pytest.raises(UserError, match="there is no such program") as caught:
        executable("vllm", "nothing-here run -e HF_TOKEN=secret-of-mine")
    assert "secret" not in str(caught.value)


def test_the_programs_version_is_its_own_words(tmp_path):
    assert version([program(tmp_path, "vllm", "echo loading; echo 0.33.0")]) == "0.33.0"
    assert version([program(tmp_path, "llama-server", "echo 'version: 6800 (abcdef)' >&2")]) == "version: 6800 (abcdef)"
    assert version([program(tmp_path, "silent", "exit 1")]) == "of unknown version"
    assert version([str(tmp_path / "nothing")]) == "of unknown version"


def test_gpus_are_those_that_the_driver_or_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus() == []
    assert gpu_memory() is None
    program(tmp_path, "nvidia-smi", 'case "$*" in *memory*) printf "143771\\n143771\\n";; *) printf "0\\n1\\n";; esac')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    assert visible_gpus() == ["0", "1"]
    assert gpu_memory() == 143771 * 2**20
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert visible_gpus() == ["1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_gpus() == []
    assert gpu_memory() is None


def test_one_replica_a_gpu_or_a_group_of_them():
    assert shares([], 1, None) == [()]
    assert shares([], 1, 2) == [(), ()]
    assert shares(["0", "1"], 1, None) == [("0",), ("1",)]
    assert shares(["0", "1", "2", "3"], 2, None) == [("0", "1"), ("2", "3")]
    assert shares(["0", "1", "2"], 1, 2) == [("0",), ("1",)]
    with pytest.raises(UserError, match="groups of 2"):
        shares(["0", "1", "2"], 2, None)
    with pytest.raises(UserError, match="needs 4 GPUs"):
        shares(["0", "1"], 1, 4)
