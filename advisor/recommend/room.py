"""Each memory of a plan and what is left of it: cards one by one, and the RAM with all that lies in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from advisor.memory.plan import MemoryPlan

NOTHING_MORE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Room:
    """What one memory has left after a load, in bytes: negative where the load is too large for it."""

    name: str
    n_bytes: int


def rooms(plan: MemoryPlan, more: Mapping[str, float] = NOTHING_MORE) -> list[Room]:
    """All of them, the RAM last; `more` is what each device takes beside the plan, in bytes."""
    *gpus, host = plan.memory
    taken = {line.device: line.total_bytes + round(more.get(line.device, 0)) for line in plan.memory}
    cards = [
        Room(gpu.device_name, gpu.usable_bytes - taken[gpu.device]) for gpu in gpus if not gpu.shares_ram
    ]
    borrowers = [gpu for gpu in gpus if gpu.shares_ram]
    in_ram = max(line.usable_bytes for line in (host, *borrowers)) - sum(
        taken[line.device] for line in (host, *borrowers)
    )
    # A GPU may be lent less than there is.
    lent = [gpu.usable_bytes - taken[gpu.device] for gpu in borrowers]
    return [*cards, Room(host.device_name, min(in_ram, *lent) if lent else in_ram)]
