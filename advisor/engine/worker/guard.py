"""The guard of a real load: a limit on this process, so that a wrong guess ends it and nothing else.

Linux: RLIMIT_DATA (the heap and private mappings; mapped files do not count), and first choice of the OOM
killer. Windows: a job object's limit on committed memory. Elsewhere there is none (see `pressure`).
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import memory_sample
from .memory_sample import Sample, own_bytes
from .native import Native
from .refusal import Refusal

MIB = 1024 * 1024
# Before the load: threads' stacks and a driver's own memory count as data, and are not known yet.
UNKNOWN_BYTES = 1024 * MIB
JOB_EXTENDED_LIMITS, LIMIT_PROCESS_MEMORY = 9, 0x100  # winnt.h

_MAPPED = re.compile(r"_Mapped model buffer size = *([\d.]+) MiB")


class JobLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of Windows' winnt.h, on 64 bits."""

    _fields_ = [
        ("times", ctypes.c_int64 * 2),
        ("LimitFlags", ctypes.c_uint32),
        ("sets", ctypes.c_size_t * 2),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("classes", ctypes.c_uint32 * 2),
        ("io", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("others", ctypes.c_size_t * 3),
    ]


def die_first() -> None:
    """Should memory run out all the same, this process is the one to end (Linux: proc(5), oom_score_adj)."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def limit_load(usable_bytes: int) -> None:
    """A first, wide limit for the load itself: `usable_bytes` and room for what is not known yet."""
    data_bytes = memory_sample.sample()["data_bytes"]
    if data_bytes is not None:
        _limit(data_bytes + usable_bytes + UNKNOWN_BYTES)


def limit_contexts(usable_bytes: int, before: Sample, log_lines: Sequence[str]) -> int | None:
    """The limit for what follows a load and a first decode: what was set, None where there is none.

    `usable_bytes` is what the whole load may take of the RAM, `before` the sample from before it. Threads'
    stacks, which are reserved and never used, count as data: so the limit is what is counted now, and what
    the load has left of `usable_bytes`.
    """
    now = memory_sample.sample()
    if now["data_bytes"] is None:
        return None
    used = mapped_bytes(log_lines) + (own_bytes(now) or 0) - (own_bytes(before) or 0)
    return set_limit(now["data_bytes"] + usable_bytes - used)


def set_limit(total_bytes: int) -> int | None:
    """The limit on all data of this process; raises Refusal if it has more already."""
    data_bytes = memory_sample.sample()["data_bytes"]
    if data_bytes is not None and total_bytes <= data_bytes:
        raise Refusal("memory", "The model alone takes all the memory that may be used.")
    return total_bytes if _limit(total_bytes) else None


def mapped_bytes(log_lines: Sequence[str]) -> int:
    """The weights that stay in the mapped file, by the log lines of a load (load_tensors)."""
    sizes = (found[1] for found in map(_MAPPED.search, log_lines) if found)
    return sum(int(float(size) * MIB) for size in sizes)


def _limit(total_bytes: int) -> bool:
    if sys.platform != "linux":
        return os.name == "nt" and _limit_job(total_bytes)
    import resource  # here: Windows has no such module

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (total_bytes if hard < 0 else min(total_bytes, hard), hard))
    return True


_JOBS: list[Native] = []  # a job ends with its last handle


def _limit_job(total_bytes: int) -> bool:
    loader: Native = ctypes
    kernel = loader.WinDLL("kernel32")
    for name in ("CreateJobObjectW", "GetCurrentProcess"):
        getattr(kernel, name).restype = ctypes.c_void_p
    pointer = ctypes.c_void_p
    kernel.SetInformationJobObject.argtypes = [pointer, ctypes.c_int, pointer, ctypes.c_uint32]
    kernel.AssignProcessToJobObject.argtypes = [pointer, pointer]
    if not _JOBS:
        job = kernel.CreateJobObjectW(None, None)
        if not job or not kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess()):
            return False
        _JOBS.append(job)
    limits = JobLimits(LimitFlags=LIMIT_PROCESS_MEMORY, ProcessMemoryLimit=total_bytes)
    return bool(
        kernel.SetInformationJobObject(
            _JOBS[0], JOB_EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        )
    )
