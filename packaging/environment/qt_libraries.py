"""The shared libraries that Qt takes from the system on Linux, and the Debian packages that bring them.

PySide6's wheels carry Qt, but not these. The list is what `ldd` shows for QtGui, QtWidgets and the xcb and
Wayland platform plugins of PySide6-Essentials 6.12.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable

from environment import debian
from environment.console import Runner, SetupStopped, say

# Without these, QtGui cannot even be imported.
CORE = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
# Without these, no window opens.
WINDOW = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
ALL = {**CORE, **WINDOW}

Loader = Callable[[str], object]


def missing(libraries: Iterable[str], load: Loader = ctypes.CDLL) -> tuple[str, ...]:
    """The libraries that the dynamic loader does not find, in the order given."""
    absent = []
    for library in libraries:
        try:
            load(library)
        except OSError:
            absent.append(library)
    return tuple(absent)


def packages_for(libraries: Iterable[str]) -> tuple[str, ...]:
    """The Debian packages that bring these libraries."""
    return tuple(sorted({ALL[library] for library in libraries}))


def advice(libraries: Iterable[str], *, on_debian: bool) -> str:
    """What the user can do about missing libraries, as a sentence."""
    if on_debian:
        return "Install them with: " + debian.spoken_command(packages_for(libraries))
    return "Install the packages of your system that contain these files."


def ensure(run: Runner, *, window: bool) -> None:
    """Install the missing libraries where that is allowed, else name them and the command.

    Without a window (tests, `make check`) the core libraries are enough. Raises SetupStopped if Qt could
    not be imported afterwards; a library that only some desktops need is named and left to Qt.
    """
    wanted = ALL if window else CORE
    absent = missing(wanted)
    if not absent:
        return
    if debian.install(packages_for(absent), run):
        absent = missing(wanted)
        if not absent:
            return
    sentence = "These libraries, which Qt needs, are missing: " + ", ".join(absent) + "."
    hint = advice(absent, on_debian=debian.is_debian())
    if any(library in CORE for library in absent):
        raise SetupStopped(sentence, hint=hint)
    say(f"{sentence} If no window opens: {hint}")
