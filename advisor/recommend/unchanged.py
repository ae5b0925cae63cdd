"""What a runtime would do by itself, without any advice."""

from __future__ import annotations

from dataclasses import replace

from advisor.hardware.device import Hardware
from advisor.memory.plan import CompanionKind, MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Unchanged
from advisor.recommend.rows import Planning
from advisor.recommend.search import context_range, largest
from advisor.settings.request import Request
from advisor.settings.runtimes import asked_n_ctx, resolve, runtime_named
from advisor.units import GiB, format_bytes, format_tokens

FIT_MARGIN_BYTES = GiB  # common/fit.cpp: --fit-target, on each device
FIT_SMALLEST_N_CTX = 4096  # common/fit.cpp: --fit-ctx

# server/routes.go of Ollama: the default context by the sum of the GPUs' memory.
OLLAMA_TIERS = ((47 * GiB, 262144), (23 * GiB, 32768), (0, 4096))

LLAMA_CPP_PYTHON_N_CTX = 512  # llama_cpp/llama.py


def if_you_change_nothing(
    request: Request, facts: ModelFacts, hardware: Hardware, planner: Planning
) -> Unchanged:
    """The context that the runtime takes when nothing is said, and what that costs here."""
    runtime = runtime_named(request.runtime)
    bare = Request(runtime=runtime.name)
    if runtime.name == "ollama":
        n_ctx = ollama_n_ctx(facts, hardware)
        reason = f"Ollama chooses {format_tokens(n_ctx)} tokens by the size of the GPU"
    elif runtime.name == "llama-cpp-python":
        bare = replace(bare, n_gpu_layers=0)
        n_ctx = LLAMA_CPP_PYTHON_N_CTX
        reason = f"llama-cpp-python takes {format_tokens(n_ctx)} tokens and puts no layer on a GPU"
    else:
        bare = replace(bare, n_seq_max=4, kv_unified=True)
        n_ctx = fitted_n_ctx(bare, facts, planner)
        chooser = "LM Studio fits" if runtime.name == "lm-studio" else "llama-server opens 4 slots and fits"
        reason = f"{chooser} the context into memory by itself, about {format_tokens(n_ctx)} tokens"
    plan = planner.estimate(resolve(bare, facts, n_ctx))
    text = f"{reason}: {format_bytes(plan.total_bytes)} in all."
    return Unchanged(runtime=runtime.name, n_ctx=asked_n_ctx(bare, plan.settings), plan=plan, text=text)


def ollama_n_ctx(facts: ModelFacts, hardware: Hardware) -> int:
    """The context that Ollama takes by itself, for one slot."""
    total = sum(gpu.total_bytes for gpu in hardware.gpus if not gpu.shares_ram)
    tier = next(n_ctx for at_least, n_ctx in OLLAMA_TIERS if total >= at_least)
    return min(tier, context_range(Request(runtime="ollama"), facts).highest)


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
