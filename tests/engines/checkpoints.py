"""Knows how to write a tiny checkpoint with random weights from an architecture's description; knows no architecture.

All share the built-in models' byte-level BPE in place of the published vocabularies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framescribe.engines.presets import builtin_folder

Processing = Callable[[Any, str], Any]  # (tokenizer, chat template) -> processor
CHATML = {"user": "<|im_start|>user\n", "end": "<|im_end|>\n", "answer": "<|im_start|>assistant\n"}
_TEXT = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 4096,
}
_NAMED = ("image", "video", "boi", "eoi", "start_image", "end_image", "context_image")  # as attributes of tokenizers


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One architecture. `tokens`: the special tokens it adds, by what its processor calls them. `chat`: its template.

    `prompt` is what the template must make of "Tell me." said by a user, with {pictures} where pictures stand, each
    as `picture`. `bos`: the published tokenizer begins every text with it. `config`: from the tokens' ids.
    `published`: beginnings of weights' names, as transformers writes them and as the published files have them.
    """

    name: str
    model: str
    config: Callable[[dict[str, int]], dict[str, Any]]
    chat: str
    prompt: str
    picture: str = ""
    processing: Processing | None = None
    tokens: dict[str, str]
    bos: str | None = None
    eos: str
    published: tuple[tuple[str, str], ...] = ()

    def expected(self, pictures: int) -> str:
        """The prompt with so many pictures before the text."""
        return self.prompt.format(pictures=self.picture * pictures)


def chat(*, user: str, picture: str = "", video: str = "", end: str, answer: str, begin: str = "") -> str:
    """A template of turns by users alone: `begin` once, then `user`, what is shown and said in its order, `end`."""
    quoted = {name: json.dumps(words) for name, words in locals().items()}
    return (
        "{{{{- {begin} -}}}}{{%- for message in messages -%}}{{{{- {user} -}}}}"
        "{{%- if message['content'] is string -%}}{{{{- message['content'] -}}}}{{%- else -%}}"
        "{{%- for part in message['content'] -%}}"
        "{{{{- {picture} if part['type'] == 'image' else {video} if part['type'] == 'video' else part['text'] -}}}}"
        "{{%- endfor -%}}{{%- endif -%}}{{{{- {end} -}}}}{{%- endfor -%}}"
        "{{%- if add_generation_prompt -%}}{{{{- {answer} -}}}}{{%- endif -%}}"
    ).format(**quoted)


def text(ids: dict[str, int], **more: Any) -> dict[str, Any]:
    """The configuration of a small language model, `more` beside what all have."""
    special = {"bos_token_id": ids["bos"], "eos_token_id": ids["eos"], "pad_token_id": 3}
    return {**_TEXT, "vocab_size": ids["vocabulary"], **special, **more}


def write(architecture: Architecture, folder: Path) -> Path:
    """Write the checkpoint into `folder`, and return that."""
    import torch
    import transformers

    tokenizer = _tokenizer(architecture)
    ids = {name: tokenizer.convert_tokens_to_ids(token) for name, token in architecture.tokens.items()}
    ids |= {"vocabulary": len(tokenizer), "eos": tokenizer.eos_token_id, "bos": tokenizer.bos_token_id}
    kind = getattr(transformers, architecture.model)
    config = kind.config_class(**architecture.config(ids))
    torch.manual_seed(0)
    model = kind(config).eval()
    with torch.no_grad():  # as they start, random models hardly look at their prompt
        for name, weight in model.named_parameters():
            if weight.dim() > 1 and "norm" not in name:
                weight.normal_(std=(0.1 if "embed_tokens" in name else 1.5) * weight[0].numel() ** -0.5)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    _rename(folder / "model.safetensors", architecture.published)
    if architecture.processing is None:
        tokenizer.chat_template = architecture.chat
        tokenizer.save_pretrained(folder)
    else:
        architecture.processing(tokenizer, architecture.chat).save_pretrained(folder)
    return folder


def _tokenizer(architecture: Architecture) -> Any:
    from tokenizers import Tokenizer, processors
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer.from_file(str(builtin_folder("shapes-llm") / "tokenizer.json"))
    special = [*architecture.tokens.values(), architecture.eos, *([architecture.bos] if architecture.bos else [])]
    backend.add_special_tokens(list(dict.fromkeys(special)))
    if architecture.bos:
        bos = (architecture.bos, backend.token_to_id(architecture.bos))
        backend.post_processor = processors.TemplateProcessing(single=f"{bos[0]}:0 $A:0", special_tokens=[bos])
    named = {f"{name}_token": token for name, token in architecture.tokens.items() if name in _NAMED}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=architecture.bos,
        eos_token=architecture.eos,
        pad_token="<pad>",
        unk_token="<unk>",
        extra_special_tokens=named,
    )


def _rename(weights: Path, published: tuple[tuple[str, str], ...]) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(weights)
    for ours, theirs in published:
        tensors = {re.sub(f"^{re.escape(ours)}", theirs, name): tensor for name, tensor in tensors.items()}
    save_file(tensors, weights, {"format": "pt"})
