"""Captions videos for text-to-video training. The public names are loaded on use: importing framescribe stays light."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from framescribe.version import VERSION

if TYPE_CHECKING:
    from framescribe.errors import ActorDied as ActorDied
    from framescribe.errors import BadReply as BadReply
    from framescribe.errors import DecodeCrashed as DecodeCrashed
    from framescribe.errors import DecodeTimeout as DecodeTimeout
    from framescribe.errors import EngineFault as EngineFault
    from framescribe.errors import FramescribeError as FramescribeError
    from framescribe.errors import Missing as Missing
    from framescribe.errors import MissingExtra as MissingExtra
    from framescribe.errors import NoFrames as NoFrames
    from framescribe.errors import Refused as Refused
    from framescribe.errors import RunError as RunError
    from framescribe.errors import TooLarge as TooLarge
    from framescribe.errors import TooLong as TooLong
    from framescribe.errors import Unreadable as Unreadable
    from framescribe.errors import UserError as UserError
    from framescribe.errors import VideoError as VideoError
    from framescribe.frames.sample import sample as sample
    from framescribe.python.captions import caption as caption
    from framescribe.python.captions import caption_async as caption_async
    from framescribe.python.captions import run as run
    from framescribe.python.captions import run_async as run_async
    from framescribe.python.check import check as check
    from framescribe.python.export import export as export
    from framescribe.python.measure import measure as measure
    from framescribe.python.recipe import Recipe as Recipe
    from framescribe.python.rows import rows as rows
    from framescribe.python.score import compare as compare
    from framescribe.python.score import score as score
    from framescribe.records import Frame as Frame
    from framescribe.records import Row as Row

__version__ = VERSION
_HOMES = {
    "Recipe": "python.recipe",
    "caption": "python.captions",
    "caption_async": "python.captions",
    "check": "python.check",
    "compare": "python.score",
    "export": "python.export",
    "measure": "python.measure",
    "rows": "python.rows",
    "run": "python.captions",
    "run_async": "python.captions",
    "sample": "frames.sample",
    "score": "python.score",
    "Frame": "records",
    "Row": "records",
    **dict.fromkeys(
        (
            *("FramescribeError", "UserError", "MissingExtra", "RunError", "VideoError"),
            *("Unreadable", "Missing", "NoFrames", "DecodeTimeout", "DecodeCrashed", "TooLarge"),
            *("Refused", "TooLong", "EngineFault", "BadReply", "ActorDied"),
        ),
        "errors",
    ),
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'framescribe' has no attribute {name!r}")
    return getattr(importlib.import_module(f"framescribe.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
