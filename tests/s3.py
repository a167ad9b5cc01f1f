"""Knows how to start a real S3 server (moto's) with a door in front of it that counts and fails; tests nothing."""

from __future__ import annotations

import http.client
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import s3fs

KEY, SECRET = "AKIATESTKEYOFTHETESTS", "not-to-be-found-in-any-row-or-log"

Fault = int | float | None  # a status to answer with, seconds to drip the answer's body over, or nothing


@dataclass
class Door:
    """Everything goes through it: `sent` bytes of objects, `listed` of listings, `asked` "GET /bucket/key" and so on.

    `fault` is asked before each request is passed on, with its method, path and number.
    """

    url: str = ""
    client: Any = None
    fault: Callable[[str, str, int], Fault] = lambda method, path, number: None
    sent: int = 0
    listed: int = 0
    asked: list[str] = field(default_factory=list)

    def reset(self) -> None:
        self.fault, self.sent, self.listed, self.asked = (lambda method, path, number: None), 0, 0, []

    def bucket(self, name: str, folder: Path | None = None) -> str:
        """Make a bucket, with the files of a folder in it; its URL."""
        self.client.create_bucket(Bucket=name)
        for path in sorted(folder.rglob("*")) if folder else ():
            if path.is_file():
                self.client.put_object(Bucket=name, Key=path.relative_to(folder).as_posix(), Body=path.read_bytes())
        return f"s3://{name}"

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """What a bucket holds, by name."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        names = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {name: self.client.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}


@contextmanager
def s3_server(folder: Path) -> Iterator[Door]:
    """A server of its own process, and its door; up in about two seconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "moto.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    door = Door()
    front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(door, port))
    front.daemon_threads = True
    thread = threading.Thread(target=front.serve_forever, daemon=True)
    s3fs.S3FileSystem.clear_instance_cache()  # they would ask the server of other tests in this process
    try:
        _wait(port, server)
        thread.start()
        door.url = f"http://127.0.0.1:{front.server_address[1]}"
        door.client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",  # what a test asks for itself does not go through the door
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        yield door
        front.shutdown()
        thread.join()
    finally:
        s3fs.S3FileSystem.clear_instance_cache()
        if door.client is not None:
            door.client.close()
        front.server_close()
        server.kill()
        server.wait()


def environment(door: Door, state: Path) -> dict[str, str]:
    """What a process needs to find the server, and only it; `state` is for its spool."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **mine,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": door.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "XDG_STATE_HOME": str(state),
    }


def _wait(port: int, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("moto's server did not come up")


def _handler(door: Door, port: int) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.split("?")[0]
            door.asked.append(f"{self.command} {path}")
            fault = door.fault(self.command, path, len(door.asked))
            if isinstance(fault, int):
                self.send_response(fault)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            behind = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                behind.request(self.command, self.path, body, dict(self.headers))
                answer = behind.getresponse()
                content = answer.read()
            finally:
                behind.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            if self.command == "GET" and path.count("/") > 1:
                door.sent += len(content)
            elif self.command == "GET":
                door.listed += len(content)
            pieces = 10 if fault else 1
            size = -(-len(content) // pieces) or 1
            for start in range(0, len(content), size):
                time.sleep((fault or 0) / pieces)
                self.wfile.write(content[start : start + size])

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler
