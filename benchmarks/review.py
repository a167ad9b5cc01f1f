"""Knows how to measure what reviewing a large result takes: the first page, filters, edits, memory; shows nothing.

    python benchmarks/review.py [--rows 100000] [--requests 20000] [--folder DIR]

Rows are those of `benchmarks/export.py` in size, 1.5 KB, and half a KB of facts, but every caption differs, one in
fifty is flagged, and one in two hundred failed. The result is finished and has its parts, as a run leaves it. Each
measurement is a process of its own, so that its peak of memory is its own. Filters and sorts are medians of `--times`;
what is measured is the list of all rows found and its first page of 60.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from framescribe.records import SCHEMA, Failure, FrameCaption, Row, VideoInfo, caption_hash
from framescribe.results.rows import Results, video_of
from framescribe.review.query import Query
from framescribe.review.session import Change, Session
from framescribe.version import VERSION

PAGE = 60
WORDS = {
    "who": "man woman child dog horse cat girl boy cyclist fisherman dancer farmer tourist crowd bird",
    "does": "walks runs stands sits jumps turns waits waves looks smiles dances sings drives rides climbs",
    "how": "slowly quickly quietly happily carefully alone again together nearby outside",
    "where": "street beach forest kitchen park field garden station river market bridge hill room harbour road",
    "like": "red blue wet narrow sunny crowded old wooden snowy quiet bright dark green wide dusty",
}
DRAWN = {name: words.split() for name, words in WORDS.items()}

QUERIES = {  # by what is measured
    "worst first": {},
    "the result's order": {"sort": "order"},
    "by id": {"sort": "id"},
    "fewest words": {"sort": "words"},
    "longest clips": {"sort": "-duration"},
    "last edited": {"sort": "edited"},
    "one word": {"q": "fisherman"},
    "two words, one without": {"q": "horse beach -red"},
    "a phrase": {"q": '"in a narrow street"'},
    "a regular expression": {"re": r"(dog|cat) (runs|jumps) \w+ly"},
    "part of an id": {"id": "000012"},
    "flagged": {"status": "flagged"},
    "one flag": {"flag": "caption_truncated"},
    "rejected": {"verdict": "rejected"},
    "no verdict": {"verdict": "none"},
    "locked": {"locked": "1"},
    "edited": {"edited": "1"},
    "not seen": {"seen": "0"},
    "a tag": {"tag": "again"},
    "with a note": {"note": "1"},
    "20 to 40 words": {"min_words": "20", "max_words": "40"},
    "under 3 s": {"max_duration": "3"},
    "a model": {"model": "qwen3-vl-8b"},
    "edited since": {"since": "2026-01-01"},
    "facts": {"facts": "motion > 0.05 and cuts = 0"},
    "a move of the camera": {"facts": "camera = pan_left and support >= 0.9"},
    "most motion": {"sort": "-motion"},
    "several at once": {"q": "dog", "status": ["ok", "flagged"], "seen": "0", "min_words": "30", "sort": "-words"},
}


def row_of(number: int, draw: random.Random) -> Row:
    """A row of a real recipe's size."""

    def sentence() -> str:
        word = {name: draw.choice(words) for name, words in DRAWN.items()}
        other, place = draw.choice(DRAWN["who"]), f"{draw.choice(DRAWN['like'])} {word['where']}"
        return (
            f"A {word['like']} {word['who']} {word['does']} {word['how']} in a {place} while a {other} "
            f"{draw.choice(DRAWN['does'])} beside it."
        )

    frames = tuple(FrameCaption(index=24 * at, time=float(at), caption=sentence()) for at in range(3))
    caption = " ".join(sentence() for _ in range(draw.choice((2, 3, 3, 3, 4))))
    made = {"engine": "vllm", "model": "qwen3-vl-8b", "prompt_tokens": 1200, "completion_tokens": 300}
    moves = [{"label": label} for label in draw.choice((["static"], ["pan_left"], ["zoom_in", "tilt_up"], []))]
    measured = {
        "motion": {"version": 1, "amount": round(draw.random() ** 2 / 3, 4), "objects": round(draw.random() / 5, 4)},
        "cuts": {"version": 1, "cuts": [1.0] * draw.choice((0, 0, 0, 1, 2)), "fades": [], "shots": 1},
        "light": {
            "version": 1,
            "brightness": round(draw.random(), 4),
            "contrast": round(draw.random() / 2, 4),
            "flashes": [],
        }
        | {"dark": 0.0, "bright": 0.0},
        "sharpness": {"version": 1, "blur": round(draw.random(), 3), "noise": round(4 * draw.random(), 2)},
        "camera": {"version": 1, "shots": [{"start": 0.0, "end": 5.0, "moves": moves}]},
    }
    stages = {
        "measure": {"fingerprint": "", "output": measured},
        "verify": {"output": {"about": caption_hash(caption), "support": draw.choice((0.5, 0.8, 1.0))}},
        "frames": {**made, "fingerprint": "a" * 16, "decoding": {"max_tokens": 512}, "fills": ["frames"]},
        "summary": {**made, "fingerprint": "b" * 16, "fills": ["caption"]},
    }
    facts = {"fingerprint": f"quick:{number:032x}", "stamp": 1_767_225_600_000_000_000 + number}
    failed, flagged = number % 200 == 7, number % 50 == 3
    return Row(
        id=f"clips/{number // 1000:05}/{number:09}.mp4",
        video_path=f"/data/clips/{number // 1000:05}/{number:09}.mp4",
        caption=None if failed else caption,
        status="failed" if failed else "flagged" if flagged else "ok",
        flags=("caption_truncated",) if flagged and not failed else (),
        error=Failure(stage="summary", kind="bad_reply", message="the answer was empty") if failed else None,
        size=1_000_000 + number,
        video=VideoInfo(duration=2 + number % 97 / 10, fps=24.0, width=1280, height=720, codec="h264", frames=121),
        frames=frames,
        provenance={"schema": SCHEMA, "version": VERSION, "file": facts, "stages": {} if failed else stages},
    )


