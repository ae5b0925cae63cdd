"""How an attempt ended, from the engine's error: an outcome, and whether a smaller context may help."""

from __future__ import annotations

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.errors import EngineDied, EngineError, EngineMissing, EngineRefused, EngineTimeout, EngineUnfit
from advisor.probe.result import Outcome

OUT_OF_MEMORY = "engine-out-of-memory"
KILLED = "engine-killed"

# Refusals of llama.cpp that have nothing to do with the size of the context.
_WHATEVER_THE_SIZE = frozenset(
    {"cache-type-refused", "unknown-architecture", "model-truncated", "engine-request", "no-file"}
)


def outcome_of(error: EngineError) -> Outcome:
    """The word for it. Under a guard all of them mean that the context does not fit."""
    if error.code == OUT_OF_MEMORY:
        return Outcome.OUT_OF_MEMORY
    if isinstance(error, EngineTimeout):
        return Outcome.TIMEOUT
    if error.code == KILLED:
        return Outcome.KILLED
    # The one death that is an answer: a tensor beyond what the device takes in one piece.
    if isinstance(error, EngineRefused) or error.code == DEVICE_LIMIT:
        return Outcome.REFUSED
    return Outcome.CRASHED


def is_of_this_context(error: EngineError) -> bool:
    """True if a smaller context may still work; False if no context will.

    A worker that failed by a mistake of its own ("engine-worker-failed") is among those that may: under a
    guard Python fails in many ways.
    """
    if isinstance(error, (EngineMissing, EngineUnfit)):
        return False
    return (
        isinstance(error, (EngineRefused, EngineDied, EngineTimeout)) and error.code not in _WHATEVER_THE_SIZE
    )


def detail_of(error: EngineError) -> str:
    """The sentence beside the outcome."""
    if error.code == DEVICE_LIMIT:
        return f"{error.message} This is a limit of the device, not of its memory."
    return error.message
