"""Carrying out an EnginePlan: the pip commands, what came of each, and whether the engine loads.

Where an index has no wheel, pip takes the sdist without a word and compiles it for the CPU. So wheels are
asked for with `--only-binary` from one index alone, and what was installed is looked at afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from environment import pip_failure
from environment.console import Runner, say
from environment.engine_choice import NAMES, EnginePlan, Route, Wheel
from environment.virtual_environment import pip_install

WHEEL_INDEX = "https://abetlen.github.io/llama-cpp-python/whl/{tag}/llama-cpp-python/"
PACKAGE = "llama-cpp-python"
INDEX_SECONDS = 5
UNREACHABLE = "the index of prebuilt wheels cannot be reached"

# The parts of ggml by which an engine is known, in the order in which they decide its name.
_BACKENDS = {"cuda": "cuda", "hip": "rocm", "metal": "metal", "vulkan": "vulkan"}

# Run by the environment's Python. It loads the library, so it can die of a missing driver: hence a child.
CHECK = """
import json, pathlib, re, llama_cpp
lib = pathlib.Path(llama_cpp.__file__).parent / "lib"
found = {re.match(r"(?:lib)?ggml-([a-z]+)", file.name) for file in lib.iterdir()}
print("CHECK " + json.dumps({"version": llama_cpp.__version__,
                            "backends": sorted({match.group(1) for match in found if match}),
                            "offload": bool(llama_cpp.llama_supports_gpu_offload())}))
"""

# The stock CUDA wheels leave these libraries to the machine. No driver brings them; these packages do.
_CUDA_RUNTIME = {
    "11": ("nvidia-cuda-runtime-cu11", "nvidia-cublas-cu11"),
    "12": ("nvidia-cuda-runtime-cu12", "nvidia-cublas-cu12"),
    "13": ("nvidia-cuda-runtime>=13,<14", "nvidia-cublas>=13,<14"),
}
_CUDA_LIBRARIES = (
    *("libcudart.so.*", "libcublas.so.*", "libcublasLt.so.*"),
    *("cudart64_*.dll", "cublas64_*.dll", "cublasLt64_*.dll"),
)


@dataclass(frozen=True, slots=True)
class Installed:
    """An engine that loads: what it was built for, and whether it finds a device to use."""

    engine: str
    offload: bool
    version: str


@dataclass(frozen=True, slots=True)
class Outcome:
    installed: Installed | None
    failures: tuple[str, ...]  # why each route failed, as clauses


def pip_command(python: Path, route: Route, requirement: str, user_cmake_args: str = "") -> list[str]:
    """The pip command for one route.

    A wheel comes from one index and nowhere else. A build with CMake arguments must not be answered from
    pip's cache of built wheels, nor leave its result there for somebody who wants another one.
    """
    command = [*pip_install(python), "--no-deps"]
    if isinstance(route, Wheel):
        index = WHEEL_INDEX.format(tag=route.tag)
        patience = ["--timeout", str(INDEX_SECONDS), "--retries", "0"]
        only = ["--only-binary", PACKAGE, "--no-index", "--find-links", index]
        # -vv: pip tells only then that an index did not answer.
        return [*command, "-vv", "--force-reinstall", *patience, *only, requirement]
    command.append("--force-reinstall")
    if route.cmake_args or user_cmake_args:
        command += ["--no-cache-dir", "--no-binary", PACKAGE]
    return [*command, requirement]


def build_environment(route: Route, user: Mapping[str, str]) -> dict[str, str]:
    """What to add to the environment; the user's own CMAKE_ARGS come last and win."""
    if isinstance(route, Wheel) or not route.cmake_args:
        return {}
    return {"CMAKE_ARGS": " ".join([*route.cmake_args, user.get("CMAKE_ARGS", "")]).strip()}


def announcement(route: Route, engine: str) -> str:
    """One line that says what happens now and how long it takes."""
    name = NAMES[engine]
    if isinstance(route, Wheel):
        index = "" if route.tag == engine else f" ({route.tag})"
        return f"Looking for a prebuilt llama-cpp-python for {name}{index} ..."
    if engine == "cpu":
        return "Compiling llama-cpp-python for the CPU (4 minutes on two cores; seconds if done before) ..."
    return f"Compiling llama-cpp-python for {name}: this can take half an hour and more ..."


