"""Knows the options that say which captions are checked against the frames, and by which model; checks none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framescribe.cli.options import option
from framescribe.python.recipe import DEFAULTS

MODEL = "The model that compares claims with the frames, on the same engine or servers. Default: --model."


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """Whether captions are compared with the frames."""

    verify: Annotated[
        str | None,
        option(
            "Verification",
            "Compare what captions claim with the frames, and mend what these contradict (docs/verify.md): all; "
            "suspicious: captions that failed a check at first, are flagged or long; or a share: 5%.",
            metavar="WHICH",
        ),
    ] = DEFAULTS.verify
    verify_model: Annotated[str | None, option("Verification", MODEL)] = DEFAULTS.verify_model
