"""--push-to-hub: the real hub client uploads to a mirror on loopback, and what arrives there is compared byte for byte.

The client's newer way (Xet) goes to a store of its own; HF_HUB_DISABLE_XET=1 has it use Git LFS, as mirrors do.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from framescribe.formats.hugging_face import VIDEOFOLDER
from framescribe.formats.target import Target
from tests.formats.nasty import samples

TOKEN = "hf_" + "a" * 34  # no token, but of the form of one
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PUSH = """
import sys
from pathlib import Path
from framescribe.dataset.hub import push
from framescribe.errors import FramescribeError
try:
    print(push(Path(sys.argv[1]), sys.argv[2], private=sys.argv[3] == "private", say=lambda line: print("said:", line)))
except FramescribeError as error:
    print(f"{type(error).__name__}: {error}")
"""


@dataclass
class Hub:
    """What a hub holds, and how it is to answer."""

    repos: dict[str, bool] = field(default_factory=dict)  # by name: whether it is private
    files: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lfs: set[str] = field(default_factory=lambda: {".mp4"})
    ignored: str = ""
    refuses: str = ""  # the beginning of the paths that are answered with `status`
    status: int = 403


class Mirror(BaseHTTPRequestHandler):
    """What the client asks of a hub to upload a data set: repository, modes, objects, commit, list of files."""

    def __init__(self, hub: Hub, *args: Any) -> None:
        self.hub = hub
        super().__init__(*args)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self._path()
        if "/tree/" in path:
            files = [
                {"type": "file", "path": one, "size": len(data), "oid": COMMIT} for one, data in self.hub.files.items()
            ]
            return self._send(files)
        name = path.removeprefix("/api/datasets/").removesuffix("/revision/main")
        if name in self.hub.repos:
            return self._send({"id": name, "sha": COMMIT, "private": self.hub.repos[name], "siblings": []})
        return self._send({}, 404)

    def do_PUT(self) -> None:
        path = self._path()
        if self.hub.refuses and path.startswith(self.hub.refuses):
            return self._send({}, self.hub.status)
        self.hub.objects[path.removeprefix("/objects/")] = self._body()
        return self._send({})

    def do_POST(self) -> None:
        path, body = self._path(), self._body()
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send({"error": "Invalid credentials"}, 401)
        if self.hub.refuses and path.startswith(self.hub.refuses):
            return self._send({"error": "You cannot do this."}, self.hub.status)
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return self._send({"errors": [], "warnings": [{"message": "empty or missing yaml metadata"}]})
        if "/preupload/" in path:
            files = json.loads(body)["files"]
            return self._send({"files": [self._mode(one["path"]) for one in files]})
        if path.endswith("/info/lfs/objects/batch"):
            return self._send(
                {"transfer": "basic", "objects": [self._upload(one) for one in json.loads(body)["objects"]]}
            )
        if "/commit/" in path:
            return self._commit(
                path.split("/")[3] + "/" + path.split("/")[4],
                [json.loads(line) for line in body.splitlines() if line.strip()],
            )
        return self._send({}, 404)

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked.get('organization') or 'somebody'}/{asked['name']}"
        url = f"{self._root()}/datasets/{name}"
        assert asked["type"] == "dataset"
        if name in self.hub.repos:
            return self._send({"error": "You already created this dataset repo", "url": url}, 409)
        self.hub.repos[name] = bool(asked.get("private")) or asked.get("visibility") == "private"
        return self._send({"url": url, "id": name})

    def _mode(self, path: str) -> dict[str, Any]:
        mode = "lfs" if os.path.splitext(path)[1] in self.hub.lfs else "regular"
        ignored = bool(self.hub.ignored) and path.endswith(self.hub.ignored)
        return {"path": path, "uploadMode": mode, "shouldIgnore": ignored, "oid": None}

    def _upload(self, one: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"oid": one["oid"], "size": one["size"]}
        if one["oid"] not in self.hub.objects:
            found["actions"] = {"upload": {"href": f"{self._root()}/objects/{one['oid']}", "header": {}}}
        return found

    def _commit(self, name: str, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.hub.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                data = self.hub.objects[value["oid"]]
                assert hashlib.sha256(data).hexdigest() == value["oid"] and len(data) == value["size"]
                self.hub.files[value["path"]] = data
        self._send(
            {"success": True, "commitUrl": f"{self._root()}/datasets/{name}/commit/{COMMIT}", "commitOid": COMMIT}
        )

    def _root(self) -> str:
        return f"http://{self.headers['Host']}"

    def _path(self) -> str:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        return path

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _send(self, answer: Any, status: int = 200) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def hub() -> Iterator[tuple[Hub, str]]:
    found = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Mirror, found))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An exported VideoFolder: links to videos, the list, a card, and what is no part of the data set."""
    wanted = samples(tmp_path / "clips", captions=("A dog.", "Ein Boxkämpfer.", "犬"))
    with Target(tmp_path / "set") as target:
        inside = []
        for number, sample in enumerate(wanted):
            target.video(f"train/{number}.mp4", sample.video)
            inside.append(type(sample)(video=str(target.path(f"train/{number}.mp4")), captions=sample.captions))
        VIDEOFOLDER.layout().write(iter(inside), target)
        with target.file("README.md") as file:
            file.write("---\nlicense: mit\n---\n# A set\n")
    (tmp_path / "set" / "train" / ".framescribe-0123456789abcdef.tmp").write_bytes(b"half")
    assert (tmp_path / "set" / ".framescribe-export.jsonl").exists() and (tmp_path / "set/train/0.mp4").is_symlink()
    return tmp_path / "set"


