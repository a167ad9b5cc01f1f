"""Knows what answers the loads: vLLM with models whose answers have one fixed length, and a server that only says yes.

    python benchmarks/responders.py [SECONDS] [CERTIFICATE]

is the latter: it prints its URL first, reads each request to its end and answers with the same chat completion, SECONDS
later. With a certificate and its key in one file it speaks https. Below /numbered/v1 an answer's id holds the request's
X-Request-Id, as vLLM's does. GET /v1/times says when requests with a picture came and were answered since the last such
GET.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiohttp import web

from framescribe.engines.presets import builtin_folder
from framescribe.engines.servers.program import Server
from framescribe.engines.servers.served import ServedEngine

SEQUENCES = 16  # that vLLM works on at once
# No cache may recognise a picture; vLLM's cache of encoded pictures cannot be turned off, and holds as many
# tokens as one batch may.
FLAGS = (
    *("--dtype", "float32", "--enforce-eager", "--max-num-seqs", str(SEQUENCES)),
    *("--no-enable-prefix-caching", "--max-num-batched-tokens", "2048"),
)
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1"}
CERTIFICATE, NUMBERED = "certificate.pem", "/numbered"
NEVER = "<unk>"  # a token that no text contains: as the end of an answer it makes answers run to max_tokens
ANSWER = {
    "id": "chatcmpl-0",
    "object": "chat.completion",
    "created": 0,
    "model": "none",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "A small red circle is at the top left. " * 5},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
}


def endless_shapes(folder: Path) -> None:
    """The built-in shapes-vlm, made to give answers that do not end."""
    shutil.copytree(builtin_folder("shapes-vlm"), folder)
    _never_end(folder)


def heavy(folder: Path) -> int:
    """A LLaVA-NeXT with random weights, shapes-vlm's words and pictures, and answers that do not end; its size."""
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import LlavaNextConfig, LlavaNextForConditionalGeneration

    small = builtin_folder("shapes-vlm")
    folder.mkdir()
    for file in small.iterdir():
        if file.suffix in (".json", ".jinja"):
            shutil.copy(file, folder)
    settings = json.loads((small / "config.json").read_text())
    text = {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 12}
    sight = {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 6, "num_attention_heads": 8}
    settings["text_config"] |= {**text, "num_key_value_heads": 12, "tie_word_embeddings": False}
    settings["vision_config"] |= sight
    settings |= {"tie_word_embeddings": False, "dtype": "float32", "torch_dtype": "float32"}
    torch.manual_seed(0)
    model = LlavaNextForConditionalGeneration(LlavaNextConfig(**settings))
    vocabulary = json.loads((small / "tokenizer.json").read_text())["model"]["vocab"]
    with torch.no_grad():  # of a thousand random logits the largest is above 0: answers are letters, and never empty
        for token, number in vocabulary.items():
            if not re.fullmatch("Ġ?[a-z]+", token):
                model.lm_head.weight[number] = 0
    model.save_pretrained(folder)
    weights = folder / "model.safetensors"
    tensors = {
        re.sub("^vision_tower[.]", "vision_tower.vision_model.", name): w for name, w in load_file(weights).items()
    }
    save_file(tensors, weights, {"format": "pt"})  # under the published names, which vLLM expects
    _never_end(folder)
    return sum(weight.numel() for weight in model.parameters())


def _never_end(folder: Path) -> None:
    never = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"][NEVER]
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        settings = json.loads((folder / name).read_text())
        if name == "tokenizer_config.json":
            settings["eos_token"] = NEVER
        elif name == "config.json":
            settings["text_config"]["eos_token_id"] = never
        else:
            settings["eos_token_id"] = never
        (folder / name).write_text(json.dumps(settings, indent=2))


@asynccontextmanager
async def served(vllm: Path, folder: Path, name: str, logs: Path) -> AsyncIterator[str]:
    """The URL of a vLLM that serves the checkpoint in `folder` while this is open."""
    server = Server(repository=str(folder), name=name, arguments=FLAGS)
    engine = ServedEngine("vllm", server, executable=[str(vllm)], gpus=[()], logs=logs)
    await engine.open()
    try:
        yield engine.urls[0]
    finally:
        await engine.close()


@contextmanager
def yes(seconds: float = 0.0, *, secure: Path | None = None) -> Iterator[str]:
    """The URL of a server, in a process of its own, to which a request costs nothing much but the given seconds. With
    `secure` it speaks https, and its certificate is put into that folder."""
    words = [sys.executable, __file__, str(seconds)]
    if secure is not None:
        words.append(str(_certificate(secure)))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _certificate(folder: Path) -> Path:
    """A certificate for localhost that signs itself, and its key, in one file."""
    folder.mkdir(parents=True, exist_ok=True)
    file, key = folder / CERTIFICATE, folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    made += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(file),
    ]
    subprocess.run(made, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


async def _say_yes(seconds: float, certificate: str | None) -> None:
    answer = json.dumps(ANSWER).encode()
    trust = None
    if certificate is not None:
        trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trust.load_cert_chain(certificate)
    times: list[tuple[float, float]] = []

    async def complete(request: web.Request) -> web.Response:
        picture = b"image_url" in await request.read()
        came = time.monotonic()
        if seconds:
            await asyncio.sleep(seconds)
        if picture:
            times.append((came, time.monotonic()))
        number = request.headers.get("X-Request-Id", "") if request.path.startswith(NUMBERED) else ""
        return web.Response(
            body=answer.replace(b"chatcmpl-0", f"chatcmpl-{number}".encode()), content_type="application/json"
        )

    async def told(_: web.Request) -> web.Response:
        response = web.json_response(times)
        times.clear()
        return response

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "none"}]})

    app = web.Application(client_max_size=2**28)
    app.add_routes(
        [
            *(web.post(f"{at}/v1/chat/completions", complete) for at in ("", NUMBERED)),
            *(web.get(f"{at}/v1/models", models) for at in ("", NUMBERED)),
            web.get("/v1/times", told),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=trust).start()
    host = "http://127.0.0.1" if trust is None else "https://localhost"
    print(f"{host}:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_say_yes(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0, sys.argv[2] if len(sys.argv) > 2 else None))
