"""Knows the options that say how captions are checked, and what becomes of those that fail; checks none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from framescribe.cli.options import option
from framescribe.python.recipe import DEFAULTS


class GateMode(StrEnum):
    """What happens to a text that fails a check."""

    off = "off"
    flag = "flag"
    mend = "mend"


@dataclass(frozen=True, slots=True)
class GateOptions:
    """How texts are checked."""

    gate: Annotated[
        GateMode,
        option(
            "Gate",
            "Every text is checked, without a model. mend: what fails is stripped or asked for again in another way; "
            "what still fails is flagged. flag: what fails is only flagged. off: nothing is checked.",
        ),
    ] = GateMode.mend
    check: Annotated[
        list[str] | None,
        option("Gate", "Also check for what is off by default: mood, unsupported_text.", metavar="NAME"),
    ] = None
    no_check: Annotated[
        list[str] | None, option("Gate", "Do not check for this; all: only for what --check names.", metavar="NAME")
    ] = None
    check_limit: Annotated[
        list[str] | None, option("Gate", "Another threshold of a check.", metavar="CHECK.MEASURE=VALUE")
    ] = None
    second_model: Annotated[
        str | None,
        option("Gate", "Another model, on the same engine or servers, that is asked when the first fails."),
    ] = DEFAULTS.second_model
