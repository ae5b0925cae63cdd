"""`plan`: what the given settings take, per device, and whether that fits."""

from __future__ import annotations

import argparse
from dataclasses import replace

from advisor.cli.asked.companions import companions_of, nearby_notes
from advisor.cli.asked.computer import on_devices, opened_computer, planner_for
from advisor.cli.asked.model import opened_model
from advisor.cli.asked.pasted import merged, pasted_of, said_of
from advisor.cli.asked.request import request_of
from advisor.cli.documents.document import document, print_json
from advisor.cli.documents.model import model_to_dict
from advisor.cli.documents.plan import other_runtime_to_dict, pasted_to_dict, plan_to_dict
from advisor.cli.text.console import progress, text_console
from advisor.cli.text.verdicts import exit_code
from advisor.recommend.programs.left_open import decided
from advisor.recommend.programs.other_runtimes import other_runtimes
from advisor.settings.resolve import resolve


def run(args: argparse.Namespace) -> int:
    pasted = pasted_of(args)
    with (
        opened_model(args.model, quiet=args.quiet) as model,
        progress("Asking llama.cpp ...", quiet=args.quiet or args.json),
    ):
        request = merged(args, pasted.request_for(model.facts)) if pasted else request_of(args)
        request.check()
        companions = companions_of(args)
        with opened_computer(args) as computer:
            request = on_devices(request, computer)
            notes = nearby_notes(args, model.facts)
            planner = planner_for(args, model.for_engine, computer, companions, notes)
            if pasted:
                request, chosen = decided(pasted, request, model.facts, computer.hardware, planner)
                pasted = replace(pasted, notes=(*pasted.notes, *chosen))
            plan = planner.plan(resolve(request, model.facts))
            others = other_runtimes(request, model.facts, planner)
    if args.json:
        print_json(
            document(
                model=model_to_dict(model.facts),
                **plan_to_dict(plan, computer.engine),
                other_runtimes=[other_runtime_to_dict(other) for other in others],
                **({"pasted": pasted_to_dict(pasted)} if pasted else {}),
            )
        )
    else:
        from advisor.cli.text.lines import print_notes  # rich, which --json does not need
        from advisor.cli.text.plan import print_plan

        print_plan(text_console(), model.facts, plan, others)
        if pasted:
            print_notes(text_console(), said_of(pasted))
    return exit_code(plan.verdict)
