"""Knows Ray: how to reach or start a cluster, what the cluster has, what our actors need from it, and its errors.

It is the only module that imports Ray, and knows no video.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from dataclasses import dataclass
from typing import Any

from framescribe.errors import MissingExtra, UserError
from framescribe.runs.recipe import Recipe
from framescribe.version import VERSION

MOST_DECODERS = 8
STORE_BYTES = 100 * 2**20  # of a local cluster: only rows are sent
CONNECT_SECONDS = 10.0
AT_ONCE = 1000  # the most videos that an actor is sent


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster, as an address for `ray.init`; None: that of RAY_ADDRESS, or one started on this machine for
    the run. `actors`: how many, None for as many as there is room for."""

    address: str | None = None
    actors: int | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """What one actor needs from its machine."""

    cpus: int
    gpus: int

    def __str__(self) -> str:
        return _counted(self.cpus, "CPU") + (f" and {_counted(self.gpus, 'GPU')}" if self.gpus else "")


class Connection:
    """A connected cluster, until `close`. UserError if the connection fails."""

    def __init__(self, cluster: Cluster) -> None:
        # "A worker died", several hundred words each time, on standard output: our own code says it in one line.
        os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
        try:
            import ray
        except ImportError as error:
            raise MissingExtra("--runner ray", "ray") from error
        self._ray, self._fixed = ray, cluster.actors
        self.errors: tuple[type[Exception], ...] = (ray.exceptions.RayError,)
        self._mine = not ray.is_initialized()
        address = cluster.address or os.environ.get("RAY_ADDRESS") or "local"
        self._local = address == "local"
        if self._mine:
            self._connect(address)

    def _connect(self, address: str) -> None:
        _answers(address)
        logging.getLogger("ray").setLevel(logging.ERROR)
        more: dict[str, Any] = {"include_dashboard": False, "object_store_memory": STORE_BYTES} if self._local else {}
        term = signal.getsignal(signal.SIGTERM)
        try:
            self._ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **more)
        except ImportError as error:  # ray:// needs grpcio
            raise MissingExtra("--ray-address ray://", "ray") from error
        except (ConnectionError, TimeoutError, ValueError, RuntimeError) as error:
            why = " ".join(str(error).split())[:400]
            raise UserError(f"no Ray cluster can be reached at {address}: {why}") from error
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, term)  # Ray installs its own handler

    def needs(self, recipe: Recipe) -> Needs:
        """GPUs: one, or as many as one server spreads over, if models run in the actor and the cluster has any (or
        the device is "cuda"). CPUs, for decoding: a GPU's share of its machine, or all of a machine's."""
        own = [choice for choice in recipe.choices if choice.engine != "openai" and choice.device != "cpu"]
        machines = self._machines()
        gpus = 0
        if any(machine.get("GPU", 0) >= 1 for machine in machines) or any(c.device.startswith("cuda") for c in own):
            gpus = max((choice.serving.tensor_parallel for choice in own), default=0)
        fit = [machine for machine in machines if machine.get("CPU", 0) >= 1 and machine.get("GPU", 0) >= gpus]
        if gpus:
            shares = [machine["CPU"] // (machine["GPU"] // gpus) for machine in fit]
        elif self._fixed is not None:
            shares = [sum(machine["CPU"] for machine in fit) // self._fixed]
        else:
            shares = [machine["CPU"] for machine in fit]
        share = recipe.decoders or min(MOST_DECODERS, *(shares or [1]))
        most = max((machine["CPU"] for machine in fit), default=share)
        return Needs(max(1, int(min(share, most))), gpus)

    def room(self, needs: Needs) -> int:
        """How many actors to ask for: as many as the cluster holds, and one more, for which it may grow."""
        if self._fixed is not None:
            return self._fixed
        return max(1, self.fits(needs) + (not self._local))

    def fits(self, needs: Needs) -> int:
        """How many actors the present machines hold, if nothing else ran on them."""
        held = 0
        for machine in self._machines():
            by_cpu = machine.get("CPU", 0) // needs.cpus
            held += int(min(by_cpu, machine.get("GPU", 0) // needs.gpus) if needs.gpus else by_cpu)
        return held

    def describe(self) -> str:
        """What the cluster has, for people to read."""
        machines = self._machines()
        cpus, gpus = (int(sum(machine.get(name, 0) for machine in machines)) for name in ("CPU", "GPU"))
        where = _counted(len(machines), "machine")
        return f"the cluster has {_counted(cpus, 'CPU')} and {_counted(gpus, 'GPU')} on {where}"

    def actor(self, kind: type, needs: Needs) -> Any:
        """A handle to a new actor, which runs once there is room."""
        remote = self._ray.remote(
            num_cpus=needs.cpus,
            num_gpus=needs.gpus,
            max_restarts=0,
            max_concurrency=AT_ONCE + 10,
            scheduling_strategy="SPREAD",
        )
        return remote(kind).remote()

    def kill(self, handle: Any) -> None:
        """End an actor at once, even one that is waiting for room."""
        self._ray.kill(handle)

    def loss(self, error: Exception) -> tuple[str, bool]:
        """Why an actor does not answer, and whether what it was asked may be to blame. Any other error is raised."""
        kinds = self._ray.exceptions
        if not isinstance(error, kinds.RayError) or isinstance(error, kinds.RayTaskError):
            raise error
        if getattr(error, "actor_init_failed", False):
            last = str(error).strip().splitlines()[-1]
            raise UserError(
                f"an actor cannot start: {last}\nEvery machine of the cluster needs framescribe {VERSION}, with the "
                "extras that its engine needs, in the Python that Ray runs in."
            ) from None
        if isinstance(error, kinds.OutOfMemoryError):
            return "its machine ran out of memory", True
        if isinstance(error, kinds.ActorDiedError) and "node has died" not in str(error):
            return "its process died", True
        return "its machine cannot be reached", False

    def close(self) -> None:
        """Leave the cluster, or end it if it was started here."""
        if self._mine:
            self._ray.shutdown()

    def _machines(self) -> list[dict[str, float]]:
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]


def _answers(address: str) -> None:
    """UserError if nothing listens there: Ray itself would keep trying for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():  # auto, local
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        raise UserError(f"no Ray cluster can be reached at {address}: {error.strerror or error}") from None


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" + ("" if count == 1 else "s")
