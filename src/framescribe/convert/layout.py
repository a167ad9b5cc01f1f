"""Knows the original LLaVA layout, and what its configs and names become in transformers' layout; opens no file.

Sources: the original code (github.com/haotian-liu/LLaVA: llava_arch.py, mm_utils.py, conversation.py,
clip_encoder.py), and the configs of the repositories under huggingface.co/llava-hf.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from framescribe.errors import UserError

Json = dict[str, Any]

IMAGE_TOKEN = "<image>"
TEXT_MODELS = {
    "LlavaLlamaForCausalLM": ("llama", "LlamaForCausalLM"),
    "Share4VLlamaForCausalLM": ("llama", "LlamaForCausalLM"),
    "LlavaMistralForCausalLM": ("mistral", "MistralForCausalLM"),
}
VISION_PREFIX = "vision_tower.vision_model."

_TEXT_KEYS = (
    "attention_bias", "attention_dropout", "bos_token_id", "eos_token_id", "head_dim", "hidden_act", "hidden_size",
    "initializer_range", "intermediate_size", "max_position_embeddings", "mlp_bias", "num_attention_heads",
    "num_hidden_layers", "num_key_value_heads", "rms_norm_eps", "rope_scaling", "rope_theta", "sliding_window",
    "tie_word_embeddings", "use_cache",
)  # fmt: skip
_VISION_KEYS = (
    "attention_dropout", "hidden_act", "hidden_size", "image_size", "initializer_factor", "initializer_range",
    "intermediate_size", "layer_norm_eps", "num_attention_heads", "num_channels", "num_hidden_layers", "patch_size",
    "projection_dim",
)  # fmt: skip
_RENAMED = (
    (r"lm_head\.", "language_model.lm_head."),
    (r"model\.(?=(layers|embed_tokens|norm)\.)", "language_model.model."),
    (r"model\.mm_projector\.0\.", "multi_modal_projector.linear_1."),
    (r"model\.mm_projector\.2\.", "multi_modal_projector.linear_2."),
    (r"model\.vision_tower\.vision_tower\.vision_model\.", VISION_PREFIX),
    (r"model\.image_newline$", "image_newline"),
)

# A user's system text replaces the default one; images come before the text of their turn. The
# template begins with the start token because servers add none to what a template has written.
_PARTS = (
    "{%- macro text_of(content) -%}{%- if content is string -%}{{ content }}{%- else -%}{%- for part in content -%}"
    "{%- if part['type'] == 'text' -%}{{ part['text'] }}{%- endif -%}{%- endfor -%}{%- endif -%}{%- endmacro -%}"
    "{%- macro images_of(content) -%}{%- if content is not string -%}{%- for part in content -%}"
    "{%- if part['type'] in ('image', 'image_url') -%}{{- '<image>\\n' -}}{%- endif -%}{%- endfor -%}{%- endif -%}"
    "{%- endmacro -%}{{- bos_token -}}"
)
# conv_llava_v1 of LLaVA's conversation.py, which its own command line uses for the v1.5 and v1.6 vicuna models, and so
# does transformers' conversion script for LLaVA-NeXT.
VICUNA = (
    _PARTS + "{%- if messages[0]['role'] == 'system' -%}{{- text_of(messages[0]['content']) + ' ' -}}{%- else -%}"
    '{{- "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, '
    "detailed, and polite answers to the human's questions. \" -}}{%- endif -%}"
    "{%- for message in messages -%}{%- if message['role'] == 'user' -%}"
    "{{- 'USER: ' + images_of(message['content']) + text_of(message['content']) + ' ' -}}"
    "{%- elif message['role'] == 'assistant' -%}{{- 'ASSISTANT: ' + text_of(message['content']) + eos_token -}}"
    "{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{{- 'ASSISTANT:' -}}{%- endif -%}"
)
# conv_mistral_instruct of the same file: no default system text.
MISTRAL = (
    _PARTS + "{%- set ahead = namespace(text='') -%}{%- for message in messages -%}"
    "{%- if message['role'] == 'system' -%}{%- set ahead.text = text_of(message['content']) + '\\n\\n' -%}"
    "{%- elif message['role'] == 'user' -%}"
    "{{- '[INST] ' + images_of(message['content']) + ahead.text + text_of(message['content']) + ' [/INST]' -}}"
    "{%- set ahead.text = '' -%}{%- else -%}{{- ' ' + text_of(message['content']) + ' ' + eos_token -}}"
    "{%- endif -%}{%- endfor -%}"
)


def check(config: Json, where: str) -> None:
    """UserError if the config is not that of an original-layout checkpoint, or has no equivalent in the new layout."""
    architecture = next(iter(config.get("architectures") or ()), None) or "an unnamed architecture"
    if architecture.endswith("ForConditionalGeneration") or "text_config" in config:
        raise UserError(
            f"{where} ({architecture}) is in transformers' layout already: it needs no converting.\n"
            f"Use it as it is: framescribe caption clips/ --model {where}"
        )
    if architecture not in TEXT_MODELS:
        raise UserError(
            f"{where} is not a checkpoint in the original LLaVA layout: it is {architecture}, and these can be "
            f"converted: {', '.join(TEXT_MODELS)}."
        )
    wanted = {
        "mm_projector_type": ("mlp2x_gelu", config.get("mm_projector_type", "linear")),
        "mm_use_im_start_end": (False, config.get("mm_use_im_start_end", False)),
        "image_grid_pinpoints": ("a list", "a list" if not tiled(config) or _grid(config) else "missing"),
    }
    if tiled(config):
        wanted["mm_patch_merge_type"] = ("spatial_unpad", config.get("mm_patch_merge_type", "flat"))
    if (ratio := config.get("image_aspect_ratio")) not in (None, "square", "pad", "anyres"):
        wanted["image_aspect_ratio"] = ("square, pad or anyres", ratio)
    for key, (must, is_) in wanted.items():
        if must != is_:
            raise UserError(f"{where}: its config.json has {key} {is_}, but only {must} can be converted.")
    if not config.get("mm_vision_tower"):
        raise UserError(f"{where}: its config.json names no mm_vision_tower, so it is not a vision model.")


def tiled(config: Json) -> bool:
    """Whether images are cut into tiles (LLaVA 1.6, LLaVA-NeXT) or seen once as a whole (LLaVA 1.5, ShareGPT4V)."""
    return bool(config.get("image_aspect_ratio") == "anyres")


def tied(config: Json) -> bool:
    """Whether the output layer is the input embedding."""
    return bool(config.get("tie_word_embeddings", False))


def rename(name: str) -> str | None:
    """A tensor's name in the repositories of llava-hf; None for one that the original layout does not have."""
    for pattern, new in _RENAMED:
        if found := re.match(pattern, name):
            return new + name[found.end() :]
    return None


