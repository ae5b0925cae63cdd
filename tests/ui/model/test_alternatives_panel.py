"""What else there is: first what happens by itself, then the choices, each used by a click."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from advisor.recommend.result import Recommendation
from advisor.settings.request import Request
from advisor.units import GiB, format_bytes
from tests.support import answers
from ui.model.alternatives_panel import AlternativesPanel
from ui.model.alternatives_table import CELL_ROLE, SORT_ROLE
from ui.theme import Theme


def column(panel: AlternativesPanel, number: int) -> list[str]:
    model = panel.view.model()
    return [str(model.index(row, number).data()) for row in range(model.rowCount())]


def test_there_is_a_row_for_every_alternative(panel: AlternativesPanel, answer: Recommendation) -> None:
    assert column(panel, 0)[1:] == ["f16 / f16", "q8_0 / q8_0", "q8_0 / q4_0", "q4_0 / q4_0"]
    assert column(panel, 1) == ["all 33"] * 5
    assert column(panel, 2)[1:] == [f"{row.n_ctx_max:,}" for row in answer.alternatives]


def test_first_of_all_comes_what_happens_by_itself(panel: AlternativesPanel, answer: Recommendation) -> None:
    first = panel.view.model().index(0, 0)
    by_itself = answer.if_you_change_nothing
    said = [texts[0] for texts in (column(panel, number) for number in range(6))]
    memory = format_bytes(by_itself.plan.total_bytes)
    assert said == ["If you change nothing", "all 33", "takes 4,096", memory, "\u2014", "fits"]
    assert first.data(Qt.ItemDataRole.ToolTipRole) == by_itself.text
    assert not first.data(CELL_ROLE).is_shown
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        panel.view.sortByColumn(2, order)
        assert column(panel, 0)[0] == "If you change nothing"


def test_what_happens_by_itself_can_be_shown(panel: AlternativesPanel, qtbot: QtBot) -> None:
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    panel.view.setCurrentIndex(panel.view.model().index(0, 0))
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert [request.n_ctx for request in asked] == [4096]


def test_without_a_gpu_nothing_is_said_of_its_layers(panel: AlternativesPanel) -> None:
    panel.show_answer(answers.recommendation(hardware=answers.computer()))
    assert panel.view.isColumnHidden(1)
    panel.show_answer(answers.recommendation())
    assert not panel.view.isColumnHidden(1)


def test_the_recommended_row_is_marked_in_words_too(panel: AlternativesPanel) -> None:
    model = panel.view.model()
    marked = [row for row in range(model.rowCount()) if model.index(row, 0).data(CELL_ROLE).is_shown]
    assert marked == [4]
    assert column(panel, 5) == ["fits", "fits", "fits", "fits", "recommended"]


def test_rows_are_sorted_by_number_not_by_text(panel: AlternativesPanel) -> None:
    panel.view.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    numbers = [int(text.replace(",", "")) for text in column(panel, 2)[1:]]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > 99_999 > numbers[-1]
    model = panel.view.model()
    assert isinstance(model.index(0, 3).data(SORT_ROLE), int)


def test_what_does_not_fit_has_a_dash_and_no_recommendation(panel: AlternativesPanel, theme: Theme) -> None:
    panel.show_answer(answers.recommendation(answers.model("Too big", weights_bytes=90 * GiB)))
    assert column(panel, 2)[1:] == ["\u2014"] * 4
    assert column(panel, 5) == ["does not fit"] * 5
    assert not panel.grab().isNull()


def test_speed_is_told_from_empty_to_full(panel: AlternativesPanel) -> None:
    assert column(panel, 4)[1:] == ["88 \u2192 47"] * 4


def test_enter_on_a_row_asks_for_it(panel: AlternativesPanel, answer: Recommendation, qtbot: QtBot) -> None:
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    panel.view.setCurrentIndex(panel.view.model().index(2, 0))
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert [(r.cache_type_k, r.cache_type_v, r.n_ctx) for r in asked] == [
        ("q8_0", "q8_0", answer.alternatives[1].n_ctx_max)
    ]


def test_a_click_asks_for_the_row_under_it_also_when_sorted(panel: AlternativesPanel, qtbot: QtBot) -> None:
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    panel.view.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    where = panel.view.visualRect(panel.view.model().index(1, 0)).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert (asked[0].cache_type_k, asked[0].cache_type_v) == ("q4_0", "q4_0")


def test_what_does_not_fit_is_not_asked_for(panel: AlternativesPanel, qtbot: QtBot) -> None:
    panel.show_answer(answers.recommendation(answers.model("Too big", weights_bytes=90 * GiB)))
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    panel.view.activated.emit(panel.view.model().index(1, 0))
    assert asked == []


def test_the_shown_row_is_tinted_and_said(panel: AlternativesPanel, answer: Recommendation) -> None:
    panel.show_answer(answer, answer.alternatives[0].settings)
    model = panel.view.model()
    assert [model.index(row, 0).data(CELL_ROLE).is_shown for row in range(4)] == [False, True, False, False]
    assert model.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "f16 / f16, shown"
    assert column(panel, 5)[4] == "recommended"
