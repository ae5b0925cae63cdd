"""The models on this computer: found, searched, judged when looked at, opened with their runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from advisor.library.installed import NOT_GGUF, InstalledModel, Unreadable
from advisor.library.listing.listing import Listed
from advisor.memory.plan import Verdict
from advisor.units import GiB
from tests.support import answers
from tests.support.fake_domain import FakeDomain
from ui.export.export_dialog import ExportDialog
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.settings.settings_dialog import SettingsDialog
from ui.theme import Theme, Tone
from ui.welcome.library_list import LibraryList, row_text
from ui.welcome.library_panel import LibraryPanel
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]

LLAMA = InstalledModel("ollama", "llama3.1:8b", Path("/b/sha256-1"), 5 * GiB, runtime="ollama")
GEMMA = InstalledModel("lm-studio", "google/gemma/gemma-3-12b-Q4_K_M.gguf", Path("/l/gemma.gguf"), 7 * GiB)
MLX = InstalledModel(
    "lm-studio", "mlx/Qwen3-4B", Path("/l/mlx"), GiB, format=NOT_GGUF, problem="An MLX model is no GGUF."
)
HALF = InstalledModel("folder", "/m/half.gguf", Path("/m/half.gguf"), GiB, problem="Part 2 of 3 is missing.")
BIG = InstalledModel("folder", "/m/big.gguf", Path("/m/big.gguf"), 90 * GiB)


@pytest.fixture
def domain() -> FakeDomain:
    made = FakeDomain(library=[LLAMA, GEMMA, MLX, HALF, BIG])
    made.models["big.gguf"] = answers.model("Big", weights_bytes=90 * GiB)
    return made


@pytest.fixture
def panel(window: MainWindow, session: Session, settled: Settle) -> LibraryPanel:
    session.start()
    settled(session)
    look(window, session, settled)
    return window.welcome.library


def look(window: MainWindow, session: Session, settled: Settle) -> None:
    """Draw the window, which asks about what is in sight."""
    window.grab()
    settled(session)


def said(panel: LibraryPanel) -> list[str]:
    rows = range(panel.shown.rowCount())
    return [str(panel.shown.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)) for row in rows]


def test_the_list_keeps_qts_rules_through_all_changes(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    model = LibraryList(session.library)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    domain.no_models = {BIG.name}
    session.start()
    settled(session)
    assert model.index(0, 0).data() == "llama3.1:8b"
    settled(session)
    for row in range(model.rowCount()):
        model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    settled(session)
    assert model.rowCount() == 4
    domain.library = [LLAMA]
    session.look_again()
    settled(session)
    assert model.rowCount() == 1
    tester.deleteLater()


def test_each_model_says_name_size_store_and_how_it_stands(panel: LibraryPanel, theme: Theme) -> None:
    assert said(panel) == [
        "llama3.1:8b, Q4_K_M \u00b7 5.0 GiB \u00b7 Ollama, up to 32,256 tokens",
        "gemma-3-12b-Q4_K_M, Q4_K_M \u00b7 7.0 GiB \u00b7 LM Studio, up to 32,256 tokens",
        "Qwen3-4B, 1.0 GiB \u00b7 LM Studio, not a GGUF",
        "half, 1.0 GiB \u00b7 folder, Part 2 of 3 is missing.",
        "big, Q4_K_M \u00b7 90.0 GiB \u00b7 folder, does not fit",
    ]
    assert not panel.grab().isNull()


def test_what_is_not_known_yet_is_not_said() -> None:
    row = row_text(LLAMA, None)
    assert (row.facts, row.verdict, row.tone) == ("5.0 GiB \u00b7 Ollama", "\u2026", Tone.QUIET)
    unread = row_text(LLAMA, Listed(LLAMA, problem="The file is gone."))
    assert (unread.verdict, unread.tone) == ("The file is gone.", Tone.BAD)
    fits = row_text(LLAMA, Listed(LLAMA, n_ctx_max=4096, verdict=Verdict.FITS))
    assert fits.tone is Tone.GOOD


def test_the_search_holds_all_words_in_any_order(panel: LibraryPanel) -> None:
    panel.search.setText("12b GEMMA")
    assert panel.shown.rowCount() == 1
    panel.search.setText("studio")
    assert panel.shown.rowCount() == 2
    panel.search.setText("nothing of the kind")
    assert panel.shown.rowCount() == 0
    assert panel.state.text() == "No name holds these words."


def test_only_what_is_in_sight_is_judged(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.library = [
        InstalledModel("folder", f"/m/{i}.gguf", Path(f"/m/{i}.gguf"), GiB) for i in range(1000)
    ]
    session.start()
    settled(session)
    look(window, session, settled)
    judged = [asked for asked in domain.asked if asked.startswith("listed")]
    assert 1 <= len(judged) < 40
    window.welcome.library.view.scrollToBottom()
    look(window, session, settled)
    assert "listed /m/999.gguf" in domain.asked


def test_other_hardware_judges_anew(
    window: MainWindow, panel: LibraryPanel, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.computer = answers.computer(answers.gpu(total=48 * GiB, free=47 * GiB))
    session.look_again()
    settled(session)
    look(window, session, settled)
    assert "up to 131,072 tokens" in said(panel)[0]


def test_a_model_is_opened_with_the_keyboard_and_brings_its_runtime(
    window: MainWindow,
    panel: LibraryPanel,
    session: Session,
    domain: FakeDomain,
    settled: Settle,
    qtbot: QtBot,
) -> None:
    domain.runtimes_of_files = {"sha256-1": "ollama"}
    panel.view.setCurrentIndex(panel.shown.index(0, 0))
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    settled(session)
    assert session.current is not None
    assert session.current.path == LLAMA.path
    assert (session.wanted.runtime, session.wanted.remembered_runtime) == ("ollama", "llama-server")
    assert window.header.runtimes.currentData() == "ollama"
    assert session.current.recommendation.settings.runtime == "ollama"
    assert session.current.plan.basis is Basis.ENGINE
    assert not window.welcome.isVisible()


def test_a_model_is_exported_by_the_name_that_its_runtime_has_for_it(
    panel: LibraryPanel, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> None:
    panel.opened.emit(LLAMA.path)
    settled(session)
    dialog = ExportDialog(session, preferences)
    qtbot.addWidget(dialog)
    dialog.programs.choose("ollama")
    settled(session)
    assert "FROM llama3.1:8b" in dialog.file.text.toPlainText()


def test_another_file_has_the_remembered_runtime(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.runtimes_of_files = {"sha256-1": "ollama"}
    session.start()
    window.open_paths([LLAMA.path, GEMMA.path])
    settled(session)
    session.show_model(session.models[1])
    assert window.header.runtimes.currentData() == "llama-server"
    session.show_model(session.models[0])
    session.wanted.set_runtime("llama-server")
    settled(session)
    assert session.models[0].recommendation.settings.runtime == "llama-server"


@pytest.mark.parametrize("row", [2, 3])
def test_what_cannot_be_opened_is_named_and_stays_shut(
    panel: LibraryPanel, session: Session, row: int
) -> None:
    panel.view.activated.emit(panel.shown.index(row, 0))
    assert session.models == []


def test_what_could_not_be_looked_into_is_said(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.library = []
    domain.library_trouble = (Unreadable(Path("/x"), "/x cannot be read: permission denied."),)
    session.start()
    settled(session)
    panel = window.welcome.library
    assert panel.view.isHidden()
    assert "No models were found" in panel.state.text()
    assert "/x cannot be read" in panel.state.text()


def test_the_first_screen_comes_back_and_goes(
    window: MainWindow, panel: LibraryPanel, session: Session, settled: Settle
) -> None:
    window.open_paths([LLAMA.path])
    settled(session)
    window.actions_.models.trigger()
    assert window.welcome.isVisible()
    window.actions_.models.trigger()
    assert window.page.isVisible()
    window.actions_.models.trigger()
    window.open_paths([LLAMA.path])
    assert window.page.isVisible()


def test_where_none_is_found_the_folders_can_be_named(
    domain: FakeDomain, window: MainWindow, session: Session, settled: Settle
) -> None:
    panel = window.welcome.library
    domain.library.clear()
    session.start()
    settled(session)
    assert panel.add_folder.isVisibleTo(panel)
    panel.add_folder.click()
    dialog = window.findChild(SettingsDialog)
    assert dialog is not None
    assert dialog.tabs.currentWidget() is dialog.folders
    dialog.close()


def test_where_some_are_found_there_is_no_such_button(panel: LibraryPanel) -> None:
    assert not panel.add_folder.isVisibleTo(panel)
