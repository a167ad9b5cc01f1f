"""Knows how framescribe is tried with other versions than those of constraints.txt, below .versions; knows no test.

    python tests/versions/run.py                      3.11, 3.12 and 3.13 with the newest versions, and the oldest ones
    python tests/versions/run.py 3.13 demo            only these; `demo` captions with the built-in models (gigabytes)

An environment is made once, by uv (from the PATH or from PyPI), and again when pyproject.toml changes. What is tried is
the wheel, built from the sdist, and the tests are those of the sdist. A Python that is not on the PATH, nor among
pyenv's or uv's, is installed by uv; where that fails, it is left out, and said to be. Needs Python with pip.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / ".versions"
OLDEST, NEWEST = "3.11", "3.13"
USUAL = (NEWEST, "3.12", OLDEST, "oldest")
ANYWHERE = ("versions", "test_sampling.py")  # the others use what only Linux has, such as pipes and odd names
SHORT = (
    *ANYWHERE,
    *("test_imports.py", "test_tables.py", "test_sources.py", "test_decoder.py", "test_results.py", "test_parts.py"),
)
NEEDED = ("hypothesis", "pandas", "pytest", "pytest-timeout")
BIN = "Scripts" if sys.platform == "win32" else "bin"


class NotHere(Exception):
    """This cannot be tried here; says why."""


def main(words: Sequence[str]) -> int:
    known = argparse.ArgumentParser(description="Try framescribe with other versions than those of constraints.txt.")
    known.add_argument("name", nargs="*", metavar="NAME", choices=[[], *USUAL, "demo"], help="Default: all but demo.")
    names = known.parse_args(words).name or USUAL
    began, lines, failed = time.monotonic(), list[str](), False
    uv = _uv()
    wheel, sources = _built(uv)
    for name in names:
        try:
            version = OLDEST if name == "oldest" else NEWEST if name == "demo" else name
            python = _environment(uv, name, _interpreter(uv, version), wheel)
        except NotHere as why:
            lines.append(f"{name}: not tried: {why}")
            continue
        said = _said(python)
        print(f"\n=== {name}: {said}", flush=True)
        tried = _demo(python) if name == "demo" else _tests(python, sources)
        failed |= not tried
        lines.append(f"{name}: {'passed' if tried else 'FAILED'}: {said}")
    print(f"\n{time.monotonic() - began:.0f} s", *lines, sep="\n")
    return 1 if failed else 0


def _uv() -> str:
    if (found := shutil.which("uv")) is not None:
        return found
    own = FOLDER / "uv"
    if not (own / BIN / "uv").exists():
        subprocess.run([sys.executable, "-m", "venv", own], check=True)
        pip = [own / BIN / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "uv"], check=True)
    return str(own / BIN / "uv")


def _built(uv: str) -> tuple[Path, Path]:
    """The wheel, and the folder of the unpacked sdist that it was built from."""
    place = FOLDER / "dist"
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([uv, "build", "--quiet", "--out-dir", place, ROOT], check=True)
    (sdist,), (wheel,) = place.glob("*.tar.gz"), place.glob("*.whl")
    with tarfile.open(sdist) as opened:
        opened.extractall(place, filter="data")
    return wheel, place / sdist.name.removesuffix(".tar.gz")


def _interpreter(uv: str, version: str) -> str:
    """A Python of this version that runs."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    theirs = sorted(pyenv.glob(f"{version}.*/bin/python"), key=lambda path: len(path.parts[-3]))
    for python in (shutil.which(f"python{version}"), *map(str, theirs[::-1])):
        if python is not None and _version(python) == version:
            return python
    asked = (("python", "find", version), ("python", "install", "--quiet", version), ("python", "find", version))
    for words in asked:
        done = subprocess.run([uv, *words], capture_output=True, text=True, cwd=FOLDER)
        if words[1] == "find" and done.returncode == 0:
            return done.stdout.strip()
    raise NotHere(f"there is no Python {version} here, and uv could not install one")


def _version(python: str) -> str:
    asked = [python, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
    done = subprocess.run(asked, capture_output=True, text=True)
    return done.stdout.strip()


def _environment(uv: str, name: str, interpreter: str, wheel: Path) -> Path:
    """The Python of the environment, in which the wheel is the one just built."""
    folder = FOLDER / name
    python, ready = folder / BIN / "python", folder / ".ready"
    ingredients = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + Path(__file__).read_bytes()).hexdigest()
    install = [uv, "pip", "install", "--quiet", "--python", python]
    if not ready.is_file() or ready.read_text(encoding="utf-8") != ingredients:
        print(f"making {folder.relative_to(ROOT)}", flush=True)
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", interpreter, folder], check=True)
        if name == "oldest":
            project = ("--resolution", "lowest-direct", "--requirements", ROOT / "pyproject.toml")
            subprocess.run([*install, *project], check=True)
        else:
            extra = "[local-cpu]" if name == "demo" else ""
            subprocess.run([*install, f"framescribe{extra} @ {wheel.as_uri()}"], check=True)
        kept = folder / "installed.txt"
        with kept.open("w", encoding="utf-8") as file:  # what the tests need changes none of it
            freeze = [uv, "pip", "freeze", "--exclude", "framescribe", "--python", python]
            subprocess.run(freeze, check=True, stdout=file)
        subprocess.run([*install, "--constraints", kept, *NEEDED], check=True)
        ready.write_text(ingredients, encoding="utf-8")
    subprocess.run([*install, "--no-deps", "--reinstall-package", "framescribe", wheel], check=True)
    return python


def _said(python: Path) -> str:
    """The Python and the versions that matter most."""
    names = ("aiohttp", "av", "numpy", "pillow", "pyarrow", "pydantic", "typer")
    code = (
        "import importlib.metadata as m, platform; "
        f"print('Python', platform.python_version(), *(n + ' ' + m.version(n) for n in {names}), sep=', ')"
    )
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _tests(python: Path, sources: Path) -> bool:
    tests = [f"tests/{name}" for name in (SHORT if sys.platform == "linux" else ANYWHERE)]
    deprecated = [
        f"-Wdefault::{kind}Warning" for kind in ("Deprecation", "PendingDeprecation")
    ]  # works until it is gone
    words = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *deprecated, *tests]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(words, cwd=sources, env=environment).returncode == 0


def _demo(python: Path) -> bool:
    """Whether the built-in models caption the demo's clips as they should; it says so itself."""
    words = [python.parent / "framescribe", "demo", "-o", FOLDER / "framescribe-demo"]
    return subprocess.run(words).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
