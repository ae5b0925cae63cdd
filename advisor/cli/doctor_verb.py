"""`doctor`: what is wrong with engine and drivers, and the exact command that fixes it."""

from __future__ import annotations

import argparse

from rich.console import Console

from advisor.cli import documents
from advisor.cli.answer import print_json, progress, text_console
from advisor.cli.computer import Computer, opened_computer
from advisor.cli.tables import print_lines
from advisor.hardware.doctor.findings import Finding, findings
from advisor.hardware.doctor.report import engine_state, report_lines, system_facts
from advisor.hardware.document import hardware_to_dict


def run(args: argparse.Namespace) -> int:
    with (
        progress("Examining ...", quiet=args.quiet or args.json),
        opened_computer(args) as computer,
    ):
        state = engine_state(computer.engine.binding if computer.engine else None, computer.engine_problem)
        found = findings(computer.hardware, state, python=args.engine_python or "python")
    if args.json:
        print_json(
            documents.document(
                findings=[
                    {"code": it.code, "severity": str(it.severity), "text": it.text, "command": it.command}
                    for it in found
                ],
                engine=documents.engine(computer.engine),
                hardware=hardware_to_dict(computer.hardware),
                system=system_facts(),
            )
        )
    else:
        _print(text_console(), computer, found)
    return 4 if computer.engine is None and args.basis != "formula" else 0


def _print(console: Console, computer: Computer, found: tuple[Finding, ...]) -> None:
    engine = computer.engine
    lines = report_lines(
        computer.hardware,
        found,
        binding=engine.binding if engine else None,
        backends=engine.backends if engine else (),
    )
    print_lines(console, lines)
