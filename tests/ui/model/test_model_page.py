"""One model's page on a hand-made domain: answers as they come, trouble in place, any width."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from advisor.basis import Basis, Note
from advisor.errors import EngineDied, GgufError
from advisor.units import GiB
from tests.support import answers
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from tests.support.panels import Relayouts
from ui.session.session import Session
from ui.theme import Theme
from ui.window.main_window import MainWindow

FILE = Path("/models/llama.gguf")
OTHER = Path("/models/other.gguf")

Settle = Callable[[Session], None]


def test_an_opened_file_is_answered_on_its_page(answered: MainWindow, theme: Theme) -> None:
    assert answered.page.isVisible()
    assert "tokens" in answered.page.headline.text
    assert "exact, asked from llama.cpp" in answered.page.headline.text
    assert answered.windowTitle().startswith("Llama 3.1 8B Instruct")
    assert answered.status.text == "llama-cpp-python 0.3.36 · CUDA, CPU engine = formula within 0.2 %"
    assert not answered.grab().isNull()


def test_the_formula_is_on_the_page_before_the_engine_has_answered(
    window: MainWindow, session: Session, domain: FakeDomain, qtbot: QtBot, settled: Settle
) -> None:
    domain.engine_gate = Gate()
    session.start()
    window.open_paths([FILE])
    qtbot.waitUntil(lambda: "asking llama.cpp" in window.page.headline.text, timeout=20_000)
    assert "by formula" in window.page.headline.text
    qtbot.waitUntil(lambda: bool(window.page.memory.bars))
    domain.engine_gate.open()
    settled(session)
    assert "by formula" not in window.page.headline.text


def test_an_error_is_shown_in_place_and_the_rest_goes_on(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.read_error = GgufError("photo.gguf is not a GGUF file.", hint="Choose another file.")
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.error.isVisible()
    assert window.page.error.text == "photo.gguf is not a GGUF file. Choose another file."
    assert not window.page.headline.isVisible()
    domain.read_error = None
    window.open_paths([OTHER])
    settled(session)
    assert not window.page.error.isVisible()
    assert window.page.headline.isVisible()


def test_a_dead_engine_is_said_above_the_formulas_answer(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_death = EngineDied("llama.cpp was killed.", hint="Look again.")
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.engine_trouble.isVisible()
    assert (
        window.page.engine_trouble.text == "These figures are by formula. llama.cpp was killed. Look again."
    )
    assert window.page.headline.isVisible()
    domain.engine_death = None
    window.actions_.look_again.trigger()
    settled(session)
    assert not window.page.engine_trouble.isVisible()


def test_a_finding_about_the_computer_is_said_on_the_page(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    note = Note("cpu-only-build", "CPU-only build on a machine with RTX 4070.")
    domain.computer = answers.computer(answers.gpu(), findings=(note,))
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.findings.isVisible()
    assert window.page.findings.text == note.text


def test_what_does_not_fit_has_its_page_too(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, theme: Theme
) -> None:
    domain.models = {FILE.name: answers.model("Too big", weights_bytes=90 * GiB)}
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.headline.text.startswith("Does not fit")
    assert not window.grab().isNull()


def test_at_no_width_there_is_sideways_scrolling(answered: MainWindow, qtbot: QtBot) -> None:
    page = answered.page
    for width in (100, 700, 900, 1400, 2600):
        answered.resize(width, 800)
        qtbot.waitUntil(lambda: page.widget().width() == page.viewport().width() and page.width() > 0)
        assert not page.horizontalScrollBar().isVisible()


def test_a_window_of_720_pixels_holds_the_page(answered: MainWindow) -> None:
    assert answered.minimumSizeHint().width() <= 720
    answered.resize(720, 700)
    QApplication.processEvents()
    panels = (answered.page.headline, answered.page.settings, answered.page.alternatives)
    assert all(panel.width() >= panel.minimumSizeHint().width() for panel in panels)


def test_a_slider_lays_out_and_paints_only_what_changes(
    answered: MainWindow, qtbot: QtBot, settled: Settle, session: Session
) -> None:
    answered.resize(1280, 900)
    slider = answered.page.settings.slider
    slider.setValue(slider.maximum() // 4)
    settled(session)
    laid_out = Relayouts(answered.page.widget())
    for step in range(slider.maximum() // 4, slider.maximum() // 4 + 20):
        slider.setValue(step)
        QApplication.processEvents()
        QApplication.processEvents()
    assert laid_out.n <= 2  # a legend that needs another line may be one


def test_looking_again_reads_the_computer_anew(
    answered: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    assert session.current is not None
    assert session.current.recommendation is not None
    before = session.current.recommendation.n_ctx_safe
    domain.computer = answers.computer(answers.gpu(free=11 * GiB))
    answered.actions_.look_again.trigger()
    settled(session)
    assert session.current.recommendation.n_ctx_safe > before
    assert session.current.recommendation.plan.basis is Basis.ENGINE
