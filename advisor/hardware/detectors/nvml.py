"""The door to NVIDIA's management library: typed answers, and no exception from any question.

Through pynvml (distribution nvidia-ml-py), which finds the library on Linux and Windows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.hardware.detectors.kernel_files import is_there

# Error codes (nvmlReturn_t of NVIDIA's header) that mean something to a person.
NOT_SUPPORTED = 3
NO_PERMISSION = 4
DRIVER_NOT_LOADED = 9
LIBRARY_NOT_FOUND = 12
GPU_IS_LOST = 15
VERSION_MISMATCH = 18
NO_CODE = -1  # the question failed in pynvml itself

_WSL_LIBRARY = "usr/lib/wsl/lib/libnvidia-ml.so.1"


@dataclass(frozen=True, slots=True)
class NvmlMemory:
    """A card's memory in bytes, as the driver says it."""

    total_bytes: int
    free_bytes: int
    reserved_bytes: int | None  # None from drivers without the second version of the question


class Nvml:
    """Questions to the driver. A question that fails answers None."""

    def __init__(self, pynvml: object) -> None:
        self._pynvml: Any = pynvml

    def start(self) -> int | None:
        """Attach to the driver: None if that worked, else NVML's error code."""
        return self._ask("nvmlInit")[1]

    def stop(self) -> None:
        self._ask("nvmlShutdown")

    def number(self, function: str, *arguments: object) -> int | None:
        return _whole(self._ask(function, *arguments)[0])

    def count(self) -> tuple[int | None, int | None]:
        """How many cards there are, or None with NVML's error code."""
        answer, code = self._ask("nvmlDeviceGetCount")
        n_cards = _whole(answer)
        return (n_cards, None) if n_cards is not None else (None, NO_CODE if code is None else code)

    def pair(self, function: str, *arguments: object) -> tuple[int, int] | None:
        answer, _ = self._ask(function, *arguments)
        match answer:
            case [int(first), int(second)]:
                return first, second
        return None

    def handle(self, function: str, *arguments: object) -> tuple[object | None, int | None]:
        """A card's or part's handle, or None with NVML's error code."""
        return self._ask(function, *arguments)

    def name(self, handle: object) -> str | None:
        return _text(self._ask("nvmlDeviceGetName", handle)[0])

    def bus_id(self, handle: object) -> str | None:
        return _text(getattr(self._ask("nvmlDeviceGetPciInfo", handle)[0], "busId", None))

    def max_memory_clock_mhz(self, handle: object) -> int | None:
        return self.number("nvmlDeviceGetMaxClockInfo", handle, getattr(self._pynvml, "NVML_CLOCK_MEM", 2))

    def memory(self, handle: object) -> tuple[NvmlMemory | None, int | None]:
        """The card's memory, or None with NVML's error code.

        The second version of the question tells the driver's reserve apart; old drivers know only the
        first. Of both, only `free` is used: `used` includes the reserve in one and not in the other.
        """
        version = getattr(self._pynvml, "nvmlMemory_v2", None)
        memory, code = self._ask("nvmlDeviceGetMemoryInfo", handle, version=version)
        if memory is None:
            memory, code = self._ask("nvmlDeviceGetMemoryInfo", handle)
        total, free, reserved = (
            _whole(getattr(memory, name, None)) for name in ("total", "free", "reserved")
        )
        if total is None or free is None:
            return None, NO_CODE if code is None else code
        return NvmlMemory(total, free, reserved), None

    def processes(self, handle: object) -> list[tuple[int, int | None]]:
        """(process id, bytes or None) of all that use the card; one that computes and draws comes twice."""
        found = []
        for function in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
            answer, _ = self._ask(function, handle)
            for process in answer if isinstance(answer, list) else ():
                pid = _whole(getattr(process, "pid", None))
                if pid is not None:
                    found.append((pid, _whole(getattr(process, "usedGpuMemory", None))))
        return found

    def _ask(self, function: str, *arguments: object, **options: object) -> tuple[Any, int | None]:
        try:
            return getattr(self._pynvml, function)(*arguments, **options), None
        except Exception as error:  # noqa: BLE001 - not all of pynvml's own are NVMLErrors, nor is its module sure
            code = _whole(getattr(error, "value", None))  # as an NVMLError has it
            return None, NO_CODE if code is None else code


def load(root: Path = Path("/"), platform: str = sys.platform) -> Nvml:
    """The library, loaded. Raises OSError where there is no driver library, ImportError without pynvml.

    Slow imports happen here and only where they are needed: most computers stop at the missing library.
    """
    import ctypes

    if platform == "linux":
        # In WSL the library is not always where the loader looks. Loaded once by its path, the later load
        # by name finds it, since both carry the same SONAME.
        wsl_library = root / _WSL_LIBRARY
        ctypes.CDLL(str(wsl_library) if is_there(wsl_library) else "libnvidia-ml.so.1")
    import pynvml

    return Nvml(pynvml)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else None
