"""Graphics adapters on Windows, of every maker: their size, and what the system grants of it.

Not verified on a real Windows machine (see `dxgi`); what it makes of recorded answers is tested.
"""

from __future__ import annotations

from collections.abc import Callable

from advisor.basis import Note
from advisor.hardware.detectors.dxgi import Adapter, read_adapters, read_registry_sizes
from advisor.hardware.device import Kind
from advisor.hardware.gpu_names import vendor_of_name
from advisor.hardware.pci import VENDORS
from advisor.hardware.reading import Detection, Reading, Role
from advisor.units import GiB

_BACKENDS = {"nvidia": "CUDA"}
# Graphics of a processor get up to this from the firmware by default; no card that llama.cpp could use is
# as small. Larger carve-outs are known by name or by the engine.
_LARGEST_DEFAULT_CARVE_OUT_BYTES = 1 * GiB


def detect(
    *,
    adapters: Callable[[], tuple[Adapter, ...]] = read_adapters,
    registry_sizes: Callable[[], tuple[tuple[str, int], ...]] = read_registry_sizes,
) -> Detection:
    """The adapters from DXGI or, where that fails, from the registry (sizes only). Never raises."""
    try:
        return Detection(tuple(_from_dxgi(adapter) for adapter in adapters()))
    except OSError:
        pass
    try:
        readings = tuple(_from_registry(name, size) for name, size in registry_sizes() if size > 0)
    except OSError:
        readings = ()
    note = Note("dxgi-failed", "Windows did not tell how much graphics memory it grants.")
    return Detection(readings, (note,))


def _from_dxgi(adapter: Adapter) -> Reading:
    vendor = VENDORS.get(adapter.vendor_id, "")
    integrated = vendor != "nvidia" and adapter.dedicated_bytes < _LARGEST_DEFAULT_CARVE_OUT_BYTES
    budget = adapter.budget_bytes
    left = None if budget is None else max(0, budget - (adapter.usage_bytes or 0))
    return Reading(
        sources=("dxgi",),
        name=adapter.name,
        vendor=vendor,
        kind=Kind.INTEGRATED if integrated else Kind.DISCRETE,
        backend=_BACKENDS.get(vendor, "Vulkan"),
        total_bytes=adapter.dedicated_bytes,
        free_bytes=0 if integrated else left,
        # The budget of processor graphics covers what it borrows, too.
        shared_total_bytes=adapter.shared_bytes,
        shared_free_bytes=left if integrated and left is not None else adapter.shared_bytes,
        budget_bytes=None if integrated else budget,
        role=Role.SHARED if integrated else Role.WDDM,
    )


def _from_registry(name: str, size: int) -> Reading:
    vendor = vendor_of_name(name)
    return Reading(
        sources=("registry",),
        name=name,
        vendor=vendor,
        kind=Kind.DISCRETE,
        backend=_BACKENDS.get(vendor, "Vulkan"),
        total_bytes=size,
        free_bytes=None,
        role=Role.WDDM,
    )
