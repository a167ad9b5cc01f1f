"""Knows how rightly the measures `camera` and `motion` say what is true of clips made for it, and at what cost.

    python benchmarks/camera.py [--pictures DIR …] [--clips 90] [--seed 2] [--half 1] [--cache DIR]
    python benchmarks/camera.py --cost
    python benchmarks/camera.py --real DIR

Without `--pictures` they are drawn. `--real`: the clips of DIR that were labelled by eye (`MOVING`, `STILL`). A set of
labels is *answered* from a confidence of 0.7 on in every shot; it is right if each shot's labels are exactly the true
ones, and the shots are as many. *Sure* are the labels in `moves`, whatever the set.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av
import camera_clips
import cv2
import numpy as np
from camera_clips import LABELS, Drawn, Shot

from framescribe.frames.decoder import sample
from framescribe.frames.sampling import Sampling
from framescribe.measures.base import LONGER, Shown, Size
from framescribe.measures.camera import Camera
from framescribe.measures.camera_moves import LABELS as ALL
from framescribe.measures.motion import Motion

ANSWERED = 0.7
FALSE_ALARMS = 0.05
OPPOSITE = {one: other for pair in LABELS.values() for one, other in (pair, pair[::-1])}

# Labelled from contact sheets of eight frames before any output was seen: the main movement.
MOVING = {
    "assets-for-api-docs__bee.mp4": "pan_right",
    "learning-area__elf.webm": "roll_cw",
    "learning-area__frog.mp4": "zoom_in",
    "learning-area__rabbit320.mp4": "roll_ccw",
    "learning-area__rabbit320.webm": "roll_ccw",
    "media__hdr10-av1.mp4": "pan_right",
    "media__internal_emulator_transformer_output_180_rotated.mp4": "pan_right",
    "media__sample_edit_list.mp4": "pan_left",
    "media__sample_with_increasing_timestamps_320w_240h_5s.mp4": "tilt_down",
    "media__sample.avi": "tilt_down",
    "rsmpeg__bear.mp4": "pan_left",
}
STILL = (
    "file-type__fixture.3gp", "media__bbb_176x144_128kbps_15fps_h263.3gp", "media__bbb_960x540_60fps_vp8.webm",
    "media__bt601.mov", "media__sample_android_slow_motion.mp4", "moviepy__chaplin.mp4", "moviepy__pigs_in_a_polka.gif",
    "moviepy__smpte-2997.mp4", "sample-videos__book.mkv", "sample-videos__bottle-detection.mp4",
    "sample-videos__car-detection.mp4", "sample-videos__people-detection.gif", "shared-assets__flower.mp4",
    "shared-assets__friday.mp4", "torchcodec__av1_video.mkv",
)  # fmt: skip


def facts_of_clip(path: Path) -> dict[str, Any]:
    """Shots by the camera's own means: no other measure has a part in the figures."""
    camera = motion = None
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for index, frame in enumerate(container.decode(stream)):
            if camera is None:
                size = Size(width=frame.width, height=frame.height, fps=float(stream.average_rate or 25))
                camera, motion = Camera(size), Motion(size)
            camera.see(shown(frame, index))
    assert camera is not None and motion is not None
    facts = camera.facts({})
    return {"camera": facts or {}, "motion": motion.facts({"camera": facts} if facts else {}) or {}}


def shown(frame: av.VideoFrame, index: int) -> Shown:
    """A frame of a file with square pixels and limited range that nobody turns."""
    plane = np.frombuffer(frame.planes[0], np.uint8).reshape(frame.height, -1)[:, : frame.width]
    ratio = min(1.0, LONGER / max(plane.shape))
    small = round(frame.width * ratio), round(frame.height * ratio)
    luma = cv2.resize(plane, small, interpolation=cv2.INTER_AREA)
    return Shown(index=index, time=float(frame.time or 0.0), luma=luma, plane=plane)


def facts_of(path: Path) -> dict[str, Any]:
    one = Sampling(method="uniform", frames=1)
    return sample(str(path), one, key="", max_pixels=4096, measures=("camera", "motion")).facts


