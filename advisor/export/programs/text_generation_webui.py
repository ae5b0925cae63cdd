"""text-generation-webui: an entry of config-user.yaml for one model file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from advisor.export.capabilities import left_to_the_runtime
from advisor.export.export import Export, File, Load
from advisor.export.programs.llama_server import Option, loading_notes, no_draft, said_options
from advisor.export.yaml_text import yaml_text

GENERATED = "Generated for text-generation-webui with its llama.cpp loader (May 2026)."
VERIFIED = (
    "PyYAML and ruamel.yaml read the file alike; names as modules/shared.py and llama_cpp_server.py of "
    "May 2026 have them; with the command that it makes of such an entry llama-server b10434 allocated the "
    "KV cache that was planned. The program was not run."
)

# It names f16 in its own way and offers three types; V goes along unless extra_flags say otherwise.
_CACHE_TYPES = {"f16": "fp16"}
_OFFERED = frozenset({"f16", "q8_0", "q4_0"})

# What has a name of its own there; every other option is passed on in extra_flags.
_NAMED = frozenset(
    {"-m", "-c", "-np", "-ngl", "--fit", "-fitt", "-fa", "-ctk", "-ctv", "-b", "-ub", "-nkvo", "--load-mode"}
)


def render(load: Load) -> Export:
    """The entry, whose key is an expression that matches the file's name."""
    options = tuple(said_options(load))
    return Export(
        runtime="text-generation-webui",
        files=(File("config-user.yaml", yaml_text({_pattern(load): _settings(load, options)}, GENERATED)),),
        commands=(),
        cannot_express=(*left_to_the_runtime(load), *no_draft(load)),
        notes=tuple(_notes(load)),
        verified_with=VERIFIED,
    )


def _pattern(load: Load) -> str:
    """Matched against the lower-cased name from its start (modules/models_settings.py)."""
    return re.escape(load.file_name.lower()) + "$"


def _settings(load: Load, options: tuple[Option, ...]) -> dict[str, object]:
    settings = load.settings
    found: dict[str, object] = {
        "loader": "llama.cpp",
        "ctx_size": settings.n_ctx,
        "gpu_layers": settings.n_gpu_layers if load.pinned else -1,
        "cache_type": _cache_type(load),
        "batch_size": settings.n_batch,
        "ubatch_size": settings.n_ubatch,
        "parallel": settings.n_seq_max,
        "no_kv_offload": not settings.offload_kqv,
        "no_mmap": not settings.use_mmap,
        "extra_flags": shlex.join(_extra(load, options)),
    }
    if not load.pinned:
        found["fit_target"] = ",".join(map(str, load.fit_target_mib))
    return found


def _cache_type(load: Load) -> str:
    name = load.settings.cache_type_k
    return _CACHE_TYPES.get(name, name) if name in _OFFERED else "fp16"


def _extra(load: Load, options: tuple[Option, ...]) -> Iterator[str]:
    """A text that starts with - is cut by shlex and appended, where the last of two words wins."""
    settings = load.settings
    if settings.cache_type_k not in _OFFERED:
        yield from ("--cache-type-k", settings.cache_type_k)
    if settings.cache_type_v != settings.cache_type_k or settings.cache_type_v not in _OFFERED:
        yield from ("--cache-type-v", settings.cache_type_v)
    for option in options:
        if option.words[0] not in _NAMED:
            yield from option.words


def _notes(load: Load) -> Iterator[str]:
    yield (
        "Put the entry into user_data/models/config-user.yaml, beside what is there. It is used when a model "
        "file of this name is loaded."
    )
    if load.pinned:
        yield "gpu_layers of 0 or more turns the fitting of llama.cpp off: exactly this is loaded."
    yield "Flash attention is always on there."
    yield (
        "It brings its own llama.cpp: an older one may not know a word in extra_flags, and says so when "
        "it starts."
    )
    yield from loading_notes(load)
