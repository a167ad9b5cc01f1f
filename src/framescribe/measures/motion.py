"""Knows how much of a video moves, and how much of that on its own; the flow that tells it is `camera`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framescribe.measures.base import Measure, Shown


class Motion(Measure):
    """`objects`: share of the picture that moves on its own, mean over time; from about 0.03 on, something does.
    `speed`: how fast that moves, and `camera`: how fast the camera carries the picture, in widths a second. `amount`:
    both together, mean over the picture. Layers at different depth count as moving on their own while the camera
    travels past them."""

    name = "motion"
    version = 2
    help = "how much moves, and how much of it on its own"
    after = ("camera",)

    def see(self, frame: Shown) -> None:
        """Nothing: it is all in the camera's facts."""

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        if (camera := known.get("camera")) is None:
            return None
        shots = camera["shots"]
        whole = sum(shot["end"] - shot["start"] for shot in shots)

        def mean(values: list[float]) -> float:
            summed = sum(value * (shot["end"] - shot["start"]) for value, shot in zip(values, shots, strict=True))
            return float(summed / whole)

        share = mean([shot["objects"]["share"] for shot in shots])
        gone = mean([shot["objects"]["share"] * shot["objects"]["speed"] for shot in shots])
        moved = mean([shot["speed"] for shot in shots])
        return {
            "objects": round(share, 4),
            "speed": round(gone / share, 4) if share else 0.0,
            "camera": round(moved, 4),
            "amount": round(moved + gone, 4),
            "confidence": round(min(1.0, mean([shot["visible"] for shot in shots]) / 0.6), 3),
        }
