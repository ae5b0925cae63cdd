"""`export`: the answer in a runtime's own words, on stdout or into files."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from advisor.cli.asked.companions import companions_of
from advisor.cli.asked.computer import learned, on_devices, opened_computer, planner_for
from advisor.cli.asked.goal import goal_of, is_goal_said
from advisor.cli.asked.model import PRESET, is_here, opened_model, runtime_of_word
from advisor.cli.asked.need import need_of
from advisor.cli.asked.remembered import remember_runtime
from advisor.cli.asked.request import request_of
from advisor.cli.documents.document import Document, document, print_json
from advisor.cli.text.console import plain, progress
from advisor.cli.text.verdicts import exit_code
from advisor.cli.verbs.export_doing import applied, check_words, checked
from advisor.errors import OutputError, UsageError
from advisor.export.choices import TARGETS
from advisor.export.comparing import this_model
from advisor.export.export import Export
from advisor.export.expressible import expressible
from advisor.export.global_config import global_config_note
from advisor.export.prepare import fit_target_mib, whole_path
from advisor.export.registry import render
from advisor.export.writing import write_export
from advisor.gguf.address import is_remote
from advisor.history import History, model_key
from advisor.library.names import exists
from advisor.library.places import places_here
from advisor.memory.companions import Companions
from advisor.memory.plan import MemoryPlan
from advisor.model import ModelFacts
from advisor.recommend.advise import advise
from advisor.recommend.need import answered, requested
from advisor.settings import asking
from advisor.settings.request import Request
from advisor.settings.resolve import check_within_training, resolve


def run(args: argparse.Namespace) -> int:
    if args.runtime not in {None, TARGETS[args.to].profile}:
        raise UsageError(
            f"--to {args.to} and --runtime {args.runtime} contradict each other.", hint="Leave out --runtime."
        )
    check_words(args)
    request, changed = expressible(request_of(args), args.to)
    request.check()
    with opened_model(args.model, quiet=args.quiet) as model:
        if args.from_probe:
            request, changed = expressible(_proved(args, model.facts), args.to)
        companions = companions_of(args)
        plan = _plan(args, request, model.for_engine, companions)
        export = render(
            args.to,
            plan.settings,
            model.facts,
            model_path=args.name or _path(args, model.facts),
            flavour=args.flavour,
            shell=args.shell,
            companions=_placed(companions),
            fit_target_mib=fit_target_mib(plan),
        )
    export = replace(export, cannot_express=(*changed, *export.cannot_express))
    is_written = args.output and not args.apply
    written = write_export(export, Path(args.output), force=args.force) if is_written else ()
    done: Document = {}
    if args.apply:
        done["applied"] = applied(args, export, fits=not exit_code(plan.verdict))
    if args.check is not None:
        this = this_model(model.facts, export, filter(None, (args.model, args.name)))
        done["loaded"] = checked(args, plan.settings, this)
    if args.json:
        print_json(document(**_document(export), **done))
    elif not written and not done:
        _print_text(export.files[0].text)
    if not args.json:
        _talk(args, export, plan, written)
    if args.runtime:
        remember_runtime(args.runtime)
    return exit_code(plan.verdict)


def _proved(args: argparse.Namespace, facts: ModelFacts) -> Request:
    """The safe context of this model's last proof, with the settings that were proved. Raises UsageError."""
    if args.ctx_size or is_goal_said(args):
        raise UsageError("--from-probe says the context itself.", hint="Leave out -c, --goal and patience.")
    record = History().last(model_key(facts))
    if record is None or not record.result.safe_n_ctx:
        raise UsageError(
            "There is no proof of this model with a safe context.",
            hint="Make one with: context-advisor probe MODEL",
            code="not-proved",
        )
    return asking.request_of(record.result.settings.with_n_ctx(record.result.safe_n_ctx), facts)


