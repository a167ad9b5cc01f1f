"""Knows the options of a run that change no caption: where rows go, what it may spend, where it runs, what is seen."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from framescribe.cli.options import EngineOptions, option

if TYPE_CHECKING:
    from framescribe.run.budget import Budget
    from framescribe.runners.cluster import Cluster
    from framescribe.runners.ranks import Rank


@dataclass(frozen=True, slots=True)
class ResultOptions:
    """Where rows go, and what of earlier ones is done again."""

    output: Annotated[
        str | None,
        option(
            "Results",
            "The result, here or at s3://, gs://, az://: .jsonl, .csv, .parquet or .tar. Without it: captions.jsonl.",
            "--output",
            "-o",
            show_default=False,
        ),
    ] = None
    retry_failed: Annotated[bool, option("Results", "Do the failed videos again.", "--retry-failed")] = False
    redo: Annotated[
        bool, option("Results", "Caption again what another recipe captioned (its rows stay in the parts).", "--redo")
    ] = False
    check_content: Annotated[
        bool,
        option(
            "Results",
            "Keep a hash of each file, and do again what has another one under the same size. Reads every file whole.",
            "--check-content",
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """What a run may spend, and whether it looks before it leaps."""

    max_requests: Annotated[
        int | None, option("Limits", "Begin no video once so many requests are asked.", min=1, metavar="N")
    ] = None
    max_cost: Annotated[
        float | None, option("Limits", "Begin no video once so much is spent. Needs --prices.", min=0.0)
    ] = None
    prices: Annotated[Path | None, option("Limits", "What a million tokens cost, by model (TOML).", metavar="FILE")] = (
        None
    )
    preflight: Annotated[
        bool,
        option(
            "Limits",
            "Before a run of 50 videos or more, ask the model about two pictures: does it see?",
            "--preflight/--no-preflight",
        ),
    ] = True

    def budget(self) -> Budget:
        """UserError where the file of prices is none."""
        from framescribe.run.budget import Budget, read_prices

        prices = read_prices(self.prices) if self.prices else {}
        return Budget(prices=prices, max_cost=self.max_cost, max_requests=self.max_requests)


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
            "local: this process does all. accelerate: its share, as torchrun and accelerate launch say. ray: actors "
            "on a Ray cluster do all, and this process writes. Without it: accelerate where a launcher started it.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None
    ray_address: Annotated[
        str | None,
        option(
            "Runner",
            "The cluster for --runner ray: auto, HOST:PORT or ray://HOST:PORT. Without it: that of RAY_ADDRESS, or one "
            "on this machine, started for the run.",
            metavar="ADDRESS",
            show_default=False,
        ),
    ] = None

    def rank(self) -> Rank | None:
        """Which of several processes this is; UserError where --runner accelerate has nothing to go by."""
        from framescribe.errors import UserError
        from framescribe.runners.ranks import rank_of

        rank = rank_of(os.environ) if self.runner in (None, RunnerName.accelerate) else None
        if rank is None and self.runner == RunnerName.accelerate and "WORLD_SIZE" not in os.environ:
            raise UserError(
                "--runner accelerate is for processes that a launcher starts:\n"
                "torchrun --nproc-per-node 4 -m framescribe caption …, or accelerate launch -m framescribe caption …"
            )
        return rank

    def cluster(self, engine: EngineOptions) -> tuple[EngineOptions, Cluster | None]:
        """The engine's options for each actor, and the cluster; UserError where they contradict each other."""
        from framescribe.errors import UserError
        from framescribe.runners.cluster import Cluster

        if self.runner != RunnerName.ray:
            if self.ray_address is not None:
                raise UserError("--ray-address is for --runner ray")
            return engine, None
        if engine.gpus is not None:
            raise UserError("--gpus is for servers on this machine: --runner ray gives each actor its own GPUs")
        return replace(engine, replicas=None), Cluster(self.ray_address, engine.replicas)


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """What is seen of a run."""

    quiet: Annotated[bool, option("Screen", "Only errors.", "--quiet", "-q")] = False
    json_logs: Annotated[bool, option("Screen", "One JSON object a line instead of a display.", "--json-logs")] = False
    metrics_port: Annotated[
        str | None,
        option(
            "Screen",
            "Show the run's figures to Prometheus at this port of this machine, or at HOST:PORT. Each rank takes the "
            "next port.",
            metavar="[HOST:]PORT",
        ),
    ] = None
