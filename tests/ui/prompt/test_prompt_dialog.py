"""The prompt I send: counted in the background, cancelled, estimated, judged, and used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QLibraryInfo, QMimeData, QPoint, QPointF, Qt, QUrl, QVersionNumber
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from advisor.errors import EngineMissing
from advisor.recommend.need import TEMPLATE_TOKENS
from advisor.units import MiB
from tests.support import answers
from tests.support.audit import nameless
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.prompt.prompt_dialog import PromptDialog
from ui.session.session import Session
from ui.theme import Theme
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]
BOOK = Path("/texts/book.txt")


@pytest.fixture
def dialog(window: MainWindow, session: Session, settled: Settle) -> PromptDialog:
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    window.page.settings.count.click()
    return window.findChild(PromptDialog)


def lines(dialog: PromptDialog) -> list[str]:
    return [dialog.sent.files.item(i).text() for i in range(dialog.sent.files.count())]


def test_a_file_is_counted_and_judged(dialog: PromptDialog, session: Session, settled: Settle) -> None:
    dialog.counts.add([BOOK, BOOK])
    assert lines(dialog) == ["book.txt: counting\u2026"]
    assert not dialog.use.isEnabled()
    settled(session)
    assert lines(dialog) == ["book.txt: 20,000 tokens, counted"]
    total = 20_000 + 1024 + TEMPLATE_TOKENS
    assert dialog.said.total.text() == f"{total:,} tokens with the answer"
    assert dialog.said.verdict.text().startswith(f"Your text needs {total:,} tokens with its answer: it fits")
    assert dialog.use.isEnabled()


def test_pages_characters_system_and_answer_are_added(dialog: PromptDialog) -> None:
    dialog.sent.pages.setValue(10)
    dialog.sent.characters.setValue(1000)
    dialog.sent.system.setValue(500)
    dialog.sent.answer.setValue(2000)
    assert dialog.sent.need.total_tokens == 10 * 500 + 300 + 500 + 2000 + TEMPLATE_TOKENS
    assert dialog.said.total.text().startswith("about ")
    assert "Pages are estimated" in dialog.said.more.text()


def test_without_an_engine_it_is_estimated_and_says_so(
    dialog: PromptDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("gone", hint="x")
    dialog.counts.add([BOOK])
    settled(session)
    assert lines(dialog) == ["book.txt: about 20,000 tokens, estimated"]
    assert "there is no engine" in dialog.said.more.text()


def test_what_is_no_text_is_said_in_its_line_and_not_counted(
    dialog: PromptDialog, session: Session, settled: Settle
) -> None:
    dialog.counts.add([Path("/texts/scan.pdf"), BOOK])
    settled(session)
    assert lines(dialog)[0] == "scan.pdf is a PDF, not plain text."
    assert "Not counted: scan.pdf" in dialog.said.more.text()
    dialog.sent.files.setCurrentRow(0)
    dialog.sent.remove.click()
    assert lines(dialog) == ["book.txt: 20,000 tokens, counted"]
    assert "Not counted" not in dialog.said.more.text()


def test_counting_can_be_cancelled(
    dialog: PromptDialog, session: Session, domain: FakeDomain, qtbot: QtBot, settled: Settle
) -> None:
    domain.count_gate = Gate()
    dialog.counts.add([BOOK])
    qtbot.waitUntil(dialog.sent.cancel.isVisible, timeout=20_000)
    assert dialog.sent.progress.isVisible()
    assert dialog.sent.stage.text() == "counting book.txt"
    dialog.sent.cancel.click()
    assert lines(dialog) == ["book.txt: not counted"]
    assert not dialog.sent.progress.isVisible()
    domain.count_gate.open()
    settled(session)
    assert lines(dialog) == ["book.txt: not counted"]


def test_closing_it_cancels(
    dialog: PromptDialog, session: Session, domain: FakeDomain, qtbot: QtBot, settled: Settle
) -> None:
    domain.count_gate = Gate()
    dialog.counts.add([BOOK])
    assert domain.count_gate.reached.wait(20)
    dialog.close()
    domain.count_gate.open()
    settled(session)


def test_too_long_says_by_how_much_and_what_would_help(
    dialog: PromptDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.tokens_of_a_file = 150_000
    dialog.counts.add([BOOK])
    settled(session)
    assert "too long" in dialog.said.verdict.text()
    assert "Send less" in dialog.said.more.text()


def test_another_model_counts_anew(
    window: MainWindow, dialog: PromptDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    dialog.counts.add([BOOK])
    settled(session)
    domain.models["other.gguf"] = answers.model("Qwen3 4B")
    domain.tokens_of_a_file = 30_000
    window.open_paths([Path("/models/other.gguf")])
    settled(session)
    assert "count book.txt Qwen3 4B" in domain.asked
    assert lines(dialog) == ["book.txt: 30,000 tokens, counted"]
    session.close_model(session.models[1])
    session.close_model(session.models[0])
    settled(session)
    assert dialog.said.verdict.text().startswith("Open a model")
    assert not dialog.use.isEnabled()


def test_use_this_asks_for_a_context_that_holds_it(
    window: MainWindow, dialog: PromptDialog, session: Session, settled: Settle
) -> None:
    dialog.counts.add([BOOK])
    settled(session)
    need = dialog.sent.need
    dialog.use.click()
    settled(session)
    assert session.current.plan.settings.n_ctx == need.n_ctx
    assert session.wanted.n_prompt == need.prompt_tokens
    assert "KV: prompt" in window.page.memory._legend.text().replace("&nbsp;", " ")
    assert dialog.said.verdict.text().startswith("Your text needs")


def test_a_choice_that_does_not_fit_is_not_said_to_hold_it(
    dialog: PromptDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.models["llama.gguf"] = answers.model(kv_bytes_per_token=4 * MiB)
    session.look_again()
    settled(session)
    dialog.counts.add([BOOK])
    settled(session)
    dialog.use.click()
    settled(session)
    assert not session.current.plan.fits
    assert "it fits" not in dialog.said.verdict.text()


def test_files_are_dropped_and_chosen(
    dialog: PromptDialog, session: Session, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/texts/a.txt"), QUrl("https://example.org/b.txt")])
    here = QPointF(20, 20) if QLibraryInfo.version() >= QVersionNumber(6, 12) else QPoint(20, 20)
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(here, *how)
    QApplication.sendEvent(dialog, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(20, 20), *how)
    QApplication.sendEvent(dialog, event)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["/texts/c.txt"], ""))
    dialog.sent.add.click()
    settled(session)
    assert [line.partition(":")[0] for line in lines(dialog)] == ["a.txt", "c.txt"]


def test_there_is_one_and_everything_in_it_is_named(
    window: MainWindow, dialog: PromptDialog, theme: Theme
) -> None:
    window.actions_.prompt.trigger()
    assert window.findChildren(PromptDialog) == [dialog]
    assert nameless(dialog) == []
    assert not dialog.grab().isNull()
