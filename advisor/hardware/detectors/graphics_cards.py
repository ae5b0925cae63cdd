"""Graphics cards on Linux, as the kernel lists them, and what they are called where no driver tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from advisor.hardware.detectors.kernel_files import entries, read_int, read_text
from advisor.hardware.pci import VENDORS, normal_pci_id

_CARD = re.compile(r"card\d+")
_DISPLAY_CLASS = "0x03"


@dataclass(frozen=True, slots=True)
class Card:
    """One graphics card of /sys/class/drm: `folder` is its PCI device's folder."""

    folder: Path
    vendor: str
    device_id: int
    revision: int
    pci_id: str | None
    driver: str
    has_display: bool


def cards(root: Path) -> Iterator[Card]:
    """The graphics cards in /sys/class/drm, by card number."""
    drm = root / "sys/class/drm"
    names = [name for name in entries(drm) if _CARD.fullmatch(name)]
    for name in sorted(names, key=lambda name: int(name.removeprefix("card"))):
        folder = drm / name / "device"
        uevent = dict(
            line.split("=", 1) for line in (read_text(folder / "uevent") or "").splitlines() if "=" in line
        )
        yield Card(
            folder=folder,
            vendor=VENDORS.get(read_int(folder / "vendor") or 0, ""),
            device_id=read_int(folder / "device") or 0,
            revision=read_int(folder / "revision") or 0,
            pci_id=normal_pci_id(uevent.get("PCI_SLOT_NAME")),
            driver=uevent.get("DRIVER", ""),
            has_display=_has_display(drm, name),
        )


def has_nvidia_card(root: Path) -> bool:
    """True if a display-class NVIDIA device is on the PCI bus, whether or not a driver drives it."""
    pci = root / "sys/bus/pci/devices"
    return any(
        VENDORS.get(read_int(pci / name / "vendor") or 0) == "nvidia"
        and (read_text(pci / name / "class") or "").startswith(_DISPLAY_CLASS)
        for name in entries(pci)
    )


def card_name(root: Path, card: Card) -> str | None:
    """What the card is called on its box, from the tables of libdrm and pciutils where installed."""
    own = read_text(card.folder / "product_name")
    return own or _amdgpu_name(root, card) or _pci_ids_name(root, card)


def _has_display(drm: Path, card: str) -> bool:
    connectors = (name for name in entries(drm) if name.startswith(f"{card}-"))
    return any(read_text(drm / name / "status") == "connected" for name in connectors)


def _amdgpu_name(root: Path, card: Card) -> str | None:
    """libdrm's amdgpu.ids: lines of "device, revision, name", both numbers in bare hexadecimal."""
    if card.vendor != "amd":
        return None
    for line in (read_text(root / "usr/share/libdrm/amdgpu.ids") or "").splitlines():
        fields = [field.strip() for field in line.split(",", 2)]
        if len(fields) == 3 and fields[:2] == [f"{card.device_id:04X}", f"{card.revision:02X}"]:
            return fields[2]
    return None


def _pci_ids_name(root: Path, card: Card) -> str | None:
    """pci.ids: a vendor starts at the left margin, its devices follow, each after one tab.

    The marketing name stands in brackets, if anywhere: "Battlemage G21 [Arc B580]".
    """
    vendor_code = next((code for code, name in VENDORS.items() if name == card.vendor), None)
    if vendor_code is None:
        return None
    for path in ("usr/share/hwdata/pci.ids", "usr/share/misc/pci.ids"):
        inside = False
        for line in (read_text(root / path) or "").splitlines():
            if inside and line.startswith(f"\t{card.device_id:04x}  "):
                name = line.split("  ", 1)[1].strip()
                bracket = re.search(r"\[(.+)\]", name)
                return bracket[1] if bracket else name
            if line[:1].isalnum():
                if inside:
                    break
                inside = line.startswith(f"{vendor_code:04x}  ")
    return None
