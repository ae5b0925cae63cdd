"""What a program decides itself when it loads a configuration that leaves something open."""

from __future__ import annotations

from dataclasses import replace

from advisor.basis import Note
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.planning import Planning
from advisor.recommend.programs.fitting import fitted_n_ctx, with_margin
from advisor.recommend.programs.unchanged import ollama_n_ctx
from advisor.settings.pasted.pasted import Pasted
from advisor.settings.request import Request
from advisor.settings.runtimes import runtime_named
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
        moved = with_margin(request, facts, planner)
        if moved != request:
            what = "the experts of some layers" if moved.n_cpu_moe else "some layers"
            text = (
                f"No number of layers is said: {title} would leave {what} on the CPU, so that about 1 GiB of "
                "each GPU stays free. How many is an estimate."
            )
            notes.append(Note("layers-by-runtime", text))
            request = moved
    return request, tuple(notes)
