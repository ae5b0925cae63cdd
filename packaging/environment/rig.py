"""A Vulkan device without a GPU, for the tests marked `gpu`: lavapipe and llama.cpp's Vulkan backend.

The unmodified llama-cpp-python for the CPU loads that backend as an extra library (GGML_BACKEND_PATH): layers
are really offloaded, and fail as on a GPU. The library is taken out of a prebuilt npm package, since Debian's
Vulkan headers are too old to compile it.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import platform
import re
import shutil
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from environment import debian, npm
from environment.console import Runner, SetupStopped, say
from environment.record import Engine

DIRECTORY = "rig"  # in the environment, which it is linked to and removed with
RECORD = "rig.json"

PACKAGE = "@node-llama-cpp/linux-x64-vulkan@3.22.1"
MEMBER = "package/bins/linux-x64-vulkan/libggml-vulkan.so"
SHA256 = "5dbbe80b520118b6b71f3ea31935ba107cee9c9c68f7e7ed18b20cdb424e819b"
LIBRARY = "libggml-vulkan.so"
# What the backend asks the loader for, and what it must get: the library that llama.cpp itself has loaded.
BASE, BASE_OF_ENGINE = "libggml-base.so", "libggml-base.so.0"

LOADER = "libvulkan.so.1"
DRIVERS = Path("/usr/share/vulkan/icd.d")

# Run by the environment's Python.
LOCATE = """
import importlib.util
print("LIB", importlib.util.find_spec("llama_cpp").submodule_search_locations[0])
"""
CHECK = """
import json
from advisor.engine.client import EngineClient
with EngineClient() as client:
    info = client.hello()
print("RIG " + json.dumps({device.name: device.description for device in info.devices}))
"""
EXPECTED = {"CPU", "Vulkan0"}


def set_up(environment: Path, python: Path, engine: Engine | None, run: Runner, log: str) -> None:
    """Make the device available to the tests of this environment. Raises SetupStopped."""
    directory = environment / DIRECTORY
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise SetupStopped(
            "The Vulkan device for tests can be set up on Linux with an x86-64 processor only.",
            hint="Elsewhere the tests marked gpu are skipped.",
        )
    _install_packages(directory, run)
    made_for = {"package": PACKAGE, "engine": asdict(engine) if engine else None}
    variables = _variables(directory)
    if _recorded(directory) != {**made_for, "environment": variables}:
        directory.mkdir(exist_ok=True)
        (directory / RECORD).unlink(missing_ok=True)
        _fetch(directory, run, log)
        _link(directory, python, run, log)
        say(f"The Vulkan device answers: {_check(python, variables, run, log)}.")
        content = json.dumps({**made_for, "environment": variables}, indent=1)
        (directory / RECORD).write_text(content + "\n", encoding="utf-8")
    say("The tests marked gpu will run.")


def _variables(directory: Path) -> dict[str, str]:
    """The environment in which the engine finds the device, and no other one."""
    driver = str(_driver())
    return {
        "GGML_BACKEND_PATH": str(directory / LIBRARY),
        "GGML_VK_VISIBLE_DEVICES": "0",  # ggml passes over a Vulkan device that is a CPU, unless it is named
        "VK_DRIVER_FILES": driver,
        "VK_ICD_FILENAMES": driver,  # the same for loaders before 1.3.207
        "MESA_SHADER_CACHE_DIR": str(directory / "shaders"),  # not in the user's home
    }


def _recorded(directory: Path) -> object:
    try:
        return json.loads((directory / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


# ---- the system's part ------------------------------------------------------------------------------


def missing_packages(directory: Path) -> list[str]:
    """The Debian packages whose part is not there; npm only if there is something to fetch."""
    lacks = {
        "libvulkan1": not _loads(LOADER),
        "mesa-vulkan-drivers": _driver() is None,
        "npm": not (directory / LIBRARY).exists() and not npm.is_there(),
    }
    return [package for package, is_lacking in lacks.items() if is_lacking]


def _install_packages(directory: Path, run: Runner) -> None:
    absent = missing_packages(directory)
    if not absent or (debian.install(absent, run) and not missing_packages(directory)):
        return
    hint = "Install the packages of your system that are called so in Debian."
    if debian.is_debian():
        hint = "Install them with: " + debian.spoken_command(absent)
    raise SetupStopped(f"The Vulkan device for tests needs {', '.join(absent)}.", hint=hint)


def _driver() -> Path | None:
    """The manifest of lavapipe, for this processor."""
    found = sorted(DRIVERS.glob("lvp_icd*.json"))
    return next((file for file in found if "i686" not in file.name), None)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


# ---- the library ------------------------------------------------------------------------------------


def _fetch(directory: Path, run: Runner, log: str) -> None:
    """Put the backend library there, unless it is."""
    library = directory / LIBRARY
    if library.exists() and _is_expected(library):
        return
    say("Fetching llama.cpp's Vulkan backend (24 MB) ...")
    (archive,) = npm.fetched([PACKAGE], directory, run, log)
    draft = directory / (LIBRARY + ".new")
    is_whole = _extract(archive, draft) and _is_expected(draft)
    archive.unlink()
    if not is_whole:
        draft.unlink(missing_ok=True)
        raise npm.unexpected([PACKAGE])
    draft.replace(library)


def _extract(archive: Path, target: Path) -> bool:
    try:
        with tarfile.open(archive) as content, target.open("wb") as sink:
            source = content.extractfile(MEMBER)
            if source is not None:
                shutil.copyfileobj(source, sink)
    except (tarfile.TarError, KeyError, EOFError):
        return False
    return True


def _is_expected(library: Path) -> bool:
    with library.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest() == SHA256


def _link(directory: Path, python: Path, run: Runner, log: str) -> None:
    """Lead the backend to the ggml of the engine: with one of its own it would have a second registry."""
    output = run([str(python), "-c", LOCATE], {}).output
    found = re.search(r"^LIB (.+)$", output, re.MULTILINE)
    base = Path(found[1]) / "lib" / BASE_OF_ENGINE if found else None
    if base is None or not base.exists():
        raise SetupStopped(
            f"The installed llama-cpp-python has no {BASE_OF_ENGINE}.", hint=f"The full output is in {log}."
        )
    link = directory / BASE
    link.unlink(missing_ok=True)
    link.symlink_to(base)


def _check(python: Path, variables: Mapping[str, str], run: Runner, log: str) -> str:
    """What the engine calls the device; raises SetupStopped if it does not list it, or others too."""
    done = run([str(python), "-c", CHECK], variables)
    found = re.search(r"^RIG (.+)$", done.output, re.MULTILINE)
    if found is None:
        raise SetupStopped("The engine does not start with the Vulkan backend.", hint=f"See {log}.")
    devices = json.loads(found[1])
    if set(devices) != EXPECTED:
        names = ", ".join(devices) or "no device"
        raise SetupStopped(
            f"The engine lists {names}; it should be Vulkan0 and the CPU alone.",
            hint=f"Use the engine for the CPU: make rig ENGINE=cpu. The full output is in {log}.",
        )
    return str(devices["Vulkan0"])
