"""Ollama: a Modelfile, the same as API options, and the settings of its server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from advisor.export.capabilities import unsaid
from advisor.export.export import UNQUANTIZED, Cannot, Export, File, Load
from advisor.export.expressible import different_types, one_cache_type
from advisor.export.programs.ollama_server import SYSTEMD_FILE, how_to_set, systemd_drop_in
from advisor.export.quoting import check_text, refusal
from advisor.units import format_tokens

GENERATED = "Generated for Ollama 0.30 or newer."
VERIFIED = (
    "Modelfile rules of Ollama 0.33 (parser/parser.go, api/types.go), not run; Ollama's Python library 0.6.3 "
    "has every option; systemd 252 (systemd-analyze verify) accepts such an override.conf."
)

# common/common.h of llama.cpp: fit_params_target; envconfig/config.go names the variable.
FIT_MARGIN = (
    "Ollama places the layers so that 1 GiB of each GPU stays free: part of a model that fits closely goes "
    "to the CPU. LLAMA_ARG_FIT_TARGET (MiB), set like the other variables of the server, changes that."
)
CLIENTS = (
    "Some programs send a num_ctx of their own, which counts instead of this one: Continue 8,192, aider "
    "what its request needs. Export for them, too: --to continue, --to aider, --to open-webui."
)


def render(load: Load) -> Export:
    """The Modelfile of a model of its own, and what must be said to the server.

    `num_ctx` is one slot's share. Raises UsageError (cannot-quote) for a path that FROM cannot carry.
    """
    options = model_options(load)
    environment = server_environment(load)
    name = new_name(load)
    files = [
        File("Modelfile", _modelfile(load, name, options, environment)),
        File("options.json", json.dumps({"options": options}, indent=1) + "\n"),
    ]
    if environment:
        files.append(File(SYSTEMD_FILE, systemd_drop_in(environment, GENERATED)))
    return Export(
        runtime="ollama",
        files=tuple(files),
        commands=(f"ollama create {name} -f Modelfile", f"ollama run {name}"),
        environment=environment,
        programs=(("ollama", "create", name, "-f", "Modelfile"),),
        cannot_express=tuple(_cannot(load)),
        notes=tuple(_notes(load, environment)),
        verified_with=VERIFIED,
    )


def num_ctx(load: Load) -> int:
    """Ollama's word: its server is started with num_ctx times the slots (llm/llama_server.go)."""
    return load.settings.n_ctx // load.settings.n_seq_max


def model_options(load: Load) -> dict[str, int | bool]:
    """PARAMETER and API options alike (api/types.go: Runner)."""
    settings = load.settings
    options: dict[str, int | bool] = {"num_ctx": num_ctx(load), "num_batch": settings.n_ubatch}
    if load.pinned:
        options["num_gpu"] = settings.n_gpu_layers
    if settings.main_gpu or settings.split_mode == "none":
        options["main_gpu"] = settings.main_gpu
    if not settings.use_mmap:
        options["use_mmap"] = False
    return options


def server_environment(load: Load) -> dict[str, str]:
    """What only the server can be told, for all its models (envconfig/config.go)."""
    settings = load.settings
    found = {}
    cache_type = one_cache_type(settings.cache_type_k, settings.cache_type_v)
    if cache_type != "f16":
        found["OLLAMA_KV_CACHE_TYPE"] = cache_type
    if cache_type not in UNQUANTIZED:
        found["OLLAMA_FLASH_ATTENTION"] = "1"
    elif settings.flash_attn != "auto":
        found["OLLAMA_FLASH_ATTENTION"] = "0" if settings.flash_attn == "off" else "1"
    if settings.n_seq_max > 1:
        found["OLLAMA_NUM_PARALLEL"] = str(settings.n_seq_max)
    return found


def _modelfile(load: Load, name: str, options: dict[str, int | bool], environment: dict[str, str]) -> str:
    """A comment is one only at the start of a line; after a value it would be part of it."""
    lines = [
        f"# {GENERATED}",
        f"# ollama create {name} -f Modelfile",
        "# Without a new model, within ollama run:",
        f"#   /set parameter num_ctx {num_ctx(load)}",
    ]
    if environment:
        lines.append("# The server itself needs these, for all its models, and a restart:")
        lines += [f"#   {variable}={value}" for variable, value in environment.items()]
    lines.append(f"FROM {from_value(_source(load))}")
    lines += [f"ADAPTER {from_value(str(adapter.path))}" for adapter in load.companions.adapters]
    lines += [f"PARAMETER {key} {json.dumps(value)}" for key, value in options.items()]
    return "\n".join(lines) + "\n"


