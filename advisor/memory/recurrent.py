"""Recurrent state: what a state-space or linear-attention block remembers instead of a cache.

Mirrors `llama_memory_recurrent` (src/llama-memory-recurrent.cpp): one row a sequence, always 32-bit floats,
whatever the cache types, and independent of the context.
"""

from __future__ import annotations

from advisor.model.facts import Recurrence
from advisor.settings.load_settings import LoadSettings

_F32_BYTES = 4


def state_bytes(settings: LoadSettings, recurrence: Recurrence) -> int:
    """Bytes of one block's state for all sequences that the context may hold."""
    n_elements = recurrence.conv_elements + recurrence.state_elements
    return max(1, settings.n_seq_max) * n_elements * _F32_BYTES
