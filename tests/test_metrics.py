"""What a run tells Prometheus is what the server was asked and what the rows say; the board asks for what there is."""

from __future__ import annotations

import asyncio
import base64
import csv
import itertools
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from framescribe.demo.clips import DemoClip
from framescribe.engines.choice import ModelChoice
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import UserError
from framescribe.runners.ranks import Rank
from framescribe.runs import metrics
from framescribe.runs.budget import Budget
from framescribe.runs.captioner import Captioner
from framescribe.runs.metrics import Exposition, parse_address
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.runs.report import Report
from tests.servers import Act, ScriptedServer, answers, says, sleeps

ROOT = Path(__file__).parent.parent
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(url: str) -> Figures:
    with urllib.request.urlopen(url, timeout=20) as page:
        families = text_string_to_metric_families(page.read().decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(figures: Figures, name: str, **labels: str) -> float:
    return figures["framescribe_" + name, frozenset(labels.items())]


def started(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "framescribe", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def page_of(run: subprocess.Popen[str]) -> str:
    """Where the run says its figures are."""
    assert run.stderr is not None
    for line in run.stderr:
        if found := re.match(r"metrics: (http\S+)", line):
            return found[1]
    raise AssertionError("it names no address")


@dataclass
class Held:
    """A run in the middle: all videos but one have their row, and the server keeps the last one's answer back."""

    server: ScriptedServer
    figures: Figures
    rows: list[dict[str, object]]
    sizes: list[int]
    after: Figures | None = None


@pytest.fixture(scope="module")
def held(demo_clips: list[DemoClip], tmp_path_factory: pytest.TempPathFactory) -> Held:
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "broken.mp4").write_bytes(b"nothing at all")
    clips = [clip.path for clip in demo_clips[:6]] + [folder / "broken.mp4"]
    names = ["one", "two", "cut", "four", "once more", "keep this back", "broken"]
    with (folder / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "name"), *zip(clips, names, strict=True)])
    free = threading.Event()
    faults = iter([answers(500, "out of luck")])

    async def act(request: web.Request) -> web.StreamResponse:
        text = json.dumps(await request.json())
        played: Act = says()
        if "Say: keep this back" in text:
            await asyncio.to_thread(free.wait, 60)
        elif "Say: once more" in text:
            played = next(faults, says())
        elif "Say: cut" in text:
            played = says(finish="length")
        return await played(request)

    output = folder / "captions.jsonl"
    with ScriptedServer(act) as server:
        run = started(
            *("caption", folder / "list.csv", "--gate", "off", "--base-url", server.url, "-o", output),
            *("--prompt", "Say: {name}", "--summary-prompt", "Sum up: {captions}", "--metrics-port", 0),
        )
        try:
            url = page_of(run)
            end = time.monotonic() + 60
            while True:
                figures = scraped(url)
                done = sum(number for (name, _), number in figures.items() if name == "framescribe_videos_total")
                if done == len(names) - 1:
                    break
                assert time.monotonic() < end, figures
                time.sleep(0.1)
            [part] = (output.parent / "captions.jsonl.parts").glob("*.jsonl")
            rows = [json.loads(line) for line in part.read_text().splitlines()]
            held = Held(server, figures, rows, [path.stat().st_size for path in clips])
            free.set()
            assert run.wait(60) == 3
            with pytest.raises(urllib.error.URLError):
                scraped(url)
        finally:
            free.set()
            run.kill()
            run.communicate()
    locks = [".edits", ".finishing", ".held"]
    assert sorted(path.name for path in part.parent.iterdir()) == [*locks, part.name, "finished.json", "recipe.json"]
    return held


def test_rows_are_counted_as_they_stand_on_disk(held: Held) -> None:
    statuses = Counter(row["status"] for row in held.rows)
    assert statuses == {"ok": 4, "flagged": 1, "failed": 1}
    for status, count in statuses.items():
        assert value(held.figures, "videos_total", status=str(status)) == count
    assert value(held.figures, "failures_total", stage="decode", kind="unreadable") == 1
    assert value(held.figures, "videos_left") == 1


def test_tokens_are_those_of_the_rows_by_stage(held: Held) -> None:
    for stage in ("frames", "summary"):
        for direction, name in (("in", "prompt_tokens"), ("out", "completion_tokens")):
            tokens = sum(row["provenance"]["stages"][stage].get(name, 0) for row in held.rows)  # type: ignore[index]
            assert value(held.figures, "tokens_total", stage=stage, direction=direction) == tokens > 0


