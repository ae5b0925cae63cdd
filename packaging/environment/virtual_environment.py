"""The environment in .venv: made once, mended when it was left half-made, filled by pip."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from environment import pip_failure
from environment.console import Runner, SetupStopped, quiet_answer, say

# Read by the environment's own Python: it tells in one go that it runs, how new it is, and that pip is there.
_HEALTH = "import sys, pip; print('%d.%d' % sys.version_info[:2])"


def python_of(environment: Path) -> Path:
    if sys.platform == "win32":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def is_whole(environment: Path) -> bool:
    """Whether the environment runs and has pip and a Python that is new enough."""
    python = python_of(environment)
    if not python.exists():
        return False
    major, _, minor = quiet_answer([str(python), "-c", _HEALTH], seconds=60).strip().partition(".")
    return major.isdigit() and minor.isdigit() and (int(major), int(minor)) >= (3, 11)


def make(environment: Path, run: Runner) -> None:
    """Make the environment, in place of anything unusable that lies there. Raises SetupStopped."""
    if environment.exists() and not environment.is_dir():
        raise SetupStopped(
            f"{environment} is not a directory.", hint="Move it away and run the same command again."
        )
    say(f"Making a virtual environment in {environment.name} ...")
    # `--clear` would also empty a .venv that is a link to another directory; venv alone mends what it can.
    if environment.exists() and not environment.is_symlink():
        shutil.rmtree(environment, ignore_errors=True)
    done = run([sys.executable, "-m", "venv", str(environment)], {})
    if not done.ok or not is_whole(environment):
        clause = pip_failure.reason(done.output)
        hint = "Check the free space and the rights of this directory, then run the same command again."
        raise SetupStopped(f"The virtual environment could not be made: {clause}.", hint=hint)


def pip_install(python: Path) -> list[str]:
    """The start of every pip command: no questions, and no remark that there is a newer pip."""
    return [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


def project_command(python: Path, root: Path, extras: frozenset[str]) -> list[str]:
    """The pip command that installs this checkout, editable, with these extras."""
    return [*pip_install(python), "-q", "-e", f"{root}[{','.join(sorted(extras))}]"]


def install_project(python: Path, root: Path, extras: frozenset[str], run: Runner, log: str) -> None:
    """Install the project and its dependencies. Raises SetupStopped."""
    say("Installing Context Advisor and what it depends on ...")
    # A variable also reaches the pip that fetches the build backend: without a network, say so soon.
    done = run(project_command(python, root, extras), {"PIP_RETRIES": "2"})
    if not done.ok:
        raise pip_failure.stopped("Context Advisor's dependencies", done.output, log)