def _plan(
    args: argparse.Namespace, request: Request, facts: ModelFacts, companions: Companions
) -> MemoryPlan:
    """The plan of what was said where a context was, else the recommended one."""
    goal = None if request.n_ctx and not is_goal_said(args) else goal_of(args)
    with (
        progress("Asking llama.cpp ...", quiet=args.quiet or args.json),
        opened_computer(args) as computer,
    ):
        request = on_devices(request, computer)
        planner = planner_for(args, facts, computer, companions)
        if goal is None:
            return planner.plan(resolve(request, facts))
        check_within_training(request, facts)
        need = need_of(args, facts, computer.client)
        if need:
            request = requested(need, request, facts)
        answer = advise(
            facts, computer.hardware, goal, request, planner, calibration=learned(computer.hardware)
        )
    if need and not args.json:
        _say(answered(need, answer).verdict.text)
    return answer.plan


def _path(args: argparse.Namespace, facts: ModelFacts) -> str:
    """The first shard, whole: the export is used from another folder.

    A runtime that has the model by the name that was given gets that name: Ollama then keeps the chat
    template. A preset gets its file's usual name.
    """
    word: str = args.model
    has_it = {args.to} | ({"ollama"} if TARGETS[args.to].profile == "ollama" else set())
    if is_here(word) and not exists(word) and runtime_of_word(word) in has_it:
        return word
    if is_remote(word):
        return facts.path.name if facts.path else facts.name
    if word.startswith(PRESET) or facts.path is None:
        return word.removeprefix(PRESET).partition(":")[0] + f"-{facts.quantization}.gguf"
    return whole_path(facts)


def _placed(companions: Companions) -> Companions:
    """The same files with whole paths; a draft model that is a preset has none."""
    projector, draft = companions.projector, companions.draft
    if projector:
        projector = replace(projector, path=projector.path.absolute())
    if draft and draft.facts.path:
        is_preset = str(draft.facts.path).startswith(PRESET)
        path = None if is_preset else draft.facts.path.absolute()
        draft = replace(draft, facts=replace(draft.facts, path=path))
    adapters = tuple(replace(adapter, path=adapter.path.absolute()) for adapter in companions.adapters)
    return Companions(projector=projector, draft=draft, adapters=adapters)


def _document(export: Export) -> Document:
    return {
        "runtime": export.runtime,
        "files": [{"name": file.name, "text": file.text} for file in export.files],
        "commands": list(export.commands),
        "environment": dict(export.environment),
        "cannot_express": [{"setting": it.setting, "why": it.why} for it in export.cannot_express],
        "verified_with": export.verified_with,
    }


def _print_text(text: str) -> None:
    """As it is or not at all: a path in escapes would be another path."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        raise OutputError(
            f"This text has characters that {sys.stdout.encoding} cannot spell.",
            hint="Write it to a file with -o, or set PYTHONIOENCODING=utf-8.",
            code="not-written",
        ) from None
    sys.stdout.write(text)


def _talk(args: argparse.Namespace, export: Export, plan: MemoryPlan, written: tuple[Path, ...]) -> None:
    """What belongs beside the text, on stderr: what it cannot say always, the rest unless --quiet."""
    if exit_code(plan.verdict):
        _say(f"These settings do not run as they are here: {plan.verdict}. See context-advisor plan.")
    for it in export.cannot_express:
        _say(f"Not expressed: {it.setting}. {it.why}")
    if args.quiet:
        return
    if args.model.startswith(PRESET):
        _say("A preset has no file: write the path of yours in place of the name.")
    if is_remote(args.model):
        _say("The model is not here yet: write the path of your download in place of the name.")
    for path in written:
        _say(f"Written: {path}")
    more = [file.name for file in export.files[1:]]
    if more and len(written) < len(export.files) and not args.apply:
        _say(f"There is also {', '.join(more)}: -o and a folder that is there write all of them.")
    if export.environment:
        _say("--json lists the variables of the environment.")
    trap = global_config_note(export.runtime, places_here())
    for line in (
        *export.commands,
        *export.notes,
        *filter(None, [trap]),
        f"Checked with: {export.verified_with}",
    ):
        _say(line)


def _say(line: str) -> None:
    print(plain(line), file=sys.stderr)
