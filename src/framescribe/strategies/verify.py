"""Checks a caption against the frames: asks about its claims, each in two requests, and mends what they contradict.

It knows no rules of language (`framescribe.claims` has them) and no engine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from framescribe.claims import Claim, split
from framescribe.claims.measured import decide
from framescribe.engines.choice import ModelChoice
from framescribe.engines.prompt_size import PromptSize
from framescribe.errors import BadReply, Refused, TooLong, UserError, VideoError
from framescribe.frames.sampling import Sampling
from framescribe.language.common_words import WORDS
from framescribe.language.letters import count
from framescribe.prompts import load
from framescribe.records import CONTRADICTED, MEASURE, SUPPORTED, UNDECIDED, VERIFY, Clip, Segment, caption_hash
from framescribe.strategies import neither
from framescribe.strategies.base import Context, Output, Stage, together
from framescribe.strategies.form import Form
from framescribe.strategies.mended import Verdict, mended
from framescribe.strategies.whole_clip import Whole, ask_of_all

AT_ONCE = 8  # sentences that a request asks about: more, and small models lose count
LIKELY = 8  # requests, for a caption of about 60 words (docs/verify.md)
SUSPECTS = 0.3  # the share of captions that is suspicious, at a guess
LONG = 100  # words from which on a caption counts as suspicious: long ones are wrong more often
SPREAD = 32  # frames of a video in segments
FEW, HALF = 4, 0.5  # with more undecided claims than this, more than half of all, the caption is flagged
ASKED, MEASURED = "asked", "measured"
Answer = tuple[str, tuple[int, ...]]  # what was said, and the numbers of the frames that decided it
_WHOLE = Whole()  # which is shown the same frames
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
FORM = Form(
    {
        "type": "object",
        "properties": {
            "answers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "claim": {"type": "integer"},
                        "answer": {"type": "string", "enum": ["yes", "no", "cannot tell"]},
                        "frames": {"type": "array", "items": {"type": "integer"}},
                    },
                    "required": ["claim", "answer"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["answers"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which captions are verified: `share` of all, drawn by the id; or only `suspicious` ones: those of which a text
    failed a check at first, that are flagged, or that are long."""

    text: str = "all"
    share: float = 1.0
    suspicious: bool = False

    def has(self, context: Context, caption: str) -> bool:
        """Whether this caption is one of them."""
        if self.suspicious:
            failed = any(made.get("checked") or made.get("flags") for made in context.records.values())
            return failed or count(caption) >= LONG
        drawn = int.from_bytes(hashlib.sha256(context.id.encode(errors="surrogatepass")).digest()[:8], "big")
        return drawn < self.share * 2**64


def which_in(text: str) -> Which:
    """What "all", "suspicious" or "5%" names. UserError for anything else."""
    if text in ("all", "suspicious"):
        return Which(text=text, suspicious=text == "suspicious")
    found = _PERCENT.fullmatch(text)
    if found is None or not 0 < float(found[1]) <= 100:
        raise UserError(f"--verify {text}: give all, suspicious, or a share such as 5%")
    return Which(text=text, share=float(found[1]) / 100)


