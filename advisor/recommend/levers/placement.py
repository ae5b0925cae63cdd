"""Levers that move a part of the load from the GPUs to the CPU: experts, layers, the KV cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.memory.plan import MemoryPlan
from advisor.recommend.cpu_placement import fewest_moved, has_experts
from advisor.recommend.levers.situation import Situation
from advisor.recommend.result import Lever
from advisor.recommend.search import context_range
from advisor.settings.request import Request
from advisor.settings.resolve import asks_per_slot

# Moving something to the CPU is slow: it should at least do this much, or make a conversation possible.
_TIMES = 2
_SMALL_CONTEXT = 4096


def placement_levers(now: Situation) -> Iterator[Lever]:
    """Each with the fewest layers that double the context (or let one begin), and the slowness it costs.

    With --gpu-only they are one lever: to allow it.
    """
    if len(now.here.memory) < 2 or now.settings.n_gpu_layers == 0:
        return
    free = replace(now.request, gpu_only=False)
    experts, layers, cache = _experts(now, free), _layers(now, free), _cache(now, free)
    found = [request for request in (experts, layers) if request]
    if now.request.gpu_only:
        if found:
            yield from _of(
                now, "gpu-only-off", "Allow a part of it on the CPU (without --gpu-only)", found[0]
            )
        return
    if experts:
        words = _layers_words(experts.n_cpu_moe or 0, now.settings.n_cpu_moe)
        yield from _of(now, "experts-on-cpu", f"Experts of {words}", experts)
    if layers:
        every = now.facts.all_gpu_layers
        words = _layers_words(every - (layers.n_gpu_layers or 0), every - now.settings.n_gpu_layers)
        yield from _of(now, "layers-on-cpu", words, layers)
    if cache:
        yield from _of(now, "cache-in-ram", "KV cache in RAM", cache)


def _of(now: Situation, code: str, title: str, request: Request) -> Iterator[Lever]:
    slower, cost = now.slower(request)
    lever = now.changed(
        code, title, request, detail=slower, cost=cost, freed=lambda plan: _freed_on_gpus(now, plan)
    )
    if lever and lever.gain_tokens > 0:
        yield lever


def _freed_on_gpus(now: Situation, plan: MemoryPlan) -> int:
    """The sum over all devices hardly changes: what matters is what the GPUs get rid of."""
    before = sum(line.total_bytes for line in now.here.memory[:-1])
    return before - sum(line.total_bytes for line in plan.memory[:-1])


def _experts(now: Situation, request: Request) -> Request | None:
    if "n_cpu_moe" not in now.runtime.words or request.override_tensor or not has_experts(now.facts):
        return None
    already = now.settings.n_cpu_moe
    return fewest_moved(
        lambda n: replace(request, n_cpu_moe=already + n),
        now.facts.n_layer_all - already,
        now.facts,
        now.planner,
        _target(now),
        context_range(request, now.facts).step,
    )


def _layers(now: Situation, request: Request) -> Request | None:
    if "n_gpu_layers" not in now.runtime.words or request.override_tensor:
        return None
    on_gpu = now.settings.n_gpu_layers
    return fewest_moved(
        lambda n: replace(request, n_gpu_layers=on_gpu - n),
        on_gpu,
        now.facts,
        now.planner,
        _target(now),
        context_range(request, now.facts).step,
    )


def _cache(now: Situation, request: Request) -> Request | None:
    has_cache = any(layer.attention for layer in now.facts.layers)
    can_move = now.settings.offload_kqv and "offload_kqv" in now.runtime.words
    return replace(request, offload_kqv=False) if has_cache and can_move else None


def _target(now: Situation) -> int:
    """The context to make room for, in the runtime's own word."""
    span = context_range(now.request, now.facts)
    slots = now.settings.n_seq_max if asks_per_slot(now.request) else 1
    wanted = max(_TIMES * now.n_ctx_max // slots, _SMALL_CONTEXT) // span.step * span.step
    return min(max(wanted, span.step), span.highest)


def _layers_words(n: int, already: int) -> str:
    """ "13 layers on the CPU", with how many are there already."""
    words = f"{n} layer{'' if n == 1 else 's'} on the CPU"
    return f"{words} instead of {already}" if already else words