def from_value(path: str) -> str:
    """A path or name after FROM: up to the end of the line, quotes around it removed, nothing escaped.

    parser/parser.go drops what Go's strconv.IsPrint calls no printable character: a no-break space, say.
    """
    check_text(path)
    if not path.isprintable():
        raise refusal(path, "Ollama drops a character of it, which cannot be printed")
    if path == path.strip() and not path.startswith('"'):
        return path
    if '"' in path:
        raise refusal(path, "a Modelfile has no escape for its quotes")
    return f'"{path}"'


def _source(load: Load) -> str:
    """A split model is named by its folder: create joins what lies in it."""
    shards = load.facts.shards
    if len(shards) > 1 and Path(load.model_path).name == shards[0].name:
        return str(Path(load.model_path).parent)
    return load.model_path


def new_name(load: Load) -> str:
    """A name for the new model, of the characters that types/model/name.go allows anywhere."""
    stem = Path(load.model_path.replace("\\", "/")).name.removesuffix(".gguf")
    if _is_blob(load.model_path):
        stem = load.facts.name
    plain = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:48].rstrip("-._")
    return f"{plain or 'model'}-ctx{num_ctx(load)}"


def _is_blob(path: str) -> bool:
    """A file of Ollama's own store, which has no name of its own."""
    return re.fullmatch(r"(.*[/\\])?sha256-[0-9a-f]{64}", path) is not None


def _cannot(load: Load) -> Iterator[Cannot]:
    settings = load.settings
    if settings.cache_type_k != settings.cache_type_v:
        yield different_types(settings.cache_type_k, settings.cache_type_v, "Ollama")
    if settings.n_batch != settings.n_ubatch:
        yield Cannot(
            "--batch-size",
            f"num_batch sets both batch sizes. {settings.n_ubatch} is exported, which decides the memory.",
        )
    if settings.n_seq_max > 1 and settings.kv_unified:
        yield Cannot("--kv-unified", "Ollama gives every slot a cache of its own: the same total, but split.")
    yield from unsaid("ollama", settings)
    if load.companions.projector:
        yield Cannot(
            "--mmproj", "No projector is written here. A model that Ollama downloaded brings its own along."
        )
    if load.companions.draft:
        yield Cannot("--model-draft", "No draft model is written here: the plan counts more than is loaded.")


def _notes(load: Load, environment: dict[str, str]) -> Iterator[str]:
    settings = load.settings
    if environment:
        yield (
            f"num_ctx is one step. {' and '.join(environment)} belong to the server, hold for all its models "
            "and need a restart of it. How to set them:"
        )
        yield from how_to_set(environment)
    else:
        yield "One step is enough: only num_ctx changes, no setting of the server."
    length = f"OLLAMA_CONTEXT_LENGTH={num_ctx(load)}"
    yield f"/v1 endpoints ignore num_ctx: use the new model there, or set {length}."
    if settings.n_seq_max == 1:
        yield "A server with OLLAMA_NUM_PARALLEL above 1 needs the KV cache that many times."
    if "OLLAMA_KV_CACHE_TYPE" not in environment:
        yield "The plan is for an f16 cache: OLLAMA_KV_CACHE_TYPE must not be set on the server."
    if _is_blob(load.model_path):
        yield "This file belongs to a model that Ollama has: FROM its name keeps the chat template (--name)."
    if load.pinned:
        yield "num_gpu stops Ollama from moving layers when memory is short: --flavour adjustable omits it."
    else:
        yield FIT_MARGIN
    yield CLIENTS
    if load.facts.n_ctx_train and num_ctx(load) > load.facts.n_ctx_train:
        yield f"Ollama lowers it to the training context, {format_tokens(load.facts.n_ctx_train)} tokens."
    yield "Check what is loaded: ollama ps, or GET /api/ps (context_length, size, size_vram)."
