"""What may be moved off the GPUs where a model is too large for them: experts, layers, the KV cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.crossing import last_not_negative, last_that_holds
from advisor.recommend.expectation import Expectation, expecting
from advisor.recommend.gpu_placement import may_spread, used_cards, weighed_split
from advisor.recommend.planning import Planning
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import runtime_named


def least_on_cpu(
    request: Request, facts: ModelFacts, hardware: Hardware, planner: Planning, wish: int, step: int
) -> Request | None:
    """The same with as little on the CPU as leaves room on the GPUs for `wish`, in the runtime's own word.

    Where the RAM has no room for that much, for half of it, a quarter and so on, down to `step`. Experts are
    moved before whole layers: they are most of such a model, and few of them are read for a token. None where
    nothing fits, where the request says it itself, and where the runtime has no word for it.
    """
    words = runtime_named(request.runtime).words
    cards = used_cards(hardware)
    splits = may_spread(request, cards) and "tensor_split" in words

    @cache
    def without_experts(n: int) -> Request:
        # Those of the first layers go, all of them on the first card: the others need fewer layers then.
        asked = replace(request, n_cpu_moe=n)
        if splits:
            asked = replace(asked, tensor_split=weighed_split(asked, facts, cards, planner, wish))
        return asked

    def without_layers(n: int) -> Request:
        return replace(request, n_gpu_layers=facts.all_gpu_layers - n)

    found = None
    may_move = request.n_gpu_layers in {None, ALL_LAYERS} and not request.override_tensor
    if may_move and request.n_cpu_moe is None and "n_cpu_moe" in words and has_experts(facts):
        found = fewest_moved(without_experts, facts.n_layer_all, facts, planner, wish, step)
    if found is None and may_move and request.n_gpu_layers is None and "n_gpu_layers" in words:
        found = fewest_moved(without_layers, facts.all_gpu_layers, facts, planner, wish, step)
    return found


def cache_in_ram(request: Request, facts: ModelFacts) -> Request | None:
    """The same with the KV cache in the RAM; None as `least_on_cpu`, and for a model without attention."""
    can_say = "offload_kqv" in runtime_named(request.runtime).words
    if request.offload_kqv is not None or not can_say or not any(la.attention for la in facts.layers):
        return None
    return replace(request, offload_kqv=False)


def has_experts(facts: ModelFacts) -> bool:
    """Whether there are routed experts to move."""
    return any(weight.is_expert for weight in facts.weights)


def moves_to_cpu(settings: LoadSettings, base: LoadSettings) -> bool:
    """Whether `settings` keep something on the CPU that `base` has on the GPU."""
    return (
        settings.n_gpu_layers < base.n_gpu_layers
        or settings.n_cpu_moe > base.n_cpu_moe
        or (base.offload_kqv and not settings.offload_kqv)
    )


def fewest_moved(
    moved: Callable[[int], Request],
    most: int,
    facts: ModelFacts,
    planner: Planning,
    wish: int,
    step: int,
) -> Request | None:
    """`moved(n)` for the smallest n from 1 to `most` with room for `wish`, or for what of it is possible.

    Searched by what is expected; the engine confirms the answer. None where nothing fits.
    """
    answers = expecting(facts, planner)
    n_ctx = wish
    while n_ctx >= step:
        found = _for_context(moved, most, facts, answers, n_ctx)
        if found is not None:
            return found
        n_ctx = n_ctx // 2 // step * step
    return None


def _for_context(
    moved: Callable[[int], Request], most: int, facts: ModelFacts, answers: Expectation, n_ctx: int
) -> Request | None:
    """The GPUs decide how much is moved; the RAM, which gets fuller with it, only whether that can be."""

    def settings(n_kept: int) -> LoadSettings:
        return resolve(moved(most - n_kept), facts, n_ctx)

    def expected(first: int, last: int) -> int | None:
        return last_not_negative(lambda n: answers.gpu_room_bytes(settings(n)), first, last)

    def holds(n_kept: int) -> bool:
        plan = answers.plan(settings(n_kept))
        return all(line.total_bytes <= line.usable_bytes for line in plan.memory[:-1])

    n_expected = expected(0, most - 1)
    if n_expected is None or answers.room_bytes(settings(n_expected)) < 0:
        return None
    n_kept = last_that_holds(holds, expected, 0, most - 1, from_beyond=True)
    return None if n_kept is None else moved(most - n_kept)
