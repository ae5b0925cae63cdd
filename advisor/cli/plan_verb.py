"""`plan`: what the given settings take, per device, and whether that fits."""

from __future__ import annotations

import argparse
from dataclasses import replace

from advisor.cli import documents
from advisor.cli.answer import exit_code, print_json, progress, text_console
from advisor.cli.asked import request_of
from advisor.cli.companions import companions_of, nearby_notes
from advisor.cli.computer import on_devices, opened_computer, planner_for
from advisor.cli.model_word import opened_model
from advisor.cli.pasted import document as pasted_document
from advisor.cli.pasted import merged, pasted_of
from advisor.cli.pasted import notes as pasted_notes
from advisor.cli.tables import print_notes, print_plan
from advisor.recommend.programs.left_open import decided
from advisor.recommend.programs.other_runtimes import other_runtimes
from advisor.settings.runtimes import resolve


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
            documents.document(
                model=documents.model(model.facts),
                **documents.plan(plan, computer.engine),
                other_runtimes=[documents.other_runtime(other) for other in others],
                **({"pasted": pasted_document(pasted)} if pasted else {}),
            )
        )
    else:
        print_plan(text_console(), model.facts, plan, others)
        if pasted:
            print_notes(text_console(), pasted_notes(pasted))
    return exit_code(plan.verdict)
