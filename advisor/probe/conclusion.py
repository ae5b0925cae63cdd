"""From what was found to the result: what bound the limit, the safe context, and the notes."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.basis import Note
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.proof import Filling, FillMethod
from advisor.memory.overhead import host_overhead, python_arrays_bytes
from advisor.memory.plan import MemoryPlan
from advisor.probe.attempts import Attempts
from advisor.probe.finding import Found
from advisor.probe.measured import predicted
from advisor.probe.result import BoundBy, ProbeResult
from advisor.probe.room import RAM
from advisor.probe.safe import corrections, safe_context
from advisor.probe.task import Task
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_tokens


def conclude(found: Found, task: Task, attempts: Attempts, seconds: float) -> ProbeResult:
    """The result of a proof that found a limit. `seconds` is what the proof took until then."""
    worked = found.worked
    settings = worked.settings
    # The class `Llama` keeps arrays of its own, which the worker does not make.
    arrays = python_arrays_bytes(task.facts, settings) if settings.runtime == "llama-cpp-python" else 0
    expected = predicted(worked.plan, arrays)
    peaks = _peaks(found)
    safe = safe_context(task, found.n_ctx, corrections(expected, peaks, task.room.shared))
    overhead = _loaded_overhead(worked.plan, attempts.loading.loaded_rss_bytes, task)
    if overhead is not None:
        # The worker's own, in place of what was assumed for any runtime.
        beside = host_overhead(task.facts, settings, {RAM: overhead}) - arrays
        expected[RAM] = worked.plan.memory[-1].buffers.total_bytes + beside
    return ProbeResult(
        settings=settings,
        limit_n_ctx=settings.n_ctx,
        bound_by=_bound_by(found, task, attempts),
        safe_n_ctx=task.at(safe).n_ctx if safe else 0,
        proved_n_ctx=settings.n_ctx,
        filled_tokens=found.n_filled,
        method=found.method,
        predicted_bytes=expected,
        measured_peak_bytes=peaks,
        measured_notes=(*worked.measured.notes, *found.notes, *_notes(found, attempts)),
        speed=found.filling.speed if found.filling else (worked.allocation.speed,),
        attempts=tuple(attempts.made),
        seconds=round(seconds, 3),
        host_overhead_bytes=overhead,
    )


def _loaded_overhead(plan: MemoryPlan, loaded_rss_bytes: int | None, task: Task) -> int | None:
    """What the loaded worker held in RAM beside the weights: Python, libraries, the vocabulary.

    None where a GPU works in the RAM too: what it holds can be in that figure.
    """
    holds_a_gpu = any(
        line.device in task.room.shared and line.buffers.total_bytes for line in plan.memory[:-1]
    )
    if loaded_rss_bytes is None or holds_a_gpu:
        return None
    return max(0, loaded_rss_bytes - plan.memory[-1].buffers.weights_bytes)


def _peaks(found: Found) -> dict[str, int | None]:
    """What was measured with the user's own settings: allocated, and filled where that was plain.

    A context for copies is another one. Of it only what depth added counts: pages of the compute buffer that
    a ubatch writes when much lies before it, and the cells' own lists.
    """
    peaks = dict(found.worked.measured.peak_bytes)
    filling = found.filling
    if filling and filling.method is FillMethod.FULL:
        known = [n for n in (peaks[RAM], filling.memory.peak_rss_bytes) if n is not None]
        peaks[RAM] = max(known, default=None)
    elif filling and filling.grown_bytes and (allocated := peaks[RAM]) is not None:
        peaks[RAM] = allocated + filling.grown_bytes
    return peaks


def _bound_by(found: Found, task: Task, attempts: Attempts) -> BoundBy:
    """Why there is no larger one. The guard keeps the RAM's reserve, so what it stops is bound by that."""
    if found.is_cut_short and (found.filling is None or found.n_ctx < task.span.highest):
        return BoundBy.TIME
    if found.n_ctx >= task.span.highest:
        return BoundBy.REQUESTED if task.wanted else BoundBy.TRAINING_CONTEXT
    if attempts.device_limit or task.cap_bytes is not None or not task.hardware.ram.reserve_bytes:
        return BoundBy.MEMORY
    above = task.estimate(found.n_ctx + task.span.step)
    own = [line for line in above.memory[:-1] if not line.shares_ram]
    if any(line.total_bytes > task.room.devices.get(line.device, line.total_bytes) for line in own):
        return BoundBy.MEMORY
    return BoundBy.RESERVE


def _notes(found: Found, attempts: Attempts) -> Iterator[Note]:
    if attempts.device_limit:
        yield Note(DEVICE_LIMIT, f"More is not possible here: {attempts.device_limit}")
    if attempts.was_killed:
        text = (
            "An attempt was ended by a signal from outside. If want of memory was not the cause, more may be "
            "possible."
        )
        yield Note("attempt-killed", text)
    beside = sum(line.companions_bytes for line in found.worked.plan.memory)
    if beside:
        text = (
            f"What is loaded beside the model was not loaded here; its {format_bytes(beside)} were kept free."
        )
        yield Note("companions-kept-free", text)
    if found.filling is None:
        text = (
            f"The time was up before the context was full: {format_tokens(found.n_filled)} of "
            f"{format_tokens(found.worked.settings.n_ctx)} tokens were filled."
        )
        yield Note("not-filled", text)
        return
    yield from _filling_notes(found.filling, found.worked.settings)


def _filling_notes(filling: Filling, settings: LoadSettings) -> Iterator[Note]:
    if filling.refused_one_more is None:
        yield Note(
            "never-refuses", "This model keeps a state of one size: no token is ever refused, so none was."
        )
    elif not filling.refused_one_more:
        yield Note(
            "not-refused", "One more token than the context holds was not refused, against expectation."
        )
    if filling.method is FillMethod.COPY and filling.grown_bytes:
        text = (
            f"{format_bytes(filling.grown_bytes)} of the RAM's peak came with depth: measured while "
            "the context was filled by copies."
        )
        yield Note("grown-by-copies", text)
    if 0 < filling.last_prompt_tokens < min(settings.n_ubatch, settings.n_ctx_per_slot // 8):
        text = (
            f"At full depth only {filling.last_prompt_tokens} tokens were decoded at once, since a whole "
            "ubatch would have taken too long: the RAM that it takes beyond those is not in the peak."
        )
        yield Note("ubatch-not-at-depth", text)
