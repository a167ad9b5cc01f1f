"""Whatever cannot be converted is reported in one line before anything is written; a stopped run leaves nothing."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from framescribe.cli.convert import convert
from framescribe.convert.checkpoint import convert as convert_into
from framescribe.errors import UserError
from tests.originals import KINDS, VISION, write_json, write_random


def edit(folder: Path, **more: object) -> None:
    path = folder / "old" / "config.json"
    write_json(path, {**json.loads(path.read_text()), **more})


def change_weights(folder: Path, name: str, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    path = next(file for file in (folder / "old").glob("*.bin") if name in torch.load(file))
    tensors = torch.load(path)
    change(tensors)
    torch.save(tensors, path)


def drop(folder: Path, name: str) -> None:
    change_weights(folder, name, lambda tensors: tensors.pop(name))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2000])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "another architecture": (lambda f: edit(f, architectures=["LlavaQwenForCausalLM"]), "LlavaLlamaForCausalLM"),
    "already converted": (
        lambda f: edit(f, architectures=["LlavaForConditionalGeneration"]),
        "layout already: it needs no converting",
    ),
    "another projector": (lambda f: edit(f, mm_projector_type="linear"), "mm_projector_type linear"),
    "image markers": (lambda f: edit(f, mm_use_im_start_end=True), "mm_use_im_start_end True"),
    "tiles laid flat": (
        lambda f: edit(f, image_aspect_ratio="anyres", image_grid_pinpoints=[[56, 28]]),
        "mm_patch_merge_type flat",
    ),
    "tiles of another kind": (lambda f: edit(f, image_aspect_ratio="anyres_max_9"), "image_aspect_ratio anyres_max_9"),
    "no tower named": (lambda f: edit(f, mm_vision_tower=None), "names no mm_vision_tower"),
    "no config": (lambda f: (f / "old" / "config.json").unlink(), "has no config.json"),
    "config is no JSON": (lambda f: (f / "old" / "config.json").write_text("{"), "is not a JSON object"),
    "no tower": (lambda f: shutil.rmtree(f / "tower"), "--vision-tower DIR_OR_REPO"),
    "tower without its preprocessor": (
        lambda f: (f / "tower" / "preprocessor_config.json").unlink(),
        "lacks its preprocessor_config.json",
    ),
    "tower without weights": (lambda f: (f / "tower" / "pytorch_model.bin").unlink(), "has no weights"),
    "another tower": (lambda f: write_json(f / "tower" / "config.json", {"model_type": "siglip"}), "siglip"),
    "tower of another size": (
        lambda f: write_json(
            f / "tower" / "config.json", {"model_type": "clip_vision_model", **VISION, "patch_size": 14}
        ),
        "patch_embedding.weight is [32, 3, 7, 7], but its config makes it [32, 3, 14, 14]",
    ),
    "no tokenizer": (lambda f: (f / "old" / "tokenizer.json").unlink(), "has no tokenizer"),
    "missing shard": (
        lambda f: (f / "old" / "pytorch_model-00002-of-00003.bin").unlink(),
        "lacks pytorch_model-00002-of-00003.bin, which pytorch_model.bin.index.json names",
    ),
    "no weights": (lambda f: [file.unlink() for file in (f / "old").glob("pytorch_model*")], "has no weights"),
    "index is no index": (lambda f: write_json(f / "old" / "pytorch_model.bin.index.json", []), "is not an index"),
    "cut shard": (lambda f: cut(f / "old" / "pytorch_model-00002-of-00003.bin"), "cannot be read"),
    "missing tensor": (
        lambda f: drop(f, "model.layers.1.mlp.up_proj.weight"),
        "Tensors missing: 1, the first is language_model.model.layers.1.mlp.up_proj.weight",
    ),
    "quantized": (
        lambda f: change_weights(
            f, "model.layers.1.mlp.up_proj.weight",
            lambda t: t.update({"model.layers.1.mlp.up_proj.weight": torch.ones(64, 32, dtype=torch.int8)}),
        ),
        "quantized",
    ),
    "a tensor too many": (
        lambda f: change_weights(f, "lm_head.weight", lambda t: t.update({"model.vision_resampler.x": torch.ones(1)})),
        "model.vision_resampler.x",
    ),
    "more layers than the config says": (lambda f: edit(f, num_hidden_layers=1), "model.layers.1."),
    "destination in use": (
        lambda f: ((f / "new").mkdir(), (f / "new" / "mine.txt").write_text("x")),
        "is not an empty folder",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_converted_is_said_in_a_line(case: str, tmp_path: Path) -> None:
    write_random(tmp_path, **KINDS["llava-1.5"])
    break_it, said = BROKEN[case]
    break_it(tmp_path)
    before = sorted((tmp_path / "new").iterdir()) if (tmp_path / "new").exists() else None
    with pytest.raises(UserError) as caught:
        convert(str(tmp_path / "old"), tmp_path / "new")
    assert said in str(caught.value), str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2
    after = sorted((tmp_path / "new").iterdir()) if (tmp_path / "new").exists() else None
    assert after == before, "nothing is left behind, and nothing of the user's is touched"


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_random(tmp_path, **KINDS["llava-1.5"])
    small = shutil.disk_usage(tmp_path)._replace(free=20_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: small)
    with pytest.raises(UserError, match=r"needs 0\.\d GB, and 0\.0 GB are free there"):
        convert(str(tmp_path / "old"), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    write_random(tmp_path, **KINDS["llava-1.5"])

    def interrupt(line: str) -> None:
        assert any((tmp_path / "new").iterdir())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_into(str(tmp_path / "old"), tmp_path / "new", said=interrupt)
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(importlib.util.find_spec("sentencepiece") is not None, reason="sentencepiece is installed")
def test_a_sentencepiece_tokenizer_says_what_it_needs(tmp_path: Path) -> None:
    write_random(tmp_path, **KINDS["llava-1.5"])
    (tmp_path / "old" / "tokenizer.json").rename(tmp_path / "old" / "tokenizer.model")
    with pytest.raises(UserError, match=r"tokenizer\.model needs: pip install sentencepiece"):
        convert(str(tmp_path / "old"), tmp_path / "new")
