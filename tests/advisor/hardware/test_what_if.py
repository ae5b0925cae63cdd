"""Made-up hardware."""

from __future__ import annotations

import pytest

from advisor.errors import PresetError
from advisor.hardware.device import Device, Hardware, Kind
from advisor.hardware.reserve import Reserve
from advisor.hardware.what_if import what_if
from advisor.units import GiB, MiB


def device(kind: Kind, vendor: str, total: int, id_: str, backend: str) -> Device:
    return Device(
        id=id_,
        name=id_,
        vendor=vendor,
        kind=kind,
        backend=backend,
        total_bytes=total,
        free_bytes=total // 2,
        reserve_bytes=GiB,
        usable_if_others_closed_bytes=total - GiB,
        bandwidth_bytes_per_second=7,
        engine_device="X0",
    )


RAM = device(Kind.CPU, "", 32 * GiB, "ram", "CPU")
CARD = device(Kind.DISCRETE, "amd", 16 * GiB, "amd:0", "Vulkan")
HERE = Hardware((CARD, RAM))


def codes(gpu: Device) -> list[str]:
    return [note.code for note in gpu.notes]


def test_an_unknown_gpu() -> None:
    with pytest.raises(PresetError, match="RTX 4071"):
        what_if(HERE, gpus=["RTX 4071"])


@pytest.mark.parametrize("size", [0, -1, 2**63])
def test_sizes_that_cannot_be(size: int) -> None:
    with pytest.raises(PresetError, match="cannot be"):
        what_if(HERE, vram_bytes=size)
    with pytest.raises(PresetError, match="cannot be"):
        what_if(HERE, ram_bytes=size)


def test_a_chip_in_the_ram_has_no_vram() -> None:
    with pytest.raises(PresetError, match="no memory of its own") as caught:
        what_if(HERE, gpus=["M4"], vram_bytes=8 * GiB)
    assert "--ram" in caught.value.hint


def test_nothing_asked_is_this_computer() -> None:
    assert what_if(HERE) is HERE


def test_a_card_in_place_of_the_real_one() -> None:
    hardware = what_if(HERE, gpus=["RTX 4070"])
    assert hardware.made_up
    gpu, ram = hardware.devices
    assert ram == RAM
    total, by_driver = 12 * GiB, 12 * GiB // 50
    assert (gpu.id, gpu.name, gpu.backend) == ("nvidia:0", "GeForce RTX 4070", "CUDA")
    assert (gpu.total_bytes, gpu.free_bytes) == (total, total - by_driver - GiB)
    assert gpu.usable_bytes == total - by_driver - 2 * GiB
    assert gpu.usable_if_others_closed_bytes == total - by_driver - GiB
    assert gpu.bandwidth_bytes_per_second == 504_200_000_000
    assert gpu.multiprocessors == 46
    assert gpu.engine_device is None
    assert gpu.sources == ("assumed",)
    assert codes(gpu) == ["assumed", "bandwidth-from-table"]


def test_two_cards_of_which_one_has_the_desktop() -> None:
    first, second = what_if(HERE, gpus=["RTX 3090", "RTX 3090"]).gpus
    assert [first.id, second.id] == ["nvidia:0", "nvidia:1"]
    assert second.free_bytes == first.free_bytes + GiB
    assert (first.reserve_bytes, second.reserve_bytes) == (1024 * MiB, 512 * MiB)


def test_cards_of_two_makers_are_numbered_apart() -> None:
    gpus = what_if(HERE, gpus=["RTX 3090", "RX 7900 XTX", "RTX 4090"]).gpus
    assert [gpu.id for gpu in gpus] == ["nvidia:0", "amd:0", "nvidia:1"]


