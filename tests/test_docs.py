"""The docs say what the program does."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_command_line_page_is_the_programs_own_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import cli_reference

    assert cli_reference.PAGE.read_text(encoding="utf-8") == cli_reference.reference(), (
        f"run: {Path(sys.executable).name} docs/cli_reference.py"
    )


def test_the_trainers_page_is_what_the_formats_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import trainers_reference as reference

    page = reference.PAGE.read_text(encoding="utf-8")
    assert page.partition(reference.BEGIN)[2].partition(reference.END)[0] == reference.trainers(), (
        f"run: {Path(sys.executable).name} docs/trainers_reference.py"
    )


def test_the_table_of_checks_is_what_the_checks_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import checks_reference as reference

    page = reference.PAGE.read_text(encoding="utf-8")
    assert page.partition(reference.BEGIN)[2].partition(reference.END)[0] == reference.table(), (
        f"run: {Path(sys.executable).name} docs/checks_reference.py"
    )


def test_the_tables_of_metrics_are_what_the_metrics_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import score_reference as reference

    page = reference.PAGE.read_text(encoding="utf-8")
    assert page.partition(reference.BEGIN)[2].partition(reference.END)[0] == reference.table(), (
        f"run: {Path(sys.executable).name} docs/score_reference.py"
    )


def test_the_page_of_targets_is_what_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import targets_reference as reference

    page = reference.PAGE.read_text(encoding="utf-8")
    assert page.partition(reference.BEGIN)[2].partition(reference.END)[0] == reference.targets(), (
        f"run: {Path(sys.executable).name} docs/targets_reference.py"
    )


def test_the_fields_of_structured_are_those_of_its_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import structured_reference as reference

    page = reference.PAGE.read_text(encoding="utf-8")
    assert page.partition(reference.BEGIN)[2].partition(reference.END)[0] == reference.table(), (
        f"run: {Path(sys.executable).name} docs/structured_reference.py"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_that_the_docs_name_exist(page: Path) -> None:
    known = set(re.findall(r"--[a-z][a-z-]+", (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")))
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"^\s*(?:\$ )?framescribe .*(?:\\\n.*)*", text, flags=re.MULTILINE):
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", line.partition(" -- ")[0]):
            assert option in known, f"{page.name}: {option} in {line.strip()!r}"
