"""`recommend`: the best settings here for a goal."""

from __future__ import annotations

import argparse
import sys

from advisor.cli.asked.companions import companions_of, nearby_notes
from advisor.cli.asked.computer import learned, on_devices, opened_computer, planner_for
from advisor.cli.asked.goal import goal_of
from advisor.cli.asked.model import opened_model
from advisor.cli.asked.need import need_of
from advisor.cli.asked.next_steps import next_steps
from advisor.cli.asked.remembered import remember_runtime, whose_rules
from advisor.cli.asked.request import request_of
from advisor.cli.documents.document import document, print_json
from advisor.cli.documents.model import model_to_dict
from advisor.cli.documents.recommendation import need_to_dict, recommendation_to_dict
from advisor.cli.text.console import plain, progress, text_console
from advisor.cli.text.verdicts import exit_code
from advisor.hardware.document import hardware_to_dict
from advisor.recommend.advise import advise
from advisor.recommend.goals import own_goal, save_goal
from advisor.recommend.need import answered, requested
from advisor.settings.resolve import check_within_training


def run(args: argparse.Namespace) -> int:
    request = request_of(args)
    request.check()
    goal = goal_of(args)
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
            document(
                model=model_to_dict(model.facts),
                hardware=hardware_to_dict(computer.hardware),
                **recommendation_to_dict(answer, computer.engine),
                **({"need": need_to_dict(need_answer)} if need_answer else {}),
            )
        )
    else:
        from advisor.cli.text.lines import print_rules  # rich, which --json does not need
        from advisor.cli.text.recommendation import print_recommendation

        steps = next_steps(args, answer)
        print_recommendation(text_console(), answer, need_answer, steps=steps, in_full=args.verbose)
        print_rules(text_console(), whose_rules(args, request))
    if args.save_goal:
        print(f"Saved as goal {goal.name}: {plain(str(save_goal(goal)))}", file=sys.stderr)
    if args.runtime:
        remember_runtime(args.runtime)
    return exit_code(answer.plan.verdict) or int(need_answer is not None and not need_answer.fits)
