"""The verbs of `make` and `run.bat`: each sets up what it needs, then starts the program in .venv."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from environment import engine_setup, qt_libraries, readers, record, rig, virtual_environment
from environment.console import Runner, SetupStopped, logged_runner, say

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
LOG = ENVIRONMENT / "setup.log"
LOG_NAME = ".venv/setup.log"

USER = frozenset({"gui"})
DEVELOPER = frozenset({"gui", "dev"})
# Each test has its own folders and processes. More at once would starve those that measure real work.
AT_ONCE = ("-n", "4", "--dist", "worksteal")


def set_up(extras: frozenset[str], *, wish: str, engine_needed: bool | None) -> Path:
    """Bring the environment up to date and return its Python.

    `engine_needed`: True if there is no going on without an engine, False if there is,
    None if it is not used.
    Raises SetupStopped with a sentence and what to do next.
    """
    with (ROOT / "pyproject.toml").open("rb") as file:
        pyproject = tomllib.load(file)
    run = logged_runner(LOG)
    python = virtual_environment.python_of(ENVIRONMENT)
    kept = record.read(ENVIRONMENT) if python.exists() else record.Record()
    if not kept.root and not virtual_environment.is_whole(ENVIRONMENT):
        virtual_environment.make(ENVIRONMENT, run)
    digest = record.project_digest(pyproject)
    if not kept.has_project(ROOT, digest, extras):
        everything = extras | set(kept.extras)
        virtual_environment.install_project(python, ROOT, everything, run, LOG_NAME)
        kept = _keep(kept.with_project(ROOT, digest, everything))
    kept = _libraries(kept, run, window=extras == USER)
    if engine_needed is not None:
        requirement = pyproject["project"]["optional-dependencies"]["engine"][0]
        kept = _engine(kept, python, run, wish=wish, requirement=requirement, needed=engine_needed)
    return python


def _libraries(kept: record.Record, run: Runner, *, window: bool) -> record.Record:
    wanted = "window" if window else "core"
    if platform.system() != "Linux" or wanted in kept.libraries:
        return kept
    qt_libraries.ensure(run, window=window)
    return _keep(replace(kept, libraries=("core", "window") if window else (*kept.libraries, "core")))


def _engine(
    kept: record.Record, python: Path, run: Runner, *, wish: str, requirement: str, needed: bool
) -> record.Record:
    engine = kept.engine
    if engine is None or not engine_setup.is_settled(engine, wish, requirement, needed=needed):
        engine = engine_setup.set_up(python, wish, requirement, run)
        kept = _keep(replace(kept, engine=engine))
    elif engine.note:
        say(engine.note)
    if needed and engine.installed is None:
        raise SetupStopped(
            "The tests need llama-cpp-python.", hint=f"See {LOG_NAME} for what its installation said."
        )
    return kept


def _keep(kept: record.Record) -> record.Record:
    record.write(ENVIRONMENT, kept)
    return kept


def start(command: Sequence[str]) -> int:
    """Replace this process by the program; on Windows, where that is not possible, wait for it."""
    if sys.platform == "win32":
        return subprocess.call(list(command), cwd=ROOT)
    sys.stdout.flush()
    os.chdir(ROOT)
    return os.execv(command[0], list(command))


def run_window(files: Sequence[str], wish: str) -> int:
    python = set_up(USER, wish=wish, engine_needed=False)
    # The program runs in the checkout's directory; what the user wrote is relative to where the user is.
    paths = [str(Path(file).absolute()) if Path(file).exists() else file for file in files]
    return start([str(python), "-m", "ui", *paths])


def run_tests(arguments: Sequence[str], wish: str) -> int:
    """All tests, several at once since they mostly wait for child processes; or those asked for."""
    python = set_up(DEVELOPER, wish=wish, engine_needed=True)
    return start([str(python), "-m", "pytest", *(arguments or AT_ONCE)])


def run_module(arguments: Sequence[str], wish: str) -> int:
    python = set_up(DEVELOPER, wish=wish, engine_needed=True)
    return start([str(python), "-m", *arguments])


def set_up_rig(wish: str) -> int:
    """Set up what only tests need: other programs' readers, and a Vulkan device for those marked gpu."""
    python = set_up(DEVELOPER, wish=wish, engine_needed=True)
    readers.set_up(ENVIRONMENT, logged_runner(LOG), LOG_NAME)
    engine = record.read(ENVIRONMENT).engine
    rig.set_up(ENVIRONMENT, python, engine, logged_runner(LOG), LOG_NAME)
    return 0


def build_package(wish: str) -> int:
    """The bundle, with the engine that the environment has."""
    python = set_up(DEVELOPER | {"package"}, wish=wish, engine_needed=True)
    return start([str(python), str(ROOT / "packaging" / "bundle" / "build.py")])


def fuzz(arguments: Sequence[str]) -> int:
    """A coverage-guided attack on the header reader; needs no engine."""
    python = set_up(DEVELOPER | {"fuzz"}, wish="", engine_needed=None)
    return start([str(python), "-m", "tests.fuzz", *arguments])


def check() -> int:
    """Lint, formatting and types; every one of them runs, so that all that is wrong is seen at once."""
    python = str(set_up(DEVELOPER, wish="", engine_needed=None))
    codes = [
        subprocess.call([python, "-m", *tool], cwd=ROOT)
        for tool in (
            ["ruff", "check", "."],
            ["ruff", "format", "--check", "."],
            ["mypy"],
        )
    ]
    return int(any(codes))


def main(arguments: Sequence[str]) -> int:
    # Options that are not ours, --help among them, belong to the program that is started.
    parser = argparse.ArgumentParser(prog="setup_env.py", allow_abbrev=False, add_help=False)
    parser.add_argument("verb", choices=("run", "test", "rig", "check", "fuzz", "package", "module"))
    parser.add_argument(
        "--engine", default=os.environ.get("ENGINE", ""), help="auto, cuda, vulkan, metal, rocm or cpu"
    )
    told, rest = parser.parse_known_args(arguments)
    try:
        wish = engine_setup.read_wish(told.engine)
        verbs: dict[str, Callable[[], int]] = {
            "run": lambda: run_window(rest, wish),
            "test": lambda: run_tests(rest, wish),
            "check": check,
            "rig": lambda: set_up_rig(wish),
            "fuzz": lambda: fuzz(rest),
            "package": lambda: build_package(wish),
            "module": lambda: run_module(rest, wish),
        }
        return verbs[told.verb]()
    except SetupStopped as stop:
        print(f"{stop.sentence}\n{stop.hint}", file=sys.stderr)
        return stop.exit_code
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"The set-up stopped: {error.strerror or error}{where}.", file=sys.stderr)
        print(
            "Check the free space and the rights of this directory, then run the same command again.",
            file=sys.stderr,
        )
        return 1
