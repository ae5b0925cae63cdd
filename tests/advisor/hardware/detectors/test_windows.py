"""Windows' adapters from recorded DXGI and registry answers, with and without NVIDIA's own driver."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.hardware.detect import Detector, detect
from advisor.hardware.detectors import windows
from advisor.hardware.detectors.dxgi import Adapter
from advisor.hardware.detectors.ram import VirtualMemory
from advisor.hardware.detectors.ram import detect as detect_ram
from advisor.hardware.device import Hardware, Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.hardware.reading import Detection, Reading, Role
from advisor.units import GiB, MiB
from tests.support.readings import CARD

RTX_3070 = Adapter("NVIDIA GeForce RTX 3070", 0x10DE, 8 * GiB, 16 * GiB, 7783 * MiB, 100 * MiB)
UHD_770 = Adapter("Intel(R) UHD Graphics 770", 0x8086, 128 * MiB, 16 * GiB, 15 * GiB, 0)
RX_7800 = Adapter("AMD Radeon RX 7800 XT", 0x1002, 16 * GiB, 16 * GiB, 15 * GiB, GiB)
NVML_3070 = replace(
    CARD,
    name="NVIDIA GeForce RTX 3070",
    total_bytes=8 * GiB,
    free_bytes=7900 * MiB,
    reserved_by_driver_bytes=200 * MiB,
    role=Role.WDDM,
    display_active=True,
)


def fail() -> tuple[Adapter, ...]:
    raise OSError("dxgi.dll")


def pc(*adapters: Adapter, nvml: tuple[Reading, ...] = (), engine: tuple[EngineDevice, ...] = ()) -> Hardware:
    def memory() -> VirtualMemory:
        return VirtualMemory(32 * GiB, 20 * GiB)

    return detect(
        engine,
        detectors=(
            Detector("RAM", lambda: detect_ram(platform="win32", virtual_memory=memory)),
            Detector("NVIDIA", lambda: Detection(nvml)),
            Detector("Windows", lambda: windows.detect(adapters=lambda: adapters)),
        ),
    )


def test_neither_dxgi_nor_registry() -> None:
    def no_registry() -> tuple[tuple[str, int], ...]:
        raise OSError("no such key")

    detection = windows.detect(adapters=fail, registry_sizes=no_registry)
    assert detection.readings == ()
    assert [note.code for note in detection.findings] == ["dxgi-failed"]


def test_the_registry_knows_sizes_beyond_4_gib() -> None:
    sizes = (("AMD Radeon RX 7800 XT", 16 * GiB), ("Microsoft Remote Display Adapter", 0))
    detection = windows.detect(adapters=fail, registry_sizes=lambda: sizes)
    (reading,) = detection.readings
    assert (reading.name, reading.vendor, reading.total_bytes) == ("AMD Radeon RX 7800 XT", "amd", 16 * GiB)
    assert (reading.free_bytes, reading.role) == (None, Role.WDDM)


def test_a_card_by_its_budget() -> None:
    gpu = pc(RX_7800).devices[0]
    assert (gpu.id, gpu.kind, gpu.backend, gpu.wddm) == ("amd:0", Kind.DISCRETE, "Vulkan", True)
    # Budget less own use. The shared part is no memory of the card's.
    assert (gpu.total_bytes, gpu.free_bytes) == (16 * GiB, 14 * GiB)
    assert gpu.reserve_bytes == GiB  # a sixteenth of the budget is less


def test_a_large_card_keeps_a_sixteenth_of_its_budget() -> None:
    gpu = pc(replace(RX_7800, dedicated_bytes=48 * GiB, budget_bytes=40 * GiB)).devices[0]
    assert gpu.reserve_bytes == 40 * GiB // 16


def test_an_adapter_without_a_budget_is_unknown() -> None:
    gpu = pc(replace(RX_7800, budget_bytes=None, usage_bytes=None)).devices[0]
    assert gpu.free_bytes is None
    assert gpu.reserve_bytes == GiB + 512 * MiB


def test_graphics_of_a_processor_borrow() -> None:
    gpu, ram = pc(UHD_770).devices
    assert (gpu.kind, gpu.total_bytes) == (Kind.INTEGRATED, 16 * GiB + 128 * MiB)
    assert gpu.free_bytes == 15 * GiB
    assert gpu.usable_bytes == 15 * GiB - 512 * MiB
    assert ram.usable_bytes == 20 * GiB - 32 * GiB // 10


def test_a_nvidia_card_appears_once_with_the_tighter_figure() -> None:
    gpus = pc(RTX_3070, UHD_770, nvml=(NVML_3070,)).gpus
    assert [(gpu.id, gpu.sources) for gpu in gpus] == [("nvidia:0", ("nvml", "dxgi")), ("intel:0", ("dxgi",))]
    assert gpus[0].free_bytes == 7683 * MiB
    assert gpus[0].pci_id == "0000:01:00.0"


def test_two_of_one_name_are_paired_in_order() -> None:
    second = replace(NVML_3070, pci_id="0000:02:00.0", free_bytes=3 * GiB)
    idle = replace(RTX_3070, budget_bytes=8 * GiB, usage_bytes=0)
    gpus = pc(RTX_3070, idle, nvml=(NVML_3070, second)).gpus
    assert [gpu.free_bytes for gpu in gpus] == [7683 * MiB, 3 * GiB]


def test_a_nvidia_card_without_its_own_driver_interface() -> None:
    (gpu,) = pc(RTX_3070).gpus
    assert (gpu.sources, gpu.backend, gpu.free_bytes) == (("dxgi",), "CUDA", 7683 * MiB)
    assert gpu.bandwidth_bytes_per_second == 448_000_000_000  # from the table


@pytest.mark.parametrize("pci_id", [None, "0000:03:00.0"])
def test_the_engine_is_matched_by_name(pci_id: str | None) -> None:
    engine = EngineDevice("Vulkan0", "AMD Radeon RX 7800 XT", "Vulkan", "gpu", 16 * GiB, 16 * GiB, pci_id)
    (card, graphics) = pc(UHD_770, RX_7800, engine=(engine,)).gpus
    assert (card.vendor, card.engine_device, card.free_bytes) == ("amd", "Vulkan0", 14 * GiB)
    assert (graphics.vendor, graphics.engine_device) == ("intel", None)
