"""`framescribe review` as it is started: who reaches it, what it says on the terminal, and how it ends."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("starlette")

from framescribe.results.rows import Results
from tests.review import filmed, made
from tests.videos import film

ADDRESS = re.compile(r"http://\S+")


class Started:
    """A running `framescribe review`: its address, and a browser's requests to it."""

    def __init__(self, run: subprocess.Popen[str], said: list[str], address: str) -> None:
        self.run, self.said, self.address = run, said, address
        self.port = urlsplit(address).port or 0
        self.origin = f"http://127.0.0.1:{self.port}"
        self.cookie = ""

    def ask(self, method: str, path: str, given: Any = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if given is not None:
            headers = {"Origin": self.origin, "Content-Type": "application/json", "X-Framescribe": "review", **headers}
        body = None if given is None else json.dumps(given)
        try:
            connection.request(method, path, body, {"Cookie": self.cookie, **headers})
            reply = connection.getresponse()
            return reply.status, reply.read(), {name.lower(): value for name, value in reply.getheaders()}
        finally:
            connection.close()

    def sign_in(self, address: str | None = None) -> int:
        status, _, headers = self.ask("GET", "/?" + urlsplit(address or self.address).query)
        self.cookie = headers.get("set-cookie", "").split(";")[0]
        return status

    def json(self, path: str, given: Any = None) -> Any:
        status, body, _ = self.ask("GET" if given is None else "POST", path, given)
        assert status == 200, body
        return json.loads(body)

    def key(self, name: str) -> str:
        deadline = time.monotonic() + 60
        while self.json("/api/result")["indexing"] and time.monotonic() < deadline:
            time.sleep(0.05)
        rows = self.json(f"/api/list/{self.json('/api/list')['list']}")["rows"]
        return next(row["key"] for row in rows if row["id"] == name)

    def end(self, number: int = signal.SIGINT) -> str:
        """Send the signal; all that was said until it ended."""
        self.run.send_signal(number)
        self.run.wait(60)
        return self.everything()

    def everything(self) -> str:
        assert self.run.stdout is not None
        self.said += self.run.stdout.readlines()
        return "".join(self.said)


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "framescribe", "review", *map(str, words)]


