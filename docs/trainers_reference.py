"""Writes the trainers' part of docs/trainers.md; a test compares the two. Run: python docs/trainers_reference.py"""

from __future__ import annotations

from pathlib import Path

from framescribe import registry
from framescribe.formats.base import Format, FrameRule

PAGE = Path(__file__).parent / "trainers.md"
BEGIN, END = "<!-- trainers: begin, written by docs/trainers_reference.py -->\n", "<!-- trainers: end -->\n"
SET = Path("set")  # a folder below the one in which a person is


def trainers() -> str:
    """A section per trainer, in the order of the registry."""
    formats: dict[str, Format] = registry.load_all("formats")
    return "\n".join(line for name in registry.BUILT_IN["formats"] for line in _one(formats[name]))


def _one(format: Format) -> list[str]:
    first = format.layouts[0]
    lines = [
        f"### {format.title}\n",
        "```sh",
        f"framescribe caption clips/{' --strategy structured' if first.variant else ''} -o captions.jsonl",
        f"framescribe export captions.jsonl --to {format.name} -o set",
        *([format.start(SET, first.name)] if format.start(SET, first.name) else []),
        "```\n",
    ]
    for layout in format.layouts:
        option = "" if layout is first else f"`--layout {layout.name}`: "
        several = f"; several captions become {layout.several}" if layout.several else ""
        lines.append(f"- {option}{layout.about}{several}.")
    if format.frames is not None:
        lines.append(f"- Frames: {_frames(format.frames)}.")
    if format.tokens is not None:
        limit, tokenizer = format.tokens
        lines.append(f"- Its text encoder reads {limit:,} tokens ({tokenizer}): `--max-tokens {limit}`.")
    lines += [f"- {note}" for note in format.notes]
    return [*lines, f"- Read in: {format.source}.", ""]


def _frames(rule: FrameRule) -> str:
    wanted = f"{rule.step}n + {rule.remainder}" if rule.step > 1 else ""
    least = f"at least {rule.least}" if rule.least > 1 else ""
    fps = f"counted at {rule.fps:g} a second" if rule.fps else ""
    return "; ".join(filter(None, (wanted, least, fps, rule.then)))


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + trainers() + END + after, encoding="utf-8")
