"""A server's process is watched, started again, and never outlives its owner. The servers here are scripted to fail;
tests/engines has the real ones."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from framescribe.engines.base import ChatRequest, Decoding, Message, TextPart
from framescribe.engines.servers import guard
from framescribe.engines.servers.program import Server
from framescribe.engines.servers.served import ServedEngine
from framescribe.errors import EngineFault, RunError
from tests.runs import below
from tests.runs_in_process import raw_film

PROGRAM = """
import asyncio, json, os, subprocess, sys
from aiohttp import web

words = sys.argv[1:]
port = int(words[words.index("--port") + 1])
if "--taken-once" in words and not os.path.exists("was-taken"):
    open("was-taken", "w").close()
    sys.exit("OSError: [Errno 98] Address already in use")
if "--broken" in words:
    sys.exit("ValueError: no such model, says the engine")
frozen = asyncio.Event()  # it still says which models it serves, and answers nothing
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("helper", helper.pid, "main", os.getpid(), flush=True)

async def chat(request):
    text = (await request.json())["messages"][0]["content"]
    text = text if isinstance(text, str) else "a picture"
    if text == "die":
        os._exit(3)
    if text == "freeze":
        frozen.set()
    if frozen.is_set():
        await asyncio.sleep(600)
    await asyncio.sleep(0.1)
    message = {"role": "assistant", "content": f"{text}, says {os.getpid()}"}
    return web.json_response({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})

async def models(request):
    return web.json_response({"data": [{"id": words[words.index("--served-model-name") + 1]}]})

async def health(request):
    return web.Response()

