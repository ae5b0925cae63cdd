"""A preset file for llama.cpp's router: `llama-server --models-preset FILE.ini`, one section a model."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.export.capabilities import left_to_the_runtime
from advisor.export.export import Export, File, Load
from advisor.export.programs.llama_server import GENERATED, Option, loading_notes, no_draft, said_options
from advisor.export.quoting import check_text, command_line, refusal

VERIFIED = (
    "The router of llama-server b10434 started on such files and listed every option but device, with its "
    "value, and allocated the KV cache that was planned, to the printed digit, for three of them on the "
    "CPU; this text itself was not run."
)
FILE = "llama-presets.ini"

# common/arg.cpp: the long spelling of what a command line says short.
_KEYS = {
    "-m": "model",
    "-c": "ctx-size",
    "-np": "parallel",
    "-dev": "device",
    "-ngl": "n-gpu-layers",
    "-fitt": "fit-target",
    "-ncmoe": "n-cpu-moe",
    "-ot": "override-tensor",
    "-sm": "split-mode",
    "-mg": "main-gpu",
    "-ts": "tensor-split",
    "-fa": "flash-attn",
    "-ctk": "cache-type-k",
    "-ctv": "cache-type-v",
    "-b": "batch-size",
    "-ub": "ubatch-size",
    "-nkvo": "no-kv-offload",
    "-md": "model-draft",
    "-ctkd": "cache-type-k-draft",
    "-ctvd": "cache-type-v-draft",
    "-ngld": "n-gpu-layers-draft",
}


def render(load: Load) -> Export:
    """One section with everything said. Raises UsageError (cannot-quote) for what the file cannot hold."""
    options = tuple(said_options(load))
    name = load.plain_name
    lines = [f"; {GENERATED}", "version = 1", "", f"[{name}]", *_pairs(options), "load-on-startup = false"]
    return Export(
        runtime="llama-router",
        files=(File(FILE, "\n".join(lines) + "\n"),),
        commands=(command_line(("llama-server", "--models-preset", FILE), load.shell),),
        cannot_express=(*left_to_the_runtime(load), *no_draft(load)),
        notes=(
            f'Ask for the model by its name, "{name}": the router starts a llama-server for it then.',
            "Up to 4 models are kept loaded at once (--models-max): each takes its own memory.",
            "What the router itself is told on its command line stands above this file.",
            *loading_notes(load),
        ),
        verified_with=VERIFIED,
    )


def ini_value(value: str) -> str:
    """`value` for such a file, which has no quotes: refused is what would be cut or trimmed."""
    check_text(value)
    for character in "#;":
        if character in value:
            raise refusal(value, f"a preset file ends a value at {character}, and has no quotes")
    if value != value.strip(" \t"):
        raise refusal(value, "a preset file drops the spaces around a value")
    return value


def _pairs(options: tuple[Option, ...]) -> Iterator[str]:
    for option in options:
        flag, *value = option.words
        yield f"{_KEYS.get(flag) or flag.removeprefix('--')} = {ini_value(value[0]) if value else 'true'}"