def carry_out(plan: EnginePlan, python: Path, requirement: str, run: Runner) -> Outcome:
    """Try the plan's routes in order until one gives an engine of the plan's kind that loads."""
    failures: list[str] = []
    index_answers = True
    for route in plan.routes:
        if isinstance(route, Wheel) and not index_answers:
            continue
        say(announcement(route, plan.engine))
        command = pip_command(python, route, requirement, os.environ.get("CMAKE_ARGS", ""))
        done = run(command, build_environment(route, os.environ))
        if done.ok:
            found, problem = _loaded(plan, route, python, requirement, run)
            if found is not None:
                return Outcome(found, tuple(failures))
        else:
            problem = _failure(route, done.output)
            index_answers = index_answers and problem != UNREACHABLE
        say(f"  {problem}")
        failures.append(problem)
    return Outcome(None, tuple(failures))


def installed_now(python: Path, run: Runner) -> Installed | None:
    """The engine that is in the environment, if there is one that loads."""
    return read_check(run([str(python), "-c", CHECK], {}).output)


def read_check(output: str) -> Installed | None:
    """What the check said, or None if the engine did not load."""
    for line in output.splitlines():
        if line.startswith("CHECK "):
            told = json.loads(line.removeprefix("CHECK "))
            engine = next((name for part, name in _BACKENDS.items() if part in told["backends"]), "cpu")
            return Installed(engine, told["offload"], told["version"])
    return None


def _failure(route: Route, output: str) -> str:
    if isinstance(route, Wheel) and pip_failure.is_unreachable(output):
        return UNREACHABLE
    if isinstance(route, Wheel) and pip_failure.is_absent(output):
        return f"the wheel index {route.tag} has none for this machine"
    return pip_failure.reason(output)


def _loaded(
    plan: EnginePlan, route: Route, python: Path, requirement: str, run: Runner
) -> tuple[Installed | None, str]:
    """Whether what was installed loads and is what was wanted; else why not."""
    # pip finds the engine itself satisfied and adds what it depends on.
    dependencies = run([*pip_install(python), "-q", requirement], {})
    if not dependencies.ok:
        return None, "its dependencies could not be installed: " + pip_failure.reason(dependencies.output)
    check = [str(python), "-c", CHECK]
    done = run(check, {})
    if isinstance(route, Wheel) and lacks_cuda_runtime(route, done.output):
        add_cuda_runtime(route, python, run)
        done = run(check, {})
    found = read_check(done.output)
    if found is None:
        last = (done.output.strip().splitlines() or [f"exit code {done.code}"])[-1]
        return None, f"it was installed, but does not load: {last[:200]}"
    if plan.engine not in ("cpu", found.engine):
        return None, f"what was installed is a build for {NAMES[found.engine]}"
    return found, ""


def lacks_cuda_runtime(route: Wheel, output: str) -> bool:
    """Whether the check failed for the want of the CUDA runtime; Windows names only what needs it."""
    if read_check(output) is not None or not route.tag.startswith("cu1"):
        return False
    return any(name in output for name in ("cudart", "cublas", "llama.dll"))


def add_cuda_runtime(route: Wheel, python: Path, run: Runner) -> None:
    """Lay the runtime libraries that a CUDA wheel misses beside its own ones, where its RUNPATH looks."""
    say("Adding the CUDA runtime libraries, which this wheel leaves to the machine ...")
    where = [str(python), "-c", "import sysconfig; print('SITE ' + sysconfig.get_path('purelib'))"]
    if run([*pip_install(python), "-q", *_CUDA_RUNTIME[route.tag[2:4]]], {}).ok:
        for line in run(where, {}).output.splitlines():
            if line.startswith("SITE "):
                site = Path(line.removeprefix("SITE "))
                lay_beside(site, site / "llama_cpp" / "lib")


def lay_beside(site: Path, lib: Path) -> list[Path]:
    """Hard links (or copies) in `lib` of the CUDA libraries under `site`/nvidia; returns what was laid."""
    laid = []
    for source in _cuda_libraries(site / "nvidia"):
        target = lib / source.name
        if not target.exists():
            try:
                os.link(source, target)
            except OSError:
                shutil.copy2(source, target)
        laid.append(target)
    return laid


def _cuda_libraries(root: Path) -> Iterable[Path]:
    return sorted(file for pattern in _CUDA_LIBRARIES for file in root.rglob(pattern))
