"""What a command says reaches a terminal, a pipe or a log safely and whole, in any encoding and width. An output that
is closed or full, a folder that is gone and a number that makes no sense end in one line."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from framescribe.names import shown
from framescribe.records import FrameCaption, Row
from framescribe.results.rows import Results
from framescribe.runs.meter import Meter
from tests.runs_in_process import raw_film
from tests.servers import ScriptedServer, says, sleeps
from tests.videos import film

ROOT = Path(__file__).parent.parent
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names that are not UTF-8, and /dev/full")
NAMES = (b"caf\xe9.mp4", b"caf\xe8.mp4", "😀.mp4".encode(), b"\x1b[2Jx.mp4", b"new\nline.mp4", "a\u202eb.mp4".encode())
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def ended(*words: object, cwd: Path | None = None, **environment: str) -> tuple[int, str, str]:
    """The exit code, and what was written to standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", *map(str, words)],
        capture_output=True,
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=300,
    )
    return done.returncode, *(
        text.decode(environment.get("PYTHONIOENCODING", "utf-8")) for text in (done.stdout, done.stderr)
    )


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A folder of films with names that do harm when they are written as they are."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in NAMES:
        os.replace(os.fsencode(raw_film(tmp_path / "film.avi", 100)), os.path.join(os.fsencode(folder), name))
    return folder


# ------------------------------------------------------------------------------------------- names


@LINUX
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_no_name_and_no_caption_harms_a_terminal_or_ends_a_command(
    encoding: str, strange: Path, tmp_path: Path
) -> None:
    said = "A \x1b[31mred\x1b[0m 猫\nwith \u202ea tail."
    ids = {os.fsdecode(name) for name in NAMES}
    with ScriptedServer(says(said)) as server:
        caption = ("caption", strange, "--gate", "off", "--base-url", server.url, "--model", "m", "--no-preflight")
        commands = [
            ("probe", strange),
            ("sample", strange, "-o", tmp_path / "out"),
            (*caption, "-o", tmp_path / "c.jsonl"),
            ("status", tmp_path / "c.jsonl"),
        ]
        for words in commands:
            code, out, err = ended(*words, PYTHONIOENCODING=encoding)
            assert code == 0, err
            assert "Traceback" not in out + err
            assert not RAW.search(out + err), (words, out, err)
        for words in (("probe", strange, "--json"), (*caption, "-o", tmp_path / "d.jsonl", "--json-logs")):
            code, out, err = ended(*words, PYTHONIOENCODING=encoding)
            assert code == 0, err
            assert not RAW.search(out), out
            records = [json.loads(line) for line in out.splitlines()]
            assert {record["id"] for record in records if "id" in record} == ids
    assert {row.id for row in Results(tmp_path / "c.jsonl").rows()} == ids
    assert len(list((tmp_path / "out").iterdir())) == len(NAMES)


@LINUX
def test_a_failed_video_is_named_on_one_line(strange: Path, tmp_path: Path) -> None:
    for file in list(os.scandir(os.fsencode(strange))):
        Path(os.fsdecode(file.path)).write_bytes(b"")
    with ScriptedServer(says("x")) as server:
        words = (
            "caption",
            strange,
            "--gate",
            "off",
            "--base-url",
            server.url,
            "--model",
            "m",
            "-o",
            tmp_path / "c.jsonl",
        )
        _, _, err = ended(*words)
        told = [line for line in err.splitlines() if line.startswith("failed: ")]
        for name in NAMES:
            assert sum(shown(os.fsdecode(name)) in line for line in told) == 1, err
        assert not RAW.search(err)
        _, _, err = ended(*words, "--retry-failed", RANK="0", WORLD_SIZE="2", LOCAL_RANK="0")
        assert len([line for line in err.splitlines() if line.startswith("[0/2] failed: ")]) == len(NAMES) // 2
        assert not RAW.search(err)
    _, out, _ = ended("status", tmp_path / "c.jsonl")
    assert not RAW.search(out)


def test_an_error_names_what_was_typed_on_one_line(tmp_path: Path) -> None:
    code, _, err = ended("probe", "no\nsuch\x1b[2J.mp4", cwd=tmp_path)
    assert code == 2
    assert "no\\nsuch\\x1b[2J.mp4" in err.splitlines()[-1]


