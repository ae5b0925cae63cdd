"""Engine and formula, compared in words."""

from __future__ import annotations

from dataclasses import replace

from advisor.basis import Basis
from tests.support import answers
from ui.window.agreement import agreement


def test_agreement_is_told_only_where_both_have_answered() -> None:
    assert agreement(answers.recommendation()) == "engine = formula within 0.2 %"
    assert agreement(answers.recommendation(basis=Basis.FORMULA)) == ""


def test_a_drift_is_never_hidden() -> None:
    made = answers.recommendation()
    check = replace(made.plan.formula, disagreement_percent={"compute": -14.0}, alarm=True)
    words = agreement(replace(made, plan=replace(made.plan, formula=check)))
    assert words == "engine and formula differ by 14.0 % (Compute); the engine is shown"
