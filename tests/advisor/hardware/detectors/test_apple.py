"""Apple Silicon from recorded answers of sysctl and system_profiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from advisor.hardware.detect import Detector, detect
from advisor.hardware.detectors import apple, ram
from advisor.hardware.detectors.ram import VirtualMemory
from advisor.hardware.device import Hardware, Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.hardware.reading import Detection
from advisor.units import GiB, MiB

CORES_40 = '{"SPDisplaysDataType": [{"_name": "Apple M3 Max", "sppci_cores": "40"}]}'


def sysctl(
    chip: str = "Apple M2", memory: int = 16 * GiB, wired_limit_mb: int = 0, translated: int = 0
) -> str:
    return (
        f"hw.memsize: {memory}\nmachdep.cpu.brand_string: {chip}\n"
        f"iogpu.wired_limit_mb: {wired_limit_mb}\nsysctl.proc_translated: {translated}\n"
    )


def runner(answer: str, displays: str = "{}") -> Callable[[Sequence[str]], str]:
    return lambda command: answer if command[0].endswith("sysctl") else displays


def mac(
    answer: str,
    *engine: EngineDevice,
    displays: str = "{}",
    total: int = 16 * GiB,
    available: int = 9 * GiB,
    wired: int = 2 * GiB,
) -> Hardware:
    def memory() -> VirtualMemory:
        return VirtualMemory(total, available, wired)

    return detect(
        engine,
        detectors=(
            Detector("RAM", lambda: ram.detect(platform="darwin", virtual_memory=memory)),
            Detector("Apple", lambda: apple.detect(run=runner(answer, displays), virtual_memory=memory)),
        ),
    )


def test_macos_that_does_not_answer() -> None:
    def fail(command: Sequence[str]) -> str:
        raise TimeoutError("sysctl did not answer")

    detection = apple.detect(run=fail)
    assert detection.readings == ()
    assert [note.code for note in detection.findings] == ["sysctl-failed"]


@pytest.mark.parametrize("answer", ["", "garbage", "hw.memsize: many\nmachdep.cpu.brand_string: Apple M2\n"])
def test_answers_without_sense_are_no_device(answer: str) -> None:
    assert apple.detect(run=runner(answer)) == Detection()


def test_an_intel_mac_has_no_such_gpu() -> None:
    answer = sysctl("Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz")
    assert apple.detect(run=runner(answer)) == Detection()


@pytest.mark.parametrize(
    ("memory_gib", "limit_mib"),
    [(8, 5461), (16, 10922), (32, 21845), (36, 27648), (64, 49152), (96, 73728)],
)
def test_the_limit_that_metal_sets(memory_gib: int, limit_mib: int) -> None:
    assert apple.working_set_limit(memory_gib * GiB) // MiB == limit_mib


def test_a_mac() -> None:
    hardware = mac(sysctl())
    gpu, memory = hardware.devices
    assert (gpu.id, gpu.name, gpu.vendor, gpu.backend) == ("apple:0", "Apple M2", "apple", "Metal")
    assert (gpu.kind, gpu.shares_ram) == (Kind.UNIFIED, True)
    limit = 16 * GiB * 2 // 3
    assert gpu.total_bytes == limit
    assert gpu.free_bytes == limit - 2 * GiB  # what is wired counts against the limit
    assert gpu.reserve_bytes == 512 * MiB
    assert gpu.bandwidth_bytes_per_second == memory.bandwidth_bytes_per_second == 100_000_000_000
    assert gpu.usable_if_others_closed_bytes == limit - 512 * MiB
    assert (memory.total_bytes, memory.usable_bytes) == (16 * GiB, 7 * GiB)


def test_what_is_available_bounds_the_gpu_too() -> None:
    gpu = mac(sysctl(), available=3 * GiB).devices[0]
    assert (gpu.free_bytes, gpu.usable_bytes) == (3 * GiB, 3 * GiB - 512 * MiB)


def test_a_limit_set_by_hand() -> None:
    gpu = mac(sysctl(wired_limit_mb=14336), available=15 * GiB).devices[0]
    assert gpu.total_bytes == 14 * GiB
    assert "wired-limit" in [note.code for note in gpu.notes]


def test_a_limit_beyond_the_memory_is_the_memory() -> None:
    assert mac(sysctl(wired_limit_mb=999999)).devices[0].total_bytes == 16 * GiB


def test_the_engine_knows_the_limit_exactly() -> None:
    engine = EngineDevice("MTL0", "Apple M2", "Metal", "gpu", 11 * GiB, 11 * GiB)
    gpu = mac(sysctl(), engine).devices[0]
    assert (gpu.total_bytes, gpu.free_bytes) == (11 * GiB, 9 * GiB)
    assert (gpu.engine_device, gpu.backend, gpu.kind) == ("MTL0", "Metal", Kind.UNIFIED)
    assert gpu.sources == ("sysctl", "ggml")


def test_the_engine_alone_is_enough() -> None:
    engine = EngineDevice("MTL0", "Apple M9", "Metal", "gpu", 11 * GiB, 11 * GiB)
    gpu = mac("", engine).devices[0]
    assert (gpu.kind, gpu.total_bytes, gpu.usable_bytes) == (Kind.UNIFIED, 11 * GiB, 9 * GiB - 512 * MiB)


@pytest.mark.parametrize(
    ("displays", "gb_per_second"),
    [(CORES_40, 400), ("{}", 300), ("not json", 300), ('{"SPDisplaysDataType": [{}]}', 300), ("[]", 300)],
)
def test_variants_of_one_name_by_their_gpu_cores(displays: str, gb_per_second: int) -> None:
    gpu = mac(sysctl("Apple M3 Max", 64 * GiB), displays=displays, total=64 * GiB).devices[0]
    assert gpu.bandwidth_bytes_per_second == gb_per_second * 10**9


def test_rosetta_is_a_finding() -> None:
    hardware = mac(sysctl("Apple M1", translated=1))
    assert [note.code for note in hardware.findings] == ["rosetta"]
    assert len(hardware.gpus) == 1