class Verify(Stage):
    """Asks the frames about the claims of a caption, and takes out or writes anew what they contradict.

    Its value: {"support", "about", "claims": [{"kind", "start", "end", "statement", "verdict", "frames"?, "by"}]} of
    the caption as it stands then (`about`: its hash), and, if something in the one before was contradicted, "wrong":
    these claims, with "mended": "cut", "rewritten" or null. `after`: the stage whose caption it is; none: the row's.
    `divided`: the video is divided into segments; then frames of all segments are shown, as many of each.
    """

    name = VERIFY
    model = "verify model"
    sees = True
    prompt = "verify"
    form = FORM
    adds = True

    def __init__(self, which: Which, after: str | None = None, *, divided: bool = False) -> None:
        self.which, self._divided = which, divided
        self.after = () if after is None else (after,)
        self.columns = ("caption",) if after is None else ()

    def requests(self, sampling: Sampling) -> int:
        return max(1, round(LIKELY * (SUSPECTS if self.which.suspicious else self.which.share)))

    def ingredients(self, choice: ModelChoice) -> dict[str, Any]:
        return {**_WHOLE.ingredients(choice), "verify": self.which.text, "claims": 2}

    def largest(self, sampling: Sampling, max_pixels: int | None, choice: ModelChoice, answer: int) -> PromptSize:
        size = _WHOLE.largest(sampling, max_pixels, choice, answer)
        return (
            size if size.pictures is None or not self._divided else replace(size, pictures=max(size.pictures, SPREAD))
        )

    async def run(self, context: Context) -> Output:
        caption = _caption(context, self.after)
        if not caption or not self.which.has(context, caption):
            return Output(value={"chosen": False})
        try:
            clip = await context.clip()
            if clip.segments:
                if len(clip.segments) > SPREAD:  # what happens in one that is not shown would seem to be untrue
                    return Output(value={"chosen": False}, flags=("unverified",))
                clip = await context.clip(numbers=_of_each(clip.segments))
            return await self._verified(caption, clip, context)
        except VideoError:  # the caption stands without it; as there is no result, the next run tries again
            return Output(flags=("unverified",))

    async def _verified(self, caption: str, clip: Clip, context: Context) -> Output:
        facts = (context.records.get(MEASURE) or {}).get("output") or {}
        verifying = _Verifying(clip, context, facts)
        claims = split(caption, english=english(caption))
        verdicts = await verifying.verdicts(claims)
        wrong = [claim for claim in claims if verdicts[claim].verdict == CONTRADICTED]
        value: dict[str, Any] = {}
        text = caption
        if wrong:
            text, ways = await mended(
                caption, claims, verdicts, verifying.verdicts, verifying.rewritten, english=english(caption)
            )
            value["wrong"] = [{**_told(claim, verdicts[claim]), "mended": ways.get(claim)} for claim in wrong]
            claims = split(text, english=english(caption))
            verdicts = await verifying.verdicts(claims)
        value = {
            "support": support(list(verdicts.values())),
            "about": caption_hash(text),
            "claims": [_told(claim, verdicts[claim]) for claim in claims],
            **value,
        }
        changed = text if text != caption else None
        return Output(caption=changed, value=value, flags=_flags(list(verdicts.values())))


class _Verifying:
    """One video's claims before its frames. Every sentence is asked once, whatever asks for it again."""

    def __init__(self, clip: Clip, context: Context, facts: Mapping[str, Any]) -> None:
        self._clip, self._context, self._facts = clip, context, facts
        self._known: dict[tuple[str, str], Verdict] = {}
        self._rounds = 0

    async def verdicts(self, claims: Sequence[Claim]) -> dict[Claim, Verdict]:
        """What becomes of each claim: by its measurement, else by the frames."""
        found, open_claims = dict[Claim, Verdict](), list[Claim]()
        for claim in claims:
            measured = decide(claim, self._facts)
            if measured is not None:
                self._known[_both(claim)] = Verdict(verdict=measured, by=MEASURED)
            elif _both(claim) not in self._known:
                open_claims.append(claim)
        answers = await self._asked(grouped(open_claims)) if open_claims else {}
        said = {sentence: answer for sentence, (answer, _) in answers.items()}
        asked = neither.further(open_claims, said)
        more = await self._asked(_parts(list(dict.fromkeys(asked.values())))) if asked else {}
        wrong = neither.contradicted(asked, {sentence: answer for sentence, (answer, _) in more.items()})
        for claim in open_claims:
            other = more[asked[claim]] if claim in wrong else answers.get(claim.contrast)
            self._known[_both(claim)] = _paired(answers.get(claim.statement), other)
        for claim in claims:
            found[claim] = self._known[_both(claim)]
        return found

    async def rewritten(self, sentence: str, wrong: Sequence[Claim]) -> str | None:
        """The sentence as the model writes it anew; None: it does not."""
        self._rounds += 1
        values = {"sentence": sentence, "wrong": " ".join(claim.statement for claim in wrong)}
        context = _with(self._context, load("sentence", "verify"), values)
        try:
            said, _, _ = await ask_of_all(self._clip, context, f"sentence_{self._rounds}", "a sentence")
        except (BadReply, Refused, TooLong):
            return None
        return " ".join(said.split())

    async def _asked(self, groups: Sequence[Sequence[str]]) -> dict[str, Answer]:
        """The answers to sentences, by the sentence, with the numbers of the frames in the video; each group in a
        request of its own."""
        self._rounds += 1
        answers: dict[str, Answer] = {}
        works = [self._answers(group, f"verification_{self._rounds}_{number}") for number, group in enumerate(groups)]
        for made in await together(works):
            answers |= made
        return answers

    async def _answers(self, sentences: Sequence[str], what: str) -> dict[str, Answer]:
        listed = "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(sentences, 1))
        context = _with(self._context, self._context.prompt, {"claims": listed})
        if "{claims}" not in context.prompt:
            context = _with(context, f"{context.prompt}\n\n{{claims}}", {})
        try:
            said, shown, _ = await ask_of_all(self._clip, context, what, "the claims", form=FORM)
        except (BadReply, Refused, TooLong):
            return {}  # a caption is not lost because it cannot be verified
        found: dict[str, Answer] = {}
        twice = set[str]()
        for one in FORM.read(said)["answers"]:
            if not 1 <= one["claim"] <= len(sentences):
                continue
            sentence = sentences[one["claim"] - 1]
            twice |= {sentence} & found.keys()
            numbers = [number for number in one.get("frames", ()) if 1 <= number <= len(shown)]
            found[sentence] = one["answer"], tuple(shown[number - 1].index for number in dict.fromkeys(numbers))
        return {sentence: answer for sentence, answer in found.items() if sentence not in twice}


