"""`recommend`: the best settings here for a goal."""

from __future__ import annotations

import argparse
import sys

from advisor.cli import documents, recommendation_documents
from advisor.cli.answer import exit_code, plain, print_json, progress, text_console
from advisor.cli.asked import request_of
from advisor.cli.companions import companions_of, nearby_notes
from advisor.cli.computer import learned, on_devices, opened_computer, planner_for
from advisor.cli.model_word import opened_model
from advisor.cli.need_words import need_of
from advisor.cli.recommendation_tables import print_recommendation
from advisor.cli.remembered import remember_runtime, whose_rules
from advisor.cli.tables import print_rules
from advisor.hardware.document import hardware_to_dict
from advisor.recommend.advise import advise
from advisor.recommend.goals import DEFAULT_GOAL, goal_named, own_goal, save_goal
from advisor.recommend.need import answered, requested
from advisor.settings.runtimes import check_within_training


def run(args: argparse.Namespace) -> int:
    request = request_of(args)
    request.check()
    goal = goal_named(args.goal or DEFAULT_GOAL)
    companions = companions_of(args)
    with (
        opened_model(args.model, quiet=args.quiet) as model,
        progress("Asking llama.cpp ...", quiet=args.quiet or args.json),
        opened_computer(args) as computer,
    ):
        request = on_devices(request, computer)
        notes = nearby_notes(args, model.facts)
        planner = planner_for(args, model.for_engine, computer, companions, notes)
        need = need_of(args, model.for_engine, computer.client)
        if need:
            request = requested(need, request, model.facts)
        check_within_training(request, model.facts)
        if args.save_goal:
            goal = own_goal(args.save_goal, goal, request, model.facts)
        answer = advise(
            model.facts, computer.hardware, goal, request, planner, calibration=learned(computer.hardware)
        )
    need_answer = answered(need, answer) if need else None
    if args.json:
        print_json(
            documents.document(
                model=documents.model(model.facts),
                hardware=hardware_to_dict(computer.hardware),
                **recommendation_documents.recommendation(answer, computer.engine),
                **({"need": recommendation_documents.need(need_answer)} if need_answer else {}),
            )
        )
    else:
        print_recommendation(text_console(), answer, need_answer)
        print_rules(text_console(), whose_rules(args, request))
    if args.save_goal:
        print(f"Saved as goal {goal.name}: {plain(str(save_goal(goal)))}", file=sys.stderr)
    if args.runtime:
        remember_runtime(args.runtime)
    return exit_code(answer.plan.verdict) or int(need_answer is not None and not need_answer.fits)
