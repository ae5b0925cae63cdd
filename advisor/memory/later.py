"""Host memory that a server takes while it runs, beside the load: shown apart, since it comes later."""

from __future__ import annotations

from advisor.memory.plan import Later
from advisor.model.facts import ModelFacts
from advisor.model.kv_row import key_elements, recurrence_bytes, value_elements
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

_PROMPT_CACHE_BYTES = 8192 * MiB  # common/arg.cpp: --cache-ram
_CHECKPOINTS_PER_SLOT = 32  # common/arg.cpp: --ctx-checkpoints
_F16_BYTES = 2

_SERVERS = ("llama-server", "ollama")  # Ollama starts a llama-server of its own


def later(facts: ModelFacts, settings: LoadSettings) -> tuple[Later, ...]:
    """llama-server's prompt cache and, for windowed and recurrent models, its checkpoints, at most."""
    if settings.runtime not in _SERVERS or not facts.has_cache:
        return ()
    found = [Later("prompt cache", "CPU", _PROMPT_CACHE_BYTES)]
    checkpoint = _checkpoint_bytes(facts)
    if checkpoint:
        n_bytes = checkpoint * _CHECKPOINTS_PER_SLOT * settings.n_seq_max
        found.append(Later("context checkpoints", "CPU", n_bytes))
    return tuple(found)


def _checkpoint_bytes(facts: ModelFacts) -> int:
    """One checkpoint: what cannot be computed again from the cache, a full window and the recurrent state."""
    n_bytes = 0
    for layer in facts.layers:
        attention, recurrence = layer.attention, layer.recurrence
        if attention and attention.window and attention.shares_cache_of is None:
            row = key_elements(attention) + value_elements(attention)
            n_bytes += attention.window * row * _F16_BYTES
        if recurrence:
            n_bytes += recurrence_bytes(recurrence)
    return n_bytes
