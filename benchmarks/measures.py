"""Knows what measures cost beside decoding, and how many cuts, fades and copies they find where these are known.

    python benchmarks/measures.py [VIDEO ...] [--measures cuts,still] [--rounds 5] [--frames 73] [--clips 40]

Cost: each video (or a drawn one of 480p and one of 1080p) is decoded whole, and again before the eyes of one measure
after the other and of all together, in turn in one process on one thread; printed is the CPU time as a share of the
decode's, median over rounds. "small pictures" is what every measure shares. Accuracy: clips that are drawn with cuts,
dissolves, fades, flashes, strobes, jolts and whip pans at known times, and PySceneDetect's adaptive detector on the
same frames (it is given no fades).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from framescribe import registry
from framescribe.frames.watched import Watch
from framescribe.measures.base import Shown, Size
from framescribe.measures.cuts import Cuts

MINE = ("cuts", "still", "borders", "light", "sharpness", "overlay", "copies")
FPS = 25


def scene(seed: int, width: int, height: int) -> np.ndarray:
    """RGB: clouds of all sizes under rectangles and discs."""
    chance = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, np.float32)
    for level in range(1, 8):
        cells = chance.normal(0, 45 * 0.75**level, (2**level + 1, 2**level + 1, 3)).astype(np.float32)
        picture += cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        corner = (int(chance.uniform(0, width)), int(chance.uniform(0, height)))
        size, colour = int(chance.uniform(0.03, 0.2) * height), chance.uniform(15, 240, 3).tolist()
        if chance.random() < 0.5:
            cv2.circle(picture, corner, size, colour, -1)
        else:
            cv2.rectangle(picture, corner, (corner[0] + 2 * size, corner[1] + size), colour, -1)
    return np.clip(picture, 0, 255).astype(np.uint8)


def moving(seed: int, frames: int, width: int, height: int, step: float) -> list[np.ndarray]:
    wide = scene(seed, width + int(step * frames) + 8, height)
    return [wide[:, int(step * at) : int(step * at) + width].copy() for at in range(frames)]


def drawn(path: Path, width: int, height: int, frames: int) -> Path:
    """A moving camera with a camera's noise, as H.264."""
    chance = np.random.default_rng(0)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS, options={"preset": "fast", "crf": "22"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in moving(1, frames, width, height, width / 200):
            noisy = np.clip(picture + chance.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="rgb24")))
        output.mux(stream.encode(None))
    return path


def decode(path: Path, watch: Callable[..., object] | None, frames: int) -> float:
    """CPU seconds."""
    begin = time.process_time()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "NONE", 1
        for place, frame in enumerate(container.decode(stream)):
            if place == frames:
                break
            if watch:
                watch(frame, container, stream)
    return time.process_time() - begin


def cost(path: Path, names: Sequence[str], rounds: int, frames: int) -> None:
    """Prints each measure's share of the decode; what all share, the small pictures, is told apart."""

    def small(frame: av.VideoFrame, container: object, stream: object) -> None:
        scale = min(1.0, 256 / max(frame.width, frame.height))
        size = {"width": round(scale * frame.width), "height": round(scale * frame.height)}
        frame.reformat(**size, format="gray", interpolation="AREA", threads=1).to_ndarray()

    def watched(chosen: Sequence[str]) -> float:
        watch = Watch(chosen)
        spent = decode(path, watch.see, frames)
        begin = time.process_time()
        watch.facts()
        return spent + time.process_time() - begin

    ways: dict[str, Callable[[], float]] = {"decode": lambda: decode(path, None, frames)}
    ways["small pictures"] = lambda: decode(path, small, frames)
    for name in names:
        ways[name] = lambda name=name: watched([name])  # type: ignore[misc]
    ways["all"] = lambda: watched(names)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            times[name].append(way())
    plain = statistics.median(times["decode"][1:])
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        print(
            f"\n{path.name}: {stream.width} x {stream.height}, {stream.codec_context.name}, decode {plain * 1e3:.0f} ms"
        )
    shares = {
        name: statistics.median(
            (spent - whole) / whole for spent, whole in zip(list_[1:], times["decode"][1:], strict=True)
        )
        for name, list_ in times.items()
    }
    for name in ("small pictures", *names, "all"):
        base = 0.0 if name in ("small pictures", "all") else shares["small pictures"]
        print(f"  {name:<15}{shares[name] - base:6.2f} of a decode", flush=True)


# --------------------------------------------------------------------------------------------- accuracy


