"""Knows what a data set's card says: README.md with what the Hub reads at its top, figures, and how it was made.

Names, captions and columns come from outside: they stand in code spans and blocks, where Markdown and HTML are text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from framescribe.addresses import without_access, without_keys
from framescribe.dataset.tally import DISTINCT, Few, Range, bars, block, cell, code, table
from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.formats.plain_tables import CSV_NAME, PARQUET_NAME
from framescribe.formats.target import Target
from framescribe.names import shown
from framescribe.plain_json import dumps
from framescribe.records import Row, VideoInfo
from framescribe.version import VERSION

NAME, OTHER_NAME = "README.md", "DATASET_CARD.md"
SHOWN, UNFIT = 10, 100
WORDS_OF = 2_000  # captions whose words are counted one by one; of what comes after, every 100th
STRIDE = 100
AT_ONCE = 200  # clips that are counted together

# Which files `datasets` and the Hub's viewer are to load, where they would not find out by themselves.
DATA_FILES = {
    "videofolder": "train/**",
    "datasets": "data/train-*.parquet",
    "webdataset": "*.tar",
    "csv": CSV_NAME,
    "parquet": PARQUET_NAME,
}
# https://huggingface.co/docs/hub/repositories-licenses: those that are for data as well
_LICENSES = """
apache-2.0 mit openrail bsl-1.0 bsd bsd-2-clause bsd-3-clause c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0
cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0
cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl
etalab-2.0 eupl-1.2 agpl-3.0 gfdl gpl-2.0 gpl-3.0 lgpl-2.1 lgpl-3.0 isc mpl-2.0 odc-by odbl pddl unlicense zlib unknown
other
"""
LICENSES = frozenset(_LICENSES.split())
_CAMERA_WORDS = """
aerial angle background bokeh camera close-up close-ups dolly drone focus foreground handheld pan panning pans
perspective pov shot slow-motion static steady tilt tilting time-lapse tracking viewpoint wide zoom zooming zooms
"""
_CAMERA = frozenset(_CAMERA_WORDS.split())
_SMALL_WORDS = """
a about above after against all along also an and another are around as at back be been before behind being below
between both but by can down each for from has have he her his i in into is it its more no not of off on one onto or
other our out over s several she so some than that the their them then there these they this those through to toward
towards two under up upon very was we were what when where which while who with within without you your
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


class Facts(Protocol):
    """What the card says of the export itself."""

    @property
    def left_out(self) -> Mapping[str, int]: ...
    @property
    def done(self) -> Mapping[str, int]: ...
    @property
    def unfit(self) -> Sequence[tuple[str, int]]: ...
    @property
    def unfit_count(self) -> int: ...