def surroundings(cache: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "DISPLAY", "WAYLAND"))}
    return {**kept, "XDG_CACHE_HOME": str(cache), "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def started(output: Path, *words: object, **environment: str) -> Iterator[Started]:
    run = subprocess.Popen(
        command(output, *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=surroundings(output.parent / "cache", **environment),
    )
    said: list[str] = []
    try:
        assert run.stdout is not None
        for line in run.stdout:
            said.append(line)
            if found := ADDRESS.search(line):
                yield Started(run, said, found[0])
                break
        else:
            raise AssertionError("".join(said))
    finally:
        if run.poll() is None:
            run.kill()
        run.wait()
        if run.stdout is not None:
            run.stdout.close()


def refused(*words: object, cache: Path, **environment: str) -> str:
    """What is said by a start that a person must change."""
    done = subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env=surroundings(cache, **environment),
    )
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = film(tmp_path / "a.mp4")
    return made.result(tmp_path / "captions.jsonl", [filmed.row(path, [(5, 0.2)]), made.row("b", "A cow.")])


def test_from_the_address_to_a_corrected_file(output: Path) -> None:
    with started(output) as page:
        assert page.said[0] == f"Reviewing {output}: 2 clips\n"
        assert page.address.startswith("http://127.0.0.1:")
        assert page.ask("GET", "/api/result")[0] == 403
        assert page.sign_in() == 303
        status, body, headers = page.ask("GET", "/")
        assert status == 200 and b"<script" in body
        assert "default-src 'none'" in headers["content-security-policy"]
        key = page.key("a.mp4")
        content = (output.parent / "a.mp4").read_bytes()
        status, body, headers = page.ask("GET", f"/media/{key}/video", Range="bytes=7-")
        assert (status, body) == (206, content[7:])
        page.json("/api/edit", {"key": key, "field": "caption", "new": "A cat, says a person."})
        assert '"A dog."' in output.read_text()
        said = page.end()
        assert page.run.returncode == 0
        token = page.address.partition("token=")[2]
        assert len(token) > 30 and said.count(token) == 1  # and not in any log
        assert str(output) in said.partition("Ctrl-C")[2]
        rows = {row["id"]: row for row in map(json.loads, output.read_text().splitlines())}
        assert rows["a.mp4"]["caption"] == "A cat, says a person."
        assert rows["b"]["caption"] == "A cow."


def test_nothing_is_written_where_nothing_was_changed(output: Path) -> None:
    before = output.stat().st_mtime_ns, sorted(path.name for path in output.parent.glob("*.parts/*"))
    with started(output) as page:
        page.sign_in()
        page.key("a.mp4")
        page.end(signal.SIGTERM)
        assert page.run.returncode == 0
    assert before == (output.stat().st_mtime_ns, sorted(path.name for path in output.parent.glob("*.parts/*")))


def test_ctrl_c_does_not_wait_for_an_open_video(output: Path) -> None:
    """A browser holds the connection of a video open for as long as it is on the screen."""
    large = output.parent / "large.mp4"
    large.write_bytes(film(output.parent / "c.mp4").read_bytes() + bytes(2**26))
    made.result(output.parent / "two.jsonl", [filmed.row(large)])
    with started(output.parent / "two.jsonl") as page:
        page.sign_in()
        key = page.key("large.mp4")
        with socket.create_connection(("127.0.0.1", page.port)) as stream:
            request = f"GET /media/{key}/video HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nCookie: {page.cookie}\r\n\r\n"
            stream.sendall(request.encode())
            assert stream.recv(100).startswith(b"HTTP/1.1 200")  # and no more is read
            said = page.end()
        assert page.run.returncode == 0
        assert "Traceback" not in said and "rror" not in said


def test_ctrl_c_does_not_wait_for_a_server_elsewhere(output: Path) -> None:
    """One that takes the connection and then says nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        row = filmed.row(output.parent / "a.mp4", place=f"http://127.0.0.1:{silent.getsockname()[1]}/a.mp4")
        made.result(output.parent / "far.jsonl", [row])
        with started(output.parent / "far.jsonl") as page:
            page.sign_in()
            key = page.key("a.mp4")
            with socket.create_connection(("127.0.0.1", page.port)) as stream:
                head = f"GET /media/{key}/video HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n"
                stream.sendall(f"{head}Cookie: {page.cookie}\r\n\r\n".encode())
                there, _ = silent.accept()
                with there:
                    assert there.recv(100)  # it asks
                    said = page.end()
            assert page.run.returncode == 0
            assert "Traceback" not in said


def test_a_run_that_holds_the_result_finishes_it(output: Path) -> None:
    run = Results(output)
    run.begin({"inputs": 2, "stages": {}})
    try:
        with started(output) as page:
            page.sign_in()
            page.json("/api/edit", {"key": page.key("a.mp4"), "field": "caption", "new": "A cat."})
            said = page.end()
            assert page.run.returncode == 0
            assert "a run is writing" in said
            assert "A cat." not in output.read_text()
        run.refresh()
        run.finish([])
    finally:
        run.close()
    assert "A cat." in output.read_text()


def test_only_this_machine_reaches_it_by_default(output: Path) -> None:
    with started(output) as page:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2" if sys.platform == "linux" else _mine(), page.port), 5).close()
        page.sign_in()
        assert page.ask("GET", "/", Host="evil.example")[0] == 421


def _mine() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def test_another_page_of_this_machine_is_another_page(output: Path) -> None:
    """A second one takes the next port, and neither takes the other's cookie."""
    with started(output) as one, started(output) as two:
        assert one.port != two.port
        one.sign_in(), two.sign_in()
        assert one.cookie.partition("=")[0] != two.cookie.partition("=")[0]
        assert one.ask("GET", "/api/result", Cookie=two.cookie)[0] == 403
        assert one.ask("GET", "/api/result", Cookie=f"{two.cookie}; {one.cookie}")[0] == 200


def test_a_named_port_that_is_taken_is_said(output: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refused(output, "--port", taken.getsockname()[1], cache=output.parent)
    assert said.count("\n") == 1 and "taken" in said and "--port" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [(("nothing.jsonl",), "no result"), (("captions.jsonl", "--host", "0.0.0.0"), "password"),
     (("captions.jsonl", "--host", "no.such.host.invalid"), "no such host"),
     (("captions.jsonl", "--where", "flagged"), "--static"),
     (("captions.jsonl", "--against", "nothing.jsonl"), "nothing.jsonl")],
)  # fmt: skip
def test_what_cannot_be_started_is_said_in_a_line(output: Path, words: tuple[str, ...], told: str) -> None:
    password = {"FRAMESCRIBE_REVIEW_PASSWORD": "correct horse"} if "invalid" in words[-1] else {}
    name, *more = words
    said = refused(output.parent / name, *more, cache=output.parent, **password)
    assert said.startswith("framescribe: ") and told in said
    assert said.count("\n") <= 2


def test_a_short_password_is_none(output: Path) -> None:
    said = refused(output, "--host", "0.0.0.0", cache=output.parent, FRAMESCRIBE_REVIEW_PASSWORD="secret7")
    assert "too short" in said and "secret7" not in said


def test_a_team_signs_in_with_the_password(output: Path) -> None:
    password = "correct horse battery"
    with started(output, "--host", "0.0.0.0", FRAMESCRIBE_REVIEW_PASSWORD=password) as page:
        assert "token" not in page.address
        host = {"Host": f"127.0.0.1:{page.port}"}
        status, body, _ = page.ask("GET", "/", **host)
        assert status == 401 and b'type="password"' in body
        form = {"Origin": page.origin, "Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=60)
        for given, status in (("wrong", 403), (password.replace(" ", "+"), 303)):
            connection.request("POST", "/login", f"password={given}&name=Ann+%C3%84rger", form)
            reply = connection.getresponse()
            reply.read()
            assert reply.status == status
        page.cookie = (reply.getheader("set-cookie") or "").split(";")[0]
        connection.close()
        assert page.json("/api/result")["who"] == "Ann Ärger"
        row = page.json("/api/edit", {"key": page.key("a.mp4"), "field": "caption", "new": "A cat."})
        assert row["history"][0]["who"] == "Ann Ärger"
        said = page.end()
        assert page.run.returncode == 0
        assert "without encryption" in said and password not in said


def test_without_its_packages_it_says_what_to_install(output: Path) -> None:
    program = "import sys; sys.modules['starlette'] = None; from framescribe.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "review", str(output)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "pip install 'framescribe[review]'" in done.stderr and done.stderr.count("\n") == 1


# ---------------------------------------------------------------------------------- the browser


@pytest.fixture
def browser(tmp_path: Path) -> tuple[str, Path]:
    """A program that notes with what it was started, and where it notes it."""
    noted, program = tmp_path / "noted", tmp_path / "browser"
    program.write_text(f"#!/bin/sh\necho \"$1\" > '{noted}.new' && mv '{noted}.new' '{noted}'\n")
    program.chmod(0o755)
    return f"{program} %s", noted


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there, the browser is not found by these variables")
def test_the_browser_opens_with_a_token_that_counts_once(output: Path, browser: tuple[str, Path]) -> None:
    """Other users of the machine can read how a program was started."""
    name, noted = browser
    with started(output, BROWSER=name, DISPLAY=":0") as page:
        deadline = time.monotonic() + 60
        while not noted.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        address = noted.read_text().strip()
        assert urlsplit(address).port == page.port
        assert urlsplit(address).query.partition("=")[2] != urlsplit(page.address).query.partition("=")[2]
        assert page.sign_in(address) == 303
        assert page.ask("GET", "/api/result")[0] == 200
        page.cookie = ""
        assert page.sign_in(address) == 403
        assert page.sign_in() == 303


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there, the browser is not found by these variables")
@pytest.mark.parametrize(
    ("words", "more"), [(("--no-browser",), {"DISPLAY": ":0"}), ((), {}), ((), {"DISPLAY": ":0", "SSH_TTY": "x"})]
)
def test_no_browser_where_nobody_would_see_it(
    output: Path, browser: tuple[str, Path], words: tuple[str, ...], more: dict[str, str]
) -> None:
    name, noted = browser
    with started(output, *words, BROWSER=name, **more) as page:
        page.sign_in()  # it answers: the browser would have been started before
        page.key("a.mp4")
        page.end()
    assert not noted.exists()


def test_several_at_once_scroll_and_leave(output: Path) -> None:
    """Requests that are given up half-way leave nothing behind that disturbs the others."""
    with started(output) as page:
        page.sign_in()
        key = page.key("a.mp4")

        def give_up() -> None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", page.port)) as one:
                head = f"GET /media/{key}/preview.mp4 HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n"
                one.sendall(f"{head}Cookie: {page.cookie}\r\n\r\n".encode())

        threads = [threading.Thread(target=give_up) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert page.ask("GET", f"/media/{key}/frame/5.jpg")[0] == 200
        assert page.ask("GET", f"/media/{key}/preview.mp4")[0] == 200
        said = page.end()
        assert page.run.returncode == 0
        assert "Traceback" not in said and "went wrong" not in said
