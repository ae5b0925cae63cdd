"""The table of alternatives: a sound model, sorted by numbers, copied as text, one row marked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from advisor.basis import Note
from advisor.recommend.result import Recommendation
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support import answers
from ui.model.alternatives_panel import AlternativesPanel
from ui.model.alternatives_table import CHOSEN_ROLE, SORT_ROLE, AlternativesTable
from ui.theme import Theme


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


def column(panel: AlternativesPanel, number: int) -> list[str]:
    model = panel.view.model()
    return [str(model.index(row, number).data()) for row in range(model.rowCount())]


def test_the_model_keeps_qts_rules_through_all_changes(answer: Recommendation) -> None:
    model = AlternativesTable()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_answer(answer)
    model.show_answer(answers.recommendation(answers.model("Too big", weights_bytes=90 * GiB)))
    model.show_answer(None)
    assert model.rowCount() == 0
    tester.deleteLater()


def test_there_is_a_row_for_every_alternative(panel: AlternativesPanel, answer: Recommendation) -> None:
    assert column(panel, 0) == ["f16 / f16", "q8_0 / q8_0", "q8_0 / q4_0", "q4_0 / q4_0"]
    assert column(panel, 1) == ["all 33"] * 4
    assert column(panel, 2) == [f"{row.n_ctx_max:,}" for row in answer.alternatives]


def test_the_recommended_row_is_marked_in_words_too(panel: AlternativesPanel) -> None:
    model = panel.view.model()
    marked = [row for row in range(model.rowCount()) if model.index(row, 0).data(CHOSEN_ROLE)]
    assert marked == [3]
    assert column(panel, 5) == ["fits", "fits", "fits", "recommended"]


def test_rows_are_sorted_by_number_not_by_text(panel: AlternativesPanel) -> None:
    panel.view.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    numbers = [int(text.replace(",", "")) for text in column(panel, 2)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > 99_999 > numbers[-1]
    model = panel.view.model()
    assert isinstance(model.index(0, 3).data(SORT_ROLE), int)


def test_what_does_not_fit_has_a_dash_and_no_recommendation(panel: AlternativesPanel, theme: Theme) -> None:
    panel.show_answer(answers.recommendation(answers.model("Too big", weights_bytes=90 * GiB)))
    assert column(panel, 2) == ["\u2014"] * 4
    assert column(panel, 5) == ["does not fit"] * 4
    assert not panel.grab().isNull()


def test_all_rows_are_copied_with_their_header(panel: AlternativesPanel, qtbot: QtBot) -> None:
    qtbot.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["KV cache K / V", "GPU layers", "Largest safe"]
    assert len(lines) == 5


def test_a_selected_row_is_copied_alone(panel: AlternativesPanel) -> None:
    panel.view.selectRow(1)
    lines = panel.view.as_text().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("q8_0 / q8_0\t")


def test_the_table_is_as_tall_as_its_rows(panel: AlternativesPanel) -> None:
    last = panel.view.model().index(3, 0)
    assert panel.view.visualRect(last).bottom() <= panel.view.viewport().height()
    assert panel.view.viewport().height() - panel.view.visualRect(last).bottom() < 10


def test_speed_is_told_from_empty_to_full(panel: AlternativesPanel) -> None:
    assert column(panel, 4) == ["88 \u2192 47"] * 4


def test_enter_on_a_row_asks_for_it(panel: AlternativesPanel, answer: Recommendation, qtbot: QtBot) -> None:
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    panel.view.setCurrentIndex(panel.view.model().index(1, 0))
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert [(r.cache_type_k, r.cache_type_v, r.n_ctx) for r in asked] == [
        ("q8_0", "q8_0", answer.alternatives[1].n_ctx_max)
    ]


def test_a_click_asks_for_the_row_under_it_also_when_sorted(panel: AlternativesPanel, qtbot: QtBot) -> None:
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    panel.view.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    where = panel.view.visualRect(panel.view.model().index(0, 0)).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert (asked[0].cache_type_k, asked[0].cache_type_v) == ("q4_0", "q4_0")


def test_a_row_with_a_request_of_its_own_asks_with_that(answer: Recommendation, qtbot: QtBot) -> None:
    own = Request(n_ctx=4096, n_cpu_moe=3)
    rows = (replace(answer.alternatives[0], request=own), *answer.alternatives[1:])
    table = AlternativesTable()
    table.show_answer(replace(answer, alternatives=rows))
    assert table.request_at(0) == own


def test_what_does_not_fit_is_not_asked_for(panel: AlternativesPanel, qtbot: QtBot) -> None:
    panel.show_answer(answers.recommendation(answers.model("Too big", weights_bytes=90 * GiB)))
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    panel.view.activated.emit(panel.view.model().index(0, 0))
    assert asked == []


def test_the_shown_row_is_tinted_and_said(panel: AlternativesPanel, answer: Recommendation) -> None:
    panel.show_answer(answer, answer.alternatives[0].settings)
    model = panel.view.model()
    assert [model.index(row, 0).data(CHOSEN_ROLE) for row in range(4)] == [True, False, False, False]
    assert model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "f16 / f16, shown"
    assert column(panel, 5)[3] == "recommended"


def test_a_row_says_more_when_asked(answer: Recommendation) -> None:
    rows = (replace(answer.alternatives[0], quality=Note("full", "Full precision.")),)
    table = AlternativesTable()
    table.show_answer(replace(answer, alternatives=rows))
    said = str(table.index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert "all layers on the GPU" in said
    assert said.endswith("Full precision")
