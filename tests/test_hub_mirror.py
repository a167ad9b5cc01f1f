"""HF_ENDPOINT: the built-in models fetched by repository id, by the real hub client, from a mirror on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from framescribe.demo.clips import DemoClip
from framescribe.engines.presets import builtin_folder
from framescribe.results.rows import read_rows

REPOSITORIES = {"someone/tiny-vlm": "shapes-vlm", "someone/tiny-llm": "shapes-llm"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Mirror(BaseHTTPRequestHandler):
    """What the hub's client asks of a hub: a repository's files, one file's facts (HEAD), and the file."""

    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(send=False)

    def do_GET(self) -> None:
        self._answer(send=True)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, *, send: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        type(self).asked.append(path)
        for repository, name in REPOSITORIES.items():
            folder = builtin_folder(name)
            names = sorted(file.name for file in folder.iterdir())
            if path.startswith(f"/api/models/{repository}/tree/"):
                files = [{"type": "file", "path": n, "size": (folder / n).stat().st_size, "oid": COMMIT} for n in names]
                return self._send(json.dumps(files).encode(), {}, send=send)
            if path in (f"/api/models/{repository}", f"/api/models/{repository}/revision/main"):
                about = {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": n} for n in names]}
                return self._send(json.dumps(about).encode(), {}, send=send)
            if path.startswith(f"/{repository}/resolve/"):
                file = folder / path.rsplit("/", 1)[1]
                if file.is_file():
                    body = file.read_bytes()
                    facts = {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "X-Repo-Commit": COMMIT}
                    return self._send(body, facts, send=send)
                return self._send(
                    b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, send=send, status=404
                )
        return self._send(b"", {"X-Error-Code": "RepoNotFound"}, send=send, status=404)

    def _send(self, body: bytes, headers: dict[str, str], *, send: bool, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if send:
            self.wfile.write(body)


@pytest.fixture(scope="module")
def mirror() -> Iterator[tuple[str, list[str]]]:
    Mirror.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", Mirror.asked
    server.shutdown()
    server.server_close()
    thread.join()


def caption(clip: Path, output: Path, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [
        "--model",
        "someone/tiny-vlm",
        "--summary-model",
        "someone/tiny-llm",
        "--max-tokens",
        "96",
        "-o",
        str(output),
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        [sys.executable, "-m", "framescribe", "caption", str(clip), *words],
        capture_output=True,
        text=True,
        env={**kept, "HF_HOME": str(home), **environment},
        timeout=300,
    )


@pytest.mark.slow
def test_models_come_from_the_mirror_and_then_from_the_cache(
    mirror: tuple[str, list[str]], demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    endpoint, asked = mirror
    clip, home = demo_clips[0], tmp_path / "home"
    ended = caption(clip.path, tmp_path / "online.jsonl", home, HF_ENDPOINT=endpoint)
    assert ended.returncode == 0, ended.stderr
    assert any(path.endswith("/someone/tiny-vlm/resolve/main/config.json") for path in asked)
    (row,) = read_rows(tmp_path / "online.jsonl")
    assert row.frames[0].caption == clip.scene.frame_caption(row.frames[0].index / (clip.frame_count - 1))
    fetched = len(asked)
    offline = caption(clip.path, tmp_path / "offline.jsonl", home, HF_ENDPOINT=endpoint, HF_HUB_OFFLINE="1")
    assert offline.returncode == 0, offline.stderr
    assert len(asked) == fetched
    assert [row.caption] == [other.caption for other in read_rows(tmp_path / "offline.jsonl")]


def test_a_hub_that_cannot_be_reached_is_two_lines_with_the_ways_out(
    demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    ended = caption(demo_clips[0].path, tmp_path / "no.jsonl", tmp_path / "none", HF_ENDPOINT="http://127.0.0.1:9")
    assert ended.returncode == 2
    told = ended.stderr[ended.stderr.index("framescribe: ") :].strip().splitlines()
    assert len(told) == 2
    for way_out in ("HF_ENDPOINT", "--model ./", "--base-url"):
        assert way_out in told[1]
