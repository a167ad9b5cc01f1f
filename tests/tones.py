"""Knows how to give a film sound whose pitch tells its time, and how to read times from such a sound; knows nothing of
framescribe.

At second t the pitch is 500 + 200 t Hz. Sound is made and read by the ffmpeg program, so what a test finds was not
found by the library that made it.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.films import program

RATE = 48_000  # at which it is listened to
_FIRST, _MORE = 500.0, 200.0
TONE = "aevalsrc=exprs='0.4*sin(2*PI*({first}*t+{half}*t*t))':s={rate}:d={seconds}"


def tone(seconds: float = 4.0, *, rate: int = RATE, start: float = 0.0) -> str:
    """Options of ffmpeg for an input that is this sound, mono, from second `start` of its pitch on."""
    first, half = _FIRST + _MORE * start, _MORE / 2
    return f"-f lavfi -i {TONE.format(first=first, half=half, rate=rate, seconds=seconds)}"


def with_sound(film: Path, path: Path, inputs: str, options: str) -> Path:
    """The film with other streams beside its pictures, which are copied."""
    return ffmpeg(f"-i file:{film} {inputs} -c:v copy -map 0:v {options} file:{path}", path)


def ffmpeg(command: str, path: Path) -> Path:
    done = subprocess.run([program() or "", "-loglevel", "error", "-y", *command.split()], capture_output=True)
    assert not done.returncode, f"{command}\n{done.stderr.decode()}"
    return path


def streams(path: Path) -> list[str]:
    """How ffmpeg lists the streams of sound in a file."""
    said = subprocess.run([program() or "", "-hide_banner", "-i", f"file:{path}"], capture_output=True).stderr.decode()
    return re.findall(r"Stream .*?Audio: (.*)", said)


@dataclass(frozen=True)
class Heard:
    """The sound of a file from the time on at which its first picture is shown, mono, at `RATE`."""

    samples: np.ndarray

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    def time(self, at: float, around: float = 0.03) -> float | None:
        """Which time the pitch at this second tells; None where it is silent."""
        part = self.samples[max(0, int((at - around) * RATE)) : int((at + around) * RATE)]
        if np.abs(part).mean() < 0.02:
            return None
        up = np.flatnonzero((part[:-1] < 0) & (part[1:] >= 0))
        crossings = up + part[up] / (part[up] - part[up + 1])
        pitch = (len(crossings) - 1) * RATE / (crossings[-1] - crossings[0])
        middle = (crossings[0] + crossings[-1]) / 2 / RATE + max(0.0, at - around)
        return float((pitch - _FIRST) / _MORE - middle + at)


def heard(path: Path, channel: int = 0) -> Heard:
    """What is heard of a file's first sound. Where it begins after the pictures, silence stands for what is missing."""
    command = f"-i file:{path} -map 0:a:0 -af pan=mono|c0=c{channel},aresample={RATE}:async=1:first_pts=0 -f f32le -"
    run = [program() or "", "-loglevel", "error", *command.split()]
    return Heard(np.frombuffer(subprocess.run(run, capture_output=True, check=True).stdout, np.float32))