class Card:
    """What the card says, collected from the samples as they are written; its memory does not grow with them."""

    def __init__(self) -> None:
        self.clips = self.captions = self.edited = self.facts = 0
        self._seconds = Range(1, 2, 3, 5, 8, 12, 20, 60)
        self._frames = Range(0)
        self._lengths = Range(10, 20, 40, 60, 80, 100, 150, 200, 300)
        self._kinds = Few[tuple[Any, ...]]()  # width, height, frames per second, codec: most clips share them
        self._rows, self._flags = Few[tuple[str, ...]](), Few[str]()  # status and columns, which most share, too
        self._words, self._camera, self._openings = Few[str](), Few[str](), Few[str]()
        self._made = Few[tuple[tuple[str, ...], ...]]()
        self._known = dict[tuple[Any, ...], tuple[tuple[str, ...], ...]]()
        self._counted = 0
        # What waits to be counted. No rows: a few thousand of their dictionaries would set off the garbage collector.
        self._infos, self._texts = list[VideoInfo](), list[str]()
        self._kept, self._makers = list[tuple[str, ...]](), list[tuple[tuple[str, ...], ...]]()

    def add(self, sample: Sample, row: Row) -> None:
        """Count one clip: what is written of it, and the row that it comes from."""
        self.clips += 1
        if sample.info is not None:
            self._infos.append(sample.info)
        self._texts.extend(sample.captions)
        self._kept.append((row.status, *sample.columns))
        if row.flags:
            self._flags.add_all(row.flags)
        if row.provenance.get("edits"):
            self.edited += 1
        self._makers.append(self._made_by(row))
        if len(self._makers) == AT_ONCE:
            self._count()

    def _count(self) -> None:
        """Count what waits: many at once take a third of the time that they would take one by one."""
        infos, self._infos = self._infos, []
        self.facts += len(infos)
        self._seconds.add_all([info.duration or 0.0 for info in infos])
        self._frames.add_all([info.frames for info in infos])
        self._kinds.add_each([(info.width, info.height, info.fps or 0.0, info.codec) for info in infos])
        self._count_captions(self._texts)
        self._rows.add_each(self._kept)
        self._made.add_each(self._makers)
        self._texts, self._kept, self._makers = [], [], []

    def _made_by(self, row: Row) -> tuple[tuple[str, ...], ...]:
        """What made the row, looked up by its fingerprints, which most rows share."""
        prints = tuple([(name, made.get("fingerprint")) for name, made in row.stages.items()])
        key = (row.provenance.get("version"), prints)
        made = self._known.get(key)
        if made is None:
            made = _made_by(row)
            if len(self._known) < DISTINCT:
                self._known[key] = made
        return made

    def _count_captions(self, captions: Sequence[str]) -> None:
        self._lengths.add_all(
            [
                caption.count(" ") + 1 if caption.isascii() and "  " not in caption else len(caption.split())
                for caption in captions
            ]
        )
        for number, caption in enumerate(captions, self.captions):
            if number < WORDS_OF or number % STRIDE == 0:
                words = _WORD.findall(caption.lower())
                self._counted += 1
                self._openings.add(" ".join(words[:3]))
                self._words.add_all(word for word in words if word not in _SMALL)
                if camera := _CAMERA.intersection(words):
                    self._camera.add_all(camera)
        self.captions += len(captions)

    # --- what is written ---

    def write(
        self,
        target: Target,
        *,
        format: Format,
        layout: Layout,
        exported: Facts,
        license: str | None = None,
        command: str | None = None,
    ) -> str:
        """Write the card, and return its name: README.md, or DATASET_CARD.md where a person wrote the README.

        UserError if a person wrote both.
        """
        self._count()
        body = self._body(target.folder, format, layout, exported, license, command)
        text = "\n".join([*self._front(format, license), *body])
        try:
            with target.file(NAME) as file:
                file.write(text)
            return NAME
        except UserError:
            with target.file(OTHER_NAME) as file:
                file.write(text)
            return OTHER_NAME

    def _front(self, format: Format, license: str | None) -> Iterator[str]:
        """What the Hub reads (https://huggingface.co/docs/hub/datasets-cards), as YAML."""
        yield "---"
        if license is not None:
            known = license.strip().lower()
            yield f"license: {known if known in LICENSES else 'other'}"
            if known not in LICENSES:
                yield f"license_name: {_yaml(re.sub('[^a-z0-9.]+', '-', known)[:60].strip('-') or 'other')}"
        yield from ("task_categories:", "- text-to-video", "size_categories:", f"- {_size_category(self.clips)}")
        yield from ("tags:", "- video", "- video-captioning", "- framescribe", f"- {_yaml(format.name)}")
        if format.name in DATA_FILES:
            yield from ("configs:", "- config_name: default", "  data_files:", "  - split: train")
            yield f"    path: {_yaml(DATA_FILES[format.name])}"
        yield "---"
        yield ""

    def _body(
        self, folder: Path, format: Format, layout: Layout, exported: Facts, license: str | None, command: str | None
    ) -> Iterator[str]:
        yield from (f"# {code(folder.name or 'data set')}", "")
        yield f"{_count(self.clips, 'captioned video clip')} for {format.title} ({layout.name}: {code(layout.about)})."
        yield ""
        yield from self._figures()
        yield from self._plots()
        yield from self._words_used()
        if license is not None:
            yield from (f"Licence: {code(license)}", "")
        yield from self._making(format, command, exported.done)
        yield from _leaving_out(exported.left_out)
        yield from _unfitting(format, exported)

    def _figures(self) -> Iterator[str]:
        hours = self._seconds.total / 3600
        rows = [
            ("clips", f"{self.clips:,}"),
            ("captions", f"{self.captions:,}"),
            ("hours", f"{hours:,.2f}" if hours >= 0.1 else f"{hours:.4f}"),
            ("seconds per clip", self._seconds.said()),
            ("frames per clip", self._frames.said()),
            ("frames per second", _listed(self._kinds.parts(lambda kind: [f"{kind[2]:.6g}"] if kind[2] else []))),
            ("pixels (width × height)", _listed(self._sizes())),
            ("codecs", _listed(self._kinds.parts(lambda kind: [kind[3]]))),
            ("words per caption", self._lengths.said()),
            ("clips that a person edited", f"{self.edited:,}"),
            ("status", _listed(self._rows.parts(lambda kind: kind[:1]))),
            ("flags", _listed(self._flags)),
            ("columns of their own", _listed(self._rows.parts(lambda kind: kind[1:]), counts=False)),
        ]
        if self.facts < self.clips:
            rows.append(("clips whose files' facts are not known", f"{self.clips - self.facts:,}"))
        yield from table(("", ""), [row for row in rows if row[1]])

    def _sizes(self) -> Few[str]:
        return self._kinds.parts(lambda kind: [f"{kind[0]} × {kind[1]}"])

    def _plots(self) -> Iterator[str]:
        for title, plot in (
            ("Seconds per clip", self._seconds.bars()),
            ("Width × height", bars(self._sizes().most(SHOWN))),
            ("Words per caption", self._lengths.bars()),
        ):
            if lines := list(plot):
                yield from (f"**{title}**", "", *block(lines))

    def _words_used(self) -> Iterator[str]:
        if not self._counted:
            return
        some = "" if self._counted == self.captions else f", counted in {self._counted:,} captions"
        yield from (f"**Most frequent words**{some}", "", *block(bars(self._words.most(2 * SHOWN))))
        if len(self._camera):
            yield from ("**Captions with words of the camera**", "", *block(bars(self._camera.most(SHOWN))))
        least = "at least " if self._openings.forgotten else ""
        yield f"**Openings** of three words: {least}{len(self._openings):,} different in {self._counted:,} captions"
        yield from ("", *block(bars(self._openings.most(SHOWN))))

    def _making(self, format: Format, command: str | None, done: Mapping[str, int]) -> Iterator[str]:
        yield from ("## How it was made", "")
        yield f"With framescribe {VERSION}, in the format of {format.title}."
        yield ""
        if made := self._made.parts(lambda stages: stages).most(2 * SHOWN):
            rows = [(*map(cell, names), f"{count:,}") for names, count in made]
            yield from table(("stage", "engine", "model", "prompt (SHA-256)", "version", "clips"), rows)
        if command:
            yield from block([_at_home(without_access(command))])
        if done:
            yield from (*(f"- captions, {code(what)}: {count:,}" for what, count in done.items()), "")


