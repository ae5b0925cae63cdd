"""From what was asked to an export: the request as the runtime can say it, planned anew, with whole paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from advisor.export.capabilities import CAPABILITIES
from advisor.export.choices import TARGETS, Flavour, Shell
from advisor.export.export import DEFAULT_FIT_TARGET_MIB, Export
from advisor.export.expressible import expressible
from advisor.export.registry import render
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.settings.asking import request_of
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import MiB, pad


@dataclass(frozen=True, slots=True)
class Prepared:
    """An export, and the plan of what it says: the runtime may not be able to say all that was asked."""

    export: Export
    plan: MemoryPlan


def prepare(
    to: str,
    settings: LoadSettings,
    facts: ModelFacts,
    plan: Callable[[LoadSettings], MemoryPlan],
    *,
    flavour: Flavour = "pinned",
    shell: Shell = "sh",
    name: str | None = None,
    companions: Companions = NO_COMPANIONS,
) -> Prepared:
    """These settings in the words of the program `to`, which may be another than the one they were made for.

    `name` takes the file's place where the runtime knows the model by it; `companions` have whole paths and
    are counted by `plan`. Raises SettingsError for what the
    runtime cannot have at all and UsageError for a path that cannot be written down.
    """
    request, changed = expressible(_asked_of(to, settings, facts), to)
    made = plan(resolve(request, facts))
    export = render(
        to,
        made.settings,
        facts,
        model_path=name or whole_path(facts),
        flavour=flavour,
        shell=shell,
        companions=companions,
        fit_target_mib=fit_target_mib(made),
    )
    return Prepared(replace(export, cannot_express=(*changed, *export.cannot_express)), made)


def _asked_of(to: str, settings: LoadSettings, facts: ModelFacts) -> Request:
    """The request for the same settings of another program, which goes on deciding what was not asked for."""
    asked = request_of(settings, facts)
    if settings.runtime == TARGETS[to].profile:
        return asked
    shared = settings.kv_unified if settings.n_seq_max > 1 else None
    has_windows = "swa_full" in CAPABILITIES[to].words  # llama-cpp-python would keep them whole
    return replace(asked, kv_unified=shared, swa_full=settings.swa_full if has_windows else None)


def whole_path(facts: ModelFacts) -> str:
    """The first shard, whole: an export is used from another folder. Raises ValueError without a file."""
    if facts.path is None:
        raise ValueError("a model without a file has no path to export")
    return str((facts.shards[0] if facts.shards else facts.path).absolute())


def fit_target_mib(plan: MemoryPlan) -> tuple[int, ...]:
    """Our reserve on each GPU, as the margin that llama-server leaves free."""
    reserves = tuple(pad(line.reserve_bytes, MiB) // MiB for line in plan.memory if line.kind != "cpu")
    return reserves or DEFAULT_FIT_TARGET_MIB
