"""Knows whether the words that a caption must have are there, and those that it must not have are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Text
from framescribe.language.forms import OTHER_WORDS, english, irregular, stem, stems
from framescribe.language.letters import IDEOGRAPHS, phrases, spaceless

_ELIDED = frozenset({"fr", "it", "ca"})  # "l'arbre" holds the word "arbre"
_TOKEN = re.compile(r"[^\W_]+(?:[_'-][^\W_]+)*")
_INFINITIVES = {"de": ("en", "ern", "eln"), "fr": ("er", "ir", "re"), "es": ("ar", "er", "ir")}
_KATAKANA = "\u30a0-\u30ff\uff66-\uff9f"
_ALL_KATAKANA = re.compile(f"[{_KATAKANA}]+")
_HANGUL = re.compile("[\uac00-\ud7a3]+")
_PARTICLES = (
    "(?:들|님)?(?:이|가|은|는|을|를|의|에|에서|에게|로|으로|와|과|도|만|까지|부터|처럼|보다|이나|나|랑|이랑|하고)?"
)
# Before these, or behind those, a form in `OTHER_WORDS` is the other word.
_THE = re.compile(
    r"\b(?:a|an|the|his|her|its|their|my|your|this|that|each|one|two|of|in|on|to|at|from|by|with|for|far|top|bottom"
    r"|upper|lower|wide|long|medium|close|close-up|turns?|turned|turning|veers?|green|red|dry|dead|fallen|yellow|brown)\s+$"
)
_SIDE = re.compile(r"\s+(?:side|hand|arm|foot|leg|eye|shoulder|corner|edge|half|lane|turn|of)\b")


class MissingTrigger(Check):
    name = "missing_trigger"
    help = "a required trigger is not there as a whole, unbroken phrase"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        missing = [trigger for trigger in of.trigger if trigger.strip() and not _whole(trigger).search(text.raw)]
        if not missing:
            return ()
        comma = "，" if spaceless(text.raw.lstrip()[:1] or " ") else ", "
        put = "".join(f"{each.strip()}{comma}" for each in missing)
        what = f"without {', '.join(missing)}"
        return (Finding(check=self.name, start=0, end=0, what=what, cut=((0, 0, put),)),)


class MissingWords(Check):
    name = "missing_words"
    help = "a word or phrase that must be mentioned is not, in none of its forms"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        if not of.must_mention:
            return ()
        words, language = _words_of(text), _language_of(of)
        missing = [each for each in of.must_mention if next(_places(each, text.plain, words, language), None) is None]
        if not missing:
            return ()
        what = f"without {', '.join(f'“{each}”' for each in missing)}"
        return (Finding(check=self.name, start=0, end=0, what=what),)


class ForbiddenWord(Check):
    name = "forbidden_word"
    help = "a listed word or phrase occurs"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        if not of.forbid:
            return
        words, language = _words_of(text), _language_of(of)
        for entry in of.forbid:
            for start, end in _places(entry, text.plain, words, language):
                yield Finding(check=self.name, start=start, end=end, what=f"{text.raw[start:end]!r} for {entry!r}")


def _words_of(text: Text) -> frozenset[str]:
    """The text's words, those in quotes included."""
    words = text.vocabulary
    return frozenset(_TOKEN.findall(text.plain)) if text.quoted or not words else words


def _language_of(of: Circumstances) -> str:
    return "en" if of.language is None else of.language.split("-")[0].lower()


@lru_cache(maxsize=256)
def _whole(trigger: str) -> re.Pattern[str]:
    return phrases([trigger])


def _places(entry: str, plain: str, words: frozenset[str], language: str) -> Iterator[tuple[int, int]]:
    parts = entry.lower().replace("’", "'").split()
    if not parts:
        return
    if not entry.isascii() and (any(map(spaceless, entry)) or _HANGUL.search(entry)):
        for found in _unspaced(" ".join(parts)).finditer(plain):
            yield found.span()
        return
    if not all(map(_TOKEN.fullmatch, parts)):  # "C++"
        for found in _whole(" ".join(parts)).finditer(plain):
            yield found.span()
        return
    if len(parts) > 1 or language in _ELIDED:
        words = words.union(*(re.split("['-]", word) for word in words if "-" in word or "'" in word))
    options = [_forms(part, words, language) for part in parts]
    if not all(options):
        return
    pattern = r"(?:\s+|-)".join(
        "(?:" + "|".join(map(re.escape, sorted(forms, key=len, reverse=True))) + ")" for forms in options
    )
    before = r"(?<![^\W_])(?<![^\W_]-)" if language in _ELIDED else r"(?<![^\W_])(?<![^\W_]['-])"
    for found in re.finditer(before + pattern + r"(?![^\W_]|-[^\W_]|'t\b)", plain):
        if not _another_word(found, parts):
            yield found.span()


def _forms(part: str, words: frozenset[str], language: str) -> set[str]:
    """Which of these words are forms of it."""
    wanted = _wanted(part, language)
    found = {word for word in words & wanted}
    found |= {word for word in words if word.endswith("'s") and word[:-2] in wanted}
    roots = frozenset() if language == "en" else stems(part, language)
    if roots:
        verb = part.endswith(_INFINITIVES.get(language, "-"))
        begin = _plain(part[: 1 if verb else 2])
        for word in words - found:
            if not _plain(word[:2]).startswith(begin) and not (verb and word.startswith("ge")):
                continue
            if stem(word, language) in roots or (verb and not roots.isdisjoint(_verb_stems(word, language))):
                found.add(word)
    return found


@lru_cache(maxsize=1024)
def _wanted(part: str, language: str) -> frozenset[str]:
    if language == "en":
        head, dash, last = part.rpartition("-")
        return frozenset(head + dash + form for form in english(last.removesuffix("'s"))) | english(part)
    return irregular(part, language)


def _verb_stems(word: str, language: str) -> set[str]:
    """What else may be the stem of a verb's form: a stemmer leaves some endings and changed vowels on."""
    root = stem(word, language) or word
    if language == "de":
        bare = {root, *(root.removesuffix(ending) for ending in ("t", "st", "end"))}
        return bare | {each.removeprefix("ge") for each in bare}
    if language == "fr":
        return {root.removesuffix("ent"), root.removesuffix("t")}
    return {root.replace("ue", "o"), root.replace("ie", "e")}  # Spanish "dormir", "duerme"


def _plain(letters: str) -> str:
    return letters.translate(_UMLAUTS)


_UMLAUTS = str.maketrans("äöüéèêàâîôûçáíóúñ", "aoueeeaaioucaioun")


@lru_cache(maxsize=256)
def _unspaced(entry: str) -> re.Pattern[str]:
    """Finds a word of a script without spaces anywhere, but katakana and hangul only as whole words."""
    pattern = r"\s*".join(map(re.escape, entry.split()))
    if _ALL_KATAKANA.fullmatch(entry):
        return re.compile(f"(?<![{_KATAKANA}]){pattern}(?![{_KATAKANA}])")
    if _HANGUL.search(entry):
        return re.compile(rf"(?<![^\W{IDEOGRAPHS}]){pattern}{_PARTICLES}(?!\w)")
    return re.compile(pattern)


def _another_word(found: re.Match[str], parts: list[str]) -> bool:
    """Whether a form is not of the forbidden word: "on the left" is no form of "leave"."""
    if found[0] not in OTHER_WORDS or parts == [found[0]]:
        return False
    return _THE.search(found.string, 0, found.start()) is not None or _SIDE.match(found.string, found.end()) is not None
