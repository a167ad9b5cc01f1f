"""Writes the tables of docs/models.md from the presets; a test compares them. Run: python docs/models_reference.py"""

from __future__ import annotations

from pathlib import Path

from framescribe.engines.presets import PRESETS, lack
from framescribe.engines.routes import CHECKED, Preset

PAGE = Path(__file__).parent / "models.md"
BEGIN, END = "<!-- tables: begin, written by docs/models_reference.py -->\n", "<!-- tables: end -->\n"


def tables() -> str:
    """Which model runs where, then what each engine loads."""
    lines = [
        f"| model | takes | GPU, BF16 | licence | {' | '.join(CHECKED)} |",
        "|---|---|--:|---|" + "---|" * len(CHECKED),
    ]
    for preset in PRESETS.values():
        runs = " | ".join("yes" if engine in preset.routes else "–" for engine in CHECKED)
        lines.append(f"| `{preset.name}` | {preset.kind} | {preset.memory} GB | {preset.licence} | {runs} |")
    lines.append("\n## What each engine loads\n")
    for preset in PRESETS.values():
        lines += _one(preset)
    return "\n".join(lines) + "\n"


def _one(preset: Preset) -> list[str]:
    pixels = f" At most {preset.pixels:,} pixels of a frame reach it." if preset.pixels else ""
    lines = [f"**{preset.name}**: {preset.note}.{pixels}\n"]
    shared: dict[str, list[str]] = {}
    for engine in CHECKED:
        if found := preset.routes.get(engine):
            shared.setdefault(" ".join((found.repository, *found.arguments)), []).append(engine)
    lines += [f"- {', '.join(engines)}: `{loaded}`" for loaded, engines in shared.items()]
    lacking: dict[str, list[str]] = {}
    for engine in CHECKED:
        if engine not in preset.routes:
            lacking.setdefault(lack(preset, engine), []).append(engine)
    lines += [f"- not {', '.join(engines)}: {why}" for why, engines in lacking.items()]
    if preset.otherwise:
        lines.append(f"- or {preset.otherwise}")
    return [*lines, ""]


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + tables() + END + after, encoding="utf-8")
