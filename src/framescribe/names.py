"""Knows how text from outside, such as names, captions and servers' words, is written where it could do harm: on a
terminal, and as the name of a file. Opens no file and prints nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

MOST_BYTES = 160
"""Of each folder and file in a path that `file_path` makes. A suffix of 40 bytes then still leaves a name of 200, which
every common file system takes."""
MOST_IN_ALL = 600  # of a whole path; PATH_MAX is 1,024 bytes on macOS, and the output folder comes before it

# Control characters (C0, DEL, C1), the line and paragraph separators, marks that reverse or hide what is written
# (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing), and lone surrogates.
_CHARACTERS = (
    "\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
)
_UNSAFE = re.compile(f"[{_CHARACTERS}]")

# What Windows takes in no name (https://learn.microsoft.com/windows/win32/fileio/naming-a-file), and what is unsafe.
_NOT_IN_NAMES = re.compile(f'[<>:"\\\\|?*{_CHARACTERS}]')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL)
_MARK = re.compile(r"~[0-9a-f]{16}$", re.IGNORECASE)
_LIKE_A_FILE = re.compile(r"\.(jpe?g|png|json|txt)$", re.IGNORECASE)  # the endings of files that are named by id


# ---------------------------------------------------------------------------------- on a terminal


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


def shown_lines(text: str, *names: str) -> str:
    """As `shown`, for a message whose own line breaks are meant; those in `names`, which it may quote, are not."""
    for name in sorted(names, key=len, reverse=True):
        if name and shown(name) != name:
            text = text.replace(name, shown(name))
    return "\n".join(map(shown, text.split("\n")))


def json_shown(text: str, encoding: str = "utf-8") -> str:
    """JSON that is safe on a terminal of this encoding, and still the same JSON: what could do harm, or what the
    encoding lacks, is written as an escape. `text` stands on one line."""
    text = _UNSAFE.sub(_json_escape, text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return re.sub(r"[^\x00-\x7f]", _json_escape, text)
    return text


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


# ------------------------------------------------------------------------------- as a file's name


def file_paths(videos: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """For each id and place a relative path, with slashes, that no other one has: that of `file_path`, but with a mark
    where two ids differ only in what some file systems ignore (capital letters, how accents are composed), and where
    one id belongs to two places."""
    paths = {(name, place): file_path(name) for name, place in videos}
    folded, times = Counter(map(_folded, paths.values())), Counter(name for name, _ in paths)
    return {
        (name, place): path if folded[_folded(path)] == 1 else marked_path(name, place if times[name] > 1 else "")
        for (name, place), path in paths.items()
    }


def file_path(name: str) -> str:
    """A relative path, with slashes, for the file of this id. An id that may safely be a path on every common system
    stays as it is. Any other is cleaned, shortened, and ends in "~" and a hash of the id, so that two ids never share
    a path where capital letters count (elsewhere: `file_paths`); it never leads out of a folder."""
    parts = name.split("/")
    plain = all(map(_is_plain, parts)) and not any(map(_LIKE_A_FILE.search, parts[:-1]))
    return name if plain and len(name.encode()) <= MOST_IN_ALL else marked_path(name)


def marked_path(name: str, more: str = "") -> str:
    """The path of this id with a mark, which depends on `more` too: something that distinguishes twins."""
    mark = "~" + hashlib.sha256(f"{name}\0{more}".encode(errors="surrogatepass")).hexdigest()[:16]
    *folders, last = [_cleaned(part) for part in name.split("/") if part.strip(". ")] or ["_"]
    folders = [_LIKE_A_FILE.sub(r"_\1", _cut(folder, MOST_BYTES)) for folder in folders]
    path = "/".join([*folders, _cut(last, MOST_BYTES - len(mark)) + mark])
    return path if len(path.encode()) <= MOST_IN_ALL else path.rpartition("/")[2]


def _is_plain(part: str) -> bool:
    return part == _cleaned(part) and len(part.encode()) <= MOST_BYTES and not _MARK.search(part)


def _cleaned(part: str) -> str:
    """The part without what some system takes in no name; never empty, never "." or ".."."""
    part = _NOT_IN_NAMES.sub("_", part)
    if part != (kept := part.rstrip(". ")) or not part:  # Windows drops dots and blanks at the end
        part = kept + "_"
    return f"_{part}" if _DEVICE.fullmatch(part) else part


def _cut(part: str, most: int) -> str:
    return part if len(part.encode()) <= most else part.encode()[:most].decode(errors="ignore").rstrip(". ")


def _folded(path: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
