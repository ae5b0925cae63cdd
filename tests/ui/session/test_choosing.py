"""The user's own settings: shown at once by formula, confirmed when they rest, given back by one button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from advisor.errors import EngineMissing
from advisor.settings.request import ALL_LAYERS, Request
from tests.support import answers
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.model.settings_panel import SettingsPanel
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


@pytest.fixture
def opened(window: MainWindow, session: Session, settled: Settle) -> MainWindow:
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    return window


@pytest.fixture
def panel(opened: MainWindow) -> SettingsPanel:
    return opened.page.settings


def current(session: Session) -> OpenModel:
    assert session.current is not None
    return session.current


def chosen(session: Session) -> Request:
    choice = current(session).choice
    assert choice is not None
    return choice.request


# --- the session


def test_without_a_model_or_an_answer_a_choice_changes_nothing(session: Session) -> None:
    session.choose(Request(n_ctx=4096))
    assert session.asked is None


def test_a_choice_is_answered_by_formula_at_once_and_confirmed_when_it_rests(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.choose(replace(session.asked, n_ctx=8192))
    choice = current(session).choice
    assert choice is not None
    assert (choice.plan.settings.n_ctx, choice.plan.basis) == (8192, Basis.FORMULA)
    assert not any(asked.startswith("confirm") for asked in domain.asked)
    settled(session)
    choice = current(session).choice
    assert choice is not None
    assert choice.plan.basis is Basis.ENGINE
    assert choice.n_ctx_safe is not None
    assert choice.speed == answers.fast()


def test_only_where_the_slider_comes_to_rest_is_the_engine_asked(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    for n_ctx in range(1024, 9216, 1024):
        session.choose(replace(session.asked, n_ctx=n_ctx))
    settled(session)
    assert [asked for asked in domain.asked if asked.startswith("confirm")] == ["confirm 8192"]


def test_an_answer_to_an_older_choice_is_dropped(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    domain.engine_gate = Gate()
    session.choose(replace(session.asked, n_ctx=8192))
    qtbot.waitUntil(domain.engine_gate.reached.is_set)
    session.choose(replace(session.asked, n_ctx=4096))
    domain.engine_gate.open()
    settled(session)
    choice = current(session).choice
    assert choice is not None
    assert choice.plan.settings.n_ctx == 4096
    assert not choice.is_asking_engine


def test_without_an_engine_the_formula_stands(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("There is no llama.cpp.", hint="Install it.")
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    session.choose(replace(session.asked, n_ctx=8192))
    settled(session)
    assert not any(asked.startswith("confirm") for asked in domain.asked)
    assert current(session).plan.basis is Basis.FORMULA


def test_what_cannot_be_keeps_the_shown_plan_and_says_why(
    opened: MainWindow, session: Session, panel: SettingsPanel
) -> None:
    session.choose(replace(session.asked, n_ctx=8192))
    session.choose(replace(session.asked, cache_type_v="q8_0", flash_attn="off"))
    assert chosen(session).n_ctx == 8192
    assert "needs flash attention" in panel.problem.text()
    session.choose(replace(session.asked, n_ctx=4096))
    assert panel.problem.isHidden()


def test_choosing_what_is_recommended_is_no_choice(opened: MainWindow, session: Session) -> None:
    recommended = session.asked
    session.choose(replace(recommended, n_ctx=8192))
    session.choose(recommended)
    assert current(session).choice is None


def test_another_goal_or_runtime_shows_its_own_recommendation(
    opened: MainWindow, session: Session, settled: Settle
) -> None:
    for change in (lambda: session.wanted.set_goal("chat"), lambda: session.wanted.set_runtime("ollama")):
        session.choose(replace(session.asked, n_ctx=8192))
        change()
        settled(session)
        assert current(session).choice is None


def test_other_hardware_counts_the_same_choice_anew(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.choose(replace(session.asked, n_ctx=65536, cache_type_k="f16", cache_type_v="f16"))
    settled(session)
    assert not current(session).plan.fits
    domain.computer = answers.computer(answers.gpu(total=48 * 2**30, free=47 * 2**30))
    session.look_again()
    settled(session)
    assert chosen(session).n_ctx == 65536
    assert current(session).plan.fits


def test_the_wish_to_keep_off_the_cpu_asks_anew(
    opened: MainWindow, session: Session, panel: SettingsPanel, domain: FakeDomain, settled: Settle
) -> None:
    before = len(domain.asked)
    panel.gpu_only.click()
    settled(session)
    assert session.wanted.gpu_only
    assert any(asked.startswith("formula") for asked in domain.asked[before:])


# --- the panel


def test_the_slider_moves_headline_memory_chart_and_table(
    opened: MainWindow, session: Session, panel: SettingsPanel
) -> None:
    panel.slider.setValue(8192 // 256)
    page = opened.page
    assert page.headline.text.startswith("Your settings")
    assert "8,192 tokens" in page.headline.text
    assert page.memory.title.text() == "Memory at 8,192 tokens"
    assert page.chart.chart.answer is not None
    assert page.chart.chart.answer.n_ctx == 8192
    assert panel.n_ctx.value() == 8192


def test_a_typed_context_is_rounded_as_the_engine_rounds(session: Session, panel: SettingsPanel) -> None:
    panel.n_ctx.setValue(5000)
    assert current(session).plan.settings.n_ctx == 5120
    assert panel.n_ctx.value() == 5120


def test_every_field_says_its_setting(session: Session, panel: SettingsPanel) -> None:
    panel.cache_k.setCurrentIndex(panel.cache_k.findData("q8_0"))
    panel.cache_k.activated.emit(panel.cache_k.currentIndex())
    panel.layers.setValue(20)
    panel.batch.setCurrentIndex(panel.batch.findData(1024))
    panel.batch.activated.emit(panel.batch.currentIndex())
    asked = chosen(session)
    assert (asked.cache_type_k, asked.n_gpu_layers, asked.n_batch) == ("q8_0", 20, 1024)
    panel.layers.setValue(33)
    assert chosen(session).n_gpu_layers == ALL_LAYERS
    assert panel.layers.text() == "all (33)"


def test_more_users_share_what_there_is(session: Session, panel: SettingsPanel) -> None:
    panel.n_ctx.setValue(4096)
    panel.slots.setValue(4)
    settings = current(session).plan.settings
    assert (settings.n_seq_max, settings.n_ctx_per_slot, settings.n_ctx) == (4, 4096, 16384)
    assert panel.n_ctx.value() == 4096


def test_one_button_leads_back(opened: MainWindow, session: Session, panel: SettingsPanel) -> None:
    assert panel.back.isHidden()
    panel.n_ctx.setValue(4096)
    assert not panel.back.isHidden()
    panel.back.click()
    assert current(session).choice is None
    assert panel.back.isHidden()
    assert not opened.page.headline.text.startswith("Your settings")


def test_ollama_has_one_type_and_llama_cpp_python_no_slots(
    opened: MainWindow, session: Session, panel: SettingsPanel, settled: Settle
) -> None:
    assert not panel.cache_v.isHidden()
    session.wanted.set_runtime("ollama")
    settled(session)
    assert panel.cache_v.isHidden()
    assert "share one type" in panel.remark.text()


def test_a_prompt_longer_than_the_context_is_said(session: Session, panel: SettingsPanel) -> None:
    panel.n_ctx.setValue(4096)
    panel.prompt.setValue(5096)
    assert "1,000 tokens longer than this context" in panel.remark.text()
    panel.prompt.setValue(0)
    assert session.wanted.n_prompt is None


def test_a_row_of_the_table_is_a_choice(opened: MainWindow, session: Session) -> None:
    view = opened.page.alternatives.view
    view.activated.emit(view.model().index(1, 0))
    assert chosen(session).cache_type_k == "f16"


def test_the_wheel_turns_only_the_field_with_the_focus(panel: SettingsPanel, session: Session) -> None:
    def turn(field: QWidget) -> None:
        where = QPointF(field.rect().center())
        event = QWheelEvent(
            where,
            QPointF(field.mapToGlobal(where.toPoint())),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(field, event)

    panel.window().setFocus()
    turn(panel.n_ctx)
    turn(panel.slider)
    turn(panel.cache_k)
    assert current(session).choice is None
