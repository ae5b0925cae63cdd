"""An answer made by hand, and the table of its alternatives."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from advisor.recommend.result import Recommendation
from tests.support import answers
from ui.model.alternatives_panel import AlternativesPanel


@pytest.fixture
def answer() -> Recommendation:
    return answers.recommendation()


@pytest.fixture
def panel(answer: Recommendation, qtbot: QtBot) -> AlternativesPanel:
    made = AlternativesPanel()
    qtbot.addWidget(made)
    made.show_answer(answer)
    made.resize(900, made.sizeHint().height())
    made.show()
    return made
