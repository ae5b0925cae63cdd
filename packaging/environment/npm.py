"""Packages of npm as archives: fetched and looked at, never installed, so nothing in them is run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from environment.console import Finished, Runner, SetupStopped

_OFFLINE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH")


def is_there() -> bool:
    return shutil.which("npm") is not None


def fetched(packages: Sequence[str], directory: Path, run: Runner, log: str) -> list[Path]:
    """The archives of `packages` (name@version) in `directory`, and no other ones. Raises SetupStopped."""
    for left in directory.glob("*.tgz"):
        left.unlink()
    options = ["--pack-destination", str(directory), "--no-update-notifier", "--fetch-retries=1"]
    done = run(["npm", "pack", *packages, *options], {})
    archives = sorted(directory.glob("*.tgz"))
    if not done.ok or len(archives) != len(packages):
        for archive in archives:
            archive.unlink()
        raise _not_fetched(packages, done, log)
    return archives


def unexpected(packages: Sequence[str]) -> SetupStopped:
    """What to raise for an archive with another content than was known."""
    return SetupStopped(
        f"What came as {', '.join(packages)} is not what was expected.",
        hint="Look at npm's registry setting.",
    )


def _not_fetched(packages: Sequence[str], done: Finished, log: str) -> SetupStopped:
    named = ", ".join(packages)
    if _OFFLINE.search(done.output):
        return SetupStopped(
            f"{named} could not be fetched: the network or the package registry cannot be reached.",
            hint="Check the connection or the proxy and run the same command again.",
        )
    return SetupStopped(f"npm could not fetch {named}.", hint=f"The full output is in {log}.")
