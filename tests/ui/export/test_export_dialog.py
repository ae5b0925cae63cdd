"""The export: every program's words, copied and saved, and never over what is there without a yes."""

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
from advisor.export.choices import TARGETS
from tests.support.audit import focusable, nameless
from tests.support.fake_domain import FakeDomain
from ui.export.export_dialog import ExportDialog
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.theme import Theme
from ui.widgets.command_field import CommandField
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


def texts(dialog: ExportDialog) -> str:
    QApplication.processEvents()  # what is added to a shown layout is shown by the next event
    return " | ".join(it.text() for it in dialog.findChildren(QLabel) if it.isVisible())


def choose(dialog: ExportDialog, program: str, session: Session, settled: Settle) -> None:
    dialog.programs.choose(program)
    settled(session)


# --- what goes wrong


def test_without_an_answer_there_is_nothing_to_export(window: MainWindow) -> None:
    assert not window.actions_.export.isEnabled()
    assert window.actions_.export.shortcut() == QKeySequence("Ctrl+E")


def test_what_cannot_be_written_down_is_one_sentence(
    dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.export_error = UsageError("This name cannot be written here.", hint="Rename the file.")
    choose(dialog, "lm-studio", session, settled)
    assert dialog.error.text == "This name cannot be written here. Rename the file."
    assert dialog.title.text() == "LM Studio"
    assert not dialog.file.isVisible()
    assert not dialog.variants.isVisible()
    domain.export_error = None
    choose(dialog, "llama-server", session, settled)
    assert not dialog.error.isVisible()
    assert dialog.file.isVisible()


@pytest.mark.parametrize("answer", [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes])
def test_nothing_is_replaced_without_a_yes(
    dialog: ExportDialog,
    session: Session,
    settled: Settle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: QMessageBox.StandardButton,
) -> None:
    place = tmp_path / "start.sh"
    place.write_text("mine", encoding="utf-8")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answer)
    dialog.file.save_to(place)
    settled(session)
    replaced = answer is QMessageBox.StandardButton.Yes
    assert (place.read_text(encoding="utf-8") == "mine") is not replaced
    assert bool(dialog.file.saved.text()) is replaced


