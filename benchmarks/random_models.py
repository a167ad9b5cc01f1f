"""Knows the shapes of two published 7B models and how to write them with random weights; runs none.

Shapes, image processors and prompt formats are as in the config.json and preprocessor_config.json of
llava-hf/llava-v1.6-vicuna-7b-hf and Qwen/Qwen2.5-VL-7B-Instruct. The tokenizer is that of framescribe's built-in
models, padded with made-up words to the size of the published vocabulary: a picture gives the true number of tokens,
the few words around it somewhat more than with the published tokenizers.
"""

from __future__ import annotations

import gc
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from roofline import Counts

from framescribe.engines.in_process.hub import is_out_of_memory, quiet
from framescribe.engines.presets import builtin_folder

SPARE = 1.1  # times the size of the weights: how much room there must be
SHARD = "2GB"  # the part of the weights that is copied from the GPU at once


class RandomModel:
    """One architecture, as published or `tiny`: the same in everything but its sizes."""

    name: ClassVar[str]
    kind: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()  # packages besides transformers
    special: ClassVar[tuple[str, ...]] = ()  # tokens that the tokenizer must have
    eos: ClassVar[str]
    template: ClassVar[str]

    def __init__(self, tiny: bool = False) -> None:
        self.tiny = tiny
        self.tokenizer = self._tokenizer()
        self.ids = {token: self.tokenizer.convert_tokens_to_ids(token) for token in (*self.special, self.eos)}

    @property
    def title(self) -> str:
        return f"{self.name}, tiny" if self.tiny else self.name

    def vocabulary(self) -> int:
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """What the architecture's configuration class takes."""
        raise NotImplementedError

    def processor(self) -> Any:
        """From pictures and messages to tensors, as transformers does it."""
        raise NotImplementedError

    def network(self, device: str) -> Any:
        """The model in bfloat16, with weights as transformers initialises them for training; on "meta" with none."""
        import torch
        import transformers

        kind = getattr(transformers, self.kind)
        torch.manual_seed(0)
        with torch.device(device):
            return kind._from_config(kind.config_class(**self.config()), dtype=torch.bfloat16)

    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer
        from transformers import PreTrainedTokenizerFast

        parts = json.loads((builtin_folder("shapes-vlm") / "tokenizer.json").read_text(encoding="utf-8"))
        words = parts["model"]["vocab"]
        taken = {*words, *(token["content"] for token in parts["added_tokens"])}
        first = len(taken)
        new = [token for token in (*self.special, self.eos) if token not in taken]
        common = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        parts["added_tokens"] += [{"id": first + n, "content": token, **common} for n, token in enumerate(new)]
        # No text becomes these words, but any of them may be in an answer, which then is not empty.
        words.update({f"Ġword{n}": n for n in range(first + len(new), self.vocabulary())})
        return PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer.from_str(json.dumps(parts)),
            bos_token="<s>",
            eos_token=self.eos,
            pad_token="<pad>",
            unk_token="<unk>",
        )


def _chat(begin: str, user: str, picture: str, end: str, answer: str) -> str:
    """A chat template for a user's turns: pictures where they stand, then the text."""
    return (
        f"{{{{ {begin!r} }}}}{{% for message in messages %}}{{{{ {user!r} }}}}{{% for part in message['content'] %}}"
        f"{{% if part['type'] == 'image' %}}{{{{ {picture!r} }}}}{{% else %}}{{{{ part['text'] }}}}{{% endif %}}"
        f"{{% endfor %}}{{{{ {end!r} }}}}{{% endfor %}}"
        f"{{% if add_generation_prompt %}}{{{{ {answer!r} }}}}{{% endif %}}"
    )


class Llava(RandomModel):
    name = "llava-v1.6-vicuna-7b"
    kind = "LlavaNextForConditionalGeneration"
    special = ("<image>",)
    eos = "</s>"
    template = _chat(
        "<s>A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, "
        "detailed, and polite answers to the human's questions. ",
        "USER: ",
        "<image>\n",
        " ",
        "ASSISTANT:",
    )

    @property
    def edge(self) -> int:
        return 56 if self.tiny else 336

    @property
    def grid(self) -> list[list[int]]:
        tiles = ((1, 2), (2, 1), (2, 2), (3, 1), (1, 3))
        return [[down * self.edge, across * self.edge] for down, across in tiles]

    def vocabulary(self) -> int:
        return 1400 if self.tiny else 32064

    def config(self) -> dict[str, Any]:
        text = {
            "hidden_size": 64 if self.tiny else 4096,
            "intermediate_size": 96 if self.tiny else 11008,
            "num_hidden_layers": 2 if self.tiny else 32,
            "num_attention_heads": 2 if self.tiny else 32,
            "num_key_value_heads": 2 if self.tiny else 32,
        }
        vision = {
            "hidden_size": 32 if self.tiny else 1024,
            "intermediate_size": 64 if self.tiny else 4096,
            "num_hidden_layers": 3 if self.tiny else 24,
            "num_attention_heads": 2 if self.tiny else 16,
        }
        return {
            "text_config": {
                "model_type": "llama",
                "vocab_size": self.vocabulary(),
                "max_position_embeddings": 4096,
                "rms_norm_eps": 1e-5,
                "bos_token_id": self.tokenizer.bos_token_id,
                "eos_token_id": self.ids[self.eos],
                "pad_token_id": self.tokenizer.pad_token_id,
                **text,
            },
            "vision_config": {
                "model_type": "clip_vision_model",
                "image_size": self.edge,
                "patch_size": 14,
                "projection_dim": 768,
                **vision,
            },
            "image_token_index": self.ids["<image>"],
            "image_grid_pinpoints": self.grid,
            "vision_feature_layer": -2,
            "vision_feature_select_strategy": "default",
            "tie_word_embeddings": False,
        }

    def processor(self) -> Any:
        from transformers import LlavaNextImageProcessor, LlavaNextProcessor

        pictures = LlavaNextImageProcessor(
            image_grid_pinpoints=self.grid,
            size={"shortest_edge": self.edge},
            crop_size={"height": self.edge, "width": self.edge},
        )
        return LlavaNextProcessor(
            pictures, self.tokenizer, 14, "default", self.template, "<image>", num_additional_image_tokens=1
        )