def _of_each(segments: Sequence[Segment]) -> list[int]:
    """The numbers of as many of the sampled frames of each segment as fit, evenly taken."""
    most = SPREAD // len(segments)
    return [
        part.frames[place * len(part.frames) // number]
        for part in segments
        for number in (min(most, len(part.frames)),)
        for place in range(number)
    ]


def grouped(claims: Sequence[Claim]) -> list[list[str]]:
    """The sentences of the requests: each statement and each contrast once, in the order of the caption, and never one
    in the same request as the other. Claims with the same statement ("There is a large red circle.") share it. Every
    other statement goes to the first requests with its contrasts in the second ones, the others the other way round."""
    sides: tuple[dict[str, None], dict[str, None]] = {}, {}
    of, stated = dict[str, int](), 0
    for claim in claims:
        side = of.get(claim.statement)
        if side is None:
            side = 1 - of[claim.contrast] if claim.contrast in of else stated % 2
            stated += 1
        of.setdefault(claim.statement, side)
        of.setdefault(claim.contrast, 1 - side)
        sides[side].setdefault(claim.statement)
        sides[1 - side].setdefault(claim.contrast)
    return [part for side in sides for part in _parts(list(side))]


def _parts(sentences: list[str]) -> list[list[str]]:
    """As few parts as possible, about equally long."""
    number = -(-len(sentences) // AT_ONCE)
    ends = [len(sentences) * part // number for part in range(number + 1)] if number else []
    return [sentences[start:end] for start, end in pairwise(ends)]


def support(verdicts: Sequence[Verdict]) -> float | None:
    """The share of claims that are supported; None: there are none."""
    if not verdicts:
        return None
    return round(sum(one.verdict == SUPPORTED for one in verdicts) / len(verdicts), 4)


def english(caption: str) -> bool:
    """Whether a caption is in the language of which there are rules: no other has more of its commonest words in it."""
    words = re.findall(r"[^\W\d_]+", caption.lower())
    counts = {language: sum(word in common for word in words) for language, common in WORDS.items()}
    most = max(counts.values())
    return counts["en"] == most if most else caption.isascii()


def _paired(one: Answer | None, other: Answer | None) -> Verdict:
    """Only yes to the claim and no to its contrast supports it: a model that says yes to everything decides nothing."""
    if one is not None and other is not None:
        frames = tuple(dict.fromkeys((*one[1], *other[1])))
        if (one[0], other[0]) == ("yes", "no"):
            return Verdict(verdict=SUPPORTED, by=ASKED, frames=frames)
        if (one[0], other[0]) == ("no", "yes"):
            return Verdict(verdict=CONTRADICTED, by=ASKED, frames=frames)
    return Verdict(verdict=UNDECIDED, by=ASKED)


def _caption(context: Context, after: Sequence[str]) -> str | None:
    """The caption that is verified."""
    outputs = [context.earlier[name] for name in after] or list(context.earlier.values())
    filled = [name for name, made in context.records.items() if "caption" in (made.get("fills") or ())]
    for name in filled if not after else ():
        if name in context.earlier and context.earlier[name].caption:
            return context.earlier[name].caption
    return next((output.caption for output in reversed(outputs) if output.caption), None)


def _with(context: Context, prompt: str, values: Mapping[str, object]) -> Context:
    return replace(context, prompt=prompt, metadata={**context.metadata, **values})


def _both(claim: Claim) -> tuple[str, str]:
    return claim.statement, claim.contrast


def _told(claim: Claim, verdict: Verdict) -> dict[str, Any]:
    """A claim as rows keep it."""
    return {
        "kind": claim.kind,
        "start": claim.start,
        "end": claim.end,
        "statement": claim.statement,
        "verdict": verdict.verdict,
        **({"frames": list(verdict.frames)} if verdict.frames else {}),
        "by": verdict.by,
    }


def _flags(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """A contradicted claim is one too many; undecided ones are usual, unless they are most."""
    undecided = sum(one.verdict == UNDECIDED for one in verdicts)
    return (
        *(("contradicted_claim",) if any(one.verdict == CONTRADICTED for one in verdicts) else ()),
        *(("undecided_claims",) if undecided >= FEW and undecided > HALF * len(verdicts) else ()),
    )