def test_a_card_of_a_data_centre_has_no_desktop() -> None:
    gpu = what_if(HERE, gpus=["A100"]).gpus[0]
    assert (gpu.free_bytes, gpu.reserve_bytes) == (40 * GiB - 40 * GiB // 50, 512 * MiB)


def test_a_name_that_fits_several_says_so() -> None:
    assert "other-versions" in codes(what_if(HERE, gpus=["RTX 3060"]).gpus[0])


def test_another_size_for_a_named_card() -> None:
    gpu = what_if(HERE, gpus=["RTX 2080 Ti"], vram_bytes=22 * GiB).gpus[0]
    assert (gpu.name, gpu.total_bytes) == ("GeForce RTX 2080 Ti", 22 * GiB)


def test_only_a_size() -> None:
    hardware = what_if(HERE, vram_bytes=24 * GiB)
    assert [gpu.name for gpu in hardware.gpus] == ["GPU with 24.0 GiB"]
    assert hardware.gpus[0].total_bytes == 24 * GiB
    assert codes(hardware.gpus[0]) == ["assumed", "maker-assumed"]


def test_a_card_smaller_than_its_desktop() -> None:
    gpu = what_if(HERE, vram_bytes=512 * MiB).gpus[0]
    assert (gpu.free_bytes, gpu.usable_bytes) == (0, 0)


def test_the_users_reserve() -> None:
    gpu, ram = what_if(HERE, gpus=["RTX 4070"], ram_bytes=64 * GiB, reserve=Reserve(n_bytes=0)).devices
    assert gpu.usable_bytes == gpu.free_bytes
    assert ram.usable_bytes == 62 * GiB


def test_other_ram_beside_the_real_card() -> None:
    hardware = what_if(HERE, ram_bytes=64 * GiB)
    gpu, ram = hardware.devices
    assert gpu == CARD
    assert (ram.total_bytes, ram.free_bytes, ram.id) == (64 * GiB, 62 * GiB, "ram")
    assert ram.usable_bytes == 62 * GiB - 64 * GiB // 10
    assert codes(ram) == ["assumed"]
    assert hardware.made_up


@pytest.mark.parametrize(
    ("kind", "vendor", "backend", "total"),
    [
        (Kind.UNIFIED, "apple", "Metal", 64 * GiB * 3 // 4),
        (Kind.UNIFIED, "nvidia", "CUDA", 64 * GiB),
        (Kind.INTEGRATED, "intel", "Vulkan", 16 * GiB),
    ],
)
def test_a_real_gpu_that_works_in_the_ram_changes_with_it(
    kind: Kind, vendor: str, backend: str, total: int
) -> None:
    shared = device(kind, vendor, 16 * GiB, f"{vendor}:0", backend)
    gpu = what_if(Hardware((shared, RAM)), ram_bytes=64 * GiB).devices[0]
    assert (gpu.kind, gpu.total_bytes, gpu.engine_device) == (kind, total, "X0")
    assert gpu.bandwidth_bytes_per_second == 7


def test_a_mac_brings_its_memory() -> None:
    hardware = what_if(HERE, gpus=["M4 Max 64GB"])
    gpu, ram = hardware.devices
    assert (gpu.kind, gpu.backend, gpu.total_bytes) == (Kind.UNIFIED, "Metal", 48 * GiB)
    assert gpu.usable_bytes == 48 * GiB - 512 * MiB
    assert (ram.total_bytes, ram.bandwidth_bytes_per_second) == (64 * GiB, 546_000_000_000)
    assert hardware.findings == ()


def test_a_mac_without_a_size_is_the_smallest_and_says_so() -> None:
    hardware = what_if(HERE, gpus=["M4 Max"])
    assert hardware.ram.total_bytes == 36 * GiB
    assert [note.code for note in hardware.findings] == ["memory-assumed"]
    assert "128.0 GiB" in hardware.findings[0].text
    assert what_if(HERE, gpus=["M4 Max"], ram_bytes=128 * GiB).findings == ()


def test_chips_of_other_makers() -> None:
    spark = what_if(HERE, gpus=["DGX Spark"])
    assert (spark.gpus[0].kind, spark.gpus[0].total_bytes) == (Kind.UNIFIED, 128 * GiB)
    halo = what_if(HERE, gpus=["Strix Halo"], ram_bytes=128 * GiB)
    assert (halo.gpus[0].kind, halo.gpus[0].total_bytes) == (Kind.INTEGRATED, 64 * GiB)
    assert halo.gpus[0].bandwidth_bytes_per_second == 256_000_000_000
