"""The meter: overlapping work is busy once, and waiting is when no model was asked."""

from __future__ import annotations

from framescribe.runs.meter import Meter


def test_seconds_are_those_in_which_at_least_one_piece_was_under_way() -> None:
    now = [0.0]
    meter = Meter(["frames", "summary"], clock=lambda: now[0])
    with meter.busy("decode"):
        now[0] = 2.0
        with meter.busy("decode"), meter.busy("frames"):
            now[0] = 3.0
        now[0] = 4.0
    now[0] = 10.0
    with meter.busy("summary"):
        now[0] = 11.5
        assert meter.seconds() == {"decode": 4.0, "frames": 1.0, "summary": 1.5, "waiting": 9.0}
    assert meter.elapsed == 11.5
