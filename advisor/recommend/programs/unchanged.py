"""What a runtime would do by itself, without any advice."""

from __future__ import annotations

from dataclasses import replace

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.planning import Planning
from advisor.recommend.programs.fitting import fitted_n_ctx, with_margin
from advisor.recommend.result import Unchanged
from advisor.recommend.search import context_range
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx, resolve
from advisor.settings.runtimes import runtime_named
from advisor.units import GiB, format_bytes, format_tokens

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
    bare = replace(bare, n_ctx=n_ctx)
    if hardware.gpus and bare.n_gpu_layers is None:
        bare = with_margin(bare, facts, planner)
    plan = planner.estimate(resolve(bare, facts))
    text = f"{reason}{_moved(bare, facts)}: {format_bytes(plan.total_bytes)} in all."
    return Unchanged(runtime=runtime.name, n_ctx=asked_n_ctx(bare, plan.settings), plan=plan, text=text)


def ollama_n_ctx(facts: ModelFacts, hardware: Hardware) -> int:
    """The context that Ollama takes by itself, for one slot."""
    total = sum(gpu.total_bytes for gpu in hardware.gpus if not gpu.shares_ram)
    tier = next(n_ctx for at_least, n_ctx in OLLAMA_TIERS if total >= at_least)
    return min(tier, context_range(Request(runtime="ollama"), facts).highest)


def _moved(request: Request, facts: ModelFacts) -> str:
    """What goes to the CPU by itself, so that about 1 GiB of each GPU stays free."""
    parts = []
    if request.n_cpu_moe:
        parts.append(f"the experts of {request.n_cpu_moe} layers")
    if request.n_gpu_layers is not None and request.n_gpu_layers < facts.all_gpu_layers:
        parts.append(f"{facts.all_gpu_layers - request.n_gpu_layers} of {facts.all_gpu_layers} layers")
    return f", with {' and '.join(parts)} on the CPU" if parts else ""