def is_of_tower(name: str) -> bool:
    """Whether a tensor in a CLIP's own repository is one of its vision part's weights."""
    parts = ("vision_model.", "embeddings.", "pre_layrnorm.", "encoder.", "post_layernorm.")
    return name.startswith(parts) and not name.endswith(".position_ids")


def rename_of_tower(name: str) -> str:
    """Its new name; transformers 5 leaves out the first part of the names when a vision part is saved alone."""
    return VISION_PREFIX + name.removeprefix("vision_model.")


def is_left_out(name: str, config: Json) -> bool:
    """Whether a tensor is not used by the model, or computed anew when it is loaded."""
    unused = (name == "model.image_newline" and not tiled(config)) or (name == "lm_head.weight" and tied(config))
    return unused or name.endswith((".inv_freq", ".position_ids"))


def vision_config(tower: Json, where: str) -> Json:
    """The vision part of the tower's config.json. UserError if it is not a CLIP."""
    kind = tower.get("model_type")
    if kind == "clip":
        tower = tower.get("vision_config") or {}
    elif kind != "clip_vision_model":
        raise UserError(f"{where}: the vision tower is a {kind}, but only CLIP is supported.")
    own = {key: tower[key] for key in _VISION_KEYS if key in tower}
    return {"model_type": "clip_vision_model", "image_size": 224, "patch_size": 32} | own  # CLIP's own defaults


