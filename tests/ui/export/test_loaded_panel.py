"""What is loaded now: asked only on the click, told in place, given up at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from advisor.errors import AdvisorError
from advisor.export.asking.answer import Loaded
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.export.export_dialog import ExportDialog
from ui.export.loaded_panel import LoadedPanel
from ui.session.session import Session

Settle = Callable[[Session], None]


@pytest.fixture
def panel(dialog: ExportDialog, session: Session, settled: Settle) -> LoadedPanel:
    dialog.programs.choose("ollama")
    settled(session)
    return dialog.loaded


def said(panel: LoadedPanel) -> str:
    QApplication.processEvents()
    return " | ".join(it.text() for it in panel.findChildren(QLabel) if it.isVisible())


def questions(domain: FakeDomain) -> list[str]:
    return [asked for asked in domain.asked if asked.startswith("loaded")]


def test_no_server_is_one_sentence_without_the_command_lines_words(
    panel: LoadedPanel, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.loaded_error = AdvisorError("Nothing answers.", hint="Use --check PORT.", code="no-server")
    panel.check.click()
    settled(session)
    assert panel.error.text.startswith("Nothing answers. Start it")
    assert "--check" not in panel.error.text
    assert panel.check.isEnabled()


def test_programs_that_cannot_be_asked_have_no_button(
    dialog: ExportDialog, session: Session, settled: Settle
) -> None:
    for name in ("llama-cpp-python", "koboldcpp", "jan", "vllm"):
        dialog.programs.choose(name)
        settled(session)
        assert not dialog.loaded.isVisible(), name


def test_nothing_is_asked_before_the_click(panel: LoadedPanel, domain: FakeDomain) -> None:
    assert panel.isVisible()
    assert questions(domain) == []


def test_the_answer_says_what_is_not_as_planned(
    panel: LoadedPanel, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.loaded = (Loaded("llama3.1:8b", 4096, None, 5 * 2**30, 4 * 2**30),)
    panel.check.click()
    settled(session)
    words = said(panel)
    assert "llama3.1:8b \u00b7 4,096 tokens \u00b7 5.0 GiB, 4.0 GiB of it on the GPU" in words
    assert "Not as planned" in words
    assert "longer texts are cut" in words
    assert questions(domain) == ["loaded ollama http://127.0.0.1:11434 2"]


def test_what_is_as_planned_says_so(
    panel: LoadedPanel, dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    assert dialog.made is not None
    n_ctx = dialog.made.plan.settings.n_ctx_per_slot
    domain.loaded = (Loaded("llama3.1:8b", n_ctx),)
    panel.check.click()
    settled(session)
    assert "As planned" in said(panel).split(" | ")


def test_of_several_only_this_model_is_compared(
    panel: LoadedPanel, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.loaded = (
        Loaded("another", 512, size_bytes=2**30, architecture="mamba"),
        Loaded("llama3.1:8b", 4096),
    )
    panel.check.click()
    settled(session)
    words = said(panel)
    assert "Also loaded: another, which takes 1.0 GiB." in words
    assert words.index("llama3.1:8b") < words.index("another")
    assert words.count("Not as planned") == 1
    assert "Whether this is the same file is not told there." in words


def test_where_only_others_are_loaded_that_is_said(
    panel: LoadedPanel, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.loaded = (Loaded("another", 512, architecture="mamba"),)
    panel.check.click()
    settled(session)
    assert "This model is not loaded there now." in said(panel)
    assert "planned" not in said(panel).replace("what was planned", "")


def test_nothing_loaded_is_an_answer(panel: LoadedPanel, session: Session, settled: Settle) -> None:
    panel.check.click()
    settled(session)
    assert "Nothing is loaded there now." in said(panel)


def test_another_address_is_asked_with_the_keyboard(
    panel: LoadedPanel, session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    panel.address.setFocus()
    panel.address.selectAll()
    qtbot.keyClicks(panel.address, "http://127.0.0.1:9999")
    qtbot.keyClick(panel.address, Qt.Key.Key_Return)
    settled(session)
    assert questions(domain) == ["loaded ollama http://127.0.0.1:9999 2"]


def test_cancel_gives_up_at_once_and_a_late_answer_is_dropped(
    panel: LoadedPanel, session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    domain.loaded_gate = Gate()
    domain.loaded = (Loaded("llama3.1:8b", 4096),)
    panel.check.click()
    assert not panel.check.isEnabled()
    qtbot.waitUntil(panel.cancel.isVisible, timeout=20_000)
    assert panel.progress.isVisible()
    panel.cancel.click()
    assert panel.check.isVisible()
    assert panel.check.isEnabled()
    domain.loaded_gate.open()
    settled(session)
    assert "llama3.1" not in said(panel)


def test_another_program_forgets_the_answer(
    panel: LoadedPanel, dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.loaded = (Loaded("llama3.1:8b", 4096),)
    panel.check.click()
    settled(session)
    dialog.programs.choose("llama-router")
    settled(session)
    assert "llama3.1" not in said(panel)
    assert panel.address.text() == "http://127.0.0.1:8080"


def test_closing_the_dialog_gives_up(
    panel: LoadedPanel, dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.loaded_gate = Gate()
    panel.check.click()
    assert domain.loaded_gate.reached.wait(20)
    dialog.close()
    domain.loaded_gate.open()
    settled(session)
    assert "Nothing is loaded" not in said(panel)
