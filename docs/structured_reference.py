"""Writes the table of the fields of `structured` into docs/strategies.md; a test compares the two. Run:
python docs/structured_reference.py"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from framescribe.strategies.structured import SCHEMA

PAGE = Path(__file__).parent / "strategies.md"
BEGIN, END = "<!-- structured: begin, written by docs/structured_reference.py -->\n", "<!-- structured: end -->\n"


def table() -> str:
    """A line per field, in the order of the form."""
    lines = ["| field | holds |", "|---|---|"]
    lines += [f"| `{field}` | {holds} |" for field, holds in _fields(SCHEMA, "")]
    return "\n".join(lines) + "\n"


def _fields(schema: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, one in schema["properties"].items():
        if one["type"] == "object":
            yield from _fields(one, f"{before}{name}.")
        elif one["type"] == "array" and one["items"]["type"] == "object":
            yield f"{before}{name}[]", f"at most {one['maxItems']}, each with:"
            yield from _fields(one["items"], f"{before}{name}[].")
        elif one["type"] == "array":
            yield f"{before}{name}[]", f"at most {one['maxItems']} texts of at most {one['items']['maxLength']} letters"
        elif "enum" in one:
            yield f"{before}{name}", ", ".join(one["enum"])
        else:
            yield f"{before}{name}", f"a text of at most {one['maxLength']} letters"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + table() + END + after, encoding="utf-8")