def model_config(config: Json, vision: Json, *, vocabulary: int, image_token: int, dtype: str) -> Json:
    """config.json in transformers' layout; `dtype` is "float16", "bfloat16" or "float32"."""
    kind, architecture = TEXT_MODELS[config["architectures"][0]]
    text = {key: config[key] for key in _TEXT_KEYS if key in config}
    text |= {"model_type": kind, "architectures": [architecture], "vocab_size": vocabulary, "torch_dtype": dtype}
    whole = config.get("mm_vision_select_feature", "patch") == "cls_patch"
    new = {
        "architectures": ["LlavaNextForConditionalGeneration" if tiled(config) else "LlavaForConditionalGeneration"],
        "model_type": "llava_next" if tiled(config) else "llava",
        "image_token_index": image_token,
        "image_seq_length": (vision["image_size"] // vision["patch_size"]) ** 2 + whole,
        "projector_hidden_act": "gelu",
        "vision_feature_layer": config.get("mm_vision_select_layer", -2),
        "vision_feature_select_strategy": "full" if whole else "default",
        "tie_word_embeddings": tied(config),
        "torch_dtype": dtype,
        "text_config": text,
        "vision_config": vision,
    }
    return new | ({"image_grid_pinpoints": _grid(config)} if tiled(config) else {})


def preprocessor_config(config: Json, tower: Json) -> Json:
    """preprocessor_config.json, from that of the vision tower."""
    size, crop = tower.get("size"), tower.get("crop_size")
    edge = size if isinstance(size, int) else (size or {}).get("shortest_edge", 224)
    crop = {"height": crop, "width": crop} if isinstance(crop, int) else crop or {"height": edge, "width": edge}
    kept = ("image_mean", "image_std", "resample", "rescale_factor")
    new = {key: tower[key] for key in kept if key in tower} | {"size": {"shortest_edge": edge}, "crop_size": crop}
    new |= {f"do_{step}": True for step in ("resize", "center_crop", "rescale", "normalize", "convert_rgb")}
    if tiled(config):
        kind = {"image_processor_type": "LlavaNextImageProcessor", "processor_class": "LlavaNextProcessor"}
        return new | kind | {"do_pad": True, "image_grid_pinpoints": _grid(config)}
    new |= {"processor_class": "LlavaProcessor"}
    if config.get("image_aspect_ratio") == "pad":  # to a square, so that nothing at the sides is cropped
        return new | {"image_processor_type": "LlavaImageProcessor", "do_pad": True}
    return new | {"image_processor_type": "CLIPImageProcessor"}


def processor_config(new: Json) -> Json:
    """processor_config.json for a config.json in transformers' layout."""
    return {
        "processor_class": "LlavaNextProcessor" if new["model_type"] == "llava_next" else "LlavaProcessor",
        "image_token": IMAGE_TOKEN,
        "num_additional_image_tokens": 1,  # CLIP's class token
        "patch_size": new["vision_config"]["patch_size"],
        "vision_feature_select_strategy": new["vision_feature_select_strategy"],
    }


def chat_template(config: Json) -> str:
    """The Jinja template of the family's prompt."""
    return MISTRAL if TEXT_MODELS[config["architectures"][0]][0] == "mistral" else VICUNA


def _grid(config: Json) -> list[list[int]]:
    """The tiled sizes as [height, width]; the original has (width, height), some as a string."""
    grid = config.get("image_grid_pinpoints") or []
    if isinstance(grid, str):
        try:
            grid = ast.literal_eval(grid)
        except (SyntaxError, ValueError):  # "(1x1),...,(6x6)", which other families have
            return []
    return [[height, width] for width, height in grid]
