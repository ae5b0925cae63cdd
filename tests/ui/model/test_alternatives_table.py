"""The table of alternatives for Qt: a sound model with a request for each row."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from advisor.basis import Note
from advisor.recommend.result import Recommendation
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support import answers
from ui.model.alternatives_table import AlternativesTable


def test_the_model_keeps_qts_rules_through_all_changes(answer: Recommendation) -> None:
    model = AlternativesTable()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_answer(answer)
    model.show_answer(answers.recommendation(answers.model("Too big", weights_bytes=90 * GiB)))
    model.show_answer(None)
    assert model.rowCount() == 0
    tester.deleteLater()


def test_a_row_with_a_request_of_its_own_asks_with_that(answer: Recommendation, qtbot: QtBot) -> None:
    own = Request(n_ctx=4096, n_cpu_moe=3)
    rows = (replace(answer.alternatives[0], request=own), *answer.alternatives[1:])
    table = AlternativesTable()
    table.show_answer(replace(answer, alternatives=rows))
    assert table.request_at(1) == own


def test_a_row_says_more_when_asked(answer: Recommendation) -> None:
    rows = (replace(answer.alternatives[0], quality=Note("full", "Full precision.")),)
    table = AlternativesTable()
    table.show_answer(replace(answer, alternatives=rows))
    said = str(table.index(1, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert "all layers on the GPU" in said
    assert said.endswith("Full precision")
