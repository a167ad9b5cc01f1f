"""The shape of the house: who may import whom, and how light the front door is."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "framescribe"

# Lower rooms first; a room may import from the floors below its own, and on its own floor from itself alone.
FLOORS = [
    {"errors", "machine", "version"},
    {"addresses", "names", "plain_json", "language", "former_rows", "hashes"},
    {"records", "registry"},
    {"storage", "prompts", "checks", "measures", "claims", "packed"},
    {"frames"},
    {"sources", "engines"},
    {"strategies", "convert", "formats"},
    {"results"},
    {"runs", "dataset"},
    {"runners", "scoring"},
    {"python"},
    {"review"},
    {"demo"},
    {"cli"},
    {"easyanimate", "__main__"},
]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
MOST_LINES = 400
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def room(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    """The names that a module imports, those that only a type checker sees as well."""
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
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "framescribe" and len(parts) > 1 and parts[1] in FLOOR and parts[1] != room(path):
            assert FLOOR[parts[1]] < FLOOR[room(path)], f"{path.name} imports {name}, which is not below it"


def test_no_module_imports_itself_in_a_circle() -> None:
    known = {name_of(path): path for path in MODULES}
    waits = {
        name: {other for other in imported(path) if other in known and other != name} for name, path in known.items()
    }
    for names in waits.values():  # "from package import module" is that module alone
        names -= {name for name in names if any(other.startswith(f"{name}.") for other in names)}
    try:
        tuple(TopologicalSorter(waits).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_has_one_page(path: Path) -> None:
    """A file past that wants to be two."""
    assert len(path.read_text().splitlines()) <= MOST_LINES


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
