"""`devices`: what memory this computer has, and how much of it a model may take."""

from __future__ import annotations

import argparse

from advisor.cli.asked.computer import opened_computer
from advisor.cli.documents.document import document, print_json
from advisor.cli.text.console import progress, text_console
from advisor.hardware.document import hardware_to_dict


def run(args: argparse.Namespace) -> int:
    with (
        progress("Reading devices ...", quiet=args.quiet or args.json),
        opened_computer(args) as computer,
    ):
        hardware = computer.hardware
    if args.json:
        print_json(document(**hardware_to_dict(hardware)))
        return 0
    from advisor.cli.text.lines import print_lines, print_notes  # rich, which --json does not need
    from advisor.hardware.doctor.report import device_lines

    console = text_console()
    print_lines(console, device_lines(hardware))
    print_notes(console, hardware.findings)
    return 0
