"""Writes checkpoints in the original LLaVA layout, as its authors published them: what conversion is tested on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file, save_file

from framescribe.engines.presets import builtin_folder

Tensors = dict[str, torch.Tensor]
SHAPES = builtin_folder("shapes-vlm")
VISION = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 2}
VISION |= {"image_size": 28, "patch_size": 7, "hidden_act": "quick_gelu", "projection_dim": 32}
ORIGINAL_ROWS, ROWS = 100, 128  # 99 words and <image>, and then to a multiple of 64
LLAVA_15 = {"architecture": "LlavaLlamaForCausalLM", "image_aspect_ratio": "pad"}
SHARE4V = {"architecture": "Share4VLlamaForCausalLM", "image_aspect_ratio": "pad"}
MISTRAL = {"architecture": "LlavaMistralForCausalLM", "image_aspect_ratio": "anyres"}
KINDS: dict[str, dict[str, Any]] = {
    "llava-1.5": {**LLAVA_15, "dtype": torch.float16, "tower_inside": False},
    "sharegpt4v": {**SHARE4V, "dtype": torch.float32, "tower_inside": True},
    "llava-1.6-mistral": {
        **MISTRAL, "dtype": torch.bfloat16, "tower_inside": True, "mm_patch_merge_type": "spatial_unpad"
    },
}  # fmt: skip
IMAGE = 4  # the built-in tokenizer's number of <image>, which an original one has not


def original_names(tensors: Tensors) -> Tensors:
    """The original names for those of transformers' models, of today's classes as well as of llava-hf's files."""
    old: Tensors = {}
    for name, tensor in tensors.items():
        name = name.removeprefix("model.")
        if name.startswith("vision_tower."):
            name = name.replace("vision_tower.", "").replace("vision_model.", "")
            name = f"model.vision_tower.vision_tower.vision_model.{name}"
        elif name.startswith("multi_modal_projector."):
            name = name.replace("multi_modal_projector.linear_1", "model.mm_projector.0")
            name = name.replace("multi_modal_projector.linear_2", "model.mm_projector.2")
        elif name == "image_newline":
            name = "model.image_newline"
        else:
            name = name.removeprefix("language_model.")
            name = name if name.startswith(("lm_head.", "model.")) else f"model.{name}"
        old[name] = tensor
    return old


def computed_anew(tensors: Tensors) -> Tensors:
    """What old files hold beside the weights: buffers that are computed when a model is made."""
    more = {f"model.layers.{n}.self_attn.rotary_emb.inv_freq": torch.ones(4) for n in range(2)}
    tower = "model.vision_tower.vision_tower.vision_model.embeddings.position_ids"
    return {**tensors, **more, **({tower: torch.arange(4)} if any("vision_tower" in name for name in tensors) else {})}


def take_tower_out(tensors: Tensors) -> tuple[Tensors, Tensors]:
    """The rest, and the tower as a CLIP's own repository has it, with its text half."""
    prefix = "model.vision_tower.vision_tower."
    tower = {name.removeprefix(prefix): tensor.float() for name, tensor in tensors.items() if name.startswith(prefix)}
    rest = {name: tensor for name, tensor in tensors.items() if not name.startswith(prefix)}
    extra = {"logit_scale": torch.ones(()), "text_model.final_layer_norm.weight": torch.ones(8)}
    return rest, {**tower, **extra}


def write_weights(folder: Path, tensors: Tensors, form: str, shards: int = 2) -> None:
    """As pytorch_model*.bin or model*.safetensors, in so many shards, with their index where there are several."""
    stem, ending = ("pytorch_model", "bin") if form == "bin" else ("model", "safetensors")
    names, index = list(tensors), {}
    for number in range(shards):
        part = {name: tensors[name].clone().contiguous() for name in names[number::shards]}
        file = f"{stem}-{number + 1:05}-of-{shards:05}.{ending}" if shards > 1 else f"{stem}.{ending}"
        if form == "bin":
            torch.save(part, folder / file)
        else:
            save_file(part, folder / file, metadata={"format": "pt"})
        index.update(dict.fromkeys(part, file))
    if shards > 1:
        write_json(folder / f"{stem}.{ending}.index.json", {"metadata": {}, "weight_map": index})


