"""Knows the words for what a LoRA is to learn, and which its trigger is to carry alone: how a character always looks,
or the style of the picture. Whether they are to be kept out is said by `Circumstances.learns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from framescribe.checks import lora_abroad as abroad
from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.scripts import beyond_latin
from framescribe.checks.text import Text
from framescribe.language.letters import phrases

CHARACTER, STYLE = "character", "style"


def _any(words: str) -> str:
    return "(?:" + "|".join(words.split()) + ")"


_COLOURS = _any(
    "black brown blonde? blond-brown golden gold red ginger auburn copper chestnut gr[ae]y silver white "
    "platinum pink "
    "blue green purple violet dark light raven sandy strawberry jet-black hazel amber teal turquoise"
)
_HAIRY = _any(
    "long short shoulder-length waist-length medium-length curly wavy straight frizzy braided spiky shaggy thick "
    "thinning receding cropped bobbed buzzed silky unruly tousled messy afro"
)
_PERSON = _any(
    "man woman boy girl lady gentleman guy person child kid teenager teen toddler baby male female men women boys girls"
)
_AGES = _any("young youthful old older elderly aged middle-aged teenage adolescent preteen")
_BUILDS = _any(
    "tall short slim slender thin skinny petite stocky muscular athletic burly heavyset overweight plump chubby "
    "lanky "
    "curvy broad-shouldered lean"
)
_ORIGINS = _any(
    "asian caucasian african african-american black white latina latino hispanic indian european chinese "
    "japanese korean "
    "arab middle-eastern"
)
_SKINS = _any("pale fair dark light tan tanned olive porcelain ebony freckled wrinkled weathered brown golden")
_FACES = _any("round oval square heart-shaped angular chiselled chiseled wrinkled freckled youthful narrow chubby")
_MANY = rf"(?:(?:{_COLOURS}|{_HAIRY}|very|and|,)[ -]*)"
# What somebody has, and so whose it is depends on who was spoken of last …
_HAS = re.compile(
    rf"\b{_MANY}+(?:hair|ponytail|pigtails|bangs|locks|curls|braids|fur|mane)\b"
    r"(?! (?:tie|clip|brush|dryer|salon|dye|band)s?\b(?! (?:an?|the|his|her|their|up|back)\b))"
    rf"|\bhair (?:is|are) {_MANY}+\b"
    rf"|\b{_MANY}*{_COLOURS} eyes\b|\beyes (?:is|are) {_COLOURS}\b"
    rf"|\b{_SKINS}(?:,? {_SKINS})* (?:skin|complexion)\b|\b(?:freckles|dimples|wrinkles|cheekbones|jawline)\b"
    rf"|\b{_FACES} (?:face|jaw|chin)\b|\b(?:full|thin|plump) lips\b|\b(?:thick|bushy|arched) (?:eye)?brows\b"
    rf"|\b{_MANY}*(?:beard|moustache|mustache|goatee|stubble)\b"
    rf"|\b(?:of|with an?) {_BUILDS} (?:build|figure|frame|body|physique)\b|\b{_BUILDS} (?:build|physique)\b"
    r"|\bin (?:his|her|their) (?:early |mid-?|late )*(?:teens|twenties|thirties|forties|fifties|sixties|seventies)\b"
)
# … and what somebody is.
_IS = re.compile(
    rf"\b(?:{_COLOURS}-haired|{_HAIRY}-haired|{_COLOURS}-eyed|{_SKINS}-skinned|bearded|freckled|bald|balding|brunette"
    rf"|redhead(?:ed)?|\d{{1,2}}-year-old)\b"
    rf"|\b(?:{_AGES}|{_BUILDS}|{_ORIGINS}|blonde?)(?:,? (?:{_AGES}|{_BUILDS}|{_ORIGINS}|blonde?))* "
    rf"(?:{_ORIGINS} )?{_PERSON}\b(?! (?:of letters|at heart))"
)
_WORN = re.compile(r"\b(?:fake|false|painted|glued-on|toy|paper|stuck-on)(?:[\w -]{0,20})$")
_BETWEEN = 90  # characters before a word in which who it belongs to is looked for
_OTHER = re.compile(
    rf"\b(?:an?|another|one|two|three|four|some|several|other|second|the other)(?: [\w-]+){{0,3}}? "
    rf"(?:{_PERSON}|dog|cat|horse|friend|stranger|couple|crowd|people|passer-by|partner)s?\b"
    # Whoever it is: "a guard with …".
    r"|\b(?:an?|another|two|three|some) (?:[\w-]+ ){0,2}?[\w-]+(?= (?:with|whose|who has"
    r"|that has) (?!his\b|her\b|their\b))"
)
_BETWEEN_NAME = re.compile(rf"(?:[, ]|{_PERSON}|with [^.;]{{1,40}}(?=,)|named|called|known as)*")
_APPOSED = re.compile(r"\s*(?:,|is|as|-|–|—|\()?\s*(?:an?|the)?\s*(?:very )?$")
_PARTS = _any(
    "face cheeks? chin forehead brow nose neck throat arms? forearms? hands? wrists? shoulders? back chest legs? eyes? "
    "eyebrow lips? knuckles"
)
_MARKS = re.compile(
    rf"\b(?:his|her|their) (?:[\w-]+ ){{0,2}}?(?:scars?|tattoos?|birthmark|piercings?)\b(?! (?:artist|gun"
    rf"|studio|machine))"
    rf"|\b(?:scars?|tattoos|birthmark)(?: [\w-]+){{1,4}}? (?:his|her|their) (?:[\w-]+ )?{_PARTS}\b"
    r"|\b(?:wrinkled|weathered|gnarled|calloused|freckled) (?:hands?|fingers|arms?|cheeks?|forehead|nose)\b"
    r"|\b(?:pointed|pointy|elfin|protruding) ears\b|\b(?:hooked|crooked|snub|aquiline|button|upturned) nose\b"
    rf"|\b(?:scarred|tattooed) (?:face|cheek|chin|arms?|forearms?|hands?|neck|chest|back)\b"
)
# Right before a name: "a tall, muscular rvn7".
_DESCRIBED = re.compile(
    rf"\b(?:{_AGES}|{_BUILDS}|{_ORIGINS}|blonde?)(?:(?:,| and|, and)? (?:{_AGES}|{_BUILDS}|{_ORIGINS}|blonde?))*\s+$"
)
# Right behind one: ", a broad-shouldered fisherman".
_CALLED = re.compile(
    rf"(?:,| is|, who is) an? (?:very )?(?P<as>(?:{_AGES}|{_BUILDS}|bald|bearded|blonde?)(?:,? (?:{_AGES}"
    rf"|{_BUILDS}|{_ORIGINS}))*"
    rf" [\w-]+)"
)
_ADJECTIVES = 60  # characters before a name in which its adjectives stand
# "the red hair of a girl", "a customer's hair", "the sailor's beard"; but "the man's" may be the subject's.
_OF_OTHER = re.compile(r"\s+(?:of|on) (?:an?|another|the|his|her|their|some|two|three|one)\s")
_POSSESSIVE = re.compile(
    rf"\b(?:an?|another|his|her|their) (?:[\w-]+ ){{0,3}}?[\w-]+'s?\s+$|\b(?!{_PERSON}'s)[\w-]+'s\s+$"
)


class IdentityWords(Check):
    name = "identity_words"
    help = "tells how a character always looks (hair, eyes, face, age, build), which its trigger is to carry"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        if of.learns != CHARACTER:
            return
        triggers = [each for each in of.trigger if each.strip()]
        subject = phrases(triggers) if triggers else None
        spans = [found.span() for found in subject.finditer(text.raw)] if subject is not None else []
        done = 0
        for start, end in sorted({*_looks(text, spans), *_looks_abroad(text, spans)}):
            if start >= done:
                done = end
                yield self._finding(text, start, end)

    def _finding(self, text: Text, start: int, end: int) -> Finding:
        what = f"how the character looks: {' '.join(text.raw[start:end].split())}"
        return Finding(check=self.name, start=start, end=end, what=what)


def _looks(text: Text, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where the text says how the subject looks, whose name stands in these places; with none, how anybody looks."""
    told = text.told
    for found in (*_HAS.finditer(told), *_MARKS.finditer(told)):
        start, end = found.span()
        if not _WORN.search(told, max(0, start - _BETWEEN), start) and (not spans or _is_subjects(told, found, spans)):
            yield start, end
    for found in _IS.finditer(told):
        if not spans or _is_said_of(told, *found.span(), spans):
            yield found.span()
    for begin, _ in spans:
        if (described := _DESCRIBED.search(told, max(0, begin - _ADJECTIVES), begin)) is not None:
            yield described.span()
    for _, stop in spans:
        if (called := _CALLED.match(told, stop)) is not None:
            yield called.span("as")