@LINUX
def test_the_two_scripts_say_any_name_too(strange: Path, tmp_path: Path) -> None:
    with ScriptedServer(says("A 猫.")) as server:
        for script, source, flags in (
            ("caption_video_frame.py", ("--video_folder", strange), ("--image_caption_model_name", "m")),
            (
                "caption_summary.py",
                ("--video_metadata_path", tmp_path / "caption_video_frame.py.jsonl"),
                ("--summary_model_name", "m"),
            ),
        ):
            saved = ("--saved_path", tmp_path / f"{script}.jsonl")
            done = subprocess.run(
                [sys.executable, str(ROOT / script), *map(str, (*source, *flags, "--base_url", server.url, *saved))],
                capture_output=True,
                env={**os.environ, "PYTHONIOENCODING": "ascii"},
                timeout=300,
            )
            err = done.stderr.decode()
            assert done.returncode == 0, err
            assert not RAW.search(err + done.stdout.decode()), err


# ---------------------------------------------------------------------------------- where it goes


@LINUX
@pytest.mark.parametrize(
    "words", [("--version",), ("--help",), ("models",), ("probe", "a.mp4"), ("probe", "a.mp4", "--json")]
)
def test_a_full_disk_behind_standard_output_is_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    for buffered in ("", "1"):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "framescribe", *words],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
                env={**os.environ, "PYTHONUNBUFFERED": buffered},
                timeout=100,
            )
        assert done.returncode == 1
        assert done.stderr == "framescribe: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("words", [("--help",), ("models",), ("probe", "a.mp4"), ("probe", "a.mp4", "--json")])