def write_tower(folder: Path, vision: dict[str, Any], tensors: Tensors | None = None) -> None:
    """A CLIP's repository: config and preprocessor in the old form, and its weights where any are given."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", {"model_type": "clip", "vision_config": vision, "text_config": {}})
    size = vision["image_size"]
    write_json(
        folder / "preprocessor_config.json",
        {
            "crop_size": size,
            "do_center_crop": True,
            "do_normalize": True,
            "do_resize": True,
            "feature_extractor_type": "CLIPFeatureExtractor",
            "image_mean": [0.48145466, 0.4578275, 0.40821073],
            "image_std": [0.26862954, 0.26130258, 0.27577711],
            "resample": 3,
            "size": size,
        },
    )
    if tensors is not None:
        write_weights(folder, tensors, "bin", shards=1)


def write_shapes(folder: Path, *, form: str, tower_inside: bool) -> None:
    """The built-in image-text checkpoint in the original layout, its tower in or beside it: old and tower below."""
    old = folder / "old"
    old.mkdir(parents=True)
    new = json.loads((SHAPES / "config.json").read_text())
    tensors = original_names(load_file(SHAPES / "model.safetensors"))
    rows = tensors["model.embed_tokens.weight"]
    tensors["model.embed_tokens.weight"] = torch.cat([rows[:IMAGE], rows[IMAGE + 1 :]])
    tensors = computed_anew(tensors)
    rest, tower = take_tower_out(tensors)
    write_weights(old, tensors if tower_inside else rest, form)
    write_tower(folder / "tower", new["vision_config"], None if tower_inside else tower)
    text = {key: value for key, value in new["text_config"].items() if key not in ("model_type", "rope_parameters")}
    write_json(
        old / "config.json",
        {
            **text,
            "architectures": ["LlavaLlamaForCausalLM"],
            "model_type": "llava",
            "vocab_size": new["text_config"]["vocab_size"] - 1,
            "tie_word_embeddings": True,
            "image_aspect_ratio": "anyres",
            "image_grid_pinpoints": [[width, height] for height, width in new["image_grid_pinpoints"]],
            "mm_hidden_size": new["vision_config"]["hidden_size"],
            "mm_patch_merge_type": "spatial_unpad",
            "mm_projector_type": "mlp2x_gelu",
            "mm_use_im_patch_token": False,
            "mm_use_im_start_end": False,
            "mm_vision_select_feature": "patch",
            "mm_vision_select_layer": -2,
            "mm_vision_tower": str(folder / "tower"),
            "unfreeze_mm_vision_tower": tower_inside,
        },
    )
    write_json(old / "tokenizer.json", _without_image(json.loads((SHAPES / "tokenizer.json").read_text())))
    settings = json.loads((SHAPES / "tokenizer_config.json").read_text())
    del settings["image_token"], settings["processor_class"]
    write_json(old / "tokenizer_config.json", {**settings, "padding_side": "right"})
    for name in ("chat_template.jinja", "generation_config.json"):
        (old / name).write_bytes((SHAPES / name).read_bytes())


def write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<unk>", "<s>", "</s>", *(f"w{number}" for number in range(ORIGINAL_ROWS - 4))]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "tokenizer_class": "LlamaTokenizer"}
    write_json(folder / "tokenizer_config.json", tokens)


def write_random(
    folder: Path, architecture: str, *, dtype: torch.dtype, tower_inside: bool, **more: object
) -> torch.nn.Module:
    """A tiny model of random weights in the original layout, in folder/old; transformers' model of the same weights."""
    tiled = more.get("image_aspect_ratio") == "anyres"
    mistral = "Mistral" in architecture
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    text |= {"num_key_value_heads": 2, "rms_norm_eps": 1e-4, "max_position_embeddings": 512, "rope_theta": 5e5}
    text |= {"sliding_window": None} if mistral else {}
    grid = [[28, 56], [84, 28]]
    family = transformers.LlavaNextConfig if tiled else transformers.LlavaConfig
    torch.manual_seed(7)
    config = family(
        text_config={**text, "vocab_size": ROWS, "model_type": "mistral" if mistral else "llama"},
        vision_config={**VISION, "model_type": "clip_vision_model"},
        image_token_index=ORIGINAL_ROWS - 1,
        **({"image_grid_pinpoints": grid} if tiled else {}),
    )
    model = transformers.AutoModelForImageTextToText.from_config(config).to(dtype).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    weights = original_names(model.state_dict())
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        weights[name] = weights[name][: ORIGINAL_ROWS - 1]
    if not tiled:
        weights["model.image_newline"] = torch.ones(32, dtype=dtype)  # some 1.5 files have it, and none uses it
    rest, tower = take_tower_out(computed_anew(weights))
    old = folder / "old"
    old.mkdir(parents=True)
    write_weights(old, computed_anew(weights) if tower_inside else rest, "bin", shards=3)
    write_tower(folder / "tower", VISION, None if tower_inside else tower)
    write_json(
        old / "config.json",
        {
            **text,
            "architectures": [architecture],
            "model_type": "share4v" if "Share4V" in architecture else "llava_mistral" if mistral else "llava_llama",
            "vocab_size": ORIGINAL_ROWS - 1,
            "tie_word_embeddings": False,
            "mm_projector_type": "mlp2x_gelu",
            "mm_vision_select_layer": -2,
            "mm_vision_tower": str(folder / "tower"),
            "pad_token_id": 0,
            "pretraining_tp": 1,
            "rope_scaling": None,
            "tokenizer_padding_side": "right",
            "torch_dtype": "bfloat16",
            "transformers_version": "4.31.0",
            "tune_mm_mlp_adapter": False,
            **({"image_grid_pinpoints": str([(w, h) for h, w in grid])} if tiled else {}),
            **more,
        },
    )
    write_tokenizer(old)
    return model


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def _without_image(tokenizer: dict[str, Any]) -> dict[str, Any]:
    added = [token for token in tokenizer["added_tokens"] if token["content"] != "<image>"]
    for token in added:
        token["id"] -= token["id"] > IMAGE
    vocabulary = {word: n - (n > IMAGE) for word, n in tokenizer["model"]["vocab"].items() if n != IMAGE}
    return {**tokenizer, "added_tokens": added, "model": {**tokenizer["model"], "vocab": vocabulary}}
