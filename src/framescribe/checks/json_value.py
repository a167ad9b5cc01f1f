"""Knows a caption that came as JSON, whole, cut off or in a code fence, and takes the text out of it."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

_FENCED = re.compile(r"\s*(?:```|~~~)\w*\s*\n?(.*?)\s*(?:(?:```|~~~)\s*)?\Z", re.DOTALL)
_BEGINS = re.compile(r"\s*(?:json\s*)?[\[{]\s*(?:[{\[]\s*)*[\"'][^\"'\n]{1,40}[\"']\s*:", re.IGNORECASE)
_KEY = re.compile(r"\s*[\"'](?:caption|description|summary|text|answer|output|response)[\"']\s*[:：]", re.IGNORECASE)
_LIST = re.compile(r"\s*\[\s*\".*\"\s*\]\s*\Z", re.DOTALL)
_ANYWHERE = re.compile(r"\{\s*\"[^\"\n]{1,40}\"\s*:.*\}", re.DOTALL)
_NAMES = (
    "caption", "description", "dense_caption", "detailed_caption", "video_caption", "final_caption", "summary",
    "video_description", "text", "answer", "output", "response", "result", "content", "描述", "字幕", "beschreibung",
    "légende", "descripción", "キャプション",
)  # fmt: skip


def looks_like_json(raw: str, told: str) -> bool:
    """Whether it is, or holds, an object or a list of texts, or the beginning of one. `told`: `raw` without what is
    quoted; an object in a quotation is seen in the clip."""
    bare = _bare(raw)
    if _BEGINS.match(bare) or _KEY.match(bare) or _LIST.match(bare):
        return True
    found = _ANYWHERE.search(raw)
    return found is not None and told[found.start()] == "{"


def json_text(raw: str) -> str | None:
    """The caption in it: the value of that name, or the only text there is; None: there is no such text, or it is cut
    off."""
    bare = _bare(raw)
    if _KEY.match(bare):
        bare = "{" + bare.rstrip(" ,\n") + "}"
    elif not _BEGINS.match(bare) and not _LIST.match(bare) and (found := _ANYWHERE.search(bare)):
        bare = found[0]
    value = _parsed(bare.removeprefix("json").strip())
    text = _caption(value)
    return None if text is None or not text.strip() else text.strip()


def _bare(raw: str) -> str:
    found = _FENCED.match(raw)
    return found[1] if found else raw.strip()


def _parsed(text: str) -> Any:
    try:
        return json.JSONDecoder(strict=False).raw_decode(text)[0]  # whatever comes after it
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text[: text.rfind("}") + 1])  # Python's own notation: {'caption': …}
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _caption(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return _caption(value[0]) if len(value) == 1 else None
    if not isinstance(value, dict):
        return None
    named = {str(name).lower().replace(" ", "_"): one for name, one in value.items()}
    for name in _NAMES:
        if name in named:
            return _caption(named[name])
    texts = [one for one in value.values() if isinstance(one, str | dict)]
    return _caption(texts[0]) if len(texts) == 1 else None
