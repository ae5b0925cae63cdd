"""Levers on how much is computed at once: ubatch, slots, flash attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.memory.kv_cache import is_quantized, uses_flash_attn
from advisor.recommend.levers.situation import Situation
from advisor.recommend.result import Cost, Lever
from advisor.settings.resolve import resolve

SMALL_UBATCH = 256
LARGE_UBATCHES = (1024, 2048)


def ubatch_levers(now: Situation) -> Iterator[Lever]:
    """A smaller ubatch frees scratch memory; on a GPU a larger one reads prompts faster, while it fits."""
    if "n_ubatch" not in now.runtime.words:
        return
    n_ubatch = now.settings.n_ubatch
    if n_ubatch > SMALL_UBATCH:
        asked = replace(now.request, n_ubatch=SMALL_UBATCH)
        detail = "prompts are read more slowly"
        lever = now.changed("ubatch", f"ubatch {SMALL_UBATCH}", asked, detail=detail, cost=Cost.SOME)
        if lever and (lever.gain_tokens > 0 or lever.gain_bytes > 0):
            yield lever
    if now.holds_nothing or not _is_on_gpu(now):
        return
    for larger in LARGE_UBATCHES:
        if larger <= n_ubatch or larger > now.settings.n_ctx:
            continue
        n_batch = max(larger, now.settings.n_batch)
        asked = replace(now.request, n_ubatch=larger, n_batch=n_batch)
        plan = now.at_n_ctx(asked)
        if plan and plan.fits and plan.total_bytes > now.here.total_bytes:
            detail = "prompts are read faster"
            lever = now.changed(f"ubatch-{larger}", f"ubatch {larger}", asked, detail=detail)
            if lever:
                yield lever


def slot_levers(now: Situation) -> Iterator[Lever]:
    """One slot in place of several; its gain is what the slot that is left has more."""
    settings = now.settings
    if settings.n_seq_max == 1 or "n_seq_max" not in now.runtime.words:
        return
    asked = replace(now.request, n_seq_max=1, users=None, kv_unified=None)
    alone = now.planner.estimate(resolve(asked, now.facts, settings.n_ctx_per_slot))
    each = 1 if settings.kv_unified else settings.n_seq_max
    gain_tokens = now.most(asked) - now.n_ctx_max // each
    if now.chosen.at_device_limit:
        gain_tokens = 0
    gain_bytes = now.here.total_bytes - alone.total_bytes
    title = f"One slot instead of {settings.n_seq_max}"
    if gain_tokens > 0 or gain_bytes > 0:
        yield now.lever(
            "one-slot",
            title,
            gain_tokens,
            gain_bytes,
            "one conversation at a time has it all",
            asked,
            cost=Cost.SOME if now.request.users else Cost.LITTLE,
        )


def flash_attention_levers(now: Situation) -> Iterator[Lever]:
    """What it would cost to do without flash attention, where it is on and could be off."""
    settings = now.settings
    is_needed = is_quantized(settings.cache_type_v)
    can_say = "flash_attn" in now.runtime.words
    if now.holds_nothing or is_needed or not can_say or not uses_flash_attn(now.facts, settings):
        return
    asked = replace(now.request, flash_attn="off")
    lever = now.changed("flash-attention-off", "Flash attention off", asked)
    if lever and (lever.gain_tokens < 0 or lever.gain_bytes < 0):
        yield lever


def _is_on_gpu(now: Situation) -> bool:
    return len(now.here.memory) > 1 and now.settings.n_gpu_layers > 0
