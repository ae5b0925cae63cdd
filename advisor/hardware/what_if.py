"""Made-up hardware: "what if I had an RTX 4070, or 64 GiB of RAM?"

Its free memory is the published size less what a driver keeps and an idle desktop takes: assumed, and
labelled so. No installed engine knows these devices, so they have no engine device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.basis import Note
from advisor.errors import PresetError
from advisor.hardware.accounting.gpu import gpu_device
from advisor.hardware.accounting.host import IDLE_SYSTEM_BYTES, Host, host_of, ram_device
from advisor.hardware.accounting.own_memory import DRIVER_SHARE
from advisor.hardware.detectors.apple import working_set_limit
from advisor.hardware.device import Device, Hardware, Kind
from advisor.hardware.gpu_choice import Choice, choose_gpu, sizes
from advisor.hardware.gpu_table import KnownGpu, known_gpus
from advisor.hardware.reading import ABSURD_BYTES, Reading, Role
from advisor.hardware.reserve import AUTO, Reserve
from advisor.units import GiB, format_bytes

# Idle desktops took 0.5 to 1.5 GiB of the card in published logs (Windows and Linux, browser closed).
IDLE_DESKTOP_BYTES = 1 * GiB

_BACKENDS = {"nvidia": "CUDA", "apple": "Metal"}
_SOURCES = ("assumed",)


def what_if(
    here: Hardware,
    *,
    gpus: Sequence[str] = (),
    vram_bytes: int | None = None,
    ram_bytes: int | None = None,
    reserve: Reserve = AUTO,
) -> Hardware:
    """This computer with other GPUs (`gpus`, or one of `vram_bytes`), other RAM, or both.

    Named GPUs take the place of the real ones; `vram_bytes` then replaces their published size. Raises
    PresetError for an unknown name (with the nearest ones) and for sizes that cannot be.
    """
    for size in (vram_bytes, ram_bytes):
        if size is not None and not 0 < size < ABSURD_BYTES:
            raise PresetError(
                f"A memory of {format_bytes(size)} cannot be.", hint="Write a size like 12GiB or 64GiB."
            )
    if not gpus and vram_bytes is None and ram_bytes is None:
        return here
    choices = _choices(gpus, ram_bytes)
    shared = [choice for choice in choices if choice.gpu.memory_bytes is None]
    if shared and vram_bytes is not None:
        raise PresetError(
            f"{shared[0].gpu.name} has no memory of its own: it works in the RAM.",
            hint="Give the size of the RAM with --ram instead of --vram.",
        )
    notes = []
    if shared and ram_bytes is None:
        ram_bytes = shared[0].memory_bytes
        if ram_bytes is None:
            ram_bytes, note = _assumed_ram(shared[0])
            notes.append(note)
    ram_reading = _ram_reading(here.ram, ram_bytes)
    host = host_of(ram_reading)
    ram = here.ram if ram_bytes is None else ram_device(ram_reading, reserve)
    if choices:
        devices = [_chosen(choice, index, vram_bytes, host, reserve) for index, choice in enumerate(choices)]
        devices = [_numbered(device, devices[:index]) for index, device in enumerate(devices)]
    elif vram_bytes is not None:
        devices = [_of_size(vram_bytes, host, reserve)]
    else:
        devices = [_with_other_ram(gpu, host, reserve) for gpu in here.gpus]
    bandwidth = next((gpu.bandwidth_bytes_per_second for gpu in devices if gpu.kind is Kind.UNIFIED), None)
    if bandwidth is not None:
        ram = replace(ram, bandwidth_bytes_per_second=bandwidth)
    return Hardware((*devices, ram), findings=tuple(notes), made_up=True)


def _choices(names: Sequence[str], ram_bytes: int | None) -> list[Choice]:
    table = known_gpus() if names else ()
    return [choose_gpu(table, name, ram_bytes) for name in names]


def _assumed_ram(choice: Choice) -> tuple[int, Note]:
    """The smallest memory with which a chip is sold, and what else there is."""
    options = sorted({size for gpu in (choice.gpu, *choice.others) for size in sizes(gpu)})
    text = f"{choice.gpu.name}: {format_bytes(options[0])} of memory assumed."
    if len(options) > 1:
        text += f" It is sold with up to {format_bytes(options[-1])}; say how much with --ram."
    return options[0], Note("memory-assumed", text)


def _ram_reading(here: Device, ram_bytes: int | None) -> Reading:
    """The RAM as a reading: the real one, or a made-up one on which only the system runs."""
    made_up = ram_bytes is not None
    total = ram_bytes if ram_bytes is not None else here.total_bytes
    free = max(0, total - IDLE_SYSTEM_BYTES) if made_up else here.free_bytes
    text = f"Made up. An idle system is taken to hold {format_bytes(min(total, IDLE_SYSTEM_BYTES))}."
    return Reading(
        sources=_SOURCES if made_up else here.sources,
        name=here.name,
        vendor="",
        kind=Kind.CPU,
        backend="CPU",
        total_bytes=total,
        free_bytes=free,
        role=Role.DESKTOP_RAM,
        notes=(Note("assumed", text),) if made_up else here.notes,
    )


def _chosen(choice: Choice, index: int, vram_bytes: int | None, host: Host, reserve: Reserve) -> Device:
    gpu = choice.gpu
    # The desktop is on the first card; cards of data centres have none.
    display = index == 0 and gpu.form != "datacenter"
    if gpu.memory_bytes is None:
        reading = _shared_reading(gpu, host)
    else:
        total = vram_bytes or gpu.memory_bytes
        reading = _card_reading(gpu.name, gpu.vendor, total, display=display)
    others = ", ".join(other.name for other in choice.others)
    if others:
        reading = replace(
            reading, notes=(*reading.notes, Note("other-versions", f"The name fits as well: {others}."))
        )
    return gpu_device(reading, None, gpu, host, reserve, "")


def _of_size(vram_bytes: int, host: Host, reserve: Reserve) -> Device:
    name = f"GPU with {format_bytes(vram_bytes)}"
    reading = _card_reading(name, "nvidia", vram_bytes, display=True)
    reading = replace(reading, notes=(*reading.notes, Note("maker-assumed", "Taken for a card by NVIDIA.")))
    return gpu_device(reading, None, None, host, reserve, "gpu:0")


def _card_reading(name: str, vendor: str, total: int, *, display: bool) -> Reading:
    by_driver = total // DRIVER_SHARE
    desktop = IDLE_DESKTOP_BYTES if display else 0
    taken = f"{format_bytes(by_driver)} for the driver"
    if display:
        taken += f" and {format_bytes(desktop)} for an idle desktop"
    return Reading(
        sources=_SOURCES,
        name=name,
        vendor=vendor,
        kind=Kind.DISCRETE,
        backend=_BACKENDS.get(vendor, "Vulkan"),
        total_bytes=total,
        free_bytes=max(0, total - by_driver - desktop),
        reserved_by_driver_bytes=by_driver,
        display_active=display,
        notes=(Note("assumed", f"Made up: its published size less {taken}."),),
    )


def _shared_reading(gpu: KnownGpu, host: Host) -> Reading:
    """A chip whose GPU works in the RAM: Apple's up to Metal's limit, NVIDIA's in all of it, others in half,
    which is what AMD's and Intel's drivers lend by default."""
    limit, share = host.total_bytes // 2, "half of the RAM, the drivers' default"
    if gpu.vendor == "apple":
        limit, share = working_set_limit(host.total_bytes), "what Metal allows by default"
    elif gpu.vendor == "nvidia":
        limit, share = host.total_bytes, "all of the RAM"
    return Reading(
        sources=_SOURCES,
        name=gpu.name,
        vendor=gpu.vendor,
        kind=Kind.UNIFIED if gpu.vendor in ("apple", "nvidia") else Kind.INTEGRATED,
        backend=_BACKENDS.get(gpu.vendor, "Vulkan"),
        total_bytes=None,
        free_bytes=None,
        shared_total_bytes=limit,
        shared_free_bytes=limit,
        role=Role.METAL if gpu.vendor == "apple" else Role.SHARED,
        display_active=True,
        notes=(Note("assumed", f"Made up: the GPU may use {share}."),),
    )


def _numbered(device: Device, before: Sequence[Device]) -> Device:
    number = sum(other.vendor == device.vendor for other in before)
    return replace(device, id=f"{device.vendor}:{number}")


def _with_other_ram(gpu: Device, host: Host, reserve: Reserve) -> Device:
    """A real GPU beside another RAM: a card stays as it is, one that works in the RAM changes with it."""
    if not gpu.shares_ram:
        return gpu
    limit = min(gpu.total_bytes, host.total_bytes)
    if gpu.kind is Kind.UNIFIED:
        limit = working_set_limit(host.total_bytes) if gpu.vendor == "apple" else host.total_bytes
    reading = Reading(
        sources=_SOURCES,
        name=gpu.name,
        vendor=gpu.vendor,
        kind=gpu.kind,
        backend=gpu.backend,
        total_bytes=None,
        free_bytes=None,
        shared_total_bytes=limit,
        shared_free_bytes=limit,
        role=Role.METAL if gpu.vendor == "apple" else Role.SHARED,
        display_active=gpu.display_active,
        bandwidth_bytes_per_second=gpu.bandwidth_bytes_per_second,
        pci_id=gpu.pci_id,
        notes=(*gpu.notes, Note("assumed", "Made up: the GPU's share changes with the RAM.")),
    )
    return replace(
        gpu_device(reading, None, None, host, reserve, gpu.id),
        engine_device=gpu.engine_device,
        prefill_flops_per_second=gpu.prefill_flops_per_second,
    )
