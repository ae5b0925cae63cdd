"""What llama.cpp's own fitting does with what is left open: a margin of each GPU stays free.

Mirrors common/fit.cpp, which llama-server runs, Ollama through it, and LM Studio in a way of its own: first
the context is lowered, where none was said, then experts or layers go to the CPU.
"""

from __future__ import annotations

from dataclasses import replace

from advisor.memory.plan import CompanionKind, MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.crossing import last_not_negative
from advisor.recommend.planning import Planning
from advisor.recommend.search import context_range
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import GiB

FIT_MARGIN_BYTES = GiB  # --fit-target, on each device
FIT_SMALLEST_N_CTX = 4096  # --fit-ctx


def left_of_margin(plan: MemoryPlan) -> int:
    """Bytes that the fullest GPU has left beyond the margin; negative where common/fit.cpp changes this load.

    Without a GPU it judges by the total RAM, not by what is free.
    """
    found = []
    for line in plan.memory[:-1] or plan.memory:
        there = line.device_total_bytes if line.device == "CPU" else line.free_bytes
        wanted = line.buffers.total_bytes + _fitted_companions(plan, line.device)
        found.append((there or line.device_total_bytes) - wanted - FIT_MARGIN_BYTES)
    return min(found)


def fitted_n_ctx(request: Request, facts: ModelFacts, planner: Planning) -> int:
    """What common/fit.cpp makes of an unset context: the largest that leaves its margin."""
    span = context_range(request, facts)

    def left(n_steps: int) -> int:
        return left_of_margin(planner.estimate(resolve(request, facts, n_steps * span.step)))

    n_ctx = (last_not_negative(left, 1, span.highest // span.step) or 0) * span.step
    return max(n_ctx, min(FIT_SMALLEST_N_CTX, span.highest))


def _fitted_companions(plan: MemoryPlan, device: str) -> int:
    """Bytes of what common/fit.cpp counts beside the model: a projector and a draft, but no adapters."""
    return sum(
        companion.n_bytes
        for companion in plan.companions
        if companion.device == device and companion.kind is not CompanionKind.ADAPTER
    )


def with_margin(request: Request, facts: ModelFacts, planner: Planning) -> Request:
    """`request` with the fewest experts, else layers, on the CPU that leave the margin; by formula."""

    def left(changed: Request) -> int:
        return left_of_margin(planner.estimate(resolve(changed, facts)))

    if left(request) >= 0:
        return request
    if facts.n_expert and not request.n_cpu_moe:
        every = facts.n_layer_all
        without = replace(request, n_cpu_moe=every)
        if left(without) >= 0:
            n_kept = last_not_negative(lambda n: left(replace(request, n_cpu_moe=every - n)), 0, every - 1)
            return replace(request, n_cpu_moe=every - (n_kept or 0))
        request = without
    n_kept = last_not_negative(lambda n: left(replace(request, n_gpu_layers=n)), 0, facts.all_gpu_layers)
    return replace(request, n_gpu_layers=n_kept or 0)
