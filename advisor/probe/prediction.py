"""Where the limit is expected: by dry run before anything was loaded, then by what an attempt left free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.proof import MemorySample
from advisor.memory.plan import MemoryPlan
from advisor.probe.room import context_in_ram, in_ram
from advisor.probe.task import Task
from advisor.recommend.search import ContextRange, largest
from advisor.units import MiB

# What a context takes of the guard beside its buffers: 33 to 40 MiB were measured with two models, from 8,192
# tokens on.
BESIDE_BUFFERS_BYTES = 36 * MiB


@dataclass(frozen=True, slots=True)
class Headroom:
    """Bytes that an attempt left: under the guard, and on each GPU whose figures can be trusted."""

    guard_bytes: int | None
    devices: Mapping[str, int]


def headroom(guard_bytes: int | None, memory: MemorySample, free: Mapping[str, int]) -> Headroom:
    """`free` is what is left of each GPU, by its driver or by ggml."""
    if guard_bytes is None or memory.data_bytes is None:
        return Headroom(None, free)
    return Headroom(max(0, guard_bytes - memory.data_bytes), free)


class Prediction:
    """The expected limit of one task, in the runtime's own word."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._ceiling = task.span.highest  # the last context before a device's own limit

    def first(self) -> int:
        """By dry run, at least one step: even what cannot fit is tried."""
        task, span = self._task, self._task.span
        guess = largest(lambda n: task.room.holds(task.estimate(n)), span)
        found = largest(lambda n: task.room.holds(task.plan(n)), span, guess or span.step)
        found = max(found, span.step)
        if found < span.highest and _is_beyond_a_device(task.plan(found + span.step)):
            self._ceiling = found
        return found

    def once_loaded(self, guard_left_bytes: int | None) -> int | None:
        """With the model there: the largest whose buffers fit into what that left under the guard, if any."""
        if guard_left_bytes is None:
            return None
        task, span = self._task, ContextRange(self._task.span.step, self._ceiling)

        def fits(plan: MemoryPlan) -> bool:
            on_devices = all(
                line.total_bytes <= task.room.devices.get(line.device, line.total_bytes)
                for line in plan.memory[:-1]
            )
            needed = context_in_ram(plan.memory, task.room.shared) + BESIDE_BUFFERS_BYTES
            return on_devices and needed <= guard_left_bytes

        guess = largest(lambda n: fits(task.estimate(n)), span)
        found = largest(lambda n: fits(task.plan(n)), span, guess or span.step)
        return max(found, span.step)

    def after(self, n_ctx: int, left: Headroom) -> int:
        """From a context that worked: the largest whose growth beyond it fits into what that left."""
        here = self._task.estimate(n_ctx)
        reachable = ContextRange(self._task.span.step, max(n_ctx, self._ceiling))
        return max(n_ctx, largest(lambda n: self._holds(here, self._task.estimate(n), left), reachable))

    def _holds(self, here: MemoryPlan, there: MemoryPlan, left: Headroom) -> bool:
        room = self._task.room
        if left.guard_bytes is None:
            if not room.holds(there):
                return False
        elif in_ram(there.memory, room.shared) - in_ram(here.memory, room.shared) > left.guard_bytes:
            return False
        at = {line.device: line.buffers.total_bytes for line in here.memory}
        for line in there.memory[:-1]:
            if line.device in left.devices:
                if line.buffers.total_bytes - at.get(line.device, 0) > left.devices[line.device]:
                    return False
            elif line.total_bytes > room.devices.get(line.device, line.total_bytes):
                return False
        return True


def _is_beyond_a_device(plan: MemoryPlan) -> bool:
    return any(note.code == DEVICE_LIMIT for note in plan.notes)
