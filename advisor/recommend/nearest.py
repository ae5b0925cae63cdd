"""When nothing fits: the nearest thing that would, from what costs a person least to what costs most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from advisor.basis import Note
from advisor.errors import SettingsError
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan, Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend.cache_pairs import possible_pairs, with_cache_types
from advisor.recommend.cpu_placement import cache_in_ram, has_experts, least_on_cpu
from advisor.recommend.crossing import last_not_negative
from advisor.recommend.expectation import Expectation, expecting
from advisor.recommend.planning import Planning
from advisor.recommend.reasons import cache_name, with_article
from advisor.recommend.result import Alternative
from advisor.recommend.room import rooms
from advisor.recommend.row import largest_row
from advisor.recommend.search import context_range
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import runtime_named
from advisor.units import format_bytes, format_tokens

_SMALLER_UBATCHES = (256, 128, 64)
# Where something has to be moved, for a conversation that can begin.
_SOME_CONTEXT = 4096


@dataclass(frozen=True, slots=True)
class Nearest:
    """What would fit, in words, and the row of it where it is a matter of settings."""

    note: Note
    row: Alternative | None = None


def nearest(
    chosen: Alternative,
    rows: tuple[Alternative, ...],
    request: Request,
    facts: ModelFacts,
    hardware: Hardware,
    planner: Planning,
) -> Nearest | None:
    """The nearest thing that would fit where `chosen` holds not even the smallest context.

    In this order: a smaller cache type, experts or layers on the CPU, the KV cache in RAM, a smaller ubatch,
    other programs closed, a smaller model. What the request says itself may have to give way. None where a
    device does not tell what is free, or cannot work on such a cache: then no memory would help.
    """
    if chosen.n_ctx_max or chosen.at_device_limit or chosen.plan.verdict is Verdict.UNKNOWN:
        return None
    answers = expecting(facts, planner)
    for words, row in _by_settings(rows, request, facts, hardware, answers):
        text = f"Nearest that fits: {words}, up to {format_tokens(row.n_ctx_max)} tokens."
        return Nearest(Note("nearest", text, {"what": words, "n_ctx_max": row.n_ctx_max}), row)
    plans = [row.plan for row in (chosen, *rows)]
    if hardware.gpus and not request.gpu_only:
        plans.extend(_with_less_on_gpu(rows[-1].request or request, facts, answers))
    return Nearest(_by_memory(min(plans, key=_missing)))


def _by_settings(
    rows: tuple[Alternative, ...],
    request: Request,
    facts: ModelFacts,
    hardware: Hardware,
    answers: Expectation,
) -> Iterator[tuple[str, Alternative]]:
    """Each that fits, with its words, the least of a change first."""
    for row in rows:
        if row.n_ctx_max:
            yield _words(row), row
    step = context_range(request, facts).step
    for asked in _changed(request, facts, hardware, answers):
        try:
            if answers.is_hopeless(resolve(asked, facts, step)):
                continue
            row = largest_row(asked, facts, answers)
        except SettingsError:
            continue
        if row.n_ctx_max:
            yield _words(row), row


def _changed(request: Request, facts: ModelFacts, hardware: Hardware, planner: Planning) -> Iterator[Request]:
    """Places that the request ruled out, and smaller batches; with the smallest cache type where needed."""
    span = context_range(request, facts)
    open_places = replace(request, n_gpu_layers=None, n_cpu_moe=None, offload_kqv=None, gpu_only=False)
    typed = []
    for k, v in (*possible_pairs(request)[:1], *possible_pairs(request)[-1:]):
        typed.append(with_cache_types(open_places, k, v))
    wish = min(_SOME_CONTEXT // span.step * span.step or span.step, span.highest)
    if hardware.gpus:
        for asked in typed:
            try:
                found = (
                    least_on_cpu(asked, facts, hardware, planner, wish, span.step),
                    cache_in_ram(asked, facts),
                )
            except SettingsError:
                continue
            yield from filter(None, found)
    if "n_ubatch" in runtime_named(request.runtime).words:
        for n_ubatch in _SMALLER_UBATCHES:
            if not request.n_ubatch or n_ubatch < request.n_ubatch:
                for asked in typed:
                    places = replace(asked, n_gpu_layers=request.n_gpu_layers, n_cpu_moe=request.n_cpu_moe)
                    yield replace(places, n_ubatch=n_ubatch)


def _words(row: Alternative) -> str:
    settings = row.settings
    cache = f"{with_article(cache_name(settings))} KV cache"
    n_layers = row.plan.settings.n_gpu_layers
    if settings.n_cpu_moe:
        return f"the experts of {settings.n_cpu_moe} layers on the CPU, with {cache}"
    if not settings.offload_kqv:
        return f"{cache} in the RAM"
    if len(row.plan.memory) > 1 and row.request and row.request.n_gpu_layers is not None:
        return f"{n_layers} layers on the GPU and the rest on the CPU, with {cache}"
    if row.request and row.request.n_ubatch is not None:
        return f"batches of {settings.n_ubatch} tokens, with {cache}"
    return cache


def _with_less_on_gpu(request: Request, facts: ModelFacts, answers: Expectation) -> Iterator[MemoryPlan]:
    """The smallest context with as much on the CPU, of experts or of layers, as the GPUs need; by formula.

    And with one less: with fewer still the GPUs lack as much as the RAM gains, with more the RAM lacks more.
    """
    words = runtime_named(request.runtime).words
    n_ctx = context_range(request, facts).step

    def without_experts(n_kept: int) -> LoadSettings:
        return resolve(replace(request, n_cpu_moe=facts.n_layer_all - n_kept), facts, n_ctx)

    def with_layers(n_kept: int) -> LoadSettings:
        return resolve(replace(request, n_gpu_layers=n_kept), facts, n_ctx)

    moves: list[tuple[Callable[[int], LoadSettings], int]] = []
    if request.n_cpu_moe is None and "n_cpu_moe" in words and has_experts(facts):
        moves.append((without_experts, facts.n_layer_all))
    if request.n_gpu_layers is None and "n_gpu_layers" in words:
        moves.append((with_layers, facts.all_gpu_layers))
    for settings, most in moves:
        n_kept = last_not_negative(partial(_gpu_room_bytes, answers, settings), 0, most - 1) or 0
        yield answers.estimate(settings(n_kept))
        yield answers.estimate(settings(n_kept + 1))


def _gpu_room_bytes(answers: Expectation, settings: Callable[[int], LoadSettings], n_kept: int) -> int:
    return answers.gpu_room_bytes(settings(n_kept))


def _by_memory(plan: MemoryPlan) -> Note:
    """What is missing, and whether closing other programs would give it."""
    name = min(rooms(plan), key=lambda room: room.n_bytes).name
    missing = _missing(plan)
    size = format_bytes(missing)
    if plan.verdict is Verdict.CLOSE_OTHER_APPS:
        text = f"Nearest that fits: close other programs that hold {size} of {name}."
        return Note("nearest", text, {"what": "close-other-apps", "bytes": missing, "device": name})
    text = f"Nothing fits. Nearest: a smaller model or quantization, by {size} or more."
    return Note("nearest", text, {"what": "smaller-model", "bytes": missing})


def _missing(plan: MemoryPlan) -> int:
    """Bytes that are too much, over all memories that are too small."""
    return max(1, sum(max(0, -room.n_bytes) for room in rooms(plan)))