def test_what_the_server_holds_is_in_flight_and_its_picture_in_memory(held: Held) -> None:
    place = {"stage": "frames+summary", "endpoint": held.server.url}
    assert value(held.figures, "requests_in_flight", **place) == 1
    assert value(held.figures, "server_up", **place) == 1
    assert value(held.figures, "retries_total", **place) == 1
    assert value(held.figures, "requests_waiting") == 0
    in_flight = {
        stage: value(held.figures, "videos_in_flight", stage=stage) for stage in ("decode", "frames", "summary")
    }
    assert in_flight == {"decode": 0, "frames": 1, "summary": 0}
    [kept_back] = [asked for asked in held.server.requests if "Say: keep this back" in json.dumps(asked)]
    picture = kept_back["messages"][0]["content"][0]["image_url"]["url"].partition(",")[2]
    assert value(held.figures, "frame_bytes") == len(base64.b64decode(picture)) + len(picture)


def test_times_and_bytes_are_those_of_what_was_done(held: Held) -> None:
    assert value(held.figures, "file_bytes_total") == sum(held.sizes)
    assert value(held.figures, "stage_seconds_count", stage="decode") == 7
    assert value(held.figures, "stage_seconds_count", stage="frames") == 5  # the one that was asked twice is one
    assert value(held.figures, "stage_seconds_bucket", stage="frames", le="+Inf") == 5
    assert value(held.figures, "stage_seconds_bucket", stage="frames", le="0.3") <= 4  # it waited longer than that
    assert value(held.figures, "stage_seconds_count", stage="summary") == 5
    busy = value(held.figures, "busy_seconds_total", stage="decode")
    assert 0 < busy <= value(held.figures, "stage_seconds_sum", stage="decode") + 1e-6
    assert held.figures["process_cpu_seconds_total", frozenset()] > 0