app = web.Application()
app.router.add_post("/v1/chat/completions", chat)
app.router.add_get("/v1/models", models)
app.router.add_get("/health", health)
web.run_app(app, host="127.0.0.1", port=port, print=None)
"""


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    file = tmp_path / "server.py"
    file.write_text(PROGRAM)
    return [sys.executable, str(file)]


def engine(program, logs, replicas=1, arguments=(), timeout=600):
    server = Server(repository="some/model", name="tiny", arguments=arguments)
    return ServedEngine(
        "vllm", server, executable=program, gpus=[()] * replicas, logs=logs, requests=8, timeout=timeout
    )


def question(text):
    return ChatRequest(messages=(Message(role="user", parts=(TextPart(text),)),), decoding=Decoding())


def alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def started(log: Path) -> list[int]:
    """The processes that servers told of in their log, of every start."""
    return [int(word) for line in log.read_text().splitlines() for word in line.split() if word.isdigit()]


def until_gone(pids: list[int], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.1)
    return not any(map(alive, pids))


def test_every_request_is_answered_though_the_server_is_killed(program, tmp_path):
    async def main():
        asked = engine(program, tmp_path)
        await asked.open()
        work = asyncio.gather(*(asked.complete(question(f"number {n}")) for n in range(60)))
        await asyncio.sleep(0.25)
        os.kill(started(tmp_path / "vllm-0.log")[1], signal.SIGKILL)
        replies = await work
        await asked.close()
        await asked.close()
        return replies

    replies = asyncio.run(main())
    assert [reply.text.partition(",")[0] for reply in replies] == [f"number {n}" for n in range(60)]
    assert len({reply.text.split()[-1] for reply in replies}) == 2
    pids = started(tmp_path / "vllm-0.log")
    assert len(pids) == 4
    assert until_gone(pids)


def test_what_kills_the_server_twice_is_failed_and_nothing_else(program, tmp_path):
    async def main():
        asked = engine(program, tmp_path)
        await asked.open()
        texts = [f"number {n}" for n in range(10)] + ["die"] + [f"number {n}" for n in range(10, 20)]
        found = await asyncio.gather(*(asked.complete(question(text)) for text in texts), return_exceptions=True)
        await asked.close()
        return found

    found = asyncio.run(main())
    assert isinstance(found.pop(10), EngineFault)
    assert [getattr(reply, "text", repr(reply)).partition(",")[0] for reply in found] == [
        f"number {n}" for n in range(20)
    ]
    assert until_gone(started(tmp_path / "vllm-0.log"))


@pytest.mark.slow
def test_a_server_that_hangs_is_restarted_and_what_froze_it_twice_is_failed(program, tmp_path, caplog):
    async def main():
        asked = engine(program, tmp_path, timeout=3)
        await asked.open()
        texts = [f"number {n}" for n in range(10)] + ["freeze"] + [f"number {n}" for n in range(10, 20)]
        found = await asyncio.gather(*(asked.complete(question(text)) for text in texts), return_exceptions=True)
        await asked.close()
        return found

    found = asyncio.run(main())
    assert isinstance(found.pop(10), EngineFault)
    assert [getattr(reply, "text", repr(reply)).partition(",")[0] for reply in found] == [
        f"number {n}" for n in range(20)
    ]
    assert "it hangs" in caplog.text
    assert until_gone(started(tmp_path / "vllm-0.log"))


@pytest.mark.parametrize("gone", ["logs", "program"])
def test_a_server_that_cannot_be_restarted_ends_the_run(program, tmp_path, gone):
    logs = tmp_path / "logs"

    def take_away():
        if gone == "program":
            Path(program[1]).unlink()
            return logs
        logs.rename(tmp_path / "moved")
        logs.write_text("a file in place of the folder")
        return tmp_path / "moved"

    async def asking(asked):
        while True:
            await asked.complete(question("anyone there?"))

    async def main():
        asked = engine(program, logs)
        await asked.open()
        os.kill(started(take_away() / "vllm-0.log")[1], signal.SIGKILL)
        with pytest.raises(RunError, match="vllm"):
            await asking(asked)
        await asked.close()

    asyncio.run(main())


def test_two_servers_share_the_work(program, tmp_path):
    async def main():
        asked = engine(program, tmp_path, replicas=2)
        await asked.open()
        replies = await asyncio.gather(*(asked.complete(question(f"number {n}")) for n in range(40)))
        await asked.close()
        return replies

    by = [reply.text.split()[-1] for reply in asyncio.run(main())]
    assert len(set(by)) == 2
    assert min(by.count(pid) for pid in set(by)) >= 15


def test_a_server_that_cannot_start_says_why(program, tmp_path):
    async def main():
        asked = engine(program, tmp_path, arguments=("--broken",))
        with pytest.raises(RunError, match="no such model, says the engine") as caught:
            await asked.open()
        assert str(tmp_path / "vllm-0.log") in str(caught.value)

    asyncio.run(main())


def test_a_port_that_is_taken_before_the_start_or_during_it_is_left_to_its_owner(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = engine(program, tmp_path, arguments=("--taken-once",))

    async def main(owner):
        await asked.open()
        reply = await asked.complete(question("hello"))
        await asked.close()
        return reply

    with socket.socket() as owner:
        owner.bind(("127.0.0.1", int(asked.urls[0].rpartition(":")[2].partition("/")[0])))
        owner.listen()
        before = asked.urls[0]
        assert asyncio.run(main(owner)).text.startswith("hello, says")
        assert asked.urls[0] != before
    assert Path("was-taken").exists()


def test_a_server_that_comes_back_at_another_port_goes_on(program, tmp_path):
    """While it was dead, something else took its port."""

    async def main(owner):
        asked = engine(program, tmp_path)
        await asked.open()
        port = int(asked.urls[0].rpartition(":")[2].partition("/")[0])
        os.kill(started(tmp_path / "vllm-0.log")[1], signal.SIGKILL)
        while owner.getsockname()[1] != port:
            with contextlib.suppress(OSError):
                owner.bind(("127.0.0.1", port))
            await asyncio.sleep(0)
        owner.listen()
        reply = await asked.complete(question("hello"))
        await asked.close()
        return reply.text, port, asked.urls[0]

    with socket.socket() as owner:
        owner.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        text, port, url = asyncio.run(main(owner))
    assert text.startswith("hello, says")
    assert str(port) not in url


def test_a_token_is_in_no_command_line_no_log_and_no_message(program, tmp_path, caplog):
    token = "very-secret-0123456789"
    script = tmp_path / "tells.py"
    script.write_text("import os, sys; sys.exit(f'ValueError: {sys.argv} {os.environ.get(\"HF_TOKEN\")} failed')")
    asked = engine(
        [sys.executable, str(script)], tmp_path, arguments=("--hf-token", token, "--ssl-key", "other-secret")
    )
    with pytest.raises(RunError) as caught:
        asyncio.run(asked.open())
    said = f"{caught.value} {caplog.text}"
    assert "ValueError" in said
    assert token not in said
    assert "other-secret" not in said
    log = (tmp_path / "vllm-0.log").read_text()
    assert f"{token} failed" in log  # the program has it, as a variable
    assert log.count(token) == 1
    assert "--hf-token" not in log


def test_a_run_leaves_no_token_in_any_file_or_line(program, tmp_path):
    raw_film(tmp_path / "clips" / "a.avi", 10)
    token, output = "very-secret-0123456789", tmp_path / "out" / "captions.jsonl"
    words = ["caption", str(tmp_path / "clips"), "--model", "some/model", "--engine", "vllm", "-o", str(output)]
    words += ["--engine-command", " ".join(program), "--", "--hf-token", token, "--header", f"X-Api-Key: {token}"]
    run = subprocess.run([sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert token not in run.stdout + run.stderr
    files = [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert "recipe.json" in {file.name for file in files}
    for file in files:
        assert token.encode() not in file.read_bytes(), file
    assert "X-Api-Key: [key]" in next(file for file in files if file.name == "recipe.json").read_text()


def test_a_program_that_is_none(tmp_path):
    async def main():
        asked = engine([str(tmp_path / "nothing")], tmp_path)
        with pytest.raises(RunError, match=r"cannot start .*nothing: No such file"):
            await asked.open()

    asyncio.run(main())


def test_a_server_that_dies_again_and_again_ends_the_run(program, tmp_path):
    async def main():
        asked = engine(program, tmp_path)
        await asked.open()
        with pytest.raises(EngineFault, match="died 2 times"):
            await asked.complete(question("die"))
        with pytest.raises(RunError, match="vllm-0 died 4 times"):
            await asked.complete(question("die"))
        await asked.close()

    asyncio.run(main())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_server_outlives_its_owner_however_that_ends(program, tmp_path, how):
    script = textwrap.dedent(
        f"""
        import asyncio
        from pathlib import Path
        from tests.test_served import engine
        async def main():
            asked = engine({program!r}, Path({str(tmp_path)!r}))
            try:
                await asked.open()
                print("up", flush=True)
                await asyncio.sleep(600)
            finally:
                await asked.close()
        asyncio.run(main())
        """
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"up\n"
    pids = started(tmp_path / "vllm-0.log")
    assert len(pids) == 2
    assert all(map(alive, pids))
    owner.send_signal(how)
    owner.wait(30)
    owner.stdout.close()
    assert until_gone(pids)


def test_ctrl_c_while_the_server_loads_ends_both(tmp_path, demo_clips):
    slow = tmp_path / "slow.py"
    slow.write_text("import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    words = ["frames", str(demo_clips[0].path), "--model", "some/model", "-o", str(tmp_path / "frames.jsonl")]
    words += ["--engine", "vllm", "--engine-command", f"{sys.executable} {slow}"]
    run = subprocess.Popen([sys.executable, "-m", "framescribe", *words], stderr=subprocess.PIPE, text=True)
    log = tmp_path / "frames.jsonl.logs" / "vllm" / "vllm-0.log"
    end = time.monotonic() + 60
    while not (log.exists() and log.read_text().strip()):
        assert time.monotonic() < end
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "stopping" in said
    assert until_gone(started(log))


@pytest.mark.slow
def test_what_ignores_sigterm_is_killed(tmp_path):
    stubborn = (
        "import signal, time, os; signal.signal(15, signal.SIG_IGN); print(os.getpid(), flush=True); time.sleep(600)"
    )
    argv = [sys.executable, "-I", guard.__file__, sys.executable, "-c", stubborn]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.stdin.close()
    process.wait(guard.GRACE_SECONDS + 10)
    process.stdout.close()
    assert not alive(pid)


def test_the_guard_ends_as_what_it_runs():
    process = subprocess.Popen(
        [sys.executable, "-I", guard.__file__, sys.executable, "-c", "raise SystemExit(7)"], stdin=subprocess.PIPE
    )
    assert process.wait(20) == 7
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize("victim", [0, -1], ids=["first", "last"])
def test_nothing_stays_though_a_guard_is_killed(program, tmp_path, victim):
    log = tmp_path / "log"
    words = [sys.executable, "-I", guard.__file__, *program, "--port", "0", "--served-model-name", "tiny"]
    with log.open("wb") as out:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=out)
    end = time.monotonic() + 60
    while not log.read_text().endswith("\n"):
        assert time.monotonic() < end
        time.sleep(0.1)
    guards = [process.pid, *(pid for pid, line in below(process.pid).items() if "guard.py" in line)]
    pids = started(log)
    assert len(pids) == 2
    os.kill(guards[victim], signal.SIGKILL)
    assert until_gone([*guards[:-1], *pids])
    assert process.wait(20) == (-signal.SIGKILL if guards[victim] == process.pid else 128 + signal.SIGKILL)
    assert process.stdin is not None
    process.stdin.close()
