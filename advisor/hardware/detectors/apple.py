"""Apple Silicon: one memory for everything, of which Metal lets the GPU use a part."""

from __future__ import annotations

import json
from collections.abc import Callable

from advisor.basis import Note
from advisor.hardware.detectors.command import Runner, run
from advisor.hardware.detectors.kernel_files import whole_number
from advisor.hardware.detectors.ram import VirtualMemory, read_virtual_memory
from advisor.hardware.device import Kind
from advisor.hardware.reading import Detection, Reading, Role
from advisor.units import GiB, MiB, format_bytes

_SYSCTL = (
    "/usr/sbin/sysctl",
    "hw.memsize",
    "machdep.cpu.brand_string",
    "iogpu.wired_limit_mb",
    "sysctl.proc_translated",
)
_SYSTEM_PROFILER = ("/usr/sbin/system_profiler", "SPDisplaysDataType", "-json")

# Chips that are sold with different numbers of GPU cores, and different bandwidths, under one name.
_NAMES_IN_TWO_VARIANTS = (" Max",)

_ROSETTA = Note(
    "rosetta",
    "This Python is made for Intel processors and runs translated (Rosetta): about ten times slower, and "
    "without Metal. Install Python for Apple Silicon.",
)


def detect(
    *, run: Runner = run, virtual_memory: Callable[[], VirtualMemory] = read_virtual_memory
) -> Detection:
    """The GPU of an Apple chip. Never raises; Macs with Intel processors have none that is read here."""
    try:
        facts = _sysctl(run(_SYSCTL))
    except OSError:
        return Detection(
            findings=(Note("sysctl-failed", "macOS did not tell what chip and memory this computer has."),)
        )
    findings = (_ROSETTA,) if facts.get("sysctl.proc_translated") == "1" else ()
    chip = facts.get("machdep.cpu.brand_string", "")
    memory_bytes = whole_number(facts.get("hw.memsize"))
    if not chip.startswith("Apple") or not memory_bytes:
        return Detection(findings=findings)
    set_limit = (whole_number(facts.get("iogpu.wired_limit_mb")) or 0) * MiB
    limit = min(set_limit, memory_bytes) if set_limit else working_set_limit(memory_bytes)
    notes = (_set_limit_note(limit),) if set_limit else ()
    return Detection(
        (
            Reading(
                sources=("sysctl",),
                name=chip,
                vendor="apple",
                kind=Kind.UNIFIED,
                backend="Metal",
                total_bytes=None,
                free_bytes=None,
                shared_total_bytes=limit,
                # The limit counts what all programs have pinned, the system included.
                shared_free_bytes=max(0, limit - _wired_bytes(virtual_memory)),
                role=Role.METAL,
                display_active=True,
                gpu_cores=_gpu_cores(run) if chip.endswith(_NAMES_IN_TWO_VARIANTS) else None,
                notes=notes,
            ),
        ),
        findings,
    )


def working_set_limit(memory_bytes: int) -> int:
    """What Metal lets the GPU use by default: two thirds of the memory, from 36 GiB on three quarters.

    Apple documents neither; the values are those that llama.cpp's Metal backend prints
    (recommendedMaxWorkingSetSize: 10922 of 16384 MiB, 73728 of 98304 MiB).
    """
    return memory_bytes * 3 // 4 if memory_bytes >= 36 * GiB else memory_bytes * 2 // 3


def _set_limit_note(limit_bytes: int) -> Note:
    text = (
        f"The GPU's share was set to {format_bytes(limit_bytes)} by hand (iogpu.wired_limit_mb). "
        "A restart resets it."
    )
    return Note("wired-limit", text)


def _sysctl(text: str) -> dict[str, str]:
    """Lines of "name: value"; names that this macOS does not know are missing."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _wired_bytes(virtual_memory: Callable[[], VirtualMemory]) -> int:
    """Nothing where the system does not tell: then it does not tell what is available, either."""
    try:
        return virtual_memory().wired_bytes
    except OSError:
        return 0


def _gpu_cores(run: Runner) -> int | None:
    try:
        displays = json.loads(run(_SYSTEM_PROFILER))["SPDisplaysDataType"]
        return next(int(entry["sppci_cores"]) for entry in displays if "sppci_cores" in entry)
    except (OSError, ValueError, KeyError, TypeError, StopIteration, OverflowError, RecursionError):
        return None
