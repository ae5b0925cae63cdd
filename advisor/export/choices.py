"""What an export leaves to a person. Apart, because the command line names it at every start."""

from __future__ import annotations

from typing import Literal

Flavour = Literal["pinned", "adjustable"]  # exactly what was planned, or the runtime places the layers
Shell = Literal["sh", "powershell", "cmd"]

FLAVOURS: tuple[Flavour, ...] = ("pinned", "adjustable")
SHELLS: tuple[Shell, ...] = ("sh", "powershell", "cmd")
