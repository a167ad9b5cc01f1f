"""Knows what a row's caption was before it was verified; verifies nothing."""

from __future__ import annotations

from framescribe.records import VERIFY, Row


def caption_before(row: Row) -> str | None:
    """The row's caption as it was before the frames contradicted something in it; else its caption."""
    if "caption" not in (row.stages.get(VERIFY) or {}).get("fills", ()):
        return row.caption
    before = (made["output"] for name, made in row.stages.items() if made.get("as") and name != VERIFY)
    return next((text if isinstance(text, str) else text[0] for text in before), row.caption)
