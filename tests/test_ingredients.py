"""What made a caption: the same weights are known everywhere, others are told apart, and nothing else counts."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from framescribe.engines import weights
from framescribe.engines.choice import ModelChoice, Serving
from framescribe.engines.presets import PRESETS, builtin_folder
from framescribe.engines.servers.launch import PROGRAMS
from framescribe.errors import UserError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, which is not there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint's folder of some MB, with everything that one may hold."""
    made = tmp_path / "model"
    (made / "adapter").mkdir(parents=True)
    (made / "model.safetensors").write_bytes(bytes(range(256)) * 4 * 4096)
    for name in ("config.json", "chat_template.jinja", "tokenizer.model", "merges.txt", "modeling_own.py"):
        (made / name).write_text(f"this is {name}")
    (made / "adapter" / "adapter_model.safetensors").write_bytes(b"an adapter")
    return made


def known(model: str | Path, engine: str = "transformers", *arguments: str, **more: Any) -> dict[str, Any]:
    return ModelChoice(engine=engine, model=str(model), serving=Serving(arguments=arguments), **more).ingredients()


# ------------------------------------------------------------------------------------------ by name


@pytest.mark.parametrize(
    ("choice", "ingredients"),
    [
        ({"model": "someone/model"}, {"model": "someone/model"}),
        ({"model": "someone/model", "revision": "v2"}, {"model": "someone/model", "revision": "v2"}),
        ({"model": "qwen3-vl-8b"}, {"model": "Qwen/Qwen3-VL-8B-Instruct"}),
        ({"model": "qwen3-vl-8b", "engine": "vllm"}, {"model": "Qwen/Qwen3-VL-8B-Instruct"}),
        ({"model": "qwen3-vl-8b", "engine": "llama-cpp"}, {"model": "Qwen/Qwen3-VL-8B-Instruct-GGUF"}),
        ({"model": "qwen3-vl-8b", "engine": "ollama"}, {"model": "qwen3-vl:8b-instruct"}),
        (
            {"model": "llava-v1.6-vicuna-7b", "engine": "sglang"},
            {
                "model": "liuhaotian/llava-v1.6-vicuna-7b",
                "arguments": {"chat-template": ["vicuna_v1.1"], "tokenizer-path": ["llava-hf/llava-1.5-7b-hf"]},
            },
        ),
        (
            {"model": "molmo2-8b", "engine": "vllm"},
            {"model": "allenai/Molmo2-8B", "trust_remote_code": True},
        ),
        (
            {"model": "a/b", "quantize": "int4", "dtype": "float16"},
            {"model": "a/b", "dtype": "float16", "quantize": "int4"},
        ),
        ({"model": "gpt-9", "engine": "openai", "base_urls": ("http://a/v1",)}, {"model": "gpt-9"}),
        ({"model": "qwen3-vl-8b", "engine": "openai"}, {"model": "qwen3-vl-8b"}),
        ({"engine": "openai", "base_urls": ("http://a/v1",)}, {}),
        ({"model": "a/b", "engine": "of-a-plug-in"}, {"model": "a/b"}),
        (
            {"model": "a/b", "device": "cpu", "batch_size": 3, "requests": 5, "timeout": 9, "api_key_env": "K"},
            {"model": "a/b"},
        ),
        (
            {
                "model": "a/b",
                "engine": "vllm",
                "serving": Serving(command="~/vllm", gpus=("0", "1"), replicas=1, tensor_parallel=2),
            },
            {"model": "a/b"},
        ),
    ],
)  # fmt: skip
def test_what_is_known_by_name(choice: dict[str, Any], ingredients: dict[str, Any]) -> None:
    assert ModelChoice(**choice).ingredients() == ingredients


def test_a_short_name_is_the_repository_that_it_stands_for() -> None:
    for name, preset in PRESETS.items():
        for engine, route in preset.routes.items():
            if not preset.builtin:
                plain = known(route.repository, engine, *route.arguments if engine in PROGRAMS else ())
                assert known(name, engine) == plain
    with pytest.raises(UserError, match="does not run in vllm"):
        known("Qwen-VL-Chat", "vllm")


