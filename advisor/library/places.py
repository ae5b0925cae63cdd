"""Where the stores are looked for, as one value, so that a test can bring a computer of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The user's home, the root of the folders of system services, the environment, and which system."""

    home: Path
    root: Path
    environment: Mapping[str, str]
    system: str = sys.platform

    def named(self, variable: str) -> Path | None:
        """The folder that an environment variable names, None where it names none."""
        said = self.environment.get(variable, "").strip(" '\"")
        return _expanded(said, self.home) if said else None

    @property
    def data(self) -> Path:
        """Where programs keep the user's data: XDG_DATA_HOME, Application Support, AppData\\Roaming."""
        return self._of("XDG_DATA_HOME", ".local/share", "Library/Application Support", "APPDATA", "Roaming")

    @property
    def config(self) -> Path:
        """Where programs keep the user's settings."""
        return self._of("XDG_CONFIG_HOME", ".config", "Library/Application Support", "APPDATA", "Roaming")

    @property
    def cache(self) -> Path:
        """Where programs keep what can be had again."""
        return self._of("XDG_CACHE_HOME", ".cache", "Library/Caches", "LOCALAPPDATA", "Local")

    def _of(self, xdg: str, linux: str, mac: str, variable: str, windows: str) -> Path:
        if self.system == "darwin":
            return self.home / mac
        if self.system == "win32":
            return self.named(variable) or self.home / "AppData" / windows
        return self.named(xdg) or self.home / linux


def _expanded(said: str, home: Path) -> Path:
    """A leading ~ is the home: not every program that reads such a variable had a shell before it."""
    return home / said[2:] if said.startswith(("~/", "~\\")) else Path(said)


def places_here() -> Places:
    """Those of this computer and user."""
    root = Path("/")
    try:
        home = Path.home()
    except RuntimeError:  # a service account may have none
        home = root
    return Places(home=home, root=root, environment=os.environ)
