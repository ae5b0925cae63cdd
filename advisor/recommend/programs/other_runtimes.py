"""The same words in other runtimes: what each would really load, and why that is not the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from advisor.errors import SettingsError
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.planning import Planning
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import RUNTIMES, runtime_named
from advisor.units import format_tokens


@dataclass(frozen=True, slots=True)
class OtherRuntime:
    """One runtime's load for the same words. `reasons` say what differs from the runtime asked for."""

    runtime: str
    title: str
    plan: MemoryPlan
    reasons: tuple[str, ...]


def other_runtimes(request: Request, facts: ModelFacts, planner: Planning) -> tuple[OtherRuntime, ...]:
    """Every other runtime, and llama-server as it starts when slots are not mentioned; by formula.

    Runtimes that refuse these words are left out.
    """
    here = resolve(request, facts)
    n_ctx = request.n_ctx or here.n_ctx // (here.n_seq_max if request.users else 1)
    same_words = replace(request, n_ctx=n_ctx)
    found = []
    for title, asked in _variants(same_words):
        try:
            plan = planner.estimate(resolve(asked, facts))
        except SettingsError:
            continue
        reasons = tuple(_differences(here, plan.settings, facts))
        if reasons or plan.settings.runtime != here.runtime:
            found.append(OtherRuntime(plan.settings.runtime, title, plan, reasons))
    return tuple(found)


def _variants(request: Request) -> Iterator[tuple[str, Request]]:
    asked_for = runtime_named(request.runtime).name
    for runtime in RUNTIMES.values():
        if runtime.name != asked_for:
            yield runtime.title, replace(request, runtime=runtime.name)
    if request.n_seq_max is None and request.users is None and request.kv_unified is None:
        bare = replace(request, runtime="llama-server", n_seq_max=4, kv_unified=True)
        yield "llama-server without -np 1", bare


def _differences(here: LoadSettings, there: LoadSettings, facts: ModelFacts) -> Iterator[str]:
    """Each setting that changes memory and differs, in words."""
    if there.n_seq_max != here.n_seq_max:
        how = "that share the context" if there.kv_unified else "of their own"
        yield f"{there.n_seq_max} slots {how}" if there.n_seq_max > 1 else "one slot"
    if there.n_ctx != here.n_ctx:
        yield f"{format_tokens(there.n_ctx)} tokens in all"
    if there.n_ubatch != here.n_ubatch:
        yield f"batches of {format_tokens(there.n_ubatch)} tokens"
    has_windows = any(layer.attention and layer.attention.window for layer in facts.layers)
    if has_windows and there.swa_full != here.swa_full:
        yield (
            "windowed layers keep the whole context"
            if there.swa_full
            else "windowed layers keep their window"
        )
    if (there.n_outputs_max > there.n_seq_max) != (here.n_outputs_max > here.n_seq_max):
        yield (
            "scores for every token" if there.n_outputs_max > there.n_seq_max else "scores for the last token"
        )
    if (there.flash_attn == "off") != (here.flash_attn == "off"):
        yield "flash attention off" if there.flash_attn == "off" else "flash attention on"
    if there.runtime == "llama-cpp-python":
        yield "arrays of its own in Python"
