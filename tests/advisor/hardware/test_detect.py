"""All detectors together: none can take the others' answers along."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import presets
from advisor.errors import PresetError
from advisor.hardware.detect import Detector, default_detectors, detect, run_detectors
from advisor.hardware.detectors.ram import detect as detect_ram
from advisor.hardware.device import Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.hardware.reading import Detection, Reading, Role
from advisor.hardware.reserve import Reserve
from advisor.units import GiB, MiB
from tests.support import readings
from tests.support.fake_trees import amd_card, card, meminfo, write_files

CARD = replace(readings.CARD, display_active=True, bandwidth_bytes_per_second=1, compute_capability=(8, 6))
GRAPHICS = replace(
    CARD,
    sources=("sysfs",),
    name="Intel graphics",
    vendor="intel",
    kind=Kind.INTEGRATED,
    total_bytes=None,
    free_bytes=None,
    pci_id="0000:00:02.0",
    role=Role.SHARED,
)
CPU = EngineDevice("CPU", "a processor", "CPU", "cpu", 32 * GiB, 32 * GiB)
CUDA0 = EngineDevice("CUDA0", CARD.name, "CUDA", "gpu", 24 * GiB, 22 * GiB, "0000:01:00.0")


@pytest.fixture
def ram(tmp_path: Path) -> Detector:
    meminfo(tmp_path)
    return Detector("RAM", lambda: detect_ram(tmp_path, platform="linux"))


@pytest.fixture
def stuck() -> Iterator[Detector]:
    """A detector that hangs until the test is over."""
    release = threading.Event()

    def hang() -> Detection:
        release.wait()
        return Detection()

    yield Detector("Stuck", hang, deadline_s=0.05)
    release.set()


def broken() -> Detection:
    raise RuntimeError("a driver's surprise")


def of(*found: Reading, cuda: tuple[int, int] | None = None) -> Detector:
    return Detector("GPU", lambda: Detection(found, cuda_version=cuda))


def test_a_detector_that_raises_and_one_that_hangs(ram: Detector, stuck: Detector) -> None:
    hardware = detect(detectors=[stuck, Detector("Broken", broken), of(CARD), ram])
    assert [device.id for device in hardware.devices] == ["nvidia:0", "ram"]
    assert [note.code for note in hardware.findings] == ["detector-timeout", "detector-failed"]
    assert "Stuck" in hardware.findings[0].text
    assert "RuntimeError" in hardware.findings[1].text


def test_ram_that_hangs_is_still_a_device(stuck: Detector) -> None:
    hardware = detect(detectors=[replace(stuck, name="RAM"), of(CARD)])
    assert hardware.ram.kind is Kind.CPU
    assert (hardware.ram.total_bytes, hardware.ram.usable_bytes) == (0, 0)
    assert [note.code for note in hardware.ram.notes] == ["ram-unreadable"]
    assert hardware.gpus[0].free_bytes == 23 * GiB


def test_no_detector_at_all() -> None:
    assert [device.id for device in detect(detectors=[]).devices] == ["ram"]


def test_a_gpu_without_known_memory_is_a_finding_and_no_device(ram: Detector) -> None:
    silent = replace(CARD, name="Intel GPU", vendor="intel", total_bytes=None, free_bytes=None)
    hardware = detect([CPU], detectors=[ram, of(silent)])
    assert hardware.gpus == ()
    assert [note.code for note in hardware.findings] == ["total-unknown", "cpu-only-build"]
    assert hardware.findings[0].text.startswith("Intel GPU: ")
    # An engine that knows its size makes it a device.
    known = EngineDevice("Vulkan0", "Intel(R) Arc(tm) B580", "Vulkan", "gpu", 12 * GiB, 9 * GiB, CARD.pci_id)
    assert [gpu.total_bytes for gpu in detect([known], detectors=[ram, of(silent)]).gpus] == [12 * GiB]


def test_they_run_side_by_side() -> None:
    # Each waits for the other: one after the other they would never meet.
    meeting = threading.Barrier(2, timeout=60)

    def wait() -> Detection:
        meeting.wait()
        return Detection(cuda_version=(1, 0))

    answers = run_detectors([Detector("one", wait, 60), Detector("two", wait, 60)])
    assert [answer.cuda_version for answer in answers] == [(1, 0), (1, 0)]


def test_detectors_that_fail_in_every_way_leave_the_ram(ram: Detector) -> None:
    def failing(error: Exception) -> Detector:
        def fail() -> Detection:
            raise error

        return Detector(type(error).__name__, fail)

    errors = (OSError(), MemoryError(), RecursionError(), AssertionError(), UnicodeError())
    hardware = detect(detectors=[*map(failing, errors), ram])
    assert hardware.ram.total_bytes == 32 * GiB
    assert [note.code for note in hardware.findings] == ["detector-failed"] * len(errors)


def test_an_engine_that_was_not_asked_is_not_judged(ram: Detector) -> None:
    hardware = detect(detectors=[ram, of(CARD)])
    assert hardware.findings == ()
    assert hardware.gpus[0].engine_device is None


def test_an_engine_for_the_cpu_only(ram: Detector) -> None:
    hardware = detect([CPU], detectors=[ram, of(CARD, cuda=(12, 2))])
    assert [note.code for note in hardware.findings] == ["cpu-only-build"]
    assert "whl/cu122" in hardware.findings[0].text
    assert hardware.cuda_version == (12, 2)


def test_an_engine_for_gpus_without_a_device(ram: Detector) -> None:
    hardware = detect([CPU], engine_backends=["CUDA", "CPU"], detectors=[ram, of(CARD)])
    assert [note.code for note in hardware.findings] == ["gpu-build-no-device"]


def test_an_engine_that_uses_the_card(ram: Detector) -> None:
    hardware = detect([CUDA0, CPU], detectors=[ram, of(GRAPHICS, CARD)])
    assert hardware.findings == ()
    card, graphics = hardware.gpus
    assert (card.id, card.engine_device, card.sources) == ("nvidia:0", "CUDA0", ("nvml", "ggml"))
    assert (graphics.id, graphics.engine_device) == ("intel:0", None)
    assert graphics.notes == ()


def test_a_card_beside_one_that_the_engine_uses(ram: Detector) -> None:
    radeon = replace(CARD, name="AMD Radeon RX 7900 XTX", vendor="amd", pci_id="0000:03:00.0")
    hardware = detect([CUDA0, CPU], detectors=[ram, of(radeon, CARD)])
    assert [gpu.id for gpu in hardware.gpus] == ["nvidia:0", "amd:0"]
    assert "engine-cannot-use" in [note.code for note in hardware.gpus[1].notes]
    assert hardware.findings == ()


def test_processor_graphics_beside_a_card_are_left_aside(ram: Detector) -> None:
    vulkan = replace(CUDA0, name="Vulkan0", backend="Vulkan")
    igpu = EngineDevice(
        "Vulkan1", "Intel(R) UHD Graphics", "Vulkan", "igpu", 15 * GiB, 9 * GiB, "0000:00:02.0"
    )
    hardware = detect([vulkan, igpu, CPU], detectors=[ram, of(GRAPHICS, CARD)])
    assert [gpu.engine_device for gpu in hardware.gpus] == ["Vulkan0", "Vulkan1"]
    assert "left-aside" in [note.code for note in hardware.gpus[1].notes]


def test_cards_come_before_graphics_where_the_engine_has_no_order(ram: Detector) -> None:
    assert [gpu.id for gpu in detect(detectors=[of(GRAPHICS, CARD), ram]).gpus] == ["nvidia:0", "intel:0"]


def test_a_software_renderer_is_a_device_in_the_ram(ram: Detector) -> None:
    lavapipe = EngineDevice("Vulkan0", "llvmpipe (LLVM 15, 256 bits)", "Vulkan", "gpu", 2 * GiB, 2 * GiB)
    gpu = detect([lavapipe, CPU], detectors=[ram]).gpus[0]
    assert (gpu.id, gpu.name, gpu.kind, gpu.engine_device) == (
        "gpu:0",
        "llvmpipe",
        Kind.INTEGRATED,
        "Vulkan0",
    )
    assert (gpu.total_bytes, gpu.free_bytes, gpu.usable_bytes) == (2 * GiB, 2 * GiB, 2 * GiB - 512 * MiB)


def test_a_single_gpu_is_taken_to_drive_the_display(ram: Detector) -> None:
    unknown = replace(CARD, display_active=None)
    assert detect(detectors=[ram, of(unknown)]).gpus[0].reserve_bytes == 1024 * MiB
    two = detect(detectors=[ram, of(unknown, unknown)]).gpus
    assert [gpu.reserve_bytes for gpu in two] == [512 * MiB, 512 * MiB]


def test_the_users_reserve_counts_for_every_device(ram: Detector) -> None:
    hardware = detect(reserve=Reserve(n_bytes=3 * GiB), detectors=[ram, of(CARD, GRAPHICS)])
    assert [device.reserve_bytes for device in hardware.devices] == [3 * GiB] * 3


def test_a_broken_table_of_gpus_costs_only_its_figures(
    ram: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> Path:
        raise PresetError("gpus.json is malformed.", hint="Correct it.")

    monkeypatch.setattr(presets, "preset_path", fail)
    hardware = detect(detectors=[ram, of(replace(CARD, bandwidth_bytes_per_second=None))])
    assert hardware.gpus[0].bandwidth_bytes_per_second is None
    assert hardware.gpus[0].free_bytes == 23 * GiB
    assert [note.code for note in hardware.findings] == ["bad-preset"]


def test_a_whole_linux_computer(tmp_path: Path) -> None:
    meminfo(tmp_path)
    write_files(tmp_path, {"usr/share/libdrm/amdgpu.ids": "744C,\tC8,\tAMD Radeon RX 7900 XTX"})
    amd_card(tmp_path, 1, vram=24 * GiB, gtt=16 * GiB, files={"board_info": "type : cem"})
    card(tmp_path, 0, vendor="0x8086", driver="i915", pci_id="0000:00:02.0", display="connected")
    without_nvidia = [d for d in default_detectors(tmp_path, "linux") if d.name != "NVIDIA"]
    hardware = detect(detectors=without_nvidia)
    assert [device.id for device in hardware.devices] == ["amd:0", "intel:0", "ram"]
    assert hardware.findings == ()


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("linux", ["RAM", "NVIDIA", "AMD", "Intel"]),
        ("darwin", ["RAM", "Apple"]),
        ("win32", ["RAM", "NVIDIA", "Windows"]),
    ],
)
def test_detectors_of_a_system(tmp_path: Path, platform: str, names: list[str]) -> None:
    assert [detector.name for detector in default_detectors(tmp_path, platform)] == names


def test_this_computer() -> None:
    hardware = detect()
    assert hardware.ram.kind is Kind.CPU
    assert 0 < hardware.ram.usable_bytes <= hardware.ram.total_bytes
    for device in hardware.devices:
        assert device.free_bytes is None or 0 <= device.free_bytes <= device.total_bytes


def test_slow_modules_are_loaded_only_where_they_are_needed() -> None:
    slow = ("psutil", "pynvml", "subprocess", "ctypes", "platformdirs", "tomllib", "json")
    code = f"import sys, advisor.hardware.detect; print([name for name in {slow} if name in sys.modules])"
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
