"""Knows captions in which the instruction, a placeholder or the numbering of the input comes back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import ClassVar, NamedTuple

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Text
from framescribe.language.letters import IDEOGRAPHS, listed

_TOKEN = re.compile(rf"[{IDEOGRAPHS}]|[^\W{IDEOGRAPHS}]+(?:['-][^\W{IDEOGRAPHS}]+)*")
_WORDS, _LETTERS = 6, 8  # in a row, before they are an echo
_QUOTED = re.compile(
    r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|«[^»\n]{1,300}»|「[^」\n]{1,300}」|『[^』\n]{1,300}』"
    r"|《[^》\n]{1,300}》|„[^“”\n]{1,300}[“”]|(?<!\w)'[^'\n]{1,300}'(?!\w)|‘[^’\n]{1,300}’"
)
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
# What stands after these is offered, to be used.
_OFFERED = re.compile(
    r"\b(?:e\.g\.|for example|for instance|choose from|zum beispiel|z\. ?b\.|par exemple|por ejemplo|per esempio"
    r"|por exemplo|например)[: ,]|\b(?:such as|like|one of|choose|pick|options?|terms?|movements?|types?|wie etwa"
    r"|comme|como|come)\b[: ](?=[^.]*(?:,| or | oder | ou | o | y |/))|例如|比如|譬如|如：|包括[：:]|(?:可用|可选"
    r"|备选)的?(?:词|词汇|术语|选项|镜头)?[^。：:]{0,8}[：:]|(?:选项|术语|词汇|类型|景别|运镜)[：:]|(?:选用|选择"
    r"|从)[^。]{0,10}[：:]|可选|たとえば"
    r"|例えば|예를 들어|from the (?:list|following)|\b(?:choose|pick|select|one of|terms?|movements?|types?|styles?"
    r"|options?|list|categories|labels|keywords|angles?|vocabulary)\b[^.:]*:"
)
# Material in the prompt, by how it is introduced.
_MATERIAL = re.compile(
    r"^\s*(?:[-*#>]\s*)?(?:(?:the )?(?:video |clip |film )?(?:title|captions?|transcript|subtitles?|metadata|tags?"
    r"|keywords?|context|summary|description|present caption|criticism|ocr|on-screen text|file ?name"
    r"|frame \d+[^:\n]{0,20}|image \d+|\(?[a-z\d]{1,2}[).]|\[\d+\])\s*[:：]?|标题[：:]|字幕[：:]|描述[：:]"
    r"|第\d+帧[：:])\s*(?=\S)"
)
# In an instruction one of these stands: it tells somebody to do something, or speaks of the answer.
_INSTRUCTS = re.compile(
    r"\b(?:describe|caption|captions|write|summari[sz]e|combine|answer|respond|reply|output|return|state|mention|use"
    r"|avoid|include|begin|start|end|do not|don't|never|always|only|must|should|please|you|your|keep|limit|focus"
    r"|make sure|ensure|give|name|say|tell|list|provide|"
    r"describing|sentences?|paragraphs?|words|tokens|json|format|follow|pay attention|add|omit|note|explain|identify"
    r"|generate|create|produce|imagine|look|watch|analy[sz]e|think|step by step|rewrite|change|take|call|translate"
    r"|at most|at least|no more than|be (?:concise|specific|brief|precise|detailed|objective))\b"
    r"|\b(?:beschreib\w*|schreib\w*|nenn\w*|antwort\w*|verwend\w*|vermeid\w*|benutz\w*|erwähn\w*|fass\w*|beginn\w*"
    r"|gib|höchstens|mindestens|sätze\w*|satz|wörter\w*|bitte|du|sie sollen|keine?)\b|\b(?:décri\w+|écri\w+|répon\w+"
    r"|utilis\w+|évit\w+|mentionn\w+|résum\w+|commenc\w+|phrases?|mots|tu|vous|ne \w+ pas|limit\w+|donne\w*)\b"
    r"|\b(?:describ\w+|escrib\w+|respond\w+|us[ae]\w*|evit\w+|menci\w+|resum\w+|empiez\w+|comienz\w+|frases?|palabras"
    r"|oraciones|no \w+es|párrafo|limit\w+|descriv\w+|scriv\w+|rispond\w+|inizi\w+|frasi|parole|descrev\w+|escrev\w+"
    r"|palavras|comec\w+|parágrafo)\b|\b(?:опиш\w+|опис\w+|напиш\w+|ответ\w*|использ\w+|избега\w+|упомин\w+|начн\w+"
    r"|предложени\w+|слов\w*|не \w+йте)\b"
    r"|描述|描寫|请|請|不要|不得|避免|使用|用一|回答|输出|輸出|总结|總結|概括|字以内|写|寫|生成|说明|提到|你|您|要求"
    r"|段话|句话|合并|ください|下さい|して|しないで|文以内|説明|記述|使わ|してはいけ|ませんように|하세요|하십시오"
    r"|주세요|하라|시오|마라|마세요|마십시오|설명|작성|beschrijf|gebruik|schrijf|vermijd|noem"
)
_CAMERA = listed(
    """
    camera shot shots view angle pan pans panning tilt tilts tilting zoom zooms zooming dolly truck pedestal track
    tracks tracking handheld hand-held static still fixed steady crane arc arcs orbit orbits orbiting push pushes
    pull pulls roll rolls left right up down in out forward backward back close close-up closeup extreme wide medium
    long full low high eye level eye-level aerial drone overhead point-of-view pov over-the-shoulder bird's-eye
    top-down slow slowly fast quick smooth motion movement moves moving stands stays remains follows following
    subject from behind side front the a an of with to and or on at is it its as while
    """
)
_FUNCTION = listed(
    """
    the a an of to in on at by for from with and or but as is are was were be it its that this these those their his
    her they he she which who into over under up down out not no one two all each some any there then than so if
    when while where how what
    """
)
_SLOT = re.compile(
    r"\{\{?\s*[^\W\d_][\w .\-]{0,40}\s*\}?\}|\$\{[\w .\-]{1,40}\}|<<\s*[a-z][\w .\-]{0,40}>>|\[(?:insert|your"
    r"|describe|add|fill in|enter|write|put|replace|name of|description of|caption of)\b[^\[\]\n]{0,80}\]|<(?:insert"
    r"|your|describe|add|fill|enter|put)\b[^<>\n]{0,80}>"
    r"|\[(?:subject|caption|captions|description|setting|action|actions|object|objects|person|name|location|color"
    r"|colour|scene|camera|camera movement|style|adjective|noun|verb|main subject|video description|time of day"
    r"|lighting|mood|placeholder|text|title|character|background)\]"
    r"|\[(?:在此|插入|填写|请填|主体|描述|动作|场景)[^\[\]\n]{0,20}\]|【(?:在此|插入|填写|请填|主体|描述|动作|场景"
    r"|主题)[^【】\n]{0,20}】|\[(?:hier|beschreibung|insérer|insertar|inserire|inserir|вставьте)[^\[\]\n]{0,60}\]"
)
_ITEMS: Mapping[str, re.Pattern[str]] = {
    "(a)": re.compile(r"(?<!\w)[(（]([a-z]|\d{1,3}|[一二三四五六七八九十]|i{1,3}|iv|vi{0,3})(?:\)(?=[\s,.;:])|）)"),
    "[1]": re.compile(r"\[(?:frame |image |caption |item )?#?(\d{1,3}|[a-z])\](?=[\s:])"),
    "1.": re.compile(r"(?:^|(?<=[.!?。\n;:,] )|(?<=\n)|(?<=\band ))\s*(\d{1,3})[.):](?=\s)", re.MULTILINE),
    "a)": re.compile(r"(?:^|(?<=[.!?;\n] )|(?<=\n))([a-z])[).](?=\s)", re.MULTILINE),
    "Frame 1": re.compile(
        r"\b(?:frame|image|caption|picture|shot|item|keyframe|photo|bild|imagen|immagine|imagem"
        r"|fotograma|кадр|clip|segment|part|description) ?#?(\d{1,3}|[a-d])\b(?= ?(?:[:.)\-–—(]|shows|depicts))"
    ),
    "#1": re.compile(r"(?<!\w)#(\d{1,3})\b(?=[:.\s])"),
    "①": re.compile(r"([①-⑳])"),
    "第1帧": re.compile(
        r"(?:第([一二三四五六七八九十\d]{1,3})(?:帧|幀|张|幅|个|段)|(?:图|图片|帧|画面|画像|フレーム"
        r"|프레임|이미지)\s?(\d{1,3}))(?=[：:，、,中に은는]|图|画面)"
    ),
    "<1>": re.compile(r"<(?:frame ?|image ?|item ?)?(\d{1,3})>"),
}
_BRACKETS = re.compile(r"[(\[{<#$①-⑳【]")
_MAYBE_ITEM = re.compile(r"[\d()（\[<#①-⑳第]")


class _Prompt(NamedTuple):
    """What of an instruction may not come back: by its runs of words, in each sentence, and its short sentences."""

    runs: Mapping[tuple[str, ...], tuple[int, ...]]
    words: tuple[str, ...]
    whole: frozenset[tuple[str, ...]]
    vocabulary: frozenset[str]
    short: tuple[str, ...]


class PromptEcho(Check):
    """The instruction, "{subject}" or "(a) ... (b) ..." of the input comes back in the caption."""

    name: ClassVar[str] = "prompt_echo"
    help: ClassVar[str] = "words of the instruction, a placeholder or item numbers of the input come back"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        raw = text.raw
        if _BRACKETS.search(raw):
            for found in _SLOT.finditer(text.told):
                yield self._finding(text, *found.span(), "a placeholder is left", cut=_cut(text, *found.span()))
        if of.frame_captions or of.prompt:
            yield from self._numbers(text, of)
        if of.prompt:
            for start, end in _echoes(text, of):
                yield self._finding(text, start, end, "the instruction comes back", cut=_cut(text, start, end))

    def _numbers(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        told = text.told
        if not _MAYBE_ITEM.search(told):
            return
        given = "\n".join((of.prompt, *of.frame_captions)).lower()
        for pattern in _ITEMS.values():
            found = list(pattern.finditer(told))
            numbers = {match.group(*range(1, pattern.groups + 1)) for match in found}
            if len(numbers) < 2 or len({match[0].strip() for match in pattern.finditer(given)}) < 2:
                continue
            cut = tuple(part for match in found for part in _left_out(text, *match.span()))
            said = ", ".join(match[0].strip() for match in found)
            # Without a place, so that frame_talk still says what it has to say of "Frame 1".
            yield Finding(
                check=self.name,
                start=0,
                end=0,
                what=f"item numbers of the input come back: {said[:60]}",
                cut=cut or None,
            )
            return

    def _finding(
        self, text: Text, start: int, end: int, what: str, cut: tuple[tuple[int, int, str], ...] | None
    ) -> Finding:
        said = " ".join(text.raw[start:end].split())
        return Finding(check=self.name, start=start, end=end, what=f"{what}: {said[:60]!r}", cut=cut)


def _echoes(text: Text, of: Circumstances) -> list[tuple[int, int]]:
    """Where the instruction comes back, as (start, end), in order."""
    prompt = _prepared(of.prompt, of.frame_captions)
    if text.told.isascii() and not _may_echo(prompt, text):
        return []
    tokens = [(found[0], *found.span()) for found in _TOKEN.finditer(text.told)]
    words = [word for word, _, _ in tokens]
    places, whole = list[tuple[int, int]](), list[tuple[int, int]]()
    at, last = 0, len(words)
    while at < last:
        length = _longest(prompt, words, at)
        if length and _counts(words[at : at + length]):
            places.append((tokens[at][1], _with_mark(text, tokens[at + length - 1][2])))
            at += length
        else:
            at += 1
    for start, end in text.sentences:
        told = text.told[start:end]
        if (
            len(told) < 80
            and not any(begun < end and start < stop for begun, stop in places)
            and tuple(found[0] for found in _TOKEN.finditer(told)) in prompt.whole
        ):
            whole.append((start, end))
    places += [span for span in whole if not any(begun < span[1] and span[0] < end for begun, end in places)]
    return sorted(places)


def _may_echo(prompt: _Prompt, text: Text) -> bool:
    """Whether there are six words of the instruction in a row, in whatever order, or a short sentence of it."""
    tokens = text.tokens
    known, at = bytes(map(prompt.vocabulary.__contains__, tokens)), -1
    while (at := known.find(b"\1" * _WORDS, at + 1)) >= 0:
        if tokens[at : at + _WORDS] in prompt.runs:
            return True
    said = f" {' '.join(text.tokens)} "
    return any(phrase in said for phrase in prompt.short)


def _longest(prompt: _Prompt, words: list[str], at: int) -> int:
    """How many words from there on stand in the instruction in a row; 0 if too few."""
    size = _LETTERS if _is_letter(words[at]) else _WORDS
    run = tuple(words[at : at + size])
    best = 0
    for place in prompt.runs.get(run, ()):
        length = size
        while (
            at + length < len(words)
            and place + length < len(prompt.words)
            and words[at + length] == prompt.words[place + length]
        ):
            length += 1
        best = max(best, length)
    return best


def _counts(run: list[str]) -> bool:
    """Whether it is more than camera terms, or words that any sentence has."""
    if _is_letter(run[0]):
        return True
    telling = [word for word in run if word not in _FUNCTION]
    return len(telling) >= 2 and sum(word in _CAMERA for word in run) < 0.8 * len(run)


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word > "\u3000"


@lru_cache(maxsize=64)
def _prepared(prompt: str, captions: tuple[str, ...]) -> _Prompt:
    plain = prompt.replace("’", "'").replace("‘", "'").lower()
    material = " ".join(_tokens_of("\n".join(captions)))
    runs = dict[tuple[str, ...], list[int]]()
    words = list[str]()
    whole = set[tuple[str, ...]]()
    for sentence in _instructions(plain):
        tokens = _tokens_of(sentence)
        if len(tokens) >= 2 and not _within(tokens, material):
            whole.add(tuple(tokens))
        begin = len(words)
        words += [*tokens, "\0"]
        for at in range(begin, begin + len(tokens)):
            size = _LETTERS if _is_letter(words[at]) else _WORDS
            run = tuple(words[at : at + size])
            if len(run) == size and "\0" not in run and not _within(run, material):
                runs.setdefault(run, []).append(at)
    return _Prompt(
        {run: tuple(places) for run, places in runs.items()},
        tuple(words),
        frozenset(whole),
        frozenset(words),
        tuple(f" {' '.join(each)} " for each in whole if len(each) < _WORDS),
    )


def _instructions(prompt: str) -> Iterator[str]:
    """The sentences of a prompt that instruct, without what they offer and what is quoted in them."""
    for line in prompt.splitlines():
        if (found := _MATERIAL.match(line)) and not _INSTRUCTS.search(line[: found.end()] and line[found.end() :]):
            continue
        for found in _SENTENCE.finditer(line):
            sentence = found[0]
            if _INSTRUCTS.search(sentence):
                for part in _QUOTED.split(sentence):
                    yield _OFFERED.split(part, maxsplit=1)[0]


def _tokens_of(text: str) -> list[str]:
    return _TOKEN.findall(text.replace("’", "'").lower())


def _within(run: Iterable[str], material: str) -> bool:
    return f" {' '.join(run)} " in f" {material} "


def _with_mark(text: Text, end: int) -> int:
    """The end, after the marks that close a sentence there."""
    while end < len(text.raw) and text.raw[end] in ".!?。！？:：":
        end += 1
    return end


def _cut(text: Text, start: int, end: int) -> tuple[tuple[int, int, str], ...] | None:
    """The cut that leaves out these words where they are sentences or a clause of their own; None elsewhere, and if
    nothing else is there."""
    raw = text.raw
    before, after = raw[:start].rstrip(), raw[end:].lstrip()
    if not any(map(str.isalnum, before + after)):
        return None
    begins = not before or before[-1] in ".!?。！？\n"
    ends = not after or raw[end - 1] in ".!?。！？:：" or raw[end : end + 1] == "\n"
    of_its_own = begins and (ends or (not after[0].islower() and after[0] not in ",，;；、"))
    clause = before[-1:] in (",", "，", "、", ";", "；") and (ends or (after[0] in "，、；" and before[-1] > "\u3000"))
    if of_its_own:
        return _left_out(text, start, end)
    if clause:
        mark = raw[end - 1] if ends and raw[end - 1] in ".!?。！？" else ""
        return ((len(before) - 1, end, mark),)
    return None


def _left_out(text: Text, start: int, end: int) -> tuple[tuple[int, int, str], ...]:
    """The cut with the space and comma that follow; what comes then begins as a sentence if these words did."""
    raw, before = text.raw, text.raw[:start].rstrip()
    while end < len(raw) and (raw[end].isspace() or raw[end] in ",，;；、"):
        end += 1
    if before and before[-1] not in ".!?。！？\n" and end < len(raw):
        return ((start, end, ""),)
    return ((start, end + 1, raw[end].upper()),) if end < len(raw) else ((len(before), end, ""),)