class Qwen(RandomModel):
    name = "qwen2.5-vl-7b"
    kind = "Qwen2_5_VLForConditionalGeneration"
    needs = ("torchvision",)
    special = ("<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    eos = "<|im_end|>"
    template = _chat(
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n",
        "<|im_start|>user\n",
        "<|vision_start|><|image_pad|><|vision_end|>",
        "<|im_end|>\n",
        "<|im_start|>assistant\n",
    )

    def vocabulary(self) -> int:
        return 1400 if self.tiny else 152064

    def config(self) -> dict[str, Any]:
        text = {
            "hidden_size": 64 if self.tiny else 3584,
            "intermediate_size": 96 if self.tiny else 18944,
            "num_hidden_layers": 2 if self.tiny else 28,
            "num_attention_heads": 4 if self.tiny else 28,
            "num_key_value_heads": 2 if self.tiny else 4,
        }
        vision = {
            "depth": 4 if self.tiny else 32,
            "hidden_size": 32 if self.tiny else 1280,
            "intermediate_size": 64 if self.tiny else 3420,
            "num_heads": 2 if self.tiny else 16,
            "fullatt_block_indexes": [1, 3] if self.tiny else [7, 15, 23, 31],
        }
        rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3] if self.tiny else [16, 24, 24]}
        return {
            "text_config": {
                "vocab_size": self.vocabulary(),
                "max_position_embeddings": 128000,
                "rms_norm_eps": 1e-6,
                "rope_parameters": rope,
                "bos_token_id": self.tokenizer.bos_token_id,
                "eos_token_id": self.ids[self.eos],
                "pad_token_id": self.tokenizer.pad_token_id,
                **text,
            },
            "vision_config": {
                "patch_size": 14,
                "spatial_merge_size": 2,
                "temporal_patch_size": 2,
                "window_size": 112,
                "tokens_per_second": 2,
                "out_hidden_size": text["hidden_size"],
                **vision,
            },
            "image_token_id": self.ids["<|image_pad|>"],
            "video_token_id": self.ids["<|video_pad|>"],
            "vision_start_token_id": self.ids["<|vision_start|>"],
            "vision_end_token_id": self.ids["<|vision_end|>"],
            "tie_word_embeddings": False,
        }

    def processor(self) -> Any:
        from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

        pictures = Qwen2VLImageProcessor(size={"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 16384})
        return Qwen2_5_VLProcessor(pictures, self.tokenizer, Qwen2VLVideoProcessor(), self.template)


MODELS: dict[str, type[RandomModel]] = {kind.name: kind for kind in (Llava, Qwen)}


class NoRoom(Exception):
    """There is too little room, on the disk or in memory; the text says where and how much is needed."""


@dataclass(frozen=True, slots=True)
class Written:
    """A checkpoint in a folder."""

    folder: Path
    counts: Counts


@contextmanager
def written(model: RandomModel, device: str, answer: int) -> Iterator[Written]:
    """The model as a checkpoint in a temporary folder, made on `device`; its answers have at least `answer` tokens.

    NoRoom if the disk or the device's memory is too small.
    """
    counts = Counts.of(model.network("meta"))
    with tempfile.TemporaryDirectory(prefix="random-model-") as name:
        folder = Path(name)
        room = shutil.disk_usage(folder).free
        if room < SPARE * counts.weights:
            raise NoRoom(
                f"{model.name} takes {counts.weights / 1e9:.0f} GB, and {folder.parent} has {room / 1e9:.0f} GB left: "
                "set TMPDIR to a folder on a larger disk"
            )
        try:
            network = model.network(device)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise NoRoom(f"{model.name} takes {counts.weights / 1e9:.0f} GB, and {device} has less memory") from error
        network.generation_config.update(
            do_sample=False,
            min_new_tokens=answer,
            eos_token_id=model.ids[model.eos],
            pad_token_id=model.tokenizer.pad_token_id,
        )
        with quiet():
            network.save_pretrained(folder, max_shard_size=SHARD)
            model.processor().save_pretrained(folder)
        del network
        _free(device)
        yield Written(folder, counts)


def _free(device: str) -> None:
    import torch

    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
