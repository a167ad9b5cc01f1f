"""Knows with what a text can end and with what it cannot, by language; knows no reason why one stopped there."""

from __future__ import annotations

import re

from framescribe.language.letters import listed

# After any of these an article, a conjunction or a preposition has nothing to belong to. Words that also end a clause
# ("turns the tap off", "schläft ein") are left out.
_WORDS = {
    "en": "a an the and or but nor because although though unless whereas of from into onto with at toward towards"
    " against between among amongst amid during upon via despite except than as if its their our my your his every for"
    " to while until whose which alongside throughout within beside",
    "de": "der die das den dem des eine einen einem einer eines und oder sondern weil dass während obwohl von für gegen"
    " ohne zwischen neben wegen trotz im am zum zur vom beim ins ans seine seinen seinem seiner ihre ihren ihrem"
    " ihrer sowie als wenn",
    "fr": "le la les un une des du de et ou mais car parce que qui dont au aux à dans sur sous avec pour par sans chez"
    " vers entre contre l d qu sa son ses leur leurs lorsque tandis",
    "es": "el la los las un una unos unas de del al y e o u pero porque que con en por para sin sobre entre hacia desde"
    " hasta su sus mientras cuando a",
    "it": "il lo la i gli le un uno una di del della dei delle degli al alla ai alle e o ma che con in per tra fra da"
    " dal dalla nel nella sul sulla mentre su",
    "pt": "o os a as um uma uns umas de do da dos das e ou mas que com em no na nos nas por para pelo pela entre sem"
    " sobre enquanto seu sua",
    "nl": "de een en of maar want van voor met bij tussen omdat terwijl naar zijn hun",
    "ru": "в на с к из от для у о за над под при без через между и или но а что который когда пока",
    "uk": "в на з із до від для і та або але що який",
    "cs": "a i do z ze v ve na k o pro při bez mezi nebo ale který která které",
    "sv": "en ett och eller men som att av till från för utan mellan",
    "da": "en et og eller men som at af til fra for uden mellem",
    "no": "en et og eller men som at av til fra for uten mellom",
    "ro": "și de la în cu pe un o din care",
    "hu": "a az és egy vagy hogy",
    "tr": "ve bir ile veya",
    "el": "και το τον την ο η σε με από του της",
    "id": "yang dan di ke dari untuk dengan atau",
    "vi": "và của trong với các một những",
    "ar": "و في من على إلى عن مع أو التي الذي ثم",
    "hi": "और के का की में से या जो",
    "pl": "w na z do od dla przy bez przez między i lub ale że który gdy",
}
_DANGLING = {code: listed(words) for code, words in _WORDS.items()}
_BY = re.compile(r"\b\w+(?:ed|en|n|lt|it|t) by$")  # "followed by", but not "walks by"
# "a bench to look at", "a song that nobody listens to": what belongs to the preposition was said before.
_STRANDED = re.compile(
    r"\b(?:(?:that|which|whom|what)(?: the| an?| his| her)? \w+ \w+"
    r"|(?:that|which|whom?|what|where)(?: \w+){1,5} (?:wait|look|search|ask|reach|hop|aim|point|star|gaz|listen|talk"
    r"|car|head|pay|liv)(?:e|es|s|ed|ing)?"
    r"|to (?:look|listen|talk|speak|play|work|write|lean|wait|care|point|aim|fight|live|deal|dance|share|come|go|get"
    r"|choose|drink|eat|stare|laugh|throw|run|hold|marvel|gaze))"
    r" (?:of|from|at|to|with|for|against|into|towards?)$",
    re.IGNORECASE,
)
_SPACELESS_SCRIPTS = re.compile(
    r"(?:(?<![温柔暖平缓调谐总共])和|(?<![参给赋])与|(?<![涉普触提])及|或|(?<![棉床毛])被|(?<![服跟随])从|(?<![存现自])在"
    r"|(?<![一火车几两])把|以及|并且|而且|但是|然后|因为|由于|位于|并|(?<![ぁ-ん])を|は|(?<![んた])が|へ|そして|または|しかし|를|(?<![가마노])을|그리고|하지만)$"
)
_CLOSING = ".!?…。！？｡।॥؟۔։።။៖‼⁇⁈⁉"
_AFTER = "\"'”’»«“)]}）」』》】*_`~ \t\r\n\u200b\ufe0f" + "".join(map(chr, range(32)))
NO_WORDS = _CLOSING + _AFTER + ",;:-–—，、"
"""Characters that may follow the last word of a text."""


def closed(text: str) -> bool:
    """Whether it ends with the mark of a finished sentence, inside or outside quotation marks and brackets."""
    return text.rstrip(_AFTER)[-1:] in _CLOSING and bool(text.strip())


def dangles(text: str, language: str | None = "en") -> bool:
    """Whether the last word needs another one after it, whatever punctuation follows it. `language`: a code; None: that
    of which it has the most such words."""
    bare = text.rstrip(NO_WORDS)
    if not bare or bare[-1] >= "\u3040":
        return _SPACELESS_SCRIPTS.search(bare) is not None
    last = bare.rsplit(None, 1)[-1].strip("\"'“”‘’(«»")
    if len(last) == 1 and last.isupper():
        return False  # "plan A"
    if language is None:
        words = set(text.lower().split())
        language = max(_DANGLING, key=lambda code: len(_DANGLING[code] & words))
    if last == "by":
        return _BY.search(bare) is not None
    known = _DANGLING.get(language.split("-")[0].lower(), frozenset())
    return last.lower() in known and _STRANDED.search(bare) is None
