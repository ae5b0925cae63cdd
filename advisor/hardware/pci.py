"""PCI addresses and makers' numbers: by these, what several drivers say is known to be of one card."""

from __future__ import annotations

import re

VENDORS = {0x10DE: "nvidia", 0x1002: "amd", 0x8086: "intel"}

_ADDRESS = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", re.IGNORECASE)


def normal_pci_id(text: str | None) -> str | None:
    """One spelling for the same address: NVML writes "00000000:01:00.0", sysfs and ggml "0000:01:00.0"."""
    match = _ADDRESS.fullmatch((text or "").strip())
    if not match:
        return None
    domain, bus, device, function = match.groups()
    return f"{int(domain, 16):04x}:{bus.lower()}:{device.lower()}.{function}"