def push(
    folder: Path, repo: str, endpoint: str, tmp_path: Path, *, private: bool = False, **changed: str | None
) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    given = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": endpoint, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1"}
    given = {name: value for name, value in {**given, **changed}.items() if value is not None}
    words = [sys.executable, "-c", PUSH, str(folder), repo, "private" if private else "public"]
    ended = subprocess.run(words, capture_output=True, text=True, env={**kept, **given}, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr
    return ended.stdout.strip()


def test_every_byte_arrives_and_nothing_else(hub: tuple[Hub, str], folder: Path, tmp_path: Path) -> None:
    there, endpoint = hub
    told = push(folder, "somebody/set", endpoint, tmp_path, private=True)
    assert told.splitlines()[-1] == f"{endpoint}/datasets/somebody/set"
    assert told.startswith("said: uploading 5 files")
    assert there.repos == {"somebody/set": True}
    wanted = {name: (folder / name).read_bytes() for name in ("README.md", "train/metadata.jsonl")}
    wanted |= {f"train/{number}.mp4": (folder / f"train/{number}.mp4").read_bytes() for number in range(3)}
    assert there.files == wanted
    assert len(there.objects) == 3  # the videos went as large files
    assert any(one.endswith("/info/lfs/objects/batch") for one in there.asked)


def test_pushing_again_sends_what_changed(hub: tuple[Hub, str], folder: Path, tmp_path: Path) -> None:
    there, endpoint = hub
    push(folder, "set", endpoint, tmp_path)  # without an owner: the token's
    assert "somebody/set" in there.repos
    there.asked.clear()
    (folder / "train" / "metadata.jsonl").write_text('{"file_name": "0.mp4", "text": "Changed."}\n')
    push(folder, "set", endpoint, tmp_path)
    assert there.files["train/metadata.jsonl"] == (folder / "train" / "metadata.jsonl").read_bytes()
    assert not [one for one in there.asked if one.startswith("PUT")]


def test_what_is_meant_to_be_private_is_never_public(hub: tuple[Hub, str], folder: Path, tmp_path: Path) -> None:
    there, endpoint = hub
    there.repos["somebody/set"] = False
    assert "is public" in push(folder, "somebody/set", endpoint, tmp_path, private=True)
    assert not there.files


def test_files_that_did_not_arrive_are_told(hub: tuple[Hub, str], folder: Path, tmp_path: Path) -> None:
    there, endpoint = hub
    there.ignored = "1.mp4"
    told = push(folder, "somebody/set", endpoint, tmp_path)
    assert "RunError: 1 of 5 files are not in somebody/set (train/1.mp4)" in told


@pytest.mark.parametrize(
    ("change", "repo", "told"),
    [
        ({"HF_TOKEN": None}, "somebody/set", "UserError: no token for 127.0.0.1"),
        ({"HF_TOKEN": "hf_" + "b" * 34}, "somebody/set", "UserError: 127.0.0.1"),
        ({"HF_HUB_OFFLINE": "1"}, "somebody/set", "UserError: HF_HUB_OFFLINE is set"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "somebody/set", "RunError: 127.0.0.1:9 cannot be reached"),
        ({}, "some body/set", "UserError: 'some body/set' cannot be the name of a data set"),
        ({}, "a/b/c", "UserError: 'a/b/c' cannot be the name of a data set"),
    ],
)
def test_each_failure_is_one_line(
    hub: tuple[Hub, str], folder: Path, tmp_path: Path, change: dict[str, str | None], repo: str, told: str
) -> None:
    found = push(folder, repo, hub[1], tmp_path, **change).splitlines()
    assert found[-1].startswith(told) and len(found) == 1, found


@pytest.mark.parametrize(
    ("refuses", "status", "told"),
    [
        ("/api/repos/create", 403, "UserError: 127.0.0.1"),
        ("/api/datasets/somebody/set/preupload", 403, "does not let your token write to somebody/set (status 403)"),
        ("/api/datasets/somebody/set/commit", 400, "RunError: 127.0.0.1"),
        ("/api/validate-yaml", 400, "RunError: 127.0.0.1"),
        ("/objects/", 404, "(status 404)"),
    ],
)
def test_refusals_are_told_wherever_they_come(
    hub: tuple[Hub, str], folder: Path, tmp_path: Path, refuses: str, status: int, told: str
) -> None:
    hub[0].refuses, hub[0].status = refuses, status
    assert told in push(folder, "somebody/set", hub[1], tmp_path).splitlines()[-1]
    assert not hub[0].files


def test_what_cannot_be_uploaded_is_told_before_anything_is(hub: tuple[Hub, str], folder: Path, tmp_path: Path) -> None:
    (tmp_path / "clips").rename(tmp_path / "gone")
    assert "0.mp4 cannot be read, so it cannot be pushed" in push(folder, "somebody/set", hub[1], tmp_path)
    (tmp_path / "gone").rename(tmp_path / "clips")
    (folder / "more").symlink_to(tmp_path / "clips")
    assert "is a link to a folder" in push(folder, "somebody/set", hub[1], tmp_path)
    (folder / "more").unlink()
    (folder / "many").mkdir()
    for number in range(10_001):
        (folder / "many" / f"{number}.txt").touch()
    assert "at most 10,000 in a folder" in push(folder, "somebody/set", hub[1], tmp_path)
    (tmp_path / "none").mkdir()
    assert "holds no files" in push(tmp_path / "none", "somebody/set", hub[1], tmp_path)
    assert not hub[0].asked


def test_without_the_package_the_extra_is_named(tmp_path: Path) -> None:
    code = "import sys; sys.modules['huggingface_hub'] = None; sys.argv = ['', sys.argv[1], 'a/b', '']" + PUSH
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert "MissingExtra: --push-to-hub needs packages that are not installed" in ended.stdout
    assert "framescribe[remote]" in ended.stdout
