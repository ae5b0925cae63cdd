"""How the winner is filled: by copies where its cache allows it and they fit, else token by token."""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.engine.proof import FillMethod
from advisor.probe.attempts import Worked
from advisor.probe.room import in_ram
from advisor.probe.task import Task
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

# A decoded chunk has a ubatch, or a few tokens; its saved state is at most 64 MiB, and is there twice
# (engine/worker/copy_fill.py).
_LEAST_CHUNK, _SAVED_STATE_BYTES = 8, 64 * MiB
_BESIDE_BYTES = 16 * MiB
# Of the RAM's reserve, or of a cap, so much may be used by the copies' own context while it is filled.
_SHARE_FOR_COPIES = 8


@dataclass(frozen=True, slots=True)
class Way:
    """One way to fill: the method, and the bytes of RAM that it is given beyond what the load may take."""

    method: FillMethod
    extra_bytes: int = 0


PLAIN = Way(FillMethod.FULL)


def ways(worked: Worked, task: Task) -> tuple[Way, ...]:
    """The ways to try, in order.

    Memory was measured before, in the user's own context. The one for copies needs a little more, and at the
    very limit there is no more: an eighth of the reserve (or of the cap) may then be used while it is filled,
    which is seconds in place of hours.
    """
    if task.fill == "full" or (task.fill == "auto" and worked.settings.n_stream > 1):
        return (PLAIN,)  # a cache split among slots has no sequence to copy from
    by_copies = _by_copies(worked, task)
    if task.fill == "copy":
        return (by_copies or Way(FillMethod.COPY),)
    return (by_copies, PLAIN) if by_copies else (PLAIN,)


def copy_settings(settings: LoadSettings) -> LoadSettings:
    """The context in which copies are made: one sequence more, one cache for all."""
    n_seq_max = settings.n_seq_max + 1
    n_outputs_max = max(settings.n_outputs_max, n_seq_max)
    return replace(settings, n_seq_max=n_seq_max, n_outputs_max=n_outputs_max, kv_unified=True)


def _by_copies(worked: Worked, task: Task) -> Way | None:
    """Copies, if what they take beyond the user's own context fits; None if not."""
    for_copies = task.planner.plan(copy_settings(worked.settings))
    shared, left = task.room.shared, worked.left
    own = {line.device: line.buffers.total_bytes for line in worked.plan.memory}
    for line in for_copies.memory[:-1]:
        more = line.buffers.total_bytes - own.get(line.device, 0)
        if more > left.devices.get(line.device, more):
            return None
    if left.guard_bytes is None:
        return Way(FillMethod.COPY) if task.room.holds(for_copies) else None
    more = in_ram(for_copies.memory, shared) - in_ram(worked.plan.memory, shared)
    missing = more + 2 * _state_bytes(worked) + _BESIDE_BYTES - left.guard_bytes
    spare = (task.cap_bytes or task.hardware.ram.reserve_bytes) // _SHARE_FOR_COPIES
    return Way(FillMethod.COPY, max(0, missing)) if missing <= spare else None


def _state_bytes(worked: Worked) -> int:
    """The saved state of one chunk: the cache of its tokens, and all of a recurrent state."""
    settings = worked.settings
    kv_cache = sum(line.buffers.kv_cache_bytes for line in worked.plan.memory)
    recurrent = sum(line.buffers.recurrent_state_bytes for line in worked.plan.memory)
    n_chunk = max(settings.n_ubatch, _LEAST_CHUNK)
    return recurrent + min(_SAVED_STATE_BYTES, kv_cache * n_chunk // settings.n_ctx)
