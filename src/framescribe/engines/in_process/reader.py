"""Knows how chats become the input tensors of a transformers model, and how its tokens become text; runs no model."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from framescribe.engines.base import ChatRequest, ImagePart, Message, TextPart
from framescribe.engines.thinking import split
from framescribe.engines.thinking_switch import Thinking
from framescribe.errors import UserError
from framescribe.records import EncodedImage

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image as Pictures


_SWITCHES = ("enable_thinking", "thinking")  # variables of chat templates
_VARIABLE = {name: re.compile(rf"(?<![\w.\"'<]){name}(?![\w\"'>])") for name in _SWITCHES}


class Reader:
    """A checkpoint's processor (None for a text model), tokenizer and chat template. `model` is its name in messages;
    `thinking` is whether it thinks before it answers, where its template leaves a choice.

    UserError if it has no chat template. `encode` may be called in one thread while another thread decodes.
    """

    def __init__(self, model: str, processor: Any, tokenizer: Any, dtype: Any, thinking: Thinking = "off") -> None:
        self._processor, self._dtype = processor, dtype
        template = _template(processor) or _template(tokenizer)
        if template is None:
            raise UserError(
                f"{model} has no chat template, so there is no telling how to prompt it.\n"
                "Use its instruction-tuned version (often …-Instruct or …-hf), or put a chat_template.jinja beside it."
            )
        self._template = template
        self._switches = {name: thinking == "on" for name in _SWITCHES if _VARIABLE[name].search(template)}
        tokenizer.padding_side = "left"  # new tokens must follow the prompt, not the padding
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        # Setting a tokenizer's padding breaks it for another thread: one copy encodes, the other decodes.
        self._tokenizer, self._decoder = tokenizer, deepcopy(tokenizer)
        self._encoding = threading.Lock()

    @property
    def sees(self) -> bool:
        return self._processor is not None

    @property
    def padding(self) -> int:
        """The token that pads short prompts and answers."""
        return int(self._decoder.pad_token_id)

    def encode(self, requests: Sequence[ChatRequest]) -> dict[str, Any]:
        """Padded tensors on the CPU: input_ids and attention_mask [requests, tokens], and the pictures' tensors in the
        model's precision."""
        shape: dict[str, Any] = {"tokenize": True, "return_dict": True, "return_tensors": "pt"}
        shape |= {"add_generation_prompt": True, "chat_template": self._template, **self._switches}
        with self._encoding:
            chats = [[_turn(message, self.sees) for message in request.messages] for request in requests]
            if self.sees:
                batch = self._processor.apply_chat_template(chats, processor_kwargs={"padding": True}, **shape)
            else:
                batch = self._tokenizer.apply_chat_template(chats, padding=True, **shape)
        tensors = {name: value for name, value in batch.items() if hasattr(value, "is_floating_point")}
        return {name: v.to(self._dtype) if v.is_floating_point() else v for name, v in tensors.items()}

    def decode(self, tokens: Sequence[int]) -> tuple[str, str]:
        """What the model thought, and what it answered."""
        # Some models mark their thoughts with special tokens: without these, thoughts and answer would be one text.
        thought, answer = split(str(self._decoder.decode(tokens, skip_special_tokens=False)))
        if not thought:
            return split(str(self._decoder.decode(tokens, skip_special_tokens=True)))
        for token in self._decoder.all_special_tokens:
            answer = answer.replace(token, "")
        return thought, answer.strip()

    def ends(self, settings: Any) -> set[int]:
        """The tokens that end an answer, according to the model's generation settings."""
        ends = settings.eos_token_id
        if ends is None:
            ends = self._decoder.eos_token_id
        return set(ends) if isinstance(ends, (list, tuple)) else {ends}


def _template(source: Any) -> str | None:
    template = getattr(source, "chat_template", None)
    if isinstance(template, dict):
        template = template.get("default") or next(iter(template.values()), None)
    return template or None


def _turn(message: Message, seeing: bool) -> dict[str, Any]:
    if not seeing:
        text = "\n".join(part.text for part in message.parts if isinstance(part, TextPart))
        return {"role": message.role, "content": text}
    parts: list[dict[str, Any]] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            parts.append({"type": "text", "text": part.text})
        elif isinstance(part, ImagePart):
            parts.append({"type": "image", "image": _picture(part.image)})
    return {"role": message.role, "content": parts}


def _picture(image: np.ndarray | EncodedImage) -> Pictures.Image:
    from PIL import Image

    if isinstance(image, EncodedImage):
        return Image.open(io.BytesIO(image.data)).convert("RGB")
    return Image.fromarray(image)
