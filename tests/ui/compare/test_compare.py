"""Compare: what can be put side by side, the differences in words, one chart for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from advisor.recommend.result import DecodeSpeed
from tests.support import answers, computers
from tests.support.audit import nameless
from tests.support.fake_domain import FakeDomain
from ui.compare.comparison import differences, drawn_together, sides
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.theme import Theme
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


def opened(made: answers.Model | None = None) -> OpenModel:
    made = made or answers.model()
    return OpenModel(made.facts.path, facts=made.facts, recommendation=answers.recommendation(made))


def test_what_is_shown_comes_first_and_then_every_row_that_fits() -> None:
    model = opened()
    found = list(sides(model))
    assert found[0].title == "Llama 3.1 8B Instruct: as its page shows"
    assert found[0].plan is model.recommendation.plan
    assert len(found) == 1 + sum(row.n_ctx_max > 0 for row in model.recommendation.alternatives)
    assert len({side.key for side in found}) == len(found)
    assert all(side.answer.plan is side.plan for side in found)


def test_a_model_without_an_answer_has_nothing_to_compare() -> None:
    assert list(sides(OpenModel(Path("/models/a.gguf")))) == []


def test_what_does_not_fit_is_no_side() -> None:
    model = opened()
    rows = model.recommendation.alternatives
    model.recommendation = replace(
        model.recommendation, alternatives=(replace(rows[0], n_ctx_max=0), *rows[1:])
    )
    assert len(list(sides(model))) == len(rows)


def test_the_same_is_said_to_be_the_same() -> None:
    side = next(iter(sides(opened())))
    assert differences(side, side) == ("Both are the same.",)


def test_differences_name_who_has_more_and_both_figures() -> None:
    a = next(iter(sides(opened())))
    small = opened(answers.model("Qwen3 4B", quantization="Q8_0", kv_bytes_per_token=72 * 1024))
    b = next(iter(sides(small)))
    said = differences(a, b)
    assert "Weights: Q4_K_M in A, Q8_0 in B." in said
    (row,) = (words for words in said if words.startswith("For each token"))
    sizes = [side.kv_bytes // side.plan.settings.n_ctx for side in (a, b)]
    assert f"{max(sizes) / 1024:.1f} KiB against {min(sizes) / 1024:.1f} KiB" in row
    (mirrored,) = (words for words in differences(b, a) if words.startswith("For each token"))
    assert ("A keeps" in row) != ("A keeps" in mirrored)


def test_a_token_of_the_same_cache_takes_the_same_at_every_context() -> None:
    a = next(iter(sides(opened())))
    windowed = replace(a.plan.memory[0].buffers, kv_cache_bytes=a.kv_bytes // 2 + 4096)
    shorter = replace(
        a.plan,
        settings=replace(a.plan.settings, n_ctx=a.plan.settings.n_ctx // 2),
        memory=(replace(a.plan.memory[0], buffers=windowed), *a.plan.memory[1:]),
    )
    said = differences(a, replace(a, plan=shorter))
    assert any("tokens more" in words for words in said)
    assert not any("For each token" in words for words in said)


def test_speed_is_compared_where_both_are_known() -> None:
    a, b = list(sides(opened()))[1:3]
    faster = replace(b, decode=(DecodeSpeed(0, 90.0), DecodeSpeed(4096, 60.0)))
    assert any("A writes 47 tokens/s, B 60" in words for words in differences(a, faster))
    assert not any("tokens/s" in words for words in differences(a, replace(faster, decode=())))


def test_one_chart_holds_a_line_for_each() -> None:
    a, b = list(sides(opened()))[1:3]
    drawn = [answers.curves(replace(side.answer)) for side in (a, b)]
    both = drawn_together(*drawn)
    assert [curve.name for curve in both.curves] == ["A", "B"]
    assert both.curves[0].points != both.curves[1].points
    assert (both.answer, both.other) == (drawn[0].answer, drawn[1].answer)
    assert (both.answer_name, both.other_name) == ("A", "B")
    assert drawn_together(drawn[0], replace(drawn[1], device_name="RAM")) is None
    assert drawn_together(drawn[0], replace(drawn[1], answer_name="q5_1")) is None


# --- the page


@pytest.fixture
def full(window: MainWindow, session: Session, domain: FakeDomain, settled: Settle) -> MainWindow:
    domain.models["other.gguf"] = answers.model("Qwen3 4B", quantization="Q8_0", weights_bytes=2**32)
    session.start()
    window.open_paths([Path("/models/llama.gguf"), Path("/models/other.gguf")])
    settled(session)
    return window


def titles(window: MainWindow) -> list[str]:
    return [column.box.currentText() for column in window.compare.columns]


def test_the_menu_puts_the_other_open_model_beside_the_shown_one(
    full: MainWindow, session: Session, settled: Settle, theme: Theme
) -> None:
    full.actions_.compare.trigger()
    settled(session)
    assert full.compare.isVisible()
    assert titles(full) == ["Llama 3.1 8B Instruct: as its page shows", "Qwen3 4B: as its page shows"]
    assert "Weights: Q4_K_M in A, Q8_0 in B." in full.compare.words.text()
    assert full.compare.chart.answer is not None
    assert nameless(full.compare) == []
    assert not full.grab().isNull()
    full.compare.back.click()
    assert full.page.isVisible()


def test_two_settings_of_one_model(window: MainWindow, session: Session, settled: Settle) -> None:
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    window.actions_.compare.trigger()
    settled(session)
    first, other = titles(window)
    assert first.endswith("as its page shows")
    assert "GPU layers all 33" in other
    assert "KV cache:" in window.compare.words.text()


def test_another_choice_is_compared_at_once(full: MainWindow, session: Session, settled: Settle) -> None:
    full.actions_.compare.trigger()
    settled(session)
    box = full.compare.columns[1].box
    box.setCurrentIndex(1)
    box.activated.emit(1)
    settled(session)
    assert full.compare.columns[1].number.text().endswith("tokens")
    assert titles(full)[1].startswith("Llama 3.1 8B Instruct: f16")


def test_the_sidebars_menu_names_the_model_before(
    full: MainWindow, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    session.show_model(session.models[1])
    settled(session)
    assert full.sidebar.beside.text() == "Co&mpare with Llama 3.1 8B Instruct"
    full.sidebar.beside.trigger()
    settled(session)
    assert titles(full) == ["Qwen3 4B: as its page shows", "Llama 3.1 8B Instruct: as its page shows"]
    session.close_model(session.models[0])
    settled(session)
    assert titles(full)[0].startswith("Qwen3 4B")
    assert full.sidebar.beside.text() == "Co&mpare its settings"


def test_without_a_model_it_says_what_to_do(window: MainWindow, session: Session, settled: Settle) -> None:
    window.actions_.compare.trigger()
    assert window.compare.words.text() == "Open a model first: then it can be compared."
    assert not any(column.isVisible() for column in window.compare.columns)
    assert not window.compare.chart.isVisible()
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    window.actions_.compare.trigger()
    settled(session)
    assert all(column.isVisible() for column in window.compare.columns)
    assert window.compare.chart.isVisible()


def test_a_bar_tells_its_bytes_below(full: MainWindow, session: Session, settled: Settle) -> None:
    full.actions_.compare.trigger()
    settled(session)
    column = full.compare.columns[0]
    column.bars[0].pointed.emit("Weights: 4 GiB")
    assert column.detail.text() == "Weights: 4 GiB"


def test_what_reads_alike_is_not_called_a_difference() -> None:
    a = next(iter(sides(opened())))
    line = a.plan.memory[0]
    heavier = replace(line, overhead_bytes=line.overhead_bytes + 1024)
    b = replace(a, plan=replace(a.plan, memory=(heavier, *a.plan.memory[1:])))
    assert differences(a, b) == ("Both are the same.",)


@pytest.mark.parametrize("width", [100, 600, 1000])
def test_there_is_no_sideways_scrolling(
    full: MainWindow, session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot, width: int
) -> None:
    domain.computer = computers.two_cards()
    session.look_again()
    full.actions_.compare.trigger()
    settled(session)
    full.resize(width, 700)
    page = full.compare
    qtbot.waitUntil(lambda: page.widget().width() == page.viewport().width() and page.width() > 0)
    assert page.widget().minimumSizeHint().width() <= page.viewport().width()
