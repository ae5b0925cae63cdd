"""What cache types that only forks of llama.cpp have would hold here, by formula."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from advisor.basis import Note
from advisor.errors import SettingsError
from advisor.hardware.device import Hardware
from advisor.memory.kv_cache import BLOCKS, n_cells
from advisor.memory.plan import DeviceMemory, MemoryPlan, Verdict
from advisor.model.facts import Attention, ModelFacts
from advisor.recommend.cache_pairs import with_cache_types
from advisor.recommend.planning import Planning
from advisor.recommend.quality import CacheTypes, ForkType, load_cache_types
from advisor.recommend.result import WhatIfType
from advisor.recommend.row import largest_row
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.request import Request

NOT_IN_MAINLINE = "not in mainline llama.cpp"

# It stands in for a fork's type in a plan, until the cache gets its own size.
_STAND_IN = "q4_0"

_RUNTIMES_OF_FORKS = frozenset({None, "llama-server"})  # others bring a llama.cpp of their own


@dataclass(frozen=True, slots=True)
class _Block:
    """How a cache type stores its elements; a fork's block may be larger than any of llama.cpp's."""

    elements: int
    n_bytes: int

    def row_bytes(self, n_elements: int) -> int:
        return n_elements // self.elements * self.n_bytes


@dataclass(frozen=True, slots=True)
class _Foreign:
    """`Planning` with the cache resized to blocks that llama.cpp does not know."""

    planner: Planning
    facts: ModelFacts
    k: _Block
    v: _Block

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        plan = self.planner.estimate(settings)
        known = _block_of(settings.cache_type_k), _block_of(settings.cache_type_v)
        ours = _cache_bytes(self.facts, settings, *known)
        theirs = _cache_bytes(self.facts, settings, self.k, self.v)
        memory = tuple(_resized(line, theirs, ours) for line in plan.memory)
        return replace(plan, memory=memory, verdict=_verdict(memory, plan.verdict))

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        return self.estimate(settings)

    def instead(self, *, facts: ModelFacts | None = None, hardware: Hardware | None = None) -> Planning:
        return replace(self, planner=self.planner.instead(facts=facts, hardware=hardware))


def what_if_types(request: Request, facts: ModelFacts, planner: Planning) -> tuple[WhatIfType, ...]:
    """One row per pair that a fork's makers advise, for `request` with its own settings.

    Left out are types whose blocks do not divide this model's heads, and all of them where the runtime brings
    its own llama.cpp or the model's cache is more than plain keys and values. Raises PresetError for a
    malformed presets/cache_types.toml.
    """
    attentions = _attentions(facts)
    if request.runtime not in _RUNTIMES_OF_FORKS or not attentions or not all(map(_is_plain, attentions)):
        return ()
    types = load_cache_types()
    found = (
        _row(request, facts, planner, types, fork, pair)
        for fork in types.forks.values()
        for pair in fork.pairs
    )
    return tuple(row for row in found if row)


def _row(
    request: Request,
    facts: ModelFacts,
    planner: Planning,
    types: CacheTypes,
    fork: ForkType,
    pair: tuple[str, str],
) -> WhatIfType | None:
    k, v = (_block(name, types) for name in pair)
    attentions = _attentions(facts)
    if any(a.key_length % k.elements or a.value_length % v.elements for a in attentions):
        return None
    stand_ins = [name if name in CACHE_TYPES else _STAND_IN for name in pair]
    asked = with_cache_types(request, stand_ins[0], stand_ins[1])
    try:
        largest = largest_row(asked, facts, _Foreign(planner, facts, k, v))
    except SettingsError:
        return None
    return WhatIfType(
        name=pair[0] if pair[0] == pair[1] else "/".join(pair),
        fork=fork.fork,
        bytes_per_token=sum(_token_bytes(a, k, v) for a in attentions if not a.window),
        n_ctx_max=largest.n_ctx_max,
        note=_note(fork),
    )


def _note(fork: ForkType) -> Note:
    return Note(
        "fork-only",
        f"{fork.name}: {NOT_IN_MAINLINE}, only in {fork.fork}. {fork.text}",
        {
            "cache_type": fork.name,
            "fork": fork.fork,
            "bits_per_element": 8 * fork.block_bytes / fork.block_elements,
            "sources": "; ".join(fork.sources),
            "seen": fork.seen,
        },
    )


def _attentions(facts: ModelFacts) -> list[Attention]:
    """Of the layers that keep a cache."""
    kept = (layer.attention for layer in facts.layers if layer.attention and facts.has_cache)
    return [attention for attention in kept if attention.shares_cache_of is None]


def _is_plain(attention: Attention) -> bool:
    is_indexed = attention.indexer_key_length or attention.compress_ratio
    return not attention.keys_only and not is_indexed


def _block(name: str, types: CacheTypes) -> _Block:
    fork = types.forks.get(name)
    return _Block(fork.block_elements, fork.block_bytes) if fork else _block_of(name)


def _block_of(cache_type: str) -> _Block:
    known = BLOCKS[cache_type]
    return _Block(known.block_elements, known.block_bytes)


def _token_bytes(attention: Attention, k: _Block, v: _Block) -> int:
    heads = attention.head_count_kv
    return k.row_bytes(attention.key_length * heads) + v.row_bytes(attention.value_length * heads)


def _cache_bytes(facts: ModelFacts, settings: LoadSettings, k: _Block, v: _Block) -> int:
    """Of one stream: only the ratio of two of these is used."""
    return sum(_token_bytes(a, k, v) * n_cells(facts, settings, a) for a in _attentions(facts))


def _resized(line: DeviceMemory, theirs: int, ours: int) -> DeviceMemory:
    cache_bytes = line.buffers.kv_cache_bytes * theirs // ours
    return replace(line, buffers=replace(line.buffers, kv_cache_bytes=cache_bytes))


def _verdict(memory: Iterable[DeviceMemory], before: Verdict) -> Verdict:
    """Whether it fits now: each device by itself, and together what lies in the RAM."""
    if before is Verdict.UNKNOWN:
        return before
    *gpus, host = memory
    in_ram = [host, *(gpu for gpu in gpus if gpu.shares_ram)]
    fits = all(gpu.total_bytes <= gpu.usable_bytes for gpu in gpus)
    fits &= sum(line.total_bytes for line in in_ram) <= max(line.usable_bytes for line in in_ram)
    return Verdict.FITS if fits else Verdict.DOES_NOT_FIT
