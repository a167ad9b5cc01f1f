"""Writes docs/cli.md from the program's own --help; a test compares the two. Run: python docs/cli_reference.py"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COMMANDS = (
    *("caption", "frames", "summarize", "recaption", "verify", "review", "serve", "doctor"),
    *(
        "check",
        "score",
        "compare",
        "export",
        "import",
        "status",
        "probe",
        "sample",
        "measure",
        "models",
        "convert",
        "demo",
    ),
)
PAGE = Path(__file__).parent / "cli.md"


def reference() -> str:
    """The page: each command's --help at 100 columns, without colours."""
    parts = ["# Command line\n\nWritten by `python docs/cli_reference.py` from the program's own `--help`.\n"]
    for words in ((), *((command,) for command in COMMANDS)):
        name = " ".join(("framescribe", *words))
        program = "import sys; sys.argv[0] = 'framescribe'; from framescribe.cli.main import main; main()"
        shown = subprocess.run(
            [sys.executable, "-c", program, *words, "--help"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1", "TERM": "dumb"},
        ).stdout
        text = "\n".join(line.rstrip() for line in shown.strip("\n").splitlines())
        parts.append(f"## {name}\n\n```text\n{text}\n```\n")
    parts.append(
        "## Exit codes\n\n| code | means |\n|---|---|\n| 0 | all done |\n| 1 | the run had to stop; every row is kept, "
        "the same command goes on |\n| 2 | something you must change; one or two lines say what |\n| 3 | finished, but "
        "some videos failed; they are listed and have rows. `check`: some captions have a fault. `score`, `compare`: "
        "some clips could not be judged. `compare --fail-if-worse`: B is worse |\n"
        "| 130 | interrupted; every row is kept |\n"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
