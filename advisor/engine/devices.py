"""The engine's devices as `advisor.hardware` takes them in."""

from __future__ import annotations

from advisor.engine.protocol import EngineInfo
from advisor.hardware.engine_devices import EngineDevice


def devices_of(info: EngineInfo | None) -> tuple[EngineDevice, ...]:
    """Every device of the engine in its order; none where there is no engine."""
    if info is None:
        return ()
    return tuple(
        EngineDevice(
            name=device.name,
            description=device.description,
            backend=device.name.rstrip("0123456789"),  # ggml numbers a backend's devices: "CUDA0", "CUDA1"
            kind=device.type,
            total_bytes=device.total_bytes,
            free_bytes=device.free_bytes,
            pci_id=device.pci_id,
        )
        for device in info.devices
    )
