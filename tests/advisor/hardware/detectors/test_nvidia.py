"""NVIDIA's GPUs through the real pynvml and a made-up driver, and the driver's ways to fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from advisor.hardware.detectors import nvidia
from advisor.hardware.detectors.nvml import Nvml
from advisor.hardware.device import Device, Hardware, Holder, Kind
from advisor.hardware.reading import Detection
from advisor.units import GiB, MiB
from tests.support.fake_nvml.child import LIBRARY, detect_in_child
from tests.support.fake_trees import card, meminfo, pci_device, process, write_files

MODEL_DIGEST = "a" * 64


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return meminfo(tmp_path / "root")


def codes(hardware: Hardware) -> list[str]:
    return [note.code for note in hardware.findings]


def note_codes(device: Device) -> list[str]:
    return [note.code for note in device.notes]


@pytest.mark.parametrize(
    ("scenario", "code", "word"),
    [
        ("mismatch", "nvidia-driver-mismatch", "Restart"),
        ("not_loaded", "nvidia-driver-not-loaded", "has not loaded it"),
        ("no_permission", "nvidia-no-permission", "--gpus all"),
        ("unknown_error", "nvidia-driver-error", "999"),
        ("forbidden", "nvidia-no-permission", "GPU 0"),
    ],
)
def test_a_driver_in_trouble_is_a_sentence(
    fake_driver: Path, root: Path, scenario: str, code: str, word: str
) -> None:
    hardware = detect_in_child(scenario, root, fake_driver)
    assert codes(hardware) == [code]
    assert word in hardware.findings[0].text
    assert hardware.gpus == ()
    assert hardware.ram.usable_bytes == 24 * GiB - 32 * GiB // 10


def test_no_driver_and_no_card_is_nothing_to_say(tmp_path: Path, root: Path) -> None:
    # A file of the library's name that is none: found first on every machine, even one with a driver.
    (tmp_path / LIBRARY).write_bytes(b"")
    hardware = detect_in_child("rtx4070_desktop", root, tmp_path)
    assert hardware.findings == ()
    assert hardware.gpus == ()


@pytest.mark.parametrize("scenario", [None, "library_not_found"])
def test_a_card_without_a_driver_is_a_finding(
    tmp_path: Path, fake_driver: Path, root: Path, scenario: str | None
) -> None:
    pci_device(root, "0000:01:00.0", "0x10de", "0x030000")
    (tmp_path / LIBRARY).write_bytes(b"")
    folder = fake_driver if scenario else tmp_path
    hardware = detect_in_child(scenario or "rtx4070_desktop", root, folder)
    assert codes(hardware) == ["nvidia-no-driver"]


def test_a_missing_pynvml_is_a_finding() -> None:
    def load(root: Path, platform: str) -> Nvml:
        raise ImportError("No module named 'pynvml'")

    detection = nvidia.detect(load=load)
    assert [note.code for note in detection.findings] == ["nvidia-ml-py-missing"]


def test_an_alien_module_of_that_name_is_a_driver_error() -> None:
    class Alien:
        class NVMLError(Exception):
            pass

    detection = nvidia.detect(load=lambda root, platform: Nvml(Alien))
    assert detection == Detection(findings=detection.findings)
    assert [note.code for note in detection.findings] == ["nvidia-driver-error"]


@pytest.mark.parametrize("scenario", ["hangs_at_start", "hangs_at_memory"])
def test_a_driver_that_hangs_costs_only_its_own_answer(fake_driver: Path, root: Path, scenario: str) -> None:
    hardware = detect_in_child(scenario, root, fake_driver, deadline_s=0.5)
    assert codes(hardware) == ["detector-timeout"]
    assert hardware.ram.total_bytes == 32 * GiB


def test_a_desktop_card(fake_driver: Path, root: Path) -> None:
    process(root, 1423, "Xorg", "/usr/lib/xorg/Xorg", ":0")
    process(root, 2210, "firefox", "/usr/lib/firefox/firefox")
    blob = f"/var/lib/ollama/models/blobs/sha256-{MODEL_DIGEST}"
    process(root, 9001, "ollama", "/usr/bin/ollama", "runner", "--model", blob, "--port", "41235")
    manifest = "var/lib/ollama/models/manifests/registry.ollama.ai/library/llama3.1/8b"
    write_files(root, {manifest: f'{{"layers":[{{"digest":"sha256:{MODEL_DIGEST}"}}]}}'})
    hardware = detect_in_child("rtx4070_desktop", root, fake_driver)
    gpu, ram = hardware.devices
    assert hardware.cuda_version == (12, 4)
    assert gpu == Device(
        id="nvidia:0",
        name="NVIDIA GeForce RTX 4070",
        vendor="nvidia",
        kind=Kind.DISCRETE,
        backend="CUDA",
        total_bytes=12878610432,
        free_bytes=9011068928,
        reserve_bytes=1024 * MiB,
        usable_if_others_closed_bytes=12878610432 - 285212672 - 1024 * MiB,
        bandwidth_bytes_per_second=504_048_000_000,
        engine_device=None,
        pci_id="0000:01:00.0",
        reserved_by_driver_bytes=285212672,
        display_active=True,
        holders=(
            Holder("Ollama", 2550136832, "ollama stop llama3.1:8b"),
            Holder("Xorg", 391118848),
            Holder("firefox", 210763776),
        ),
        sources=("nvml",),
        compute_capability=(8, 9),
        multiprocessors=46,
        prefill_flops_per_second=(42_000_000_000_000, 42_000_000_000_000),
    )
    assert gpu.usable_bytes == 9011068928 - 1024 * MiB
    assert ram.kind is Kind.CPU


def test_gb10_works_in_the_computers_memory(fake_driver: Path, root: Path) -> None:
    meminfo(root, 120 * GiB, 100 * GiB)
    gpu, ram = detect_in_child("gb10", root, fake_driver).devices
    assert gpu.kind is Kind.UNIFIED
    assert (gpu.total_bytes, gpu.free_bytes) == (120 * GiB, 100 * GiB)
    assert gpu.usable_bytes == 100 * GiB - 12 * GiB == ram.usable_bytes
    # Its driver tells no clocks; the table does, for both.
    assert gpu.bandwidth_bytes_per_second == ram.bandwidth_bytes_per_second == 273_000_000_000


def test_a_size_of_zero_means_the_computers_memory_too(fake_driver: Path, root: Path) -> None:
    gpu = detect_in_child("zero_total", root, fake_driver).devices[0]
    assert (gpu.kind, gpu.total_bytes, gpu.free_bytes) == (Kind.UNIFIED, 32 * GiB, 24 * GiB)


def test_parts_of_a_split_card_take_its_place(fake_driver: Path, root: Path) -> None:
    hardware = detect_in_child("a100_mig", root, fake_driver)
    first, second, whole = hardware.gpus
    assert [gpu.id for gpu in hardware.gpus] == ["nvidia:0", "nvidia:1", "nvidia:2"]
    assert [gpu.free_bytes for gpu in hardware.gpus] == [10400000000, 5000000000, 42000000000]
    for part in (first, second):
        assert part.pci_id is None  # they share the card's: never merged by it
        assert part.bandwidth_bytes_per_second is None  # not the whole card's
        assert "mig" in note_codes(part)
    assert whole.pci_id == "0000:08:00.0"
    assert whole.bandwidth_bytes_per_second == 1_555_200_000_000
    assert whole.reserve_bytes == 512 * MiB  # no display
    assert whole.multiprocessors == 108  # 64 cores each on the large Ampere


def test_a_lost_card_hides_no_other_and_is_lent_nothing(fake_driver: Path, root: Path) -> None:
    hardware = detect_in_child("lost", root, fake_driver)
    assert codes(hardware) == ["nvidia-gpu-lost", "nvidia-gpu-lost"]
    assert "GPU 0" in hardware.findings[0].text
    assert hardware.findings[1].text.startswith("NVIDIA GeForce RTX 3080: ")
    (working,) = hardware.gpus
    assert (working.id, working.name) == ("nvidia:0", "NVIDIA GeForce GTX 1080")
    assert working.free_bytes == 8000000000


def test_an_old_driver_without_the_second_memory_call(fake_driver: Path, root: Path) -> None:
    hardware = detect_in_child("no_v2", root, fake_driver)
    gpu = hardware.devices[0]
    assert hardware.cuda_version == (11, 4)
    assert (gpu.free_bytes, gpu.reserved_by_driver_bytes) == (8000000000, None)
    assert gpu.bandwidth_bytes_per_second == 320_320_000_000


def test_windows_display_driver_keeps_more(fake_driver: Path, root: Path) -> None:
    gpu = detect_in_child("wddm", root, fake_driver).devices[0]
    assert gpu.wddm
    assert gpu.reserve_bytes == 25757220864 // 16
    assert gpu.holders == (Holder("process 1423", None),)


@pytest.mark.parametrize(
    ("scenario", "total", "free"),
    [
        ("liar_more_free", 12878610432, 12878610432),
        ("liar_wrapped", 12878610432, 0),
        ("liar_total", 12 * GiB, 0),
    ],
)
def test_an_impossible_figure_is_clamped_and_noted(
    fake_driver: Path, root: Path, scenario: str, total: int, free: int
) -> None:
    gpu = detect_in_child(scenario, root, fake_driver).devices[0]
    assert (gpu.total_bytes, gpu.free_bytes) == (total, free)
    assert "driver-figure-corrected" in note_codes(gpu)
    assert ("total-assumed" in note_codes(gpu)) == (scenario == "liar_total")


def test_wsl_finds_its_library_and_counts_as_windows(fake_driver: Path, root: Path) -> None:
    write_files(root, {"proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2"})
    (root / "usr/lib/wsl/lib").mkdir(parents=True)
    shutil.copy(fake_driver / LIBRARY, root / "usr/lib/wsl/lib" / LIBRARY)
    gpu, ram = detect_in_child("rtx4070_desktop", root, None).devices
    assert (gpu.name, gpu.wddm) == ("NVIDIA GeForce RTX 4070", True)
    assert "wsl" in note_codes(ram)


def test_a_connected_screen_counts_where_the_driver_denies_it(fake_driver: Path, root: Path) -> None:
    card(root, 1, vendor="0x10de", driver="nvidia", pci_id="0000:08:00.0", display="connected")
    card(root, 0, vendor="0x10de", driver="nvidia", pci_id="0000:07:00.0", display="disconnected")
    whole = detect_in_child("a100_mig", root, fake_driver).gpus[-1]
    assert whole.display_active
    assert whole.reserve_bytes == 1024 * MiB
