"""What ends a proof without a result, as errors with a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.errors import AdvisorError, EngineError, EngineMissing, EngineUnfit, ProbeFailed, UsageError
from advisor.model.facts import ModelFacts
from advisor.probe.outcomes import OUT_OF_MEMORY
from advisor.probe.result import Attempt, Outcome
from advisor.units import format_tokens

Stamp = dict[Path, tuple[int, int]]


def files_of(facts: ModelFacts) -> Stamp:
    """The model's files with size and time of change.

    Raises UsageError for a model without weights, ProbeFailed "model-vanished" for a file that is not there.
    """
    if facts.path is None:
        raise UsageError(
            "A model without a file cannot be proved: there are no weights to load.",
            hint="Download the file and prove that; recommend and plan answer for it without.",
            code="no-file",
        )
    found = {}
    for file in facts.shards or (facts.path,):
        try:
            status = file.stat()
        except OSError as error:
            raise ProbeFailed(
                f"The model's file is gone: {file}.",
                hint="Put it back, or name the file that there is now.",
                code="model-vanished",
            ) from error
        found[file] = (status.st_size, status.st_mtime_ns)
    return found


def changed_files(facts: ModelFacts, before: Stamp) -> ProbeFailed | None:
    """The error if a file of the model is gone or another since the proof began."""
    try:
        now = files_of(facts)
    except ProbeFailed as gone:
        return gone
    changed = next((file for file in before if now.get(file) != before[file]), None)
    if changed is None:
        return None
    return ProbeFailed(
        f"The model's file was changed while it was being proved: {changed}.",
        hint="Wait until it is whole, for example downloaded, and prove it again.",
        code="model-changed",
    )


def not_loaded(error: EngineError) -> AdvisorError:
    """The model itself could not be loaded, before any context."""
    if isinstance(error, (EngineMissing, EngineUnfit)):
        return error
    if error.code == OUT_OF_MEMORY:
        return ProbeFailed(
            "The model itself does not fit into the memory that it may use, whatever the context.",
            hint="Close other programs, or put fewer layers on the GPU (-ngl).",
            code=error.code,
        )
    return ProbeFailed(f"The model could not be loaded. {error.message}", hint=error.hint, code=error.code)


def nothing_worked(attempts: Sequence[Attempt]) -> ProbeFailed:
    """Not even the smallest context. The last words are told: it may have failed while it was filled."""
    failed = [attempt for attempt in attempts if attempt.outcome is not Outcome.OK]
    smallest = min(reversed(failed), key=lambda attempt: attempt.n_ctx)
    return ProbeFailed(
        f"Not even {format_tokens(smallest.n_ctx)} tokens could be used. {smallest.detail}",
        hint="Close other programs, or use a smaller cache type (-ctk, -ctv) or fewer GPU layers (-ngl).",
        code="nothing-worked",
    )


def time_is_up(seconds: float) -> ProbeFailed:
    """Before anything had worked."""
    return ProbeFailed(
        f"The time was up after {seconds:.0f} seconds, before any context had worked.",
        hint="Give it more time with --max-seconds.",
        code="time-is-up",
    )
