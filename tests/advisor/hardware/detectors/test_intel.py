"""Intel's GPUs from made-up sysfs trees: what their drivers do not tell stays unknown."""

from __future__ import annotations

from pathlib import Path

from advisor.hardware.detect import Detector, detect
from advisor.hardware.detectors import intel
from advisor.hardware.detectors.ram import detect as detect_ram
from advisor.hardware.device import Device, Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.units import GiB, MiB
from tests.support.fake_trees import card, meminfo, write_files


def devices(root: Path, *engine_devices: EngineDevice) -> tuple[Device, ...]:
    detectors = (
        Detector("RAM", lambda: detect_ram(root, platform="linux")),
        Detector("Intel", lambda: intel.detect(root)),
    )
    return detect(engine_devices, detectors=detectors).devices


def test_no_card(tmp_path: Path) -> None:
    assert intel.detect(tmp_path).readings == ()


def test_intels_processor_graphics_work_in_the_ram(tmp_path: Path) -> None:
    meminfo(tmp_path, 16 * GiB, 9 * GiB)
    card(tmp_path, 1, vendor="0x8086", driver="i915", pci_id="0000:00:02.0", display="connected")
    gpu, ram = devices(tmp_path)
    assert (gpu.id, gpu.name, gpu.kind) == ("intel:0", "Intel graphics", Kind.INTEGRATED)
    assert (gpu.total_bytes, gpu.free_bytes) == (16 * GiB, 9 * GiB)
    assert gpu.usable_bytes == 7 * GiB == ram.usable_bytes  # the RAM's reserve of 2 GiB holds for both


def test_intels_cards_tell_neither_size_nor_use(tmp_path: Path) -> None:
    meminfo(tmp_path)
    card(tmp_path, 0, vendor="0x8086", driver="xe", pci_id="0000:03:00.0", device="0xe20b")
    assert [device.id for device in devices(tmp_path)] == ["ram"]  # told of, but no device to plan on

    write_files(tmp_path, {"usr/share/hwdata/pci.ids": "8086  Intel\n\te20b  Battlemage G21 [Arc B580]"})
    gpu = devices(tmp_path)[0]
    assert (gpu.name, gpu.total_bytes, gpu.free_bytes) == ("Arc B580", 12 * GiB, None)
    assert "total-assumed" in [note.code for note in gpu.notes]
    assert gpu.usable_bytes == 11 * GiB  # without a display 512 MiB, and 512 more for the unknown use

    # An engine that cannot tell says that everything is free: that is not taken for an answer.
    engine = EngineDevice(
        "Vulkan0", "Intel(R) Arc(tm) B580", "Vulkan", "gpu", 12193 * MiB, 12193 * MiB, "0000:03:00.0"
    )
    gpu = devices(tmp_path, engine)[0]
    assert (gpu.total_bytes, gpu.free_bytes, gpu.engine_device) == (12193 * MiB, None, "Vulkan0")

    engine = EngineDevice(
        "SYCL0", "Intel(R) Arc(TM) B580", "SYCL", "gpu", 12193 * MiB, 9000 * MiB, "0000:03:00.0"
    )
    gpu = devices(tmp_path, engine)[0]
    assert (gpu.free_bytes, gpu.backend) == (9000 * MiB, "SYCL")


def test_a_simple_frame_buffer_is_no_intel_gpu(tmp_path: Path) -> None:
    card(tmp_path, 0, vendor="0x8086", driver="simpledrm", pci_id="0000:00:02.0")
    assert intel.detect(tmp_path).readings == ()
