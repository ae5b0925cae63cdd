"""Which engine the window asks: this program's own llama-cpp-python, or one of another Python or folder."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from advisor.engine.launch import Launch
from advisor.hardware.doctor.findings import Finding, Severity

# What the doctor finds that another engine, or another build of it, would put right.
_CODES = frozenset(
    {
        "engine-missing",
        "engine-broken",
        "cpu-only-build",
        "gpu-build-no-device",
        "engine-cannot-use",
        "rosetta",
    }
)


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Empty: this program's own Python, and the library that comes with its llama-cpp-python."""

    python: str = ""
    library: str = ""

    @property
    def launch(self) -> Launch:
        return Launch(
            python=self.python or sys.executable, library_dir=Path(self.library) if self.library else None
        )

    @property
    def python_in_commands(self) -> str:
        """How the user calls the Python that commands are for."""
        return self.python or "python"


def of_the_engine(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings that belong to the choice of the engine."""
    return tuple(finding for finding in found if finding.code in _CODES)


def gravest(found: tuple[Finding, ...]) -> Severity | None:
    """The first of `Severity` that a finding has; remarks do not count. None: nothing is wrong."""
    there = {finding.severity for finding in found} - {Severity.INFO}
    return next((severity for severity in Severity if severity in there), None)
