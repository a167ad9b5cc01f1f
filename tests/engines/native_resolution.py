"""Knows the architectures that see a picture at its own resolution, small enough to be made on the spot; runs none.

Each is as published, like those in `architectures.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.engines.checkpoints import CHATML, Architecture, chat, text


def _qwen2_5_processing(tokenizer: Any, template: str) -> Any:
    from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    pictures = Qwen2VLImageProcessor(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})
    videos = Qwen2VLVideoProcessor(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})
    return Qwen2_5_VLProcessor(pictures, tokenizer, videos, template)


def _qwen3_processing(tokenizer: Any, template: str) -> Any:
    from transformers import Qwen2VLImageProcessor, Qwen3VLProcessor, Qwen3VLVideoProcessor

    pictures = Qwen2VLImageProcessor(patch_size=16, size={"shortest_edge": 64 * 64, "longest_edge": 128 * 128})
    videos = Qwen3VLVideoProcessor(size={"shortest_edge": 64 * 64, "longest_edge": 128 * 128 * 64})  # of all frames
    return Qwen3VLProcessor(pictures, tokenizer, videos, template)


def _glm4v_processing(tokenizer: Any, template: str) -> Any:
    from transformers import Glm4vImageProcessor, Glm4vProcessor, Glm4vVideoProcessor

    pictures = Glm4vImageProcessor(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})
    return Glm4vProcessor(pictures, tokenizer, Glm4vVideoProcessor(), template)


def _rope(*section: int, **more: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": list(section), **more}}


_MERGING = {"hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 64}
_QWEN_PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
QWEN_VIDEO = "<|vision_start|><|video_pad|><|vision_end|>"
_QWEN_TOKENS = {
    "image": "<|image_pad|>",
    "video": "<|video_pad|>",
    "vision_start": "<|vision_start|>",
    "vision_end": "<|vision_end|>",
    "start": "<|im_start|>",
}


def _qwen_tokens(ids: dict[str, int]) -> dict[str, int]:
    return {f"{name}_token_id": ids[name] for name in ("image", "video", "vision_start", "vision_end")}


_QWEN_SYSTEM = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
QWEN2_5_VL = Architecture(
    name="qwen2_5_vl",
    model="Qwen2_5_VLForConditionalGeneration",
    processing=_qwen2_5_processing,
    config=lambda ids: {
        "text_config": text(ids, **_rope(4, 6, 6)),
        "vision_config": {**_MERGING, "depth": 4, "window_size": 56, "fullatt_block_indexes": [1, 3]},
        **_qwen_tokens(ids),
    },
    chat=chat(begin=_QWEN_SYSTEM, picture=_QWEN_PICTURE, video=QWEN_VIDEO, **CHATML),
    prompt=_QWEN_SYSTEM + "<|im_start|>user\n{pictures}Tell me.<|im_end|>\n<|im_start|>assistant\n",
    picture=_QWEN_PICTURE,
    tokens=_QWEN_TOKENS,
    eos="<|im_end|>",
)
QWEN3_VL = replace(
    QWEN2_5_VL,
    name="qwen3_vl",
    model="Qwen3VLForConditionalGeneration",
    processing=_qwen3_processing,
    config=lambda ids: {
        "text_config": text(ids, **_rope(6, 5, 5)),
        "vision_config": {**_MERGING, "depth": 3, "num_position_embeddings": 64, "deepstack_visual_indexes": [0, 1]},
        **_qwen_tokens(ids),
    },
    chat=chat(picture=_QWEN_PICTURE, video=QWEN_VIDEO, **CHATML),
    prompt="<|im_start|>user\n{pictures}Tell me.<|im_end|>\n<|im_start|>assistant\n",
)
GLM4V = Architecture(
    name="glm4v",
    model="Glm4vForConditionalGeneration",
    processing=_glm4v_processing,
    config=lambda ids: {
        "text_config": text(ids, **_rope(2, 3, 3, partial_rotary_factor=0.5)),
        "vision_config": {**_MERGING, "depth": 2, "image_size": 56},
        **{f"{name}_token_id": ids[name] for name in ("image", "video", "image_start", "image_end")},
        **{f"{name}_token_id": ids[name] for name in ("video_start", "video_end")},
    },
    chat=chat(
        begin="[gMASK]<sop>",
        user="<|user|>\n",
        picture="<|begin_of_image|><|image|><|end_of_image|>",
        end="",
        answer="<|assistant|>\n",
    ),
    prompt="[gMASK]<sop><|user|>\n{pictures}Tell me.<|assistant|>\n",
    picture="<|begin_of_image|><|image|><|end_of_image|>",
    tokens={
        "image": "<|image|>",
        "video": "<|video|>",
        "image_start": "<|begin_of_image|>",
        "image_end": "<|end_of_image|>",
        "video_start": "<|begin_of_video|>",
        "video_end": "<|end_of_video|>",
        "mask": "[gMASK]",
        "start": "<sop>",
        "assistant": "<|assistant|>",
    },
    eos="<|user|>",
)
