"""Other programs' own readers of their settings, for tests/runtimes: packages of npm, which node runs.

Each is laid where node looks for it, from an archive of known content. Of what they depend on, only what
reading settings needs is fetched.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from environment import debian, npm
from environment.console import Runner, SetupStopped, say

DIRECTORY = "readers"  # in the environment, with which it is removed
MODULES = "node_modules"
RECORD = "readers.json"

PACKAGES = {
    "@lmstudio/sdk@2.0.0": "9c6e226e534fc94b305d7f9926412d1c31cc483f033908b994c6eee44e47e862",
    "@continuedev/config-yaml@1.42.0": "571d7796641e9b802ff5d161d552cd2c08eedb636d27f3659a839b4690ffbd01",
    # With these two they read.
    "zod@3.25.76": "9e1f1a05f0dd0c1dab64ee91ceb9bf55cd44d35368c70edda80a2fdc70a88377",
    "yaml@2.8.2": "bf99551503fa80b353bab949227e18bd05f28b4f3117b593614f478e37c443b2",
    # OpenCode's settings are a type, which the compiler holds a file against.
    "@opencode-ai/sdk@1.19.3": "ca9624bd72c527ca107f16fb2f060feb1279b8352bf18d35c283ffdb504c39dc",
    "typescript@5.9.3": "10e108c9cf7d5f2879053dff18515fb405abf2ccef63eaaf017d9c571687a1d3",
}

_TOP = "package/"  # of every archive that npm packs


def set_up(environment: Path, run: Runner, log: str) -> None:
    """Make the readers available to the tests of this environment. Raises SetupStopped."""
    directory = environment / DIRECTORY
    is_fetched = _recorded(directory) == PACKAGES
    _install_packages(run, fetching=not is_fetched)
    if not is_fetched:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / RECORD).unlink(missing_ok=True)
        shutil.rmtree(directory / MODULES, ignore_errors=True)
        _fetch(directory, run, log)
        (directory / RECORD).write_text(json.dumps(PACKAGES, indent=1) + "\n", encoding="utf-8")
    say("LM Studio's, Continue's and OpenCode's own readers will check what is exported.")


def _recorded(directory: Path) -> object:
    try:
        return json.loads((directory / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _install_packages(run: Runner, *, fetching: bool) -> None:
    """Node comes along with npm; npm only if there is something to fetch."""

    def absent() -> list[str]:
        lacks = {"nodejs": shutil.which("node") is None, "npm": fetching and not npm.is_there()}
        return [package for package, is_lacking in lacks.items() if is_lacking]

    packages = absent()
    if not packages or (debian.install(packages, run) and not absent()):
        return
    hint = "Install the packages of your system that are called so in Debian."
    if debian.is_debian():
        hint = "Install them with: " + debian.spoken_command(packages)
    raise SetupStopped(f"The readers of exports need {', '.join(packages)}.", hint=hint)


def _fetch(directory: Path, run: Runner, log: str) -> None:
    say("Fetching the readers of exports (6 MB) ...")
    archives = {_sha256(path): path for path in npm.fetched(list(PACKAGES), directory, run, log)}
    unknown = [package for package, sha256 in PACKAGES.items() if sha256 not in archives]
    for package, sha256 in {} if unknown else PACKAGES.items():
        _lay_out(archives[sha256], directory / MODULES / package.rpartition("@")[0])
    for archive in archives.values():
        archive.unlink()
    if unknown:
        raise npm.unexpected(unknown)


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _lay_out(archive: Path, folder: Path) -> None:
    """The files alone: there are no links in these archives."""
    with tarfile.open(archive) as content:
        for member in content:
            source = content.extractfile(member)
            if source is None:
                continue
            target = folder / PurePosixPath(member.name.removeprefix(_TOP))
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
