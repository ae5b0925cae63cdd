"""Whether the devices can work on the tensors of a KV cache, asked of ggml before llama.cpp is asked.

llama.cpp's cache is in place before its graph is shared out, so an operation on it cannot move: where no
backend that uses that memory supports it, the process ends (ggml/src/ggml-backend.cpp:
ggml_backend_sched_backend_id_from_cur). First asked is the tensor itself, an operation of no effect, then the
one that writes to it. A Vulkan device says no above its maxStorageBufferRange, or its maxBufferSize
(ggml/src/ggml-vulkan/ggml-vulkan.cpp: ggml_backend_vk_device_supports_op).
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Any

from .devices import Devices
from .library import Library
from .limits import CACHE_TYPES
from .native import Native
from .refusal import Refusal

F32, I64 = 0, 27  # enum ggml_type
N_TENSORS = 4  # of one question: the cache, what is written, where, the operation


class InitParameters(ctypes.Structure):
    """struct ggml_init_params."""

    _fields_ = [("mem_size", ctypes.c_size_t), ("mem_buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool)]


class CacheCheck:
    """ggml's answers; nothing is allocated for them but the descriptions of the tensors."""

    def __init__(self, library: Library, devices: Devices) -> None:
        self._devices = devices
        pointer, count = ctypes.c_void_p, ctypes.c_int64
        self._init = library.symbol("ggml_init", pointer, InitParameters)
        self._free = library.symbol("ggml_free", None, pointer)
        self._overhead = library.symbol("ggml_tensor_overhead", ctypes.c_size_t)
        self._block = library.symbol("ggml_blck_size", count, ctypes.c_int)
        self._tensor = library.symbol("ggml_new_tensor_2d", pointer, pointer, ctypes.c_int, count, count)
        self._set_rows = library.symbol("ggml_set_rows", pointer, pointer, pointer, pointer, pointer)

    def check(self, tensors: list[dict[str, Any]]) -> None:
        """Raises Refusal for the first tensor over which llama.cpp would end this process."""
        for tensor in tensors:
            device, cache_type = self._devices.by_name(tensor["device"]), CACHE_TYPES[tensor["cache_type"]]
            # llama.cpp says no by itself to rows that are not of whole blocks.
            if device is not None and tensor["n_elements"] % self._block(cache_type) == 0:
                self._check(tensor, device, cache_type)

    def _check(self, tensor: dict[str, Any], device: int, cache_type: int) -> None:
        n_elements, n_written = tensor["n_elements"], tensor["n_written"]
        with self._descriptions() as context:
            cache = self._tensor(context, cache_type, n_elements, tensor["n_rows"])
            if not self._devices.work_on(device, cache):
                raise Refusal("device", "{device} cannot work on {name} in one piece.".format(**tensor))
            rows = self._tensor(context, F32, n_elements, n_written)
            places = self._tensor(context, I64, n_written, 1)
            if not self._devices.work_on(device, self._set_rows(context, cache, rows, places)):
                message = "{device} cannot write {n_written} rows of {cache_type} to {name} at once."
                raise Refusal("device", message.format(**tensor))

    @contextlib.contextmanager
    def _descriptions(self) -> Iterator[Native]:
        context = self._init(InitParameters(N_TENSORS * self._overhead(), None, True))
        try:
            yield context
        finally:
            self._free(context)
