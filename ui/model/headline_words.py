"""The headline's sentences: with what, how safe, how fast, and what would happen without the advice."""

from __future__ import annotations

from html import escape

from advisor.memory.plan import MemoryPlan, Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Recommendation, Speed
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QCoreApplication

from ui.session.state import OpenModel
from ui.wording import (
    basis_words,
    cache_words,
    device_names,
    layers_words,
    speed_words,
    verdict_words,
    wait_words,
)

translate = QCoreApplication.translate


def with_words(plan: MemoryPlan, facts: ModelFacts, n_ctx_safe: int) -> str:
    """As rich text: "with q8_0 KV cache, all 33 layers on the GPU; safe up to 56,576".

    `n_ctx_safe` is the largest safe context with these settings, 0 while it is not known.
    """
    settings = plan.settings
    layers = escape(layers_words(plan, facts))
    if any(memory.buffers.kv_cache_bytes for memory in plan.memory):
        text = translate("headline", "with <b>{cache}</b> KV cache, {layers}")
        text = text.format(cache=escape(cache_words(settings)), layers=layers)
    else:
        text = translate("headline", "without a KV cache, {layers}").format(layers=layers)
    slots = settings.n_seq_max
    if slots > 1 and settings.kv_unified:
        text += translate("headline", ", shared by {n} slots").format(n=slots)
    elif slots > 1:
        text += translate("headline", ", {each} for each of {n} users").format(
            n=slots, each=format_tokens(settings.n_ctx_per_slot)
        )
    if plan.verdict is not Verdict.FITS:
        text += f"; <b>{escape(_verdict(plan))}</b>"
    if n_ctx_safe and n_ctx_safe != settings.n_ctx:
        text += translate("headline", "; safe up to {n}").format(n=format_tokens(n_ctx_safe))
    return text


def whose_words(model: OpenModel, answer: Recommendation) -> str:
    """Whose settings these are: the user's own, beside what was recommended, or those for a goal."""
    if model.choice is None:
        return translate("headline", "Recommended for: {goal}").format(goal=answer.goal.title)
    if not answer.n_ctx:
        return translate("headline", "Your settings \u00b7 nothing could be recommended")
    words = translate("headline", "Your settings \u00b7 recommended: {n} tokens with {cache}")
    return words.format(n=format_tokens(answer.n_ctx), cache=cache_words(answer.settings))


def source_words(model: OpenModel, plan: MemoryPlan) -> str:
    """Who says so, and that llama.cpp is being asked where it is."""
    words = basis_words(plan.basis)
    if model.choice.is_asking_engine if model.choice else model.is_asking_engine:
        return translate("headline", "{basis}; asking llama.cpp\u2026").format(basis=words)
    return words


def by_itself_words(answer: Recommendation) -> str:
    """What the runtime does where nobody changes anything."""
    nothing = answer.if_you_change_nothing
    words = translate("headline", "if you change nothing: {n} tokens, {size}").format(
        n=format_tokens(nothing.n_ctx), size=format_bytes(nothing.plan.total_bytes)
    )
    return words if nothing.plan.fits else f"{words}, {verdict_words(nothing.plan.verdict)}"


def fast_words(speed: Speed | None) -> str:
    """Empty where nothing is known that could carry a figure."""
    if speed is None or not speed.decode:
        return ""
    first = speed.time_to_first_token_s
    start, full = speed_words(speed.decode[0]), speed_words(speed.decode[-1])
    if first is None:
        text = translate("headline", "writes {start} tokens/s at first, {full} at a full context ({basis})")
        return text.format(start=start, full=full, basis=basis_words(speed.basis))
    text = translate("headline", "at a full context: first token after {wait}, then {n} tokens/s ({basis})")
    wait = wait_words(speed.time_to_first_token_low_s, first)
    return text.format(wait=wait, n=full, basis=basis_words(speed.basis))


def _verdict(plan: MemoryPlan) -> str:
    """The verdict, with how much is missing where it is most."""
    words = verdict_words(plan.verdict)
    tightest = min(plan.memory, key=lambda line: line.usable_bytes - line.total_bytes)
    over = tightest.total_bytes - tightest.usable_bytes
    if over <= 0:
        return words
    return translate("headline", "{verdict}: {size} too much on {device}").format(
        verdict=words, size=format_bytes(over), device=device_names(plan.memory)[tightest.device]
    )
