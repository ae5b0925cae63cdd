"""What looks like success and is none: memory that the driver took elsewhere, silently, and slowly.

Windows, and some drivers on Linux, lend a GPU RAM when its own memory is full; llama.cpp is told nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from advisor.engine.proof import SpeedPoint
from advisor.memory.plan import MemoryPlan
from advisor.units import GiB, format_bytes, format_tokens

# So many times slower than explained is a collapse: RAM over PCIe is 10 to 30 times slower than a card's own
# memory, swap slower still, while a warm or busy machine loses a factor of two.
COLLAPSE = 5.0
# Staging buffers and the host's own part lie in shared memory, too; more than this beyond them does not.
_SHARED_ALLOWANCE_BYTES = GiB // 4


def beyond_the_device(plan: MemoryPlan, used_bytes: Mapping[str, int | None]) -> str | None:
    """A sentence if a load holds more than there is of a GPU, by prediction or by what was measured."""
    for line in plan.memory[:-1]:
        wanted = max(line.buffers.total_bytes + line.companions_bytes, used_bytes.get(line.device) or 0)
        if wanted > line.device_total_bytes:
            has, takes = format_bytes(line.device_total_bytes), format_bytes(wanted)
            return f"{line.device} has {has} and was given {takes}: the rest lies elsewhere."
    return None


def beyond_the_free(plan: MemoryPlan, room_bytes: Mapping[str, int]) -> str | None:
    """A sentence if what is loaded beside the model in daily use would find no room on a GPU."""
    for line in plan.memory[:-1]:
        wanted = line.buffers.total_bytes + line.companions_bytes
        if line.companions_bytes and wanted > room_bytes.get(line.device, wanted):
            beside = format_bytes(line.companions_bytes)
            return f"It leaves no room on {line.device} for what is loaded beside the model ({beside})."
    return None


def in_shared_memory(plan: MemoryPlan, before_bytes: int | None, now_bytes: int | None) -> str | None:
    """A sentence if GPUs borrowed more RAM than the load has a use for there."""
    if before_bytes is None or now_bytes is None:
        return None
    borrowed = now_bytes - before_bytes
    host = plan.memory[-1].buffers.total_bytes
    if borrowed <= host + _SHARED_ALLOWANCE_BYTES:
        return None
    return f"The GPU's driver put {format_bytes(borrowed)} into RAM."


def slower_than_smaller(small: float | None, here: float | None, n_ctx: int) -> str | None:
    """A sentence if an empty context writes far slower than a smaller empty one: tokens a second of both."""
    if not small or not here or small < here * COLLAPSE:
        return None
    return (
        f"With {format_tokens(n_ctx)} tokens it writes {here:.1f} tokens/s, with a smaller context "
        f"{small:.1f}: memory was moved to a slower place."
    )


def collapse(speed: Sequence[SpeedPoint], bytes_read: Mapping[int, int]) -> str | None:
    """A sentence if writing slows down with depth far more than what it reads explains.

    Attention takes time in proportion to depth, so from one measured depth to the next the time may grow as
    the depth does, and `COLLAPSE` times that. From an empty cache to the first depth that explains nothing:
    there `bytes_read`, what one token reads at each depth (weights in use and KV cache), stands in for it,
    and without it nothing is concluded. It holds for GPUs; on a CPU attention is bound by arithmetic.
    Memory that lies elsewhere stays there: where a deeper place is fast again, the machine was only busy.
    """
    points = [(point.depth, point.decode_tokens_per_second) for point in speed]
    known = [(depth, rate) for depth, rate in points if rate]
    for place, ((before, fast), (depth, slow)) in enumerate(itertools.pairwise(known)):
        if before:
            explained = depth / before
        elif bytes_read.get(before) and bytes_read.get(depth):
            explained = bytes_read[depth] / bytes_read[before]
        else:
            continue
        recovered = any(rate > slow * COLLAPSE for _, rate in known[place + 2 :])
        if fast / slow > COLLAPSE * explained and not recovered:
            return (
                f"At a depth of {format_tokens(depth)} tokens it writes {slow:.1f} tokens/s, at "
                f"{format_tokens(before)} {fast:.1f}: memory was moved to a slower place."
            )
    return None