def edited(seed: int) -> tuple[list[np.ndarray], list[float], list[tuple[float, float, str]]]:
    """Frames, the times of cuts, and the intervals of fades."""
    chance = random.Random(seed)
    frames, cuts, fades = shot(chance), [], []
    for _ in range(chance.randint(1, 3)):
        kind = chance.choice(["cut", "cut", "dissolve", "fade", "flash", "strobe", "jolt", "whip"])
        end, new = len(frames), shot(chance)
        if kind == "cut":
            cuts.append(end / FPS)
            frames += new
        elif kind == "dissolve":
            length = chance.randint(8, 18)
            frames[-length:] = mixed(frames[-length:], new[:length])
            fades.append(((end - length) / FPS, end / FPS, kind))
            frames += new[length:]
        elif kind == "fade":
            length, level = chance.randint(8, 18), chance.choice([0, 0, 255])
            blank = [np.full_like(new[0], level)] * length
            frames[-length:] = mixed(frames[-length:], blank)
            frames += blank[:6] + mixed(blank, new[:length]) + new[length:]
            fades.append(((end - length) / FPS, end / FPS, "fade_out"))
            fades.append(((end + 6) / FPS, (end + 6 + length) / FPS, "fade_in"))
        elif kind in ("flash", "strobe"):
            last = frames[-1]
            bright = np.clip(last * 0.3 + 170, 0, 255).astype(np.uint8)
            lit = [at == 4 if kind == "flash" else at // 2 % 2 == 1 for at in range(20)]
            frames += [bright if on else last for on in lit] + [last] * 8
        else:
            wide = np.hstack([frames[-1], frames[-1][:, ::-1], frames[-1]])
            places = [60] if kind == "jolt" else [90, 210, 330, 400]
            frames += [
                cv2.blur(wide[:, at : at + 320], (40, 1)) if kind == "whip" else wide[:, at : at + 320] for at in places
            ]
            frames += [wide[:, places[-1] : places[-1] + 320]] * 20
    grain = chance.choice([0, 0, 3])
    noise = np.random.default_rng(seed)
    if grain:
        frames = [np.clip(frame + noise.normal(0, grain, frame.shape), 0, 255).astype(np.uint8) for frame in frames]
    return frames, cuts, fades


def shot(chance: random.Random) -> list[np.ndarray]:
    frames = moving(chance.randrange(10**6), chance.randint(30, 45), 320, 180, chance.choice([0, 0.5, 1, 3]))
    return frames[::-1] if chance.random() < 0.5 else frames


def mixed(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> list[np.ndarray]:
    shares = [(at + 1) / (len(one) + 1) for at in range(len(one))]
    return [
        np.clip(a * (1 - share) + b * share, 0, 255).astype(np.uint8)
        for a, b, share in zip(one, other, shares, strict=True)
    ]


def adaptive(frames: Sequence[np.ndarray]) -> list[float]:
    from scenedetect import AdaptiveDetector, FrameTimecode

    detector = AdaptiveDetector(min_scene_len=round(0.6 * FPS))
    found = []
    for at, frame in enumerate(frames):
        pixels = np.ascontiguousarray(cv2.resize(frame, (256, 144), interpolation=cv2.INTER_AREA)[:, :, ::-1])
        found += detector.process_frame(FrameTimecode(at, Fraction(FPS)), pixels)
    return [cut.frame_num / FPS for cut in found]


def measured(frames: Sequence[np.ndarray]) -> dict[str, object]:
    measure = Cuts(Size(width=320, height=180, fps=FPS))
    for at, frame in enumerate(frames):
        luma = cv2.cvtColor(cv2.resize(frame, (256, 144), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        measure.see(Shown(index=at, time=at / FPS, luma=luma, plane=luma))
    return measure.facts({}) or {}


def counted(found: Sequence[float], true: Sequence[float]) -> np.ndarray:
    """Right, wrong and missed ones; one frame off is right."""
    right = sum(any(abs(one - other) <= 1.5 / FPS for other in found) for one in true)
    return np.array([right, len(found) - right, len(true) - right])


def accuracy(clips: int) -> None:
    ours, theirs, fades, off = np.zeros(3, int), np.zeros(3, int), np.zeros(3, int), list[float]()
    for seed in range(clips):
        frames, cuts, intervals = edited(seed)
        facts = measured(frames)
        ours += counted(facts["cuts"], cuts)  # type: ignore[arg-type]
        inside = [at for at in adaptive(frames) if not any(a - 0.1 <= at <= b + 0.1 for a, b, _ in intervals)]
        theirs += counted(inside, cuts)
        left = list(facts["fades"])  # type: ignore[call-overload]
        for start, end, kind in intervals:
            hit = next((f for f in left if f["kind"] == kind and f["start"] < end and f["end"] > start), None)
            if hit:
                left.remove(hit)
                off += [abs(hit["start"] - start), abs(hit["end"] - end)]
            fades += [hit is not None, 0, hit is None]
        fades[1] += len(left)
    print(f"\n{clips} drawn clips: right, wrong, missed")
    print(f"  cuts             {ours}")
    print(f"  AdaptiveDetector {theirs} (those inside fades left out)")
    print(f"  fades, dissolves {fades}", flush=True)
    if off:
        print(f"  their ends: median {np.median(off):.3f} s off, {np.mean(np.array(off) <= 0.2):.0%} within 0.2 s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--measures", default=",".join(MINE), help="with commas between them, or all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=73, help="of each video, at most")
    parser.add_argument("--clips", type=int, default=40, help="drawn for the accuracy; 0: none")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    names = registry.names("measures") if given.measures == "all" else given.measures.split(",")
    with tempfile.TemporaryDirectory() as folder:
        videos = given.videos or [
            drawn(Path(folder) / "480p.mp4", 854, 480, given.frames),
            drawn(Path(folder) / "1080p.mp4", 1920, 1080, given.frames),
        ]
        for video in videos:
            cost(video, names, given.rounds, given.frames)
    if given.clips:
        accuracy(given.clips)


if __name__ == "__main__":
    main()