def test_a_place_that_cannot_be_written_is_told(
    dialog: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    dialog.file.save_to(tmp_path / "absent" / "start.sh")
    settled(session)
    assert "could not be written" in dialog.file.error.text


def test_an_answer_that_comes_after_closing_is_dropped(
    dialog: ExportDialog, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    before = dialog.file.text.toPlainText()
    dialog.programs.choose("ollama")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    settled(session)
    assert dialog.file.text.toPlainText() == before


def test_what_does_not_fit_is_said_first(
    opened: MainWindow, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> None:
    session.choose(replace(session.asked, n_ctx=131072))
    made = ExportDialog(session, preferences)
    qtbot.addWidget(made)
    settled(session)
    assert made.made is not None
    assert not made.made.plan.fits
    assert made.verdict.text.startswith("Loaded so by this program:")


# --- the programs


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


def test_every_program_is_offered_and_the_own_comes_first(
    dialog: ExportDialog, session: Session, settled: Settle, theme: Theme
) -> None:
    assert sorted(dialog.programs.programs) == sorted(TARGETS)
    assert dialog.programs.programs[0] == dialog.programs.program == "llama-server"
    for name, target in TARGETS.items():
        choose(dialog, name, session, settled)
        assert dialog.title.text() == target.title
        assert dialog.file.text.toPlainText().strip(), name
        assert "How this text was checked:" in texts(dialog)
    assert not dialog.grab().isNull()


def test_the_arrow_keys_walk_over_the_headings(
    dialog: ExportDialog, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    walked = [dialog.programs.program]
    for _ in range(len(TARGETS) + 2):
        qtbot.keyClick(dialog.programs, Qt.Key.Key_Down)
        walked.append(dialog.programs.program)
    settled(session)
    assert list(dict.fromkeys(walked)) == dialog.programs.programs
    assert dialog.title.text() == TARGETS[walked[-1]].title


def test_letters_find_a_program(
    dialog: ExportDialog, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    qtbot.keyClicks(dialog.programs, "kob")
    settled(session)
    assert dialog.title.text() == "KoboldCpp"


def test_the_last_program_is_remembered_for_the_runtime_it_was_chosen_with(
    dialog: ExportDialog, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> None:
    choose(dialog, "llama-swap", session, settled)
    dialog.close()
    again = ExportDialog(session, preferences)
    qtbot.addWidget(again)
    assert again.programs.program == "llama-swap"
    session.wanted.set_runtime("ollama")
    settled(session)
    other = ExportDialog(session, preferences)
    qtbot.addWidget(other)
    settled(session)
    assert other.programs.program == "ollama"


def test_a_remembered_program_that_is_gone_changes_nothing(
    opened: MainWindow, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> None:
    preferences.set_export_program("llama-server", "no longer there")
    made = ExportDialog(session, preferences)
    qtbot.addWidget(made)
    settled(session)
    assert made.programs.program == "llama-server"


# --- what is shown of one


def test_what_is_chosen_is_exported(
    opened: MainWindow, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> None:
    session.choose(replace(session.asked, n_ctx=12288))
    made = ExportDialog(session, preferences)
    qtbot.addWidget(made)
    settled(session)
    assert "12288" in made.file.text.toPlainText()
    assert made.plan_line.text().startswith("12,288 tokens")


def test_what_a_program_cannot_say_is_said(
    opened: MainWindow, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> None:
    session.choose(replace(session.asked, n_ctx=8192, cache_type_k="q8_0", cache_type_v="q4_0"))
    made = ExportDialog(session, preferences)
    qtbot.addWidget(made)
    made.show()
    choose(made, "ollama", session, settled)
    said = texts(made)
    assert "What this program cannot express" in said
    assert "one cache type for K and V" in said
    assert "OLLAMA_KV_CACHE_TYPE=q4_0" in said
    assert "q4_0 KV cache" in made.plan_line.text()  # the plan of what will really be loaded
    assert "--to " not in said
    assert "--flavour" not in said


def test_llama_cpps_own_settings_file_is_warned_about_where_it_counts(
    dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    assert not dialog.warning.isVisible()
    file = domain.places.home / ".config" / "llama.cpp" / "config.ini"
    file.parent.mkdir(parents=True)
    file.write_text("[*]\nctx-size = 4096\n", encoding="utf-8")
    choose(dialog, "llama-swap", session, settled)
    assert str(file) in dialog.warning.text
    choose(dialog, "lm-studio", session, settled)
    assert not dialog.warning.isVisible()


def test_only_variants_that_differ_are_offered(
    dialog: ExportDialog, session: Session, settled: Settle
) -> None:
    assert dialog.variants.flavour.isVisible()
    assert dialog.variants.shell.isVisible()
    choose(dialog, "lm-studio", session, settled)
    assert not dialog.variants.flavour.isVisible()
    assert "autoFit ignores the context length" in dialog.variants.why_one.text()
    assert dialog.variants.variant == ("pinned", "sh")
    choose(dialog, "ollama", session, settled)
    assert dialog.variants.flavour.isVisible()
    assert not dialog.variants.why_one.isVisible()


def test_variants_are_there_at_once(
    dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    pinned = dialog.file.text.toPlainText()
    asked = len(domain.asked)
    dialog.variants.flavour.setFocus()
    qtbot.keyClick(dialog.variants.flavour, Qt.Key.Key_Right)
    assert dialog.variants.variant == ("adjustable", "sh")
    assert "--fit-target" in dialog.file.text.toPlainText() or "-fitt" in dialog.file.text.toPlainText()
    assert dialog.file.text.toPlainText() != pinned
    dialog.variants.shell.setCurrentIndex(2)
    assert dialog.file.files.tabText(0) == "llama-server.cmd"
    assert len(domain.asked) == asked


def test_a_path_that_one_shell_cannot_say_leaves_the_others(
    opened: MainWindow, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> None:
    opened.open_paths([Path("/models/a\nb.gguf"), Path("/models/50%.gguf")])
    settled(session)
    made = ExportDialog(session, preferences)
    qtbot.addWidget(made)
    made.show()
    settled(session)
    assert made.error.isVisible()  # a line break can be said nowhere
    session.show_model(session.models[-1])
    settled(session)
    again = ExportDialog(session, preferences)
    qtbot.addWidget(again)
    again.show()
    settled(session)
    assert again.file.isVisible()


def test_a_file_name_is_shown_as_it_is(
    opened: MainWindow, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> None:
    opened.open_paths([Path("/models/<b>R&D.gguf")])
    settled(session)
    made = ExportDialog(session, preferences)
    qtbot.addWidget(made)
    choose(made, "lm-studio", session, settled)
    assert made.file.files.tabText(0) == "<b>R&&D.gguf.json"  # one sign, as Qt writes it
    assert made.file.copy.accessibleName() == "Copy <b>R&D.gguf.json"


# --- what is done with it


def test_the_shown_file_is_copied_whole(dialog: ExportDialog) -> None:
    dialog.file.copy.click()
    assert QGuiApplication.clipboard().text().rstrip("\n") == dialog.file.text.toPlainText()
    assert dialog.file.copy.text() == "Copied"


def test_a_new_file_is_written_and_said(
    dialog: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    place = tmp_path / "start.sh"
    dialog.file.save_to(place)
    settled(session)
    assert place.read_text(encoding="utf-8") == f"{dialog.file.text.toPlainText()}\n"
    assert str(place) in dialog.file.saved.text()


def test_only_the_second_file_is_saved_where_that_is_shown(
    dialog: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    choose(dialog, "llama-cpp-python", session, settled)
    dialog.file.files.setCurrentIndex(1)
    dialog.file.save_to(tmp_path)
    settled(session)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".json"] == ["server.json"]


# --- for everybody


def test_everything_in_it_is_named(
    dialog: ExportDialog, session: Session, settled: Settle, theme: Theme
) -> None:
    for name in ("llama-server", "ollama", "lm-studio"):
        choose(dialog, name, session, settled)
        assert nameless(dialog) == []
    item = dialog.programs.currentItem()
    assert item.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "Main programs"


def test_tab_walks_as_it_is_read(dialog: ExportDialog, session: Session, settled: Settle) -> None:
    choose(dialog, "ollama", session, settled)
    QApplication.processEvents()
    reached = focusable(dialog)
    walked, widget = [], dialog.programs
    while widget not in walked:
        walked.append(widget)
        widget = widget.nextInFocusChain()
        while widget not in reached:
            widget = widget.nextInFocusChain()
    assert set(walked) == set(reached)
    command = next(it for it in dialog.beside.findChildren(CommandField) if it.isVisible()).copy_button
    expected = [
        *(dialog.programs, dialog.variants.flavour, dialog.file.files, dialog.file.text, dialog.file.copy),
        *(dialog.file.save, dialog.file.apply, command, dialog.loaded.address, dialog.loaded.check),
        dialog.close_button,
    ]
    assert [widget for widget in walked if widget in expected] == expected


@pytest.mark.parametrize("width", [380, 520, 900, 1400])
def test_there_is_no_sideways_scrolling(dialog: ExportDialog, qtbot: QtBot, width: int) -> None:
    dialog.resize(width, 700)
    page = dialog.page
    qtbot.waitUntil(lambda: page.widget().width() == page.viewport().width())
    assert dialog.width() == width
    assert page.widget().minimumSizeHint().width() <= page.viewport().width()
