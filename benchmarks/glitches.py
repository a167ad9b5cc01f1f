"""Knows how often a bad caption comes out of a run, before and after the gate, on noise whose place is known.

    python benchmarks/glitches.py [--clips 2000] [--rate 0.15] [--folder DIR]

A server of its own answers as a captioner would: each request has a right answer, and with a probability of `rate` one
of the faults in `FAULTS` is done to it, drawn by everything that the request says, so that the same request always gets
the same answer. The text that a fault leaves is remembered. Clips are a dozen real ones under as many names as asked
for. The run is `framescribe caption`, once with `--gate off` and once with the default gate; afterwards every text in
the rows is looked up in what the server remembers. Truth is what was done, not what the checks say.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from framescribe.demo.clips import demo_clips
from framescribe.records import Row
from framescribe.results.rows import read_rows

COLOURS = ("red", "green", "yellow", "brown", "white", "black", "orange", "purple")
WHO = ("fox", "heron", "cyclist", "gardener", "juggler", "beekeeper", "goat", "drummer", "ferry", "kite")
DOES = ("crosses the bridge", "turns around", "stops at the gate", "climbs the stairs", "moves along the wall")
WHERE = ("in heavy rain", "at dusk", "beside the river", "under a striped awning", "in front of the station")
FRAME = "Describe picture {number} of the collection in one sentence. State only what can be seen in it."
SUMMARY = (
    "These are notes about film {number}:\n\n{captions}\n\nWrite one caption from them. Add nothing to what they say."
)
COLUMNS = (
    "captions with a fault",
    "flagged",
    "not flagged",
    "frame captions with a fault, not flagged",
    "good captions flagged",
    "answers",
)
Fault = Callable[[str, str, random.Random], tuple[str, str]]  # caption, prompt, draw → what is answered, how it ends


def _small(text: str) -> str:
    return text[0].lower() + text[1:]


FAULTS: dict[str, Fault] = {
    "cut off by the limit": lambda text, prompt, draw: (text[: len(text) * 2 // 3].rsplit(" ", 1)[0], "length"),
    "ends in the middle": lambda text, prompt, draw: (f"{text} It comes to rest beside the", "stop"),
    "loops": lambda text, prompt, draw: (f"{text.rstrip('.')}" + ", and then it turns around" * 12 + ".", "stop"),
    "says it twice": lambda text, prompt, draw: (f"{text} {text}", "stop"),
    "announces itself": lambda text, prompt, draw: (f"In this video, {_small(text)}", "stop"),
    "sums up": lambda text, prompt, draw: (f"{text} Overall, the scene captures a quiet moment of daily life.", "stop"),
    "refuses": lambda text, prompt, draw: ("I'm sorry, but I cannot help with describing this image.", "stop"),
    "says nothing": lambda text, prompt, draw: ("", "stop"),
    "speaks of frames": lambda text, prompt, draw: (f"{text} The final frame shows it from behind.", "stop"),
    "speaks of itself": lambda text, prompt, draw: (f"As an AI, I can only tell what I see: {_small(text)}", "stop"),
    "repeats the prompt": lambda text, prompt, draw: (f"{prompt.split('.')[0].strip()}. {text}", "stop"),
    "marks up": lambda text, prompt, draw: (f"**Caption:** {text}", "stop"),
    "wraps in JSON": lambda text, prompt, draw: (json.dumps({"caption": text}), "stop"),
    "another language": lambda text, prompt, draw: ("一只狐狸在雨中慢慢地走过石桥，然后停在河边的栏杆旁。", "stop"),
    "denies": lambda text, prompt, draw: (f"{text} There are no people visible in the scene.", "stop"),
    "guesses": lambda text, prompt, draw: (f"{text} It is probably waiting for somebody.", "stop"),
    "broken letters": lambda text, prompt, draw: (text.replace("e", "\ufffd", 3), "stop"),
}  # fmt: skip


@dataclass
class Captioner:
    """Answers requests, and remembers the faulty texts it gave and which fault each has."""

    rate: float
    given: dict[str, str] = field(default_factory=dict)
    answers: int = 0

    def answer(self, request: dict[str, Any]) -> tuple[str, str]:
        """What is answered, and how it ends; the same for the same request."""
        said = json.dumps(request, sort_keys=True)
        draw = random.Random(hashlib.sha256(said.encode()).digest())
        about = json.dumps(request["messages"], sort_keys=True)
        right = caption_of(random.Random(hashlib.sha256(about.encode()).digest()))
        self.answers += 1
        if draw.random() >= self.rate:
            return right, "stop"
        name = draw.choice(list(FAULTS))
        text, end = FAULTS[name](right, _words(request["messages"]), draw)
        self.given[text.strip()] = name
        return text, end


def caption_of(draw: random.Random) -> str:
    """A right caption of some twenty words; two are rarely the same."""
    who, other = draw.sample(WHO, 2)
    return (
        f"A {draw.choice(COLOURS)} {who} {draw.choice(DOES)} {draw.choice(WHERE)}, "
        f"and a {draw.choice(COLOURS)} {other} {draw.choice(DOES)} {draw.randrange(2, 99)} steps behind it."
    )


def _words(messages: list[dict[str, Any]]) -> str:
    parts = [message["content"] for message in messages]
    texts = [[part] if isinstance(part, str) else [each.get("text", "") for each in part] for part in parts]
    return " ".join(text for each in texts for text in each)


@contextmanager
def serving(captioner: Captioner) -> Iterator[str]:
    """The server's URL, while it runs in a thread of its own."""

    async def chat(request: web.Request) -> web.Response:
        asked = await request.json()
        text, end = captioner.answer(asked)
        told = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": end}
        usage = {"prompt_tokens": 100, "completion_tokens": len(text.split()), "total_tokens": 100 + len(text.split())}
        about = {"id": "x", "object": "chat.completion", "created": 0, "model": "noisy"}
        return web.json_response({**about, "choices": [told], "usage": usage})

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "noisy", "object": "model"}]})

    async def start() -> int:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", chat)
        app.router.add_get("/v1/models", models)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def run(videos: Path, output: Path, url: str, *options: str) -> list[Row]:
    """The rows of `framescribe caption` with these options. Each clip's number is in its prompts, or all that show the
    same pictures would get the same answers."""
    words = ["caption", str(videos), "-o", str(output), "--engine", "openai", "--base-url", url, "--model", "noisy"]
    words += ["--summary-model", "noisy", "--sample", "uniform", "--frames", "3", "--max-pixels", "4096"]
    words += ["--id-column", "name", "--prompt", FRAME, "--summary-prompt", SUMMARY, "--language", "en"]
    done = subprocess.run([sys.executable, "-m", "framescribe", *words, *options], capture_output=True, text=True)
    if done.returncode not in (0, 3):  # 3: some clips failed
        sys.exit(done.stderr)
    return list(read_rows(output))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=0.15)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="glitches-") as temporary:
        folder = options.folder or Path(temporary)
        clips = [clip.path for clip in demo_clips(folder / "clips", 0, 12)]
        videos = folder / "clips.csv"
        names = (clips[number % len(clips)].name for number in range(options.clips))
        lines = (f"clips/{name},{number},clip {number}" for number, name in enumerate(names))
        videos.write_text("\n".join(("path,number,name", *lines)))
        print(f"| gate | {' | '.join(COLUMNS)} |")
        print("|---" * (len(COLUMNS) + 1) + "|")
        for gate in ("off", "flag", "mend"):
            captioner = Captioner(options.rate)
            with serving(captioner) as url:
                rows = run(videos, folder / f"{gate}.jsonl", url, "--gate", gate)
            report(gate, rows, captioner)


