"""Knows the vocabulary of shapes-clip, in which most of a JSON answer takes few tokens; knows no model."""

from __future__ import annotations

import json
import random

from clip_tasks import CLIP_PROMPTS, HOUSE_CLIP, HOUSE_STEP, HOUSE_STRUCTURED, WISHES
from prompts import EASYANIMATE_FRAME, FRAME_PROMPTS, HOUSE_FRAME, salad
from tokenizer import SPECIAL_TOKENS, VISION_CHAT, vision_chat
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from framescribe.demo import told
from framescribe.demo.random_scenes import random_clip, random_scene

VOCABULARY = 1536
MARKS = ("<first>", "<next>", "<last>")  # what the template puts before each of several pictures
# The same as VISION_CHAT for one picture.
_PICTURE = "{{- '<image>\\n' -}}"
_COUNTED = (
    "{%- set pictures = message['content'] | selectattr('type', 'in', ['image', 'image_url']) | list -%}"
    "{%- for picture in pictures -%}"
    "{%- if pictures | length > 1 -%}"
    "{{- '<first>' if loop.first else '<last>' if loop.last else '<next>' -}}"
    "{%- endif -%}" + _PICTURE + "{%- endfor -%}"
)
_EACH = (
    "{%- for part in message['content'] -%}{%- if part['type'] in ('image', 'image_url') -%}"
    + _PICTURE
    + "{%- endif -%}{%- endfor -%}"
)
CLIP_CHAT = VISION_CHAT.replace(_EACH, _COUNTED)


def opening(count: int) -> str:
    """What CLIP_CHAT puts before the text of a message with so many pictures, without the begin-of-text token."""
    if count == 1:
        return "USER: <image>\n"
    return "USER: " + "".join(f"{mark}<image>\n" for mark in (MARKS[0], *MARKS[1:2] * (count - 2), MARKS[2]))


# What stands between the values of the JSON answers; each piece becomes one token.
_JSON = (
    r' ?\{"subjects": \[(?:\{"what": ")?',
    r' ?\{"changed": \[\]\}',
    r' ?\{"present": \["?',
    r'", "(?:appearance|action|place)": "',
    r'"\}, \{"what": "',
    r'(?:"\})?\], "setting": "a ',
    r' background", "light": "not sure", "style": "drawn", "actions": \[(?:")?',
    r'"?\], "shot_size": "not sure", "angle": "not sure"',
    r', "height": "not sure", "camera": \{',
    r'"movement": "static", "direction": "none", "speed": "none"\}, "text": \[\]\}',
    r'"?\], "changed": \["?',
    r'", "',
    r'"?\]\}',
)
_WORDS = (r"'(?:s|t|re|ve|m|ll|d)", r" ?\p{L}+", r"\p{N}", r" ?[^\s\p{L}\p{N}]", r"\s+(?!\S)", r"\s+")


def _corpus() -> list[str]:
    rng, texts = random.Random("clip tokenizer"), []
    for _ in range(2500):
        clip = random_clip(rng, 320, 240)
        first, last = (clip.frame(t).statement() for t in (0, rng.uniform(0.3, 1)))
        texts += [" " + random_scene(rng, 320, 240).caption(), " " + clip.summary((0, 1)), salad(rng, 10)]
        texts += [" " + json.dumps(told.structure([first, last])), " " + json.dumps(told.step(first, last))]
        texts.append(f"Frame {rng.randint(1, 5)} ({rng.uniform(0, 20):.2f} s):")
    fixed = (HOUSE_FRAME, HOUSE_CLIP, HOUSE_STEP, HOUSE_STRUCTURED, EASYANIMATE_FRAME)
    fixed += (*FRAME_PROMPTS, *CLIP_PROMPTS, *WISHES)
    return texts + [vision_chat(prompt) for prompt in fixed] * 30


def build_clip_tokenizer() -> PreTrainedTokenizerFast:
    """The byte-level BPE tokenizer, the same on every call; digits are always tokens of their own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex("|".join((*_JSON, *_WORDS))), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        _corpus(),
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=[*SPECIAL_TOKENS, *MARKS],
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
        additional_special_tokens=list(MARKS),
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
        padding_side="left",
        chat_template=CLIP_CHAT,
    )
