"""AMD's GPUs on Linux, from the amdgpu driver's files in sysfs: no root, no extra package."""

from __future__ import annotations

from pathlib import Path

from advisor.hardware.detectors.graphics_cards import Card, card_name, cards
from advisor.hardware.detectors.kernel_files import is_there, read_int
from advisor.hardware.device import Kind
from advisor.hardware.reading import Detection, Reading, processor_graphics
from advisor.units import GiB

# A graphics part of a processor gets little memory of its own and may borrow much more.
_LARGEST_CARVE_OUT_BYTES = 4 * GiB
_SMALLEST_GTT_BYTES = 8 * GiB


def detect(root: Path = Path("/")) -> Detection:
    """Every GPU that amdgpu drives. Never raises."""
    return Detection(
        tuple(
            reading
            for card in cards(root)
            if card.vendor == "amd" and (reading := _read(root, card)) is not None
        )
    )


def _read(root: Path, card: Card) -> Reading | None:
    vram = read_int(card.folder / "mem_info_vram_total")
    if vram is None:
        return None  # another driver (radeon, simpledrm): nothing that llama.cpp could use
    vram_used = read_int(card.folder / "mem_info_vram_used")
    gtt = read_int(card.folder / "mem_info_gtt_total") or 0
    gtt_used = read_int(card.folder / "mem_info_gtt_used") or 0
    reading = Reading(
        sources=("amdgpu",),
        name=card_name(root, card) or "AMD GPU",
        vendor="amd",
        kind=Kind.DISCRETE,
        backend="Vulkan",
        total_bytes=vram,
        free_bytes=None if vram_used is None else max(0, vram - vram_used),
        shared_total_bytes=gtt,
        shared_free_bytes=max(0, gtt - gtt_used),
        pci_id=card.pci_id,
        display_active=card.has_display,
    )
    return processor_graphics(reading) if _is_processor_graphics(card, vram, gtt) else reading


def _is_processor_graphics(card: Card, vram: int, gtt: int) -> bool:
    """amdgpu shows a board's form and the maker of its memory chips for cards alone; older kernels show
    neither, and then the sizes must tell."""
    if is_there(card.folder / "board_info") or is_there(card.folder / "mem_info_vram_vendor"):
        return False
    return vram <= _LARGEST_CARVE_OUT_BYTES and gtt >= max(_SMALLEST_GTT_BYTES, 4 * vram)
