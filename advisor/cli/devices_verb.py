"""`devices`: what memory this computer has, and how much of it a model may take."""

from __future__ import annotations

import argparse

from advisor.cli.answer import print_json, progress, text_console
from advisor.cli.computer import opened_computer
from advisor.cli.documents import document
from advisor.cli.tables import print_lines, print_notes
from advisor.hardware.doctor.report import device_lines
from advisor.hardware.document import hardware_to_dict


def run(args: argparse.Namespace) -> int:
    with (
        progress("Reading devices ...", quiet=args.quiet or args.json),
        opened_computer(args) as computer,
    ):
        hardware = computer.hardware
    if args.json:
        print_json(document(**hardware_to_dict(hardware)))
    else:
        console = text_console()
        print_lines(console, device_lines(hardware))
        print_notes(console, hardware.findings)
    return 0
