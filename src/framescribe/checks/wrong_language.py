"""Knows whether running text is in the language that was asked for: by its script, and by its commonest words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.scripts import words
from framescribe.checks.text import Span, Text
from framescribe.language.common_words import LETTERS, WORDS, neighbours
from framescribe.language.languages import code

_SCRIPTS = {
    "greek": "\u0370-\u03ff\u1f00-\u1fff", "cyrillic": "\u0400-\u052f", "armenian": "\u0530-\u058f", "hebrew":
        "\u0590-\u05ff",
    "arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff", "devanagari":
        "\u0900-\u0963\u0966-\u097f",
    "bengali": "\u0980-\u09ff", "gurmukhi": "\u0a00-\u0a7f", "gujarati": "\u0a80-\u0aff", "tamil": "\u0b80-\u0bff",
    "telugu": "\u0c00-\u0c7f", "kannada": "\u0c80-\u0cff", "malayalam": "\u0d00-\u0d7f", "thai": "\u0e00-\u0e7f",
    "lao": "\u0e80-\u0eff", "burmese": "\u1000-\u109f", "georgian": "\u10a0-\u10ff", "ethiopic": "\u1200-\u137f",
    "khmer": "\u1780-\u17ff", "kana": "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff", "hangul":
        "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
}  # fmt: skip
_OWN = {
    "zh": ("han",), "ja": ("han", "kana"), "ko": ("hangul",), "ru": ("cyrillic",), "uk": ("cyrillic",), "bg": (
        "cyrillic",),
    "sr": ("cyrillic",), "el": ("greek",), "he": ("hebrew",), "ar": ("arabic",), "fa": ("arabic",), "ur": ("arabic",),
    "hi": ("devanagari",), "th": ("thai",), "bn": ("bengali",), "ta": ("tamil",), "te": ("telugu",),
    "ka": ("georgian",),
    "hy": ("armenian",),
}  # fmt: skip
# Words beside which foreign writing is something seen: a sign, a label, a title.
_SEEN = re.compile(
    r"\b(?:names?|firm|company|signs?|signage|signboards?|labels?|labell?ed|titles?|titled|reads?|reading|says|saying|"
    r"text|texts|words?|characters?|banners?|"
    r"posters?|captions?|logos?|written|writing|letters?|lettering|inscription|calligraphy|named|called|shop|store|"
    r"restaurant|marked|printed|"
    r"kanji|kana|hiragana|katakana|hangul|symbols?|subtitles?|billboards?|stall|brand|book|slogan|plaque|"
    r"schild\w*|schrift\w*|steht|aufschrift|zeichen|panneau|enseigne|inscription|caractères?|letrero|cartel|"
    r"caracteres|rótulo|"
    r"знак\w*|надпис\w*|вывеск\w*|слов\w*)\b"
    "|写着|寫著|写有|印有|招牌|标语|標語|字样|字樣|标题|標題|牌|标志|標誌|文字|看板|書かれ|という|표지판|간판|글자|적힌|쓰인|브랜드|品牌|商标|logo|Logo|LOGO"
)
# Right before it, things that carry writing say so too.
_SHOWN = re.compile(
    r"\b(?:screen|display|monitor|shirt|t-shirt|menu|board|blackboard|flag|jersey|tattoo|scroll|bottle|packag\w+|"
    r"cover|neon|badge|stamp|"
    r"song|karaoke|lyrics|chant\w*|wall|plaque|card|envelope|bildschirm|tafel|écran|pantalla)(?: \w+){0,2} ?$|"
    r"屏幕(?:上)?[^，。]{0,4}$"
)
_NEAR = 45  # characters before or after it
_LONG = 24  # characters: foreign writing of more is running text even beside such a word
# No sign begins with "he" or "she".
_CLAUSE = re.compile("(?:[他她它]|彼女?[はが])[\u3041-\u3096\u4e00-\u9fff]{3}")
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['’-][A-Za-zÀ-ÖØ-öø-ɏ]+)*")
_GAP = re.compile(r"[\s,;:.'’-]*")
# In a text of another script, words that are no name, brand or loan word.
_RUNNING = words(
    "the and with from into onto over then while which that his her their its are were is was who as of "
    "at by for on in to slowly "
    "suddenly gently und der die das mit ein eine et les des une dans avec los las una con por"
)
_SENTENCE_PARTS = re.compile(r"[^,;:.!?()\n。，！？、；：—–]+")
_CHINESE_ONLY = re.compile(
    "[们这说对时还让从过为给吗呢吧啊很她它你没边个鱼车马鸟风龙门问间见贝饭钟铁银镜长东书乐习买卖亲众传伞务办动劳势华协单卫厅历压县发变叶叹"
    "听员响团围图圆场坏块坚坛备复头夹夺奋奖妇妈孙宁实审寻导尘层岁岛师帐带帮广庆库应开弯弹归录彻忆怀态总恼惊惯愿战扑执扩扫扬护报拥择挂挡"
    "挤挥换损摇摆撑敌]|[的了在是].*[的了在是]"
)
_CHINESE_CLAUSE = 4  # ideographs in a clause of a Japanese text that has no kana
# Words that stand in names and dishes of other languages, and in titles.
_PARTICLES = words("de la le les el los las du des di da del della do dos das von van der den e y et a al au en in i o")
_LOANS = re.compile(
    r"\b(?:pas de (?:deux|trois)|tour de force|crème de la crème|joie de vivre|mise en (?:place|scène)|trompe l'oeil"
    r"|cul de sac|à la (?:carte|mode|minute)|crème (?:brûlée|fraîche|anglaise)|maître d'(?:hôtel)?|hors d'oeuvres?"
    r"|café au lait|pain au (?:chocolat|lait)|déjà vu|vis-à-vis|tête-à-tête|en (?:masse|route|pointe"
    r"|plein air|passant|garde)"
    r"|haute couture|prêt-à-porter|objets? d'art|papier-mâché|coq au vin|bric-à-brac|pied-à-terre"
    r"|grand jeté|fleur de sel"
    r"|tarte (?:tatin|au citron)|croque[- ](?:monsieur|madame)|bain-marie|foie gras|pâte à choux"
    r"|port de bras|rond de jambe"
    r"|tour en l'air|eau de (?:toilette|cologne)|fait accompli|raison d'être|al (?:dente|fresco)|dulce de leche"
    r"|chile? con carne|frutti di mare|dolce vita)(?!\w)"
)
_SHARE = 0.3  # of the words of running text, at least so many are among its commonest
_FEWEST = 3  # words
_CAPITAL = "·"  # stands for a word that is written with a capital inside a sentence: it may be a name


class WrongLanguage(Check):
    name = "wrong_language"
    help = "running text in another language or script than was asked for"

    def measure(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        language = code(of.language)
        if language is None:
            return
        found = list(_foreign_script(text, language))
        if language in _OWN:
            found += _latin(text)
        if language == "ja":
            found += _chinese(text)
        if language in WORDS:
            found += _foreign_words(text, language)
        for start, end in sorted(found):
            what = f"in another language: {' '.join(text.raw[start:end].split())[:60]}"
            yield Finding(check=self.name, start=start, end=end, what=what)


@cache
def _foreign(language: str) -> re.Pattern[str]:
    """Two or more characters of scripts that this language is not written in; the Latin one apart."""
    own = _OWN.get(language, ())
    letters = "".join(letters for script, letters in _SCRIPTS.items() if script not in own)
    return re.compile(f"[{letters}]+(?:[\\s、，・·\u200c\u200d-]*[{letters}]+)*")


def _foreign_script(text: Text, language: str) -> Iterator[Span]:
    if text.raw.isascii():
        return
    for found in _foreign(language).finditer(text.told):
        letters = sum(each.isalpha() for each in found[0])
        clause = _CLAUSE.match(found[0])
        if letters < 2 or (letters <= _LONG and not clause and _seen(text, found.start(), found.end())):
            continue
        yield Span(*found.span())


def _seen(text: Text, start: int, end: int) -> bool:
    """Whether what stands here is named as a sign, a label or a title."""
    if _SHOWN.search(text.told, max(0, start - _NEAR // 2), start):
        return True
    return bool(_SEEN.search(text.told, max(0, start - _NEAR), start) or _SEEN.search(text.told, end, end + _NEAR // 2))


def _latin(text: Text) -> Iterator[Span]:
    """Running text in Latin letters in a text of another script."""
    run: list[tuple[str, int, int]] = []
    for found in _LATIN.finditer(text.raw):
        if text.told[found.start()] == " ":
            continue
        if run and not _GAP.fullmatch(text.raw, run[-1][2], found.start()):
            if _runs(text, run):
                yield Span(run[0][1], run[-1][2])
            run = []
        run.append((found[0], *found.span()))
    if run and _runs(text, run):
        yield Span(run[0][1], run[-1][2])


def _runs(text: Text, run: list[tuple[str, int, int]]) -> bool:
    small = [word for word, _, _ in run if word[0].islower()]
    common = [word for word in small if word in _RUNNING]
    names = len(run) - len(small)
    if len(run) <= 6 and names >= len(run) / 2:
        return False
    if len(run) <= 8 and _seen(text, run[0][1], run[-1][2]):
        return False
    return (
        bool(common)
        or (len(run) >= _FEWEST and len(small) > 1)
        or (len(run) > 1 and any(word.endswith("ly") for word in small))
    )


def _chinese(text: Text) -> Iterator[Span]:
    """Clauses of Chinese in a Japanese text."""
    for found in _SENTENCE_PARTS.finditer(text.told):
        part = found[0].strip()
        han = sum("\u3400" <= each <= "\u9fff" for each in part)
        kana = any("\u3041" <= each <= "\u30fa" for each in part)
        if han >= _CHINESE_CLAUSE and not kana and _CHINESE_ONLY.search(part):
            yield Span(*found.span())


class _Rival(NamedTuple):
    """Another language of the same script: the words by which it is told from the one that was asked for."""

    words: frozenset[str]
    against: frozenset[str]
    shared: frozenset[str]
    letters: frozenset[str]


@cache
def _rivals(language: str) -> tuple[frozenset[str], re.Pattern[str] | None, tuple[_Rival, ...]]:
    """The common words of other languages of this script that are none of its own; what finds their letters; and both
    by language."""
    own, letters = WORDS[language], frozenset(LETTERS.get(language, ""))
    rivals = tuple(
        _Rival(WORDS[other] - own, own - WORDS[other], own & WORDS[other], frozenset(LETTERS.get(other, "")) - letters)
        for other in sorted(neighbours(language))
    )
    strange = "".join(sorted(frozenset[str]().union(*(each.letters for each in rivals))))
    every = frozenset[str]().union(*(each.words for each in rivals))
    return every, re.compile(f"[{strange}]") if strange else None, rivals


def _foreign_words(text: Text, language: str) -> Iterator[Span]:
    """Where running text of another language in the same script is."""
    every, strange, rivals = _rivals(language)
    hits = text.vocabulary & every
    if len(hits) < 2 and (not hits or text.raw.isascii() or strange is None or not strange.search(text.told)):
        return
    starts = {each.start for each in text.sentences}
    loans = [found.span() for found in _LOANS.finditer(text.told)]
    for part in _parts(text):
        words = [
            _CAPITAL
            if (start not in starts and text.raw[start].isupper()) or any(a <= start < b for a, b in loans)
            else word
            for word, start, _ in part
        ]
        if len(words) < _FEWEST or hits.isdisjoint(words):
            continue
        score, first, last = max((_stretch(words, each) for each in rivals), key=lambda each: each[0])
        if score > 0 and not _a_name(text, part, first, last, hits):
            yield Span(part[first][1], part[last - 1][2])


def _parts(text: Text) -> Iterator[list[tuple[str, int, int]]]:
    """The words of each clause."""
    part: list[tuple[str, int, int]] = []
    for each in text.words:
        if part and re.search(r"[^\s'’-]", text.told[part[-1][2] : each[1]]):
            yield part
            part = []
        part.append(each)
    if part:
        yield part


def _stretch(words: list[str], rival: _Rival) -> tuple[float, int, int]:
    """The stretch of these words that most looks like the rival language, as (how much more than enough, from, to)."""
    best, begin, total = (0.0, 0, 0), 0, 0.0
    for place, word in enumerate(words):
        if word in rival.words:
            total += 1
        elif word in rival.against:
            total -= 2
        elif word in rival.shared:
            begin += total <= 0
            continue
        else:
            total += 0.6 if not word.isascii() and not rival.letters.isdisjoint(word) else -_SHARE
        if total <= 0:
            begin, total = place + 1, 0.0
        elif total > best[0] and _enough(words[begin : place + 1], rival):
            best = (total, begin, place + 1)
    return best


def _enough(words: list[str], rival: _Rival) -> bool:
    """Whether so many words of a language are running text, and no name or dish."""
    hits = [each for each in words if each in rival.words]
    sure = [each for each in hits if each not in _PARTICLES]
    letters = sum(not (each.isascii() or each in hits or rival.letters.isdisjoint(each)) for each in words)
    if len(words) < _FEWEST or len(hits) + min(letters, 1) < 2:
        return False
    if sure:
        return True
    return len(words) > 4 and _CAPITAL not in words and (letters > 0 or len(rival.against & _PARTICLES) < _FEWEST)


def _a_name(text: Text, part: list[tuple[str, int, int]], first: int, last: int, hits: frozenset[str]) -> bool:
    """Whether this stretch of a clause is a name or a title: little words between words with capitals."""
    stretch = part[first:last]
    starts = {each.start for each in text.sentences}
    others = [
        text.raw[start]
        for word, start, _ in stretch
        if start not in starts and (word not in hits or text.raw[start].isupper())
    ]
    if not others or any(each.islower() for each in others):
        return False
    opens = text.raw[part[first - 1][1]] if first and part[first - 1][1] not in starts else text.raw[stretch[0][1]]
    return opens.isupper() and stretch[0][1] not in starts