def test_every_expression_of_the_board_asks_for_metrics_that_there_are(held: Held) -> None:
    names = {name for name, _ in held.figures} | {"framescribe_cost_limit"}
    board = json.loads((ROOT / "docs" / "grafana-board.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    assert len(expressions) > 15
    for expression in expressions:
        asked = set(re.findall(r"\b(?:framescribe|process)_\w+", expression))
        assert asked and asked <= names, expression
        for label in re.findall(r"\bby \((.*?)\)|\{(\w+)=", expression):
            for one in filter(None, ",".join(label).replace(" ", "").split(",")):
                known = {key for name, labels in held.figures if name in asked for key, _ in labels}
                assert one in known | {"instance", "le"}, expression


def test_the_page_of_the_docs_names_every_metric(held: Held) -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    for name in {re.sub("_(bucket|sum|count)$", "", name) for name, _ in held.figures if name.startswith("frames")}:
        assert f"`{name}" in page, name


def test_a_port_that_is_taken_is_one_line_before_anything_is_asked(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    with ScriptedServer() as server, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = started(
            *("frames", demo_clips[0].path, "--gate", "off", "--base-url", server.url, "-o", tmp_path / "o.jsonl"),
            *("--metrics-port", port, "--model", "tiny"),
        )
        _, said = run.communicate(timeout=60)
        assert run.returncode == 2
        assert f"--metrics-port 127.0.0.1:{port} cannot be opened: Address already in use. Choose another port" in said
        assert not server.requests


def test_without_the_package_it_says_what_to_install(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['prometheus_client'] = None; from framescribe.cli.main import main; "
        f"sys.argv[1:] = ['frames', {str(demo_clips[0].path)!r}, '--base-url', 'http://127.0.0.1:9', '--model', 'm', "
        f"'-o', {str(tmp_path / 'o.jsonl')!r}, '--metrics-port', '0']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "pip install 'framescribe[metrics]'" in done.stderr


def test_addresses() -> None:
    assert parse_address("9400") == ("127.0.0.1", 9400)
    assert parse_address("0.0.0.0:9400", Rank(5, 8, 1, "").local) == ("0.0.0.0", 9401)
    assert parse_address("[::1]:9400") == ("::1", 9400)
    for wrong in ("here", "9400:", "70000", "host", "-1"):
        with pytest.raises(UserError, match="is not a port: write 9400"):
            parse_address(wrong)


@pytest.mark.slow
def test_watch_says_what_holds_a_run_up(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    shutil.copytree(demo_clips[0].path.parent, tmp_path / "clips")
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(sleeps(1.5)) as server:
        run = started(
            *(
                "frames",
                tmp_path / "clips",
                "--gate",
                "off",
                "--base-url",
                server.url,
                "-o",
                output,
                "--requests",
                1,
                "--decoders",
                1,
            )
        )
        while not (output.parent / "frames.jsonl.parts" / "recipe.json").exists():
            assert run.poll() is None
            time.sleep(0.05)
        watched = subprocess.run(
            [sys.executable, "-m", "framescribe", "status", output, "--watch"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        run.communicate(timeout=60)
        assert run.returncode == 0
    full = [line for line in watched.stdout.splitlines() if line.startswith("how full: ")]
    assert full, watched.stdout
    shares = dict(re.findall(r"([a-z ]+?) (\d+)%", full[-1].removeprefix("how full:")))
    shares = {name.strip(): int(share) for name, share in shares.items()}
    assert shares["frame model"] > 80
    assert max(shares, key=lambda name: shares[name]) == "frame model"
    assert shares["decoders"] < 50
    assert "tokens/s" in watched.stdout
    assert not list(output.parent.glob("*.parts/.figures*"))


def test_notes_of_a_run_that_was_killed_say_nothing_and_are_swept_away(
    demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    from framescribe.cli.watch import _Busy

    note = {"number": 5, "full": {"models": 1.0}, "in_flight": {"frames": 3}, "tokens": 7, "failed_tries": 0}
    note["servers_out"] = 0
    busy = _Busy()
    assert [busy.lines({"dead": note}, now) for now in (0.0, 2.0, 400.0)] == [[], [], []]
    alive = [busy.lines({"dead": note, "alive": {**note, "number": number}}, float(number)) for number in (5, 10)]
    assert alive[1] == ["how full: models 100%", "under way: 3 frames"]

    output = tmp_path / "frames.jsonl"
    parts = tmp_path / "frames.jsonl.parts"
    parts.mkdir()
    (parts / ".figures.host.1.json").write_text(json.dumps(note))
    with ScriptedServer() as server:
        run = started("frames", demo_clips[0].path, "--gate", "off", "--base-url", server.url, "-o", output)
        run.communicate(timeout=60)
        assert run.returncode == 0
    assert not list(parts.glob(".figures*"))


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs the program prometheus on the PATH")
def test_a_prometheus_scrapes_a_run_and_has_an_answer_to_every_expression_of_the_board(
    demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    with (tmp_path / "list.csv").open("w", newline="") as file:
        rows = [(clip.path, f"{number} {clip.path.name}") for number in range(20) for clip in demo_clips]
        csv.writer(file).writerows([("path", "code"), *rows[:3], (tmp_path / "broken.mp4", "broken"), *rows[3:]])
    (tmp_path / "broken.mp4").write_bytes(b"nothing at all")
    (tmp_path / "prices.toml").write_text("[tiny]\ninput = 1\noutput = 1\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with ScriptedServer(answers(500, "once"), sleeps(0.5)) as server:
        words = [
            "caption",
            tmp_path / "list.csv",
            "--id-column",
            "code",
            "--gate",
            "off",
            "--base-url",
            server.url,
            "--model",
            "tiny",
        ]
        words += ["-o", tmp_path / "out.jsonl", "--requests", 4, "--metrics-port", 0, "--no-preflight"]
        run = started(*words, "--prices", tmp_path / "prices.toml", "--max-cost", 100)
        target = page_of(run).removeprefix("http://").removesuffix("/metrics")
        settings = (
            f"scrape_configs: [{{job_name: f, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}]"
        )
        (tmp_path / "prometheus.yml").write_text(settings)
        command = ["prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path}/data"]
        with (tmp_path / "log").open("wb") as log:
            prometheus = subprocess.Popen(
                [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=subprocess.STDOUT
            )
        try:
            board = json.loads((ROOT / "docs" / "grafana-board.json").read_text())
            empty = {target["expr"] for panel in board["panels"] for target in panel.get("targets", ())}
            end = time.monotonic() + 45
            while empty and time.monotonic() < end:
                time.sleep(2)
                for expression in sorted(empty):
                    asked = expression.replace("$__rate_interval", "20s")
                    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": asked})
                    try:
                        with urllib.request.urlopen(url, timeout=10) as page:
                            answer = json.load(page)
                    except urllib.error.HTTPError as error:
                        raise AssertionError(f"{expression}: {error.read().decode()}") from None
                    except urllib.error.URLError:  # it is not up yet
                        continue
                    assert answer["status"] == "success", expression
                    if answer["data"]["result"]:
                        empty.discard(expression)
            assert not empty
        finally:
            for each in (prometheus, run):
                each.kill()
                each.communicate()


def test_the_driver_of_a_cluster_shows_what_its_actors_know(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    free, folder, asked = threading.Event(), demo_clips[0].path.parent, itertools.count()

    async def act(request: web.Request) -> web.StreamResponse:
        if next(asked):  # the first asks whether the model sees
            await asyncio.to_thread(free.wait, 60)
        return await says()(request)

    with ScriptedServer(act) as server:
        run = started(
            *(
                "frames",
                folder,
                "--gate",
                "off",
                "--base-url",
                server.url,
                "--model",
                "m",
                "-o",
                tmp_path / "frames.jsonl",
            ),
            *("--runner", "ray", "--replicas", "1", "--requests", "1", "--decoders", "1", "--metrics-port", 0),
        )
        try:
            url, end = page_of(run), time.monotonic() + 60
            figures = scraped(url)
            endpoint = {"stage": "frames", "endpoint": server.url, "actor": "0"}
            while (
                value(figures, "actor_videos") < value(figures, "actor_room")
                or figures.get(("framescribe_requests_in_flight", frozenset(endpoint.items()))) != 1
            ):
                assert time.monotonic() < end, figures
                time.sleep(0.1)
                figures = scraped(url)
            assert value(figures, "actors") == 1
            assert value(figures, "decoders", actor="0") == 1
            assert value(figures, "requests_allowed", **endpoint) == value(figures, "server_up", **endpoint) == 1
            assert 0 < value(figures, "frame_bytes", actor="0") < value(figures, "frame_bytes_limit", actor="0")
            assert value(figures, "videos_left") == len(demo_clips)
            free.set()
            assert run.wait(60) == 0
        finally:
            free.set()
            run.kill()
            run.communicate()


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Exposition, Report, Captioner]:
    """A run whose models are not open yet, and what shows its figures, looking often."""
    monkeypatch.setattr(metrics, "LOOK_SECONDS", 0.02)
    choice = ModelChoice(engine="openai", model="m", base_urls=("http://127.0.0.1:9/v1",))
    made = Recipe(stages={"frames": StageChoice(model=choice, prompt="What?")})
    report = Report.of(made, [], tmp_path, Budget())
    return Exposition(tmp_path, ("127.0.0.1", 0)), report, Captioner(made, report.meter)


def test_a_scrape_while_the_run_holds_up_its_loop_gets_the_last_figures(
    shown: tuple[Exposition, Report, Captioner],
) -> None:
    exposition, report, captioner = shown
    report.statuses["ok"] = 7
    pages: list[Figures] = []

    async def main() -> None:
        async with exposition:
            assert exposition.url is not None
            exposition.opening(report, captioner)
            scraper = threading.Thread(target=lambda: pages.append(scraped(str(exposition.url))))
            scraper.start()
            scraper.join(60)  # in the event loop's own thread, as whatever holds it up

    asyncio.run(main())
    assert value(pages[0], "videos_total", status="ok") == 7


async def note_of(folder: Path) -> dict[str, dict[str, float]]:
    """What the run in this folder notes next."""
    await asyncio.sleep(0.02)
    for _ in range(1000):
        for note in metrics.read_notes(folder).values():
            return note
        await asyncio.sleep(0.02)
    raise AssertionError("it notes nothing")


class Sulky:
    """Stands where an engine of a plug-in stands that cannot say how busy it is."""

    def loads(self) -> None:
        raise KeyError("models")


def test_an_error_in_the_figures_is_said_once_and_the_last_ones_are_shown(
    shown: tuple[Exposition, Report, Captioner], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exposition, report, captioner = shown
    report.statuses["ok"] = 7
    notes = []

    async def main() -> None:
        async with exposition:
            exposition.opening(report, captioner)
            captioner.engines = {"frames": Sulky()}  # type: ignore[dict-item]
            for _ in range(2):
                page = await asyncio.to_thread(scraped, str(exposition.url))
                assert value(page, "videos_total", status="ok") == 7
            captioner.engines = {}
            notes.append(await note_of(tmp_path))

    asyncio.run(asyncio.wait_for(main(), 60))
    said = [record.getMessage() for record in caplog.records if "figures" in record.getMessage()]
    assert len(said) == 1 and "KeyError: 'models'" in said[0]
    assert notes[0]["full"].keys() == {"decoders", "frame memory", "this process"}


def test_models_that_are_ready_later_do_not_end_the_notes(
    shown: tuple[Exposition, Report, Captioner], tmp_path: Path
) -> None:
    exposition, report, captioner = shown

    async def main(url: str) -> None:
        engine = OpenAIEngine(model="m", base_url=url)
        async with exposition:
            exposition.opening(report, captioner)
            await note_of(tmp_path)  # some looks at a run without a model
            await engine.open()
            captioner.engines = {"frames": engine}
            while "frame model" not in (await note_of(tmp_path))["full"]:
                pass
            await engine.close()

    with ScriptedServer() as server:
        asyncio.run(asyncio.wait_for(main(server.url), 60))
