"""Knows how to make films of every odd kind with the ffmpeg program and what they show; knows nothing of framescribe.

A picture shows its number twice: `BITS` columns between two white guards in the middle third, and the same in negative
below, so that a picture that was damaged, turned or mirrored hardly passes for another. A texture moves over all of it,
so that hardly a byte of a film says nothing.

`python tests/films.py FOLDER [--seconds 60]` writes them all, the 4K film as long as asked.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BITS = 11
SIZE = (208, 96)  # thirteen columns of 16 pixels: one macroblock each
_TEXTURE = np.random.default_rng(0).integers(-36, 37, (24, 96)).repeat(4, axis=0).repeat(4, axis=1)


def drawn(number: int) -> np.ndarray:
    """The picture of `number`, 0 to 2047: grey, as RGB uint8 [96, 208, 3]."""
    columns = np.array([1, *(number >> bit & 1 for bit in reversed(range(BITS))), 1]).repeat(SIZE[0] // (BITS + 2))
    rows = np.stack([np.full_like(columns, 128), 48 + 160 * columns, 208 - 160 * columns]).repeat(32, axis=0)
    texture = np.roll(_TEXTURE, (2 * number, 3 * number), (0, 1))[:, : SIZE[0]]
    return (rows + texture).astype(np.uint8)[:, :, None].repeat(3, axis=2)


def number_in(pixels: np.ndarray) -> int:
    """The number that a picture of any size shows; ValueError where it shows none, or not twice the same."""
    height, width = pixels.shape[:2]

    def columns(top: float, bottom: float) -> list[bool]:
        row = pixels[round(top * height) : round(bottom * height)].mean(axis=(0, 2))
        wide = width / (BITS + 2)
        starts = [round((place + 0.2) * wide) for place in range(BITS + 2)]
        levels = [float(row[start : start + max(1, round(0.6 * wide))].mean()) for start in starts]
        if any(100 < level < 156 for level in levels):
            raise ValueError(f"no bar code: {levels}")
        return [level > 128 for level in levels]

    code, negative = columns(0.4, 0.6), columns(0.73, 0.93)
    if not (code[0] and code[-1]) or any(a == b for a, b in zip(code, negative, strict=True)):
        raise ValueError(f"no bar code: {code} over {negative}")
    return sum(bit << place for place, bit in enumerate(reversed(code[1:-1])))


def as_drawn(pixels: np.ndarray) -> np.ndarray:
    return pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """How a film is made, and what a player shows.

    It is coded from numbered pictures at 25 a second, or made from the film `source`: `front` and `back` are the
    program's options before and after the input (no `back`: `bytes_of` changes the file's bytes). `first` and `frames`
    are the numbers that are shown; `time` gives a number's second on its own clock (None: the file says none, or
    guesses); `start` is the second of the first frame (None: it depends on the encoder). `upright` turns what is shown
    into what was drawn.
    """

    back: str
    front: str = ""
    source: str | None = None
    bytes_of: Callable[[bytes], bytes] = bytes
    frames: int = 40
    first: int = 0
    time: Callable[[int], float] | None = lambda number: number / 25
    start: float | None = 0.0
    upright: Callable[[np.ndarray], np.ndarray] = as_drawn
    small: bool = True  # small and quick enough to be damaged and decoded many times

    @property
    def numbers(self) -> list[int]:
        return list(range(self.first, self.first + self.frames))

    @property
    def times(self) -> list[float] | None:
        """The second at which each frame is shown, from the start of the file (or, with no `start`, from the first)."""
        if self.time is None:
            return None
        return [round((self.start or 0.0) + self.time(number) - self.time(self.first), 6) for number in self.numbers]


COPY = "-c copy"
X264 = "-c:v libx264 -preset fast -crf 22 -pix_fmt yuv420p -bf 3 -g 12"
X264_10 = X264.replace("yuv420p", "yuv420p10le")
X265 = "-c:v libx265 -preset ultrafast -crf 24 -pix_fmt yuv420p -x265-params"
CLOSED = "log-level=none:pools=1:frame-threads=1:bframes=3:keyint=12:min-keyint=12:open-gop=0"
OPEN = "log-level=none:pools=1:frame-threads=1:bframes=3:keyint=10:min-keyint=10:scenecut=0:open-gop=1"
SVT = "-c:v libsvtav1 -preset 10 -crf 35 -pix_fmt yuv420p -g 16 -svtav1-params lp=1"
AOM = "-c:v libaom-av1 -cpu-used 8 -lag-in-frames 12 -crf 35 -b:v 0 -pix_fmt yuv420p -g 16"
VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -lag-in-frames 10 -auto-alt-ref 1 -crf 32 -b:v 0 -g 16"
VP8 = "-c:v libvpx -deadline realtime -cpu-used 8 -lag-in-frames 10 -auto-alt-ref 1 -crf 20 -b:v 1M -g 16"
MPEG2 = "-c:v mpeg2video -q:v 3 -pix_fmt yuv420p -bf 2 -g 12"
MPEG4 = "-c:v mpeg4 -q:v 3 -pix_fmt yuv420p -g 12"
MJPEG = "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p"
PRORES = "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le"


def large(seconds: float) -> Film:
    """A film in 4K."""
    back = f"{X264} -preset ultrafast -bf 2 -g 25 -vf scale=3840:2160:flags=neighbor"
    return Film(back=back, frames=round(25 * seconds), small=False)


def _front_off(content: bytes) -> bytes:
    """A broadcast tuned in to somewhere: neither a keyframe nor a whole transport packet stands at the beginning."""
    return content[int(0.42 * len(content)) :]


FILMS: dict[str, Film] = {
    "h264.mp4": Film(back=f"{X264} -movflags +faststart"),
    "h264_index_last.mp4": Film(back=X264),
    "h264_long_gop.mp4": Film(back=f"{X264} -g 250"),
    "h264_open_gop.mp4": Film(back=f"{X264} -g 10 -sc_threshold 0 -x264-params open-gop=1"),
    "h264_pyramid.mkv": Film(back=f"{X264} -bf 7 -x264-params b-pyramid=normal:b-adapt=0:ref=5"),
    "h264.mkv": Film(back=X264),
    "h264.mov": Film(back=X264),
    "h264.flv": Film(back=X264),
    "h264.avi": Film(back=X264, time=None),
    "h264.ts": Film(back=X264),
    "h264.h264": Film(back=X264, time=None),
    "fragmented.mp4": Film(back=f"{X264} -movflags +frag_keyframe+empty_moov+default_base_moof"),
    "fragment_a_frame.mp4": Film(back=f"{X264} -movflags +frag_every_frame+empty_moov+default_base_moof"),
    "10_bit_h264.mp4": Film(back=X264_10),
    "10_bit_hevc.mkv": Film(back=f"{X265.replace('yuv420p', 'yuv420p10le')} {CLOSED}"),
    "hevc.mp4": Film(back=f"{X265} {CLOSED} -tag:v hvc1"),
    "hevc.ts": Film(back=f"{X265} {CLOSED}"),
    "hevc_open_gop.mp4": Film(back=f"{X265} {OPEN}"),
    "hevc_open_gop.mkv": Film(back=f"{X265} {OPEN}"),
    "hevc_open_gop.ts": Film(back=f"{X265} {OPEN}"),
    "av1.mp4": Film(back=SVT),
    "av1.mkv": Film(back=SVT),
    "av1_alt_ref.webm": Film(back=AOM),
    "vp8.webm": Film(back=VP8),
    "vp9.webm": Film(back=VP9),
    "vp9_alpha.webm": Film(back=f"{VP9} -vf format=rgba,colorchannelmixer=aa=0.5 -pix_fmt yuva420p -auto-alt-ref 0"),
    "interlaced_h264.mp4": Film(back=f"{X264} -flags +ilme+ildct -x264-params tff=1"),
    "interlaced_h264.ts": Film(back=f"{X264} -flags +ilme+ildct -x264-params tff=1"),
    "interlaced_mpeg2.ts": Film(back=f"{MPEG2} -flags +ilme+ildct"),
    "mpeg2.mpg": Film(back=MPEG2),
    "mpeg4.avi": Film(back=MPEG4),
    "mpeg4_b_frames.mp4": Film(back=f"{MPEG4} -bf 2"),
    "mjpeg.mov": Film(back=MJPEG),
    "mjpeg.avi": Film(back=MJPEG),
    "prores.mov": Film(back=PRORES),
    "intra_refresh.mp4": Film(back=f"{X264} -g 10 -x264-params intra-refresh=1"),
    "intra_refresh.mkv": Film(back=f"{X264} -g 10 -x264-params intra-refresh=1"),
    "intra_refresh.ts": Film(back=f"{X264} -g 10 -x264-params intra-refresh=1"),
    "gop_600.mp4": Film(back=f"{X264} -g 600 -keyint_min 600 -sc_threshold 0", frames=620, small=False),
    # VFR: a gap after each seventh frame, and unequal steps of milliseconds
    "vfr.mp4": Film(
        back=f"{X264} -vf setpts=(N+3*floor(N/7))/25/TB -fps_mode passthrough",
        time=lambda number: (number + 3 * (number // 7)) / 25,
    ),
    "vfr.mkv": Film(
        back=rf"{X264} -vf settb=1/1000,setpts=40*N+15*mod(N\,3) -fps_mode passthrough -enc_time_base 1/1000",
        time=lambda number: (40 * number + 15 * (number % 3)) / 1000,
    ),
    # The display matrix: the program's degrees are against the clock, as numpy's are.
    "turned_90.mp4": Film(
        source="h264.mp4", front="-display_rotation 90", back=COPY, upright=lambda shown: np.rot90(shown, -1)
    ),
    "turned_180.mov": Film(
        source="h264.mp4", front="-display_rotation 180", back=COPY, upright=lambda shown: np.rot90(shown, -2)
    ),
    "turned_270.mp4": Film(
        source="h264.mp4", front="-display_rotation 270", back=COPY, upright=lambda shown: np.rot90(shown, -3)
    ),
    "turned_90.mkv": Film(
        source="h264.mp4", front="-display_rotation 90", back=COPY, upright=lambda shown: np.rot90(shown, -1)
    ),
    "mirrored.mp4": Film(source="h264.mp4", front="-display_hflip", back=COPY, upright=lambda shown: shown[:, ::-1]),
    "upside_down.mp4": Film(source="h264.mp4", front="-display_vflip", back=COPY, upright=lambda shown: shown[::-1]),
    # Where the clock starts
    "late.mp4": Film(source="h264.mp4", back=f"{COPY} -output_ts_offset 7.3"),
    "late.mkv": Film(source="h264.mp4", back=f"{COPY} -output_ts_offset 7.3"),
    "late.ts": Film(source="h264.ts", back=f"{COPY} -output_ts_offset 7.3"),
    "late_but_for_sound.mkv": Film(
        source="h264.mkv",
        front="-f lavfi -i sine=duration=1:sample_rate=16000 -itsoffset 2",
        back="-map 0:a -map 1:v -c:v copy -c:a pcm_s16le",
        start=2.0,
    ),
    "negative.mkv": Film(
        source="h264.mkv", back=f"{COPY} -output_ts_offset -0.52 -avoid_negative_ts disabled", time=None
    ),  # FFmpeg takes the first thirteen for frames without times
    "negative.ts": Film(source="h264.ts", back=f"{COPY} -output_ts_offset -1.9 -avoid_negative_ts disabled"),
    "clock_wraps.ts": Film(source="h264.ts", back=f"{COPY} -output_ts_offset 95441.5"),  # at 2**33 / 90000 = 95443.7
    # Edit lists: packets from the keyframe before on, of which some are not shown
    "edit_list.mp4": Film(source="h264_long_gop.mp4", front="-ss 0.52", back=COPY, first=13, frames=27),
    "edit_list.mov": Film(source="h264.mp4", front="-ss 0.8", back=COPY, first=20, frames=20),
    "edit_list_hevc.mp4": Film(source="hevc.mp4", front="-ss 0.2", back=COPY, first=5, frames=35),
    "edit_list_open_gop.mp4": Film(source="hevc_open_gop.mp4", front="-ss 0.72", back=COPY, first=18, frames=22),
    "edit_list_negative.mp4": Film(
        source="h264_long_gop.mp4",
        back=f"{COPY} -output_ts_offset -0.52 -avoid_negative_ts disabled",
        first=13,
        frames=27,
    ),
    # Cut in the middle of a group: what is shown first is the first keyframe that is left
    "tuned_in_h264.ts": Film(source="h264.ts", back="", bytes_of=_front_off, first=24, frames=16, start=None),
    "tuned_in_mpeg2.ts": Film(
        source="interlaced_mpeg2.ts", back="", bytes_of=_front_off, first=24, frames=16, start=None
    ),
    "tuned_in_hevc.ts": Film(source="hevc.ts", back="", bytes_of=_front_off, first=24, frames=16, start=None),
    "tuned_in_mpeg2.mpg": Film(source="mpeg2.mpg", back="", bytes_of=_front_off, first=24, frames=16, start=None),
    "two_videos.mkv": Film(
        source="h264_long_gop.mp4",
        front="-f lavfi -i color=s=320x240:d=2",
        back="-map 1:v -map 0:v -c:v:0 copy -c:v:1 libx264",
    ),
    "one.mp4": Film(back=X264, frames=1),
    "one.ts": Film(back=f"{X265} {CLOSED}", frames=1),
    "one.webm": Film(back=VP9, frames=1),
    "4k.mp4": large(2),
}


def program() -> str | None:
    """The ffmpeg program: the package imageio-ffmpeg's, else the one on the PATH, else None."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return shutil.which("ffmpeg")


