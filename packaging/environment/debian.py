"""Installing packages on Debian and its relatives, where this user may; else the exact command to say."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from environment.console import Runner, quiet_answer, say


def install_command(packages: Sequence[str], *, is_root: bool) -> list[str]:
    """The command that installs `packages` without a question."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    return command if is_root else ["sudo", "-n", *command]


def spoken_command(packages: Sequence[str]) -> str:
    """The same as a person would type it."""
    return "sudo apt-get install " + " ".join(packages)


def is_debian() -> bool:
    return shutil.which("apt-get") is not None


def may_install() -> bool:
    """Whether packages can be installed without asking for a password."""
    if not is_debian():
        return False
    return _is_root() or quiet_answer(["sudo", "-n", "echo", "yes"]).strip() == "yes"


def install(packages: Sequence[str], run: Runner) -> bool:
    """Install `packages` if this user may; True if apt-get said that they are installed."""
    if not may_install():
        return False
    say("Installing system packages with apt-get: " + " ".join(packages))
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    command = install_command(packages, is_root=_is_root())
    if run(command, quiet).ok:
        return True
    # A new machine or container has no package lists yet.
    update = ["apt-get", "update"] if _is_root() else ["sudo", "-n", "apt-get", "update"]
    run(update, quiet)
    return run(command, quiet).ok


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
