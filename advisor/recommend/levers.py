"""Levers: what the person could change, and what each change buys on this model and machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.errors import SettingsError
from advisor.hardware.device import Hardware
from advisor.hardware.reserve import Reserve, with_reserve
from advisor.model.facts import ModelFacts
from advisor.recommend.planner import Planner
from advisor.recommend.result import Alternative, Lever
from advisor.recommend.rows import Planning, largest_row
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.runtimes import resolve
from advisor.units import format_bytes, format_tokens

SMALL_UBATCH = 256
RULE_OF_THUMB_PERCENT = 25


def levers(
    chosen: Alternative,
    rows: tuple[Alternative, ...],
    request: Request,
    facts: ModelFacts,
    hardware: Hardware,
    planner: Planning,
    n_ctx: int,
) -> tuple[Lever, ...]:
    """Other cache types, a smaller ubatch, fewer slots and a larger reserve, by tokens gained, then bytes.

    `request` is the chosen one, with its cache types; `n_ctx` (the runtime's own word) is where bytes are
    compared. Levers that buy nothing are left out.
    """
    found: list[Lever] = []
    here = planner.estimate(resolve(request, facts, n_ctx)).total_bytes
    for row in rows:
        if _types(row.settings) == _types(chosen.settings):
            continue
        gain_tokens = row.n_ctx_max - chosen.n_ctx_max
        k, v = _types(row.settings)
        asked = replace(request, cache_type_k=k, cache_type_v=v, flash_attn=row.settings.flash_attn)
        gain_bytes = here - planner.estimate(resolve(asked, facts, n_ctx)).total_bytes
        if gain_tokens <= 0 and gain_bytes <= 0:
            continue
        name = k if k == v else f"{k}/{v}"
        found.append(
            Lever(
                f"cache-type-{k}-{v}",
                f"{name} KV cache: {_buys(gain_tokens, gain_bytes)}",
                gain_tokens,
                gain_bytes,
            )
        )
    for code, words, changed in (
        ("ubatch", f"ubatch {SMALL_UBATCH}", replace(request, n_ubatch=SMALL_UBATCH)),
        ("one-slot", "one slot instead of several", replace(request, n_seq_max=1, users=None)),
    ):
        if _changes_nothing(code, chosen.settings):
            continue
        try:
            row = largest_row(changed, facts, planner)
        except SettingsError:
            continue
        gain_tokens = row.n_ctx_max - chosen.n_ctx_max
        at_slots = resolve(changed, facts, n_ctx)
        gain_bytes = here - planner.estimate(at_slots).total_bytes
        if gain_tokens > 0 or gain_bytes > 0:
            found.append(Lever(code, f"{words}: {_buys(gain_tokens, gain_bytes)}", gain_tokens, gain_bytes))
    found.extend(_rule_of_thumb(chosen, request, facts, hardware))
    return tuple(sorted(found, key=lambda lever: (-lever.gain_tokens, -lever.gain_bytes)))


def _rule_of_thumb(
    chosen: Alternative, request: Request, facts: ModelFacts, hardware: Hardware
) -> Iterator[Lever]:
    """What people are told, "leave a quarter of the memory free", and what that would cost here."""
    careful = Planner(facts, with_reserve(hardware, Reserve(percent=RULE_OF_THUMB_PERCENT)))
    cost = chosen.n_ctx_max - largest_row(request, facts, careful).n_ctx_max
    if cost > 0:
        words = f"leave {RULE_OF_THUMB_PERCENT} % of the memory free, as a rule of thumb says"
        yield Lever("reserve-percent", f"{words}: costs {format_tokens(cost)} tokens", -cost, 0)


def _types(settings: LoadSettings) -> tuple[str, str]:
    return settings.cache_type_k, settings.cache_type_v


def _changes_nothing(code: str, settings: LoadSettings) -> bool:
    return settings.n_ubatch <= SMALL_UBATCH if code == "ubatch" else settings.n_seq_max == 1


def _buys(gain_tokens: int, gain_bytes: int) -> str:
    """ "+11,264 tokens, frees 190 MiB": what is not gained is not mentioned."""
    parts = []
    if gain_tokens > 0:
        parts.append(f"+{format_tokens(gain_tokens)} tokens")
    if gain_bytes > 0:
        parts.append(f"frees {format_bytes(gain_bytes)}")
    return ", ".join(parts)
