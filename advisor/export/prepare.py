"""From what was asked to an export: the request as the runtime can say it, planned anew, with whole paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from advisor.export.capabilities import CAPABILITIES, expressible
from advisor.export.choices import Flavour, Shell
from advisor.export.export import DEFAULT_FIT_TARGET_MIB, Cannot, Export
from advisor.export.registry import render
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.settings.asking import request_of
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.runtimes import resolve
from advisor.units import MiB, pad


@dataclass(frozen=True, slots=True)
class Prepared:
    """An export, and the plan of what it says: the runtime may not be able to say all that was asked."""

    export: Export
    plan: MemoryPlan


def prepare(
    runtime: str,
    settings: LoadSettings,
    facts: ModelFacts,
    plan: Callable[[LoadSettings], MemoryPlan],
    *,
    flavour: Flavour = "pinned",
    shell: Shell = "sh",
    name: str | None = None,
) -> Prepared:
    """These settings in the words of `runtime`, which may be another than the one they were made for.

    `name` takes the file's place where the runtime knows the model by it. Raises SettingsError for what the
    runtime cannot have at all and UsageError for a path that cannot be written down.
    """
    request, changed = expressible(_asked_of(runtime, settings, facts))
    if _has_slots_too_many(runtime, settings):
        changed = (*changed, Cannot("--parallel", "It serves one at a time: one user's context is exported."))
    made = plan(resolve(request, facts))
    export = render(
        runtime,
        made.settings,
        facts,
        model_path=name or whole_path(facts),
        flavour=flavour,
        shell=shell,
        fit_target_mib=fit_target_mib(made),
    )
    return Prepared(replace(export, cannot_express=(*changed, *export.cannot_express)), made)


def _asked_of(runtime: str, settings: LoadSettings, facts: ModelFacts) -> Request:
    """The request for the same settings of another runtime, which goes on deciding what was not asked for."""
    asked = request_of(settings, facts)
    if runtime == settings.runtime:
        return asked
    words = CAPABILITIES[runtime].words
    if _has_slots_too_many(runtime, settings):
        asked = replace(asked, users=None, n_seq_max=None, n_ctx=settings.n_ctx_per_slot)
    shared = settings.kv_unified if "kv_unified" in words and settings.n_seq_max > 1 else None
    return replace(
        asked,
        runtime=runtime,
        kv_unified=shared,
        swa_full=settings.swa_full if "swa_full" in words else None,
    )


def _has_slots_too_many(runtime: str, settings: LoadSettings) -> bool:
    return settings.n_seq_max > 1 and "n_seq_max" not in CAPABILITIES[runtime].words


def whole_path(facts: ModelFacts) -> str:
    """The first shard, whole: an export is used from another folder. Raises ValueError without a file."""
    if facts.path is None:
        raise ValueError("a model without a file has no path to export")
    return str((facts.shards[0] if facts.shards else facts.path).absolute())


def fit_target_mib(plan: MemoryPlan) -> tuple[int, ...]:
    """Our reserve on each GPU, as the margin that llama-server leaves free."""
    reserves = tuple(pad(line.reserve_bytes, MiB) // MiB for line in plan.memory if line.kind != "cpu")
    return reserves or DEFAULT_FIT_TARGET_MIB
