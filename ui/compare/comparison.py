"""Two answers beside one another: what can be compared, and how the two differ in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.result import DecodeSpeed, Recommendation
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QCoreApplication

from ui.charts.chart_layout import ContextCurves, Curve
from ui.session.state import OpenModel
from ui.wording import cache_words, layers_cell, layers_words, speed_words, verdict_words

translate = QCoreApplication.translate

# What the two are called on the page and in the chart.
NAMES = ("A", "B")


@dataclass(frozen=True, slots=True)
class Side:
    """One load. `answer` is the recommendation with this load's settings in it, for its curves."""

    key: str
    title: str
    facts: ModelFacts
    plan: MemoryPlan
    decode: tuple[DecodeSpeed, ...]
    answer: Recommendation

    @property
    def kv_bytes(self) -> int:
        return sum(memory.buffers.kv_cache_bytes for memory in self.plan.memory)


def sides(model: OpenModel) -> Iterator[Side]:
    """Everything of a model that can be put on one side: what its page shows, then each row that fits."""
    answer, facts = model.recommendation, model.facts
    if answer is None or facts is None:
        return
    speed = model.choice.speed if model.choice else answer.speed
    plan = model.plan or answer.plan
    shown = translate("compare", "{model}: as its page shows").format(model=facts.name)
    yield _side(f"{model.path}", shown, facts, plan, speed.decode if speed else (), answer)
    for number, row in enumerate(answer.alternatives):
        if row.n_ctx_max:
            words = translate("compare", "{model}: {cache}, GPU layers {layers}").format(
                model=facts.name, cache=cache_words(row.settings), layers=layers_cell(row.plan, facts)
            )
            yield _side(f"{model.path}\n{number}", words, facts, row.plan, row.speed, answer)


def differences(a: Side, b: Side) -> tuple[str, ...]:
    """How B differs from A, a sentence each; what is alike in both is left out."""
    return tuple(_differences(a, b)) or (translate("compare", "Both are the same."),)


def drawn_together(a: ContextCurves, b: ContextCurves) -> ContextCurves | None:
    """One chart of both, each by its own cache type; None where different memories bound them."""
    if a.device_name != b.device_name:
        return None
    curves = [
        Curve(name, curve.points)
        for name, data in zip(NAMES, (a, b), strict=True)
        for curve in data.curves
        if curve.name == data.answer_name
    ]
    if len(curves) != len(NAMES):
        return None
    return ContextCurves(
        device_name=a.device_name,
        budget_bytes=min(a.budget_bytes, b.budget_bytes),
        n_ctx_train=a.n_ctx_train if a.n_ctx_train == b.n_ctx_train else 0,  # else one line would mislead
        curves=tuple(curves),
        answer=a.answer,
        answer_name=NAMES[0],
        other=b.answer,
        other_name=NAMES[1],
    )


def _side(
    key: str,
    title: str,
    facts: ModelFacts,
    plan: MemoryPlan,
    decode: tuple[DecodeSpeed, ...],
    answer: Recommendation,
) -> Side:
    return Side(key, title, facts, plan, decode, replace(answer, settings=plan.settings, plan=plan))


def _differences(a: Side, b: Side) -> Iterator[str]:
    yield from _more(
        *(a.plan.settings.n_ctx_per_slot, b.plan.settings.n_ctx_per_slot),
        translate("compare", "{one} holds {n} tokens more: {most} against {least}."),
        format_tokens,
    )
    yield from _more(
        *(a.plan.total_bytes, b.plan.total_bytes),
        translate("compare", "{one} takes {n} more memory: {most} against {least}."),
        format_bytes,
    )
    if a.facts is not b.facts or _cache(a) != _cache(b):  # else the share of a window is all the difference
        yield from _more(
            *(side.kv_bytes // side.plan.settings.n_ctx for side in (a, b)),
            translate("compare", "For each token {one} keeps {n} more in its cache: {most} against {least}."),
            format_bytes,
        )
    if a.decode and b.decode:
        full_a, full_b = speed_words(a.decode[-1]), speed_words(b.decode[-1])
        if full_a != full_b:
            words = translate("compare", "With a full context A writes {a} tokens/s, B {b}.")
            yield words.format(a=full_a, b=full_b)
    for words, of_a, of_b in (
        (translate("compare", "KV cache: {a} in A, {b} in B."), *map(_cache, (a, b))),
        (translate("compare", "Weights: {a} in A, {b} in B."), a.facts.quantization, b.facts.quantization),
        (translate("compare", "A is {a}; B is {b}."), *(layers_words(s.plan, s.facts) for s in (a, b))),
        (
            translate("compare", "A was trained for {a} tokens, B for {b}."),
            *(format_tokens(side.facts.n_ctx_train) for side in (a, b)),
        ),
        (
            translate("compare", "Verdict: {a} for A, {b} for B."),
            *(verdict_words(side.plan.verdict) for side in (a, b)),
        ),
    ):
        if of_a != of_b:
            yield words.format(a=of_a, b=of_b)


def _more(a: int, b: int, words: str, amount: Callable[[int], str]) -> Iterator[str]:
    if amount(a) != amount(b):  # what reads alike is alike
        one = NAMES[0] if a > b else NAMES[1]
        yield words.format(one=one, n=amount(abs(a - b)), most=amount(max(a, b)), least=amount(min(a, b)))


def _cache(side: Side) -> str:
    return cache_words(side.plan.settings)
