"""`recommend`: the best settings here for a goal."""

from __future__ import annotations

import argparse

from advisor.cli import documents
from advisor.cli.answer import exit_code, print_json, progress, text_console
from advisor.cli.companions import companions_of, nearby_notes
from advisor.cli.computer import opened_computer, planner_for
from advisor.cli.model_word import opened_model
from advisor.cli.options import request_of
from advisor.cli.tables import print_recommendation
from advisor.hardware.report import hardware_to_dict
from advisor.recommend.advise import advise
from advisor.recommend.goals import DEFAULT_GOAL, goal_named


def run(args: argparse.Namespace) -> int:
    request = request_of(args)
    request.check()
    goal = goal_named(args.goal or DEFAULT_GOAL)
    companions = companions_of(args)
    with (
        opened_model(args.model) as model,
        progress("Asking llama.cpp ...", quiet=args.quiet or args.json),
        opened_computer(args) as computer,
    ):
        notes = nearby_notes(args, model.facts)
        planner = planner_for(args, model.for_engine, computer, companions, notes)
        answer = advise(model.facts, computer.hardware, goal, request, planner)
    if args.json:
        print_json(
            documents.document(
                model=documents.model(model.facts),
                hardware=hardware_to_dict(computer.hardware),
                **documents.recommendation(answer, computer.engine),
            )
        )
    else:
        print_recommendation(text_console(), answer)
    return exit_code(answer.plan.verdict)
