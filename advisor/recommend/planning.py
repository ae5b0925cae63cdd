"""`Planning`: whom the search asks what a load takes."""

from __future__ import annotations

from typing import Protocol

from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings


class Planning(Protocol):
    """Whoever answers what a load takes: at once by formula, and as exactly as possible."""

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        """By formula, in about a millisecond."""

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        """By the engine where it can answer, else by formula."""

    def instead(self, *, facts: ModelFacts | None = None, hardware: Hardware | None = None) -> Planning:
        """The same load of another model or on another computer, by formula."""
