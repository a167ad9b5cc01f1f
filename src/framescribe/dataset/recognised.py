"""Knows how to tell which format a folder or file has, by asking every format; reads no more than that takes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from framescribe import registry
from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout
from framescribe.formats.target import NOTES
from framescribe.results.finished import is_result
from framescribe.sources.found import not_there
from framescribe.storage.object_store import is_remote

TEXTS = "txt"
GENERAL = (TEXTS, "csv", "parquet")  # what trainers' own formats are made of: they count where none of these fits
COMPARED = 1000  # samples by which formats that both fit are compared


@dataclass(frozen=True, slots=True)
class Recognised:
    """The format and layout of a data set, and why these. `names`: what the captions of each clip are called, where an
    export noted it."""

    format: Format
    layout: Layout
    why: str
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Both, as --from takes them."""
        return f"{self.format.name}:{self.layout.name}"


def recognised(source: str | os.PathLike[str], wanted: str | None = None) -> Recognised:
    """What a folder or file is read as: what is `wanted` ("FORMAT" or "FORMAT:LAYOUT"), or what it is.

    UserError if it is not there, is a result already, is of no known format, or may be of several that read it
    differently.
    """
    shown = os.fspath(source)
    if is_remote(shown):
        raise UserError(f"{shown}: data sets are imported from this machine's disks; copy it to one")
    path = Path(os.path.abspath(os.path.expanduser(shown)))
    if not path.exists():
        raise UserError(not_there(shown))
    if is_result(path.with_suffix("") if path.suffix == ".parts" else path):
        raise UserError(f"{shown} is already a result of framescribe: there is nothing to import")
    if wanted is not None:
        return _named(wanted, path)
    if (exported := _noted(path)) is not None:
        return _unless_it_stops(exported, path)
    found = [
        Recognised(format, layout, layout.about)
        for format in _specific_first(registry.load_all("formats"))
        for layout in format.layouts
        if _recognises(layout, path)
    ]
    own = [one for one in found if one.format.name not in GENERAL]
    found = own or found
    if not found:
        raise UserError(
            f"{shown} is of no format that framescribe recognises. Name it with --from: "
            f"{', '.join(registry.names('formats'))}"
        )
    readable = _readable(found, path) if len(found) > 1 else found
    if not readable:
        raise UserError(
            f"{shown} may be of several formats, which read it differently: "
            f"{', '.join(one.name for one in found)}. Choose one with --from."
        )
    return _unless_it_stops(readable[0], path)


def _unless_it_stops(found: Recognised, path: Path) -> Recognised:
    """As texts beside videos where these are what it is, but the trainer would stop: at a clip without a text, which
    has still to be captioned."""
    texts: Format = registry.load("formats", TEXTS)
    if found.layout.videos != "beside" or found.format.name == TEXTS or not _recognises(texts.layouts[0], path):
        return found
    try:
        for _ in found.layout.read(path):
            pass
    except UserError as error:
        first = str(error).partition("\n")[0]
        return Recognised(texts, texts.layouts[0], f"not as {found.format.title}, which would stop: {first}")
    return found


def _named(wanted: str, path: Path) -> Recognised:
    name, sign, layout = wanted.partition(":")
    format: Format = registry.load("formats", name)
    if sign:
        return Recognised(format, format.layout(layout), "as --from says")
    fitting = [one for one in format.layouts if _recognises(one, path)]
    return Recognised(format, fitting[0] if fitting else format.layouts[0], "as --from says")


def _noted(path: Path) -> Recognised | None:
    """What framescribe exported there, if it did."""
    try:
        with (path / NOTES).open("rb") as notes:
            about = json.loads(notes.readline())
        format: Format = registry.load("formats", about["format"])
        names = tuple(map(str, about.get("names") or ()))
        return Recognised(format, format.layout(about["layout"]), "exported by framescribe", names)
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return None


def _specific_first(formats: dict[str, Format]) -> list[Format]:
    return sorted(formats.values(), key=lambda one: one.name in GENERAL)


def _recognises(layout: Layout, path: Path) -> bool:
    try:
        return layout.recognises(path)
    except (UserError, OSError, ValueError):
        return False


def _readable(found: Iterable[Recognised], path: Path) -> list[Recognised]:
    """Those that can read it, if all of these find the same videos with the same captions, in whatever order; else
    none."""
    heads = []
    for one in found:
        with suppress(UserError, OSError):
            read = islice(one.layout.read(path), COMPARED)
            heads.append((one, {(sample.video, sample.captions) for sample in read}))
    return [one for one, _ in heads] if all(head == heads[0][1] for _, head in heads) else []
