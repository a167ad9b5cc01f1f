"""Knows characters that were read with the wrong encoding, or that no caption holds; knows no words.

Which letters make no sense beside each other, and what they were, is ftfy's knowledge. It is asked only where such a
pair may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Text

_CONTROL = re.compile("\x1b\\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES = "\x0b\x0c\x1c\x1d\x1e\x1f\x85"
_SURROGATES = re.compile("[\ud800-\udfff]+")
_ESCAPES = re.compile(
    r"(?:\\{1,2}u[0-9a-fA-F]{4})+|\\{1,2}u\{[0-9a-fA-F]{1,6}\}|\\{1,2}U[0-9a-fA-F]{8}|(?:\\{1,2}x[0-9a-fA-F]{2})+"
)
_CODE = re.compile(r"u\{?([0-9a-fA-F]+)|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})")
# The second to fourth bytes of UTF-8, read as Windows-1252 or Windows-1251.
_WESTERN = "\x80-\xbf‚ƒ„…†‡ˆ‰‹‘’“”•–—˜™›ŒœŠšŽžŸ€"
_CYRILLIC = "\x80-\xbfЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџЎўЈҐЁЄЇІіґё№єјЅѕї"
_PERHAPS = re.compile(
    f"[Â-õĂĹĘęŃńâ][{_WESTERN}ˇ˘]|[ÃÂ] |(?:[РС][{_CYRILLIC}]){{2}}|√[©®°†∂ß§±]|‚[ÄÅ]|[├┬][^\\s├┬─]|Γ[Çåö]"
)
# What UTF-8 becomes when it is read as GBK or Shift-JIS, and what is left when that was saved.
_AS_GBK = re.compile("[锛銆鐨鍦鏄鎴涓鍙浠浜浣鏈鐣犲屼缁绔澶瀛鐢杩鍒鑰]")
_AS_SHIFT_JIS = re.compile("[縺繧]")
_CLOSING_QUOTE = re.compile(r"â€(?=[\s.,;:!?)]|$)")  # of which Windows-1252 has only two of three bytes
_LOST = re.compile("锟斤拷|烫烫烫|屯屯屯")
_IDEOGRAPHS = re.compile("[^\x00-\u2fff]+")
_FEW = 3
_GONE = "\ufffd"
Right = Callable[[re.Match[str]], str | None]


class Encoding(Check):
    name = "encoding"
    help = "wrongly decoded letters, control characters, escaped unicode"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        raw = text.raw
        if "\\" in raw:
            yield from self._each(_ESCAPES, raw, "escaped unicode", _unescaped)
        if raw.isascii() and raw.isprintable():
            return
        if (found := _mojibake(raw)) is not None:
            yield found
        elif not raw.isprintable():
            yield from self._each(_CONTROL, raw, "control characters", _uncontrolled)
        if not raw.isprintable():
            yield from self._each(_SURROGATES, raw, "half a character", _joined)
        if _GONE in raw:
            at = raw.index(_GONE)
            yield Finding(check=self.name, start=at, end=at + 1, what="a letter was lost")

    def _each(self, pattern: re.Pattern[str], raw: str, what: str, right: Right) -> Iterator[Finding]:
        """One finding for all places, cut if every one of them can be put right."""
        places = [(found.start(), found.end(), right(found)) for found in pattern.finditer(raw)]
        if places:
            cut = tuple((start, end, instead) for start, end, instead in places if instead is not None)
            start, end, _ = places[0]
            yield Finding(
                check=self.name, start=start, end=end, what=what, cut=cut if len(cut) == len(places) else None
            )


def _mojibake(raw: str) -> Finding | None:
    if raw.isascii():
        return None
    if _PERHAPS.search(raw):
        from ftfy import fix_encoding
        from ftfy.badness import is_bad

        if is_bad(raw):
            right = fix_encoding(_CLOSING_QUOTE.sub("â€\x9d", raw))
            return _changed(raw, right.replace("\ufeff", ""))
    if _LOST.search(raw):
        return _changed(raw, raw)
    for pattern, encoding in ((_AS_GBK, "gb18030"), (_AS_SHIFT_JIS, "cp932")):
        if len(pattern.findall(raw)) >= _FEW:
            return _changed(raw, _IDEOGRAPHS.sub(lambda found: _again(found[0], encoding), raw))  # noqa: B023
    return None


def _again(letters: str, encoding: str) -> str:
    try:
        return letters.encode(encoding).decode()
    except UnicodeError:
        return letters


def _changed(raw: str, right: str) -> Finding:
    """A finding where the two differ; the whole text, and no way to mend it, if they do not or letters stay lost."""
    start, end = 0, len(raw)
    if right == raw:
        return Finding(check=Encoding.name, start=start, end=end, what="wrongly decoded letters")
    while raw[start] == right[start]:
        start += 1
    left = len(right) - len(raw)
    while end > start and end + left > start and raw[end - 1] == right[end - 1 + left]:
        end -= 1
    cut = None if _GONE in right[start : end + left] else ((start, end, right[start : end + left]),)
    return Finding(check=Encoding.name, start=start, end=end, what="wrongly decoded letters", cut=cut)


def _unescaped(found: re.Match[str]) -> str | None:
    """The characters that the escapes stand for; None if they are no text."""
    codes = [int(code[1] or code[2] or code[3], 16) for code in _CODE.finditer(found[0])]
    if "x" in found[0]:
        octets = bytes(codes)
        try:
            return octets.decode()
        except UnicodeError:
            return octets.decode("cp1252", "ignore") or None
    try:
        text = "".join(map(chr, codes)).encode("utf-16", "surrogatepass").decode("utf-16")
    except (ValueError, UnicodeError):
        return None
    return "".join(letter for letter in text if letter.isprintable() or letter.isspace())


def _uncontrolled(found: re.Match[str]) -> str:
    letter = found[0]
    if letter in _SPACES:
        around = found.string[found.start() - 1 : found.start()] + found.string[found.end() : found.end() + 1]
        return " " if len(around) == 2 and not any(map(str.isspace, around)) else ""
    return bytes([ord(letter)]).decode("cp1252", "ignore") if "\x7f" < letter < "\xa0" else ""


def _joined(found: re.Match[str]) -> str | None:
    """The characters of which these are halves, or bytes that no one could read; None: they are lost."""
    for encoding, errors in (("utf-16", "surrogatepass"), ("utf-8", "surrogateescape")):
        try:
            return found[0].encode(encoding, errors).decode(encoding)
        except UnicodeError:
            continue
    return None
