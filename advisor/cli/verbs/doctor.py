"""`doctor`: what is wrong with engine and drivers, and the exact command that fixes it."""

from __future__ import annotations

import argparse

from advisor.cli.asked.computer import Computer, opened_computer
from advisor.cli.documents.document import document, print_json
from advisor.cli.documents.plan import engine_to_dict
from advisor.cli.text.console import progress, text_console
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
            document(
                findings=[
                    {"code": it.code, "severity": str(it.severity), "text": it.text, "command": it.command}
                    for it in found
                ],
                engine=engine_to_dict(computer.engine),
                hardware=hardware_to_dict(computer.hardware),
                system=system_facts(),
            )
        )
    else:
        _print(computer, found)
    return 4 if computer.engine is None and args.basis != "formula" else 0


def _print(computer: Computer, found: tuple[Finding, ...]) -> None:
    from advisor.cli.text.lines import print_lines  # rich, which --json does not need

    engine = computer.engine
    lines = report_lines(
        computer.hardware,
        found,
        binding=engine.binding if engine else None,
        backends=engine.backends if engine else (),
    )
    print_lines(text_console(), lines)
