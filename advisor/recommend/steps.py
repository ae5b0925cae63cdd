"""How much a person has to do for an answer: settings to change, and a server to start again."""

from __future__ import annotations

from dataclasses import replace

from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import runtime_named

# All of these are flags of one command, or arguments of one call.
_ONE_COMMAND = frozenset({"llama-server", "llama-cpp-python"})
_CONTEXT_STEPS = 1
_RESTART_STEPS = 1
# Ollama reads these from its environment when it starts (envconfig/config.go); the rest are parameters of a
# model or of a request.
_OLLAMA_SERVER_SETTINGS = (("cache_type_k", "cache_type_v"), ("n_seq_max",), ("flash_attn",), ("devices",))
_SETTINGS = (
    *(("cache_type_k",), ("cache_type_v",), ("n_seq_max",), ("flash_attn",), ("n_gpu_layers",)),
    *(("n_cpu_moe",), ("offload_kqv",), ("n_batch",), ("n_ubatch",), ("split_mode", "main_gpu")),
    *(("tensor_split",), ("devices",), ("kv_unified",), ("swa_full",)),
)


def steps(settings: LoadSettings, facts: ModelFacts) -> int:
    """The context is one step, and so is each setting that the runtime would choose otherwise by itself.

    For Ollama what is a server setting costs a restart besides. Where all is said in one command, it is one.
    """
    if settings.runtime in _ONE_COMMAND:
        return 1
    own = _own(settings, facts)
    is_ollama = settings.runtime == "ollama"
    of_server = _OLLAMA_SERVER_SETTINGS if is_ollama else ()
    as_one = {name for names in of_server for name in names}
    others = tuple(names for names in _SETTINGS if not as_one.intersection(names))
    server = sum(_differ(settings, own, names) for names in of_server)
    restart = _RESTART_STEPS if server else 0
    return _CONTEXT_STEPS + sum(_differ(settings, own, names) for names in others) + server + restart


def _own(settings: LoadSettings, facts: ModelFacts) -> LoadSettings:
    """What the runtime does by itself with this much context for as many users: its batches follow that."""
    users = settings.n_seq_max
    own = resolve(Request(runtime=settings.runtime, users=users), facts, settings.n_ctx // users)
    return replace(own, n_seq_max=runtime_named(settings.runtime).n_seq_max)


def _differ(one: LoadSettings, other: LoadSettings, names: tuple[str, ...]) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in names)
