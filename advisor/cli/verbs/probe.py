"""`probe`: the real limit on this computer, found by loading and proved by filling."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace

from advisor.cli.asked.companions import companions_of
from advisor.cli.asked.computer import Computer, launch_of, learned, on_devices, opened_computer, planner_for
from advisor.cli.asked.goal import goal_of, is_goal_said
from advisor.cli.asked.model import PRESET, opened_model
from advisor.cli.asked.request import request_of
from advisor.cli.documents.probe import result_to_dict
from advisor.cli.text.console import plain, text_console
from advisor.cli.text.probe_progress import saying
from advisor.engine.prover import Prover
from advisor.errors import EngineMissing, UsageError
from advisor.gguf.address import is_remote
from advisor.history.keeping import keep, with_lessons
from advisor.history.store import History
from advisor.model import ModelFacts
from advisor.probe.prove import prove
from advisor.recommend.advise import advise
from advisor.recommend.planner import Planner
from advisor.settings import asking
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import CONTEXT_STEP


def run(args: argparse.Namespace) -> int:
    request = request_of(args)
    request.check()
    _check(args)
    companions = companions_of(args)
    with (
        opened_model(args.model, quiet=args.quiet) as model,
        opened_computer(args) as computer,
        saying(as_json=args.json, quiet=args.quiet) as say,
        Prover(launch_of(args)) as prover,
    ):
        if computer.client is None:
            raise computer.engine_problem or _no_engine()
        request = on_devices(request, computer)
        planner = planner_for(args, model.for_engine, computer, companions)
        asked = _settings_to_prove(args, request, model.facts, computer, planner)
        client = computer.client
        result = prove(
            model.facts,
            computer.hardware,
            asked,
            planner,
            prover,
            fill=args.fill,
            n_ctx=args.ctx_size,
            max_seconds=args.max_seconds,
            cap_bytes=args.cap,
            on_event=say,
            release_engine=lambda: client.retire_if_idle(0),
        )
    history = History()
    result = with_lessons(model.facts, computer.hardware, result, history)
    trouble = (
        keep(model.facts, computer.hardware, computer.engine, result, history) if computer.engine else None
    )
    if args.json:
        print(json.dumps(result_to_dict(result)), flush=True)
    else:
        from advisor.cli.text.probe import print_result  # rich, which --json does not need

        print_result(text_console(), model.facts, result)
    if trouble is not None:
        print(plain(trouble.text), file=sys.stderr)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Only a file on this computer, and this computer, can be proved. Raises UsageError."""
    if args.model.startswith(PRESET) or is_remote(args.model):
        raise UsageError(
            "Only a model that is on this computer can be proved: a proof loads its weights.",
            hint="Download the file and prove that; recommend and plan answer for it without.",
            code="no-file",
        )
    if args.gpu or args.vram or args.ram or args.hardware:
        raise UsageError(
            "Only this computer can be proved.", hint="Leave out --gpu, --vram, --ram and --hardware."
        )
    if args.basis == "formula":
        raise UsageError("A proof needs llama.cpp.", hint="Leave out --basis formula.")
    if args.max_seconds is not None and args.max_seconds <= 0:
        raise UsageError("--max-seconds: no time is not enough.", hint="Give it at least a second.")
    if is_goal_said(args):
        goal_of(args)  # refused before a model is loaded, where it cannot be


def _no_engine() -> EngineMissing:
    return EngineMissing("There is no llama.cpp to prove with.", hint="See context-advisor doctor.")


def _settings_to_prove(
    args: argparse.Namespace, request: Request, facts: ModelFacts, computer: Computer, planner: Planner
) -> Request:
    """What was said; with a goal, or where that fits nowhere, the recommended types and layers for it."""
    alone = replace(request, n_ctx=None)
    is_said = args.ctx_size or args.cap or planner.plan(resolve(alone, facts, CONTEXT_STEP)).fits
    if is_said and not is_goal_said(args):
        return alone
    taught = learned(computer.hardware)
    answer = advise(facts, computer.hardware, goal_of(args), request, planner, calibration=taught)
    return replace(asking.request_of(answer.settings, facts), n_ctx=None) if answer.n_ctx else alone
