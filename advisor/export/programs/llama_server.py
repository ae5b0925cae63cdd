"""llama-server of llama.cpp: a command line, and the same as LLAMA_ARG_* environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from advisor.errors import SettingsError
from advisor.export.capabilities import left_to_the_runtime
from advisor.export.choices import Shell
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.quoting import command_line, refusal
from advisor.settings.rope import reaches, said
from advisor.units import format_tokens

# The oldest build that was seen with --load-mode and --fit; newer ones no longer have the mmap flags.
GENERATED = "Generated for llama-server of llama.cpp b10434 or newer."
VERIFIED = (
    "common/arg.cpp of llama.cpp 0c1e57098 (October 2026) has every flag and LLAMA_ARG_ name, the program "
    "of b10434 parsed them but for -dev with the name of a GPU, and allocated the KV cache that was "
    "planned, to the printed digit, for three exports on the CPU; this text itself was not run."
)

PROGRAM = "llama-server"

_ROPE_VARIABLES = {"--rope-scaling": "ROPE_SCALING_TYPE"}  # the others are called as their options


class Option(NamedTuple):
    """A flag as written on the command line, and its variable with the value that says the same."""

    words: tuple[str, ...]
    variable: str | None  # without LLAMA_ARG_; None: this option has no variable
    value: str


def render(load: Load) -> Export:
    """The command line that loads exactly these settings, or lets llama-server find the layers.

    Raises SettingsError for a pattern and UsageError for a path that the command line cannot carry.
    """
    options = tuple(said_options(load))
    line = command_line((PROGRAM, *words(options)), load.shell)
    return Export(
        runtime="llama-server",
        files=(script(line, load.shell, "llama-server", GENERATED),),
        commands=(line,),
        environment={f"LLAMA_ARG_{option.variable}": option.value for option in options if option.variable},
        cannot_express=(*left_to_the_runtime(load), *no_draft(load)),
        notes=tuple(_notes(load, options)),
        verified_with=VERIFIED,
    )


def words(options: Iterable[Option]) -> Iterator[str]:
    """The words of a command line, without the program."""
    return (word for option in options for word in option.words)


def said_options(load: Load) -> Iterator[Option]:
    """Everything that is said to llama-server, the model first, then the context.

    Raises SettingsError for a pattern and UsageError for a path that it would cut.
    """
    settings = load.settings
    yield _valued("-m", "MODEL", load.model_path)
    yield _valued("-c", "CTX_SIZE", str(settings.n_ctx))
    yield from _slots(load)
    if settings.devices:
        yield _valued("-dev", "DEVICE", ",".join(settings.devices))
    yield from _layers(load)
    # With "auto" llama.cpp turns it on for a quantized V cache; saying so does not depend on that.
    yield _valued("-fa", "FLASH_ATTN", load.flash_attn)
    yield _valued("-ctk", "CACHE_TYPE_K", settings.cache_type_k)
    yield _valued("-ctv", "CACHE_TYPE_V", settings.cache_type_v)
    if settings.n_batch != 2048:
        yield _valued("-b", "BATCH", str(settings.n_batch))
    if settings.n_ubatch != 512:
        yield _valued("-ub", "UBATCH", str(settings.n_ubatch))
    if settings.swa_full:
        yield Option(("--swa-full",), "SWA_FULL", "on")
    if not settings.offload_kqv:
        yield Option(("-nkvo",), "KV_OFFLOAD", "off")
    if not settings.op_offload:
        yield Option(("--no-op-offload",), None, "")
    if not settings.use_mmap:
        yield _valued("--load-mode", "LOAD_MODE", "none")
    for option, value in said(settings.rope).items():
        text = value if isinstance(value, str) else f"{value:.9g}"
        yield _valued(option, _ROPE_VARIABLES.get(option) or option[2:].replace("-", "_").upper(), text)
    yield from _companions(load)


def _slots(load: Load) -> Iterator[Option]:
    """Always said: without -np llama-server opens four slots (tools/server/server.cpp)."""
    settings = load.settings
    yield _valued("-np", "N_PARALLEL", str(settings.n_seq_max))
    if settings.n_seq_max > 1:
        flag = "--kv-unified" if settings.kv_unified else "--no-kv-unified"
        yield Option((flag,), "KV_UNIFIED", "on" if settings.kv_unified else "off")


def _layers(load: Load) -> Iterator[Option]:
    """What common/fit.cpp may still change: nothing when pinned, else the layers but never the context."""
    settings = load.settings
    if not load.pinned:
        yield _valued("-fitt", "FIT_TARGET", ",".join(map(str, load.fit_target_mib)))
        yield from _gpus(load)
        return
    yield _valued("-ngl", "N_GPU_LAYERS", str(settings.n_gpu_layers))
    yield _valued("--fit", "FIT", "off")
    if settings.n_cpu_moe:
        yield _valued("-ncmoe", "N_CPU_MOE", str(settings.n_cpu_moe))
    if settings.override_tensor:
        yield _valued("-ot", "OVERRIDE_TENSOR", tensor_overrides(settings.override_tensor))
    yield from _gpus(load)
    if settings.tensor_split:
        yield _valued("-ts", "TENSOR_SPLIT", ",".join(f"{share:g}" for share in settings.tensor_split))


def _gpus(load: Load) -> Iterator[Option]:
    settings = load.settings
    if settings.split_mode == "none" or (load.pinned and settings.split_mode != "layer"):
        yield _valued("-sm", "SPLIT_MODE", settings.split_mode)
    if settings.main_gpu:
        yield _valued("-mg", "MAIN_GPU", str(settings.main_gpu))


def tensor_overrides(pairs: tuple[tuple[str, str], ...]) -> str:
    """common/arg.cpp: parse_tensor_buffer_overrides cuts at every comma, and then at the first "="."""
    for pattern, buffer in pairs:
        if "," in pattern or "=" in pattern or "," in buffer:
            raise SettingsError(
                "--override-tensor",
                f"{pattern!a} has a comma or = in it, and llama-server cuts there.",
                hint="Write the pattern without: [0-9][0-9]? says what [0-9]{1,2} does.",
            )
    return ",".join(f"{pattern}={buffer}" for pattern, buffer in pairs)


def _companions(load: Load) -> Iterator[Option]:
    beside = load.companions
    if beside.projector:
        yield _valued("--mmproj", "MMPROJ", str(beside.projector.path))
    if beside.draft and beside.draft.facts.path:
        draft = beside.draft
        yield _valued("-md", "SPEC_DRAFT_MODEL", str(draft.facts.path))
        yield _valued("-ctkd", "SPEC_DRAFT_CACHE_TYPE_K", draft.cache_type_k)
        yield _valued("-ctvd", "SPEC_DRAFT_CACHE_TYPE_V", draft.cache_type_v)
        if load.pinned:
            layers = draft.facts.all_gpu_layers if draft.n_gpu_layers is None else draft.n_gpu_layers
            yield Option(("-ngld", str(layers)), None, "")
    paths = [str(adapter.path) for adapter in beside.adapters]
    for path in paths:
        if "," in path or '"' in path:
            raise refusal(path, "llama-server reads --lora as a list, cut at commas")
    if paths:
        yield Option(("--lora", ",".join(paths)), None, "")  # said twice, the last one alone would count


def no_draft(load: Load) -> Iterator[Cannot]:
    draft = load.companions.draft
    if draft and not draft.facts.path:
        yield Cannot("--model-draft", f"{draft.facts.name} has no file: add -md and the path of yours.")


def _valued(flag: str, variable: str, value: str) -> Option:
    return Option((flag, value), variable, value)


def script(line: str, shell: Shell, stem: str, comment: str) -> File:
    """A file with a comment and the line. Windows shells are told when the line is not plain ASCII."""
    if shell == "sh":
        return File(f"{stem}.sh", f"#!/bin/sh\n# {comment}\nexec {line}\n")
    if shell == "powershell":
        # Without the mark Windows PowerShell 5.1 reads a file in the old code page.
        mark = "" if line.isascii() else "\ufeff"
        return File(f"{stem}.ps1", f"{mark}# {comment}\r\n{line}\r\n")
    code_page = "" if line.isascii() else "chcp 65001 >nul\r\n"
    return File(f"{stem}.cmd", f"@rem {comment}\r\n{code_page}{line}\r\n")


def _notes(load: Load, options: tuple[Option, ...]) -> Iterator[str]:
    yield "The environment says the same as the command, for a service: use one of the two; the command wins."
    without = [option.words[0] for option in options if not option.variable]
    if without:
        yield f"No variable exists for {', '.join(without)}: in a service, put it on the command line."
    yield from loading_notes(load)


def loading_notes(load: Load, *, in_container: bool = False) -> Iterator[str]:
    """What to know of llama-server wherever it is started."""
    settings = load.settings
    if not load.pinned:
        yield (
            "llama-server keeps this context and puts as many layers on the GPU as leave the margin of -fitt "
            "free. It does not do that beside -ngl, -ncmoe, -ot or -ts, so they are left out."
        )
    if load.facts.n_ctx_train and settings.n_ctx_per_slot > reaches(load.facts, settings.rope):
        yield (
            f"The model was trained for {format_tokens(load.facts.n_ctx_train)} tokens. llama-server "
            "allocates the larger context, then caps each slot to the training context: a waste."
        )
    if not in_container:
        places = "~/.config/llama.cpp or /etc/llama.cpp"
        if load.shell != "sh":
            places = "%APPDATA%\\llama.cpp or %PROGRAMDATA%\\llama.cpp"
        yield f"A config.ini of llama.cpp ({places}) changes what is not said here."