def _looks_abroad(text: Text, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same in other languages."""
    told = text.told
    for found in abroad.HAS.finditer(told):
        start, end = found.span()
        before = max((stop for _, stop in spans if stop <= start), default=-1)
        others = [each for each in abroad.OTHER.finditer(told, max(0, start - _BETWEEN), start)]
        own = abroad.OWN.search(told, max(0, start - _ADJECTIVES), start) and (not others or others[-1].end() < before)
        if not spans or own or (before >= 0 and abroad.JOINED.fullmatch(told, before, start)):
            yield start, end
    for found in abroad.IS.finditer(told):
        before = max((stop for _, stop in spans if stop <= found.start()), default=-1)
        if not spans or (before >= 0 and abroad.APPOSED.fullmatch(told, before, found.start())):
            yield found.span()
    if beyond_latin(text):
        yield from _spaceless_looks(told, spans)


def _spaceless_looks(told: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for found in abroad.SPACELESS_HAS.finditer(told):
        start, end = found.span()
        before = max((stop for _, stop in spans if stop <= start), default=0)
        other = abroad.SPACELESS_OTHER.search(told, before, start) or abroad.SPACELESS_OF_OTHER.match(told, end)
        called = "は" not in told[before:start] and abroad.SPACELESS_APPOSED.fullmatch(told, before, start)
        if not spans or not other or called:
            yield start, end
    for found in abroad.SPACELESS_IS.finditer(told):
        start, end = found.span()
        beside = any(
            abroad.SPACELESS_BETWEEN.fullmatch(told, end, begin)
            if begin >= end
            else abroad.SPACELESS_APPOSED.fullmatch(told, stop, start)
            for begin, stop in spans
        )
        if not spans or beside:
            yield start, end


def _is_subjects(told: str, found: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    """Whether what somebody has is the subject's: no other person was spoken of since, nor is named as its owner."""
    start = found.start()
    owner = _OF_OTHER.match(told, found.end())
    if owner is not None and not any(begin == owner.end() for begin, _ in spans):
        return False
    possessive = _POSSESSIVE.search(told, max(0, start - _ADJECTIVES), start)
    if possessive is not None and not any(possessive.start() <= end <= start for _, end in spans):
        return False
    begin = max(0, start - _BETWEEN)
    last = max((end for _, end in spans if end <= start), default=-1)
    others = [found for found in _OTHER.finditer(told, begin, start) if not _is_said_of(told, *found.span(), spans)]
    return not others or others[-1].end() < last


def _is_said_of(told: str, start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    """Whether this says what the subject is: it stands beside it ("rvn7, a young woman"), or opens the text."""
    before = [end for _, end in spans if end <= start]
    if before and _APPOSED.fullmatch(told, before[-1], start):
        return True
    after = min((begin for begin, _ in spans if begin >= start), default=-1)
    if after < 0 and not before:
        return True
    return after >= 0 and _BETWEEN_NAME.fullmatch(told, end, after) is not None


_MEDIA = (
    r"(?:water-?colou?rs?|oil[- ]paint(?:ing|ed)?|oils?|gouache|charcoal|pastels?|ink(?:[- ]wash)?|pencil"
    r"|crayon|pixel[- ]"
    r"art|line[- ]art|vector[- ]art|digital[- ]art|concept[- ]art|anime|manga|cartoon|comic(?:[- ]book)?|cel[- "
    r"]shad(?:ed|ing)"
    r"|claymation|stop[- ]motion|low[- ]poly|3d|2d|cgi|storybook|ukiyo-e|ghibli|pixar|disney|impressionis[mt](?:ic)?"
    r"|expressionis[mt]|surrealis[mt]|art[- ]deco|art[- ]nouveau|film[- ]noir|noir|vaporwave|synthwave"
    r"|cyberpunk|steampunk"
    r"|retro|vintage|vhs|lo-?fi|photo-?realis(?:m|tic)|hyper-?realis(?:m|tic)|realistic|painterly|sketchy?|minimalist"
    r"|hand-drawn|(?:paper )?cut-?out|woodcut|woodblock|monochrome|sepia|graphic[- ]novel|children's[- ]book)"
)
_LOOK = (
    r"(?:style|styles|styling|aesthetics?|look|art|artwork|rendering|animation|visuals?|illustrations?|treatment"
    r"|filter)"
)
_PICTURE = (
    r"(?:illustration|painting|drawing|sketch|animation|rendering|render|artwork|scene|shot|clip|video|sequence"
    r"|film|footage"
    r"|style|image|picture)"
)
# Nearly always of the picture, wherever they stand.
_ALWAYS = re.compile(
    r"\b(?:cinematic(?:ally)?|photo-?realistic(?:ally)?|hyper-?realistic(?:ally)?|cel-shad(?:ed|ing)|painterly"
    r"|film[- ]grain"
    r"|grainy (?:film|footage)|stylis(?:ed|tic)|stylized|low-poly|vaporwave|art style|visual style|drawing "
    r"style|animation style"
    r"|colou?r grad(?:ing|ed)|teal[- ]and[- ]orange|(?:bold|clean|thick) (?:out)?lines(?= and| of flat|,? flat)"
    r"|drawn (?:in|as|with) (?=charcoal|ink|pencil|pastels?|crayon|chalk)|flat colou?rs|visible brush ?strokes"
    r"|halftone|chiaroscuro|vignett(?:e|ing)|lens flares?)\b"
)
_OF_ALL = re.compile(
    rf"\b{_MEDIA}[- ](?:inspired |like |esque )?{_LOOK}\b|\b{_MEDIA}-(?:style|inspired|like|esque)\b"
    rf"|\bin (?:an? |the )?(?:[\w-]+,? ){{0,2}}?{_MEDIA}(?:[- ]{_LOOK})?(?=[.,;]|$| with\b| and soft\b)"
    rf"|\b(?:rendered|depicted|illustrated|animated|stylised|presented|shown) (?:in|as|with) (?:[\w-]+ "
    rf"){{0,3}}?{_MEDIA}\b"
    r"|\bin the (?:\w+ )?(?:style|manner) of\b|\breminiscent of (?:\w+ ){0,3}(?:films?|paintings?|anime|movies"
    r"|art|cinema)\b"
)
# A picture that hangs on a wall is a thing.
_NO_THING = (
    r"(?! (?:hangs?|hanging|lies|lying|stands|leans|leaning|falls|rests|is (?:hung|carried|lifted|being)|on an? ))"
)
_OPENS = re.compile(rf"^\W*(?:an?|the|this)?\s*(?:[\w-]+,? ){{0,2}}?{_MEDIA} {_PICTURE}\b{_NO_THING}", re.MULTILINE)
# What is done, built or worn in a style is content.
_CONTENT = re.compile(
    r"\b(?:paint|draws?\b|drawing|sketch|work|colou?r|writ|danc(?:e|es|ed|ing)\b|dress|cloth|decorat|furnish"
    r"|built|build|house|villa|church|building|facade"
    r"|hair|make-?up|furniture|sing|play|perform|cook|costume|wear|poster|mural|tattoo|book|magazine|figurine"
    r"|sign|logo|mask"
    r"|garden|room|lamp|caf[eé]|letter|print|lesson|class|student|artist|screen|television|tv|dial|clock|radio"
    r"|car|jacket)\w*"
    r"[^.;]{0,50}$"
)
# Made so: nothing but the picture can be.
_MADE = (
    r"(?:claymation|clay-animated|stop[- ]motion|3d[- ]rendered|3d[- ]animated|cgi|computer-(?:generated"
    r"|animated)|cel-animated"
    r"|pixelated|pixel[- ]art|rotoscoped|voxel|hand-animated)"
)
_NO_ADJECTIVE = (
    r"(?! (?:studio|workshop|set|artist|animators?|film(?!ed)|movie|festival|class|course|kit|poster|game|camera|model"
    r"|puppets?|figures?|figurines?|rig|series|show|scene on|software|book|magazine|print|and|or|in|on|with|of|at)\b)"
)
_BEINGS = _any(
    "girl boy woman man person child children girls boys people hero heroine knight robot dragon cat dog "
    "fox penguin squirrel "
    "mouse rabbit bear bird duck fish horse lion tiger owl wolf frog monster princess warrior samurai schoolgirl witch "
    "character characters creature city street landscape forest village world sky scene"
)
_AS_ADJECTIVE = re.compile(
    rf"\b{_MADE} (?=[a-z]){_NO_ADJECTIVE}[\w-]+"
    rf"|\b(?:anime|manga|cartoon|chibi|ghibli|noir|watercolou?r|comic-book|cyberpunk) (?:[\w-]+ )?{_BEINGS}\b"
    r"(?! (?:on|onto|from a|is (?:printed|painted))\b)"
)
# The looks of film: of whatever is filmed, so that no lamp or coat before them has them.
_FILM = re.compile(
    r"\b(?:neo-?noir|silent[- ](?:film|movie)|film[- ]noir|noir|vhs|super[- ]?8|(?:8|16|35) ?mm"
    r"|technicolou?r|grindhouse"
    r"|analog(?:ue)? film|polaroid"
    r"|black[- ]and[- ]white|monochrome|sepia(?:-toned|-tinted)?)[- ](?:film[- ])?(?:style|look"
    r"|aesthetics?|footage|feel"
    r"|film(?= (?:of|style|look)|[.,]|$)|effect|cinematography|photography|shot|clip|movie style|visuals|tones?)\b"
    r"|\b(?:shot|filmed|captured|recorded) (?:on|in|with) (?:grainy )?(?:super[- ]?8|(?:8|16|35) ?mm|vhs"
    r"|black[- ]and[- ]white"
    r"|monochrome|sepia|technicolou?r|analog(?:ue)? film)\b"
)
# After a comma, as in prompts.
_TAGS = re.compile(
    r"(?<=, )(?:digital art|concept art|pixel art|line art|vector art|oil on canvas|3d render"
    r"|watercolou?r|anime|claymation"
    r"|stop[- ]motion|cel shading)(?=[.,;]|$)"
)
_PRINTS = re.compile(
    r"^\W*(?:[\w-]+,? ){0,3}?(?:woodblock print|wood engraving|woodcut|linocut|etching|lithograph|fresco"
    r"|collage|mosaic)"
    r"(?= (?:of|in which|that shows|showing)\b)",
    re.MULTILINE,
)
_HELD = re.compile(
    r"\b(?:shirt|t-shirt|mug|sticker|badge|card|cover|plate|bag|cap|wall|flag|watch\w*|pile|box|reel)\b[^.;]{0,50}$"
)


class StyleWords(Check):
    name = "style_words"
    help = "names the style of the picture (anime, watercolour, cinematic), which the trigger is to carry"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        if of.learns != STYLE:
            return
        for start, end in _places(text):
            what = f"the style of the picture: {' '.join(text.raw[start:end].split())}"
            yield Finding(check=self.name, start=start, end=end, what=what)


def _places(text: Text) -> Iterator[tuple[int, int]]:
    told = text.told
    done = 0
    found = [
        each
        for pattern in (_ALWAYS, _OPENS, _FILM, _PRINTS, abroad.STYLE, abroad.STYLE_OPENS)
        for each in pattern.finditer(told)
    ]
    for one in (*_AS_ADJECTIVE.finditer(told), *_TAGS.finditer(told)):
        before = max(0, one.start() - 80), one.start()
        if not _CONTENT.search(told, *before) and not _HELD.search(told, *before):
            found.append(one)
    found += [one for one in _OF_ALL.finditer(told) if not _CONTENT.search(told, max(0, one.start() - 80), one.start())]
    if beyond_latin(text):
        found += abroad.SPACELESS_STYLE.finditer(told)
    for one in sorted(found, key=lambda one: one.start()):
        if one.start() >= done:
            done = one.end()
            yield one.span()
