"""Knows what is changed when a text is asked for again because of a fault, and what that does to a request; asks
nobody.

Changes add up: what helped against one fault stays while the next one is worked on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from framescribe.checks.base import Circumstances, Finding
from framescribe.engines.base import ChatRequest, ContentPart, Decoding, ImagePart, Message, TextPart, VideoPart
from framescribe.language.languages import in_english
from framescribe.records import EncodedImage

AT_ONCE, TOKENS, DRAWN, COOLER, WORDS, FRAMES, COMPRESSED, SECOND = (
    "no_thinking",
    "more_tokens",
    "drawn_again",
    "cooler",
    "instructed",
    "fewer_frames",
    "compressed",
    "second_model",
)
# Checks, the gravest first; of those that are not listed, all are alike.
GRAVE = ("empty", "refusal", "repeats", "malformed", "encoding", "truncated", "wrong_language", "prompt_echo", "markup")
GRAVEST = ("empty", "refusal", "malformed")  # any one of them makes a text worse than all that lack it
CUT_OFF = "cut_off"  # what is malformed because there were no tokens left
THOUGHT = "thought"  # what is empty because they were spent on thinking
Rung = tuple[str, ...]
LADDERS: dict[str, tuple[Rung, ...]] = {
    "empty": ((TOKENS, DRAWN), (DRAWN, WORDS), (FRAMES, DRAWN)),
    THOUGHT: ((AT_ONCE,), (TOKENS, DRAWN), (DRAWN, WORDS)),
    "refusal": ((WORDS,), (SECOND,), (FRAMES, DRAWN)),
    "repeats": ((DRAWN,), (DRAWN, WORDS), (FRAMES, DRAWN)),
    "malformed": ((WORDS,), (WORDS, DRAWN), (FRAMES, DRAWN)),
    CUT_OFF: ((TOKENS,), (WORDS, DRAWN), (TOKENS, FRAMES, DRAWN)),
    "encoding": ((DRAWN,), (DRAWN,), (FRAMES,)),
    "truncated": ((TOKENS,), (TOKENS, WORDS), (DRAWN,)),
    "wrong_language": ((WORDS, COOLER), (DRAWN,), (FRAMES, DRAWN)),
    "too_long": ((COMPRESSED,), (WORDS,), (DRAWN,)),
}
USUAL: tuple[Rung, ...] = ((WORDS,), (WORDS, DRAWN), (FRAMES, DRAWN))
MORE = 4  # times as many tokens
COOL, WARM = (0.7, 0.3, 0.0), (0.7, 1.0, 1.2)  # temperatures, one after the other: from above 1, and from below
QUOTED, LONGEST = 3, 60  # places named in an instruction, and letters of each

NOTES = {
    "empty": "Answer with the description itself.",
    "refusal": "Describe only what can be seen: shapes, colours, clothes, actions, places. No person has to be "
    "identified, and nothing has to be judged.",
    "repeats": "Say everything only once.",
    "malformed": "The last answer could not be used: {what}.",
    "truncated": "Be brief: use at most {words} words, and end with a complete sentence.",
    "wrong_language": "Write in {language} only.",
    "boilerplate_opening": "Begin with the subject itself.",
    "boilerplate_ending": "End with what is seen: do not sum up, and do not speak to the reader.",
    "frame_talk": "Speak of what happens, never of frames, images or times.",
    "meta_answer": "Write only the description: say nothing of yourself, of this task or of the text.",
    "prompt_echo": "Write only the description, and nothing of these instructions.",
    "markup": "Write plain sentences without any markup, labels or lists.",
    "negation_filler": "Say only what is there, never what is not.",
    "speculation": "State only what can be seen: do not guess.",
    "mood": "State only what can be seen, and nothing of mood or atmosphere.",
    "too_short": "Write at least {least} words: say more of what can be seen.",
    "too_long": "Use at most {most} words.",
    "forbidden_word": "Choose other words.",
    "missing_words": "The last answer was {what}: mention what was missing.",
    "unsupported_text": "Quote only text that can be read.",
    "identity_words": "Leave out how the main character always looks: hair, eyes, face, skin, age and build.",
    "style_words": "Leave out how the picture is made: its style, technique, medium and look.",
    "added_facts": "Keep to what the text above says: change no number, and add nothing.",
    "number_contradiction": "Count once, and keep to that number.",
    "measured_contradiction": "The last answer was wrong: {what}. Keep to that.",
    "camera_contradiction": "Say once whether the camera moves, and keep to that.",
}
AS_JSON = "Answer with the JSON object only."
OTHERWISE = "The last answer was not good ({what}): avoid that."
# What is wrong with these is not their words: naming them would only suggest them.
UNQUOTED = {
    "empty",
    "refusal",
    "repeats",
    "truncated",
    "too_short",
    "too_long",
    "encoding",
    "markup",
    "prompt_echo",
    "malformed",
}
COMPRESS = (
    "Shorten this text to at most {most} words, in its own language. Keep its facts and their order, drop what matters "
    "least, add nothing. Write only the shorter text.\n\n{text}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How a request differs from the first one. `warmth`: how many times it was drawn again; `text`: what is to be
    compressed instead of looking again; `at_once`: without thinking."""

    tokens: int = 1
    warmth: int = 0
    cooler: int = 0
    notes: tuple[str, ...] = ()
    fewer: bool = False
    text: str | None = None
    second: bool = False
    at_once: bool = False

    def and_(
        self,
        rung: Rung,
        texts: Mapping[str, str],
        found: Sequence[Finding],
        of: Circumstances,
        *,
        as_json: bool = False,
    ) -> Changes:
        """These changes and those of the next rung, after a text with these faults: prose, or `as_json` with several
        `texts`, by their fields."""
        notes = [note for note in _notes(texts, found, of) if note not in self.notes] if WORDS in rung else []
        notes += [AS_JSON] if as_json and notes and AS_JSON not in self.notes else []
        return Changes(
            tokens=self.tokens * (MORE if TOKENS in rung else 1),
            warmth=self.warmth + (DRAWN in rung),
            cooler=self.cooler + (COOLER in rung),
            notes=(*self.notes, *notes),
            fewer=self.fewer or FRAMES in rung,
            text=texts[""] if COMPRESSED in rung else None,
            second=self.second or SECOND in rung,
            at_once=self.at_once or AT_ONCE in rung,
        )

    @property
    def instruction(self) -> str:
        """What is added to the prompt."""
        return " ".join(self.notes)

    def applied(self, request: ChatRequest, other: ChatRequest | None, of: Circumstances) -> ChatRequest:
        """The request with these changes; `other` is the same question with fewer pictures, if there is one."""
        decoding = self._decoding(request.decoding)
        thinks = False if self.at_once else request.thinks
        if self.text is not None:
            words = COMPRESS.format(most=of.most_words, text=self.text)
            message = Message(role="user", parts=(TextPart(words),))
            return ChatRequest(messages=(message,), decoding=decoding, thinks=thinks)
        base = other if self.fewer and other is not None else request
        messages = _with_note(base.messages, self.instruction) if self.notes else base.messages
        return replace(base, messages=messages, decoding=decoding, thinks=thinks)

    def _decoding(self, given: Decoding) -> Decoding:
        now = replace(given, max_tokens=given.max_tokens * self.tokens)
        if self.warmth or given.temperature > 1:  # above 1, what came may be noise, whatever else is wrong with it
            at = _another(given.temperature, max(1, self.warmth))
            now = replace(now, temperature=at, seed=given.seed + self.warmth)
        elif self.cooler:
            now = replace(now, temperature=given.temperature / 4**self.cooler)
        return now


