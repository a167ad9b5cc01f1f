"""Knows how `framescribe review` is started as a user starts it, where its page is then, and what was left behind."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.runs import running


@dataclass(frozen=True)
class Served:
    """A server: `address` with its token, and `origin` without, which ends with a slash."""

    address: str

    @property
    def origin(self) -> str:
        return self.address.split("?")[0]


@contextmanager
def served(cache: Path) -> Iterator[Callable[..., Served]]:
    """A function that starts servers; all are ended with the block, as Ctrl-C ends them."""
    with ExitStack() as stack:

        def start(output: Path, *options: object) -> Served:
            words = ("review", output, "--no-browser", *options)
            run = stack.enter_context(running(*words, PYTHONUNBUFFERED="1", XDG_CACHE_HOME=str(cache)))
            assert run.stdout is not None
            said = []
            for line in run.stdout:
                said.append(line)
                if found := re.search(r"http://\S+\?token=\S+", line):
                    rest = threading.Thread(target=run.stdout.read, daemon=True)  # or its pipe would fill up
                    rest.start()
                    stack.callback(_end, run, rest)
                    return Served(found[0])
            raise AssertionError(f"no address was said: {''.join(said)}")

        yield start


def _end(run: Any, rest: threading.Thread) -> None:
    run.send_signal(signal.SIGINT)
    run.wait(30)
    rest.join()


def captions(output: Path) -> dict[str, str]:
    """What the models wrote, by id."""
    return {row["id"]: row["caption"] for row in map(json.loads, output.read_text().splitlines())}


def edits(output: Path) -> list[dict[str, Any]]:
    """The edit lines of a result, in the order in which they were written."""
    parts = sorted(Path(f"{output}.parts").glob("*.jsonl"))
    lines = [json.loads(line) for part in parts for line in part.read_text().splitlines()]
    return [line for line in lines if line.get("kind") == "edit"]


def shown(page: Any) -> dict[str, str]:
    """The captions as the server gives them now, by id."""
    return page.evaluate(  # type: ignore[no-any-return]
        """async () => {
            const { list } = await review.source.list({});
            return Object.fromEntries((await review.source.rows(list, 0, 200)).map((row) => [row.id, row.caption]));
        }"""
    )


def until(there: Callable[[], bool]) -> None:
    """Wait for something that no event tells of, 20 seconds at most. (A page's own wait_for_function takes a promise
    for an answer.)"""
    for _ in range(200):
        if there():
            return
        time.sleep(0.1)
    assert there()


def counts(page: Any) -> dict[str, int]:
    """How many clips are ok, accepted, seen, …, as the server says now."""
    return page.evaluate("async () => (await review.source.result()).counts")  # type: ignore[no-any-return]


def edit(page: Any, id: str, field: str, new: str | None) -> None:
    """A change of one clip, as another person's page would make it."""
    page.evaluate(
        """async ({ id, field, value }) => {
            const { list } = await review.source.list({ id });
            const [row] = await review.source.rows(list, 0, 1);
            await review.source.edit({ key: row.key, field, new: value ?? row.caption });
        }""",
        {"id": id, "field": field, "value": new},
    )