def test_a_reader_that_leaves_is_no_error_to_speak_of(words: tuple[str, ...], tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", *words],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        timeout=100,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


@LINUX
@pytest.mark.parametrize("how", [">&- 2>&-", ">/dev/full 2>/dev/full", ">/dev/full --json-logs", "--json-logs | true"])
def test_a_run_does_not_need_anyone_to_listen(how: str, tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 100)
    with ScriptedServer(says("Grey.")) as server:
        how = f"--gate off --base-url {server.url} --model m -o c.jsonl {how}"
        run = f"{sys.executable} -m framescribe caption a.avi {how}"
        subprocess.run(["bash", "-c", run], cwd=tmp_path, capture_output=True, timeout=100)
    (row,) = map(json.loads, (tmp_path / "c.jsonl").read_text().splitlines())
    assert row["caption"] == "Grey."


@LINUX
def test_a_working_folder_that_was_deleted_is_one_line(tmp_path: Path) -> None:
    words = ("-m framescribe probe a.mp4", f"{ROOT / 'caption_video_frame.py'} --video_folder x --saved_path y.csv")
    for command in words:
        (tmp_path / "gone").mkdir()
        deleted = f"cd gone; rmdir ../gone; {sys.executable} {command}"
        done = subprocess.run(["bash", "-c", deleted], cwd=tmp_path, capture_output=True, text=True, timeout=100)
        assert done.returncode == 2, done.stderr
        (line,) = done.stderr.splitlines()
        assert "the working folder cannot be used" in line


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--timeout", value) for value in ("0", "-1", "nan", "inf", "1e300")),
        ("--endpoint-timeout", "inf"),
        ("--temperature", "nan"),
        ("--max-cost", "inf"),
        ("--decode-timeout", "1e300"),
        ("--seed", "9" * 30),
        ("--frames", "9" * 30),
        ("--max-pixels", "9" * 30),
        ("--decoders", "1000000"),  # processes
        ("--every", "0s"),
        ("--times", "nan"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_by_the_name_of_its_option(
    option: str, value: str, tmp_path: Path
) -> None:
    raw_film(tmp_path / "a.avi", 100)
    code, _, err = ended("caption", "a.avi", "--model", "shapes-vlm", option, value, cwd=tmp_path, TERMINAL_WIDTH="200")
    assert code == 2
    assert "Traceback" not in err
    assert option in err or value in err or "interval" in err
    assert not (tmp_path / "captions.jsonl.parts").exists()


@pytest.mark.parametrize("place", ["file", "file/below", "x" * 300, "x" * 251 + ".jsonl"])
def test_an_output_that_cannot_be_is_one_line(place: str, tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 100)
    (tmp_path / "file").write_text("")
    output = place if place.endswith(".jsonl") else f"{place}/c.jsonl"
    with ScriptedServer(says("Grey.")) as server:
        words = ("caption", "a.avi", "--gate", "off", "--base-url", server.url, "--model", "m", "-o", output)
        code, _, err = ended(*words, cwd=tmp_path)
    assert code == 2, err
    assert err.splitlines()[-1].startswith("framescribe: ")
    assert "Traceback" not in err
    code, _, err = ended("sample", "a.avi", "-o", place if place.startswith("file") else "x" * 300, cwd=tmp_path)
    assert code == 2
    assert "Traceback" not in err


# ---------------------------------------------------------------------------------------- a screen


class Captions:
    """What a screen asks of whoever captions."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.meter.counts.update(pictures=123_456, completion_tokens=98_765_432)


@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize(
    "name", ["a.mp4", "a folder/with a long name/and a longer one below it/clip number 000017.mp4", "猫" * 60 + ".mp4"]
)
def test_the_lines_of_a_run_fit_and_show_the_last_caption_and_its_file(width: int, name: str) -> None:
    from framescribe.cli.live import LiveScreen

    display = LiveScreen()
    display.total, display.done, display.failed = 1_234_567, 345_678, 12_345
    display._meter, display._begun = Captions().meter, True
    row = Row(id=name, video_path=f"/{name}", caption="Now\x1b[2J a red square moves to the right. " * 9, status="ok")
    display.row(row)
    drawn = io.StringIO()
    Console(file=drawn, width=width, force_terminal=True, color_system=None).print(display._live.renderable)
    lines = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in drawn.getvalue().splitlines()]
    from rich.cells import cell_len

    assert len(lines) == 3
    assert all(cell_len(line.rstrip()) <= width - 4 for line in lines), lines
    assert "28%" in lines[0]
    assert "Now\\x1b[2J" in lines[2]
    assert lines[2].split(": ")[0][-4:] == ".mp4"


def test_a_frame_s_caption_is_shown_where_no_other_is_made() -> None:
    from framescribe.cli.plain import Screen

    display = Screen()
    frames = (FrameCaption(index=0, time=0.0, caption="A red square."),)
    display.row(Row(id="a", video_path="/a", caption=None, status="ok", frames=frames))
    assert display.last == ("a", "A red square.")


@LINUX
@pytest.mark.parametrize("width", [40, 80, 100])
def test_probe_shows_every_name_in_any_width(width: int, tmp_path: Path) -> None:
    import pty
    import termios

    names = ["a clip.mp4", "another, with a name that is longer.mp4"]
    for name in names:
        film(tmp_path / name)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, width))
    run = subprocess.Popen(
        [sys.executable, "-m", "framescribe", "probe", str(tmp_path)],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "COLUMNS": str(width)},
    )
    os.close(theirs)
    told = b""
    try:
        while piece := os.read(ours, 65536):
            told += piece
    except OSError:  # the other side has closed it
        pass
    assert run.wait(timeout=100) == 0
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", told.decode()).splitlines()]
    assert all(len(line) <= width for line in lines), lines
    whole = "".join(line.strip() if width < 100 else line for line in lines)
    for name in names:
        assert name in whole or name in " ".join(line.strip() for line in lines), lines
    assert sum("128×64" in line for line in lines) == 2


def test_first_words_come_before_anything_that_takes_long(tmp_path: Path) -> None:
    """The imports and the words are on one stream, so their order shows without a stopwatch."""
    raw_film(tmp_path / "a.avi", 100)
    for words in (("caption", "a.avi", "--model", "shapes-vlm"), ("summarize", "frames.jsonl"), ("frames", "a.avi")):
        (tmp_path / "frames.jsonl").write_text("")
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "framescribe", *words, "--base-url", "http://127.0.0.1:9/v1"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=100,
        )
        lines = done.stderr.splitlines()
        first = next(at for at, line in enumerate(lines) if not line.startswith("import time:"))
        assert lines[first].startswith(("looking for videos: ", "reading ")), lines[first]
        before = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines[:first]}
        assert not before & {"torch", "transformers", "av", "numpy", "openai", "pyarrow", "PIL", "ray"}


def test_after_ctrl_c_a_message_says_how_to_get_a_file_and_it_works(tmp_path: Path) -> None:
    for grey in range(8):
        raw_film(tmp_path / "films" / f"{grey}.avi", 20 * grey)
    with ScriptedServer(says("Grey."), says("Grey."), says("Grey."), sleeps(0.3)) as server:
        words = (
            "frames",
            "films",
            "--gate",
            "off",
            "--base-url",
            server.url,
            "--model",
            "m",
            "--requests",
            "1",
            "-o",
            "it's.jsonl",
        )
        run = subprocess.Popen(
            [sys.executable, "-m", "framescribe", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        until = time.monotonic() + 60
        while len(server.requests) < 4:
            assert time.monotonic() < until and run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=60)[0].decode()
    assert run.returncode == 130, said
    command = re.search(r"for a file with the rows so far: framescribe (.*)", said)
    assert command is not None, said
    code, _, err = ended(*shlex.split(command[1]), cwd=tmp_path)
    assert code == 0, err
    rows = [json.loads(line) for line in (tmp_path / "it's.jsonl").read_text().splitlines()]
    assert 3 <= len(rows) < 8


def test_a_summary_prompt_without_captions_is_said_once(tmp_path: Path) -> None:
    for grey in range(3):
        raw_film(tmp_path / "films" / f"{grey}.avi", 50 * grey)
    with ScriptedServer(says("Grey.")) as server:
        words = ("caption", "films", "--gate", "off", "--base-url", server.url, "--model", "m", "-o", "c.jsonl")
        _, _, err = ended(*words, "--summary-prompt", "Sum up.", cwd=tmp_path)
        assert err.count("does not say {captions}: what is to be summed up follows it") == 1
        assert any("Sum up." in str(request) and "Grey." in str(request) for request in server.requests)
        _, _, err = ended(*words, "--summary-prompt", "Sum up {captions}.", cwd=tmp_path)
        assert "does not say" not in err


# ------------------------------------------------------------------------------------------ images


@LINUX
def test_every_video_has_its_own_sheet_inside_the_folder(tmp_path: Path) -> None:
    raw_film(tmp_path / "p" / "a.avi", 50)
    raw_film(tmp_path / "lists" / "p" / "a.avi", 200)
    raw_film(tmp_path / "lists" / "p" / "A.AVI", 220)
    long = "y" * 251 + ".avi"
    raw_film(tmp_path / "lists" / "short.avi", 100).rename(tmp_path / "lists" / long)
    table = tmp_path / "lists" / "list.csv"
    lines = ["../p/a.avi,..", "p/a.avi,.", "p/A.AVI,a:b", f"{long},{'z' * 300}", "p/a.avi,con.avi"]
    table.write_text("path,name\n" + "".join(f"{line}\n" for line in lines))
    for more in ((), ("--id-column", "name")):
        out = tmp_path / f"out{len(more)}"
        code, _, err = ended("sample", table, "--sheet", "-o", out, *more)
        assert code == 0, err
        sheets = [path for path in out.rglob("*") if path.is_file()]
        assert len(sheets) == (5 if more else 4)
        assert all(len(os.fsencode(path.name)) <= 200 for path in sheets)
        assert len({str(path).lower() for path in sheets}) == len(sheets)
    assert {path.name for path in tmp_path.iterdir()} == {"p", "lists", "out0", "out2"}


STILL_LOADING = """
import atexit, sys, threading, time
from framescribe.cli.terminal import ended
from framescribe.machine import LOADING

threading.Thread(target=time.sleep, args=(600,), name=LOADING, daemon=True).start()
atexit.register(print, "the interpreter is taken apart")
sys.exit(ended("framescribe", lambda: print("said") or 130))
"""


def test_a_model_that_still_loads_does_not_see_the_interpreter_go() -> None:
    done = subprocess.run([sys.executable, "-c", STILL_LOADING], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "said\n", "")