def test_what_framescribe_has_an_option_for_may_be_given_to_the_engine_itself() -> None:
    itself = known("a/b", "vllm", "--dtype", "half", "--revision=v2", "--trust-remote-code")
    assert itself == known("a/b", "vllm", dtype="half", revision="v2", trust_remote_code=True)
    assert itself == {"model": "a/b", "revision": "v2", "dtype": "half", "trust_remote_code": True}
    assert known("a/b", "vllm", "--dtype", "auto") == {"model": "a/b"}


def test_all_of_it_is_plain_json(folder: Path) -> None:
    found = known(folder, "vllm", "--hf-overrides", '{"a": [1, null]}', "--seed", "3")
    assert json.loads(json.dumps(found)) == found


# ------------------------------------------------------------------------------------------ by content


def test_the_same_weights_elsewhere_are_the_same(folder: Path, tmp_path: Path) -> None:
    before = known(folder)
    copy = shutil.copytree(folder, tmp_path / "elsewhere" / "another-name")
    (tmp_path / "link").symlink_to(folder)
    linked = tmp_path / "linked"  # as the hub's cache has them
    linked.mkdir()
    for file in folder.iterdir():
        (linked / file.name).symlink_to(file)
    for same in (copy, tmp_path / "link", linked):
        assert known(same) == before
        assert known(same, "vllm", revision="v2") == before  # a folder has no revisions


def test_built_in_models_count_by_content(tmp_path: Path) -> None:
    copy = shutil.copytree(builtin_folder("shapes-vlm"), tmp_path / "copy")
    assert known("shapes-vlm") == known(copy) == known("shapes-vlm", "vllm")
    assert known("shapes-vlm") != known("shapes-llm")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "chat_template.jinja", "tokenizer.model", "merges.txt",
             "modeling_own.py", "adapter/adapter_model.safetensors"]
)  # fmt: skip
def test_one_byte_in_the_middle_of_any_file_makes_another_model(folder: Path, name: str) -> None:
    before, file = known(folder), folder / name
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    assert known(folder) != before


@pytest.mark.parametrize(
    "name", ["more.bin", "old.pt", "old.pth", "q.gguf", "vocab.json", "qwen.tiktoken", "vocab.txt", "lora/x.bin",
             "net.onnx", "net.xml"]
)  # fmt: skip
def test_one_more_file_of_the_model_makes_another_model(folder: Path, name: str) -> None:
    before = known(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"more")
    after = known(folder)
    assert after != before
    (folder / name).rename(folder / name.replace(".", "-2."))
    assert known(folder) not in (before, after)


@pytest.mark.parametrize(
    "name", ["README.md", "README.txt", "LICENSE.txt", "picture.png", ".git/config.json", ".cache/x.json", "model.lock",
             ".gitattributes", "__pycache__/modeling_own.py"]
)  # fmt: skip
def test_what_is_no_part_of_the_model_does_not_count(folder: Path, name: str) -> None:
    before = known(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"more")
    assert known(folder) == before


def test_folders_of_formats_that_nobody_knows_are_told_apart(tmp_path: Path) -> None:
    found = []
    for text in ("one", "two"):
        (tmp_path / text).mkdir()
        (tmp_path / text / "weights.next-year").write_text(text)
        found.append(known(tmp_path / text, "of-a-plug-in")["model"])
    assert found[0] != found[1]


def test_a_link_in_a_circle_ends(folder: Path) -> None:
    before = known(folder)
    (folder / "adapter" / "back").symlink_to(folder)
    assert known(folder) == before


def test_ggufs_are_told_apart_as_folders_and_as_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.gguf").write_text(f"GGUF {name}")
    one, two = tmp_path / "one" / "model.gguf", tmp_path / "two" / "model.gguf"
    for engine in ("llama-cpp", "vllm"):
        assert known(one.parent, engine) != known(two.parent, engine)
        assert known(one, engine) != known(two, engine)
    renamed = tmp_path / "renamed.gguf"
    shutil.copy(one, renamed)
    assert known(renamed, "llama-cpp") == known(one, "llama-cpp")
    alone = known(one, "llama-cpp")
    (one.parent / "mmproj-one.gguf").write_text("a projector")
    assert known(one, "llama-cpp") == alone | {"mmproj": known(one.parent / "mmproj-one.gguf", "vllm")["model"]}
    assert known(one, "vllm") == alone  # which loads the one file alone


