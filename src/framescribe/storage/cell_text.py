"""Knows which texts a table cannot hold as they are, or a spreadsheet would run, and how these are written instead.

Text that is not Unicode (a file's name need not be) is written with escapes. In csv a text that a spreadsheet would
take for a formula gets an apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection). The way back is
exact.
"""

from __future__ import annotations

import re

# A lone surrogate, and the start of a text that looks like its escape.
_ESCAPED = re.compile(r"[\ud800-\udfff]|\\(?=u(?:d[89a-f][0-9a-f]{2}|005c))")
_ESCAPE = re.compile(r"\\u(d[89a-f][0-9a-f]{2}|005c)")

# What spreadsheets run: = + - @, also in their wide forms and after blanks; and what they may cut off before these.
_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_QUOTED = re.compile(r"'+(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def escaped(text: str) -> str:
    """The text in Unicode; nothing changes unless it holds lone surrogates, or what looks like their escapes."""
    if text.isascii() and "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def unescaped(text: str) -> str:
    """The inverse of `escaped`."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "\\" in text else text


def unicode(text: str) -> str:
    """The text in Unicode, with escapes for lone surrogates; there is no way back."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def guarded(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet would run it."""
    if text[:1].isalnum():
        return text
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """The inverse of `guarded`."""
    return text[1:] if text[:1] == "'" and _QUOTED.match(text) else text


def quoted(text: str) -> str:
    """The text in Unicode, and as a spreadsheet may have it."""
    return guarded(escaped(text))


def unquoted(text: str) -> str:
    """The inverse of `quoted`."""
    return unescaped(unguarded(text))
