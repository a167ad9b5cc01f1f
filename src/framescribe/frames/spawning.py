"""Knows how a worker process is spawned without running the program that spawns it; knows not what it works on.

`multiprocessing` has each spawned process import its parent's main script again, for functions that are defined there.
A worker's are not, and a script without `if __name__ == "__main__":` would start its own run in every worker.
"""

from __future__ import annotations

import threading
from multiprocessing import context, spawn
from typing import Any

_ONE_AT_A_TIME = threading.Lock()


class _Process(context.SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  (multiprocessing's name)
        mine = threading.get_ident()

        def prepared(name: str) -> dict[str, Any]:
            data: dict[str, Any] = original(name)
            if threading.get_ident() == mine:  # another thread may be spawning a process of the user's
                data.pop("init_main_from_name", None)
                data.pop("init_main_from_path", None)
            return data

        with _ONE_AT_A_TIME:
            original = spawn.get_preparation_data
            spawn.get_preparation_data = prepared
            try:
                return context.SpawnProcess._Popen(process_obj)
            finally:
                spawn.get_preparation_data = original


class WithoutMain(context.SpawnContext):
    """The context of `multiprocessing` that spawns processes in which `__main__` is not the parent's."""

    Process = _Process
