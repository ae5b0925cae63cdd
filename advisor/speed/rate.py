"""`Rate`: a speed as a range."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens a second: the cautious figure and the hopeful one."""

    low: float
    high: float


def around(measured: float) -> tuple[float, float]:
    """What was measured once, give or take what it differs from run to run."""
    return measured * (1 - MEASURED_SPREAD), measured * (1 + MEASURED_SPREAD)


# Heat, clocks and other programs: our assumption, not a measurement.
MEASURED_SPREAD = 0.1
