"""Reading the machine's facts from what its tools and files say."""

from __future__ import annotations

from pathlib import Path

import pytest
from environment.machine import (
    Gpu,
    architecture,
    gpus_from_names,
    gpus_from_pci,
    look,
    lowest_capability,
    nvcc_version,
)


def pci(root: Path, address: str, device_class: str, vendor: str) -> None:
    (root / address).mkdir()
    (root / address / "class").write_text(device_class + "\n")
    (root / address / "vendor").write_text(vendor + "\n")


def test_graphics_cards_are_found_by_class_and_maker(tmp_path: Path) -> None:
    pci(tmp_path, "0000:00:02.0", "0x030000", "0x8086")
    pci(tmp_path, "0000:01:00.0", "0x030200", "0x10de")
    pci(tmp_path, "0000:02:00.0", "0x020000", "0x8086")  # a network card
    pci(tmp_path, "0000:03:00.0", "0x030000", "0x1234")  # a virtual display
    (tmp_path / "0000:04:00.0").mkdir()  # unreadable
    assert gpus_from_pci(tmp_path) == (Gpu("intel", "Intel GPU"), Gpu("nvidia", "NVIDIA GPU"))
    assert gpus_from_pci(tmp_path / "none") == ()


def test_names_from_windows_give_the_maker() -> None:
    names = "NVIDIA GeForce RTX 4070\r\nAMD Radeon(TM) Graphics\r\nIntel(R) UHD Graphics\r\nBasic Display\r\n"
    assert [gpu.vendor for gpu in gpus_from_names(names)] == ["nvidia", "amd", "intel"]
    assert gpus_from_names("") == ()


def test_the_oldest_card_decides_the_capability() -> None:
    assert lowest_capability("NVIDIA GeForce RTX 4070, 8.9\nNVIDIA GeForce GTX 1080, 6.1\n") == (6, 1)
    assert lowest_capability("NVIDIA GeForce GTX 1080, [N/A]\n") is None
    assert lowest_capability("") is None


@pytest.mark.parametrize(
    ("answer", "version"),
    [("Cuda compilation tools, release 12.4, V12.4.131", (12, 4)), ("", None), ("nvcc: not found", None)],
)
def test_the_version_of_nvcc(answer: str, version: tuple[int, int] | None) -> None:
    assert nvcc_version(answer) == version


def test_processors_have_one_name_each() -> None:
    assert [architecture(name) for name in ("AMD64", "aarch64", "x86_64")] == ["x86_64", "arm64", "x86_64"]


def test_looking_at_this_machine_does_not_fail() -> None:
    assert look().architecture
