"""Knows how to measure the review page of a large result in a real browser: first paint, filters, memory in use.

    python benchmarks/review_page.py [--rows 100000] [--minutes 60] [--folder DIR]

The rows are those of `benchmarks/review.py`; their videos are a dozen real ones under as many names as there are rows.
The server is `framescribe review`, the browser headless Chromium through Playwright, both on this machine. First paint
is the browser's own figure, from asking for the address on. Then a person is imitated for so many minutes: filters,
scrolls, opens clips, plays, goes on, edits, takes back, looks at charts. What the server and the page hold in memory is
printed ten times on the way.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from review import row_of

from framescribe.demo.clips import demo_clips
from framescribe.frames.files import fingerprint_of
from framescribe.results.rows import Results, video_of

QUERIES = ({"status": "flagged"}, {"q": "fisherman"}, {"q": '"in a narrow street"'}, {"min_words": "60"}, {"seen": "0"})
CARD = ".clip-card:not(.empty-card) a"
SAMPLES = 10


def write(folder: Path, count: int) -> Path:
    """A finished result of so many rows, whose videos are there."""
    clips = [clip.path for clip in demo_clips(folder / "clips", 0, 12)]
    prints = {clip: fingerprint_of(str(clip)) for clip in clips}
    output, draw, videos = folder / "captions.jsonl", random.Random(1), []
    results = Results(output)
    results.begin({})
    for number in range(count):
        row, clip = row_of(number, draw), clips[number % len(clips)]
        file = {"fingerprint": prints[clip]}
        frames = tuple(replace(frame, time=frame.index / 24) for frame in row.frames)
        row = replace(row, video_path=str(clip), size=clip.stat().st_size, frames=frames)
        row = replace(row, provenance={**row.provenance, "file": file})
        results.append(row)
        videos.append(video_of(row))
    results.finish(videos)
    results.close()
    return output


@contextmanager
def served(output: Path, cache: Path) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    """`framescribe review`, its address, and the seconds until it said it."""
    begun = time.perf_counter()
    words = [sys.executable, "-m", "framescribe", "review", str(output), "--no-browser"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment) as run:
        assert run.stdout is not None
        address = next(found[0] for line in run.stdout if (found := re.search(r"http://\S+\?token=\S+", line)))
        try:
            yield run, address, time.perf_counter() - begun
        finally:
            run.send_signal(signal.SIGINT)
            run.communicate()


def visit(browser: Any, address: str) -> tuple[Any, float, float]:
    """A page, and the seconds until its first paint and its first cards."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(300_000)
    page.goto(address)
    page.wait_for_selector(CARD)
    cards = page.evaluate("performance.now() / 1000")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000")
    return page, painted, cards


def seconds_of(page: Any, query: dict[str, str]) -> float:
    """The seconds until the page has the rows of a filter, as it asks for them."""
    took = page.evaluate(
        """async (query) => {
            const begun = performance.now();
            const { list } = await review.source.list(query);
            await review.source.rows(list, 0, 60);
            return performance.now() - begun;
        }""",
        query,
    )
    return float(took) / 1000


def use(page: Any, draw: random.Random) -> None:
    """A few steps of a person's evening."""
    page.evaluate("(query) => review.state.set(query)", {"q": draw.choice(("dog", "cat", "beach")), "view": None})
    page.wait_for_selector(CARD)
    page.mouse.move(640, 500)
    page.mouse.wheel(0, draw.choice((2000, 20_000)))
    page.wait_for_timeout(300)
    page.wait_for_function("() => !document.querySelector('.empty-card, .stale')")  # these take no click
    page.locator(CARD).first.click()
    page.wait_for_selector(".player")
    for _ in range(3):
        page.keyboard.press(draw.choice("j.,l"))
        page.wait_for_timeout(200)
    page.keyboard.press("a")
    page.wait_for_timeout(200)
    page.keyboard.press("z")
    page.wait_for_timeout(500)
    page.keyboard.press("g")
    page.wait_for_selector(CARD)
    if draw.random() < 0.2:
        page.evaluate("review.state.set({ view: 'charts' })")
        page.wait_for_timeout(500)
        page.evaluate("review.state.set({ view: null })")


def held(page: Any, process: int) -> tuple[float, float, int]:
    """Megabytes of the server and of the page's objects, and the page's elements."""
    server = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    tools = page.context.new_cdp_session(page)
    tools.send("HeapProfiler.collectGarbage")
    heap = tools.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    tools.detach()
    return server, heap, page.evaluate("document.querySelectorAll('*').length")


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--folder", type=Path, help="where the result is written; by default a new one")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="review-"))
    folder.mkdir(parents=True, exist_ok=True)
    output = write(folder, options.rows)
    print(f"{options.rows:,} rows\n", flush=True)
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for start in ("cold", "warm"):
                with served(output, folder / "cache") as (_, address, until_served):
                    page, painted, cards = visit(browser, address)
                    print(f"{start}: served after {until_served:.2f} s, first paint {painted:.2f} s, ", end="")
                    print(f"first cards {cards:.2f} s", flush=True)
                    begun = time.perf_counter()
                    while page.evaluate("async () => (await review.source.result()).indexing"):
                        time.sleep(0.2)
                    print(f"{start}: all rows indexed {time.perf_counter() - begun:.1f} s later", flush=True)
                    page.context.close()
            with served(output, folder / "cache") as (server, address, _):
                page, painted, cards = visit(browser, address)
                for query in QUERIES:
                    took = statistics.median(seconds_of(page, query) for _ in range(7))
                    print(f"filter {query}: {took * 1000:.0f} ms", flush=True)
                print("\n| minute | server MB | page MB | elements |\n|---|---|---|---|", flush=True)
                draw, begun, steps = random.Random(2), time.monotonic(), 0
                for sample in range(SAMPLES + 1):
                    while time.monotonic() - begun < options.minutes * 60 * sample / SAMPLES:
                        use(page, draw)
                        steps += 1
                    megabytes, heap, elements = held(page, server.pid)
                    minute = (time.monotonic() - begun) / 60
                    print(f"| {minute:.0f} | {megabytes:.0f} | {heap:.1f} | {elements:,} |", flush=True)
                print(f"\n{steps:,} rounds", flush=True)
            browser.close()
    finally:
        if options.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
