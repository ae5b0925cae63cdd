"""Where the stores are looked for, as one value, so that a test can bring a computer of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The user's home, the root of the folders of system services, and the environment's variables."""

    home: Path
    root: Path
    environment: Mapping[str, str]


def places_here() -> Places:
    """Those of this computer and user."""
    root = Path("/")
    try:
        home = Path.home()
    except RuntimeError:  # a service account may have none
        home = root
    return Places(home=home, root=root, environment=os.environ)
