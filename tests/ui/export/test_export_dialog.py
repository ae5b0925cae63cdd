"""The export: each runtime's words, copied and saved, and never over what is there without a yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from advisor.errors import UsageError
from advisor.export.registry import RENDERERS
from tests.support.fake_domain import FakeDomain
from ui.export.export_dialog import ExportDialog
from ui.export.highlighting import spans
from ui.session.session import Session
from ui.theme import Theme
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


@pytest.fixture
def opened(window: MainWindow, session: Session, settled: Settle) -> MainWindow:
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    return window


@pytest.fixture
def dialog(opened: MainWindow, session: Session, settled: Settle, qtbot: QtBot) -> ExportDialog:
    made = ExportDialog(session)
    qtbot.addWidget(made)
    made.show()
    settled(session)
    return made


def texts(dialog: ExportDialog) -> str:
    QApplication.processEvents()  # what is added to a shown layout is shown by the next event
    return " | ".join(it.text() for it in dialog.findChildren(QLabel) if not it.isHidden())


def show(dialog: ExportDialog, runtime: str, session: Session, settled: Settle) -> None:
    dialog.runtimes.setCurrentIndex(list(RENDERERS).index(runtime))
    settled(session)


def test_without_an_answer_there_is_nothing_to_export(window: MainWindow) -> None:
    assert not window.actions_.export.isEnabled()
    assert window.actions_.export.shortcut() == QKeySequence("Ctrl+E")


def test_the_buttons_beside_the_answer_do_what_their_actions_do(
    opened: MainWindow, session: Session, settled: Settle
) -> None:
    button = next(b for b in opened.page.headline.findChildren(QPushButton) if b.text() == "Export\u2026")
    assert button.isEnabled()
    button.click()
    settled(session)
    dialog = opened.findChild(ExportDialog)
    assert dialog.isVisible()
    dialog.close()


def test_every_runtime_is_offered_and_the_own_comes_first(
    dialog: ExportDialog, session: Session, settled: Settle, theme: Theme
) -> None:
    assert dialog.runtimes.count() == len(RENDERERS)
    assert dialog.wish.runtime == "llama-server"
    assert "-c" in dialog.text.toPlainText()
    for name in RENDERERS:
        show(dialog, name, session, settled)
        assert dialog.text.toPlainText().strip(), name
        assert "Checked with:" in texts(dialog)
    assert not dialog.grab().isNull()


def test_what_is_chosen_is_exported(
    opened: MainWindow, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    session.choose(replace(session.asked, n_ctx=12288))
    made = ExportDialog(session)
    qtbot.addWidget(made)
    settled(session)
    assert "12288" in made.text.toPlainText()


def test_what_a_runtime_cannot_say_is_said(
    opened: MainWindow, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    session.choose(replace(session.asked, n_ctx=8192, cache_type_k="q8_0", cache_type_v="q4_0"))
    made = ExportDialog(session)
    qtbot.addWidget(made)
    made.show()
    show(made, "ollama", session, settled)
    assert "What this runtime cannot express" in texts(made)
    assert "one cache type for K and V" in texts(made)
    assert "OLLAMA_KV_CACHE_TYPE=q4_0" in texts(made)


def test_flavour_and_shell_are_asked_for(
    dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    dialog.flavour.setCurrentIndex(1)
    settled(session)
    dialog.shell.setCurrentIndex(2)
    settled(session)
    assert domain.asked[-1] == "export llama-server adjustable cmd"


def test_what_cannot_be_written_down_is_one_sentence(
    dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.export_error = UsageError("This name cannot be written here.", hint="Rename the file.")
    show(dialog, "lm-studio", session, settled)
    assert dialog.error.text == "This name cannot be written here. Rename the file."
    assert not dialog.copy.isEnabled()
    domain.export_error = None
    show(dialog, "llama-server", session, settled)
    assert dialog.error.isHidden()
    assert dialog.copy.isEnabled()


def test_the_shown_file_is_copied_whole(dialog: ExportDialog) -> None:
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == dialog.text.toPlainText()
    assert dialog.copy.text() == "Copied"


def test_a_new_file_is_written_and_said(dialog: ExportDialog, tmp_path: Path) -> None:
    place = tmp_path / "start.sh"
    dialog.save_to(place)
    assert place.read_text(encoding="utf-8") == dialog.text.toPlainText()
    assert str(place) in dialog.saved.text()


@pytest.mark.parametrize("answer", [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes])
def test_nothing_is_replaced_without_a_yes(
    dialog: ExportDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: QMessageBox.StandardButton
) -> None:
    place = tmp_path / "start.sh"
    place.write_text("mine", encoding="utf-8")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answer)
    dialog.save_to(place)
    replaced = answer is QMessageBox.StandardButton.Yes
    assert (place.read_text(encoding="utf-8") == "mine") is not replaced
    assert bool(dialog.saved.text()) is replaced


def test_a_place_that_cannot_be_written_is_told(dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.save_to(tmp_path / "absent" / "start.sh")
    assert "could not be written" in dialog.error.text


def test_only_the_second_file_is_saved_where_that_is_shown(
    dialog: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    show(dialog, "llama-cpp-python", session, settled)
    dialog.files.setCurrentIndex(1)
    dialog.save_to(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and path.suffix == ".json"] == [
        "server.json"
    ]


def test_an_answer_that_comes_after_closing_is_dropped(
    dialog: ExportDialog, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    before = dialog.text.toPlainText()
    dialog.runtimes.setCurrentIndex(0)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    settled(session)
    assert dialog.text.toPlainText() == before


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("", []),
        ("# Generated for it", ["comment"]),
        ("PARAMETER num_ctx 4096", ["name", "number"]),
        ("llama-server -m 'a # b.gguf' -c 4096", ["name", "name", "number", "quoted"]),
        ("    n_ctx=4096,  # tokens", ["comment", "name", "number"]),
        ("qwen3-4b /m/llama-3.1-8b.gguf", []),
    ],
)
def test_a_line_is_told_apart(line: str, kinds: list[str]) -> None:
    assert sorted(kind for _, _, kind in spans(line)) == kinds
