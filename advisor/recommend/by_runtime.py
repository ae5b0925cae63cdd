"""What a program decides itself when it loads a configuration that leaves something open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from advisor.basis import Note
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.planning import Planning
from advisor.recommend.unchanged import fitted_n_ctx, leaves_margin, ollama_n_ctx
from advisor.settings.pasted.pasted import Pasted
from advisor.settings.request import Request
from advisor.settings.runtimes import resolve, runtime_named
from advisor.units import format_tokens


def decided(
    pasted: Pasted, request: Request, facts: ModelFacts, hardware: Hardware, planner: Planning
) -> tuple[Request, tuple[Note, ...]]:
    """`request` with the context and the layers that its program would choose here, and what it chose.

    By formula, as the rules of common/fit.cpp and of Ollama's tiers say: the context first, which is lowered
    until a margin is free on each GPU, then experts or layers, which go to the CPU. Raises SettingsError.
    """
    notes = []
    title = runtime_named(request.runtime).title
    if pasted.context_by_runtime and request.n_ctx is None:
        if request.runtime == "ollama":
            n_ctx = ollama_n_ctx(facts, hardware)
        else:
            n_ctx = fitted_n_ctx(request, facts, planner)
        request = replace(request, n_ctx=n_ctx)
        text = f"No context is said: {title} would choose about {format_tokens(n_ctx)} tokens here by itself."
        notes.append(Note("context-by-runtime", text))
    if pasted.layers_by_runtime and hardware.gpus and request.n_gpu_layers is None:
        moved = _with_margin(request, facts, planner)
        if moved != request:
            what = "the experts of some layers" if moved.n_cpu_moe else "some layers"
            text = (
                f"No number of layers is said: {title} would leave {what} on the CPU, so that about 1 GiB of "
                "each GPU stays free. How many is an estimate."
            )
            notes.append(Note("layers-by-runtime", text))
            request = moved
    return request, tuple(notes)


def _with_margin(request: Request, facts: ModelFacts, planner: Planning) -> Request:
    """The fewest experts, else layers, on the CPU that leave the margin."""

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
