"""What is wrong with this computer's memory and engine, in sentences, each with the exact command if one
puts it right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from advisor.basis import Note
from advisor.hardware.device import Device, Hardware, Kind
from advisor.hardware.engine_devices import cpu_only_sentence
from advisor.hardware.install_command import install_command
from advisor.units import GiB, format_bytes

# Less is a browser and a desktop; nothing to bring up.
_WORTH_MENTIONING_BYTES = 1 * GiB
_NAMED_HOLDERS = 3


class Severity(StrEnum):
    """How much a finding matters, gravest first."""

    ERROR = "error"  # something that should work does not
    WARNING = "warning"  # it works, worse than it could
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know, and the command that changes it, where there is one."""

    code: str
    severity: Severity
    text: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class EngineState:
    """The engine, as far as the doctor judges it here. `binding` is llama-cpp-python's version, None if it is
    not installed; `problem` is why it does not start, in a sentence."""

    binding: str | None
    problem: str | None = None


_ERRORS = (
    "gpu-build-no-device",
    "nvidia-driver-error",
    "nvidia-driver-mismatch",
    "nvidia-driver-not-loaded",
    "nvidia-gpu-lost",
    "ram-unreadable",
    "rosetta",
)
_INFOS = ("wsl", "mig", "memory-assumed")
# Notes on a device that the doctor repeats.
_DEVICE_NOTES = (
    *(
        "memory-limit",
        "wsl",
        "wired-limit",
        "carve-out",
        "software-gpu",
        "nvidia-gpu-lost",
        "memory-unreadable",
    ),
    *("total-unknown", "free-unknown", "driver-figure-corrected", "engine-cannot-use", "ram-unreadable"),
)


def findings(
    hardware: Hardware,
    engine: EngineState | None = None,
    *,
    python: str = "python",
    platform: str = sys.platform,
) -> tuple[Finding, ...]:
    """Everything worth saying, the gravest first. `engine` is None where it was not asked.

    `python` is how the user calls the Python that the engine belongs to.
    """
    found = [
        *_of_engine(hardware, engine, python, platform),
        *(_of_note(note, hardware, python, platform) for note in hardware.findings),
        *(
            finding
            for device in hardware.devices
            for finding in _of_device(device)
            if finding.code != "memory-held" or not hardware.made_up  # there it is our own assumption
        ),
    ]
    return tuple(sorted(dict.fromkeys(found), key=_gravity))


def _gravity(finding: Finding) -> tuple[int, bool]:
    """Gravest first. Of the errors, the most common one leads: a GPU that the installed build cannot use."""
    return list(Severity).index(finding.severity), finding.code != "cpu-only-build"


def _of_engine(
    hardware: Hardware, engine: EngineState | None, python: str, platform: str
) -> Iterator[Finding]:
    if engine is None:
        return
    if engine.binding is None:
        text = "llama-cpp-python is not installed: answers come from the formula, and nothing can be proved."
        command = _install(hardware, python, platform, replace_existing=False)
        yield Finding("engine-missing", Severity.ERROR, engine.problem or text, command)
    elif engine.problem is not None:
        command = _install(hardware, python, platform, replace_existing=True)
        yield Finding("engine-broken", Severity.ERROR, engine.problem, command)


def _of_note(note: Note, hardware: Hardware, python: str, platform: str) -> Finding:
    severity = Severity.ERROR if note.code in _ERRORS else Severity.WARNING
    if note.code in _INFOS:
        severity = Severity.INFO
    text, command = note.text, None
    linux = platform == "linux"
    gpu = _best_idle(hardware)
    if note.code == "cpu-only-build":
        severity = Severity.ERROR
        # A GPU of unknown size is no device to plan for; then the note itself, command and all, must do.
        if gpu:
            text = cpu_only_sentence(gpu.name)
            command = _install(hardware, python, platform, replace_existing=True)
            # What graphics of a processor would add is little: they work in the same RAM.
            severity = Severity.INFO if gpu.kind is Kind.INTEGRATED else severity
    elif note.code == "gpu-build-no-device" and linux and any(g.vendor == "nvidia" for g in hardware.gpus):
        text += " After standby, loading the driver's memory module again often helps."
        command = "sudo rmmod nvidia_uvm && sudo modprobe nvidia_uvm"
    elif note.code == "nvidia-driver-not-loaded" and linux:
        command = "sudo modprobe nvidia"
    elif note.code == "nvidia-driver-mismatch" and linux:
        command = "sudo reboot"
    elif note.code == "nvidia-ml-py-missing":
        command = f"{python} -m pip install nvidia-ml-py"
    return Finding(note.code, severity, text, command)


def _of_device(device: Device) -> Iterator[Finding]:
    for note in device.notes:
        if note.code in _DEVICE_NOTES:
            severity = Severity.ERROR if note.code in _ERRORS else Severity.INFO
            text = note.text if device.kind is Kind.CPU else f"{device.name}: {note.text}"
            yield Finding(note.code, severity, text)
    if device.free_bytes is None or device.shares_ram:
        return
    held = device.total_bytes - (device.reserved_by_driver_bytes or 0) - device.free_bytes
    if held < _WORTH_MENTIONING_BYTES:
        return
    named = [holder for holder in device.holders if holder.n_bytes][:_NAMED_HOLDERS]
    names = ", ".join(f"{holder.name} {format_bytes(holder.n_bytes or 0)}" for holder in named)
    command = next((holder.release_command for holder in device.holders if holder.release_command), None)
    yield Finding(
        "memory-held",
        # A model that another program keeps loaded can be put away at once; a desktop cannot.
        Severity.WARNING if command else Severity.INFO,
        f"Other programs hold {format_bytes(held)} of {device.name}{f' ({names})' if names else ''}.",
        command,
    )


def _best_idle(hardware: Hardware) -> Device | None:
    """The GPU that an engine should be installed for: the first that the installed one does not use."""
    return next((gpu for gpu in hardware.gpus if gpu.engine_device is None), None)


def _install(hardware: Hardware, python: str, platform: str, *, replace_existing: bool) -> str:
    gpu = _best_idle(hardware) or next(iter(hardware.gpus), None)
    return install_command(
        gpu.vendor if gpu else "",
        hardware.cuda_version,
        gpu.compute_capability if gpu else None,
        replace_existing=replace_existing,
        python=python,
        platform=platform,
    )
