"""AMD's GPUs from made-up sysfs trees, through to usable memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.hardware.detect import Detector, detect
from advisor.hardware.detectors import amd
from advisor.hardware.detectors.ram import detect as detect_ram
from advisor.hardware.device import Device, Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.units import GiB, MiB
from tests.support.fake_trees import amd_card, card, meminfo, write_files

AMD_NAMES = "744C,\tC8,\tAMD Radeon RX 7900 XTX\n1586,\tC1,\tAMD Radeon 8060S Graphics"


def devices(root: Path, *engine_devices: EngineDevice) -> tuple[Device, ...]:
    detectors = (
        Detector("RAM", lambda: detect_ram(root, platform="linux")),
        Detector("AMD", lambda: amd.detect(root)),
    )
    return detect(engine_devices, detectors=detectors).devices


def test_no_card(tmp_path: Path) -> None:
    assert amd.detect(tmp_path).readings == ()


def test_an_old_driver_without_memory_files_is_no_device(tmp_path: Path) -> None:
    card(tmp_path, 0, vendor="0x1002", driver="radeon", pci_id="0000:01:00.0")
    assert amd.detect(tmp_path).readings == ()


def test_a_card(tmp_path: Path) -> None:
    meminfo(tmp_path)
    write_files(tmp_path, {"usr/share/libdrm/amdgpu.ids": AMD_NAMES})
    amd_card(
        tmp_path,
        vram=24 * GiB,
        vram_used=3 * GiB,
        gtt=16 * GiB,
        files={"mem_info_vram_vendor": "samsung"},
        display="connected",
    )
    gpu, ram = devices(tmp_path)
    assert (gpu.id, gpu.name, gpu.vendor, gpu.backend) == ("amd:0", "AMD Radeon RX 7900 XTX", "amd", "Vulkan")
    assert (gpu.kind, gpu.total_bytes, gpu.free_bytes) == (Kind.DISCRETE, 24 * GiB, 21 * GiB)
    assert gpu.usable_bytes == 20 * GiB  # a display: 1 GiB reserved; what it could borrow is left aside
    assert gpu.usable_if_others_closed_bytes == 24 * GiB - 24 * GiB // 50 - GiB
    assert gpu.bandwidth_bytes_per_second == 960_000_000_000
    assert not gpu.shares_ram
    assert ram.usable_bytes == 24 * GiB - 32 * GiB // 10


def test_unknown_use_is_unknown(tmp_path: Path) -> None:
    meminfo(tmp_path)
    amd_card(tmp_path, vram=8 * GiB, gtt=16 * GiB, files={"mem_info_vram_vendor": "hynix"})
    (tmp_path / "sys/class/drm/card0/device/mem_info_vram_used").unlink()
    gpu = devices(tmp_path)[0]
    assert gpu.free_bytes is None
    assert "free-unknown" in [note.code for note in gpu.notes]
    assert gpu.reserve_bytes == 512 * MiB + 512 * MiB  # no display, and more because use is unknown


def test_a_small_old_card_on_a_large_computer_is_still_a_card(tmp_path: Path) -> None:
    meminfo(tmp_path)
    amd_card(tmp_path, vram=4 * GiB, gtt=31 * GiB, files={"board_info": "type : cem"})
    assert devices(tmp_path)[0].kind is Kind.DISCRETE


def test_graphics_of_a_processor_borrow_from_the_ram(tmp_path: Path) -> None:
    meminfo(tmp_path, 32 * GiB, 12 * GiB)
    amd_card(tmp_path, vram=2 * GiB, vram_used=GiB, gtt=15 * GiB, gtt_used=GiB, device="0x15bf")
    gpu, ram = devices(tmp_path)
    assert (gpu.kind, gpu.total_bytes, gpu.shares_ram) == (Kind.INTEGRATED, 17 * GiB, True)
    assert gpu.free_bytes == 1 * GiB + 12 * GiB  # 14 could be borrowed, 12 are there
    assert gpu.usable_bytes == 1 * GiB + 12 * GiB - 32 * GiB // 10
    assert gpu.usable_bytes - GiB == ram.usable_bytes


def test_borrowing_is_limited_by_the_driver_too(tmp_path: Path) -> None:
    meminfo(tmp_path, 64 * GiB, 60 * GiB)
    amd_card(tmp_path, vram=512 * MiB, vram_used=512 * MiB, gtt=31 * GiB, gtt_used=GiB, device="0x15bf")
    gpu = devices(tmp_path)[0]
    assert gpu.free_bytes == 30 * GiB
    assert gpu.usable_bytes == 30 * GiB - 512 * MiB  # the RAM has plenty: only the display's part stays


@pytest.mark.parametrize("known_by", ["name", "engine"])
def test_strix_halo_with_a_large_carve_out(tmp_path: Path, known_by: str) -> None:
    meminfo(tmp_path, 30 * GiB, 26 * GiB)
    amd_card(tmp_path, vram=96 * GiB, vram_used=GiB, gtt=15 * GiB, device="0x1586", revision="0xc1")
    engine = ()
    if known_by == "name":
        write_files(tmp_path, {"usr/share/libdrm/amdgpu.ids": AMD_NAMES})
    else:
        description = "AMD Radeon 8060S Graphics (RADV STRIX_HALO)"
        engine = (EngineDevice("Vulkan0", description, "Vulkan", "igpu", 111 * GiB, 100 * GiB),)
    gpu, ram = devices(tmp_path, *engine)
    # Its 96 GiB are no longer counted as RAM: a memory of its own, not judged by the RAM.
    assert (gpu.kind, gpu.total_bytes, gpu.free_bytes) == (Kind.DISCRETE, 96 * GiB, 95 * GiB)
    assert gpu.name == "AMD Radeon 8060S Graphics"
    assert "carve-out" in [note.code for note in gpu.notes]
    assert ram.total_bytes == 30 * GiB


def test_strix_halo_that_borrows(tmp_path: Path) -> None:
    meminfo(tmp_path, 124 * GiB, 110 * GiB)
    write_files(tmp_path, {"usr/share/libdrm/amdgpu.ids": AMD_NAMES})
    amd_card(tmp_path, vram=512 * MiB, vram_used=100 * MiB, gtt=62 * GiB, device="0x1586", revision="0xc1")
    gpu = devices(tmp_path)[0]
    assert (gpu.kind, gpu.total_bytes) == (Kind.INTEGRATED, 62 * GiB + 512 * MiB)
    assert gpu.free_bytes == 62 * GiB + 412 * MiB
    assert gpu.bandwidth_bytes_per_second == 256_000_000_000


def test_a_middling_carve_out_that_the_engine_knows(tmp_path: Path) -> None:
    meminfo(tmp_path, 48 * GiB, 40 * GiB)
    amd_card(tmp_path, vram=16 * GiB, gtt=24 * GiB, device="0x15bf")
    assert devices(tmp_path)[0].kind is Kind.DISCRETE
    engine = EngineDevice(
        "Vulkan0", "AMD Radeon Graphics", "Vulkan", "igpu", 40 * GiB, 30 * GiB, "0000:03:00.0"
    )
    gpu = devices(tmp_path, engine)[0]
    assert (gpu.kind, gpu.total_bytes, gpu.free_bytes) == (Kind.INTEGRATED, 40 * GiB, 40 * GiB)
