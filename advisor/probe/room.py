"""What a load may take: each GPU's own memory, and the RAM with everything that lies in it.

For the limit nothing is kept back on GPUs, and the RAM's reserve is: a computer whose RAM is gone freezes.
What is loaded beside the model in daily use is counted although the proof does not load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.hardware.device import Device, Hardware
from advisor.memory.assemble import devices_by_name
from advisor.memory.plan import DeviceMemory, MemoryPlan

RAM = "CPU"


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes by device as ggml names it. `shared` are the devices that lie in the RAM.

    `mapped_counts` is False under a cap on the worker's own data, which does not count the mapped file.
    """

    devices: Mapping[str, int]
    ram_bytes: int
    shared: frozenset[str]
    mapped_counts: bool = True

    def holds(self, plan: MemoryPlan, extra: Mapping[str, int] | None = None) -> bool:
        """Whether a load fits; `extra` bytes by device are added to what the plan says."""
        if any(note.code == DEVICE_LIMIT for note in plan.notes):
            return False
        taken = {line.device: line.total_bytes + (extra or {}).get(line.device, 0) for line in plan.memory}
        if any(n_bytes > self.devices.get(name, n_bytes) for name, n_bytes in taken.items()):
            return False
        in_ram = sum(n_bytes for name, n_bytes in taken.items() if name == RAM or name in self.shared)
        if not self.mapped_counts:
            in_ram -= sum(line.buffers.mapped_file_bytes for line in plan.memory)
        return in_ram <= self.ram_bytes


def room_for_limit(hardware: Hardware, cap_bytes: int | None) -> Room:
    """What may be taken at all; `cap_bytes` limits the worker's own memory further."""
    gpus = _gpus(hardware)
    shared = frozenset(name for name, gpu in gpus.items() if gpu.shares_ram)
    free = {name: gpu.assumed_free_bytes for name, gpu in gpus.items()}
    # A GPU that works in the RAM may have memory of its own beside it: the larger counts.
    ram = max([hardware.ram.usable_bytes, *(free[name] - hardware.ram.reserve_bytes for name in shared)])
    if cap_bytes is None:
        return Room(free, ram, shared)
    return Room(free, min(cap_bytes, ram), shared, mapped_counts=False)


def room_for_safe(hardware: Hardware) -> Room:
    """What may be taken when every device keeps its reserve."""
    gpus = _gpus(hardware)
    shared = frozenset(name for name, gpu in gpus.items() if gpu.shares_ram)
    usable = {name: gpu.usable_bytes for name, gpu in gpus.items()}
    return Room(usable, max([hardware.ram.usable_bytes, *(usable[name] for name in shared)]), shared)


def context_in_ram(lines: Iterable[DeviceMemory], shared: frozenset[str]) -> int:
    """Bytes of a plan beside its weights that lie in the RAM: what a context of a loaded model adds."""
    return sum(
        line.buffers.total_bytes - line.buffers.weights_bytes
        for line in lines
        if line.device == RAM or line.device in shared
    )


def in_ram(lines: Iterable[DeviceMemory], shared: frozenset[str]) -> int:
    """Bytes of a plan that the worker's own memory holds, the mapped file left out."""
    return sum(
        line.buffers.total_bytes - line.buffers.mapped_file_bytes
        for line in lines
        if line.device == RAM or line.device in shared
    )


def _gpus(hardware: Hardware) -> dict[str, Device]:
    """The GPUs that a load would use, by ggml's name."""
    return {name: device for name, device in devices_by_name(hardware).items() if name != RAM}
