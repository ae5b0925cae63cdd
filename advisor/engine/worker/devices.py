"""The devices that this llama.cpp can use, as ggml lists them (ggml/include/ggml-backend.h)."""

from __future__ import annotations

import ctypes
from typing import Any

from .library import Library

# enum ggml_backend_dev_type
TYPES = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accel"}
HOST_TYPES = (0, 3)  # accelerators (BLAS, AMX) work in host memory


class DeviceProps(ctypes.Structure):
    """struct ggml_backend_dev_props, up to the field we read, with room for the rest."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("memory_free", ctypes.c_size_t),
        ("memory_total", ctypes.c_size_t),
        ("type", ctypes.c_int),
        ("device_id", ctypes.c_char_p),
        ("rest", ctypes.c_ubyte * 256),
    ]


class Devices:
    """ggml's device registry."""

    def __init__(self, library: Library) -> None:
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        self._count = library.symbol("ggml_backend_dev_count", ctypes.c_size_t)
        self._get = library.symbol("ggml_backend_dev_get", pointer, ctypes.c_size_t)
        self._name = library.symbol("ggml_backend_dev_name", text, pointer)
        self._description = library.symbol("ggml_backend_dev_description", text, pointer)
        self._type = library.symbol("ggml_backend_dev_type", ctypes.c_int, pointer)
        size = ctypes.POINTER(ctypes.c_size_t)
        self._memory = library.symbol("ggml_backend_dev_memory", None, pointer, size, size)
        self._props = library.symbol("ggml_backend_dev_get_props", None, pointer, ctypes.POINTER(DeviceProps))
        self._by_name = library.symbol("ggml_backend_dev_by_name", pointer, text)
        self._buffer_type = library.symbol("ggml_backend_dev_buffer_type", pointer, pointer)
        self._host_buffer_type = library.symbol("ggml_backend_dev_host_buffer_type", pointer, pointer)
        operation = (pointer, pointer)
        self._supports_op = library.symbol("ggml_backend_dev_supports_op", ctypes.c_bool, *operation)
        self._supports_buffer = library.symbol("ggml_backend_dev_supports_buft", ctypes.c_bool, *operation)
        self._buffer_name = library.symbol("ggml_backend_buft_name", text, pointer)
        self._buffer_device = library.symbol("ggml_backend_buft_get_device", pointer, pointer)
        self._reg_count = library.symbol("ggml_backend_reg_count", ctypes.c_size_t)
        self._reg_get = library.symbol("ggml_backend_reg_get", pointer, ctypes.c_size_t)
        self._reg_name = library.symbol("ggml_backend_reg_name", text, pointer)

    def all(self) -> list[dict[str, Any]]:
        """Every device with its memory. Asking a GPU for its memory opens its driver."""
        return [self._described(self._get(index)) for index in range(self._count())]

    def free_bytes(self) -> dict[str, int]:
        """What ggml says is free now on each device with memory of its own."""
        free = {}
        for index in range(self._count()):
            device = self._get(index)
            if self._type(device) not in HOST_TYPES:
                here, total = ctypes.c_size_t(), ctypes.c_size_t()
                self._memory(device, ctypes.byref(here), ctypes.byref(total))
                free[_text(self._name(device))] = here.value
        return free

    def backends(self) -> list[str]:
        return [_text(self._reg_name(self._reg_get(index))) for index in range(self._reg_count())]

    def by_name(self, name: str) -> int | None:
        found: int | None = self._by_name(name.encode("utf-8"))
        return found

    def buffer_types(self) -> dict[str, int]:
        """The buffer type of each device by name: what an override may name (common/arg.cpp)."""
        every = [self._buffer_type(self._get(index)) for index in range(self._count())]
        return {self.buffer_name(buffer_type): buffer_type for buffer_type in every if buffer_type}

    def devices_of_buffers(self) -> dict[str, str]:
        """Where the buffers lie that a log line may name: the name alone does not always tell."""
        devices = [self._get(index) for index in range(self._count())]
        every = [self._buffer_type(device) for device in devices]
        every += [self._host_buffer_type(device) for device in devices]
        return {self.buffer_name(known): self.device_of_buffer(known) for known in every if known}

    def work_on(self, device: int, operation: int) -> bool:
        """Whether any device can do it with what lies in the memory of `device`."""
        memory = self._buffer_type(device)
        every = (self._get(index) for index in range(self._count()))
        return any(self._supports_buffer(one, memory) and self._supports_op(one, operation) for one in every)

    def position(self, name: str) -> int:
        """The place of a device in ggml's own order."""
        names = [_text(self._name(self._get(index))) for index in range(self._count())]
        return names.index(name) if name in names else len(names)

    def buffer_name(self, buffer_type: int) -> str:
        return _text(self._buffer_name(buffer_type))

    def device_of_buffer(self, buffer_type: int) -> str:
        """The device in whose memory a buffer type lies; "CPU" for host memory of every kind.

        Pinned memory ("CUDA0_Host") belongs to the GPU's driver, and still it is the host's.
        """
        device = self._buffer_device(buffer_type)
        if not device or self._type(device) in HOST_TYPES or self.buffer_name(buffer_type).endswith("_Host"):
            return "CPU"
        return _text(self._name(device))

    def _described(self, device: int) -> dict[str, Any]:
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._memory(device, ctypes.byref(free), ctypes.byref(total))
        props = DeviceProps()
        self._props(device, ctypes.byref(props))
        name = self._name(device)
        # The id is believed only from a structure that reads as we know it.
        pci_id = _text(props.device_id) if props.name == name and props.memory_total == total.value else ""
        return {
            "name": _text(name),
            "description": _text(self._description(device)),
            "type": TYPES.get(self._type(device), "other"),
            "total_bytes": total.value,
            "free_bytes": free.value,
            "pci_id": pci_id or None,
        }


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