def write(output: Path, count: int) -> None:
    """A finished result of so many rows, with its parts."""
    results, draw = Results(output), random.Random(1)
    results.begin({})
    videos = []
    for number in range(count):
        row = row_of(number, draw)
        results.append(row)
        videos.append(video_of(row))
    results.finish(videos)
    results.close()


def resident() -> float:
    """Megabytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak() -> float:
    """The most that it had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def timed(do: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """The median of seconds that it takes, and what it said last."""
    took, said = [], None
    for _ in range(times):
        begun = time.perf_counter()
        said = do()
        took.append(time.perf_counter() - begun)
    return statistics.median(took), said


def first_page(session: Session) -> int:
    """How many rows the first page has."""
    return len(session.rows_of(session.make_list(Query()).list, 0, PAGE))


def start(output: Path, cache: Path) -> dict[str, Any]:
    """Open a result, and see when the first page and when all rows are there."""
    begun = time.perf_counter()
    session = Session(output, cache=cache)
    session.open()
    try:
        while not first_page(session):
            time.sleep(0.005)
        first = time.perf_counter() - begun
        slowest = 0.0
        while not session.ready(0.25):
            slowest = max(slowest, timed(lambda: first_page(session))[0])
        ready = time.perf_counter() - begun
        (key,) = session.keys_of(session.make_list(Query(sort="order")).list)[:1]
        edit = timed(lambda: session.edit([Change(key, "note", f"{time.time()}")]))[0]
        found = {"first": first, "all": ready, "page_meanwhile": slowest, "first_edit": edit}
        found["total"] = session.result()["total"]
    finally:
        session.close()
    return {**found, "peak": peak(), "index": sum(one.stat().st_size for one in cache.glob("*.sqlite*")) / 1e6}


def use(output: Path, cache: Path, times: int, requests: int) -> dict[str, Any]:
    """Filters, sorts, edits; then many requests of all kinds."""
    session = Session(output, cache=cache)
    session.open()
    try:
        session.ready()
        draw = random.Random(2)
        keys = session.keys_of(session.make_list(Query(sort="order")).list)
        some = [keys[draw.randrange(len(keys))] for _ in range(2000)]
        fields = [
            ("verdict", "rejected"),
            ("verdict", "accepted"),
            ("note", "see"),
            ("tags[again]", "yes"),
            ("seen", "yes"),
        ]
        bulk = [Change(key, *draw.choice(fields)) for key in dict.fromkeys(some)]
        found: dict[str, Any] = {"bulk": timed(lambda: session.edit(bulk, batch="b"))[0] / len(bulk)}
        found["edits"] = []
        for key in some[:100]:
            change = Change(key, "caption", f"A new caption of {key}.")
            found["edits"].append(timed(lambda change=change: session.edit([change]))[0])
        session.result()
        for name, params in QUERIES.items():
            query = Query.of(params)

            def ask(query: Query = query) -> int:
                listed = session.make_list(query)
                session.rows_of(listed.list, 0, PAGE)
                return listed.total

            found[name] = timed(ask, times)
        last = session.make_list(Query())
        found["page"] = timed(lambda: session.rows_of(last.list, last.total - PAGE, PAGE), times)
        found["row"] = timed(lambda: session.row(some[0]), times)
        counts = []
        for number in range(times):  # they are counted anew after each change
            session.edit([Change(some[1], "note", f"{number}")])
            counts.append(timed(session.result)[0])
        found["counts"] = statistics.median(counts)
        found["charts of all"] = timed(lambda: len(session.charts(Query())["charts"]), 3)
        found["memory"] = [resident()]
        names = list(QUERIES)
        for number in range(requests):
            key = keys[draw.randrange(len(keys))]
            what = number % 20
            if what < 12:
                session.row(key)
            elif what < 15:
                query = Query.of(QUERIES[draw.choice(names)]) if what == 14 else Query(q=draw.choice(DRAWN["who"]))
                listed = session.make_list(query)
                session.rows_of(listed.list, draw.randrange(max(1, listed.total)), PAGE)
            elif what < 18:
                session.edit([Change(key, "note", f"note {number}")])
            else:
                session.result()
            if (number + 1) % max(1, requests // 10) == 0:
                found["memory"].append(resident())
    finally:
        session.close()
    return {**found, "peak": peak()}


def line(what: str, took: float, target: float | None, more: str = "") -> None:
    mark = "" if target is None or took <= target else f"over {target * 1000:,.0f} ms"
    print(f"| {what} | {took * 1000:,.1f} ms | {more} | {mark} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where the result is written, or lies from the last time")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, output, cache = options.measure
        if what == "start":
            return print(json.dumps(start(Path(output), Path(cache))))
        return print(json.dumps(use(Path(output), Path(cache), options.times, options.requests)))
    where = options.folder or Path(tempfile.mkdtemp(prefix="review-"))
    where.mkdir(parents=True, exist_ok=True)
    output, cache = where / f"captions-{options.rows}.jsonl", where / "cache"
    if not output.exists():
        write(output, options.rows)
    shutil.rmtree(cache, ignore_errors=True)

    def measured(what: str) -> dict[str, Any]:
        command = [sys.executable, os.path.abspath(__file__), "--times", str(options.times)]
        command += ["--requests", str(options.requests), "--measure", what, str(output), str(cache)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    try:
        print("| | took | | |\n|---|---|---|---|")
        for name in ("cold", "warm"):
            found = measured("start")
            line(f"{name} start: the first page", found["first"], 1.0)
            more = f"{found['total']:,} rows, index of {found['index']:,.0f} MB"
            line(f"{name} start: all rows", found["all"], None, more)
            line(f"{name} start: a page meanwhile, at worst", found["page_meanwhile"], 1.0)
            line(f"{name} start: the first edit", found["first_edit"], 1.0, f"peak {found['peak']:,.0f} MB")
        found = measured("use")
        for name in QUERIES:
            line(name, found[name][0], 0.2, f"{found[name][1]:,} rows")
        line("the last page", found["page"][0], 0.1)
        line("a row in full", found["row"][0], 0.05)
        line("counts of all", found["counts"], 0.2)
        line("charts of all", found["charts of all"][0], 2.0)
        line("an edit", statistics.median(found["edits"]), 0.05, f"at worst {max(found['edits']) * 1000:,.0f} ms")
        line("an edit of a bulk edit", found["bulk"], 0.005)
        memory = " ".join(f"{one:,.0f}" for one in found["memory"])
        print(f"| memory over {options.requests:,} requests | {memory} MB | peak {found['peak']:,.0f} MB | |")
    finally:
        if options.folder is None:
            shutil.rmtree(where)


if __name__ == "__main__":
    main()
