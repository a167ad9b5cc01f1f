"""The pool: whatever a worker does, the run goes on, and the next video is decoded as if nothing had happened."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pebble.common import CONSTS
from pebble.pool.channel import WorkerChannel

from framescribe.demo.clips import DemoClip
from framescribe.engines.servers.guard import descendants
from framescribe.errors import DecodeCrashed, DecodeTimeout, NoFrames, TooLarge, Unreadable, VideoError
from framescribe.frames.decoder import sample
from framescribe.frames.pool import DecoderPool, _how, sample_as
from framescribe.frames.sampling import Sampling
from tests.videos import bars, film


def misbehave(path: str, sampling: Sampling, **options: Any) -> Any:
    """A worker that does what the file's name says."""
    what = Path(path).stem
    if what == "hang":
        while True:
            time.sleep(60)
    if what == "hang-in-native-code":
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        ctypes.CDLL(None).sleep(600)
    if what == "segfault":
        ctypes.string_at(0)
    if what == "exit":
        os._exit(7)
    if what == "memory":
        return bytearray(3 * 2**30)
    if what == "terminal":
        os.write(2, b"native code speaks\n")
    return sample_as(path, sampling, **options)


def decode(pool: DecoderPool, *paths: object) -> list[Any]:
    async def all_of_them() -> list[Any]:
        return await asyncio.gather(
            *(pool.sample(str(path), Sampling(), key="k", max_pixels=None) for path in paths), return_exceptions=True
        )

    return asyncio.run(all_of_them())


def blurs(path: str) -> tuple[int, int]:
    """How many threads OpenCV says that it uses in a worker, and how many more the process has after it has worked."""
    import cv2

    before = len(os.listdir("/proc/self/task"))
    cv2.GaussianBlur(np.zeros((2000, 2000), np.float32), (31, 31), 5)
    return cv2.getNumThreads(), len(os.listdir("/proc/self/task")) - before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_opencv_has_one_thread_in_a_decoders_process(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cv2")
    monkeypatch.delenv("OPENCV_FOR_THREADS_NUM", raising=False)
    pool = DecoderPool(1)
    try:
        assert asyncio.run(pool.run(blurs, "a video")) == (1, 0)
    finally:
        pool.close()


@pytest.mark.parametrize(
    ("code", "says"), [(-signal.SIGSEGV, "SIGSEGV"), (7, "exit code 7"), (0xC0000005, "exit code 0xC0000005")]
)
def test_how_a_decoder_ended_is_said_as_the_system_documents_it(code: int, says: str) -> None:
    """Windows reports a crash as an exit code (NTSTATUS, [MS-ERREF] 2.3)."""
    assert _how(code) == says


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("hang", DecodeTimeout, "within 3 s"),
        ("hang-in-native-code", DecodeTimeout, "within 3 s"),
        ("segfault", DecodeCrashed, "SIGSEGV"),
        ("exit", DecodeCrashed, "exit code 7"),
        ("memory", TooLarge, "1.0 GB"),
    ],
)
def test_a_worker_that_misbehaves_costs_its_own_video(
    name: str, kind: type[VideoError], says: str, demo_clips: list[DemoClip]
) -> None:
    pool = DecoderPool(2, seconds=3, memory_bytes=2**30, work=misbehave)
    try:
        good = demo_clips[0].path
        first, bad, last = decode(pool, good, f"{name}.mp4", good)
        assert isinstance(bad, kind)
        assert says in str(bad)
        for clip in (first, last, *decode(pool, good, good)):
            assert clip.frames[0].index == demo_clips[0].frame_count // 2
    finally:
        pool.close()