def _made_by(row: Row) -> tuple[tuple[str, ...], ...]:
    """What made the row: stage, engine, model, prompt and version of each that asked a model, or was imported."""
    version = str(row.provenance.get("version") or "")
    return tuple(
        [
            (
                name,
                str(made.get("engine") or ""),
                _model(str(made.get("model") or "")),
                str(made.get("prompt_sha256") or ""),
                version,
            )
            for name, made in row.stages.items()
            if isinstance(made, Mapping) and (made.get("engine") or made.get("model") or name == "imported")
        ]
    )


def _at_home(command: str) -> str:
    """The command without the name of whoever ran it, which their folder's path holds."""
    home = os.path.expanduser("~")
    return command.replace(home, "~") if len(home) > 1 else command


@lru_cache(1000)
def _model(name: str) -> str:
    """The model's name; of a path on the machine that made it only the last part."""
    name = without_keys(name)
    return os.path.basename(name.rstrip("/\\")) if os.path.isabs(name) else name


def _listed(values: Few[str], *, counts: bool = True) -> str:
    most = values.most(SHOWN)
    said = [f"{cell(name)} ({count:,})" if counts and len(values) > 1 else cell(name) for name, count in most]
    more = len(values) - len(most)
    return ", ".join(said) + (f" and {more:,} more" if more > 0 else "")


def _leaving_out(left_out: Mapping[str, int]) -> Iterator[str]:
    if left_out:
        yield from ("## What was left out", "")
        yield from (*(f"- {code(why)}: {_count(count, 'row')}" for why, count in left_out.items()), "")


def _unfitting(format: Format, exported: Facts) -> Iterator[str]:
    rule = format.frames
    if rule is None or not exported.unfit_count:
        return
    steps = f"{rule.step}n + {rule.remainder}" if rule.step > 1 else f"{rule.least} or more"
    at = f" at {rule.fps:g} frames a second" if rule.fps is not None else ""
    yield from ("## Clips of whose frames the trainer leaves some out", "")
    yield f"{format.title} uses all frames of a clip that has {steps} frames{at}" + (
        f"; {rule.then}." if rule.then else "."
    )
    shown = exported.unfit[:UNFIT]
    first = f" The first {len(shown):,}:" if exported.unfit_count > len(shown) else ""
    yield f"{_count(exported.unfit_count, 'clip')} here have another number.{first}"
    yield ""
    yield from (*(f"- {code(name)}: {_count(frames, 'frame')}" for name, frames in shown), "")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _yaml(text: str) -> str:
    """The text as YAML: as JSON writes it, once it holds no character that needs an escape."""
    return dumps(shown(text))


def _size_category(clips: int) -> str:
    """As the Hub names it."""
    names = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
    for place, name in enumerate(names):
        if clips < 10 ** (place + 3):
            return f"{names[place - 1]}<n<{name}" if place else "n<1K"
    return "n>1T"
