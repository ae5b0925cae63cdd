"""A verdict as people read it, its colour, and the exit code that it ends with."""

from __future__ import annotations

from advisor.memory.plan import Verdict

VERDICT_WORDS = {
    Verdict.FITS: ("fits", "green"),
    Verdict.TIGHT: ("tight: it uses the memory that was kept in reserve", "yellow"),
    Verdict.PAGES_FROM_DISK: ("runs, but pages its weights from disk: slow", "yellow"),
    Verdict.CLOSE_OTHER_APPS: ("fits only after closing other programs", "yellow"),
    Verdict.NEEDS_OFFLOAD: ("does not fit on the GPU; fits with some layers on the CPU", "yellow"),
    Verdict.DOES_NOT_FIT: ("does not fit", "red"),
    Verdict.UNKNOWN: ("not known: the driver does not tell how much memory is free", "yellow"),
}

_GOOD = {Verdict.FITS, Verdict.TIGHT, Verdict.PAGES_FROM_DISK}


def exit_code(verdict: Verdict) -> int:
    """0 for what will run, 1 for what will not as asked."""
    return 0 if verdict in _GOOD else 1
