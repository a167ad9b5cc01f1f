"""The benchmark for GPUs runs, counts what it says, and reckons its roofline right. No figure of speed is judged."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from framescribe.prompts import load

ROOT = Path(__file__).parent.parent
GB = 1e9
A100, H100, H200 = "NVIDIA A100-SXM4-80GB", "NVIDIA H100 80GB HBM3", "NVIDIA H200"
MEMORY = {A100: 80 * GB, H100: 80 * GB, H200: 141 * GB}


@pytest.fixture
def roofline(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import roofline

    return roofline


@pytest.fixture
def random_models(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import random_models

    return random_models


def bench(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the script says; the clips are its own, and there is no GPU."""
    clean = {name: value for name, value in os.environ.items() if name != "FRAMESCRIBE_CLIPS"}
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "gpu.py", *options],
        env={**clean, "CUDA_VISIBLE_DEVICES": "", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_a_gpu_it_says_so_in_one_line() -> None:
    done = bench()
    assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stderr
    assert done.stdout.startswith("No CUDA GPU here")


def test_tiny_models_give_complete_rows_with_the_true_counts(random_models: ModuleType) -> None:
    model = random_models.Llava(tiny=True)
    chat = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": load("default", "frame")}]}]
    prompt = model.tokenizer.apply_chat_template(
        chat, chat_template=model.template, tokenize=False, add_generation_prompt=True
    )
    words = sum(len(model.tokenizer(text)["input_ids"]) for text in prompt.split("<image>"))
    # 320 x 180 fits best into 2 x 2 tiles of 4 x 4 patches. The whole picture gives 16 tokens; of the tiles' 8 rows 4
    # are picture, each with 8 patches and a line end.
    done = bench(
        "--tiny", "--model", "llava-v1.6-vicuna-7b", "--batch", "3,2", "--frames", "2", "--peaks", "0.1", "0.1"
    )
    assert done.returncode == 0, done.stderr
    heads, line, *rows, empty, verdict = ([cell.strip() for cell in row.split("|")] for row in done.stdout.splitlines())
    assert len(rows) == 2 and empty == [""] and verdict[0].startswith("llava-v1.6-vicuna-7b, tiny: best is sdpa")
    for row, batch in zip(rows, ("3", "2"), strict=True):
        assert len(row) == len(heads) == len(line) and all(row[1:-1])
        cells = dict(zip(heads, row, strict=True))
        assert (cells["batch"], cells["precision"], cells["cache"], cells["compiled"]) == (
            *(batch, "bfloat16"),
            *("dynamic", "no"),
        )
        assert (cells["attention"], cells["frames a clip"]) == ("sdpa", "2.0")
        assert cells["pixels a frame"] == f"{320 * 180:,}"
        assert cells["answer tokens a frame"] == "8"  # it never says less, whatever its weights
        clips, frames, answers = (
            float(cells[name].replace(",", "")) for name in ("clips/s", "frames/s", "answer tokens/s")
        )
        assert clips == pytest.approx(frames / 2, abs=0.02)
        assert answers == pytest.approx(frames * 8, abs=1)
        assert cells["prompt tokens a frame"] == f"{words + 16 + 4 * 9}"


def test_the_roofline_is_what_the_formula_gives_by_hand(roofline: ModuleType) -> None:
    # One layer, one head of 4 values; 10 parameters in text layers, 3 in the vision tower, 20 in all.
    counts = roofline.Counts(text=10, vision=3, everything=20, layers=1, heads=1, kv_heads=1, head_size=4)
    assert (counts.weights, counts.kv) == (40, 2 * 4 * 2)
    # 2 GB kept back, weights of 40 bytes, 90 % of the rest for answers of 8 + 2 tokens of 16 bytes: 5 of them.
    memory = (2e9 + 40 + 5 * 160 + 1) / 0.9
    prefill = 2 * 10 * 8 + 2 * 4 * 64 + 2 * 3 * 7  # 714 FLOPs
    decode = 2 * (40 / 5 + (8 + 1) * 16)  # 304 bytes
    peaks = roofline.Peaks(flops=1000, bandwidth=500)
    found = roofline.frames_per_second(counts, peaks, memory, prompt=8, answer=2, patches=7)
    assert found == pytest.approx(1 / (prefill / 500 + decode / 400))
    assert (prefill, decode) == (714, 304)


# Reckoned by others than this code, before it: what each model with a prompt of so many tokens reaches.
WORKED = [
    ("llava-v1.6-vicuna-7b", 1960, 200, 5 * 577, {A100: 2.9, H100: 6.3, H200: 8.3}),
    ("llava-v1.6-vicuna-7b", 640, 200, 577, {A100: 8.5}),
    ("qwen2.5-vl-7b", 1260, 200, 52 * 92, {A100: 6.1, H100: 17.6, H200: 18.7}),
    ("qwen2.5-vl-7b", 4864, 250, 16 * 26 * 46, {A100: 1.5, H100: 4.5, H200: 4.8}),
    ("qwen2.5-vl-7b", 2472, 250, 8 * 26 * 46, {A100: 3.1, H100: 8.9, H200: 9.4}),
]


@pytest.mark.parametrize(("name", "prompt", "answer", "patches", "expected"), WORKED)
def test_worked_examples(
    roofline: ModuleType,
    random_models: ModuleType,
    name: str,
    prompt: int,
    answer: int,
    patches: int,
    expected: dict[str, float],
) -> None:
    counts = roofline.Counts.of(random_models.MODELS[name]().network("meta"))
    for gpu, frames in expected.items():
        found = roofline.frames_per_second(
            counts, roofline.PEAKS[gpu], MEMORY[gpu], prompt=prompt, answer=answer, patches=patches
        )
        assert found == pytest.approx(frames, abs=0.05), gpu  # as exact as the figures are written


def test_the_shapes_are_those_of_the_published_models(roofline: ModuleType, random_models: ModuleType) -> None:
    """Against what is published of them: 7.06 and 8.29 thousand million parameters; 512 and 56 KiB of cache a token."""
    for name, parameters, cache in (("llava-v1.6-vicuna-7b", 7.06e9, 512), ("qwen2.5-vl-7b", 8.29e9, 56)):
        counts = roofline.Counts.of(random_models.MODELS[name]().network("meta"))
        assert counts.everything == pytest.approx(parameters, rel=1e-3)
        assert counts.kv == cache * 1024


@pytest.mark.parametrize(
    ("name", "token", "tokens"),
    [
        # 576 of the whole picture; 672 x 672 is 48 x 48 patches, of which 28 rows are picture, each with a line end.
        ("llava-v1.6-vicuna-7b", "<image>", 576 + 28 * (48 + 1)),
        ("qwen2.5-vl-7b", "<|image_pad|>", 46 * 26),  # pieces of 28 x 28 pixels
    ],
)
def test_a_picture_of_1280_by_720_has_the_true_number_of_tokens(
    random_models: ModuleType, name: str, token: str, tokens: int
) -> None:
    from PIL import Image

    if missing := [package for package in random_models.MODELS[name].needs if find_spec(package) is None]:
        pytest.skip(f"{name} needs {', '.join(missing)}")
    model = random_models.MODELS[name]()
    assert len(model.tokenizer) == model.vocabulary()
    picture = {"type": "image", "image": Image.new("RGB", (1280, 720))}
    chat = [{"role": "user", "content": [picture, {"type": "text", "text": "Tell me."}]}]
    given = model.processor().apply_chat_template(
        chat, chat_template=model.template, tokenize=True, return_dict=True, return_tensors="pt"
    )
    assert int((given["input_ids"] == model.ids[token]).sum()) == tokens


def test_a_disk_that_is_too_small_is_named(random_models: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_models, "SPARE", 1e12)  # no disk has that
    with (
        pytest.raises(random_models.NoRoom, match="TMPDIR"),
        random_models.written(random_models.Llava(tiny=True), "cpu", 8),
    ):
        pass


def test_exports_of_a_few_rows_are_measured(tmp_path: Path) -> None:
    words = ["--rows", "50,60", "--to", "csv,nothing", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "export.py", *words], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()[2:]]
    assert [row[:2] for row in rows] == [["50", "csv"], ["50", "nothing"], ["60", "csv"], ["60", "nothing"]]
    assert all(float(cell.replace(",", "")) > 0 for cell in (rows[0][2], rows[0][4]))
    assert "no format is called 'nothing'" in rows[1][2]
