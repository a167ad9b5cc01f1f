"""What many tests share: clips whose content is known, and the recipe that captions them with the built-in models."""

from __future__ import annotations

import os
import random
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test may reach a hub by accident
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models gain nothing from more, and lose much on a busy machine
# Where the tests were started by nohup, or in the background of a script, these are ignored, by all children too.
for _name in ("SIGINT", "SIGHUP"):
    if (_number := getattr(signal, _name, None)) is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)
ROOT = Path(__file__).parent.parent

if find_spec("hypothesis"):
    from hypothesis import settings

    # The same examples each time: a change fails for what it changes. --hypothesis-profile explore draws others.
    settings.register_profile("explore", deadline=None, max_examples=1000, print_blob=True)
    settings.register_profile("repeatable", deadline=None, derandomize=True)
    settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def demo_clips(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """The demo's dozen clips, written once."""
    from framescribe.demo.clips import demo_clips

    return demo_clips(tmp_path_factory.mktemp("clips"), seed=0, count=12)


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """The folder of real video files, where there is one beside the checkout (FRAMESCRIBE_CLIPS names another)."""
    folder = Path(os.environ.get("FRAMESCRIBE_CLIPS", ROOT.parent / "shared" / "clips"))
    if not (folder / "manifest.csv").exists():
        pytest.skip("no folder of real clips here: set FRAMESCRIBE_CLIPS to one with a manifest.csv")
    return folder


@pytest.fixture(autouse=True)
def _seeded(request: pytest.FixtureRequest) -> None:
    random.seed(request.node.nodeid)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
