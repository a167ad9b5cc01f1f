"""Which of an engine's own arguments change captions: however they are written, and never a secret."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from framescribe.engines.arguments import secrets, shown, without_token
from framescribe.engines.choice import ModelChoice, Serving
from framescribe.engines.redaction import HIDDEN, redacted
from framescribe.engines.servers.served import ServedEngine
from framescribe.errors import UserError


@pytest.fixture(autouse=True)
def _no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an adapter."""
    made = tmp_path / "model" / "adapter"
    made.mkdir(parents=True)
    (made / "adapter_model.safetensors").write_bytes(b"an adapter")
    return made.parent


def told(*arguments: str, engine: str = "vllm") -> Any:
    found = ModelChoice(engine=engine, model="org/model", serving=Serving(arguments=arguments)).ingredients()
    assert found.pop("model") == "org/model"
    assert set(found) <= {"arguments"}
    return found.get("arguments", {})


def test_the_order_and_the_way_of_writing_do_not_count() -> None:
    one = told("--seed", "3", "--quantization=fp8", "--enforce-sampling", "--limits", "1", "2")
    assert one == told("--limits", "1", "2", "--quantization", "fp8", "--enforce_sampling", "--seed=3")
    assert one == {"enforce-sampling": [], "limits": ["1", "2"], "quantization": ["fp8"], "seed": ["3"]}
    assert told("--rope-theta", "-1") == {"rope-theta": ["-1"]}
    assert told("--hf-overrides", '{"a":1,"b":2}') == told('--hf-overrides={"b": 2, "a": 1}')
    assert told("--hf-overrides", '{"a":1}') != told("--hf-overrides", '{"a":2}')


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("vllm", "--max-num-seqs 512 --gpu-memory-utilization=0.5 --port 1 --host h --disable-log-stats -tp 2 -O3"),
        ("vllm", "--no-enable-prefix-caching --compilation-config.level 3 --uvicorn-log-level debug --swap-space 4"),
        ("sglang", "--mem-fraction-static 0.7 --tp 2 --schedule-policy lpm --log-level info --page-size 64"),
        ("lmdeploy", "--cache-max-entry-count 0.5 --max-batch-size 8 --log-level INFO --server-port 1"),
        ("llama-cpp", "-t 4 --threads 4 -np 2 -ngl 99 --no-mmap --flash-attn on --log-disable -b 512 --port 1"),
    ],
)  # fmt: skip
def test_speed_memory_addresses_and_logs_do_not_count(engine: str, words: str) -> None:
    assert told(*words.split(), engine=engine) == {}


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("vllm", "--quantization fp8"),
        ("vllm", "--kv-cache-dtype fp8"),
        ("vllm", "--max-model-len 1024"),  # cuts answers
        ("vllm", "--load-format dummy"),
        ("sglang", "--chat-template chatml"),
        ("lmdeploy", "--quant-policy 8"),
        ("llama-cpp", "--ctx-size 512"),
        ("llama-cpp", "-c 512"),
        ("llama-cpp", "--cache-type-k q4_0"),
        ("of-a-plug-in", "--port 80"),  # nobody knows what it means there
    ],
)  # fmt: skip
def test_everything_else_counts(engine: str, words: str) -> None:
    flag, value = words.split()
    assert told(flag, value, engine=engine) == {flag.lstrip("-"): [value]}


def test_files_and_folders_count_by_content(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template, other = tmp_path / "one.jinja", tmp_path / "two.jinja"
    template.write_text("{{ messages }}")
    shutil.copy(template, other)
    lora = shutil.copytree(folder, tmp_path / "lora")
    monkeypatch.chdir(tmp_path)
    forms = [
        lambda text, path: ("--chat-template", str(text)),
        lambda text, path: (f"--chat-template={text}",),
        lambda text, path: ("--lora-modules", f"a={path}", "b=org/b"),
        lambda text, path: ("--lora-modules", json.dumps({"name": "a", "path": str(path)})),
        lambda text, path: ("--lora-scaled", f"{text}:0.5"),
        lambda text, path: ("--lora", f"{text},{text}"),
    ]
    before = [told(*form(template, folder)) for form in forms]
    assert [told(*form(other, lora)) for form in forms] == before
    assert [told(*form(Path("one.jinja"), Path("model"))) for form in forms] == before
    template.write_text("{{ changed }}")
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(b"another")
    after = [told(*form(template, folder)) for form in forms]
    assert all(one != two for one, two in zip(before, after, strict=True))
    assert str(tmp_path) not in json.dumps([before, after])


def test_a_folder_that_this_one_lies_in_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "one.json").write_text("{}")
    for value in ("/", "..", ".", str(tmp_path)):
        assert told("--media-path", value, engine="of-a-plug-in") == {"media-path": [value]}


