"""The options of a load, spelled as llama.cpp spells them (common/arg.cpp): model, settings, computer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from advisor.cli.options.values import devices, layers, memory_size, overrides, shares, typed
from advisor.settings.load_settings import CACHE_TYPES
from advisor.settings.request import FLASH_ATTN, SPLIT_MODES
from advisor.settings.rope import ROPE_SCALINGS
from advisor.settings.runtimes import RUNTIMES
from advisor.units import parse_tokens


def add_model(parser: argparse.ArgumentParser, *, may_be_pasted: bool = False) -> None:
    parser.add_argument(
        "model",
        nargs="?" if may_be_pasted else None,
        metavar="MODEL",
        help="a GGUF file, a name from Ollama or LM Studio, an https address, or preset:NAME",
    )


def add_computer(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("computer and engine")
    group.add_argument(
        "--basis",
        choices=("auto", "engine", "formula"),
        default="auto",
        help="who answers: llama.cpp itself, or our own arithmetic",
    )
    group.add_argument(
        "--reserve", metavar="SIZE|PERCENT|auto", default="auto", help="memory to leave to others, per device"
    )
    group.add_argument("--gpu", action="append", metavar="NAME", help='what if: "RTX 4070" (repeatable)')
    group.add_argument(
        "--vram", type=typed(memory_size), metavar="SIZE", help="what if: a GPU of this size, like 8GiB"
    )
    group.add_argument(
        "--ram", type=typed(memory_size), metavar="SIZE", help="what if: this much RAM, like 32GiB"
    )
    group.add_argument("--hardware", metavar="FILE", help="plan for another computer: its devices --json")
    group.add_argument("--engine-python", metavar="PATH", help="a Python that has its own llama-cpp-python")
    group.add_argument("--engine-lib", metavar="DIR", help="a folder with another build of llama.cpp")


def add_settings(parser: argparse.ArgumentParser) -> None:
    tokens, number = typed(parse_tokens), int
    group = parser.add_argument_group("settings, in llama.cpp's words")
    group.add_argument("--runtime", choices=tuple(RUNTIMES), help="whose rules fill in what is not said")
    group.add_argument("-c", "--ctx-size", type=tokens, metavar="N", help="the context in tokens, like 32k")
    group.add_argument("--users", type=number, metavar="N", help="so many at once; -c is then per user")
    group.add_argument("-b", "--batch-size", type=tokens, metavar="N", help="tokens handed over at once")
    group.add_argument("-ub", "--ubatch-size", type=tokens, metavar="N", help="tokens worked on at once")
    group.add_argument("-np", "--parallel", type=number, metavar="N", help="slots: conversations at once")
    for letter, word in (("k", "K"), ("v", "V")):
        group.add_argument(
            *(f"-ct{letter}", f"--cache-type-{letter}"),
            choices=CACHE_TYPES,
            metavar="TYPE",
            help=f"the KV cache's type for {word}: f16, q8_0, q4_0, ...",
        )
    group.add_argument("-fa", "--flash-attn", choices=FLASH_ATTN, help="attention without its large table")
    group.add_argument(
        *("-ngl", "--gpu-layers", "--n-gpu-layers"),
        type=typed(layers),
        metavar="N|all",
        dest="n_gpu_layers",
        help="layers on the GPU",
    )
    _add_switch(
        group, "kv_offload", ("-kvo", "--kv-offload"), ("-nkvo", "--no-kv-offload"), "KV cache on the GPU"
    )
    _add_switch(
        group, "kv_unified", ("-kvu", "--kv-unified"), ("--no-kv-unified",), "slots share one KV cache"
    )
    _add_switch(
        group, "swa_full", ("--swa-full",), ("--no-swa-full",), "the whole context also for windowed layers"
    )
    group.add_argument("-cmoe", "--cpu-moe", action="store_true", help="all experts in the RAM")
    group.add_argument(
        "-ncmoe", "--n-cpu-moe", type=number, metavar="N", help="the experts of the first N layers in the RAM"
    )
    group.add_argument(
        *("-ot", "--override-tensor"),
        type=typed(overrides),
        metavar="PATTERN=BUFFER,...",
        help="where single tensors go",
    )
    group.add_argument(
        "-ts", "--tensor-split", type=typed(shares), metavar="N0,N1,...", help="each GPU's share of the model"
    )
    group.add_argument("-sm", "--split-mode", choices=SPLIT_MODES, help="how several GPUs share the model")
    group.add_argument(
        "-mg", "--main-gpu", type=number, metavar="INDEX", help="the GPU for --split-mode none"
    )
    group.add_argument("--gpu-only", action="store_true", help="context only: never layers on the CPU for it")
    group.add_argument(
        "-dev", "--device", type=typed(devices), metavar="NAME,...", help="the only GPUs to use, or none"
    )
    _add_positions(parser)


def _add_switch(
    group: argparse._ArgumentGroup, dest: str, on: Sequence[str], off: Sequence[str], meaning: str
) -> None:
    """Two options for one setting, which stays the runtime's where neither is said."""
    group.add_argument(*on, action="store_true", default=None, dest=dest, help=meaning)
    group.add_argument(*off, action="store_false", default=None, dest=dest, help="not so")


def _add_positions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("positions beyond the training context")
    group.add_argument(
        "--above-training", action="store_true", help="a longer context than the model was trained for: YaRN"
    )
    group.add_argument("--rope-scaling", choices=ROPE_SCALINGS, help="how positions are stretched")
    for name, meaning in (
        ("rope-scale", "the context as a multiple of the trained one"),
        ("rope-freq-base", "the base frequency, in place of the model's"),
        ("rope-freq-scale", "the frequency as a share of the model's"),
    ):
        group.add_argument(f"--{name}", type=float, metavar="N", help=meaning)
    group.add_argument(
        "--yarn-orig-ctx", type=typed(parse_tokens), metavar="N", help="the trained context, for YaRN"
    )
    for name in ("yarn-ext-factor", "yarn-attn-factor", "yarn-beta-slow", "yarn-beta-fast"):
        group.add_argument(f"--{name}", type=float, metavar="N")


def add_companions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is loaded beside the model")
    group.add_argument("-mm", "--mmproj", metavar="FILE", help="a projector for images or sound")
    group.add_argument(
        "-md",
        "--model-draft",
        "--spec-draft-model",
        metavar="MODEL",
        help="a draft model: a file or preset:NAME",
    )
    group.add_argument(
        "-ctkd",
        "--cache-type-k-draft",
        choices=CACHE_TYPES,
        default="f16",
        metavar="TYPE",
        help="the draft model's own -ctk",
    )
    group.add_argument(
        "-ctvd",
        "--cache-type-v-draft",
        choices=CACHE_TYPES,
        default="f16",
        metavar="TYPE",
        help="the draft model's own -ctv",
    )
    group.add_argument(
        "-ngld",
        "--gpu-layers-draft",
        "--n-gpu-layers-draft",
        type=typed(layers),
        metavar="N|all",
        help="the draft model's own -ngl",
    )
    group.add_argument(
        "--mtp", type=int, metavar="N", help="multi-token prediction on, N tokens drafted at once"
    )
    group.add_argument(
        "--lora", action="append", default=[], metavar="FILE", help="a LoRA adapter (repeatable)"
    )
