"""Knows how the page's files and some data become one document that needs nothing else; knows no rows."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from framescribe.plain_json import dumps

PAGE = resources.files(__package__).joinpath("page")
_STYLE = re.compile(r"<link\b[^>]*\bhref=\"[^\">]*?([\w.-]+\.css)\"[^>]*>")
_SCRIPT = re.compile(r"<script\b[^>]*\bsrc=\"[^\">]*?([\w.-]+\.js)\"[^>]*>\s*</script>\s*")
# What only a saved page has comes right after what it goes with: the answers after what would ask a server.
_WITH = {"source.js": ("saved_charts.js", "saved_facts.js", "saved.js"), "style.css": ("saved.css",)}
_CHARSET = re.compile(r"<meta charset=[^>]*>", re.IGNORECASE)

# In JSON these stand in strings only, where an escape means the same: so no text can end the element or begin a
# comment in it, and the document stays readable for tools that take the last two for ends of lines.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def document(data: Mapping[str, Any], page: Traversable = PAGE) -> str:
    """The page with its styles and scripts inside, and `data` as JSON in the element "saved-data".

    A policy in the document allows these very scripts and styles (by their hashes), pictures that it contains, and
    videos from where it lies; everything else is forbidden, requests of any kind included.
    """
    text = _read(page, "index.html")
    styles: list[str] = []
    scripts: list[str] = []

    def style(found: re.Match[str]) -> str:
        more = [_checked(_read(page, name)) for name in (found[1], *_WITH.get(found[1], ()))]
        styles.extend(more)
        return "\n".join(f"<style>{one}</style>" for one in more)

    def script(found: re.Match[str]) -> str:
        scripts.extend(_checked(_read(page, name)) for name in (found[1], *_WITH.get(found[1], ())))
        return ""

    text = _SCRIPT.sub(script, _STYLE.sub(style, text))
    policy = (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; img-src data:; "
        "media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
    head = (
        f'\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '\n<meta name="referrer" content="no-referrer">'
    )
    at = _after(_CHARSET, text)
    text = text[:at] + head + text[at:]
    # Last in the body, since only scripts with an address of their own can wait for the document.
    body, end, rest = text.rpartition("</body>")
    inside = f'<script type="application/json" id="saved-data">{as_json(data)}</script>\n'
    inside += "".join(f"<script>{script}</script>\n" for script in scripts)
    return f"{body}{inside}{end}{rest}"


def as_json(data: Any) -> str:
    """The data as JSON that is safe in a script element, whatever its texts hold."""
    return dumps(data).translate(_ESCAPES)


def _read(page: Traversable, name: str) -> str:
    # A browser takes every end of a line for "\n" before it hashes.
    return page.joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _checked(source: str) -> str:
    for end in ("</script", "</style", "<!--"):
        assert end not in source.lower(), f"a file of the page holds {end}, which would end its element"
    return source


def _hashes(sources: list[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() for source in sources)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"


def _after(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    assert found is not None, "the page does not say its character set"
    return found.end()