def redrawn(given: Decoding, seed: int) -> Decoding:
    """Settings with which the same request is drawn again, for a caption that another clip has too."""
    return replace(given, temperature=_another(given.temperature, 1), seed=given.seed + seed)


def _another(temperature: float, times: int) -> float:
    """The temperature at which what was asked at this one is drawn for the so-manieth time."""
    steps = COOL if temperature > 1 else [at for at in WARM if at > temperature] or [WARM[-1]]
    return steps[min(times, len(steps)) - 1]


def rungs(check: str, second: bool) -> tuple[Rung, ...]:
    """What is tried against this fault, one after the other. A second model comes last, but for a refusal."""
    ladder = LADDERS.get(check, USUAL)
    if not second:
        return tuple(rung for rung in ladder if SECOND not in rung)
    return ladder if any(SECOND in rung for rung in ladder) else (*ladder[:-1], (SECOND,))


def gravest(found: Iterable[Finding]) -> str | None:
    """The check whose fault is worked on first."""
    return min((one.check for one in found), key=_rank, default=None)


def gravity(found: Iterable[Finding]) -> tuple[int, ...]:
    """How bad a text with these faults is: the smaller, the better. A grave fault outweighs any number of others."""
    checks = [one.check for one in found]
    return (*(name in checks for name in GRAVEST), len(set(checks) & set(GRAVE)), len(set(checks)), len(checks))


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that a model was sent: what it says and shows, the settings, and the model's name."""

    content: str
    decoding: Decoding
    thinks: bool | None
    model: str | None

    def key(self, unheard: Iterable[str]) -> str:
        """A text that is the same for requests that get the same answer. `unheard`: settings that the server does not
        take, which make no difference."""
        return json.dumps([self.model, _heard(self.decoding, unheard), self.thinks, self.content])


