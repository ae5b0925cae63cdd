"""How a load may be spread over several GPUs: by the room of each, on one alone, without the smallest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.hardware.device import Device, Hardware
from advisor.memory.assemble import devices_by_name, targets
from advisor.model.facts import ModelFacts
from advisor.recommend.planning import Planning
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import runtime_named


def gpu_placements(
    request: Request, facts: ModelFacts, hardware: Hardware, planner: Planning, n_ctx: int
) -> Iterator[Request]:
    """The same load spread otherwise over several cards; the runtime's own way is not among them.

    `n_ctx`, in the runtime's own word, is where the layers are weighed out. What the request says itself,
    and what the runtime has no word for, is left alone.
    """
    cards = used_cards(hardware)
    words = runtime_named(request.runtime).words
    if not may_spread(request, cards):
        return
    if "tensor_split" in words:
        yield replace(request, tensor_split=weighed_split(request, facts, cards, planner, n_ctx))
    main = max(range(len(cards)), key=lambda i: (cards[i].usable_bytes, _bandwidth(cards[i])))
    yield replace(request, split_mode="none", main_gpu=main)
    fastest = max(range(len(cards)), key=lambda i: (_bandwidth(cards[i]), cards[i].usable_bytes))
    if fastest != main:
        yield replace(request, split_mode="none", main_gpu=fastest)
    if len(cards) > 2 and "devices" in words:
        names = [target.name for target in targets(hardware)[:-1]]
        smallest = min(range(len(cards)), key=lambda i: cards[i].usable_bytes)
        yield replace(request, devices=tuple(names[:smallest] + names[smallest + 1 :]))


def may_spread(request: Request, cards: list[Device]) -> bool:
    """Whether there are several cards, a word for how they share, and none of it in the request."""
    is_said = request.tensor_split or request.split_mode or request.main_gpu is not None or request.devices
    return len(cards) > 1 and not is_said and "split_mode" in runtime_named(request.runtime).words


def used_cards(hardware: Hardware) -> list[Device]:
    """The GPUs that a load would use, in llama.cpp's order."""
    return list(devices_by_name(hardware).values())[:-1]


def weighed_split(
    request: Request, facts: ModelFacts, cards: list[Device], planner: Planning, n_ctx: int
) -> tuple[float, ...]:
    """Layers for each card such that the fullest has as much room left as possible, at `n_ctx`, by formula.

    llama.cpp's own split goes by free memory alone: it knows nothing of a desktop's reserve, nor of the
    output layer and the work space, which make some cards fuller. One layer at a time is moved from the
    fullest to the emptiest until that no longer helps; every card keeps one.
    """
    n_layers = resolve(request, facts, n_ctx).n_gpu_layers
    counts = _in_proportion(n_layers, [card.usable_bytes for card in cards])
    rooms = _rooms(request, facts, planner, n_ctx, counts)
    while True:
        donors = [i for i, count in enumerate(counts) if count > 1] or [0]
        fullest = min(donors, key=rooms.__getitem__)
        emptiest = max(range(len(cards)), key=rooms.__getitem__)
        moved = list(counts)
        moved[fullest] -= 1
        moved[emptiest] += 1
        new = _rooms(request, facts, planner, n_ctx, moved)
        if min(new) <= min(rooms):
            return tuple(float(count) for count in counts)
        counts, rooms = moved, new


def _rooms(
    request: Request, facts: ModelFacts, planner: Planning, n_ctx: int, counts: list[int]
) -> list[int]:
    split = replace(request, tensor_split=tuple(float(count) for count in counts))
    lines = planner.estimate(resolve(split, facts, n_ctx)).memory[:-1]
    return [line.usable_bytes - line.total_bytes for line in lines]


def _in_proportion(n_layers: int, sizes: list[int]) -> list[int]:
    whole = sum(sizes) or 1
    counts = [n_layers * size // whole for size in sizes]
    counts[sizes.index(max(sizes))] += n_layers - sum(counts)
    return counts


def _bandwidth(card: Device) -> int:
    return card.bandwidth_bytes_per_second or 0