def make(name: str, folder: Path, film: Film | None = None) -> Path:
    """The film `name` in `folder`, made where it is not there yet, and so what it is made from."""
    film = film or FILMS[name]
    path = folder / name
    if path.exists():
        return path
    given = b""
    if film.source is None:
        pipe = f"-f rawvideo -pix_fmt rgb24 -s {SIZE[0]}x{SIZE[1]} -r 25 -i pipe:0"
        given = b"".join(drawn(number).tobytes() for number in range(film.frames))
    else:
        source = make(film.source, folder)
        if not film.back:
            path.write_bytes(film.bytes_of(source.read_bytes()))
            return path
        pipe = f"-i file:{source}"
    same = "-threads 1 -fflags +bitexact -flags +bitexact"  # the same bytes each time
    front, back = film.front.split(), [*film.back.split(), *same.split()]
    command = [program() or "ffmpeg", "-loglevel", "error", "-y", *front, *pipe.split(), *back, f"file:{path}"]
    done = subprocess.run(command, input=given, capture_output=True)
    if done.returncode:
        path.unlink(missing_ok=True)
        raise RuntimeError(f"{name}: {done.stderr.decode(errors='replace').strip()}\n{' '.join(command)}")
    return path


def _main() -> None:
    parser = argparse.ArgumentParser(description="Write the films into a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of the 4K film")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, film in FILMS.items():
        print(name, make(name, given.folder, large(given.seconds) if name == "4k.mp4" else film).stat().st_size)


if __name__ == "__main__":
    _main()