def cached(folder: Path, pictures: list[np.ndarray], seed: int, half: int, count: int) -> Iterator[tuple[Path, Drawn]]:
    """The clips as files in a folder, made unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"{half}-{seed}-{number:04}.mp4"
        truth = path.with_suffix(".json")
        if not truth.exists():
            clip = camera_clips.draw_clip(pictures, random.Random(seed * 100_000 + number), f"{seed}-{number:04}")
            path.write_bytes(clip.data)
            said = asdict(clip) | {
                "data": None,
                "shots": [asdict(s) | {"labels": sorted(s.labels)} for s in clip.shots],
            }
            truth.write_text(json.dumps(said))
        known = json.loads(truth.read_text())
        shots = [Shot(**{**shot, "labels": set(shot["labels"])}) for shot in known.pop("shots")]
        yield path, Drawn(**{**known, "shots": shots, "data": b""})


class Figures:
    def __init__(self) -> None:
        self.clips = self.right = self.answered = self.both = 0
        self.hard: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
        self.found, self.false, self.missed = Counter[str](), Counter[str](), Counter[str]()
        self.directions = self.opposite = 0
        self.amounts: dict[str, list[float]] = defaultdict(list)
        self.objects: list[tuple[float, Drawn]] = []
        self.wrong: list[str] = []

    def add(self, clip: Drawn, facts: dict[str, Any]) -> None:
        shots = facts["camera"].get("shots", [])
        truth = [shot.labels or {"static"} for shot in clip.shots]
        got = [{move["label"] for move in shot["moves"] + shot["maybe"] if move["margin"] >= 1} for shot in shots]
        right, answered = got == truth, bool(shots) and min(shot["confidence"] for shot in shots) >= ANSWERED
        self.clips += 1
        self.right += right
        self.answered += answered
        self.both += right and answered
        if answered and not right:
            self.wrong.append(
                f"{clip.name} {clip.hard}: {[sorted(t) for t in truth]}, measured {[sorted(g) for g in got]}"
            )
        for hard in clip.hard or ["nothing"]:
            self.hard[hard].append((right, answered))
        if len(shots) == len(truth):
            for shot, labels, true in zip(shots, truth, clip.shots, strict=True):
                self._add_shot(shot, labels, true)
        if "parallax" not in clip.hard:
            self.objects.append((facts["motion"].get("objects", 0.0), clip))

    def _add_shot(self, shot: dict[str, Any], labels: set[str], true: Shot) -> None:
        sure = {move["label"]: move for move in shot["moves"]}
        for label, move in sure.items():
            (self.found if label in labels else self.false)[label] += 1
            if label in OPPOSITE and (label in labels or OPPOSITE[label] in labels):
                self.directions += 1
                self.opposite += label not in labels
            if label in true.amounts and label in OPPOSITE:
                amount = abs(np.log(move["amount"])) if label.startswith("zoom") else move["amount"]
                self.amounts[label.split("_")[0]].append(abs(amount / true.amounts[label] - 1))
        for label in labels - set(sure):
            self.missed[label] += 1

    def report(self) -> str:
        sure = sum(self.found.values())
        lines = [
            f"clips: {self.clips}; label sets exactly right: {self.right / self.clips:.1%}",
            f"answered: {self.answered / self.clips:.1%}; of those exactly right:"
            f" {self.both / max(1, self.answered):.1%} ({self.answered - self.both} wrong)",
            f"directions right: {self.directions - self.opposite} of {self.directions}",
            f"sure labels: precision {sure / max(1, sure + sum(self.false.values())):.3f},"
            f" recall {sure / max(1, sure + sum(self.missed.values())):.3f}",
            "",
            "| label | precision | recall | n |",
            "|---|---|---|---|",
        ]
        for label in ALL:
            told, there = self.found[label] + self.false[label], self.found[label] + self.missed[label]
            if told and there:
                lines.append(
                    f"| {label} | {self.found[label] / told:.2f} | {self.found[label] / there:.2f} | {there} |"
                )
        lines += ["", "| made hard by | exactly right | answered | clips |", "|---|---|---|---|"]
        for hard, seen in sorted(self.hard.items()):
            lines.append(f"| {hard} | {sum(r for r, _ in seen)} | {sum(a for _, a in seen)} | {len(seen)} |")
        lines.append("")
        for kind, errors in sorted(self.amounts.items()):
            middle, most = statistics.median(errors), np.quantile(errors, 0.9)
            lines.append(f"amount of {kind}: median error {middle:.1%}, 90 % below {most:.1%}")
        lines += ["", self._objects(), *("wrong: " + line for line in self.wrong)]
        return "\n".join(lines)

    def _objects(self) -> str:
        without = [share for share, clip in self.objects if not clip.object_area]
        within = [share for share, clip in self.objects if clip.object_area]
        if not without or not within:
            return "objects: too few clips"
        limit = float(np.quantile(without, 1 - FALSE_ALARMS))
        found = sum(share > limit for share in within)
        return (
            f"moving objects found at {FALSE_ALARMS:.0%} false alarms (share > {limit:.3f}): {found} of {len(within)};"
            f" clips without: {len(without)}, median share {statistics.median(without):.4f}"
        )


def real(folder: Path) -> None:
    agree = answered = still = 0
    for name, label in [*MOVING.items(), *((name, "static") for name in STILL)]:
        facts = facts_of(folder / name)["camera"]
        sure = sorted(
            (move for shot in facts.get("shots", []) for move in shot["moves"]), key=lambda move: -move["margin"]
        )
        labels = [move["label"] for move in sure]
        words = facts.get("said")
        if label == "static":
            still += set(labels) == {"static"}
        else:
            answered += bool(labels)
            agree += label in labels
        print(f"{name}: by eye {label}, sure {labels}, said {words!r}")
    print(f"moving: {answered} of {len(MOVING)} answered, {agree} with the main movement seen by eye")
    print(f"still: {still} of {len(STILL)} static and nothing else")


def cost() -> None:
    """CPU time of one clip of 73 frames, one thread, in one process: the fastest of five turns each."""
    picture = next(iter(camera_clips.drawn_pictures(1).values()))
    cv2.setNumThreads(1)
    for width, height in ((854, 480), (1920, 1080)):
        seen, base = camera_clips.first_view(random.Random(0), picture, (width, height))
        path = np.zeros((73, 4))
        path[:, 0] = np.linspace(0, 0.3, 73)
        draw = np.random.default_rng(0)
        frames = []
        for at in path:
            grain = draw.normal(0, 3, (height, width, 1))
            frames.append(np.clip(camera_clips.view(seen, base, at, (width, height)) + grain, 0, 255).astype(np.uint8))
        data = camera_clips.encode(frames, list(range(73)), 24, 23, "medium")
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            Path(file.name).write_bytes(data)
            times = [_once(file.name) for _ in range(5)]
        decode, small, measured = (min(turn[part] for turn in times) * 1000 for part in range(3))
        print(
            f"{width}x{height}, {len(data) * 8 / 73 * 24 / 1e6:.1f} Mbit/s: decode {decode:.0f} ms, small pictures"
            f" {small:.0f} ms, camera and motion {measured:.0f} ms: {measured / decode:.2f} of decoding"
        )


def _once(path: str) -> tuple[float, float, float]:
    decode = small = measured = 0.0
    camera, motion = None, None
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        frames = container.decode(stream)
        index = 0
        while True:
            began = time.process_time()
            frame = next(frames, None)
            decoded = time.process_time()
            decode += decoded - began
            if frame is None:
                break
            picture = shown(frame, index)
            ready = time.process_time()
            small += ready - decoded
            if camera is None:
                size = Size(width=frame.width, height=frame.height, fps=24)
                camera, motion = Camera(size), Motion(size)
            camera.see(picture)
            measured += time.process_time() - ready
            index += 1
    began = time.process_time()
    assert camera is not None and motion is not None
    motion.facts({"camera": camera.facts({})})
    return decode, small, measured + time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, nargs="*", default=[])
    parser.add_argument("--clips", type=int, default=90)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--real", type=Path)
    chosen = parser.parse_args()
    if chosen.cost or chosen.real:
        cost() if chosen.cost else real(chosen.real)
        return
    found = camera_clips.photographs(chosen.pictures) if chosen.pictures else camera_clips.drawn_pictures(24)
    pictures = camera_clips.half(found, chosen.half)
    print(f"{len(pictures)} pictures of {len(found)}, seed {chosen.seed}")
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        for path, clip in cached(chosen.cache or Path(folder), pictures, chosen.seed, chosen.half, chosen.clips):
            figures.add(clip, facts_of_clip(path))
    print(figures.report())


if __name__ == "__main__":
    main()