def sent(request: ChatRequest, model: str | None) -> Sent:
    """What tells this request from others: from its words, its pictures' content, its settings and the model."""
    said = hashlib.sha256()
    for message in request.messages:
        said.update(message.role.encode())
        for part in message.parts:
            said.update(type(part).__name__.encode())
            for data in _data(part):
                said.update(len(data).to_bytes(8, "little"))
                said.update(data)
    return Sent(said.hexdigest(), request.decoding, request.thinks, model)


def changed_settings(before: Decoding, now: Decoding) -> dict[str, Any]:
    """The decoding settings that differ."""
    names = ("max_tokens", "temperature", "top_p", "seed")
    return {name: getattr(now, name) for name in names if getattr(before, name) != getattr(now, name)}


def as_pictures(request: ChatRequest) -> ChatRequest:
    """The request for a model that takes no video: its frames as pictures, each after its number and time."""
    return replace(
        request,
        messages=tuple(
            replace(message, parts=tuple(each for part in message.parts for each in _shown(part)))
            for message in request.messages
        ),
    )


def _shown(part: ContentPart) -> Iterable[ContentPart]:
    if not isinstance(part, VideoPart):
        return (part,)
    pairs = enumerate(zip(part.frames, part.times, strict=True), start=1)
    return [each for n, (image, time) in pairs for each in (TextPart(f"Frame {n} ({time:.2f} s):"), ImagePart(image))]


def _heard(decoding: Decoding, unheard: Iterable[str]) -> dict[str, Any]:
    greedy = decoding.temperature == 0 and "temperature" not in unheard
    values: dict[str, Any] = {"max_tokens": decoding.max_tokens, "temperature": decoding.temperature}
    values |= {} if greedy else {"top_p": decoding.top_p, "seed": decoding.seed}
    return {name: value for name, value in values.items() if name not in unheard}


def _data(part: ContentPart) -> Iterable[bytes]:
    if isinstance(part, TextPart):
        return (part.text.encode("utf-8", "surrogatepass"),)
    images = part.frames if isinstance(part, VideoPart) else (part.image,)
    pictures = [image.data if isinstance(image, EncodedImage) else image.tobytes() for image in images]
    return [*pictures, repr(part.times).encode()] if isinstance(part, VideoPart) else pictures


def _rank(check: str) -> int:
    return GRAVE.index(check) if check in GRAVE else len(GRAVE)


def _notes(texts: Mapping[str, str], found: Sequence[Finding], of: Circumstances) -> Iterable[str]:
    """An instruction for each kind of fault, which names the words that are at fault."""
    if not of.prompt.isascii():  # these instructions are English, whatever the prompt is
        yield "Keep to the language of the text above."
    least = of.min_words + max(3, of.min_words // 5)
    if of.most_words is not None:
        least = max(of.min_words, min(least, (of.min_words + of.most_words) // 2))
    for check in sorted({one.check for one in found}, key=_rank):
        places = [one for one in found if one.check == check]
        values = {
            "words": max(of.min_words, (of.most_words or 80) * 3 // 4),
            "least": least,
            "most": of.most_words,
            "language": in_english(of.language or ""),
            "what": places[0].what,
        }
        yield NOTES.get(check, OTHERWISE).format(**values)
        quoted = dict.fromkeys(
            texts[one.field][one.start : one.end].strip()[:LONGEST] for one in places if one.end > one.start
        )
        if check not in UNQUOTED and quoted:
            yield f"Do not write {', '.join(f'“{words}”' for words in list(quoted)[:QUOTED])}."


def _with_note(messages: Sequence[Message], note: str) -> tuple[Message, ...]:
    """The messages with a note at the end of what the user says."""
    *before, last = messages
    *parts, end = last.parts
    ending = (TextPart(f"{end.text}\n\n{note}"),) if isinstance(end, TextPart) else (end, TextPart(note))
    return (*before, replace(last, parts=(*parts, *ending)))
