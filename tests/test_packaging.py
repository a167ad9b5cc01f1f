"""What is handed out is whole: the sdist is the checkout, and the wheel has every command and file that it needs."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from framescribe.cli.main import app
from framescribe.engines.models import MODELS
from tests.runs_in_process import raw_film

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BUILD = "import sys; from setuptools import build_meta; build_meta.build_sdist('.'); build_meta.build_wheel('.')"
NEWEST_FEATURE = 77  # of setuptools, as pyproject.toml says: licence expressions


@pytest.fixture(scope="session")
def tracked() -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    names = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    if "pyproject.toml" not in names:
        pytest.skip("not a checkout: nothing says which files belong to it")
    return names


@pytest.fixture(scope="session")
def built(tracked: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an sdist and a wheel, made from the tracked files alone."""
    if int(importlib.metadata.version("setuptools").split(".")[0]) < NEWEST_FEATURE:
        pytest.skip("this setuptools cannot build it")
    folder = tmp_path_factory.mktemp("built")
    for name in tracked:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-c", BUILD], cwd=folder, check=True, capture_output=True, timeout=300)
    return folder


def test_the_sdist_holds_every_file_of_the_checkout(built: Path, tracked: set[str]) -> None:
    (sdist,) = built.glob("framescribe-*.tar.gz")
    with tarfile.open(sdist) as opened:
        held = {name.partition("/")[2] for name in opened.getnames()}
    assert tracked - held == set()


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(built: Path, tracked: set[str]) -> None:
    (wheel,) = built.glob("framescribe-*.whl")
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert held == {name.removeprefix("src/") for name in tracked if name.startswith("src/")}


@pytest.mark.parametrize("script", sorted(PROJECT["project"]["scripts"]))
def test_every_command_that_an_installation_brings_says_how_it_is_used(script: str) -> None:
    module, _, function = PROJECT["project"]["scripts"][script].partition(":")
    code = f"import sys; sys.argv[0] = {script!r}; from {module} import {function}; sys.exit({function}())"
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and script in done.stdout


def test_the_default_models_need_no_package_that_the_extra_local_lacks() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    local = {re.split(r"[^\w-]", name)[0] for extra in ("local", "local-cpu") for name in extras[extra]}
    defaults = [model for model in MODELS if "the default" in (model.note or "")]
    needed = {name for model in defaults for name in re.findall(r"needs (\w+)", model.note or "")}
    assert needed == {"torchvision"} and needed <= local


@pytest.mark.skipif(sys.platform == "win32", reason="bash")
def test_the_shell_can_complete_commands_and_options() -> None:
    def completed(line: str) -> list[str]:
        words = line.split(" ")
        environment = {"_FRAMESCRIBE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        code = "import sys; sys.argv[0] = 'framescribe'; from framescribe.cli.main import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, timeout=60
        )
        return done.stdout.split()

    commands = {command.name for command in app.registered_commands}
    assert set(completed("framescribe ")) == commands and "recaption" in commands
    assert completed("framescribe pro") == ["probe"]
    assert completed("framescribe caption --summary-mo") == ["--summary-model"]


def test_a_torchvision_that_does_not_fit_torch_is_named(tmp_path: Path) -> None:
    """As PyPI's does beside a torch without CUDA; transformers then says that its own modules cannot be imported."""
    pytest.importorskip("transformers")
    (tmp_path / "torchvision").mkdir()
    fault = "operator torchvision::nms does not exist"
    (tmp_path / "torchvision" / "__init__.py").write_text(f"raise RuntimeError({fault!r})\n")
    (tmp_path / "torchvision-0.28.0.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: torchvision\nVersion: 0.28.0\n"
    (tmp_path / "torchvision-0.28.0.dist-info" / "METADATA").write_text(metadata)
    film = raw_film(tmp_path / "film.avi", 90)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    words = ["caption", film, "--model", "shapes-vlm", "--summary-model", "shapes-llm", "-o", tmp_path / "out.jsonl"]
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=120,
    )
    assert done.returncode == 2 and fault in done.stderr and "pip uninstall torchvision" in done.stderr
    assert "Traceback" not in done.stderr
