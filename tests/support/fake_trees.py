"""Made-up /proc, /sys and control group trees for detectors that read below an injected root."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from advisor.units import GiB, KiB


def write_files(root: Path, files: Mapping[str, str | int]) -> Path:
    """Write small files below `root`, as the kernel shows them: with a newline at the end."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n", encoding="utf-8")
    return root


def meminfo(root: Path, total_bytes: int = 32 * GiB, available_bytes: int = 24 * GiB) -> Path:
    """A /proc/meminfo with plenty of swap, which must not count."""
    text = (
        f"MemTotal:       {total_bytes // KiB} kB\nMemFree:        {GiB // KiB} kB\n"
        f"MemAvailable:   {available_bytes // KiB} kB\nSwapTotal:      {64 * GiB // KiB} kB\n"
        f"SwapFree:       {64 * GiB // KiB} kB\nHugePages_Total:       0"
    )
    return write_files(root, {"proc/meminfo": text})


def card(
    root: Path,
    number: int,
    *,
    vendor: str,
    driver: str,
    pci_id: str,
    device: str = "0x744c",
    revision: str = "0xc8",
    files: Mapping[str, str | int] | None = None,
    display: str | None = None,
) -> Path:
    """A graphics card in /sys/class/drm; `display` is the state of its connector."""
    folder = f"sys/class/drm/card{number}/device"
    write_files(
        root,
        {
            f"{folder}/vendor": vendor,
            f"{folder}/device": device,
            f"{folder}/revision": revision,
            f"{folder}/uevent": f"DRIVER={driver}\nPCI_CLASS=30000\nPCI_SLOT_NAME={pci_id}",
            **{f"{folder}/{name}": content for name, content in (files or {}).items()},
        },
    )
    if display is not None:
        write_files(root, {f"sys/class/drm/card{number}-DP-1/status": display})
    return root


def amd_card(
    root: Path,
    number: int = 0,
    *,
    vram: int,
    vram_used: int = 0,
    gtt: int,
    gtt_used: int = 0,
    pci_id: str = "0000:03:00.0",
    device: str = "0x744c",
    revision: str = "0xc8",
    files: Mapping[str, str | int] | None = None,
    display: str | None = None,
) -> Path:
    """A card that amdgpu drives, with its memory in bytes."""
    return card(
        root,
        number,
        vendor="0x1002",
        driver="amdgpu",
        pci_id=pci_id,
        device=device,
        revision=revision,
        files={
            "mem_info_vram_total": vram,
            "mem_info_vram_used": vram_used,
            "mem_info_gtt_total": gtt,
            "mem_info_gtt_used": gtt_used,
            **(files or {}),
        },
        display=display,
    )


def pci_device(root: Path, pci_id: str, vendor: str, pci_class: str) -> Path:
    """A device on the PCI bus, with or without a driver."""
    folder = f"sys/bus/pci/devices/{pci_id}"
    return write_files(root, {f"{folder}/vendor": vendor, f"{folder}/class": pci_class})


def process(root: Path, pid: int, name: str, *command: str) -> Path:
    """A running program in /proc."""
    return write_files(root, {f"proc/{pid}/comm": name, f"proc/{pid}/cmdline": "\0".join(command)})