def report(gate: str, rows: list[Row], captioner: Captioner) -> None:
    """A line of the table, and which faults slipped through."""
    faults = [captioner.given.get((row.caption or "").strip()) for row in rows]
    flagged = [any(flag.startswith("caption_") for flag in row.flags) or row.status == "failed" for row in rows]
    bad = sum(fault is not None for fault in faults)
    slipped = Counter(fault for fault, is_told in zip(faults, flagged, strict=True) if fault and not is_told)
    wrongly = sum(is_told and fault is None for fault, is_told in zip(faults, flagged, strict=True))
    frames = sum(
        (frame.caption or "").strip() in captioner.given
        for row in rows
        if row.status != "failed" and not any(flag.startswith("frame_caption_") for flag in row.flags)
        for frame in row.frames
    )
    missed = slipped.total()
    told = (f"{bad} of {len(rows)} ({bad / len(rows):.2%})", bad - missed, f"{missed} ({missed / len(rows):.2%})")
    print(f"| {gate} | {' | '.join(map(str, (*told, frames, wrongly, captioner.answers)))} |", flush=True)
    for name, times in slipped.most_common() if gate != "off" else ():
        print(f"  slipped through: {name}: {times}")
    good = (row.flags for row, fault in zip(rows, faults, strict=True) if fault is None)
    for flag, times in Counter(flag for flags in good for flag in flags if flag.startswith("caption_")).most_common():
        print(f"  of good captions: {flag}: {times}")


if __name__ == "__main__":
    main()
