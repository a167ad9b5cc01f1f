"""Knows how a browser is started for the review page, and which of its complaints fail a test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import Served, served
from tests.review.browsing import browser
from tests.runs import MODELS, running

if not all(map(find_spec, ("playwright", "starlette"))):
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium, headless. Not for the session: while Playwright is there, its event loop counts as running, and no
    other test of this process could run one."""
    with browser() as opened:
        from playwright.sync_api import expect

        expect.set_options(timeout=20_000)
        yield opened


@pytest.fixture(scope="session")
def captioned(tmp_path_factory: pytest.TempPathFactory, demo_clips: Any) -> Path:
    """The result of the demo's clips, captioned by the built-in models. Copy it before you change it: `result`."""
    output = tmp_path_factory.mktemp("captioned") / "captions.jsonl"
    with running("caption", demo_clips[0].path.parent, "-o", output, *MODELS) as run:
        said = run.communicate(timeout=300)[0]
    assert run.returncode == 0, said
    return output


@pytest.fixture
def result(tmp_path: Path, captioned: Path) -> Path:
    """A result of twelve clips that a test may change."""
    return Path(shutil.copytree(captioned.parent, tmp_path / "result")) / captioned.name


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """`serve(result, *options)` starts `framescribe review` and returns where it is; it ends with the test."""
    with served(tmp_path / "cache") as start:
        yield start


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """`visit(server, "?view=charts")` opens the page. Whatever the browser complains about fails the test: errors of
    scripts, what the content security policy refused, and answers of 500 and above."""
    complaints: list[str] = []
    contexts: list[Any] = []

    def open_page(server: Served, address: str = "", **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)

        def complain(message: Any) -> None:
            # An answer of 4xx is also logged by the browser itself; what the page makes of it is each test's matter.
            if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
                complaints.append(message.text)

        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda answer: answer.status >= 500 and complaints.append(f"{answer.status} {answer.url}"))
        page.goto(server.address)
        if address:
            page.goto(server.origin + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
