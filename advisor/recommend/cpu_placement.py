"""What may be moved off the GPUs where a model is too large for them: experts, layers, the KV cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.gpu_placement import may_spread, used_cards, weighed_split
from advisor.recommend.planning import Planning
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.runtimes import resolve, runtime_named

# By how many layers the engine may contradict the formula before its answer is taken as it is.
_CORRECTIONS = 2


def cpu_placements(
    request: Request, facts: ModelFacts, hardware: Hardware, planner: Planning, wish: int, step: int
) -> Iterator[Request]:
    """The same with as little on the CPU as leaves room on the GPUs for `wish`, in the runtime's own word.

    Where the RAM has no room for that much, for half of it, a quarter and so on, down to `step`. Experts are
    moved before whole layers: they are most of such a model, and few of them are read for a token. What the
    request says itself, and what the runtime has no word for, is left alone.
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
    if found is not None:
        yield found
    if request.offload_kqv is None and "offload_kqv" in words and any(la.attention for la in facts.layers):
        yield replace(request, offload_kqv=False)


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

    Searched by formula; the engine confirms the answer. None where nothing fits.
    """
    n_ctx = wish
    while n_ctx >= step:
        found = _for_context(moved, most, facts, planner, n_ctx)
        if found is not None:
            return found
        n_ctx = n_ctx // 2 // step * step
    return None


def _for_context(
    moved: Callable[[int], Request], most: int, facts: ModelFacts, planner: Planning, n_ctx: int
) -> Request | None:
    def fits(n: int) -> bool:
        return planner.plan(resolve(moved(n), facts, n_ctx)).fits

    n = _fewest(lambda n: _leaves_room(moved(n), n_ctx, facts, planner), most)
    if n is None or not planner.estimate(resolve(moved(n), facts, n_ctx)).fits:
        return None
    return moved(_confirmed(n, most, fits))


def _confirmed(n: int, most: int, fits: Callable[[int], bool]) -> int:
    """The smallest that fits near `n`: asked about `n` and about its neighbours on the side that counts."""
    if fits(n):
        for fewer in range(n - 1, max(0, n - 1 - _CORRECTIONS), -1):
            if not fits(fewer):
                return fewer + 1
        return max(1, n - _CORRECTIONS)
    for further in range(n + 1, min(n + _CORRECTIONS, most) + 1):
        if fits(further):
            return further
    return min(n + _CORRECTIONS, most)


def _leaves_room(request: Request, n_ctx: int, facts: ModelFacts, planner: Planning) -> bool:
    """Whether the GPUs alone have room. The RAM is asked later: it gets fuller with each layer moved."""
    plan = planner.estimate(resolve(request, facts, n_ctx))
    return all(line.total_bytes <= line.usable_bytes for line in plan.memory[:-1])


def _fewest(is_enough: Callable[[int], bool], most: int) -> int | None:
    """The smallest n from 1 to `most` that is enough, if more is never worse; None if not even `most` is."""
    if not is_enough(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle
    return high
