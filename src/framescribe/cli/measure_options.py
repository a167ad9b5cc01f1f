"""Knows the options that say what is measured in videos, and which of them are captioned then; measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framescribe.cli.options import option


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """What is measured, and which videos are captioned."""

    measure: Annotated[
        list[str] | None,
        option(
            "Measures",
            "Measure these in each video (cuts, camera, …: framescribe measure --help), all or none: kept in its row, "
            "told to the model by whole-clip, sliding and structured, and checked. Every frame is decoded then.",
            metavar="NAMES",
            show_default=False,
        ),
    ] = None
    keep: Annotated[
        str | None,
        option(
            "Measures",
            "Caption only videos that meet this condition on what is measured, such as 'motion > 0.02 and not cuts'. "
            "The others get a row that says why, and cost nothing.",
            metavar="CONDITION",
            show_default=False,
        ),
    ] = None
