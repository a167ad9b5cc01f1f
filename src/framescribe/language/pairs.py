"""Knows which quotation marks and brackets of a text were opened and not closed; knows not what is between them."""

from __future__ import annotations

import re

from framescribe.language.letters import SPACELESS

_CLOSES = dict(zip("([{（「『《【«“„", (*")]}）」』》】»", "”“", '“”"'), strict=True))
_ANY = re.compile('[(\\[{（「『《【“„«"‘]')
_MARKS = re.compile('[()\\[\\]{}（）「」『』《》【】“”„«»"](?<![\x1b€].)')
_SMILEY = re.compile(r"(?<!\w)(?:[:;=8xX]['’]?-?[()\[\]{}|]+|[(\[]-?['’]?[:;=](?!\w))")
_LETTER = re.compile(rf"[^\W_{SPACELESS}]")
_LONE = re.compile(
    r"(?<!\w)(?:‘(?=\w)(?!\d|em\b|til\b|cause\b|n\b)|'(?=[A-Z])(?!T(?:is|was|il)\b))"
)  # '90s is no quotation


def unclosed(text: str) -> int | None:
    """The place of the last mark or bracket that was opened and not closed; None: there is none. Smileys, inches and
    apostrophes open nothing, and what closes without having been opened ("a)") is no matter."""
    if not _ANY.search(text) and " '" not in text:
        return None
    if "(" in text or "[" in text or "{" in text:
        text = _SMILEY.sub(lambda found: " " * len(found[0]), text)
    opened: list[tuple[str, int]] = []
    for found in _MARKS.finditer(text):
        mark, place = found[0], found.start()
        top = opened[-1][0] if opened else ""
        if mark == '"':
            if top == '"' or top == "„":
                if not _LETTER.match(text[place + 1 : place + 2]):
                    opened.pop()
            elif any(open_mark == '"' for open_mark, _ in opened) and not _LETTER.match(text[place + 1 : place + 2]):
                _close(opened, '"')
            elif not text[place + 1 : place + 2].isspace() and not _LETTER.match(text[max(place - 1, 0) : place]):
                opened.append((mark, place))
        elif top and mark in _CLOSES.get(top, ""):
            opened.pop()
        elif mark in _CLOSES:
            if mark == "«" and "»" in text[:place]:
                continue  # »…«, as German books have it
            opened.append((mark, place))
        else:
            _close(opened, mark)
    if opened:
        return opened[-1][1]
    if "'" not in text and "‘" not in text:
        return None
    lone = None
    for found in _LONE.finditer(text):
        lone = found.start()
    return lone if lone is not None and "’" not in text[lone + 1 :] and "'" not in text[lone + 1 :] else None


def _close(opened: list[tuple[str, int]], mark: str) -> None:
    """Closes the latest mark that this one closes, and what was opened in between."""
    for place in range(len(opened) - 1, -1, -1):
        known = opened[place][0]
        if mark in _CLOSES.get(known, known):
            del opened[place:]
            return
