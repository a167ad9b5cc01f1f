"""Random histories of a folder, a list and a recipe: whatever happened before, no row ever says another thing than a
fresh run says, and nothing is asked twice that did not change.

The server's answer is a hash of what it was asked about. What may be asked is reckoned here, from the films' content
alone; what is right is what a run into an empty file gives.
"""

from __future__ import annotations

import csv
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from framescribe.records import Video
from framescribe.runs.recipe import Recipe
from tests.runs import ACCELERATE, TORCHRUN, cluster, ended, running
from tests.runs_in_process import Run, found, raw_film, recipe, told
from tests.servers import ScriptedServer, tells

HISTORIES = int(os.environ.get("FRAMESCRIBE_HISTORIES", "6"))
STEPS = 7
Key = tuple[str, str]


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


@dataclass
class Known:
    """What a row was made of."""

    content: bytes
    title: str
    frame: str
    summary: str


@dataclass
class History:
    """A folder of films under a list with a column, and the prompts of the next run."""

    root: Path
    chance: random.Random
    frame: str = "{title}: what is here?"
    summary: str = "Say it: {captions}"
    titles: dict[str, str] = field(default_factory=dict)
    folder: str = "clips"
    known: dict[Key, Known] = field(default_factory=dict)
    made: int = 0

    @property
    def clips(self) -> Path:
        return self.root / self.folder

    def names(self) -> list[str]:
        return sorted(path.name for path in self.clips.iterdir())

    def add(self) -> str:
        self.made += 1
        name = f"{self.made}.avi"
        raw_film(self.clips / name, self.chance.randrange(256))
        self.titles[name] = self.chance.choice("xyz")
        return f"add {name}"

    def remove(self) -> str:
        name = self.chance.choice(self.names())
        (self.clips / name).unlink()
        return f"remove {name}"

    def swap(self) -> str:
        one, other = self.chance.sample(self.names(), 2)
        (self.clips / one).rename(self.clips / "swapping")
        (self.clips / other).rename(self.clips / one)
        (self.clips / "swapping").rename(self.clips / other)
        return f"swap {one} and {other}"

    def rename(self) -> str:
        name = self.chance.choice(self.names())
        self.made += 1
        (self.clips / name).rename(self.clips / f"{self.made}.avi")
        self.titles[f"{self.made}.avi"] = self.titles[name]
        return f"rename {name} to {self.made}.avi"

    def replace(self) -> str:
        name = self.chance.choice(self.names())
        before = os.stat(self.clips / name)
        raw_film(self.clips / name, self.chance.randrange(256))
        os.utime(self.clips / name, ns=(before.st_atime_ns, before.st_mtime_ns))  # as an unpacked archive would
        return f"replace {name} by one of its size"

    def touch(self) -> str:
        name = self.chance.choice(self.names())
        os.utime(self.clips / name)
        return f"touch {name}"

    def move(self) -> str:
        self.made += 1
        before = self.clips
        self.folder = f"clips-{self.made}"
        before.rename(self.clips)
        return f"move to {self.folder}"

    def entitle(self) -> str:
        name = self.chance.choice(self.names())
        self.titles[name] = self.chance.choice("xyz")
        return f"entitle {name} {self.titles[name]}"

    def prompt(self) -> str:
        self.summary = f"Say {self.chance.randrange(3)}: {{captions}}"
        return self.summary

    def step(self) -> str:
        if len(self.names()) < 3:
            return self.add()
        ways = (
            self.add, self.add, self.remove, self.swap, self.rename, self.replace, self.touch, self.move, self.entitle,
            self.prompt,
        )  # fmt: skip
        return self.chance.choice(ways)()

    def videos(self) -> list[Video]:
        """The list's, which names films by their path below the folder's parent, and now and then in another order."""
        names = self.names()
        self.chance.shuffle(names)
        with (self.root / "list.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("path", "name", "title"))
            table.writerows((f"{self.folder}/{name}", name, self.titles[name]) for name in names)
        return found(self.root / "list.csv", id_column="name")

    def owed(self, videos: list[Video]) -> tuple[int, int]:
        """How many pictures and texts a run may ask about, and takes note that it did."""
        pictures = texts = 0
        for video in videos:
            content, title = Path(video.path).read_bytes(), str(video.metadata["title"])
            key = (video.id, video.place)
            before = self.known.get(key)
            if before is None or before.content != content:
                moved = [known for (name, _), known in self.known.items() if name == video.id]
                before = moved[-1] if before is None and moved and moved[-1].content == content else None
            same = before is not None and before.title == title and before.frame == self.frame
            pictures += not same
            texts += not same or (before is not None and before.summary != self.summary)
            if before is not None and key not in self.known:
                self.known = {other: known for other, known in self.known.items() if other[0] != video.id}
            self.known.pop(key, None)
            self.known[key] = Known(content, title, self.frame, self.summary)
        return pictures, texts


def fresh(server: ScriptedServer, videos: list[Video], made: Recipe, root: Path) -> dict[Key, object]:
    folder = root / "fresh"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    Run(server, videos, folder / "captions.jsonl", made)
    return dict(told(folder / "captions.jsonl"))


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet", ".tar"])
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_no_history_mixes_anything_up_or_pays_twice(
    server: ScriptedServer, tmp_path: Path, seed: int, ending: str
) -> None:
    if HISTORIES < 20 and seed % 4 != [".jsonl", ".csv", ".parquet", ".tar"].index(ending) % 4:
        pytest.skip("each history in one form: FRAMESCRIBE_HISTORIES=20 and more take all")
    history, output = History(tmp_path, random.Random(seed)), tmp_path / f"captions{ending}"
    for _ in range(4):
        history.add()
    done = []
    for step in range(STEPS):
        videos = history.videos()
        made = recipe(server, frame=history.frame, summary=history.summary)
        told_before = len(server.requests)
        if history.chance.random() < 0.3:  # a run that was stopped; what it did counts
            Run(server, videos, output, made, stop_after=1)
        run = Run(server, videos, output, made)
        asked = server.requests[told_before:]
        pictures = sum("image_url" in str(request) for request in asked)
        assert (pictures, len(asked) - pictures) == history.owed(videos), f"seed {seed}, step {step}: {done}"
        assert run.report.output is not None
        assert told(output, videos) == fresh(server, videos, made, tmp_path), f"seed {seed}, step {step}: {done}"
        done += [history.step() for _ in range(history.chance.randint(1, 3))]
    if ending != ".tar" and seed % 2:  # a result whose parts are gone is the same result
        shutil.rmtree(f"{output}.parts")
        videos = history.videos()
        Run(server, videos, output, recipe(server, frame=history.frame, summary=history.summary))
        assert told(output, videos) == fresh(server, videos, made_of(server, history), tmp_path)


def made_of(server: ScriptedServer, history: History) -> Recipe:
    return recipe(server, frame=history.frame, summary=history.summary)


@pytest.mark.parametrize(
    "runner", ["torchrun", *(pytest.param(name, marks=pytest.mark.slow) for name in ("accelerate", "ray"))]
)
def test_every_runner_keeps_to_that(server: ScriptedServer, tmp_path: Path, runner: str) -> None:
    history, output = History(tmp_path, random.Random(42)), tmp_path / "captions.jsonl"
    for _ in range(6):
        history.add()

    def run(*more: object) -> None:
        history.videos()
        words = (
            *("caption", tmp_path / "list.csv", "--id-column", "name", "--base-url", server.url, "--model", "tiny"),
            *("--prompt", history.frame, "--summary-prompt", history.summary, "-o", output, "--decoders", "1", *more),
        )
        launcher = {"torchrun": TORCHRUN, "accelerate": ACCELERATE}.get(runner, ())
        with running(*words, launcher=launcher, ACCELERATE_USE_CPU="true") as process:
            code, said = ended(process)
        assert code == 0, said

    def rounds(*more: object) -> None:
        run(*more)
        for way in ((history.swap, history.move), (history.replace, history.entitle, history.prompt)):
            for change in way:
                change()
            asked = len(server.requests)
            videos = history.videos()
            run(*more)
            assert told(output, videos) == fresh(server, videos, made_of(server, history), tmp_path)
            assert len(server.requests) > asked

    if runner == "ray":
        with cluster(2, 2) as machines:
            rounds("--runner", "ray", "--ray-address", machines.address)
    else:
        rounds()
