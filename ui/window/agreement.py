"""How far the formula is from the engine, in words."""

from __future__ import annotations

from advisor.basis import Basis
from advisor.recommend.result import Recommendation
from PySide6.QtCore import QCoreApplication

from ui.charts.memory_layout import Part
from ui.charts.part_words import part_words

translate = QCoreApplication.translate


def agreement(answer: Recommendation) -> str:
    """How far the formula is from the engine, empty where only one of them has answered."""
    plan = answer.plan
    if plan.basis not in {Basis.ENGINE, Basis.ENGINE_LOG}:
        return ""
    by_part = {name: abs(percent) for name, percent in plan.formula.disagreement_percent.items()}
    worst = max(by_part, key=lambda name: by_part[name], default="")
    percent = f"{max(by_part.get(worst, 0.0), 0.1):.1f}"
    if not plan.formula.alarm:
        return translate("agreement", "engine = formula within {percent} %").format(percent=percent)
    return translate(
        "agreement", "engine and formula differ by {percent} % ({part}); the engine is shown"
    ).format(percent=percent, part=part_words(Part(worst)))
