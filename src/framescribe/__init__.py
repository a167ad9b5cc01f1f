"""Captions videos for text-to-video training. The public names are loaded on use: importing framescribe stays light."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from framescribe.version import VERSION

if TYPE_CHECKING:
    from framescribe.engines.base import Decoding as Decoding
    from framescribe.engines.choice import ModelChoice as ModelChoice
    from framescribe.frames.sample import sample as sample
    from framescribe.frames.sampling import Sampling as Sampling
    from framescribe.records import Row as Row
    from framescribe.records import Video as Video
    from framescribe.results.rows import Results as Results
    from framescribe.run.captioner import Captioner as Captioner
    from framescribe.run.job import RunOptions as RunOptions
    from framescribe.run.job import run_job as run_job
    from framescribe.run.recipe import Recipe as Recipe
    from framescribe.run.recipe import StageChoice as StageChoice
    from framescribe.run.report import Report as Report
    from framescribe.sources import find_videos as find_videos

__version__ = VERSION
_HOMES = {
    "Captioner": "run.captioner",
    "Decoding": "engines.base",
    "ModelChoice": "engines.choice",
    "Recipe": "run.recipe",
    "Report": "run.report",
    "Results": "results.rows",
    "Row": "records",
    "RunOptions": "run.job",
    "StageChoice": "run.recipe",
    "Sampling": "frames.sampling",
    "Video": "records",
    "find_videos": "sources",
    "run_job": "run.job",
    "sample": "frames.sample",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'framescribe' has no attribute {name!r}")
    return getattr(importlib.import_module(f"framescribe.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
