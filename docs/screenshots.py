"""Makes the pictures of docs/review.md: reviews clips of the demo in headless Chromium. Run: python docs/screenshots.py

Takes a minute or two. Needs Chromium (FRAMESCRIBE_CHROMIUM names another than `chromium`) and the package playwright.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

IMAGES = Path(__file__).parent / "images"
LARGEST = 300_000  # bytes of one
CLIPS = 24
CAPTION = ("--sample", "uniform", "--frames", "5", "--model", "shapes-vlm")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def framescribe(folder: Path, *words: str) -> None:
    """Run a command of framescribe. Failed videos are no fault of it."""
    done = subprocess.run(command(*words), cwd=folder, env=environment(folder), capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "framescribe", *words]


def environment(folder: Path) -> dict[str, str]:
    """With a cache of its own, and a reviewer called Ann."""
    return {**os.environ, "LOGNAME": "ann", "XDG_CACHE_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1"}


def prepared(folder: Path) -> None:
    """A result like those that people have: most captions are fine, some are cut off, one video is broken."""
    from framescribe.demo.clips import demo_clips

    clips = demo_clips(folder / "clips", seed=0, count=CLIPS)
    broken = clips[-1].path
    broken.write_bytes(broken.read_bytes()[:900])
    framescribe(folder, "caption", "clips", *CAPTION, "-o", "captions.jsonl")
    rows = [json.loads(line) for line in (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()]
    cut = [row["id"] for row in rows if row["status"] == "ok" and " and " in row["caption"]][:3]
    (folder / "cut.txt").write_text("\n".join(cut) + "\n", encoding="utf-8")
    framescribe(folder, "recaption", "captions.jsonl", "--ids", "cut.txt", "--max-tokens", "14", *CAPTION)


def reviewed(folder: Path) -> None:
    """What Ann has done so far."""
    from framescribe.review.query import Query
    from framescribe.review.session import Change, Session

    session = Session(folder / "captions.jsonl", cache=folder / "marks", who="ann")
    session.open()
    try:
        session.ready()
        ok = session.keys_of(session.make_list(Query.of({"status": "ok", "sort": "order"})).list)
        session.edit([Change(key, "verdict", "accepted") for key in (ok[0], ok[4], ok[5])])
        session.edit([Change(ok[1], "verdict", "rejected"), Change(ok[1], "note", "The square does not move.")])
        session.edit([Change(ok[2], "tags[two objects]", "yes"), Change(ok[2], "lock", session.row(ok[2])["caption"])])
        for key, old, new in ((ok[3], "large pink circle", "big pink disc"), (ok[6], "circle moves", "ball rolls")):
            session.edit([Change(key, "caption", str(session.row(key)["caption"]).replace(old, new))])
    finally:
        session.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the page."""
    words = command("review", "captions.jsonl", "--no-browser", "--port", "8971")
    server = subprocess.Popen(words, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield next(line.strip() for line in server.stdout if line.startswith("http"))
    finally:
        server.terminate()
        server.wait(30)


def save(page: Any, name: str) -> None:
    """A picture of the page as it is, small enough for a repository."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = IMAGES / f"review-{name}.png"
    shot.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        shot.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} KB")


def main(names: Sequence[str]) -> None:
    from playwright.sync_api import sync_playwright

    program = os.environ.get("FRAMESCRIBE_CHROMIUM") or shutil.which("chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = Path(made)
        prepared(folder)
        reviewed(folder)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with served(folder) as address:
            for name, look in LOOKS.items():
                if names and name not in names:
                    continue
                context = browser.new_context(locale="en-GB", **look["context"])
                page = context.new_page()
                page.goto(address)
                page.wait_for_selector("#cards li")
                look["do"](page)
                save(page, name)
                context.close()
        browser.close()


def grid(page: Any) -> None:
    page.wait_for_timeout(4000)  # until the pictures are made


def clip(page: Any, query: dict[str, str]) -> None:
    """The first clip that the query finds, stopped in the middle."""
    key = page.evaluate(
        """async (query) => {
          const { list } = await review.source.list(query);
          return (await review.source.rows(list, 0, 1))[0].key;
        }""",
        query,
    )
    page.evaluate("key => review.state.set({clip: key})", key)
    page.wait_for_selector("#clip:not([hidden])")
    page.wait_for_timeout(4000)
    page.evaluate(
        """() => {
          const video = document.querySelector("#clip video");
          video.pause();
          video.currentTime = 1.8;
        }"""
    )


LOOKS: dict[str, dict[str, Any]] = {
    "grid": {"context": {"viewport": WIDE}, "do": grid},
    "clip": {"context": {"viewport": WIDE}, "do": lambda page: clip(page, {"q": "ball"})},
    "dark": {"context": {"viewport": WIDE, "color_scheme": "dark"}, "do": grid},
    "charts": {"context": {"viewport": WIDE}, "do": lambda page: page.evaluate("review.state.set({view: 'charts'})")},
    "phone": {
        "context": {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
        "do": lambda page: clip(page, {"status": "flagged"}),
    },
}

if __name__ == "__main__":
    main(sys.argv[1:])