def test_values_that_are_no_paths() -> None:
    for value in ("~nobody-of-that-name/x", "a\0b", "x" * 5000, "", "=", ":", ",", "a=", "{", "[" * 9999):
        assert told("--thing", value) == {"thing": [value]}


@pytest.mark.parametrize(
    "words",
    [
        *(("--api-key", "SECRET"), ("--api-key=SECRET",), ("--api_keys", "SECRET", "SECRET2")),
        *(("--hf-token", "SECRET"), ("--ssl-keyfile-password", "SECRET"), ("--admin-api-key", "SECRET")),
        ("--ssl-key-file", "SECRET"),
        ("--client-secret", "SECRET"),
    ],
)  # fmt: skip
def test_secrets_do_not_count(words: tuple[str, ...]) -> None:
    assert told(*words, "--seed", "3", engine="of-a-plug-in") == {"seed": ["3"]}


def test_secrets_in_other_places_cannot_be_read() -> None:
    places = (
        "--from",
        "http://me:SECRET@host/x",
        "--config",
        '{"token": "SECRET", "x": 1}',
        "--with",
        "sk-SECRET-12345",
    )
    assert "SECRET" not in json.dumps(told(*places, "--header", "Authorization=Bearer SECRET"))
    assert told("--image-token-id", "7") == {"image-token-id": ["7"]}
    assert told("--tokenizer", "hf-internal/a") != told("--tokenizer", "hf-internal/b")


SECRET = "0123456789-abcdef/+x"


@pytest.mark.parametrize(
    "words",
    [
        ("--hf-token", SECRET),
        (f"--hf_token={SECRET}",),
        ("-hft", SECRET),
        ("--api-key", SECRET),
        ("--ssl-keyfile-password", SECRET),
        ("--env", f"HF_TOKEN={SECRET}"),
        (f"--env=AWS_SECRET_ACCESS_KEY={SECRET}",),
        ("--header", f"Authorization: Bearer {SECRET}"),
        ("--header", f"X-Api-Key: {SECRET}"),
        ("--model-loader-extra-config", json.dumps({"deep": [{"aws_secret_access_key": SECRET}]})),
        ("--from", f"https://me:{SECRET.replace('/', '')}@host/x"),
    ],
)  # fmt: skip
def test_a_secret_is_neither_remembered_nor_shown(words: tuple[str, ...]) -> None:
    secret = SECRET.replace("/", "") if "https" in words[-1] else SECRET
    other = tuple(word.replace(secret, "another-secret-42") for word in words)
    for engine in ("vllm", "llama-cpp", "of-a-plug-in"):
        remembered = told(*words, "--seed", "3", engine=engine)
        assert secret not in json.dumps(remembered)
        assert remembered == told(*other, "--seed", "3", engine=engine)  # a new key makes no other recipe
        assert remembered["seed"] == ["3"]
    assert any(secret in each for each in secrets(words))
    line = shown(["docker", "run", *words, "--seed", "3"])
    assert secret not in line
    assert line.endswith("--seed 3")


def test_the_hubs_token_becomes_a_variable() -> None:
    assert without_token(("--a", "--hf-token", "T", "--b")) == (("--a", "--b"), {"HF_TOKEN": "T"})
    assert without_token(("--hf_token=T", "1")) == (("1",), {"HF_TOKEN": "T"})
    assert without_token(("--hf-token", "--b")) == (("--hf-token", "--b"), {})  # vLLM: the one that is stored
    assert without_token(("--image-token-id=7",)) == (("--image-token-id=7",), {})


@pytest.mark.parametrize(
    "form",
    [
        "abc/+x %",
        "abc%2F%2Bx%20%25",
        "abc%2f%2bx%20%25",
        "abc/%2Bx%20%25",
        "abc%2F%2Bx+%25",
        "YWJjLyt4ICU=",
    ],
)  # fmt: skip
def test_a_secret_is_found_however_it_is_written(form: str) -> None:
    assert redacted(f"GET /v1?key={form}&x=1 failed", ["abc/+x %"]) == f"GET /v1?key={HIDDEN}&x=1 failed"


def test_a_key_for_a_server_that_is_started_is_refused(tmp_path: Path) -> None:
    for words in (("--api-key", "k"), ("--api-keys=k",), ("--api_key", "k")):
        choice = ModelChoice(engine="vllm", model="m", serving=Serving(arguments=words))
        with pytest.raises(UserError, match="needs no key"):
            ServedEngine.made(choice, prompt=None, beside=[choice], logs=tmp_path)
