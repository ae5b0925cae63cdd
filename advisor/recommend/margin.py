"""What llama.cpp's own fitting does with what is left open: a margin of each GPU stays free.

Mirrors common/fit.cpp, which llama-server runs, Ollama through it, and LM Studio in a way of its own: first
the context is lowered, where none was said, then experts or layers go to the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from advisor.memory.plan import CompanionKind, MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.planning import Planning
from advisor.recommend.search import context_range, largest
from advisor.settings.request import Request
from advisor.settings.runtimes import resolve
from advisor.units import GiB

FIT_MARGIN_BYTES = GiB  # --fit-target, on each device
FIT_SMALLEST_N_CTX = 4096  # --fit-ctx


def leaves_margin(plan: MemoryPlan) -> bool:
    """Whether common/fit.cpp leaves this load as it is: its margin is free on each GPU that is used.

    Without a GPU it judges by the total RAM, not by what is free.
    """
    for line in plan.memory[:-1] or plan.memory:
        there = line.device_total_bytes if line.device == "CPU" else line.free_bytes
        wanted = line.buffers.total_bytes + _fitted_companions(plan, line.device)
        if wanted + FIT_MARGIN_BYTES > (there or line.device_total_bytes):
            return False
    return True


def fitted_n_ctx(request: Request, facts: ModelFacts, planner: Planning) -> int:
    """What common/fit.cpp makes of an unset context: the largest that leaves its margin."""
    span = context_range(request, facts)
    n_ctx = largest(lambda n: leaves_margin(planner.estimate(resolve(request, facts, n))), span)
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

    def leaves(changed: Request) -> bool:
        return leaves_margin(planner.estimate(resolve(changed, facts)))

    if leaves(request):
        return request
    if facts.n_expert and not request.n_cpu_moe:
        without = replace(request, n_cpu_moe=facts.n_layer_all)
        if leaves(without):
            n_cpu_moe = _fewest(facts.n_layer_all, lambda n: leaves(replace(request, n_cpu_moe=n)))
            return replace(request, n_cpu_moe=n_cpu_moe)
        request = without
    every = facts.all_gpu_layers
    fewest = _fewest(every, lambda n: leaves(replace(request, n_gpu_layers=every - n)))
    return replace(request, n_gpu_layers=every - fewest)


def _fewest(most: int, is_enough: Callable[[int], bool]) -> int:
    """The smallest number for which it is enough, `most` if none is."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle + 1
    return low
