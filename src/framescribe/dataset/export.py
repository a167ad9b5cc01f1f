"""Knows the order of an export: rows are chosen, their captions fitted, the videos placed, the trainer's files written,
read back and compared. Knows no trainer, and changes no row.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from framescribe import registry
from framescribe.addresses import without_keys
from framescribe.dataset.card import NAME, OTHER_NAME, Card
from framescribe.dataset.facts import facts_of
from framescribe.dataset.fit import Fit, Fitter
from framescribe.dataset.parts import LACK, Part, parts_of
from framescribe.dataset.placing import Placing, Videos
from framescribe.dataset.proof import Proof
from framescribe.dataset.wording import names_of, outdated_in, wording
from framescribe.errors import RunError, UserError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.formats.target import Target
from framescribe.names import shown
from framescribe.records import Row
from framescribe.results.edits import ACCEPTED, REJECTED, review_of
from framescribe.results.selection import chosen
from framescribe.results.standing import Standing

Say = Callable[[str], None]
NAMED = 3  # rows named for each reason
REASONS = 10  # shown
UNFIT_KEPT = 100
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is exported and how, besides the format.

    where, ids       which rows, as for `recaption`
    only             which of these, by any test; what earlier exports wrote for others then stays
    may_be_empty     export none, too, if none can be, instead of refusing: what earlier exports wrote for them goes
    skip_unusable    leave out rows that the trainer could not use, instead of refusing the export
    include_flagged  also rows with flags that nobody edited or accepted
    variants         which texts of a row, in order (`dataset.wording`); none: what the layout takes, mostly its caption
    segments         each segment of a video is a clip of its own, cut out of it
    videos           "link", "copy", or "as-is": left where they are
    force            overwrite what a person wrote in the folder
    license          for the data set's card
    command          what made it, for the card
    """

    where: Sequence[str] = ()
    ids: str | None = None
    only: Callable[[Row], bool] | None = None
    may_be_empty: bool = False
    include_flagged: bool = False
    skip_unusable: bool = False
    variants: Sequence[str] = ()
    segments: bool = False
    fit: Fit = field(default_factory=Fit)
    videos: Videos = "link"
    force: bool = False
    license: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export made.

    `left_out`: rows by reason. `done`: captions by what was done to them. `unfit`: the first clips of which the trainer
    leaves something out, with their numbers of frames, `unfit_count` how many there are, and `unfit_why` what it leaves
    out. `kept`: videos whose caption file a person wrote, which stayed; `settings_kept`: other files that a person
    changed, and that stayed. `others`: captioned clips in the folder that are not of this export. `start`: the command
    that starts the training; "" where there is none.
    """

    folder: Path
    format: str
    layout: str
    clips: int
    left_out: Mapping[str, int]
    done: Mapping[str, int]
    unfit: Sequence[tuple[str, int]]
    unfit_count: int
    unfit_why: str
    kept: Sequence[str]
    settings_kept: Sequence[str]
    others: int
    start: str


def format_of(name: str) -> Format:
    """The format of this name. UserError if there is none."""
    found: Format = registry.load("formats", name)
    return found


def export_rows(
    captions: str | os.PathLike[str],
    to: str,
    folder: str | os.PathLike[str],
    layout: str | None = None,
    options: Options | None = None,
    say: Say = lambda line: None,
) -> Exported:
    """Write the rows of the result `captions` as a data set in a trainer's format and layout, read it back as the
    trainer does, and compare. Nothing is written if a row would break the training.

    UserError says what the user must change; RunError if what was read back differs.
    """
    format, options = format_of(to), options or Options()
    taken = format.layout(layout)
    rows = Standing(captions, frames=bool(options.variants or options.where or taken.variant))
    return _Export(rows, format, taken, Path(folder), options, say).run()


class _Export:
    """One export, step by step."""

    def __init__(
        self, rows: Standing, format: Format, layout: Layout, folder: Path, options: Options, say: Say
    ) -> None:
        if len(options.variants) > 1 and layout.several is None:
            raise UserError(f"{format.title} ({layout.name}) takes one caption per clip: give one --variant")
        if options.segments and options.videos == "as-is" and layout.videos != "packed":
            raise UserError("--segments cuts videos into clips: they cannot stay where they are (--videos as-is)")
        self._rows, self._format, self._layout, self._options, self._say = rows, format, layout, options, say
        self._variants = options.variants or ((layout.variant,) if layout.variant else ())
        self._words = wording(self._variants, layout.composes)
        about = {"framescribe": "export", "format": format.name, "layout": layout.name, "from": str(rows.output)}
        spared = str(rows.output) if isinstance(rows.output, Path) else None
        self._target = Target(folder, force=options.force, adds=options.only is not None, about=about, spared=spared)
        self._start_again()
        self._refused = defaultdict[str, list[str]](list)
        self._refusals = Counter[str]()

    def run(self) -> Exported:
        if self._rows.unfinished:
            self._say(f"the run that writes {self._rows.output} has not finished: its rows so far are exported")
        try:
            with self._target:
                return self._written()
        except OSError as error:
            raise RunError(
                f"{self._target.folder} cannot be written ({error.strerror or error}): the data set there is not "
                "complete. The same command completes it."
            ) from error

    def _written(self) -> Exported:
        at_once = self._layout.videos == "listed" and self._options.videos == "as-is"
        if not at_once:  # nothing is put into the folder before all is known to be well
            self._clips = sum(1 for _ in self._samples(put=False))
            self._refuse()
            self._start_again()
        proof = Proof(self._format, self._layout)
        with self._target.together() if self._layout.videos in ("listed", "within") else nullcontext():
            self._layout.write(self._checked(proof), self._target)
        for line in (*self._fitter.says, *self._soundless()):
            self._say(line)
        self._target.tidy(NAME, OTHER_NAME)
        others = proof.check(lambda: self._layout.read(self._target.folder), self._target.kept)
        exported = self._exported(others)
        if self._options.only is not None or not self._clips:  # a part of what lies there: no data set of its own
            return exported
        card = self._card.write(
            self._target,
            format=self._format,
            layout=self._layout,
            exported=exported,
            license=self._options.license,
            command=self._options.command,
        )
        if card != NAME:
            self._say(f"{self._target.path(NAME)} is a person's and stays: the data set's card is {card}")
        return exported

    def _start_again(self) -> None:
        """Begin to go through the rows."""
        self._fitter = Fitter(self._options.fit, newlines=self._layout.newlines, tokens=self._format.tokens)
        self._card = Card()
        self._left_out, self._done = Counter[str](), Counter[str]()
        self._unfit: list[tuple[str, int]] = []
        self._unfit_count = self._clips = 0

    def _checked(self, proof: Proof) -> Iterator[Sample]:
        """The samples to write. UserError after the last one if some cannot be; lists then come to nothing."""
        for sample in proof.noting(self._samples(put=True)):
            self._clips += 1
            yield sample
        self._refuse()

    def _samples(self, *, put: bool) -> Iterator[Sample]:
        """The samples that can be exported, in the rows' order; what cannot be is noted."""
        with Placing(self._format, self._layout, self._target, self._options.videos) as self._placing:
            yield from self._placed(self._placing, put)

    def _placed(self, placing: Placing, put: bool) -> Iterator[Sample]:
        decide, words_of = placing.decide, self._words
        rule, refuses, fit, card = self._format.frames, self._layout.refuses, self._fitter.fit, self._card
        done, needs_facts = self._done, self._layout.facts
        for row, part in self._wanted():
            words = words_of(row)
            if words is None:
                self._refuse_row(row, self._lack(row))
                continue
            texts, refused = [], None
            for text in words:
                fitted = fit(text)
                refused = refused or fitted.refused
                for what in fitted.done:
                    done[what] += 1
                texts.append(fitted.text if fitted.text.isascii() and "\r" not in fitted.text else _plain(fitted.text))
            video, name, why = decide(row, part)
            why = why or refused or _fault(texts)
            info = row.video or (facts_of(row.video_path) if needs_facts and why is None else None)
            sample = Sample(video=video, captions=tuple(texts), id=row.id, info=info, columns=row.metadata)
            why = why or refuses(sample)
            if why is not None:
                self._refuse_row(row, why)
                continue
            if rule is not None and info is not None and not rule.fits(info):
                self._unfit_count += 1
                if len(self._unfit) < UNFIT_KEPT:
                    self._unfit.append((row.id, info.frames))
            if put:
                if len(texts) > 1:
                    self._note_names(row, len(texts))
                if name is not None:
                    placing.put(row, name, part)
                card.add(sample, row)
            yield sample

    def _note_names(self, row: Row, count: int) -> None:
        """What the texts of a clip are called, for whoever imports the data set, as long as it is the same for all:
        trainers' files keep no names."""
        names = names_of(self._variants, row)
        about = self._target.about
        about["names"] = names if len(names) == count and about.get("names", names) == names else []

    def _wanted(self) -> Iterator[tuple[Row, Part | None]]:
        """The rows that nothing speaks against, or one for each of their segments, with what is to be cut out."""
        only, in_segments = self._options.only, self._options.segments

        def unmet(condition: str) -> None:
            self._left_out[f"not {condition}"] += 1

        for row in chosen(self._rows, ids=self._options.ids, where=self._options.where, unmet=unmet):
            if only is not None and not only(row):
                continue
            if why := self._not_wanted(row):
                self._leave_out(row, why)
            elif not in_segments:
                yield row, None
            elif parts := parts_of(row):
                yield from parts
            else:
                self._refuse_row(row, LACK)

    def _not_wanted(self, row: Row) -> str | None:
        """Why a row is left out without a fault of its own."""
        verdict = review_of(row).get("verdict")
        if verdict == REJECTED:
            return "rejected"
        if row.status == "ok":
            return None
        if row.status == "failed" and not row.caption:
            return "failed"
        edited = any(edit.get("field") == "caption" for edit in row.provenance.get("edits") or ())
        wanted = edited or verdict == ACCEPTED or self._options.include_flagged
        if row.status == "flagged" and not wanted:
            return "flagged"
        return None

    def _lack(self, row: Row) -> str:
        if outdated_in(row) & {variant.partition("=")[0] for variant in self._variants}:
            return "the caption was corrected after its other lengths were made (framescribe caption makes them anew)"
        if self._variants:
            return f"it has no text called {' or '.join(self._variants)}"
        return "it has no caption"

    # --- what is wrong ---

    def _leave_out(self, row: Row, why: str) -> None:
        self._left_out[why] += 1
        self._placing.leave_out(row)

    def _refuse_row(self, row: Row, why: str) -> None:
        if self._options.skip_unusable:
            self._leave_out(row, why)
            return
        self._refusals[why] += 1
        if len(self._refused[why]) < NAMED:
            self._refused[why].append(shown(row.id))

    def _refuse(self) -> None:
        """UserError if a row was refused, or if none is left."""
        if not self._refusals:
            if not self._clips and not self._options.may_be_empty:
                raise UserError(self._nothing())
            return
        named = self._refusals.most_common(REASONS)
        lines = [
            f"{why}: {', '.join(self._refused[why])}" + (f" and {count - NAMED:,} more" if count > NAMED else "")
            for why, count in named
        ]
        if rest := self._refusals.total() - sum(count for _, count in named):
            lines.append(f"and {rest:,} more for other reasons")
        raise UserError(
            f"nothing was exported, because {self._format.title} could not use these rows:\n"
            + "\n".join(lines)
            + "\nCorrect them, or leave them out: all of them with --skip-unusable, some with --where 'id != NAME'."
        )

    def _nothing(self) -> str:
        left = ", ".join(f"{why} ({count:,})" for why, count in self._left_out.items())
        hint = " (--include-flagged exports these)" if self._left_out["flagged"] else ""
        return f"no row of {self._rows.output} can be exported: {left or 'none is chosen'}{hint}"

    def _soundless(self) -> Iterator[str]:
        """A line for each reason for which clips were cut out without their sound."""
        videos = defaultdict[str, list[str]](list)
        for video, why in self._target.soundless.items():
            videos[why].append(shown(without_keys(video)))
        for why, some in videos.items():
            more = f" and {len(some) - NAMED:,} more" if len(some) > NAMED else ""
            yield f"clips without their sound: {', '.join(some[:NAMED])}{more}. {why}"

    def _exported(self, others: int) -> Exported:
        return Exported(
            folder=self._target.folder,
            format=self._format.name,
            layout=self._layout.name,
            clips=self._clips,
            left_out=dict(self._left_out),
            done=dict(self._done),
            unfit=tuple(self._unfit),
            unfit_count=self._unfit_count,
            unfit_why=self._format.frames.then if self._format.frames is not None else "",
            kept=tuple(sorted(self._target.kept)),
            settings_kept=tuple(self._target.settings_kept),
            others=others,
            start=self._format.start(self._target.folder, self._layout.name),
        )


def _plain(text: str) -> str:
    """The text as it comes back from any text file: with line breaks of one kind, and without a byte order mark, which
    would be taken for the file's own."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    while text.startswith("\ufeff"):
        text = text[1:].lstrip()
    return text


def _fault(texts: Sequence[str]) -> str | None:
    """What no trainer could read."""
    if not all(texts):
        return "nothing is left of its caption"
    for text in texts:
        if not text.isascii() and _HALF.search(text) is not None:
            return "its caption holds half a character (a lone surrogate), which no file in UTF-8 can"
    return None
