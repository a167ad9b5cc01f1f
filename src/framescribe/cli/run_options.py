"""Knows a run's options that change no caption: where rows go, what it may spend, where it runs, what is shown."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.options import option

if TYPE_CHECKING:
    from framescribe.results.rows import Results
    from framescribe.runs.budget import Budget
    from framescribe.runs.job import RunOptions
    from framescribe.runs.patience import Most
    from framescribe.runs.runner import Runner


@dataclass(frozen=True, slots=True)
class ResultOptions:
    """Where rows go, and which earlier ones are captioned again."""

    output: Annotated[
        str | None,
        option(
            "Results",
            "The result, local or at s3://, gs://, az://: .jsonl, .csv, .parquet or .tar. A local DIR/ is filled with "
            "Parquet files while the run goes on (x.jsonl/, x.tar/: with such files). Default: captions.jsonl.",
            "--output",
            "-o",
            show_default=False,
        ),
    ] = None
    retry_failed: Annotated[bool, option("Results", "Retry the videos that failed.", "--retry-failed")] = False
    redo: Annotated[
        bool, option("Results", "Caption again what another recipe captioned (its rows stay in the parts).", "--redo")
    ] = False
    recheck: Annotated[
        bool,
        option(
            "Results",
            "Check the captions that are there, too, and mend those that fail and that this gate has not tried yet.",
            "--recheck",
        ),
    ] = False
    keep_captions: Annotated[
        bool,
        option(
            "Results",
            "Leave every caption as it is, whoever wrote it, and caption only the clips that have none.",
            "--keep-captions",
        ),
    ] = False
    check_content: Annotated[
        bool,
        option(
            "Results",
            "Keep a hash of each file; caption again any file whose hash changed. Reads every file whole.",
            "--check-content",
        ),
    ] = False
    prune: Annotated[
        bool,
        option(
            "Results",
            "The result holds only the videos of this command. Default: rows of other videos stay in it.",
            "--prune",
        ),
    ] = False

    def results(self, default: str) -> Results:
        """The existing rows. UserError if the result cannot be written or read."""
        from framescribe.results.rows import Results

        return Results(self.output or default)

    def run_options(self, limits: LimitOptions) -> RunOptions:
        """These options in the form that a run takes. UserError if they contradict each other."""
        from framescribe.results.plan import Again
        from framescribe.runs.job import RunOptions

        return RunOptions(
            again=Again(
                failed=self.retry_failed, redo=self.redo, recheck=self.recheck, keep_captions=self.keep_captions
            ),
            check_content=self.check_content,
            preflight=limits.preflight,
            prune=self.prune,
            max_failed=limits.most_failed(),
            max_flagged=limits.most_flagged(),
        )


@dataclass(frozen=True, slots=True)
class BudgetOptions:
    """What may be spent."""

    max_requests: Annotated[
        int | None, option("Limits", "Begin no video that would probably exceed so many requests.", min=1, metavar="N")
    ] = None
    max_cost: Annotated[
        float | None,
        option("Limits", "Begin no video that would probably exceed this cost. Needs --prices.", min=0.0),
    ] = None
    prices: Annotated[Path | None, option("Limits", "What a million tokens cost, by model (TOML).", metavar="FILE")] = (
        None
    )

    def budget(self) -> Budget:
        """UserError if it is not a price file."""
        from framescribe.runs.budget import Budget, read_prices

        prices = read_prices(self.prices) if self.prices else {}
        return Budget(prices=prices, max_cost=self.max_cost, max_requests=self.max_requests)


@dataclass(frozen=True, slots=True)
class LimitOptions(BudgetOptions):
    """What a run may spend, and whether it checks the model first."""

    preflight: Annotated[
        bool,
        option(
            "Limits",
            "Before a run of 50 videos or more, ask the model about two pictures: does it see?",
            "--preflight/--no-preflight",
        ),
    ] = True

    max_failed: Annotated[
        str | None,
        option(
            "Limits",
            "End the run once more than N videos (or P% of those to do) have failed. Default: once nothing succeeds "
            "any more, after 50 failures of the same kind since the last success.",
            metavar="N|P%",
            show_default=False,
        ),
    ] = None

    max_flagged: Annotated[
        str | None,
        option(
            "Limits",
            "End with exit code 3 if more than N videos (or P% of all) are flagged in the end.",
            metavar="N|P%",
            show_default=False,
        ),
    ] = None

    def most_failed(self) -> Most | None:
        """How many videos may fail; None: the default. UserError if it is neither a number nor a percentage."""
        from framescribe.runs.patience import Most

        return Most.parse(self.max_failed) if self.max_failed is not None else None

    def most_flagged(self) -> Most | None:
        """How many videos may be flagged; None: all. UserError if it is neither a number nor a percentage."""
        from framescribe.runs.patience import Most

        return Most.parse(self.max_flagged, "--max-flagged") if self.max_flagged is not None else None


class RunnerName(StrEnum):
    """The runners' names."""

    local = "local"
    accelerate = "accelerate"
    ray = "ray"


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """Where the run happens."""

    runner: Annotated[
        RunnerName | None,
        option(
            "Runner",
            "local: this process does everything. accelerate: it does the share that torchrun or accelerate launch "
            "gives it. ray: actors on a Ray cluster do everything, and this process writes. Default: accelerate if a "
            "launcher started it, else local.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None
    ray_address: Annotated[
        str | None,
        option(
            "Runner",
            "The cluster for --runner ray: auto, HOST:PORT or ray://HOST:PORT. Default: that of RAY_ADDRESS, or one on "
            "this machine, started for the run.",
            metavar="ADDRESS",
            show_default=False,
        ),
    ] = None

    def runner_for(self, engine: EngineOptions) -> tuple[EngineOptions, Runner]:
        """The engine's options for each process, and the runner, to which this process belongs from here on. UserError
        if they contradict each other, or if no launcher has set the variables that --runner accelerate needs."""
        from framescribe.errors import UserError
        from framescribe.runs.runner import Runner

        if self.runner == RunnerName.ray:
            from framescribe.runners.cluster import Cluster
            from framescribe.runners.ray_actors import RayRunner

            if engine.gpus is not None:
                raise UserError("--gpus is for servers on this machine: --runner ray gives each actor its own GPUs")
            return replace(engine, replicas=None), RayRunner(Cluster(self.ray_address, engine.replicas))
        if self.ray_address is not None:
            raise UserError("--ray-address is for --runner ray")
        if self.runner == RunnerName.local or (self.runner is None and "WORLD_SIZE" not in os.environ):
            return engine, Runner()
        from framescribe.runners.ranks import joined

        rank = joined(os.environ)
        if rank is None and self.runner == RunnerName.accelerate and "WORLD_SIZE" not in os.environ:
            raise UserError(
                "--runner accelerate is for processes that a launcher starts:\n"
                "torchrun --nproc-per-node 4 -m framescribe caption …, or accelerate launch -m framescribe caption …"
            )
        return engine, rank or Runner()


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """What is shown of a run."""

    quiet: Annotated[bool, option("Screen", "Only errors.", "--quiet", "-q")] = False
    json_logs: Annotated[bool, option("Screen", "One JSON object per line instead of a display.", "--json-logs")] = (
        False
    )
    metrics_port: Annotated[
        str | None,
        option(
            "Screen",
            "Serve the run's figures to Prometheus at this port of this machine, or at HOST:PORT. Each further rank "
            "takes the next port.",
            metavar="[HOST:]PORT",
        ),
    ] = None
