"""Knows the words that the text model's vocabulary has beyond the shared one, and how a trained model gets rows for
them; trains nothing.

The shared vocabulary was made from sentences, so that a JSON object takes twice as many tokens as it should.
"""

from __future__ import annotations

import json

import torch
from tokenizers import Tokenizer
from transformers import MistralForCausalLM, PreTrainedTokenizerFast

from framescribe.demo.scenes import SHAPES, SIZES

WORDS = (
    *('{"', '":', ' "', '",', ' {"', '"},', ' [{"', '"}],', ' ["', '.",', '."],', '"}}', "–"),
    *("subjects", "what", "appearance", "action", "place", "setting", "style", "drawn", "actions", "camera"),
    *("movement", "static", "moves", "appears", "disappears", "stays", *SIZES, *SHAPES),
    *(" stays", " still", " first", " end", " At", " about", " subject", " caption", " changes"),
)


def with_added_words(tokenizer: PreTrainedTokenizerFast) -> tuple[PreTrainedTokenizerFast, dict[int, list[int]]]:
    """The tokenizer with a token for each of WORDS, and for each added token the old tokens that it stands for.

    What has none of these words in it is cut into the same tokens as before.
    """
    old = tokenizer.backend_tokenizer
    state = json.loads(old.to_str())
    vocabulary, merges, parts = state["model"]["vocab"], state["model"]["merges"], dict[int, list[int]]()
    for word in WORDS:
        first, *others = Tokenizer.from_str(json.dumps(state)).encode(word).tokens
        for other in others:
            merges.append([first, other])
            made = parts.get(vocabulary[first], [vocabulary[first]]) + parts.get(vocabulary[other], [vocabulary[other]])
            first += other
            parts[vocabulary.setdefault(first, len(vocabulary))] = made
        spaced = old.encode(f" {word}").ids
        if others and len(spaced) == 1:  # it is known as a word behind a space
            parts[vocabulary[first]] = spaced
    return _rebuilt(tokenizer, state), parts


def _rebuilt(tokenizer: PreTrainedTokenizerFast, state: dict) -> PreTrainedTokenizerFast:
    tokens = ("unk_token", "bos_token", "eos_token", "pad_token")
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)),
        **{name: getattr(tokenizer, name) for name in tokens},
        extra_special_tokens={"image_token": "<image>"},
        clean_up_tokenization_spaces=False,
        model_max_length=tokenizer.model_max_length,
        padding_side="left",
        chat_template=tokenizer.chat_template,
    )


def add_rows(model: MistralForCausalLM, parts: dict[int, list[int]]) -> None:
    """Give the model an embedding for each added token: the mean of those that it stands for."""
    rows = model.get_input_embeddings().weight.detach()
    model.resize_token_embeddings(max(parts) + 1, mean_resizing=False)
    with torch.no_grad():
        for token, made in parts.items():
            model.get_input_embeddings().weight[token] = rows[made].mean(0)
