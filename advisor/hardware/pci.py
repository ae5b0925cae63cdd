"""Graphics cards by their PCI address, and their makers and names where the driver does not tell them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VENDORS = {0x10DE: "nvidia", 0x1002: "amd", 0x8086: "intel"}
_VENDOR_WORDS = {
    "nvidia": ("nvidia", "geforce", "rtx", "gtx", "quadro", "tesla"),
    "amd": ("amd", "radeon", "instinct"),
    "intel": ("intel",),
    "apple": ("apple",),
}

_ADDRESS = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", re.IGNORECASE)
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


def normal_pci_id(text: str | None) -> str | None:
    """One spelling for the same address: NVML writes "00000000:01:00.0", sysfs and ggml "0000:01:00.0"."""
    match = _ADDRESS.fullmatch((text or "").strip())
    if not match:
        return None
    domain, bus, device, function = match.groups()
    return f"{int(domain, 16):04x}:{bus.lower()}:{device.lower()}.{function}"


def name_words(name: str) -> frozenset[str]:
    """A name's words in lower case: "NVIDIA GeForce RTX 4070 Ti" -> nvidia, geforce, rtx, 4070, ti."""
    return frozenset(re.findall(r"[a-z0-9]+", name.lower()))


def vendor_of_name(name: str) -> str:
    """The maker of a GPU by the words of its name, "" if they do not tell."""
    words = re.findall(r"[a-z]+", name.lower())
    return next((vendor for vendor, marks in _VENDOR_WORDS.items() if set(marks) & set(words)), "")


def read_text(path: Path) -> str | None:
    """A small kernel file's text, or None. Never raises: attributes vanish and refuse as they like."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def read_int(path: Path) -> int | None:
    """A kernel file's number, decimal or 0x-prefixed, or None."""
    try:
        return int(read_text(path) or "", 0)
    except ValueError:
        return None


def cards(root: Path) -> Iterator[Card]:
    """The graphics cards in /sys/class/drm, by card number."""
    drm = root / "sys/class/drm"
    names = [name for name in _listing(drm) if _CARD.fullmatch(name)]
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
        for name in _listing(pci)
    )


def card_name(root: Path, card: Card) -> str | None:
    """What the card is called on its box, from the tables of libdrm and pciutils where installed."""
    own = read_text(card.folder / "product_name")
    return own or _amdgpu_name(root, card) or _pci_ids_name(root, card)


def _listing(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []


def _has_display(drm: Path, card: str) -> bool:
    connectors = (name for name in _listing(drm) if name.startswith(f"{card}-"))
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
