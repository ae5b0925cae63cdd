"""Intel's GPUs on Linux. Their drivers show neither size nor use without privileges, so both stay unknown."""

from __future__ import annotations

from pathlib import Path

from advisor.hardware.detectors.graphics_cards import Card, card_name, cards
from advisor.hardware.device import Kind
from advisor.hardware.reading import Detection, Reading, Role

_DRIVERS = ("i915", "xe")
# Intel's processors have their graphics at this address; cards sit behind a bridge, on another bus.
_PROCESSOR_GRAPHICS = "0000:00:02.0"


def detect(root: Path = Path("/")) -> Detection:
    """Every GPU that i915 or xe drives. Never raises."""
    return Detection(
        tuple(_read(root, card) for card in cards(root) if card.vendor == "intel" and card.driver in _DRIVERS)
    )


def _read(root: Path, card: Card) -> Reading:
    integrated = card.pci_id == _PROCESSOR_GRAPHICS
    return Reading(
        sources=("sysfs",),
        name=card_name(root, card) or ("Intel graphics" if integrated else "Intel GPU"),
        vendor="intel",
        kind=Kind.INTEGRATED if integrated else Kind.DISCRETE,
        backend="Vulkan",
        total_bytes=None,
        free_bytes=None,
        pci_id=card.pci_id,
        role=Role.SHARED if integrated else None,
        display_active=card.has_display,
    )
