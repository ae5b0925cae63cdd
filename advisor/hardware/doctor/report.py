"""The doctor's report as plain lines: versions, every memory, what is wrong; for the terminal and the window.

It is made to be pasted into an issue: no serial numbers, no user names, no home directories.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from advisor import __version__
from advisor.errors import EngineError
from advisor.hardware.device import Device, Hardware, Holder, Kind
from advisor.hardware.doctor.findings import EngineState, Finding, Severity
from advisor.units import format_bytes

SEVERITY_WORDS = {
    Severity.ERROR: "Problem",
    Severity.WARNING: "Could be better",
    Severity.INFO: "Good to know",
}

_KINDS = {
    Kind.DISCRETE: "memory of its own",
    Kind.INTEGRATED: "works in the RAM",
    Kind.UNIFIED: "shares the RAM",
}
_INDENT = "    "
_HOMES = re.compile(r"(?:/home|/Users|[A-Za-z]:\\Users)[/\\][^/\\\s\"']+")


class LineKind(StrEnum):
    """What a line is, for whoever can show it in colour."""

    QUIET = "quiet"
    NAME = "name"
    TEXT = "text"
    COMMAND = "command"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    kind: LineKind = LineKind.TEXT


def system_facts() -> dict[str, str]:
    """What a report needs to be understood: versions, and nothing that names a person or a computer."""
    return {
        "context_advisor": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "platform": sys.platform,
    }


def engine_state(binding: str | None, problem: EngineError | None) -> EngineState | None:
    """How the doctor is told of the engine: its version, or why there is none; None if it was not asked."""
    if binding is not None:
        return EngineState(binding)
    if problem is None:
        return None
    return EngineState(None if problem.code == "engine-missing" else "", problem.message)


def report_lines(
    hardware: Hardware,
    found: Sequence[Finding],
    *,
    binding: str | None = None,
    backends: Sequence[str] = (),
) -> tuple[Line, ...]:
    """The whole report. `binding` is llama-cpp-python's version, None where no engine answered."""
    lines = [
        *_of_system(binding, backends),
        *(line for device in hardware.devices for line in _of_device(device, found)),
        *_of_findings(found),
    ]
    return tuple(Line(without_homes(line.text), line.kind) for line in lines)


def device_lines(hardware: Hardware, found: Sequence[Finding] = ()) -> tuple[Line, ...]:
    """Every memory with its figures, holders and notes; notes that are findings are left to these."""
    lines = [line for device in hardware.devices for line in _of_device(device, found)]
    return tuple(lines[1:])  # without the first empty line


def report_text(lines: Sequence[Line]) -> str:
    """The report as one text."""
    return "".join(f"{line.text}\n" for line in lines)


def without_homes(text: str) -> str:
    """The text with every home directory written as "~", which a shell still understands."""
    try:
        home = Path.home()
    except RuntimeError:  # a service account may have none
        home = Path("/")
    if len(home.parts) > 1:  # a home of "/" hides nothing
        text = text.replace(str(home), "~")
    return _HOMES.sub("~", text)


def notes_beside(device: Device, found: Sequence[Finding]) -> tuple[str, ...]:
    """A device's notes that no finding repeats, each once."""
    said = {finding.text for finding in found}
    texts = dict.fromkeys(note.text for note in device.notes)
    return tuple(text for text in texts if not {text, f"{device.name}: {text}"} & said)


def _of_system(binding: str | None, backends: Sequence[str]) -> Iterator[Line]:
    facts = system_facts()
    yield Line(
        f"Context Advisor {facts['context_advisor']}, Python {facts['python']}, "
        f"{facts['system']} {facts['release']} {facts['machine']}",
        LineKind.QUIET,
    )
    if binding is not None:
        yield Line(f"llama-cpp-python {binding}, built for {', '.join(backends)}", LineKind.QUIET)


def _of_device(device: Device, found: Sequence[Finding]) -> Iterator[Line]:
    yield Line("")
    made_up = device.sources == ("assumed",)
    yield Line(", ".join([device.name, *_what_it_is(device, made_up=made_up)]), LineKind.NAME)
    yield Line(
        f"{_INDENT}{format_bytes(device.usable_bytes)} usable now, "
        f"{format_bytes(device.usable_if_others_closed_bytes)} with other programs closed"
    )
    free = "free is not told" if device.free_bytes is None else f"{format_bytes(device.free_bytes)} free now"
    kept = f"{format_bytes(device.reserve_bytes)} kept free"
    yield Line(f"{_INDENT}{format_bytes(device.total_bytes)} in all, {free}, {kept}")
    more = []
    if device.reserved_by_driver_bytes is not None:
        more.append(f"{format_bytes(device.reserved_by_driver_bytes)} reserved by the driver")
    if device.bandwidth_bytes_per_second is not None:
        more.append(f"{device.bandwidth_bytes_per_second / 1e9:,.0f} GB/s memory bandwidth")
    if more:
        yield Line(f"{_INDENT}{', '.join(more)}")
    if device.holders:
        yield Line(f"{_INDENT}held by {', '.join(_holder(holder) for holder in device.holders)}")
    if device.sources and not made_up:
        yield Line(f"{_INDENT}read from {', '.join(device.sources)}", LineKind.QUIET)
    for text in notes_beside(device, found):
        yield Line(f"{_INDENT}{text}", LineKind.QUIET)


def _what_it_is(device: Device, *, made_up: bool) -> Iterator[str]:
    """Its kind in words, and llama.cpp's name for it; the RAM needs neither."""
    if device.kind is Kind.CPU:
        return
    yield _KINDS[device.kind]
    if device.engine_device:
        yield f"{device.engine_device} in llama.cpp"
    elif not made_up:
        yield "not used by llama.cpp"


def _holder(holder: Holder) -> str:
    return holder.name if holder.n_bytes is None else f"{holder.name} {format_bytes(holder.n_bytes)}"


def _of_findings(found: Sequence[Finding]) -> Iterator[Line]:
    yield Line("")
    if not found:
        yield Line("Nothing is wrong.", LineKind.GOOD)
    for finding in found:
        kind = LineKind(finding.severity.value)
        yield Line(f"{SEVERITY_WORDS[finding.severity]}: {finding.text}", kind)
        if finding.command:
            yield Line(f"{_INDENT}{finding.command}", LineKind.COMMAND)
