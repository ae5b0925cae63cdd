"""What llama.cpp says of its KV cache while it loads, held against a plan."""

from __future__ import annotations

import re

from advisor.memory.plan import MemoryPlan
from advisor.units import MiB

_SIZE = re.compile(r"llama_kv_cache: size = +([0-9.]+) MiB")


def check_kv_cache(said: str, plan: MemoryPlan, *, n_caches: int = 1) -> None:
    """Fails unless there are so many caches in this log, of the plan's bytes to the printed digit."""
    sizes = [float(size) for size in _SIZE.findall(said)]
    planned_bytes = sum(line.buffers.kv_cache_bytes for line in plan.memory)
    assert len(sizes) == n_caches, said
    assert abs(sum(sizes) - planned_bytes / MiB) < 0.005 * n_caches + 1e-6  # each to a hundredth
