"""Words for what is loaded beside a model: what it takes, what of it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.memory.companions import projector_compute_bytes
from advisor.memory.plan import CompanionKind, MemoryPlan
from advisor.units import format_bytes
from PySide6.QtCore import QCoreApplication

from ui.session.state import Beside

translate = QCoreApplication.translate

_MOST_LETTERS = 25


def taken_words(plan: MemoryPlan, beside: Beside) -> str:
    """What the counted ones take, or what the offered one would."""
    taken: dict[CompanionKind, int] = {}
    for companion in plan.companions:
        taken[companion.kind] = taken.get(companion.kind, 0) + companion.n_bytes
    adapters = len(beside.counted.adapters)
    names = {
        CompanionKind.PROJECTOR: translate("companions", "projector"),
        CompanionKind.DRAFT_MODEL: translate("companions", "draft model"),
        CompanionKind.ADAPTER: translate("companions", "adapter")
        if adapters == 1
        else translate("companions", "{n} adapters").format(n=adapters),
    }
    parts = [f"{words} {format_bytes(taken[kind])}" for kind, words in names.items() if kind in taken]
    if parts:
        return translate("companions", "Counted: {what}").format(what=", ".join(parts))
    if not beside.offered or beside.counted.projector:
        return ""
    smallest = beside.offered[0]
    n_bytes = smallest.weights_bytes + projector_compute_bytes(smallest)
    words = translate(
        "companions", "A projector lies beside this model. Loaded with it, it takes about {size} more."
    )
    return words.format(size=format_bytes(n_bytes))


def gone_words(files: Sequence[Path]) -> str:
    """What was counted before and is not there any more; empty for none."""
    words = translate("companions", "{name} is not in {folder} any more, and is no longer counted.")
    return " ".join(words.format(name=file.name, folder=file.parent) for file in files)


def shortened(name: str) -> str:
    """Beginning and end of a file's name: the end tells one precision from another."""
    bare = name.removesuffix(".gguf")
    half = _MOST_LETTERS // 2
    return bare if len(bare) <= _MOST_LETTERS else f"{bare[:half]}\u2026{bare[-half:]}"
