"""Knows about how many tokens a text has for a text encoder whose tokenizer is not at hand; knows no tokenizer.

It errs on the side of too many, so that a text that is said to fit does. Words are cut into pieces of so many letters,
and counted with a margin that grows as the spread of a sum does. It was fitted to prompts and captions in
Vchitect/VBench @45e79ec (5,073 English ones of 200 characters or more, 688 on average; 5,129 shorter ones; 1,913
Chinese ones) against T5 v1.1's tokenizer.json, CLIP's vocabulary and, UMT5's not being at hand, the SentencePiece model
of its nearest relative, mT5, plus five per cent. How much it says too many in all, and for how many texts too few:

                   T5                CLIP              UMT5 (mT5's)
    English, long  +19 %, 0.14 %     +11 %, 0.04 %     +18 %, none      never by more than 2 %
    English        +66 %, 0.29 %     +36 %, 0.06 %     +38 %, 0.06 %    never by more than 26 %
    Chinese        6.6 times, none   +31 %, none       +58 %, none      T5 knows no Chinese letter

On the editor Vim's messages in twelve other languages, six joined at a time, it says 9 to 207 % too many in all, and
too few for up to 3.4 % of the texts for T5 (most in Vietnamese and Polish), 0.7 % for the others; by 18 % at most.

Llama 3's was fitted to the same prompts (5,048 long English ones, 3,615 shorter ones, 1,960 Chinese ones) against the
vocabulary in llama3-tokenizer-js 1.2.0. Of long English ones it says 17 % too many, too few for none; of shorter ones
43 %, too few for 0.11 %, never by more than two tokens; of Chinese ones 41 %, too few for none. On Vim's messages in
fifteen other languages it says 23 to 205 % too many, too few for none but Dutch ones, which share "of" and "is" with
English: for 10 % of these, by 11 % at most.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

_COMMON = (" the ", " of ", " and ", " with ", " is ")
_REST = r"[^\W_a-zA-Z]|[^\w\s]|_"  # figures, signs, and letters of other alphabets one by one


def english_prose(text: str) -> bool:
    """Whether every twentieth word, or more, is one of English's commonest."""
    return sum(map(text.count, _COMMON)) * 20 > text.count(" ")


def surely_fits(text: str, limit: int) -> bool:
    """Whether it is so short that there is no need to count: it has fewer bytes, or it is English with fewer than three
    letters for each token. (Of the captions above, five in ten thousand have fewer.) A tenth of an estimate's time."""
    size = len(text)
    if not text.isascii():
        return 4 * size < limit
    return size < limit or (size < 3 * limit and english_prose(text))


def estimated(
    english: int, other: int, margin: tuple[float, float], farther: tuple[float, float], ends: int, *, octets: bool
) -> Callable[[str], int]:
    """An estimate in which English words are cut into pieces of `english` letters, those of other languages into pieces
    of `other`. For n pieces it says a·n + b·√n, by `margin` or, if not English, by `farther`; and `ends` for what the
    encoder adds. With `octets` any letter that is not ASCII has as many tokens as bytes."""
    near = re.compile(rf"[a-z]{{1,{english}}}|[A-Z][a-z]{{0,{english}}}|{_REST}")
    far = re.compile(rf"[a-zA-Z]{{1,{other}}}|{_REST}")

    def estimate(text: str) -> int:
        more = 0
        if octets and not text.isascii():
            plain = text.encode("ascii", "replace").decode()
            more = len(text.encode("utf-8", "replace")) - len(text)
            text = plain
        pattern, (share, spread) = (near, margin) if english_prose(text) else (far, farther)
        pieces = len(pattern.findall(text)) + more
        return math.ceil(share * pieces + spread * math.sqrt(pieces)) + ends

    return estimate


ESTIMATES = {
    "t5": estimated(6, 2, (1.06, 1.5), (1.15, 1.5), 1, octets=False),
    "clip": estimated(8, 3, (1.0, 0.75), (1.05, 0.75), 2, octets=True),
    "umt5": estimated(5, 3, (1.18, 0.75), (1.15, 0.75), 1, octets=False),
    "llama3": estimated(8, 4, (1.04, 1.0), (1.15, 1.0), 1, octets=False),
}
