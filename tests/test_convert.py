"""Checkpoints in the original LLaVA layout, converted: same captions, same logits, little memory, clear messages."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from safetensors import safe_open

from framescribe.cli.convert import convert
from framescribe.convert.checkpoint import convert as convert_into
from framescribe.demo.random_scenes import random_scene
from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.in_process.engine import TransformersEngine
from tests import originals
from tests.originals import KINDS, ORIGINAL_ROWS, ROWS, SHAPES, VISION, write_json, write_random

# ----------------------------------------------------------------------------------- a trained checkpoint


def drawn(count: int) -> tuple[list[np.ndarray], list[str]]:
    rng, pictures, truths = random.Random(5), [], []
    for number in range(count):
        width, height = ((320, 180), (180, 320), (256, 256))[number % 3]
        scene = random_scene(rng, width, height)
        pictures.append(np.asarray(scene.draw(width, height)))
        truths.append(scene.caption())
    return pictures, truths


def captions(folder: Path, pictures: list[np.ndarray]) -> list[str]:
    async def ask() -> list[str]:
        engine = TransformersEngine(model=str(folder), device="cpu")
        await engine.open()
        try:
            parts = [(ImagePart(picture), TextPart("Describe this frame.")) for picture in pictures]
            decoding = Decoding(max_tokens=96)
            requests = [ChatRequest(messages=(Message(role="user", parts=p),), decoding=decoding) for p in parts]
            return [reply.text for reply in await asyncio.gather(*map(engine.complete, requests))]
        finally:
            await engine.close()

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def built_in() -> tuple[list[np.ndarray], list[str]]:
    """A dozen drawn frames, and what the built-in checkpoint says of them."""
    torch.set_num_threads(1)
    pictures, truths = drawn(12)
    said = captions(SHAPES, pictures)
    assert sum(one.strip() == truth for one, truth in zip(said, truths, strict=True)) >= 9
    return pictures, said


@pytest.mark.parametrize(("form", "tower_inside"), [("bin", True), ("safetensors", False)])
def test_a_converted_checkpoint_captions_as_it_did(
    form: str, tower_inside: bool, built_in: tuple[list[np.ndarray], list[str]], tmp_path: Path, capsys: object
) -> None:
    originals.write_shapes(tmp_path, form=form, tower_inside=tower_inside)
    new = tmp_path / "new"
    convert(str(tmp_path / "old"), new)
    told = capsys.readouterr().err.splitlines()  # type: ignore[attr-defined]
    assert told[0].startswith("model.safetensors ") and told[-1].endswith(f"caption clips/ --model {new}")

    pictures, said = built_in
    assert captions(new, pictures) == said
    config, shapes = (json.loads((folder / "config.json").read_text()) for folder in (new, SHAPES))
    assert config["image_grid_pinpoints"] == shapes["image_grid_pinpoints"]
    assert (new / "chat_template.jinja").read_bytes() == (SHAPES / "chat_template.jinja").read_bytes()
    tokenizer = json.loads((new / "tokenizer_config.json").read_text())
    assert "extra_special_tokens" not in tokenizer, "transformers 4 cannot read it as a list"
    assert tokenizer["model_input_names"] == ["input_ids", "attention_mask"], "transformers 4 adds a third, which fails"
    with safe_open(new / "model.safetensors", framework="pt") as ours, safe_open(
        SHAPES / "model.safetensors", framework="pt"
    ) as theirs:  # fmt: skip
        assert set(ours.keys()) == set(theirs.keys()), "the names that llava-hf, vLLM and transformers 4 use"
        assert {ours.get_slice(name).get_dtype() for name in ours.keys()} == {"F16"}  # noqa: SIM118


# ----------------------------------------------------------------------------------- models of random weights


@pytest.fixture(scope="module", params=KINDS)
def random_model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, torch.nn.Module, Path]:
    folder = tmp_path_factory.mktemp("random")
    model = write_random(folder, **KINDS[request.param])
    convert_into(str(folder / "old"), folder / "new", shard_bytes=40_000)
    return request.param, model, folder / "new"


def test_the_logits_are_those_of_the_same_weights(random_model: tuple[str, torch.nn.Module, Path]) -> None:
    _, model, folder = random_model
    loaded, info = transformers.AutoModelForImageTextToText.from_pretrained(
        folder, dtype="auto", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    assert type(loaded) is type(model) and loaded.dtype == model.dtype
    processor = transformers.AutoProcessor.from_pretrained(folder)
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 255, (40, 90, 3), dtype=np.uint8))
    batch = processor(images=picture, text="<s> <image> w5 w6 w7", return_tensors="pt")
    assert batch["input_ids"].tolist()[0].count(ORIGINAL_ROWS - 1) > 10  # as many as there are patches
    with torch.no_grad():
        ours, truth = loaded.float().eval()(**batch).logits, deepcopy(model).float()(**batch).logits
    old = ORIGINAL_ROWS - 1
    torch.testing.assert_close(ours[..., :old], truth[..., :old], atol=1e-4, rtol=1e-4)
    assert ours.argmax(-1).max() < old, "no row that was added is ever the likeliest token"


def test_the_rows_that_are_added_are_the_mean_of_the_others(
    random_model: tuple[str, torch.nn.Module, Path],
) -> None:
    _, model, folder = random_model
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    assert len(set(index["weight_map"].values())) > 2
    for name, tensor in (
        ("language_model.model.embed_tokens.weight", model.get_input_embeddings().weight),
        ("language_model.lm_head.weight", model.get_output_embeddings().weight),
    ):
        with safe_open(folder / index["weight_map"][name], framework="pt") as opened:
            written = opened.get_tensor(name)
        old = tensor[: ORIGINAL_ROWS - 1].detach()
        assert torch.equal(written[: ORIGINAL_ROWS - 1], old)
        assert written.shape == (ROWS, 32)
        mean = old.double().mean(0).expand(ROWS - len(old), -1)
        torch.testing.assert_close(written[len(old) :].double(), mean, atol=2e-3, rtol=1e-2)


def test_a_frame_is_looked_at_as_the_original_does(random_model: tuple[str, torch.nn.Module, Path]) -> None:
    kind, _, folder = random_model
    processor = transformers.AutoProcessor.from_pretrained(folder)
    assert type(processor).__name__ == ("LlavaNextProcessor" if "1.6" in kind else "LlavaProcessor")
    gradient = np.linspace(0, 255, 96, dtype=np.uint8)
    picture = Image.fromarray(np.stack([np.tile(gradient, (48, 1))] * 3, axis=-1))
    pixels = processor(images=picture, text="<image>", return_tensors="pt")["pixel_values"]
    mean = np.array([0.48145466, 0.4578275, 0.40821073])
    std = np.array([0.26862954, 0.26130258, 0.27577711])
    if "1.6" in kind:  # the whole frame, squeezed into a square, and then the tiles
        assert pixels.shape == (1, 3, 3, 28, 28)
        square, pixels = picture.resize((28, 28), Image.Resampling.BICUBIC), pixels[:, 0]
    else:  # put into a square of the mean colour, so that both sides are seen
        square = Image.new("RGB", (96, 96), tuple(int(255 * each) for each in mean))
        square.paste(picture, (0, 24))
        square = square.resize((28, 28), Image.Resampling.BICUBIC)
    truth = ((np.asarray(square) / 255 - mean) / std).transpose(2, 0, 1)
    assert np.abs(pixels[0].numpy() - truth).max() < 0.05


def test_the_prompt_is_the_familys_own(random_model: tuple[str, torch.nn.Module, Path]) -> None:
    kind, _, folder = random_model
    processor = transformers.AutoProcessor.from_pretrained(folder)
    asked = {"role": "user", "content": [{"type": "text", "text": "w3?"}, {"type": "image"}]}
    told = {"role": "assistant", "content": [{"type": "text", "text": "w4."}]}
    again = {"role": "user", "content": [{"type": "text", "text": "w5?"}]}
    ruled = {"role": "system", "content": [{"type": "text", "text": "w6."}]}
    system = (
        "A chat between a curious human and an artificial intelligence assistant. "
        "The assistant gives helpful, detailed, and polite answers to the human's questions."
    )

    def prompt(*turns: dict[str, object]) -> str:
        return processor.apply_chat_template(list(turns), add_generation_prompt=True)  # type: ignore[no-any-return]

    if "mistral" in kind:
        assert prompt(asked) == "<s>[INST] <image>\nw3? [/INST]"
        assert prompt(asked, told, again) == "<s>[INST] <image>\nw3? [/INST] w4. </s>[INST] w5? [/INST]"
        assert prompt(ruled, asked) == "<s>[INST] <image>\nw6.\n\nw3? [/INST]"
    else:
        assert prompt(asked) == f"<s>{system} USER: <image>\nw3? ASSISTANT:"
        assert prompt(asked, told, again) == f"<s>{system} USER: <image>\nw3? ASSISTANT: w4.</s>USER: w5? ASSISTANT:"
        assert prompt(ruled, asked) == "<s>w6. USER: <image>\nw3? ASSISTANT:"
    tokens = processor.apply_chat_template([again], tokenize=True, return_dict=True)["input_ids"]
    assert list(np.ravel(tokens)).count(1) == 1, "one start token"


def test_a_sentencepiece_tokenizer_is_read_as_the_original_reads_it(tmp_path: Path) -> None:
    spm = pytest.importorskip("sentencepiece")
    write_random(tmp_path, **KINDS["llava-1.5"])
    old, new = tmp_path / "old", tmp_path / "new"
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(["USER: what is shown in this image? ASSISTANT: a red circle"] * 50),
        model_prefix=str(old / "tokenizer"), vocab_size=300, model_type="bpe", byte_fallback=True,
        unk_id=0, bos_id=1, eos_id=2, pad_id=-1, minloglevel=2, hard_vocab_limit=False,
        normalization_rule_name="identity", remove_extra_whitespaces=False,
    )  # fmt: skip
    (old / "tokenizer.json").unlink()
    pieces = spm.SentencePieceProcessor(model_file=str(old / "tokenizer.model"))
    config = json.loads((old / "config.json").read_text())
    write_json(old / "config.json", {**config, "vocab_size": len(pieces)})
    weights = {}
    for file in old.glob("*.bin"):
        weights.update(torch.load(file))
        file.unlink()
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        weights[name] = weights[name][:1].repeat(len(pieces), 1)
    originals.write_weights(old, weights, "bin")
    convert(str(old), new)
    tokenizer = transformers.AutoTokenizer.from_pretrained(new)
    # LLaVA's tokenizer_image_token: the texts before and after an image, separately.
    truth = [1, *pieces.encode("a chat USER: "), len(pieces), *pieces.encode("\nwhat is shown? ASSISTANT:")]
    prompt = "a chat USER: <image>\nwhat is shown? ASSISTANT:"
    assert tokenizer.encode(prompt) == truth
    assert tokenizer.encode(f"<s>{prompt}", add_special_tokens=False) == truth, "as servers tokenize a chat"
    turn = {"role": "user", "content": [{"type": "text", "text": "what is shown?"}]}
    processor = transformers.AutoProcessor.from_pretrained(new)
    tokens = processor.apply_chat_template([turn], tokenize=True, return_dict=True)["input_ids"]
    assert list(np.ravel(tokens)).count(1) == 1


def test_a_tower_that_transformers_saved_alone_is_read(tmp_path: Path) -> None:
    model = write_random(tmp_path, **KINDS["llava-1.5"])
    shutil.rmtree(tmp_path / "tower")
    originals.write_tower(tmp_path / "tower", VISION)
    tower = model.model.vision_tower
    tower.save_pretrained(tmp_path / "tower")
    convert(str(tmp_path / "old"), tmp_path / "new")
    loaded = transformers.AutoModelForImageTextToText.from_pretrained(tmp_path / "new", dtype="auto")
    for name, tensor in tower.state_dict().items():
        assert torch.equal(loaded.model.vision_tower.state_dict()[name], tensor), name


# ----------------------------------------------------------------------------------- memory


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process's own peak is read from /proc")
def test_memory_stays_small_however_large_the_checkpoint(tmp_path: Path) -> None:
    """A process converts a tiny checkpoint, and then one of 0.4 GB: its peak rises by only a few tensors."""
    write_random(tmp_path / "tiny", **KINDS["llava-1.5"])
    shutil.copytree(tmp_path / "tiny", tmp_path / "large")
    old = tmp_path / "large" / "old"
    config = json.loads((old / "config.json").read_text())
    hidden, between, layers = 1024, 4096, 12
    write_json(
        old / "config.json",
        {**config, "hidden_size": hidden, "intermediate_size": between, "num_hidden_layers": layers,
         "mm_vision_tower": str(tmp_path / "large" / "tower")},
    )  # fmt: skip
    wide = {"mlp.gate_proj": (between, hidden), "mlp.up_proj": (between, hidden), "mlp.down_proj": (hidden, between)}
    square = {"self_attn.q_proj": (hidden, hidden), "self_attn.o_proj": (hidden, hidden)}
    narrow = {"self_attn.k_proj": (hidden // 2, hidden), "self_attn.v_proj": (hidden // 2, hidden)}
    norms = {"input_layernorm": (hidden,), "post_attention_layernorm": (hidden,)}
    shapes = {
        f"model.layers.{layer}.{name}.weight": shape
        for layer in range(layers)
        for name, shape in {**wide, **square, **narrow, **norms}.items()
    }
    shapes |= {"model.embed_tokens.weight": (ORIGINAL_ROWS, hidden), "lm_head.weight": (ORIGINAL_ROWS, hidden)}
    shapes |= {"model.norm.weight": (hidden,), "model.mm_projector.0.weight": (hidden, 32)}
    shapes |= {"model.mm_projector.0.bias": (hidden,), "model.mm_projector.2.weight": (hidden, hidden)}
    shapes |= {"model.mm_projector.2.bias": (hidden,)}
    for file in old.glob("pytorch_model*"):
        file.unlink()
    originals.write_weights(
        old, {name: torch.ones(shape, dtype=torch.float16) for name, shape in shapes.items()}, "bin"
    )
    size = sum(file.stat().st_size for file in old.glob("*.bin"))
    assert size > 350e6
    code = f"""
        from pathlib import Path
        from framescribe.convert.checkpoint import convert

        def peak():  # of this program alone: getrusage's peak includes that of the process that started it
            status = Path("/proc/self/status").read_text()
            return int(status.split("VmHWM:")[1].split()[0]) * 1024

        peaks = []
        for name in ("tiny", "large"):
            convert(str(Path({str(tmp_path)!r}) / name / "old"), Path({str(tmp_path)!r}) / name / "new")
            peaks.append(peak())
        print("peak", peaks[1] - peaks[0])
    """
    try:
        ended = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=300
        )
        assert ended.returncode == 0, ended.stderr
        assert sum(file.stat().st_size for file in (tmp_path / "large" / "new").iterdir()) > 350e6
        assert int(ended.stdout.split("peak ")[1]) < size / 10, ended.stdout
    finally:
        shutil.rmtree(tmp_path / "large")


# ----------------------------------------------------------------------------------- the hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """A hub on loopback whose repositories someone/old and someone/tower are folders below tmp_path."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(send=False)

        def do_GET(self) -> None:
            self._answer(send=True)

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _answer(self, *, send: bool) -> None:
            path = self.path.split("?")[0]
            repository = next((name for name in ("old", "tower") if f"/someone/{name}" in path), None)
            file = tmp_path / str(repository) / path.rpartition("/resolve/main/")[2]
            found = repository is not None and "/resolve/" in path and file.is_file()
            body = file.read_bytes() if found else b""
            if repository and path.startswith("/api/models/") and "/tree/" in path:
                found, body = True, b"[]"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Repo-Commit", "0123456789abcdef0123456789abcdef01234567")
            self.send_header("ETag", f'"{file.name}"')
            if not found:
                self.send_header("X-Error-Code", "EntryNotFound" if repository else "RepoNotFound")
            self.end_headers()
            if send:
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_checkpoint_and_tower_come_from_the_hub(hub: str, tmp_path: Path) -> None:
    model = write_random(tmp_path, **KINDS["llava-1.5"])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    command = [sys.executable, "-m", "framescribe", "convert", "--vision-tower"]

    def run(tower: str, source: str, endpoint: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, tower, source, str(tmp_path / "new")],
            capture_output=True, text=True, timeout=300,
            env={**kept, "HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": endpoint},
        )  # fmt: skip

    for tower, source, endpoint, said in (
        ("someone/none", "someone/old", hub, "Name the folder or the repository of the vision tower: --vision-tower"),
        ("someone/tower", "someone/none", hub, "Give the folder that holds it."),
        ("someone/tower", "someone/else", "http://127.0.0.1:9", "Give the folder that holds it."),
    ):
        ended = run(tower, source, endpoint)
        assert ended.returncode == 2
        lines = ended.stderr.strip().splitlines()[-2:]
        assert lines[0].startswith("framescribe: someone/") and lines[1].startswith(said), ended.stderr
        assert not (tmp_path / "new").exists()
    ended = run("someone/tower", "someone/old", hub)
    assert ended.returncode == 0, ended.stderr
    loaded = transformers.AutoModelForImageTextToText.from_pretrained(tmp_path / "new", dtype="auto")
    assert torch.equal(loaded.model.vision_tower.state_dict()["pre_layrnorm.weight"],
                       model.model.vision_tower.state_dict()["pre_layrnorm.weight"])  # fmt: skip


def test_help_does_not_wait_for_torch() -> None:
    code = (
        "import sys, framescribe.cli.main; print([m for m in ('torch', 'transformers', 'numpy') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
