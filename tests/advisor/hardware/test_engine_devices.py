"""The engine's list of devices against the detectors' readings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.hardware.device import Kind
from advisor.hardware.engine_devices import (
    EngineDevice,
    Match,
    match_devices,
    unused_gpu_note,
)
from advisor.hardware.reading import Reading, Role
from advisor.units import GiB
from tests.support.readings import CARD

CPU = EngineDevice("CPU", "AMD Ryzen 7", "CPU", "cpu", 32 * GiB, 32 * GiB)
BLAS = EngineDevice("BLAS", "OpenBLAS", "BLAS", "accel", 0, 0)
CUDA0 = EngineDevice("CUDA0", "NVIDIA GeForce RTX 3090", "CUDA", "gpu", 24 * GiB, 23 * GiB, "0000:01:00.0")
LAVAPIPE = EngineDevice("Vulkan0", "llvmpipe (LLVM 15.0.6, 256 bits)", "Vulkan", "gpu", 2 * GiB, 2 * GiB)


def reading(name: str = CARD.name, pci_id: str | None = CARD.pci_id, **other: object) -> Reading:
    return replace(CARD, name=name, pci_id=pci_id, **other)


def pairs(matches: tuple[Match, ...]) -> list[tuple[str, str | None]]:
    return [(match.reading.name, match.engine.name if match.engine else None) for match in matches]


def test_nothing_and_nothing() -> None:
    assert match_devices([], []) == ()


def test_processors_and_accelerators_are_no_devices_of_ours() -> None:
    assert match_devices([], [CPU, BLAS]) == ()


def test_devices_without_memory_are_skipped_as_llama_cpp_does() -> None:
    silent = EngineDevice("RPC0", "10.0.0.2:50052", "RPC", "gpu", 0, 0)
    assert match_devices([], [silent]) == ()


@pytest.mark.parametrize("pci_id", ["0000:01:00.0", "00000000:01:00.0", None, "garbage"])
def test_a_card_is_itself_by_address_or_name(pci_id: str | None) -> None:
    (match,) = match_devices([reading()], [CPU, replace(CUDA0, pci_id=pci_id)])
    assert match.engine is not None
    assert match.engine.name == "CUDA0"
    assert match.reading.sources == ("nvml", "ggml")
    assert match.reading.free_bytes == 23 * GiB


def test_the_engines_order_counts() -> None:
    first, second = reading(), reading(pci_id="0000:02:00.0")
    other = replace(CUDA0, name="CUDA0", pci_id="0000:02:00.0")
    matches = match_devices([first, second], [other, replace(CUDA0, name="CUDA1")])
    assert [match.reading.pci_id for match in matches] == ["0000:02:00.0", "0000:01:00.0"]


def test_two_addresses_that_differ_are_two_cards() -> None:
    matches = match_devices([reading(pci_id="0000:02:00.0")], [CUDA0])
    assert pairs(matches) == [
        ("NVIDIA GeForce RTX 3090", "CUDA0"),
        ("NVIDIA GeForce RTX 3090", None),
    ]


def test_a_card_of_another_maker_is_not_taken() -> None:
    amd = reading("AMD Radeon RX 7900 XTX", "0000:03:00.0", vendor="amd")
    assert pairs(match_devices([amd], [CUDA0])) == [
        ("NVIDIA GeForce RTX 3090", "CUDA0"),
        ("AMD Radeon RX 7900 XTX", None),
    ]


def test_names_decide_between_two_of_one_maker_without_addresses() -> None:
    small = reading("NVIDIA GeForce GTX 1650", None, total_bytes=4 * GiB)
    large = reading(pci_id=None)
    matches = match_devices([small, large], [replace(CUDA0, pci_id=None)])
    assert pairs(matches) == [("NVIDIA GeForce RTX 3090", "CUDA0"), ("NVIDIA GeForce GTX 1650", None)]


def test_graphics_of_the_processor_and_the_card_of_one_maker() -> None:
    card = reading("AMD GPU", None, vendor="amd", total_bytes=16 * GiB)
    graphics = reading("AMD GPU", None, vendor="amd", kind=Kind.INTEGRATED, total_bytes=512)
    igpu = EngineDevice(
        "Vulkan1", "AMD Radeon 780M Graphics (RADV PHOENIX)", "Vulkan", "igpu", 16 * GiB, 9 * GiB
    )
    gpu = EngineDevice("Vulkan0", "AMD Radeon RX 7800 XT (RADV NAVI32)", "Vulkan", "gpu", 16 * GiB, 9 * GiB)
    matches = match_devices([graphics, card], [gpu, igpu])
    assert [match.reading.kind for match in matches] == [Kind.DISCRETE, Kind.INTEGRATED]
    # What sysfs could not name, the engine does.
    assert pairs(matches) == [("AMD Radeon RX 7800 XT", "Vulkan0"), ("AMD Radeon 780M Graphics", "Vulkan1")]


def test_an_ambiguous_name_is_replaced_too() -> None:
    navi = reading("Radeon RX 7900 XT/7900 XTX", "0000:03:00.0", vendor="amd", backend="Vulkan")
    rocm = EngineDevice("ROCm0", "AMD Radeon RX 7900 XTX", "ROCm", "gpu", 24 * GiB, GiB, "0000:03:00.0")
    (match,) = match_devices([navi], [rocm])
    assert (match.reading.name, match.reading.backend) == ("AMD Radeon RX 7900 XTX", "ROCm")


def test_a_part_of_a_split_card_is_matched_by_maker_and_size() -> None:
    small = reading("NVIDIA A100-SXM4-40GB MIG 1g.5gb", None, total_bytes=5 * GiB)
    large = reading("NVIDIA A100-SXM4-40GB MIG 2g.10gb", None, total_bytes=10 * GiB)
    engine = replace(CUDA0, description="NVIDIA A100-SXM4-40GB", total_bytes=10 * GiB)
    assert pairs(match_devices([small, large], [engine]))[0] == (large.name, "CUDA0")


def test_one_card_under_two_backends_is_kept_once() -> None:
    vulkan = replace(CUDA0, name="Vulkan0", backend="Vulkan")
    assert pairs(match_devices([reading()], [CUDA0, vulkan])) == [("NVIDIA GeForce RTX 3090", "CUDA0")]


def test_two_equal_cards_under_two_backends_without_addresses() -> None:
    cuda = [replace(CUDA0, name=f"CUDA{i}", pci_id=None) for i in range(2)]
    vulkan = [replace(CUDA0, name=f"Vulkan{i}", backend="Vulkan", pci_id=None) for i in range(3)]
    matches = match_devices([], [*cuda, *vulkan])
    # The third of Vulkan is a card that CUDA does not list.
    assert [match.engine.name for match in matches if match.engine] == ["CUDA0", "CUDA1", "Vulkan2"]


def test_a_device_that_only_the_engine_knows() -> None:
    (match,) = match_devices([], [replace(CUDA0, description="NVIDIA GeForce RTX 5090")])
    found = match.reading
    assert (found.vendor, found.kind, found.backend) == ("nvidia", Kind.DISCRETE, "CUDA")
    assert (found.total_bytes, found.free_bytes, found.sources) == (24 * GiB, 23 * GiB, ("ggml",))


def test_all_free_is_not_taken_for_an_answer() -> None:
    (match,) = match_devices([], [replace(CUDA0, free_bytes=24 * GiB)])
    assert match.reading.free_bytes is None


def test_a_program_that_imitates_a_gpu_works_in_the_ram() -> None:
    (match,) = match_devices([reading()], [LAVAPIPE])[:1]
    found = match.reading
    assert (found.name, found.vendor, found.kind) == ("llvmpipe", "", Kind.INTEGRATED)
    assert (found.total_bytes, found.shared_total_bytes, found.shared_free_bytes) == (None, 2 * GiB, 2 * GiB)
    assert [note.code for note in found.notes] == ["software-gpu"]


def test_two_imitations_are_two_devices() -> None:
    second = replace(LAVAPIPE, name="Vulkan1", free_bytes=GiB)
    matches = match_devices([], [LAVAPIPE, second])
    assert [match.engine.name for match in matches if match.engine] == ["Vulkan0", "Vulkan1"]


@pytest.mark.parametrize("backend", ["MTL", "Metal"])
def test_metal_alone(backend: str) -> None:
    (match,) = match_devices([], [EngineDevice("MTL0", "Apple M2", backend, "gpu", 10 * GiB, 10 * GiB)])
    found = match.reading
    assert found.backend == "Metal"
    assert (found.kind, found.role, found.vendor) == (Kind.UNIFIED, Role.METAL, "apple")
    assert found.shared_total_bytes == 10 * GiB


def test_a_device_over_the_network_says_so() -> None:
    (match,) = match_devices([], [EngineDevice("RPC0", "10.0.0.2:50052", "RPC", "gpu", 8 * GiB, 7 * GiB)])
    assert [note.code for note in match.reading.notes] == ["remote"]


class TestUnusedGpu:
    def test_no_gpu_at_all(self) -> None:
        assert unused_gpu_note([], ["CPU"], None) is None

    def test_a_gpu_that_is_used(self) -> None:
        assert unused_gpu_note(match_devices([reading()], [CUDA0]), ["CUDA", "CPU"], None) is None

    def test_a_lost_card_is_not_the_engines_fault(self) -> None:
        assert unused_gpu_note(match_devices([reading(trouble=True)], [CPU]), ["CPU"], None) is None

    def test_an_engine_for_the_cpu_only(self) -> None:
        card = reading(compute_capability=(8, 6))
        note = unused_gpu_note(match_devices([card], [CPU]), ["CPU", "BLAS"], (12, 4))
        assert note is not None
        assert note.code == "cpu-only-build"
        assert "NVIDIA GeForce RTX 3090 stays idle" in note.text
        assert note.text.endswith("https://abetlen.github.io/llama-cpp-python/whl/cu124")
        assert "--only-binary=llama-cpp-python" in note.text

    def test_the_card_goes_before_the_processors_graphics(self) -> None:
        graphics = reading("Intel graphics", None, vendor="intel", kind=Kind.INTEGRATED)
        note = unused_gpu_note(match_devices([graphics, reading()], [CPU]), [], (12, 4))
        assert note is not None
        assert "RTX 3090" in note.text

    def test_an_engine_for_gpus_that_finds_none(self) -> None:
        note = unused_gpu_note(match_devices([reading()], [CPU]), ["CUDA", "CPU"], (12, 4))
        assert note is not None
        assert note.code == "gpu-build-no-device"
        assert "(CUDA)" in note.text
        assert "CUDA_VISIBLE_DEVICES" in note.text
