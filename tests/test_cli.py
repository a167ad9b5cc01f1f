"""The command line as a person meets it: mistakes are one clear line, and help is complete."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def framescribe(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, cwd=cwd, timeout=120
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["caption", "nowhere/"], "nowhere"),
        (["caption", "clip.mp4", "-o", "out.txt", "--model", "shapes-vlm"], ".jsonl, .csv, .parquet"),
        (["caption", "clip.mp4", "--frames", "8", "--model", "shapes-vlm"], "--sample uniform"),
        (["caption", "clip.mp4", "--times", "1", "--every", "2s", "--model", "shapes-vlm"], "contradict"),
        (["caption", "clip.mp4", "--sample", "every", "--model", "shapes-vlm"], "needs --every"),
        (["caption", "clip.mp4", "--prompt", "@no.txt", "--model", "shapes-vlm"], "no.txt"),
        (["caption", "clip.mp4", "--prompt", "{nothing}", "--model", "shapes-vlm"], "{nothing}"),
        (["caption", "clip.mp4", "--model", "Qwen-VL-Chat"], "qwen3-vl"),
        (["caption", "clip.mp4", "--model", "./no-such-model"], "no-such-model"),
        (["caption", "clip.mp4", "--base-url", "http://127.0.0.1:9/v1", "--model", "m"], "127.0.0.1:9"),
        (["summarize", "no.jsonl", "--model", "shapes-llm"], "no.jsonl"),
        (["status", "no.jsonl"], "no.jsonl"),
    ],
)
def test_a_mistake_is_a_clear_line_without_traceback_and_exit_code_2(
    words: list[str], says: str, tmp_path: Path
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    ended = framescribe(*words, cwd=tmp_path)
    assert ended.returncode == 2, ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    told = [line for line in ended.stderr.splitlines() if line.startswith("framescribe: ")]
    assert len(told) == 1


def test_help_names_every_command_and_every_option_says_what_it_does() -> None:
    text = framescribe("--help").stdout
    for command in ("caption", "frames", "summarize", "status", "models", "demo"):
        assert command in text
        assert framescribe(command, "--help").returncode == 0


def test_models_lists_what_can_be_called_by_name() -> None:
    text = framescribe("models").stdout
    for name in ("shapes-vlm", "shapes-llm", "llava-v1.6-vicuna-7b", "Mistral-7B-Instruct-v0.2", "ShareGPT4V-7B"):
        assert name in text


def test_status_reads_a_run_that_is_not_finished(tmp_path: Path) -> None:
    from test_results import failed, row, write

    write(tmp_path / "captions.jsonl", row("a.mp4"), failed("b.mp4"))
    told = json.loads(framescribe("status", "captions.jsonl", "--json", cwd=tmp_path).stdout)
    assert told["statuses"] == {"ok": 1, "failed": 1}
    assert told["failures"] == {"decode/unreadable": 1}
    assert told["finished"] is False
    assert "the file is empty" in framescribe("status", "captions.jsonl", cwd=tmp_path).stdout
