"""Knows the architectures of the models that users may name, small enough to be made on the spot; runs none.

Each has the processor and model classes of the published models, their image tokens and names of weights, and the
prompt format that model cards document, in a template written here: the published ones carry tools and videos, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.engines.checkpoints import CHATML, Architecture, chat, text
from tests.engines.native_resolution import GLM4V, QWEN2_5_VL, QWEN3_VL

EDGE, PATCH = 56, 14  # of a vision tower's picture: 4 × 4 patches
_TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": EDGE,
    "patch_size": PATCH,
}


# ------------------------------------------------------------------------------------------ LLaVA and its kin


def _llava_processing(tokenizer: Any, template: str) -> Any:
    from transformers import CLIPImageProcessor, LlavaProcessor

    pictures = CLIPImageProcessor(size={"shortest_edge": EDGE}, crop_size={"height": EDGE, "width": EDGE})
    return LlavaProcessor(pictures, tokenizer, PATCH, "default", template, num_additional_image_tokens=1)


_GRID = [[EDGE, 2 * EDGE], [2 * EDGE, EDGE], [2 * EDGE, 2 * EDGE]]


def _llava_next_processing(tokenizer: Any, template: str) -> Any:
    from transformers import LlavaNextImageProcessor, LlavaNextProcessor

    size = {"size": {"shortest_edge": EDGE}, "crop_size": {"height": EDGE, "width": EDGE}}
    pictures = LlavaNextImageProcessor(image_grid_pinpoints=_GRID, **size)
    return LlavaNextProcessor(pictures, tokenizer, PATCH, "default", template, num_additional_image_tokens=1)


def _onevision_processing(tokenizer: Any, template: str) -> Any:
    from transformers import LlavaOnevisionImageProcessor, LlavaOnevisionProcessor, LlavaOnevisionVideoProcessor

    size = {"height": EDGE, "width": EDGE}
    pictures = LlavaOnevisionImageProcessor(size=size, image_grid_pinpoints=_GRID)
    return LlavaOnevisionProcessor(pictures, tokenizer, LlavaOnevisionVideoProcessor(size=size), 16, "full", template)


_VICUNA = (
    "A chat between a curious human and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the human's questions. "
)
LLAVA = Architecture(
    name="llava",
    model="LlavaForConditionalGeneration",
    processing=_llava_processing,
    config=lambda ids: {
        "text_config": text(ids, model_type="llama"),
        "vision_config": {**_TOWER, "model_type": "clip_vision_model"},
        "image_token_index": ids["image"],
    },
    chat=chat(user="USER: ", picture="<image>\n", end=" ", answer="ASSISTANT:"),
    prompt="USER: {pictures}Tell me. ASSISTANT:",
    picture="<image>\n",
    tokens={"image": "<image>"},
    bos="<s>",
    eos="</s>",
    published=(("vision_tower.", "vision_tower.vision_model."),),
)
LLAVA_NEXT = replace(
    LLAVA,
    name="llava_next",
    model="LlavaNextForConditionalGeneration",
    processing=_llava_next_processing,
    config=lambda ids: {**LLAVA.config(ids), "image_grid_pinpoints": _GRID},
    chat=chat(begin=_VICUNA, user="USER: ", picture="<image>\n", end=" ", answer="ASSISTANT:"),
    prompt=_VICUNA + LLAVA.prompt,
)
LLAVA_ONEVISION = Architecture(
    name="llava_onevision",
    model="LlavaOnevisionForConditionalGeneration",
    processing=_onevision_processing,
    config=lambda ids: {
        "text_config": text(ids, model_type="qwen2"),
        "vision_config": {**_TOWER, "model_type": "siglip_vision_model", "vision_use_head": False},
        "image_token_index": ids["image"],
        "video_token_index": ids["video"],
        "image_grid_pinpoints": _GRID,
    },
    chat=chat(user="<|im_start|>user\n", picture="<image>", end="<|im_end|>\n", answer="<|im_start|>assistant\n"),
    prompt="<|im_start|>user\n{pictures}Tell me.<|im_end|>\n<|im_start|>assistant\n",
    picture="<image>",
    tokens={"image": "<image>", "video": "<video>", "start": "<|im_start|>"},
    eos="<|im_end|>",
    published=(("vision_tower.", "vision_tower.vision_model."),),
)

# ------------------------------------------------------------------------------------------ DeepSeek-VL


def _deepseek_processing(tokenizer: Any, template: str) -> Any:
    from transformers import DeepseekVLImageProcessor, DeepseekVLProcessor

    pictures = DeepseekVLImageProcessor(size={"height": EDGE, "width": EDGE})
    return DeepseekVLProcessor(pictures, tokenizer, template, num_image_tokens=16)


def _deepseek_hybrid_processing(tokenizer: Any, template: str) -> Any:
    from transformers import DeepseekVLHybridImageProcessor, DeepseekVLHybridProcessor

    sizes = {"size": {"height": EDGE, "width": EDGE}, "high_res_size": {"height": 128, "width": 128}}
    return DeepseekVLHybridProcessor(DeepseekVLHybridImageProcessor(**sizes), tokenizer, template, num_image_tokens=16)


_DEEPSEEK = (
    "You are a helpful language and vision assistant. You are able to understand the visual content that the user "
    "provides, and assist the user with a variety of tasks using natural language.\n\n"
)
DEEPSEEK_VL = Architecture(
    name="deepseek_vl",
    model="DeepseekVLForConditionalGeneration",
    processing=_deepseek_processing,
    config=lambda ids: {
        "text_config": text(ids, model_type="llama"),
        "vision_config": {**_TOWER, "model_type": "siglip_vision_model", "vision_use_head": False},
        "image_token_id": ids["image"],
        "tie_word_embeddings": False,
    },
    chat=chat(begin=_DEEPSEEK, user="User: ", picture="<image_placeholder>", end="\n\n", answer="Assistant:"),
    prompt=_DEEPSEEK + "User: {pictures}Tell me.\n\nAssistant:",
    picture="<image_placeholder>",
    tokens={"image": "<image_placeholder>"},
    bos="<｜begin▁of▁sentence｜>",
    eos="<｜end▁of▁sentence｜>",
    published=(("model.vision_model.", "model.vision_model.vision_model."),),
)
DEEPSEEK_VL_HYBRID = replace(
    DEEPSEEK_VL,
    name="deepseek_vl_hybrid",
    model="DeepseekVLHybridForConditionalGeneration",
    processing=_deepseek_hybrid_processing,
    config=lambda ids: {
        **DEEPSEEK_VL.config(ids),
        "high_res_vision_config": {
            "model_type": "sam_vision_model",
            "hidden_size": 32,
            "output_channels": 8,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 128,
            "patch_size": 16,
            "mlp_dim": 64,
            "window_size": 2,
            "global_attn_indexes": [0, 1],
        },
    },
)


# ------------------------------------------------------------------------------------------ InternVL


def _internvl_processing(tokenizer: Any, template: str) -> Any:
    from transformers import GotOcr2ImageProcessor, InternVLProcessor, InternVLVideoProcessor

    pictures = GotOcr2ImageProcessor(size={"height": EDGE, "width": EDGE}, crop_to_patches=True, max_patches=4)
    return InternVLProcessor(pictures, tokenizer, InternVLVideoProcessor(), 4, template)


INTERNVL = Architecture(
    name="internvl",
    model="InternVLForConditionalGeneration",
    processing=_internvl_processing,
    config=lambda ids: {
        "text_config": text(ids, model_type="qwen2"),
        "vision_config": {**_TOWER, "image_size": [EDGE, EDGE], "patch_size": [PATCH, PATCH]},
        "image_token_id": ids["context_image"],
        "image_seq_length": 4,
        "tie_word_embeddings": False,
    },
    chat=chat(picture="<IMG_CONTEXT>\n", **CHATML),
    prompt="<|im_start|>user\n{pictures}Tell me.<|im_end|>\n<|im_start|>assistant\n",
    picture="<IMG_CONTEXT>\n",
    tokens={
        "start_image": "<img>",
        "end_image": "</img>",
        "context_image": "<IMG_CONTEXT>",
        "video": "<video>",
        "start": "<|im_start|>",
    },
    eos="<|im_end|>",
)

# ------------------------------------------------------------------------------------------ Idefics3 and SmolVLM

_SPLITTING = {"size": {"longest_edge": 2 * EDGE}, "max_image_size": {"longest_edge": EDGE}}


def _idefics3_processing(tokenizer: Any, template: str) -> Any:
    from transformers import Idefics3ImageProcessor, Idefics3Processor

    return Idefics3Processor(Idefics3ImageProcessor(**_SPLITTING), tokenizer, image_seq_len=4, chat_template=template)


def _smolvlm_processing(tokenizer: Any, template: str) -> Any:
    from transformers import SmolVLMImageProcessor, SmolVLMProcessor, SmolVLMVideoProcessor

    pictures, videos = SmolVLMImageProcessor(**_SPLITTING), SmolVLMVideoProcessor()
    return SmolVLMProcessor(pictures, tokenizer, videos, image_seq_len=4, chat_template=template)


_TILES = {f"tile{row}{column}": f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)}
_IDEFICS_TOKENS = {
    "image": "<image>",
    "fake": "<fake_token_around_image>",
    "global": "<global-img>",
    "end": "<end_of_utterance>",
    **_TILES,
}
IDEFICS3 = Architecture(
    name="idefics3",
    model="Idefics3ForConditionalGeneration",
    processing=_idefics3_processing,
    config=lambda ids: {
        "text_config": text(ids, model_type="llama"),
        "vision_config": _TOWER,
        "image_token_id": ids["image"],
    },
    chat=chat(
        begin="<|begin_of_text|>", user="User:", picture="<image>", end="<end_of_utterance>\n", answer="Assistant:"
    ),
    prompt="<|begin_of_text|>User:{pictures}Tell me.<end_of_utterance>\nAssistant:",
    picture="<image>",
    tokens=_IDEFICS_TOKENS,
    bos="<|begin_of_text|>",
    eos="<|end_of_text|>",
)
SMOLVLM = replace(
    IDEFICS3,
    name="smolvlm",
    model="SmolVLMForConditionalGeneration",
    processing=_smolvlm_processing,
    chat=chat(begin="<|im_start|>", user="User:", picture="<image>", end="<end_of_utterance>\n", answer="Assistant:"),
    prompt="<|im_start|>User:{pictures}Tell me.<end_of_utterance>\nAssistant:",
    tokens={**_IDEFICS_TOKENS, "video": "<video>", "start": "<|im_start|>"},
    bos=None,
    eos="<end_of_utterance>",
)

# ------------------------------------------------------------------------------------------ Gemma 3


def _gemma3_processing(tokenizer: Any, template: str) -> Any:
    from transformers import Gemma3ImageProcessor, Gemma3Processor

    pictures = Gemma3ImageProcessor(size={"height": EDGE, "width": EDGE})
    return Gemma3Processor(pictures, tokenizer, template, image_seq_length=4)


GEMMA3 = Architecture(
    name="gemma3",
    model="Gemma3ForConditionalGeneration",
    processing=_gemma3_processing,
    config=lambda ids: {
        "text_config": text(
            ids, query_pre_attn_scalar=32, sliding_window=16, layer_types=["sliding_attention", "full_attention"]
        ),
        "vision_config": {**_TOWER, "model_type": "siglip_vision_model", "vision_use_head": False},
        "mm_tokens_per_image": 4,
        "boi_token_index": ids["boi"],
        "eoi_token_index": ids["eoi"],
        "image_token_index": ids["image"],
    },
    chat=chat(
        begin="<bos>",
        user="<start_of_turn>user\n",
        picture="<start_of_image>",
        end="<end_of_turn>\n",
        answer="<start_of_turn>model\n",
    ),
    prompt="<bos><start_of_turn>user\n{pictures}Tell me.<end_of_turn>\n<start_of_turn>model\n",
    picture="<start_of_image>",
    tokens={
        "boi": "<start_of_image>",
        "eoi": "<end_of_image>",
        "image": "<image_soft_token>",
        "start": "<start_of_turn>",
        "end": "<end_of_turn>",
    },
    bos="<bos>",
    eos="<end_of_turn>",
    published=(("vision_tower.", "vision_tower.vision_model."),),
)

# ------------------------------------------------------------------------------------------ text

MISTRAL = Architecture(
    name="mistral",
    model="MistralForCausalLM",
    config=text,
    chat=chat(begin="<s>", user="[INST] ", end=" [/INST]", answer=""),
    prompt="<s>[INST] {pictures}Tell me. [/INST]",
    tokens={},
    bos="<s>",
    eos="</s>",
)
LLAMA = Architecture(
    name="llama",
    model="LlamaForCausalLM",
    config=text,
    chat=chat(
        begin="<|begin_of_text|>",
        user="<|start_header_id|>user<|end_header_id|>\n\n",
        end="<|eot_id|>",
        answer="<|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    prompt="<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{pictures}Tell me.<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    tokens={"start": "<|start_header_id|>", "end": "<|end_header_id|>"},
    bos="<|begin_of_text|>",
    eos="<|eot_id|>",
)
QWEN3 = Architecture(
    name="qwen3",
    model="Qwen3ForCausalLM",
    config=text,
    chat=chat(**CHATML),
    prompt="<|im_start|>user\n{pictures}Tell me.<|im_end|>\n<|im_start|>assistant\n",
    tokens={"start": "<|im_start|>"},
    eos="<|im_end|>",
)

SEEING = (
    *(LLAVA, LLAVA_NEXT, LLAVA_ONEVISION, DEEPSEEK_VL, DEEPSEEK_VL_HYBRID, QWEN2_5_VL, QWEN3_VL, GLM4V),
    *(INTERNVL, IDEFICS3, SMOLVLM, GEMMA3),
)
READING = (MISTRAL, LLAMA, QWEN3)
