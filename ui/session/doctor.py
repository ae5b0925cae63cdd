"""The doctor, asked about the computer that the session knows."""

from __future__ import annotations

from advisor.hardware.device import Hardware
from advisor.hardware.doctor.findings import Finding, findings
from advisor.hardware.doctor.report import engine_state, report_lines, report_text, without_homes

from ui.session.session import Session
from ui.session.state import EngineState


def findings_of(hardware: Hardware, engine: EngineState, python: str = "python") -> tuple[Finding, ...]:
    """What is wrong, the gravest first. Of an engine that is still starting nothing is said.

    `python` is how commands call the engine's Python.
    """
    binding = engine.facts.binding if engine.facts else None
    return findings(hardware, engine_state(binding, engine.problem), python=python)


def report_of(hardware: Hardware, engine: EngineState, python: str = "python") -> str:
    """The text that `context-advisor doctor` prints."""
    found = findings_of(hardware, engine, python)
    if engine.facts is None:
        return report_text(report_lines(hardware, found))
    return report_text(
        report_lines(hardware, found, binding=engine.facts.binding, backends=engine.facts.backends)
    )


def diagnostics_of(session: Session, log: str) -> str:
    """What an issue needs: the doctor's report as far as the computer was read, and the window's log."""
    if session.hardware is not None:
        report = report_of(
            session.hardware, session.engine, session.computer.engine_choice.python_in_commands
        )
    else:
        error = session.hardware_error
        report = report_text(report_lines(Hardware((), ()), ())[:1])  # the versions
        report += f"{error.message if error else 'The memory of this computer was not read yet.'}\n"
    return without_homes(f"{report}\nLog\n{log}")
