"""The shape of the house: who may import whom, and how light the front door is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "framescribe"

# Lower rooms first; a room may import from its own floor and from those below it.
FLOORS = [
    {"errors", "machine", "records", "version"},
    {"registry", "storage", "prompts"},
    {"frames", "sources"},
    {"convert", "engines"},
    {"strategies", "results", "run", "runners"},
    {"cli", "easyanimate", "demo", "__main__"},
]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def room(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_import_downwards_only(path: Path) -> None:
    level = FLOOR[room(path)]
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "framescribe" and len(parts) > 1 and parts[1] in FLOOR:
            assert FLOOR[parts[1]] <= level, f"{path.name} imports {name} from above"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_begins_with_what_it_knows(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_only_two_rooms_import_av() -> None:
    users = {room(path) for path in MODULES if "av" in {name.split(".")[0] for name in imported(path)}}
    assert users == {"frames", "demo"}  # the demo writes its clips


@pytest.mark.parametrize("module", ["framescribe", "framescribe.cli.main"])
def test_the_front_door_is_light(module: str) -> None:
    heavy = {"torch", "transformers", "av", "numpy", "openai", "pydantic", "pyarrow", "PIL", "ray"}
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & heavy
