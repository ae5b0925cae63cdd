"""`doctor`: what is wrong with engine and drivers, and the exact command that fixes it."""

from __future__ import annotations

import argparse
import platform
import sys

from rich.console import Console
from rich.text import Text

from advisor import __version__
from advisor.cli import documents
from advisor.cli.answer import plain, print_json, progress, text_console
from advisor.cli.computer import Computer, opened_computer
from advisor.cli.tables import print_devices
from advisor.hardware.findings import EngineState, Finding, Severity, findings
from advisor.hardware.report import hardware_to_dict

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: ""}


def run(args: argparse.Namespace) -> int:
    with (
        progress("Examining ...", quiet=args.quiet or args.json),
        opened_computer(args) as computer,
    ):
        found = findings(computer.hardware, _engine_state(computer), python=args.engine_python or "python")
    if args.json:
        print_json(
            documents.document(
                findings=[
                    {"code": it.code, "severity": str(it.severity), "text": it.text, "command": it.command}
                    for it in found
                ],
                engine=documents.engine(computer.engine),
                hardware=hardware_to_dict(computer.hardware),
                system=_system(),
            )
        )
    else:
        _print(text_console(), computer, found)
    return 4 if computer.engine is None and args.basis != "formula" else 0


def _engine_state(computer: Computer) -> EngineState | None:
    if computer.engine:
        return EngineState(computer.engine.binding)
    if computer.engine_problem is None:
        return None
    is_there = computer.engine_problem.code != "engine-missing"
    return EngineState("" if is_there else None, computer.engine_problem.message)


def _system() -> dict[str, str]:
    """What a report needs to be understood: versions, and nothing that names a person or a computer."""
    return {
        "context_advisor": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "platform": sys.platform,
    }


def _print(console: Console, computer: Computer, found: tuple[Finding, ...]) -> None:
    system = _system()
    console.print(
        Text(
            f"Context Advisor {system['context_advisor']}, Python {system['python']}, "
            f"{system['system']} {system['release']} {system['machine']}",
            "dim",
        )
    )
    engine = computer.engine
    if engine:
        backends = ", ".join(engine.backends)
        console.print(Text(f"llama-cpp-python {engine.binding}, built for {backends}", "dim"))
    console.print()
    print_devices(console, computer.hardware)
    console.print()
    if not found:
        console.print(Text("Nothing is wrong.", "green"))
    for finding in found:
        console.print(Text(plain(finding.text), COLOURS[finding.severity]))
        if finding.command:
            console.print(Text(f"    {finding.command}", "bold"))
