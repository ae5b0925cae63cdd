"""The proof on the model's page: while it runs, what it found, what went wrong, and what was before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from advisor.basis import Note
from advisor.engine.proof import FillMethod
from advisor.errors import EngineMissing, OutputError, ProbeFailed
from advisor.probe.result import BoundBy, Outcome
from advisor.units import GiB, MiB
from tests.support import proofs
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from tests.support.probe_records import a_record
from ui.proof import words as proof_words
from ui.proof.probe_panel import ProbePanel
from ui.session.session import Session
from ui.theme import Theme
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]
NAME = "Llama 3.1 8B Instruct"


@pytest.fixture
def opened(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> MainWindow:
    monkeypatch.setattr("ui.session.proving._BETWEEN_SECONDS", 0)  # all that is said is shown
    domain.proof_events = proofs.on_its_way()
    domain.proof_result = proofs.result()
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    return window


@pytest.fixture
def held(opened: MainWindow, session: Session, domain: FakeDomain, qtbot: QtBot) -> Iterator[Gate]:
    """The window with a proof in the middle of its fill."""
    gate = domain.proof_gate = Gate()
    opened.actions_.prove.trigger()
    model = session.current
    assert model is not None
    last = proofs.on_its_way()[-1]
    qtbot.waitUntil(lambda: model.proof is not None and model.proof.now == last)
    yield gate
    gate.open()


def prove(window: MainWindow, session: Session, settled: Settle) -> ProbePanel:
    window.actions_.prove.trigger()
    settled(session)
    return window.page.proof


def shown(panel: QWidget) -> str:
    return " | ".join(it.text() for it in panel.findChildren(QLabel) if it.isVisibleTo(panel) and it.text())


def button(window: MainWindow, words: str) -> QAbstractButton:
    return next(it for it in window.page.headline.findChildren(QAbstractButton) if it.text() == words)


def test_it_is_hidden_until_something_was_proved(opened: MainWindow) -> None:
    assert opened.page.proof.isHidden()
    assert opened.actions_.prove.shortcut() == QKeySequence("Ctrl+P")
    assert "19.0 GiB" in button(opened, "Prove it").toolTip()  # what it may take is said before


def test_the_button_opens_the_panel_and_shows_how_far_it_is(
    opened: MainWindow, held: Gate, theme: Theme
) -> None:
    panel = opened.page.proof
    assert panel.isVisible()
    assert not button(opened, "Prove it").isEnabled()
    said = shown(panel)
    for words in ("Filling 49,152 tokens", "29,491", "8 s", "1.4 GiB", "did not fit", "worked", "19.0 GiB"):
        assert words in said
    assert panel.progress.bar.value() == 599
    memory = panel.progress.memory.accessibleDescription()
    assert memory.startswith("NVIDIA GeForce RTX 4070 (CUDA0) now 7.8 GiB")
    assert panel.progress.speed.accessibleDescription()
    assert not panel.grab().toImage().isNull()


def test_the_keyboard_is_led_to_cancel_and_then_to_the_safe_context(
    opened: MainWindow, held: Gate, session: Session, settled: Settle
) -> None:
    opened.activateWindow()
    panel = opened.page.proof
    assert opened.focusWidget() is panel.progress.cancel
    held.open()
    settled(session)
    assert opened.focusWidget() is panel.outcome.use_safe
    assert "46,080 tokens are safe" in panel.accessibleDescription()


def test_cancel_is_reached_by_the_keyboard_and_says_what_it_did(
    opened: MainWindow, session: Session, held: Gate, settled: Settle, qtbot: QtBot
) -> None:
    panel = opened.page.proof
    cancel = panel.progress.cancel
    assert cancel.focusPolicy() & Qt.FocusPolicy.TabFocus
    cancel.setFocus()
    qtbot.keyClick(cancel, Qt.Key.Key_Space)
    assert not cancel.isEnabled()
    assert "Stopping" in shown(panel)
    settled(session)
    assert "Cancelled" in shown(panel)
    assert "did not fit" in shown(panel)  # what was found by then
    assert not panel.progress.isVisible()
    assert button(opened, "Prove it").isEnabled()


def test_the_result_has_two_numbers_and_what_was_predicted(
    opened: MainWindow, session: Session, settled: Settle, theme: Theme
) -> None:
    said = shown(prove(opened, session, settled))
    for words in ("46,080 tokens are safe", "49,152 tokens really worked: more does not fit", "copies"):
        assert words in said
    for words in ("NVIDIA GeForce RTX 4070 (CUDA0) | 9.0 GiB", "RAM | 620.0 MiB"):
        assert words in said
    for words in ("9.0 GiB", "8.9 GiB", "+0.7 %", "\u22123.1 %", "2,400", "mapped files"):
        assert words in said


def test_the_safe_context_is_used_by_the_button_that_stands_out(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    model = session.current
    assert model is not None
    assert model.plan is not None
    domain.proof_result = proofs.result(settings=replace(model.plan.settings, n_ctx=49152))
    outcome = prove(opened, session, settled).outcome
    outcome.use_safe.click()
    assert model.plan.settings.n_ctx == 46080
    assert not outcome.use_safe.isEnabled()
    outcome.use_limit.click()
    assert model.plan.settings.n_ctx == 49152
    assert outcome.use_safe.isEnabled()
    assert not outcome.use_limit.isEnabled()
    settled(session)


def test_where_nothing_is_safe_only_the_limit_can_be_used(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.proof_result = proofs.result(safe_n_ctx=0)
    panel = prove(opened, session, settled)
    assert "No context is safe here" in shown(panel)
    assert panel.outcome.use_safe.isHidden()
    assert not panel.outcome.use_limit.isHidden()


def test_where_the_limit_is_safe_there_is_one_button(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.proof_result = proofs.result(safe_n_ctx=49152)
    assert prove(opened, session, settled).outcome.use_limit.isHidden()


def test_what_nothing_could_measure_is_said_so(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.proof_result = proofs.result(measured_peak_bytes={"CUDA0": None, "CPU": 640 * MiB})
    assert "not told" in shown(prove(opened, session, settled))


def test_a_failure_is_calm_and_in_place(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.proof_error = ProbeFailed("llama.gguf is gone.", hint="Put it back.")
    panel = prove(opened, session, settled)
    assert panel.failure.text == "llama.gguf is gone. Put it back."
    assert opened.page.headline.isVisible()
    domain.proof_error = None
    assert "46,080 tokens are safe" in shown(prove(opened, session, settled))
    assert not panel.failure.isVisible()


def test_a_full_disk_is_said_beside_the_result(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.not_kept = Note("history-disk-full", "The proof was not kept in the history.")
    said = shown(prove(opened, session, settled))
    assert "The proof was not kept" in said
    assert "46,080 tokens are safe" in said


def test_without_an_engine_the_reason_is_read_and_heard(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("llama-cpp-python is not installed.", hint="Install it.")
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    it = button(window, "Prove it")
    assert not it.isEnabled()
    assert it.toolTip() == "llama-cpp-python is not installed. Install it."
    assert window.page.headline.obstacle.text() == "llama-cpp-python is not installed."
    assert window.page.headline.obstacle.isVisible()
    domain.engine_missing = None
    session.look_again()
    settled(session)
    assert it.isEnabled()
    assert window.page.headline.obstacle.isHidden()


def test_another_models_proof_is_named_on_this_ones_page(
    opened: MainWindow, session: Session, held: Gate, qtbot: QtBot
) -> None:
    opened.open_paths([Path("/models/two.gguf")])
    qtbot.waitUntil(lambda: session.current is not None and session.current.recommendation is not None)
    assert opened.page.proof.isHidden()
    assert f"{NAME} is being proved" in opened.page.headline.obstacle.text()


def test_earlier_proofs_are_listed_and_marked_in_the_charts(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    model = session.current
    assert model is not None
    assert model.plan is not None
    settings = replace(model.plan.settings, n_ctx=32768)
    result = proofs.result(
        settings=settings,
        measured_peak_bytes={"CUDA0": 6 * GiB, "CPU": 640 * MiB},
    )
    domain.kept = [
        a_record(NAME, at=f"2026-05-0{day}T12:00:00+00:00", result=result) for day in range(9, 0, -1)
    ]
    session.look_again()
    settled(session)
    said = shown(window.page.proof.past)
    assert said.count("KV cache") == 5  # the newest few
    assert "6.0 GiB" in window.page.chart.chart.accessibleDescription()
    assert "measured" in window.page.chart.foot
    window.page.chart.grab()


def test_a_history_that_cannot_be_read_is_said_in_its_place(
    opened: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.history_error = OutputError("The history cannot be read.", hint="Look at its rights.")
    session.look_again()
    settled(session)
    assert opened.page.proof.past.unreadable.isVisible()
    assert opened.page.headline.isVisible()


def test_whatever_takes_the_focus_has_a_name(opened: MainWindow, session: Session, settled: Settle) -> None:
    panel = prove(opened, session, settled)
    for it in panel.findChildren(QWidget):
        if it.isVisible() and it.focusPolicy() & Qt.FocusPolicy.TabFocus:
            interface = QAccessible.queryAccessibleInterface(it)
            assert interface.text(QAccessible.Text.Name).strip()


def test_the_narrow_window_holds_all_of_it(
    opened: MainWindow, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    prove(opened, session, settled)
    opened.resize(opened.minimumSizeHint())
    page = opened.page
    qtbot.waitUntil(lambda: page.proof.width() <= page.viewport().width())


def test_every_outcome_and_bound_has_words() -> None:
    assert len({proof_words.outcome_words(it) for it in Outcome}) == len(Outcome)
    assert len({proof_words.bound_words(it) for it in BoundBy}) == len(BoundBy)
    assert "token by token" in proof_words.filled_words(proofs.result(method=FillMethod.FULL))
    assert "1,000 of 49,152" in proof_words.filled_words(proofs.result(filled_tokens=1000))
    assert proof_words.off_words(None) == "\u2013"


@pytest.mark.parametrize(
    ("n_gpus", "where"), [(0, ""), (1, ", 33 layers on the GPU"), (3, ", 33 layers on 3 GPUs")]
)
def test_settings_name_the_gpus_that_there_are(n_gpus: int, where: str) -> None:
    assert proof_words.settings_words(proofs.SETTINGS, n_gpus=n_gpus) == f"q8_0 KV cache{where}"
