"""Knows how Ray Data's HTTP stage sends pictures to a server; knows nothing of framescribe, and runs without it.

    python benchmarks/ray_load.py URL FOLDER TURNS

sends the JPEG files in FOLDER and prints a JSON line: requests, seconds, and CPU seconds of all Ray's processes.
Each pass starts a worker anew. That does not count: the figures are by how much a pass of TURNS more than one turn
exceeds a pass of one turn. A pass before them is not counted at all.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # it would report usage over the internet

import ray
from ray.data.llm import HttpRequestProcessorConfig, build_processor

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_SECONDS = 0.2


def main() -> None:
    url, folder, turns = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    pictures = [file.read_bytes() for file in sorted(folder.glob("*.jpg"))]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    config = HttpRequestProcessorConfig(url=f"{url}/chat/completions", batch_size=64, concurrency=1)
    processor = build_processor(config, preprocess=payload, postprocess=caption)
    watch = Watch()
    spent = []
    for times in (1, 1, 1 + turns):
        before, started = watch.total(), time.monotonic()
        run(processor, pictures * times)
        spent.append((time.monotonic() - started, watch.total() - before))
    (_, (short, little), (long, much)) = spent
    result = {"requests": turns * len(pictures), "seconds": long - short, "cpu": much - little}
    print(json.dumps(result))


def run(processor: Any, pictures: Sequence[bytes]) -> None:
    rows = processor(ray.data.from_items([{"picture": picture} for picture in pictures])).take_all()
    assert len(rows) == len(pictures) and all(row["caption"] for row in rows)


def payload(row: dict[str, Any]) -> dict[str, Any]:
    uri = f"data:image/jpeg;base64,{base64.b64encode(row['picture']).decode()}"
    parts = [{"type": "image_url", "image_url": {"url": uri}}, {"type": "text", "text": "Describe this image."}]
    drawn = {"max_tokens": 50, "temperature": 0.0, "top_p": 1.0, "seed": 0}
    return {"payload": {"model": "none", "messages": [{"role": "user", "content": parts}], **drawn}}


def caption(row: dict[str, Any]) -> dict[str, Any]:
    return {"caption": row["http_response"]["choices"][0]["message"]["content"]}


class Watch:
    """CPU seconds of this process and all below it; read often, because those of a process that has ended are lost."""

    def __init__(self) -> None:
        self._spent, self._own = dict[int, float](), 0.0
        threading.Thread(target=self._look_on, daemon=True).start()

    def total(self) -> float:
        self._look()
        return sum(self._spent.values()) - self._own

    def _look_on(self) -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            self._look()
            self._own = time.thread_time()

    def _look(self) -> None:
        parents, ticks = dict[int, int](), dict[int, int]()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                process = int(entry.name)
                parents[process], ticks[process] = int(fields[1]), int(fields[11]) + int(fields[12])  # proc(5)
        below = {os.getpid()}
        while more := {process for process, parent in parents.items() if parent in below} - below:
            below |= more
        self._spent |= {process: ticks[process] / TICKS for process in below}


if __name__ == "__main__":
    main()