def test_pixels_and_errors_come_through_as_they_are(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    pool = DecoderPool(2)
    try:
        clips = decode(pool, *(clip.path for clip in demo_clips), tmp_path / "empty.mp4", tmp_path / "gone.mp4")
    finally:
        pool.close()
    for made, clip in zip(demo_clips, clips, strict=False):
        direct = sample(str(made.path), Sampling(), key="k", max_pixels=None)
        assert (clip.info, clip.frames[0].index, clip.frames[0].time) == (
            direct.info,
            direct.frames[0].index,
            direct.frames[0].time,
        )
        assert (clip.frames[0].image == direct.frames[0].image).all()
    assert all(isinstance(error, (Unreadable, NoFrames)) for error in clips[-2:])
    assert "empty" in str(clips[-2])


def test_what_native_code_prints_reaches_no_terminal(
    demo_clips: list[DemoClip], capfd: pytest.CaptureFixture[str]
) -> None:
    pool = DecoderPool(1, work=misbehave)
    try:
        decode(pool, demo_clips[0].path.with_name("terminal.mp4"))
    finally:
        pool.close()
    assert "native code" not in "".join(capfd.readouterr())


def peak_bytes(path: str, frames: int, form: Any) -> int:
    """The most memory that this process has used, after it sampled that many frames."""
    sample(path, Sampling(method="uniform", frames=frames), key="", max_pixels=None, form=form)
    # Not resource's ru_maxrss, which a new process takes over from the one that started it.
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
@pytest.mark.parametrize(
    ("name", "frames"),
    [("a.mp4", 120), ("a.avi", 80), ("b.avi", 120)],
    ids=["by index", "counted and held", "counted, then decoded again"],
)
def test_a_worker_holds_the_pixels_of_one_frame_at_a_time(tmp_path: Path, name: str, frames: int) -> None:
    width, height = 1280, 720
    pictures = [bars(number, width, height) for number in range(8)] * (frames // 8)
    path = film(tmp_path / name, pictures=pictures, gop=10, options={"preset": "ultrafast", "bf": "2"})

    def peak(frames: int, form: str) -> int:
        pool = DecoderPool(1)  # a new process, whose peak is its own
        try:
            most: int = asyncio.run(pool.run(peak_bytes, str(path), frames, form))
            return most
        finally:
            pool.close()

    pixels = frames * width * height * 3
    few = peak(2, "jpeg")
    assert peak(frames, "jpeg") - few < pixels / 8
    assert peak(frames, "pixels") - few > pixels / 2  # so the measure shows them where they are held


KILLED = """
import asyncio, os, sys
sys.path[:0] = ["tests", "."]
from test_pool import DecoderPool, Sampling, misbehave

async def main():
    pool = DecoderPool(2, work=misbehave)
    for name in ("hang.mp4", "hang-in-native-code.mp4"):
        asyncio.ensure_future(pool.sample(name, Sampling(), key="k", max_pixels=None))
    print("running", flush=True)
    await asyncio.sleep(600)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_no_worker_outlives_a_run_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    _until(lambda: len(_session(process.pid)) >= 4, 60)  # it, the resource tracker, and two workers
    process.kill()
    process.wait()
    process.stdout.close()
    _until(lambda: not _session(process.pid), 30)


def test_a_script_without_a_guard_decodes_and_runs_once(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import asyncio, sys\n"
        "from framescribe.frames.pool import DecoderPool\n"
        "from framescribe.frames.sampling import Sampling\n"
        "open('runs', 'a').write('once\\n')\n"
        "async def main():\n"
        "    pool = DecoderPool(1)\n"
        "    clip = await pool.sample(sys.argv[1], Sampling(), key='k', max_pixels=None)\n"
        "    print(clip.info.frames)\n"
        "    pool.close()\n"
        "asyncio.run(main())\n"
    )
    words = [sys.executable, str(script), str(demo_clips[0].path)]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert (ended.stdout, ended.stderr) == (f"{demo_clips[0].frame_count}\n", "")
    assert (tmp_path / "runs").read_text() == "once\n"


@pytest.mark.slow
def test_workers_that_cannot_start_are_said_and_mark_no_video(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif any('spawn_main' in word for word in sys.orig_argv):\n    raise SystemExit(1)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(
        "import asyncio, sys\n"
        "from framescribe.frames.pool import DecoderPool\n"
        "from framescribe.frames.sampling import Sampling\n"
        "asyncio.run(DecoderPool(1).sample(sys.argv[1], Sampling(), key='k', max_pixels=None))\n"
    )
    ended = subprocess.run(
        [sys.executable, str(script), str(demo_clips[0].path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    line = ended.stderr.splitlines()[-1]
    assert "RunError: the decoder processes cannot be started" in line and sys.executable in line


def _until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _session(leader: int) -> list[str]:
    """The command lines of the processes in a session that are alive."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:4]
            if int(session) == leader and state != "Z":
                found.append((folder / "cmdline").read_text())
        except OSError:
            continue
    return found


def workers() -> list[int]:
    """The processes of pools below this one."""
    found = descendants(os.getpid())
    return [pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.parametrize("victims", [slice(0, 1), slice(1, 2), slice(0, 2)], ids=["one", "the other", "both"])
def test_workers_killed_while_they_wait_for_work_cost_nothing(demo_clips: list[DemoClip], victims: slice) -> None:
    path, before = demo_clips[0].path, workers()
    pool = DecoderPool(2)
    try:
        decode(pool, *[path] * 4)
        for pid in sorted(set(workers()) - set(before))[victims]:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        assert [len(clip.frames) for clip in decode(pool, *[path] * 6)] == [1] * 6
    finally:
        pool.close()


@pytest.mark.parametrize("victims", [slice(0, 1), slice(0, 2)], ids=["one", "both"])
def test_workers_killed_before_they_have_told_what_they_are_at_cost_nothing(
    demo_clips: list[DemoClip], victims: slice
) -> None:
    path, before = demo_clips[0].path, set(workers())
    pool = DecoderPool(2)

    def kill() -> None:
        _until(lambda: len(set(workers()) - before) == 2, 60)
        for pid in sorted(set(workers()) - before)[victims]:  # they are still reading their modules
            os.kill(pid, signal.SIGKILL)

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        assert [len(clip.frames) for clip in decode(pool, *[path] * 6)] == [1] * 6
    finally:
        killing.join()
        pool.close()


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_a_worker_that_is_ended_from_outside_does_not_fail_its_video(
    demo_clips: list[DemoClip], tmp_path: Path, how: str
) -> None:
    path = tmp_path / f"{how}.mp4"
    path.write_bytes(demo_clips[0].path.read_bytes())
    pool = DecoderPool(1, work=end_once)
    try:
        (clip,) = decode(pool, path)
        assert len(clip.frames) == 1
        assert path.with_suffix(".told").exists()
    finally:
        pool.close()


def end_once(path: str, sampling: Sampling, **options: Any) -> Any:
    """A worker that gets the signal that the file is named after, at its first try."""
    if not (mark := Path(path).with_suffix(".told")).exists():
        mark.touch()
        os.kill(os.getpid(), signal.Signals[Path(path).stem])
        time.sleep(60)
    return sample_as(path, sampling, **options)


@pytest.mark.slow
def test_a_worker_that_does_not_get_the_lock_for_its_answer_does_not_fail_its_video(
    demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    paths = [tmp_path / "killed.mp4", tmp_path / "other.mp4"]
    for path in paths:
        path.write_bytes(demo_clips[0].path.read_bytes())
    pool = DecoderPool(2, work=answer_with_the_lock_gone)
    try:
        assert [len(clip.frames) for clip in decode(pool, *paths)] == [1, 1]
        assert paths[0].with_suffix(".told").exists()
    finally:
        pool.close()


def answer_with_the_lock_gone(path: str, sampling: Sampling, **options: Any) -> Any:
    """One worker is killed, once, while it holds the lock for answers; another waits for it, for a while."""
    mark = Path(path).with_name("killed.told")
    if Path(path).stem == "killed":
        if not mark.exists():
            (channel,) = (each for each in gc.get_objects() if isinstance(each, WorkerChannel))
            channel.mutex.acquire()
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    else:
        CONSTS.channel_lock_timeout = 2
        _until(mark.exists, 60)
    return sample_as(path, sampling, **options)


ENDS_EARLY = """
import asyncio
from framescribe.frames.pool import DecoderPool
from tests.test_pool import length

if __name__ == "__main__":
    pool = DecoderPool(8)
    print(asyncio.run(pool.run(length, "four")))
    pool.close()
"""


def length(path: str) -> int:
    return len(path)


def test_a_pool_that_ends_while_workers_still_start_prints_nothing(tmp_path: Path) -> None:
    script = tmp_path / "ends_early.py"
    script.write_text(ENDS_EARLY)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(3):
        done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout, done.stderr) == (0, "4\n", "")


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_its_answer_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framescribe.frames.pool.STUCK_SECONDS", 5.0)
    pool = DecoderPool(2)

    async def both() -> list[bytes]:
        runs = (pool.run(killed_while_it_sends, str(tmp_path / name)) for name in ("killed", "other"))
        return await asyncio.gather(*runs)

    try:
        assert asyncio.run(both()) == [b"killed" * 2**26, b"other" * 2**26]
        assert (tmp_path / "told").exists()
    finally:
        pool.close()


def killed_while_it_sends(path: str) -> bytes:
    """One worker is killed, once, when it has sent a part of this."""
    mark, answer = Path(path).with_name("told"), Path(path).name.encode() * 2**26

    def kill() -> None:
        main = threading.main_thread().ident
        assert main is not None
        while sys._current_frames()[main].f_code.co_name != "_send":
            time.sleep(0.005)
        time.sleep(0.03)
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)

    if Path(path).name == "killed" and not mark.exists():
        threading.Thread(target=kill, daemon=True).start()
    return answer
