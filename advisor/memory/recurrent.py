"""Recurrent state: what a state-space or linear-attention block remembers instead of a cache.

Mirrors `llama_memory_recurrent` (src/llama-memory-recurrent.cpp): one row a sequence, always 32-bit floats,
whatever the cache types, and independent of the context.
"""

from __future__ import annotations

from advisor.model.facts import Recurrence
from advisor.model.kv_row import recurrence_bytes
from advisor.settings.load_settings import LoadSettings


def state_bytes(settings: LoadSettings, recurrence: Recurrence) -> int:
    """Bytes of one block's state for all sequences that the context may hold."""
    return max(1, settings.n_seq_max) * recurrence_bytes(recurrence)
