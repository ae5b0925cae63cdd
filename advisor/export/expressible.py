"""The nearest that a runtime can say of what was asked, so that the plan is of what will really be loaded."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from advisor.export.capabilities import CAPABILITIES, OPTIONS, Capability
from advisor.export.choices import TARGETS
from advisor.export.export import UNQUANTIZED, Cannot
from advisor.settings.load_settings import CACHE_TYPES
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.runtimes import runtime_named

_NOTHING_SAID = {field.name: field.default for field in fields(Request)}


def expressible(request: Request, to: str) -> tuple[Request, tuple[Cannot, ...]]:
    """The request as `to` can say it, of the runtime whose habits that has, and what had to change."""
    can, title = CAPABILITIES[to], TARGETS[to].title
    asked = replace(request, runtime=TARGETS[to].profile)
    changes: list[Cannot] = []
    for step in (_one_type, _one_batch, _flash_attention, _layers, _slots, _one_gpu, _without_words):
        asked, cannot = step(asked, can, title)
        changes += cannot
    return asked, tuple(changes)


def one_cache_type(cache_type_k: str, cache_type_v: str) -> str:
    """The type to export where a runtime has one for both: the smaller, so that the load still fits."""
    return max(cache_type_k, cache_type_v, key=CACHE_TYPES.index)


def different_types(cache_type_k: str, cache_type_v: str, title: str) -> Cannot:
    """Why K and V have become one type."""
    one = one_cache_type(cache_type_k, cache_type_v)
    return Cannot(
        "--cache-type-k, --cache-type-v",
        f"{title} has one cache type for K and V. {one} is exported for both in place of {cache_type_k} and "
        f"{cache_type_v}: the smaller one, so that it still fits.",
    )


def _one_type(asked: Request, can: Capability, title: str) -> tuple[Request, list[Cannot]]:
    k, v = asked.cache_type_k, asked.cache_type_v
    if not can.one_cache_type or k == v:
        return asked, []
    if not k or not v:
        # One was said, and it would hold for both: the other is f16 where nothing else is said.
        one = k or v
        return replace(asked, cache_type_k=one, cache_type_v=one), []
    one = one_cache_type(k, v)
    return replace(asked, cache_type_k=one, cache_type_v=one), [different_types(k, v, title)]


def _one_batch(asked: Request, can: Capability, title: str) -> tuple[Request, list[Cannot]]:
    if not can.one_batch:
        return asked, []
    wanted = asked.n_ubatch or asked.n_batch or 512
    size = max((it for it in can.batches if it <= wanted), default=can.batches[0]) if can.batches else wanted
    changed = replace(asked, n_batch=size, n_ubatch=size)
    if size in {asked.n_batch or size} & {asked.n_ubatch or size}:
        return changed, []
    why = f"{title} has one size for both. {size} is exported and planned: the smaller decides the memory."
    return changed, [Cannot("--batch-size, --ubatch-size", why)]


def _flash_attention(asked: Request, can: Capability, title: str) -> tuple[Request, list[Cannot]]:
    runtime = runtime_named(asked.runtime)
    is_quantized = (asked.cache_type_v or "f16") not in UNQUANTIZED
    if asked.flash_attn is None and is_quantized and not runtime.quantized_v_turns_flash_attn_on:
        asked = replace(asked, flash_attn="on")  # the export says it, where the program does not by itself
    if (asked.flash_attn or "auto") in can.flash_attn:
        return asked, []
    changed = replace(asked, flash_attn="on")
    if asked.flash_attn != "off":
        return changed, []  # on is what auto means wherever it can be
    return changed, [Cannot("--flash-attn off", f"{title} always turns it on, and so it is planned.")]


def _layers(asked: Request, can: Capability, title: str) -> tuple[Request, list[Cannot]]:
    if "n_gpu_layers" in can.words or asked.n_gpu_layers in {None, ALL_LAYERS}:
        return asked, []
    why = f"{title} does not say it: what runs the model places the layers itself."
    return asked, [Cannot("--n-gpu-layers", why)]


def _slots(asked: Request, can: Capability, title: str) -> tuple[Request, list[Cannot]]:
    slots = asked.users or asked.n_seq_max or 1
    if can.own_slots:
        total = asked.n_ctx * asked.users if asked.n_ctx and asked.users else asked.n_ctx
        changed = replace(asked, users=None, n_seq_max=slots + can.own_slots, kv_unified=True, n_ctx=total)
        why = (
            f"{title} opens {can.own_slots} slots of its own beside them and shares one cache among all: "
            "planned with these."
        )
        return changed, [Cannot("--parallel", why)]
    if slots == 1 or "n_seq_max" in can.words:
        return asked, []
    own = (
        asked.n_ctx // slots if asked.n_ctx and not asked.users and asked.kv_unified is False else asked.n_ctx
    )
    why = f"{title} serves one at a time: one user's context is exported and planned."
    return replace(asked, users=None, n_seq_max=None, kv_unified=None, n_ctx=own), [Cannot("--parallel", why)]


def _one_gpu(asked: Request, can: Capability, title: str) -> tuple[Request, list[Cannot]]:
    if not can.main_gpu_alone or not asked.main_gpu or asked.split_mode == "none":
        return asked, []
    why = f"{title} then puts the whole model on that GPU, as --split-mode none does: planned like that."
    return replace(asked, split_mode="none"), [Cannot("--main-gpu", why)]


def _without_words(asked: Request, can: Capability, title: str) -> tuple[Request, list[Cannot]]:
    """Left out is what it has no word for; reported is what would have made a difference."""
    left_out: dict[str, Any] = {}  # values of Request itself
    cannot = []
    if "kv_unified" not in can.words and not can.own_slots and asked.kv_unified is not None:
        left_out["kv_unified"] = None
        if asked.kv_unified and (asked.users or asked.n_seq_max or 1) > 1:
            cannot.append(
                Cannot("--kv-unified", f"{title} gives every slot a cache of its own: planned like that.")
            )
    for batch, option in (("n_batch", "--batch-size"), ("n_ubatch", "--ubatch-size")):
        if batch not in can.words and getattr(asked, batch):
            left_out[batch] = None
            cannot.append(Cannot(option, f"It cannot be said to {title} here: planned without it."))
    for name, (option, default) in OPTIONS.items():
        value = getattr(asked, name)
        if name in can.words or name == "n_seq_max" or value in (None, _NOTHING_SAID[name]):
            continue
        if name == "split_mode" and value == "none" and can.main_gpu_alone:
            continue
        left_out[name] = _NOTHING_SAID[name]
        if value != default:
            cannot.append(
                Cannot(
                    option, f"It cannot be said to {title} here: it loads without, and this plan is made so."
                )
            )
    return replace(asked, **left_out), cannot
