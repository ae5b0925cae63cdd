"""The command line's words, spelled as llama.cpp spells them (common/arg.cpp)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn, TypeVar

from advisor import __version__
from advisor.errors import UsageError
from advisor.export.choices import FLAVOURS, SHELLS, TARGETS, Shell
from advisor.settings.load_settings import CACHE_TYPES
from advisor.settings.request import ALL_LAYERS, FLASH_ATTN, SPLIT_MODES, Request
from advisor.settings.rope import ROPE_SCALINGS, Rope
from advisor.settings.runtimes import RUNTIMES
from advisor.units import parse_size, parse_tokens

T = TypeVar("T")

EPILOG = """\
exit codes: 0 answered, fits (also tight or paging from disk); 1 answered, does not fit or is not known;
2 usage; 3 the model cannot be read; 4 no usable engine for what was asked; 5 a proof was
stopped or failed; 130 interrupted"""


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong word raises our own UsageError: one way to report, also in JSON."""

    def error(self, message: str) -> NoReturn:
        sentence = message.removeprefix("argument ")
        raise UsageError(
            sentence if sentence.endswith(".") else f"{sentence}.", hint=f"See {self.prog} --help."
        )


def build_parser() -> Parser:  # noqa: PLR0915 - one short paragraph a verb
    """The whole command line; each verb's parser sets `verb`."""
    parser = Parser(
        prog="context-advisor",
        description="How much context a GGUF model can hold on this computer. Without a verb, or with only "
        "files, it opens the window.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"context-advisor {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    inspect = verbs.add_parser("inspect", help="what the file is: layers, attention, KV bytes per token")
    _add_model(inspect)
    _add_talk(inspect)

    plan = verbs.add_parser("plan", help="memory for the given settings, per device, with basis and verdict")
    _add_model(plan, may_be_pasted=True)
    plan.add_argument(
        "--pasted",
        metavar="FILE|-",
        help="judge what you already have: a llama-server command, a Modelfile, LM Studio's defaults",
    )
    _add_settings(plan)
    _add_companions(plan)
    _add_computer(plan)
    _add_talk(plan)

    recommend = verbs.add_parser("recommend", help="the best settings here, the alternatives and the levers")
    _add_model(recommend)
    recommend.add_argument("--goal", metavar="GOAL", help="what the model is for (default: chat)")
    recommend.add_argument("--save-goal", metavar="NAME", help="keep what was said as a goal of your own")
    _add_need(recommend)
    _add_settings(recommend)
    _add_companions(recommend)
    _add_computer(recommend)
    _add_talk(recommend)

    models = verbs.add_parser("models", help="the GGUF models on this computer, with what fits of each")
    models.add_argument("folders", nargs="*", metavar="DIR", help="further folders to look through")
    models.add_argument("--left-out", action="store_true", help="name half downloads and side files, too")
    models.add_argument("--json-lines", action="store_true", help="one JSON document a line, as it is known")
    models.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)  # for our window
    _add_computer(models)
    _add_talk(models)

    probe = verbs.add_parser("probe", help="the real limit on this computer, proved by filling")
    _add_model(probe)
    _add_probe(probe)
    _add_settings(probe)
    _add_companions(probe)
    _add_computer(probe)
    _add_talk(probe)

    export = verbs.add_parser("export", help="the answer as text or file for a runtime")
    _add_model(export)
    _add_export(export)
    _add_need(export)
    _add_settings(export)
    _add_companions(export)
    _add_computer(export)
    _add_talk(export)

    devices = verbs.add_parser("devices", help="what memory this computer has and how much is usable")
    _add_computer(devices)
    _add_talk(devices)

    doctor = verbs.add_parser("doctor", help="engine, backends, drivers: what is wrong and the exact fix")
    _add_computer(doctor)
    _add_talk(doctor)

    history = verbs.add_parser("history", help="past proofs: predicted against measured")
    _add_history(history)
    _add_talk(history)

    explain = verbs.add_parser("explain", help="the field's terms in plain words")
    explain.add_argument("term", nargs="*", metavar="TERM", help="without one, all of them in a line each")
    _add_talk(explain)
    return parser


def request_of(args: argparse.Namespace) -> Request:
    """What the user asked for, from parsed arguments.

    Without --runtime it is of the one that MODEL belongs to, else of the one that was named last.
    """
    from advisor.cli.model_word import runtime_of_word  # what --help does not need
    from advisor.cli.remembered import remembered_runtime

    said = said_request(args)
    if said.runtime:
        return said
    return replace(said, runtime=runtime_of_word(args.model) or remembered_runtime())


def said_request(args: argparse.Namespace) -> Request:
    """What the command line itself says, and nothing else."""
    return Request(
        runtime=args.runtime,
        n_ctx=args.ctx_size,
        users=args.users,
        n_batch=args.batch_size,
        n_ubatch=args.ubatch_size,
        n_seq_max=args.parallel,
        kv_unified=args.kv_unified,
        swa_full=args.swa_full,
        cache_type_k=args.cache_type_k,
        cache_type_v=args.cache_type_v,
        flash_attn=args.flash_attn,
        n_gpu_layers=args.n_gpu_layers,
        offload_kqv=args.kv_offload,
        n_cpu_moe=ALL_LAYERS_OF_EXPERTS if args.cpu_moe else args.n_cpu_moe,
        override_tensor=args.override_tensor or (),
        split_mode=args.split_mode,
        main_gpu=args.main_gpu,
        tensor_split=args.tensor_split or (),
        devices=args.device or (),
        rope=Rope(
            scaling=args.rope_scaling,
            scale=args.rope_scale,
            freq_base=args.rope_freq_base,
            freq_scale=args.rope_freq_scale,
            yarn_orig_ctx=args.yarn_orig_ctx,
            yarn_ext_factor=args.yarn_ext_factor,
            yarn_attn_factor=args.yarn_attn_factor,
            yarn_beta_slow=args.yarn_beta_slow,
            yarn_beta_fast=args.yarn_beta_fast,
        ),
        above_training=args.above_training,
        gpu_only=args.gpu_only,
    )


ALL_LAYERS_OF_EXPERTS = 1_000_000  # --cpu-moe; `resolve` brings it down to the model's layers


def _add_model(parser: argparse.ArgumentParser, *, may_be_pasted: bool = False) -> None:
    parser.add_argument(
        "model",
        nargs="?" if may_be_pasted else None,
        metavar="MODEL",
        help="a GGUF file, any shard of a split one, a name from Ollama or LM Studio, or preset:NAME",
    )


def _add_talk(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    parser.add_argument("--verbose", action="store_true", help="also what the engine says, on stderr")


def _add_computer(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("computer and engine")
    group.add_argument("--basis", choices=("auto", "engine", "formula"), default="auto")
    group.add_argument(
        "--reserve", metavar="SIZE|PERCENT|auto", default="auto", help="memory to leave to others, per device"
    )
    group.add_argument("--gpu", action="append", metavar="NAME", help='what if: "RTX 4070" (repeatable)')
    group.add_argument("--vram", type=_typed(parse_size), metavar="SIZE", help="what if: a GPU of this size")
    group.add_argument("--ram", type=_typed(parse_size), metavar="SIZE", help="what if: this much RAM")
    group.add_argument("--hardware", metavar="FILE", help="plan for another computer: its devices --json")
    group.add_argument("--engine-python", metavar="PATH", help="a Python that has its own llama-cpp-python")
    group.add_argument("--engine-lib", metavar="DIR", help="a folder with another build of llama.cpp")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    tokens, number = _typed(parse_tokens), int
    group = parser.add_argument_group("settings, in llama.cpp's words")
    group.add_argument("--runtime", choices=tuple(RUNTIMES), help="whose rules fill in what is not said")
    group.add_argument("-c", "--ctx-size", type=tokens, metavar="N")
    group.add_argument("--users", type=number, metavar="N", help="so many at once; -c is then per user")
    group.add_argument("-b", "--batch-size", type=tokens, metavar="N")
    group.add_argument("-ub", "--ubatch-size", type=tokens, metavar="N")
    group.add_argument("-np", "--parallel", type=number, metavar="N")
    group.add_argument("-ctk", "--cache-type-k", choices=CACHE_TYPES, metavar="TYPE")
    group.add_argument("-ctv", "--cache-type-v", choices=CACHE_TYPES, metavar="TYPE")
    group.add_argument("-fa", "--flash-attn", choices=FLASH_ATTN)
    group.add_argument("-ngl", "--gpu-layers", "--n-gpu-layers", type=_typed(_layers), dest="n_gpu_layers")
    group.add_argument("-kvo", "--kv-offload", action="store_true", default=None, dest="kv_offload")
    group.add_argument("-nkvo", "--no-kv-offload", action="store_false", default=None, dest="kv_offload")
    group.add_argument("-kvu", "--kv-unified", action="store_true", default=None, dest="kv_unified")
    group.add_argument("--no-kv-unified", action="store_false", default=None, dest="kv_unified")
    group.add_argument("--swa-full", action="store_true", default=None, dest="swa_full")
    group.add_argument("--no-swa-full", action="store_false", default=None, dest="swa_full")
    group.add_argument("-cmoe", "--cpu-moe", action="store_true", help="all experts on the CPU")
    group.add_argument("-ncmoe", "--n-cpu-moe", type=number, metavar="N")
    group.add_argument("-ot", "--override-tensor", type=_typed(_overrides), metavar="PATTERN=BUFFER,...")
    group.add_argument("-ts", "--tensor-split", type=_typed(_shares), metavar="N0,N1,...")
    group.add_argument("-sm", "--split-mode", choices=SPLIT_MODES)
    group.add_argument("-mg", "--main-gpu", type=number, metavar="INDEX")
    group.add_argument("--gpu-only", action="store_true", help="context only: never layers on the CPU for it")
    group.add_argument(
        "-dev", "--device", type=_typed(_devices), metavar="NAME,...", help="the only GPUs to use, or none"
    )
    _add_positions(parser)


def _add_positions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("positions beyond the training context")
    group.add_argument(
        "--above-training", action="store_true", help="a longer context than the model was trained for: YaRN"
    )
    group.add_argument("--rope-scaling", choices=ROPE_SCALINGS)
    for name in ("rope-scale", "rope-freq-base", "rope-freq-scale"):
        group.add_argument(f"--{name}", type=float, metavar="N")
    group.add_argument("--yarn-orig-ctx", type=_typed(parse_tokens), metavar="N")
    for name in ("yarn-ext-factor", "yarn-attn-factor", "yarn-beta-slow", "yarn-beta-fast"):
        group.add_argument(f"--{name}", type=float, metavar="N")


def _add_history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="*", metavar="WORD", help="only of models with this in their name")
    parser.add_argument("--export", metavar="FILE", help="write them to a .csv or .json file")
    parser.add_argument("--force", action="store_true", help="replace the file that is there")
    parser.add_argument("--clear", action="store_true", help="forget all proofs and what they taught")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _add_need(parser: argparse.ArgumentParser) -> None:
    tokens = _typed(parse_tokens)
    group = parser.add_argument_group("what do I need? (without -c it is the context wanted)")
    group.add_argument("--prompt", action="append", default=[], metavar="FILE", help="a text (repeatable)")
    group.add_argument("--pages", type=tokens, metavar="N", help="so many pages of text more")
    group.add_argument("--chars", type=tokens, metavar="N", help="so many characters of text more")
    group.add_argument("--system", metavar="FILE|N", help="the system prompt: a text, or its tokens")
    group.add_argument("--answer", type=tokens, metavar="N", help="tokens of the answer (default: 1024)")


def _add_probe(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("proof (of the context in -c, or of the largest that there is)")
    group.add_argument("--fill", choices=("auto", "copy", "full"), default="auto", help="how it is filled")
    group.add_argument("--max-seconds", type=float, metavar="N", help="end after this time with what worked")
    group.add_argument("--goal", metavar="GOAL", help="prove the settings that are recommended for this")
    group.add_argument(
        "--cap", type=_typed(parse_size), metavar="SIZE", help="limit the memory of the process that loads"
    )


def _add_export(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("export")
    programs = ", ".join(TARGETS)
    group.add_argument(
        "--to", choices=tuple(TARGETS), required=True, metavar="PROGRAM", help=f"whose words: {programs}"
    )
    group.add_argument("--goal", metavar="GOAL", help="what the model is for, without -c (default: chat)")
    group.add_argument(
        "--flavour", choices=FLAVOURS, default="pinned", help="exactly this, or layers left open"
    )
    group.add_argument("--shell", choices=SHELLS, default=default_shell(), help="whose quoting")
    group.add_argument("--name", help="what Ollama or LM Studio calls the model, in place of its file")
    group.add_argument(
        "--from-probe", action="store_true", help="the safe context and settings of the last proof"
    )
    group.add_argument("-o", "--output", metavar="FILE", help="a file to write, or a folder for all of them")
    group.add_argument("--force", action="store_true", help="replace what is there")
    group.add_argument(
        "--apply", action="store_true", help="merge it into the Modelfile or LM Studio's file, after a yes"
    )
    group.add_argument("--yes", action="store_true", help="do not ask before --apply writes")
    group.add_argument("--run", action="store_true", help="after --apply: ollama create, or lms load")
    group.add_argument(
        "--check", nargs="?", const="", metavar="URL", help="ask the running server what it has loaded now"
    )


def default_shell() -> Shell:
    """The one that people have open."""
    return "powershell" if os.name == "nt" else "sh"


def _add_companions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is loaded beside the model")
    group.add_argument("-mm", "--mmproj", metavar="FILE", help="a projector for images or sound")
    group.add_argument(
        "-md",
        "--model-draft",
        "--spec-draft-model",
        metavar="MODEL",
        help="a draft model: a file or preset:NAME",
    )
    group.add_argument("-ctkd", "--cache-type-k-draft", choices=CACHE_TYPES, default="f16", metavar="TYPE")
    group.add_argument("-ctvd", "--cache-type-v-draft", choices=CACHE_TYPES, default="f16", metavar="TYPE")
    group.add_argument(
        "-ngld", "--gpu-layers-draft", "--n-gpu-layers-draft", type=_typed(_layers), metavar="N"
    )
    group.add_argument(
        "--mtp", type=int, metavar="N", help="multi-token prediction on, N tokens drafted at once"
    )
    group.add_argument(
        "--lora", action="append", default=[], metavar="FILE", help="a LoRA adapter (repeatable)"
    )


def _layers(text: str) -> int:
    """-ngl: a number, or all (-1 is auto in llama.cpp, which we read as all and then judge)."""
    if text in {"all", "auto", "-1"}:
        return ALL_LAYERS
    if not text.isdecimal():
        raise UsageError(f'"{text}" is not a number of layers.', hint="Write it like 33, or all.")
    return int(text)


def _devices(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    if not all(names):
        raise UsageError(f'"{text}" is not a list of GPUs.', hint="Write it like CUDA0,CUDA1, or none.")
    return names


def _overrides(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [part.rpartition("=") for part in text.split(",")]
    if any(not pattern or not buffer for pattern, _, buffer in pairs):
        raise UsageError(f'"{text}" is not PATTERN=BUFFER.', hint=r"Write it like blk\.1.\.ffn_.*_exps=CPU.")
    return tuple((pattern, buffer) for pattern, _, buffer in pairs)


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.replace("/", ",").split(","))
    except ValueError:
        raise UsageError(
            f'"{text}" is not a split.', hint="Write one proportion per GPU, like 3,1."
        ) from None


def _typed(parse: Callable[[str], T]) -> Callable[[str], T]:
    """`parse` as an argparse type: its UsageError becomes the parser's own, which names the option."""

    def convert(text: str) -> T:
        try:
            return parse(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(f"{error.message} {error.hint}") from error

    return convert
