"""Knows whether memory and open files stay flat while videos are opened by the thousand; judges no picture.

    python benchmarks/opens.py [--opens 20000] [FOLDER or FILES]

One process, no pool: what a worker that is never replaced would keep. Default: a few small ones that it makes, intact,
cut off, damaged and empty. Prints resident memory and open file descriptors as it goes; Linux only.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from framescribe.errors import VideoError
from framescribe.frames.decoder import sample
from framescribe.frames.sampling import Sampling

STEPS = 10
WAYS = (
    Sampling(),
    Sampling(method="uniform", frames=4),
    Sampling(method="every", every=0.2),
    Sampling(method="uniform", frames=4, salvage=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="memory and open files over many opens")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--opens", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given = [path for item in options.files for path in (sorted(item.iterdir()) if item.is_dir() else [item])]
        files = given or made(Path(folder))
        print(f"{len(files)} files, {options.opens:,} opens")
        print("   opens   memory, MB   open files   read   failed")
        read = failed = 0
        for turn in range(options.opens + 1):
            if turn % max(1, options.opens // STEPS) == 0:
                print(f"{turn:8,} {resident() / 1e6:12.1f} {len(os.listdir('/proc/self/fd')):12} {read:6} {failed:8}")
            try:
                sample(str(files[turn % len(files)]), WAYS[turn // len(files) % len(WAYS)], key="", max_pixels=10_000)
                read += 1
            except VideoError:
                failed += 1


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def made(folder: Path) -> Sequence[Path]:
    kinds = {"a.mp4": "libx264", "b.mkv": "libx264", "c.webm": "libvpx", "d.ts": "mpeg2video", "e.avi": "mpeg4"}
    files = []
    for name, codec in kinds.items():
        path = folder / name
        with av.open(str(path), "w") as output:
            stream = output.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
            stream.codec_context.gop_size = 10
            for number in range(30):
                pixels = np.random.default_rng(number).integers(0, 256, (96, 160, 3), np.uint8)
                output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            output.mux(stream.encode(None))
        content = bytearray(path.read_bytes())
        (folder / f"cut-{name}").write_bytes(content[: len(content) * 2 // 3])
        for place in np.random.default_rng(0).integers(len(content) // 3, len(content), 20):
            content[place] ^= 0xFF
        (folder / f"hit-{name}").write_bytes(content)
        files += [path, folder / f"cut-{name}", folder / f"hit-{name}"]
    (folder / "empty.mp4").touch()
    return [*files, folder / "empty.mp4"]


if __name__ == "__main__":
    main()
