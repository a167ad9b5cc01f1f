"""Knows the vocabulary and the two chat templates that the checkpoints share; knows no model."""

from __future__ import annotations

import random

from prompts import (
    EASYANIMATE_FRAME,
    EASYANIMATE_SUMMARY,
    FRAME_PROMPTS,
    HOUSE_FRAME,
    HOUSE_SUMMARY,
    LEAD_REQUESTS,
    SUMMARY_ENDINGS,
    SUMMARY_OPENINGS,
    salad,
    show_captions,
)
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from framescribe.demo.random_scenes import random_clip, random_scene

VOCABULARY = 1280
SPECIAL_TOKENS = ["<unk>", "<s>", "</s>", "<pad>", "<image>"]

# A message's content is a string or a list of parts; this macro gives its text.
_TEXT = (
    "{%- macro text_of(content) -%}"
    "{%- if content is string -%}{{ content }}"
    "{%- else -%}{%- for part in content -%}"
    "{%- if part['type'] == 'text' -%}{{ part['text'] }}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}"
    "{%- endmacro -%}"
)
# Only the template adds the begin-of-text token, never the tokenizer, so there is always exactly one.
# A system message is put before the user message that follows it.
VISION_CHAT = _TEXT + (
    "{{- bos_token -}}{%- set ahead = namespace(text='') -%}"
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'system' -%}{%- set ahead.text = ahead.text + text_of(message['content']) + '\\n' -%}"
    "{%- elif message['role'] == 'assistant' -%}{{- 'ASSISTANT: ' + text_of(message['content']) + eos_token -}}"
    "{%- else -%}{{- 'USER: ' -}}"
    "{%- if message['content'] is not string -%}{%- for part in message['content'] -%}"
    "{%- if part['type'] in ('image', 'image_url') -%}{{- '<image>\\n' -}}{%- endif -%}{%- endfor -%}{%- endif -%}"
    "{{- ahead.text + text_of(message['content']) + ' ' -}}{%- set ahead.text = '' -%}"
    "{%- endif -%}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- 'ASSISTANT:' -}}{%- endif -%}"
)
TEXT_CHAT = _TEXT + (
    "{{- bos_token -}}{%- set ahead = namespace(text='') -%}"
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'system' -%}{%- set ahead.text = ahead.text + text_of(message['content']) + '\\n' -%}"
    "{%- elif message['role'] == 'assistant' -%}{{- ' ' + text_of(message['content']) + eos_token -}}"
    "{%- else -%}{{- '[INST] ' + ahead.text + text_of(message['content']) + ' [/INST]' -}}{%- set ahead.text = '' -%}"
    "{%- endif -%}{%- endfor -%}"
)


def vision_chat(prompt: str) -> str:
    """What VISION_CHAT makes of one user message with one image, without the begin-of-text token."""
    return f"USER: <image>\n{prompt} ASSISTANT:"


def text_chat(prompt: str) -> str:
    """What TEXT_CHAT makes of one user message, without the begin-of-text token."""
    return f"[INST] {prompt} [/INST]"


def _corpus() -> list[str]:
    rng, texts = random.Random("tokenizer"), []
    for _ in range(2000):
        clip = random_clip(rng, 320, 240)
        captions = [clip.frame_caption(t) for t in (0, 1)]
        texts += [random_scene(rng, 320, 240).caption(), show_captions(rng, captions)]
        texts += [" " + clip.summary((0, 1), lead=lead) for lead in (False, True)] + [salad(rng, 15)]
    fixed = (
        HOUSE_FRAME,
        EASYANIMATE_FRAME,
        HOUSE_SUMMARY,
        EASYANIMATE_SUMMARY,
        *FRAME_PROMPTS,
        *SUMMARY_OPENINGS,
        *SUMMARY_ENDINGS,
        *LEAD_REQUESTS,
    )
    return texts + [chat(prompt) for prompt in fixed for chat in (vision_chat, text_chat)] * 30


def build_tokenizer(chat_template: str) -> PreTrainedTokenizerFast:
    """The byte-level BPE tokenizer, the same on every call; digits are always tokens of their own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        _corpus(),
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=SPECIAL_TOKENS,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        extra_special_tokens={"image_token": "<image>"},
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
        padding_side="left",
        chat_template=chat_template,
    )
