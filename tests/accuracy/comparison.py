"""One question put to the engine and to the formula, and how far apart the two answers are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from advisor.engine.client import EngineClient
from advisor.engine.dry_run import dry_run
from advisor.errors import EngineError, SettingsError
from advisor.memory.formula import Formula
from advisor.memory.kv_cache import check_cache_types
from advisor.memory.plan import Buffers
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

CONTEXTS = (4096, 131072)
CACHE_TYPES = ("f16", "q8_0")
EXACT_PARTS = ("weights", "kv_cache", "recurrent_state")
# The compute buffer is found by replaying the graph without its smallest tensors: near is near enough.
NEAR_SHARE = 0.10
NEAR_BYTES = 2 * MiB


@dataclass(frozen=True, slots=True)
class Row:
    """Two answers in bytes, by part; `refusal` says why there is none (`by_both`: from both)."""

    name: str
    n_ctx: int
    cache_type: str
    engine: dict[str, int]
    formula: dict[str, int]
    refusal: str = ""
    by_both: bool = False

    def is_exact(self, part: str) -> bool:
        return self.engine[part] == self.formula[part]

    @property
    def is_near(self) -> bool:
        """The compute buffers differ by at most a tenth, or by 2 MiB."""
        theirs = self.engine["compute"]
        return abs(self.formula["compute"] - theirs) <= max(NEAR_SHARE * theirs, NEAR_BYTES)


@dataclass(frozen=True, slots=True)
class Count:
    """How many of the models that could be asked agree, for one context and cache type."""

    n_ctx: int
    cache_type: str
    n_asked: int
    n_exact: dict[str, int]
    n_near: int


def ask(client: EngineClient, facts: ModelFacts, n_ctx: int, cache_type: str) -> Row:
    """Both answers for a load on the CPU.

    A dry run decodes nothing, so a learned position table does not matter here.
    """
    facts = replace(facts, n_position_rows=0)
    settings = settings_for(facts, n_ctx, cache_type)
    formula = sums(Formula(facts, ()).buffers(settings))
    refused = _refusal(facts, settings)
    name = facts.path.stem if facts.path else facts.name
    try:
        engine = sums(dry_run(client, facts, settings, devices=()).buffers)
    except EngineError as error:
        return Row(name, n_ctx, cache_type, {}, formula, error.message, by_both=bool(refused))
    if refused:
        return Row(name, n_ctx, cache_type, engine, formula, f"only the formula refuses: {refused}")
    return Row(name, n_ctx, cache_type, engine, formula)


def settings_for(facts: ModelFacts, n_ctx: int, cache_type: str) -> LoadSettings:
    """As llama-server loads it for one user; models without a cache want every token's output."""
    settings = LoadSettings(n_ctx=n_ctx, cache_type_k=cache_type, cache_type_v=cache_type)
    return settings if facts.has_cache else replace(settings, n_outputs_max=settings.n_batch)


def count(rows: Iterable[Row]) -> list[Count]:
    """The rows' verdicts, by context and cache type in the order in which they come."""
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.n_ctx, row.cache_type), []).append(row)
    found = []
    for (n_ctx, cache_type), group in groups.items():
        asked = [row for row in group if row.engine]
        exact = {part: sum(row.is_exact(part) for row in asked) for part in EXACT_PARTS}
        found.append(Count(n_ctx, cache_type, len(asked), exact, sum(row.is_near for row in asked)))
    return found


def sums(buffers: Sequence[Buffers]) -> dict[str, int]:
    """Each part over all devices."""
    return {
        "weights": sum(b.weights_bytes for b in buffers),
        "kv_cache": sum(b.kv_cache_bytes for b in buffers),
        "recurrent_state": sum(b.recurrent_state_bytes for b in buffers),
        "compute": sum(b.compute_bytes for b in buffers),
    }


def _refusal(facts: ModelFacts, settings: LoadSettings) -> str:
    try:
        check_cache_types(facts, settings)
    except SettingsError as error:
        return error.message
    return ""
