"""Writes the table of docs/checks.md from the checks; a test compares the two. Run: python docs/checks_reference.py"""

from __future__ import annotations

from pathlib import Path

from framescribe import registry
from framescribe.checks.base import Check

PAGE = Path(__file__).parent / "checks.md"
BEGIN, END = "<!-- checks: begin, written by docs/checks_reference.py -->\n", "<!-- checks: end -->\n"


def table() -> str:
    """A row for each check, in the order of the registry."""
    kinds: dict[str, type[Check]] = registry.load_all("checks")
    lines = ["| check | finds | on | limits |", "|---|---|---|---|"]
    for name in registry.BUILT_IN["checks"]:
        limits = ", ".join(f"`{measure}` {value:g}" for measure, value in kinds[name].limits.items())
        lines.append(f"| [{name}](#{name}) | {kinds[name].help} | {'yes' if kinds[name].on else 'no'} | {limits} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + table() + END + after, encoding="utf-8")
