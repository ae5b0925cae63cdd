"""`plan`: what the given settings take, per device, and whether that fits."""

from __future__ import annotations

import argparse

from advisor.cli import documents
from advisor.cli.answer import exit_code, print_json, progress, text_console
from advisor.cli.companions import companions_of, nearby_notes
from advisor.cli.computer import opened_computer, planner_for
from advisor.cli.model_word import opened_model
from advisor.cli.options import request_of
from advisor.cli.tables import print_plan
from advisor.recommend.other_runtimes import other_runtimes
from advisor.settings.runtimes import resolve


def run(args: argparse.Namespace) -> int:
    with (
        opened_model(args.model) as model,
        progress("Asking llama.cpp ...", quiet=args.quiet or args.json),
    ):
        request = request_of(args)
        settings = resolve(request, model.facts)
        companions = companions_of(args)
        with opened_computer(args) as computer:
            notes = nearby_notes(args, model.facts)
            planner = planner_for(args, model.for_engine, computer, companions, notes)
            plan = planner.plan(settings)
            others = other_runtimes(request, model.facts, planner)
    if args.json:
        print_json(
            documents.document(
                model=documents.model(model.facts),
                **documents.plan(plan, computer.engine),
                other_runtimes=[documents.other_runtime(other) for other in others],
            )
        )
    else:
        print_plan(text_console(), model.facts, plan, others)
    return exit_code(plan.verdict)
