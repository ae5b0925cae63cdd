"""What the settings panel offers for a model and a runtime, and how one change alters the request. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.export.capabilities import CAPABILITIES
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.cache_pairs import with_cache_types
from advisor.recommend.search import context_range
from advisor.settings.load_settings import CACHE_TYPES
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.resolve import asked_n_ctx, asks_per_slot
from advisor.settings.runtimes import runtime_named

BATCHES = (128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True, slots=True)
class SettingChoices:
    """The panel's fields: what is set, and within which bounds. None for what cannot be said here.

    `n_ctx` is the runtime's own word (see `Request.n_ctx`), one slot's share where `is_per_slot`. `said_*`
    is what was asked for, None where the runtime decides; without it the same name says what it decided.
    """

    n_ctx: int
    n_ctx_step: int
    n_ctx_highest: int
    is_per_slot: bool
    cache_type_k: str
    cache_type_v: str
    cache_types: tuple[str, ...]
    one_cache_type: bool
    n_gpu_layers: int | None
    all_gpu_layers: int
    n_cpu_moe: int | None
    n_layer_all: int
    n_slots: int | None
    n_batch: int
    n_ubatch: int
    said_n_batch: int | None
    said_n_ubatch: int | None
    batches: tuple[int, ...]
    has_gpu: bool


def offered(request: Request, plan: MemoryPlan, facts: ModelFacts, hardware: Hardware) -> SettingChoices:
    """What can be chosen beside `request`, whose plan is `plan`."""
    settings = plan.settings
    runtime, can = runtime_named(settings.runtime), CAPABILITIES[settings.runtime]
    span = context_range(request, facts)
    n_ctx = asked_n_ctx(request, settings)
    has_gpu = bool(hardware.gpus)
    has_cache = any(line.buffers.kv_cache_bytes for line in plan.memory)
    set_batches = {settings.n_batch, settings.n_ubatch}
    return SettingChoices(
        n_ctx=n_ctx,
        n_ctx_step=span.step,
        n_ctx_highest=max(span.highest, n_ctx),
        is_per_slot=asks_per_slot(request) and settings.n_seq_max > 1,
        cache_type_k=settings.cache_type_k,
        cache_type_v=settings.cache_type_v,
        cache_types=tuple(name for name in CACHE_TYPES if name in can.cache_types) if has_cache else (),
        one_cache_type=runtime.one_cache_type,
        n_gpu_layers=settings.n_gpu_layers if has_gpu else None,
        all_gpu_layers=facts.all_gpu_layers,
        n_cpu_moe=settings.n_cpu_moe if facts.n_expert and has_gpu and "n_cpu_moe" in can.words else None,
        n_layer_all=facts.n_layer_all,
        n_slots=settings.n_seq_max if "n_seq_max" in can.words else None,
        n_batch=settings.n_batch,
        n_ubatch=settings.n_ubatch,
        said_n_batch=request.n_batch,
        said_n_ubatch=request.n_ubatch,
        batches=tuple(sorted({*BATCHES, *set_batches})),
        has_gpu=has_gpu,
    )


def with_n_ctx(request: Request, n_ctx: int) -> Request:
    return replace(request, n_ctx=n_ctx)


def with_cache_type(request: Request, *, k: str | None = None, v: str | None = None) -> Request:
    """Another type for K or V, or for both where the runtime has one; flash attention as that needs it."""
    if runtime_named(request.runtime).one_cache_type:
        k = v = k or v
    new_k = k or request.cache_type_k or "f16"
    new_v = v or request.cache_type_v or "f16"
    return with_cache_types(replace(request, flash_attn=None), new_k, new_v)


def with_gpu_layers(request: Request, facts: ModelFacts, n_gpu_layers: int) -> Request:
    every = n_gpu_layers >= facts.all_gpu_layers
    return replace(request, n_gpu_layers=ALL_LAYERS if every else n_gpu_layers)


def with_experts_on_cpu(request: Request, n_cpu_moe: int) -> Request:
    """The first `n_cpu_moe` layers' experts stay on the CPU."""
    return replace(request, n_cpu_moe=n_cpu_moe or None)


def with_batches(request: Request, *, n_batch: int | None, n_ubatch: int | None) -> Request:
    """None: as the runtime does by itself. A ubatch is never larger than its batch."""
    if n_batch is not None and n_ubatch is not None:
        n_ubatch = min(n_batch, n_ubatch)
    return replace(request, n_batch=n_batch, n_ubatch=n_ubatch)
