"""The entry of `make` and `run.bat`: finds a Python that is new enough and hands over to `environment`.

Written so that Python 3.6 still reads it: an old `python3` must be able to say that it is old.
"""

import importlib.util
import os
import subprocess
import sys
from typing import Callable, List, Optional, Tuple

Command = List[str]
Version = Tuple[int, int]

NEEDED = (3, 11)
NAMES = ("python3.13", "python3.12", "python3.11", "python3.14", "python3", "python")
# What a Python must be able to do for us. Debian splits `venv` and `ensurepip` into a package of their own.
PROBE = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"


def probe(command: Command) -> Optional[Version]:
    """The version of this Python; None if it does not run or cannot make environments."""
    if command == [sys.executable]:  # no need to start another process
        complete = all(importlib.util.find_spec(name) for name in ("ensurepip", "venv"))
        return sys.version_info[:2] if complete else None
    try:
        answer = subprocess.check_output([*command, "-c", PROBE], stderr=subprocess.DEVNULL, timeout=20)
        major, minor = answer.decode("ascii", "replace").split(".")
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def candidates(platform: str, own: str) -> List[Command]:
    """The commands under which a Python may be found; the one that runs this file leads."""
    launcher = [["py", "-3." + minor] for minor in ("13", "12", "11", "14")] if platform == "win32" else []
    return [[own], *launcher, *([name] for name in NAMES)]


def choose_python(
    commands: List[Command], probe_one: Callable[[Command], Optional[Version]]
) -> Optional[Command]:
    """The first command whose Python is new enough and complete, or None."""
    for command in commands:
        version = probe_one(command)
        if version is not None and version >= NEEDED:
            return command
    return None


def refusal(version: Version) -> str:
    """What to say on a machine that has no Python we can use."""
    if version >= NEEDED:
        return (
            "This Python cannot make virtual environments: its venv and ensurepip modules are missing.\n"
            "Install them, on Debian and Ubuntu with: sudo apt-get install python3-venv\n"
        )
    return (
        f"Context Advisor needs Python 3.11 or newer; this is Python {version[0]}.{version[1]}, "
        "and no newer one was found.\n"
        "Install one, from your system's packages or from python.org, and run the same command again.\n"
    )


def run_elsewhere(command: Command) -> None:
    """Run this file under another Python; does not return."""
    arguments = [*command, os.path.abspath(__file__), *sys.argv[1:]]
    if sys.platform == "win32":  # exec on Windows gives the prompt back before the program has ended
        sys.exit(subprocess.call(arguments))
    os.execvp(arguments[0], arguments)


def start() -> None:
    python = choose_python(candidates(sys.platform, sys.executable), probe)
    if python is None:
        sys.stderr.write(refusal(sys.version_info[:2]))
        sys.exit(1)
    if python != [sys.executable]:
        run_elsewhere(python)
    # Its syntax is that of Python 3.11: not to be read before this line.
    from environment.verbs import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    try:
        start()
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The same command goes on from here.\n")
        sys.exit(130)
