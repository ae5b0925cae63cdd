"""Whether the system asks its programs for memory back: macOS alone says so in a number.

It has no limit on what one process allocates, so there this takes the guard's place.
"""

from __future__ import annotations

import ctypes
import platform

NAME = b"kern.memorystatus_vm_pressure_level"
WARNING = 2  # 1 is normal, 4 is critical (DISPATCH_MEMORYPRESSURE_*)


def is_high() -> bool:
    """True from "warning" on; False on a system that does not tell."""
    if platform.system() != "Darwin":
        return False
    level, size = ctypes.c_int(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
    failed = ctypes.CDLL(None).sysctlbyname(
        NAME, ctypes.byref(level), ctypes.byref(size), None, ctypes.c_size_t(0)
    )
    return failed == 0 and level.value >= WARNING