def test_all_pieces_of_a_gguf_count(tmp_path: Path) -> None:
    first, second = (tmp_path / f"m-0000{n}-of-00002.gguf" for n in (1, 2))
    first.write_text("first")
    second.write_text("second")
    before = known(first, "vllm")
    second.write_text("changed")
    assert known(first, "vllm") != before


def test_a_name_of_ollamas_is_never_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "llava").mkdir()
    monkeypatch.chdir(tmp_path)
    assert known("llava", "ollama") == {"model": "llava"}
    assert known("llava", "vllm") != {"model": "llava"}


def test_a_file_that_cannot_be_read_is_one_line(folder: Path) -> None:
    (folder / "broken.bin").symlink_to(folder / "nowhere")
    with pytest.raises(UserError, match=r"broken\.bin cannot be read: No such file") as caught:
        known(folder)
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------------------------------------ hashes that are kept


def settled(folder: Path) -> None:
    """Make all files look an hour old."""
    for file in folder.rglob("*"):
        os.utime(file, (time.time() - 3600,) * 2)


def test_a_file_is_read_once_a_machine(folder: Path, cache: Path) -> None:
    settled(folder)
    before = known(folder)
    (kept,) = (file for file in cache.rglob("*") if file.is_file())
    entries = json.loads(kept.read_text())
    large = str(folder / "model.safetensors")
    assert entries[large][0] == 2**22
    entries[large][2] = "0" * 64  # what no file hashes to: it shows whether the file or the cache is believed
    kept.write_text(json.dumps(entries))
    poisoned = known(folder)
    assert poisoned != before
    os.utime(large)
    assert known(folder) == before  # another time of change: read again
    kept.unlink()
    assert known(folder) == before


def test_a_file_that_was_just_written_is_read_again(folder: Path) -> None:
    before, file = known(folder), folder / "model.safetensors"
    stat, whole = file.stat(), bytearray(file.read_bytes())
    whole[2**20] ^= 1
    file.write_bytes(whole)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as where the disk's clock has not moved on
    assert known(folder) != before


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"a": 1}', "null", "[" * 100_000, '{"%s": ["x"]}', '{"%s": [1, 2, 3]}', "\xff"]
)
def test_a_broken_cache_is_no_error(folder: Path, cache: Path, text: str) -> None:
    settled(folder)
    before = known(folder)
    (kept,) = (file for file in cache.rglob("*") if file.is_file())
    kept.write_bytes(text.replace("%s", str(folder / "model.safetensors")).encode("latin-1"))
    assert known(folder) == before
    assert str(folder / "model.safetensors") in json.loads(kept.read_text())  # mended


@pytest.mark.parametrize("what", ["a file", "a folder", "no home"])
def test_a_cache_that_cannot_be_is_no_error(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    settled(folder)
    before = known(folder)
    shutil.rmtree(cache)
    if what == "a file":
        cache.write_text("in the way")
    elif what == "a folder":
        (cache / "framescribe" / "hashes.json").mkdir(parents=True)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
        monkeypatch.setenv("HOME", "/proc/nowhere")
    assert known(folder) == before


def _one_of_many(folder: str, model: str) -> dict[str, Any]:
    os.environ["XDG_CACHE_HOME"] = folder
    return known(model)


def test_several_processes_keep_hashes_at_once(folder: Path, cache: Path) -> None:
    settled(folder)
    before = known(folder)
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(_one_of_many, [(str(cache), str(folder))] * 12)
    assert found == [before] * 12
    assert [file.name for file in (cache / "framescribe").iterdir()] == ["hashes.json"]


def test_a_name_that_no_file_can_have() -> None:
    for name in ("x" * 5000, "a\0b", "~nobody-of-that-name/x"):
        assert known(name, "vllm") == {"model": name}
        assert weights.content(Path(name)) is None
