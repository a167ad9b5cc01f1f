"""What a process may use of its machine: limits the kernel enforces, where they can be set, and documented files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from framescribe import machine

TELL = "from framescribe import machine; print(machine.cpus(), machine.memory_bytes())"
JOIN = """
with open("{file}", "w") as procs:
    procs.write(str(os.getpid()))
"""
LIMITS = {"memory": ("memory.limit_in_bytes", 300 * 2**20), "cpu": ("cpu.cfs_quota_us", 100_000)}


def told(before: str = "") -> tuple[int, int]:
    """CPUs and bytes that a process sees after doing something `before`."""
    code = f"import os, sys\n{before}\n{TELL}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    cpus, memory = done.stdout.split()
    return int(cpus), int(memory)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_processors_are_those_of_the_affinity() -> None:
    first = min(os.sched_getaffinity(0))
    assert told(f"os.sched_setaffinity(0, {{{first}}})")[0] == 1


@pytest.mark.parametrize("controller", ["memory", "cpu"])
def test_a_limit_that_the_kernel_keeps_is_seen(controller: str) -> None:
    """In a real control group of version 1, or of version 2 if its controllers may be delegated."""
    for top, name, limit in (
        (machine.GROUPS / controller, *LIMITS[controller]),
        (machine.GROUPS, f"{controller}.max", LIMITS[controller][1]),
    ):
        group = top / f"framescribe-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / name).write_text(str(limit))
            cpus, memory = told(JOIN.format(file=group / "cgroup.procs"))
        except OSError:
            continue
        finally:
            group.rmdir()
        assert memory == limit if controller == "memory" else cpus == 1
        return
    pytest.skip("no control group can be made here")


@pytest.mark.parametrize(
    ("own", "files", "cpus", "memory"),
    [
        ("0::/", {"cpu.max": "200000 100000\n", "memory.max": "1000000\n"}, 2, 1_000_000),
        ("0::/", {"cpu.max": "max 100000\n", "memory.max": "max\n"}, 64, None),
        ("0::/", {"cpu.max": "50000 100000\n"}, 1, None),
        ("0::/", {"cpu.max": "250000 100000\n"}, 3, None),
        ("0::/job/step", {"job/memory.max": "5000\n", "job/step/memory.max": "9000\n"}, 64, 5000),
        ("0::/seen/by/the/host", {"memory.max": "7000\n"}, 64, 7000),
        (
            "4:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n0::/",
            {
                "memory/memory.limit_in_bytes": "6000\n",
                "cpu/docker/1/cpu.cfs_quota_us": "400000\n",
                "cpu/docker/1/cpu.cfs_period_us": "100000\n",
                "cpu/cpu.cfs_quota_us": "-1\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            },
            4,
            6000,
        ),
        ("", {}, 64, None),
    ],
)
def test_files_as_the_kernel_documents_them(
    own: str, files: dict[str, str], cpus: int, memory: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").write_text(own)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr(machine, "GROUPS", tmp_path)
    monkeypatch.setattr(machine, "OWN", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64))
    assert (machine.cpus(), machine.memory_bytes()) == (cpus, memory or whole)


def test_without_control_groups_it_is_the_whole_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "OWN", tmp_path / "nothing")
    assert machine.memory_bytes() == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


THREADS = """
import ctypes, re, sys, tempfile, threading
from framescribe import machine
libc = ctypes.CDLL(None)
if sys.argv[1] == "shared":
    machine.share_heaps()
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
together = threading.Barrier(8)
def work():
    together.wait()
    for _ in range(1000):
        libc.malloc(2000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(len(re.findall(r"<heap nr=", file.read().decode())))
"""


@pytest.mark.skipif(
    not hasattr(os, "confstr") or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""),
    reason="only glibc has such heaps",
)
def test_threads_share_few_heaps() -> None:
    """As glibc itself counts them (malloc_info(3))."""

    def heaps(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", THREADS, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert heaps("apart") > 2 >= heaps("shared")
