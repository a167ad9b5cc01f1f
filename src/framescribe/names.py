"""Knows how text from outside, such as names, captions and servers' words, is written where it could do harm; opens no
file and prints nothing.
"""

from __future__ import annotations

import re

# Control characters (C0, DEL, C1), the line and paragraph separators, marks that reverse or hide what is written
# (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing), and lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)


def shown(text: str) -> str:
    """`text` on one line of a terminal: what would move the cursor, colour, reverse or hide is written as an escape."""
    return _UNSAFE.sub(lambda match: _escaped(match.group()), text)


def _escaped(character: str) -> str:
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
