"""Writes the targets' part of docs/targets.md; a test compares the two. Run: python docs/targets_reference.py"""

from __future__ import annotations

from pathlib import Path

from framescribe.python.targets import TARGETS, Target

PAGE = Path(__file__).parent / "targets.md"
BEGIN, END = "<!-- targets: begin, written by docs/targets_reference.py -->\n", "<!-- targets: end -->\n"


def targets() -> str:
    """A section per target, in the order of the table."""
    return "\n".join(line for target in TARGETS for line in _one(target))


def _one(target: Target) -> list[str]:
    least, most = target.words
    lines = [f"## {target.name}\n", f"For {target.about}: `--for {target.name}`.\n", "- The model is told:"]
    lines += [f"    - {sentence}" for sentence in target.form]
    if least is not None or most is not None:
        told = [f"at least {least}" if least else "", f"at most {most}" if most else ""]
        lines.append(f"- Words: {' and '.join(filter(None, told))}.")
    if target.encoder is not None:
        lines.append(f"- Text encoder: at most {target.encoder.tokens} tokens ({target.encoder.tokenizer}).")
    if target.checks:
        lines.append(f"- Checks turned on: {', '.join(f'[{name}](checks.md#{name})' for name in target.checks)}.")
    if target.learns:
        name = {"character": "identity_words", "style": "style_words"}[target.learns]
        lines.append(f"- Words for the {target.learns} are kept out: [{name}](checks.md#{name}).")
    lines.append(f"- Export: {', '.join(f'`--to {name}`' for name in target.export)}.")
    lines.append("- Sources:")
    return [*lines, *(f"    - {source}" for source in target.sources), ""]


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + targets() + END + after, encoding="utf-8")
