"""The container files, as far as they can be held to account without Docker."""

from __future__ import annotations

import itertools
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from framescribe.engines.presets import route
from framescribe.engines.routes import CHECKED
from framescribe.engines.servers.launch import PROGRAMS, command
from framescribe.engines.servers.program import Server

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "containers" / "compose.yaml"
DOCKERFILES = sorted((ROOT / "containers").glob("Dockerfile.*"))
PAGES = [ROOT / "docs" / "containers.md", ROOT / "docs" / "cloud-notebook.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text())["services"]


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """Each command's options, from the program's own help."""

    def told(*words: str) -> str:
        run = [sys.executable, "-m", "framescribe", *words, "--help"]
        return subprocess.run(run, capture_output=True, text=True, check=True, timeout=120).stdout

    known = {name: set() for name in re.findall(r"^│ ([a-z]+)", told(), flags=re.MULTILINE)}
    for name in known:
        known[name] = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", told(name)))
    return known


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """A Dockerfile's instructions and what follows each, comments left out and continued lines joined."""
    text = "\n".join(line for line in dockerfile.read_text().splitlines() if not line.startswith("#"))
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


def copied(dockerfile: Path) -> list[str]:
    """What it copies from the build's context."""
    words = [rest.split() for name, rest in instructions(dockerfile) if name == "COPY"]
    return [source for line in words if not line[0].startswith("--from") for source in line[:-1]]


def check_command(words: list[str], options: dict[str, set[str]]) -> None:
    name, *rest = words
    if name == "--version":
        return
    assert name in options, words
    given = [word for word in rest if re.fullmatch(r"--?[a-z][a-z-]*", word)]
    assert set(given) <= options[name], words


def test_the_captioner_waits_for_a_server_that_says_when_it_is_ready(services: dict[str, Any]) -> None:
    waited_for = services["captioner"]["depends_on"]
    assert waited_for == {"server": {"condition": "service_healthy"}}
    probe = services["server"]["healthcheck"]["test"]
    assert probe[0] == "CMD"
    compile(probe[3], "healthcheck", "exec")
    assert "http://127.0.0.1:8000/health" in probe[3]
    devices = services["server"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]


def test_the_captioner_asks_for_what_the_server_serves(services: dict[str, Any], options: dict[str, set[str]]) -> None:
    words = shlex.split(services["captioner"]["command"])
    check_command(words, options)
    assert words[words.index("--base-url") + 1] == "http://server:8000/v1"
    name = words[words.index("--model") + 1]
    repository, *flags = services["server"]["command"]
    assert repository == route(name, "vllm").repository
    assert f"--served-model-name={name}" in flags
    assert services["server"]["image"] == f"vllm/vllm-openai:v{CHECKED['vllm']}"
    mounts = {mount.rsplit(":", 1)[0] if mount.endswith(":ro") else mount for mount in services["captioner"]["volumes"]}
    inside = {mount.rsplit(":", 1)[1] for mount in mounts}
    assert inside == {"/clips", "/out"}
    assert words[1] == "/clips"
    assert words[words.index("-o") + 1].startswith("/out/")


def test_the_server_is_started_with_flags_that_framescribe_itself_uses(services: dict[str, Any]) -> None:
    ours = command("vllm", Server(repository="r", name="n"), port=1).argv
    pairs = dict(itertools.pairwise(ours))
    for flag in services["server"]["command"][1:]:
        name, _, value = flag.partition("=")
        assert name in pairs
        assert name == "--served-model-name" or pairs[name] == value


def test_every_named_volume_and_file_exists(services: dict[str, Any]) -> None:
    build = services["captioner"]["build"]
    assert (COMPOSE.parent / build["context"] / build["dockerfile"]).resolve() in DOCKERFILES
    named = {
        mount.split(":")[0] for service in services.values() for mount in service["volumes"] if mount[0] not in "$./"
    }
    assert named == set(yaml.safe_load(COMPOSE.read_text())["volumes"])


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_what_is_copied_is_enough_to_install(dockerfile: Path, tmp_path: Path) -> None:
    context = tmp_path / "src"
    context.mkdir()
    for source in copied(dockerfile):
        assert (ROOT / source).exists(), source
        if (ROOT / source).is_dir():
            skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(ROOT / source, context / source, ignore=skip)
        else:
            shutil.copy(ROOT / source, context / source)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", ".", "."]
    done = subprocess.run(build, cwd=context, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(context.glob("framescribe-*.whl"))) as wheel:
        names = wheel.namelist()
        described = wheel.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    package = ROOT / "src" / "framescribe"
    data = [*(package / "prompts").glob("*.txt"), *(package / "demo" / "checkpoints").glob("*/model.safetensors")]
    assert len(data) > 2
    assert {str(file.relative_to(ROOT / "src")) for file in data} <= set(names)
    needed = [line for line in described.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert needed and not any("torch" in line or "transformers" in line for line in needed)


def closure(requirements: list[str]) -> set[str]:
    """The distributions that pip installs for these requirements here, by their normalized names."""
    found: set[str] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            further = metadata.requires(requirement.name) or []
        except metadata.PackageNotFoundError:
            continue
        for wanted in ("", *requirement.extras):
            if f"{name}[{wanted}]" not in found:
                found |= {name, f"{name}[{wanted}]"}
                waiting += [(Requirement(text), wanted) for text in further]
    return found


def test_an_install_without_extras_has_all_that_a_client_imports() -> None:
    names = ("cli.main", "runs.job", "frames.pool", "frames.decoder", "engines.transport.openai_api", "storage.tables")
    code = (
        "import sys; before = set(sys.modules); "
        f"import {', '.join(f'framescribe.{name}' for name in names)}; print(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    installed = metadata.packages_distributions()
    modules = {module.split(".")[0] for module in loaded.stdout.split()} - {"framescribe"}
    there = closure(PROJECT["dependencies"])
    missing = {
        module: installed[module]
        for module in modules & installed.keys()
        if not any(canonicalize_name(name) in there for name in installed[module])
    }
    assert not missing


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_the_image_starts_framescribe_on_a_python_that_is_new_enough(dockerfile: Path) -> None:
    found = dict(instructions(dockerfile))
    assert Path(yaml.safe_load(found["ENTRYPOINT"])[0]).name in PROJECT["scripts"]
    text = dockerfile.read_text()
    version = re.search(r"python:(3\.\d+)-slim|--python (3\.\d+) ", text)
    assert version is not None
    least = PROJECT["requires-python"].removeprefix(">=")
    assert [int(part) for part in (version[1] or version[2]).split(".")] >= [int(part) for part in least.split(".")]


def test_the_engines_page_and_the_build_argument_agree_with_the_versions() -> None:
    page = PAGES[0].read_text()
    rows = re.findall(r"^\| \S+ \| `([^`]+)` \| `([^`]+)`.*\| `([^`]+)` \|$", page, flags=re.MULTILINE)
    assert [engine for *_, engine in rows] == ["vllm", "sglang", "lmdeploy", "llama-cpp"]
    for image, program, engine in rows:
        assert program == PROGRAMS[engine].executable
        version = CHECKED[engine]
        assert version is None or re.search(rf":v{re.escape(version)}(-|$)", image)
    images = {image for image, *_ in rows}
    default = dict(instructions(ROOT / "containers" / "Dockerfile.engine"))["ARG"].removeprefix("BASE=")
    assert default in images
    assert set(re.findall(r"--build-arg BASE=(\S+)", page)) <= images


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_the_pages_use_options_that_exist(page: Path, options: dict[str, set[str]]) -> None:
    text = page.read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    run = [
        line
        for line in lines
        if "framescribe:" in line and line.startswith("docker run") and "--entrypoint" not in line
    ]
    in_containers = [re.split(r"framescribe:\w+ ", line, maxsplit=1)[1] for line in run]
    direct = [line.split("framescribe ", 1)[1] for line in lines if re.match(r"!?(fs/bin/)?framescribe ", line)]
    assert in_containers or direct
    for line in (*in_containers, *direct):
        check_command(shlex.split(line), options)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_name_files_that_exist_and_say_what_was_not_run(page: Path) -> None:
    text = page.read_text()
    for name in re.findall(r"\b(?:containers|tests)/[A-Za-z_.]+\w", text):
        assert (ROOT / name).exists(), name
    assert re.search(r"\*\*(Nothing on this page was built or run here|Not run here)\*\*", text)
