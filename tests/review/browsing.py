"""Knows how a test opens a page in a headless browser, and what the page must not do there; knows no page."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, headless; the test is skipped where there is none (FRAMESCRIBE_CHROMIUM names another)."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    program = os.environ.get("FRAMESCRIBE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs Chromium")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


class Watched:
    """A page opened from a file, with all that it should not do: requests for anything but files and data, messages on
    the console, uncaught errors."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.faults: list[str] = []
        self.files: list[str] = []
        self.page.on("console", lambda message: self.faults.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        self.context.route("**/*", self._asked)
        self.page.goto(path.resolve().as_uri())

    def _asked(self, route: Any) -> None:
        if route.request.url.startswith("file:"):
            self.files.append(route.request.url)
            route.continue_()
        else:
            self.faults.append(f"asked for {route.request.url}")
            route.abort()

    def until(self, expression: str, argument: Any = None) -> None:
        """Wait until the expression, or the function of `argument`, is true. The page's policy forbids Playwright's own
        way of waiting."""
        end = time.monotonic() + 20
        while not self.page.evaluate(expression, argument):
            assert time.monotonic() < end, f"this did not come true: {expression}"
            self.page.wait_for_timeout(30)

    def shown(self, selector: str) -> str:
        """The text that is visible in an element, once it is there, with single blanks."""
        return " ".join(self.page.locator(selector).inner_text().split())

    def close(self) -> None:
        self.context.close()


@contextmanager
def watched(browser: Any, path: Path, **options: Any) -> Iterator[Watched]:
    """The page, open; afterwards it must have done nothing that it should not."""
    page = Watched(browser, path, **options)
    try:
        yield page
        assert page.faults == []
    finally:
        page.close()
