"""Knows how to make a few videos of the usual kinds to measure with; knows nothing of what is measured.

FFmpeg's moving test picture with noise added, so that no two frames are alike and each costs as much as a real one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.filter import Graph
from av.video.frame import PictureType


@dataclass(frozen=True, slots=True)
class Film:
    name: str
    codec: str
    size: str
    frames: int
    gop: int
    options: Mapping[str, str] = field(default_factory=dict)


_LONG = {"preset": "veryfast", "crf": "28", "sc_threshold": "0"}
_X265 = {"preset": "ultrafast", "x265-params": "log-level=none:bframes=3"}
_VP9 = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "10", "auto-alt-ref": "1", "b": "6M"}
FILMS = [
    Film("h264-720p-short.mp4", "libx264", "1280x720", 45, 250, {"preset": "fast", "crf": "25"}),
    Film("h264-720p-gop600.mp4", "libx264", "1280x720", 900, 600, _LONG),
    Film("h264-1080p.mp4", "libx264", "1920x1080", 300, 250, {"preset": "fast", "crf": "25"}),
    Film("h264-4k.mp4", "libx264", "3840x2160", 90, 60, {"preset": "veryfast", "crf": "28"}),
    Film("hevc-1080p.mp4", "libx265", "1920x1080", 120, 48, _X265),
    Film("av1-1080p.mp4", "libsvtav1", "1920x1080", 120, 48, {"preset": "10", "crf": "40"}),
    Film("vp9-1080p.webm", "libvpx-vp9", "1920x1080", 120, 48, _VP9),
]


def make_films(folder: Path) -> list[Path]:
    """The films, in `folder`; one that this PyAV has no encoder for is left out."""
    os.environ.setdefault("SVT_LOG", "1")  # only the AV1 encoder's errors
    return [path for film in FILMS if (path := _make(film, folder))]


def _make(film: Film, folder: Path) -> Path | None:
    path = folder / film.name
    try:
        codec = av.Codec(film.codec, "w")
    except av.codec.codec.UnknownCodecError:
        print(f"{film.name} is left out: this PyAV has no {film.codec}.", file=sys.stderr)
        return None
    print(f"making {film.name}", file=sys.stderr)
    source = _pictures(film)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec.name, rate=30, options=dict(film.options))
        stream.width, stream.height = map(int, film.size.split("x"))
        stream.pix_fmt, stream.codec_context.gop_size = "yuv420p", film.gop
        for _ in range(film.frames):
            frame = source.pull()
            frame.pict_type = PictureType.NONE  # the source says I, which the encoder would take as an order
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _pictures(film: Film) -> Graph:
    graph = Graph()
    graph.link_nodes(
        graph.add("testsrc2", size=film.size, rate="30"),
        graph.add("noise", "alls=8:allf=t"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ).configure()
    return graph
