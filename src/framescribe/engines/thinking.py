"""Knows how models mark what they think before they answer, in text; knows no model, no server and no request.

A mark counts only where a model would put it. In running prose, in quotes or in JSON it is text: a sign may read
"<think>". Only what belongs to the thinking is cut; the rest of an answer stays as it is.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass

UNANSWERED = "the model spent all its tokens on thinking and wrote no answer: raise --max-tokens, or --thinking off"

# <think>, and with a prefix or suffix of one model: <seed:think>, <longcat_think>, <think_5f3a>
_WORD = r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis)"
_NAME = rf"(?:\w{{1,16}}[:_])?{_WORD}(?:_\w+)?"
# Tags that only a tokenizer writes. Opening, closing:
_TOKENS = (
    (r"◁think▷", r"◁/think▷"),  # Kimi-VL
    (r"<\|channel>(?:thought\b)?", r"<channel\|>"),  # Gemma 4
    (rf"<\|{_WORD}\|>", rf"<\|/{_WORD}\|>"),
    (r"<\|begin_of_(?:thought|think)\|>", r"<\|end_of_(?:thought|think)\|>"),  # OpenThinker
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command A
    (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    (r"<unused94>(?:thought\b)?", r"<unused95>"),  # MedGemma
    (r"^Here are my reasoning steps:", r"\[BEGIN FINAL RESPONSE\]"),  # Apriel
    (  # gpt-oss ("harmony"): each message has its channel
        r"(?:<\|start\|>\w*)?<\|channel\|>\s*(?:analysis|commentary)\b[^<]*(?:<\|constrain\|>\w*)?<\|message\|>",
        r"(?:<\|start\|>\w*)?<\|channel\|>\s*final\b[^<]*(?:<\|constrain\|>\w*)?<\|message\|>",
    ),
)
_WRITTEN = (
    (rf"(?:<|&lt;){_NAME}\s*(?:>|&gt;)", rf"(?:<|&lt;)/\s?{_NAME}\s*(?:>|&gt;)"),
    (rf"\[{_NAME}\]", rf"\[/{_NAME}\]"),  # Mistral
)


def _either(group: str, patterns: list[str]) -> str:
    return f"(?P<{group}>{'|'.join(patterns)})"


_MARK = re.compile(
    "|".join(
        _either(f"{kind}_{end}", [pair[place] for pair in pairs])
        for kind, pairs in (("token", _TOKENS), ("written", _WRITTEN))
        for place, end in enumerate(("opens", "closes"))
    ),
    re.IGNORECASE,
)
_MAY_MARK = re.compile(r"[<&\[◁]|reasoning steps:", re.IGNORECASE)  # what each of them has
_BETWEEN = re.compile(  # tokens that only frame a message or an answer
    r"\[END FINAL RESPONSE\]"
    r"|<\|(?:end|return|call|START_RESPONSE|END_RESPONSE|begin_of_solution|end_of_solution)\|>(?:<\|start\|>assistant)?"
)
_BOX_TOKENS = re.compile(r"<\|(?:begin|end)_of_box\|>")  # GLM-4.1V and later
# Where the tokens were dropped in decoding, their words remain.
_WORDS = (
    re.compile(r"\s*analysis(?P<thought>.*?)(?:assistant)+(?:commentary.*?assistant)?final(?P<answer>.*)", re.S),
    re.compile(r"\s*analysis(?=[A-Z])(?P<thought>.*)(?P<answer>)", re.S),
    re.compile(r"\s*Here(?:'s| is) my thought process:(?P<thought>.*?)Here(?:'s| is) my response:(?P<answer>.*)", re.S),
    re.compile(r"\s*Thinking\.\.\.\n(?P<thought>.*?)\n\.\.\.done thinking\.(?P<answer>.*)", re.S),
)
_LABEL = re.compile(r"\s*thought\n(?=\s*\S)")  # of Gemma 4's empty thought, without its tokens
_FENCED = re.compile(
    rf"\s*(?P<fence>`{{3,}}|~{{3,}})\s*{_NAME}\s*\n(?P<thought>.*?)\n(?P=fence)[ \t]*(?:\n|$)", re.S | re.I
)
_OPEN_FENCE = re.compile(r"\s*(`{3,}|~{3,})[^\n`]*\s*")
_ANSWER_NAME = r"(?:answer|response|final_?answer|conclusion|output)"
_ANSWER = re.compile(
    rf"(?P<before>.*?)<\s*(?P<name>{_ANSWER_NAME})\s*>(?P<answer>.*?)(?:<\s*/\s*(?P=name)\s*>\s*)?", re.S | re.I
)
_STRAY_ANSWER = re.compile(rf"\s*<\s*/\s*{_ANSWER_NAME}\s*>\s*$", re.I)
_BOXED = re.compile(r"(?P<dollars>\$*)\\boxed\{(?P<answer>.*)\}(?P=dollars)\.?", re.S)
_TEXT = re.compile(r"\\text\{(?P<answer>[^{}]*)\}", re.S)
_QUOTES = "\"'`“”‘’«»„"


def split(text: str) -> tuple[str, str]:
    """What the model thought and what it answered. Text without thinking and without a box around the answer comes
    back unchanged, as the answer.

    If the text ends before the thinking does, the answer is empty. If only the closing mark is there, the prompt had
    the opening one.
    """
    if _is_json(text):
        return "", text
    thought, answer = _unfenced(*_cut(text))
    answer, rest = _unboxed(answer)
    thought = "\n".join(part for part in (thought, rest) if part)
    return (thought, answer.strip()) if thought or answer != text else ("", text)


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(text)
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    opens: bool


def _marks(text: str) -> list[_Mark]:
    """The marks that are not part of the prose."""
    found: list[_Mark] = []
    if not _MAY_MARK.search(text):  # nearly all answers
        return found
    for match in _MARK.finditer(text):
        mark = _Mark(match.start(), match.end(), opens=bool(match["token_opens"] or match["written_opens"]))
        token = bool(match["token_opens"] or match["token_closes"])
        nested = bool(found) and found[-1].opens and mark.opens
        after_mark = bool(found) and not text[found[-1].end : mark.start].strip()
        if token or nested or after_mark or not _is_prose(text, mark):
            found.append(mark)
    return found


def _is_prose(text: str, mark: _Mark) -> bool:
    before, after = text[: mark.start], text[mark.end :]
    if before[-1:] and before[-1:] in _QUOTES and after[:1] and after[:1] in _QUOTES:
        return not before.endswith("```")
    line = before.rpartition("\n")[2].rstrip(" \t")
    ends = not line or line[-1] in '.!?:;…。！？)>]*`"”|'  # a line or a sentence ends there
    if mark.opens:
        return not ends
    goes_on = after[:1] in (" ", "\t") and (after.lstrip()[:1].islower() or after.lstrip()[:1] in ",.;")
    return not ends and before[-1:] in (" ", "\t") and goes_on


def _cut(text: str) -> tuple[str, str]:
    if (fenced := _FENCED.match(text)) is not None:
        thought, answer = _cut(text[fenced.end() :])
        return "\n".join(filter(None, (fenced["thought"].strip(), thought))), answer
    marks = _marks(text)
    if not marks:
        for pattern in _WORDS:
            if (match := pattern.fullmatch(text)) is not None:
                return match["thought"].strip(), match["answer"].strip()
        return "", _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
    thoughts, answers = list[str](), list[str]()
    thinking, at = False, 0
    for mark in marks:
        between = text[at : mark.start]
        if mark.opens and not thinking:
            answers.append(between)
        elif mark.opens or thinking:
            thoughts.append(between)
        elif thoughts and not text[mark.end :].strip() and "".join((*answers, between)).strip():
            answers.append(between)  # a stray mark after the answer
        else:  # the opening mark was in the prompt, or was closed too early
            thoughts += [*answers, between]
            answers.clear()
        thinking, at = mark.opens, mark.end
    rest = text[at:]
    if thinking and (boxed := _ANSWER.fullmatch(rest)) is not None and _stands_alone(boxed["before"]):
        thoughts.append(boxed["before"])  # the closing mark was forgotten
        answers.append(boxed["answer"])
    else:
        (thoughts if thinking else answers).append(rest)
    thought = "\n".join(part for part in (_BETWEEN.sub("", each).strip() for each in thoughts) if part)
    return thought, _BETWEEN.sub("", "".join(answers)).strip()


def _unfenced(thought: str, answer: str) -> tuple[str, str]:
    """The answer without a code fence that enclosed the thinking: nothing of it is left, or it holds the answer too."""
    opening = _OPEN_FENCE.match(answer) if thought else None
    if opening is None:
        return thought, answer
    inside, fence, outside = answer[opening.end() :].partition(opening[1])
    if fence and not inside.strip():
        return thought, outside.strip()
    return thought, answer if not fence or outside.strip() else inside.strip()


def _unboxed(text: str) -> tuple[str, str]:
    """The answer in its box, and what stood outside of <answer>…</answer>."""
    if "<" not in text and r"\boxed" not in text:
        return text, ""
    answer, before = _BOX_TOKENS.sub("", text), ""
    if (match := _ANSWER.fullmatch(answer.rstrip())) is not None and _stands_alone(match["before"]):
        answer, before = match["answer"].strip(), match["before"].strip()
    answer = _STRAY_ANSWER.sub("", answer)
    if (match := _BOXED.fullmatch(answer.strip())) is not None and _balanced(match["answer"]):
        answer = match["answer"].strip()
        if (inner := _TEXT.fullmatch(answer)) is not None:
            answer = inner["answer"].strip()
    return answer, before


def _stands_alone(before: str) -> bool:
    """Whether a tag that follows this begins a line or a sentence."""
    line = before.rpartition("\n")[2].rstrip()
    return not line or line[-1] in ".!?:…。>"


def _balanced(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return False
    return depth == 0
