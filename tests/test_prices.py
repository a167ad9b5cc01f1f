"""What a run costs is in its rows, and a limit ends it well: nothing is lost, and it goes on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.runs.budget import Price, read_prices
from tests.servers import ScriptedServer, answers, says, sleeps

PRICES = '["tiny"]\ninput = 1000\noutput = 10_000\n'  # says() counts 5 and 2 tokens: 0.005 + 0.02 a request


def caption(clips: Path, output: Path, server: ScriptedServer, *options: str) -> subprocess.CompletedProcess[str]:
    # The server says the same of every clip, which is to be asked for once.
    words = ["caption", str(clips), "--base-url", server.url, "-o", str(output), "--gate", "flag", *options]
    return subprocess.run([sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, timeout=120)


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(PRICES)
    return file


def rows(output: Path) -> list[dict]:
    return [json.loads(line) for line in output.read_text().splitlines()]


def test_every_row_tells_what_it_cost(demo_clips, prices, tmp_path):
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(says("A grey square on a white wall.")) as server:
        done = caption(demo_clips[0].path.parent, output, server, "--prices", str(prices))
    assert done.returncode == 0, done.stderr
    for row in rows(output):
        stages = row["provenance"]["stages"]
        assert [stages[name]["cost"] for name in ("frames", "summary")] == [0.025, 0.025]
    assert "0.60 for 24 requests" in done.stdout


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (("--max-requests", "8"), "--max-requests 8 is reached"),
        pytest.param(("--max-cost", "0.2"), "--max-cost 0.2 is reached", marks=pytest.mark.slow),
    ],
)
def test_a_limit_ends_the_run_and_the_same_command_goes_on(demo_clips, prices, tmp_path, limit, words):
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(sleeps(0.05, says("A grey square on a white wall."))) as server:
        options = ("--prices", str(prices), "--requests", "1", "--decoders", "1", *limit)
        done = caption(demo_clips[0].path.parent, output, server, *options)
        assert done.returncode == 1, done.stderr
        assert words in done.stderr
        assert "run the same command again" in done.stdout
        assert not output.exists()
        asked = len(server.requests)
        assert 4 <= asked <= 12
        for _ in range(12):
            done = caption(demo_clips[0].path.parent, output, server, *options)
            if done.returncode == 0:
                break
        assert len(rows(output)) == 12
        assert len(server.requests) == 24  # nothing was paid for twice


def test_a_limit_of_cost_needs_a_price(demo_clips, prices, tmp_path):
    with ScriptedServer(models=["other"]) as server:
        clips, output = demo_clips[0].path.parent, tmp_path / "captions.jsonl"
        done = caption(clips, output, server, "--max-cost", "1")
        assert done.returncode == 2
        assert "--max-cost needs the price of other" in done.stderr
        done = caption(clips, output, server, "--max-cost", "1", "--prices", str(prices))
        assert done.returncode == 2
        assert not server.requests


def test_prices_are_for_a_million_tokens(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text('["gpt-4o-mini"]\ninput = 0.15\noutput = 0.60\n')
    assert read_prices(file) == {"gpt-4o-mini": Price(0.15, 0.6)}
    assert read_prices(file)["gpt-4o-mini"].of(2_000_000, 500_000) == pytest.approx(0.6)


@pytest.mark.parametrize("text", ["{", "input = 1", '["m"]\ninput = 1', '["m"]\ninput = "much"\noutput = 1'])
def test_what_is_no_list_of_prices(tmp_path, text):
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(UserError, match=r"prices\.toml is not .*\n.*a table per model"):
        read_prices(file)
    with pytest.raises(UserError, match="No such file"):
        read_prices(tmp_path / "none.toml")


def test_a_frame_too_large_for_the_context_is_asked_again_smaller_and_flagged(demo_clips, tmp_path):
    overflow = answers(400, {"error": {"message": "This model's maximum context length is 512 tokens."}})
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(overflow, says("A small grey square on a wall.")) as server:
        words = ["frames", str(demo_clips[0].path), "--base-url", server.url, "-o", str(output)]
        done = subprocess.run([sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        sizes = [picture_size(request) for request in server.requests]
    assert sizes[1] == (sizes[0][0] // 2, sizes[0][1] // 2)
    (row,) = rows(output)
    assert row["flags"] == ["frame_shrunk"]
    assert row["frames"][0]["caption"] == "A small grey square on a wall."
    with ScriptedServer(overflow) as server:
        words = ["frames", str(demo_clips[0].path), "--base-url", server.url, "-o", str(tmp_path / "never.jsonl")]
        done = subprocess.run([sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 3
        assert len(server.requests) == 3
    (row,) = rows(tmp_path / "never.jsonl")
    assert row["error"]["kind"] == "too_long"


def picture_size(request: dict) -> tuple[int, int]:
    import base64
    import io

    from PIL import Image

    (url,) = [part["image_url"]["url"] for part in request["messages"][0]["content"] if part["type"] == "image_url"]
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).size


def test_answers_of_no_use_are_paid_for_and_counted(demo_clips, prices, tmp_path):
    """A thinking model that spends every answer on thinking: nothing to keep, but a bill."""
    thinking = says(None, "length", reasoning_content="Well, the user wants")
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(thinking) as server:
        words = ["frames", str(demo_clips[0].path.parent), "--gate", "off", "--base-url", server.url, "-o", str(output)]
        options = ["--prices", str(prices), "--max-cost", "0.1", "--requests", "1", "--decoders", "1"]
        done = subprocess.run(
            [sys.executable, "-m", "framescribe", *words, *options], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 1, done.stderr
        assert "--max-cost 0.1 is reached" in done.stderr
        assert len(server.requests) == 4  # at 0.025 each
        (part,) = output.with_name("frames.jsonl.parts").glob("2*")
        kept = rows(part)
    made = [row["provenance"]["stages"]["frames"] for row in kept]
    assert [(one["attempts"], one["prompt_tokens"], one["cost"]) for one in made] == [(1, 5, 0.025)] * 4
    assert all(row["status"] == "failed" for row in kept)


def test_no_video_is_begun_that_would_probably_go_over_the_limit(demo_clips, tmp_path):
    """A video needs nine requests: with one allowed, none is made."""
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(says("A grey square on a white wall.")) as server:
        frames = ("--sample", "uniform", "--frames", "8")
        done = caption(demo_clips[0].path.parent, output, server, "--max-requests", "1", *frames)
        assert done.returncode == 1, done.stderr
        assert "the next video probably needs 9" in done.stderr
        assert not server.requests
        done = caption(demo_clips[0].path.parent, output, server, "--max-requests", "20", *frames)
        assert done.returncode == 1, done.stderr
        assert len(server.requests) == 18
