"""Nothing that comes out of a file, a path or an engine is read as HTML by the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractProxyModel, QAbstractTableModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import QAbstractItemView, QLabel, QTextEdit, QWidget

from advisor.basis import Note
from advisor.errors import EngineMissing
from tests.support import answers
from tests.support.fake_domain import FakeDomain
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.widgets.labels import verbatim
from ui.window.main_window import MainWindow

MARKUP = "<b>x</b><img src='file:///etc/passwd'><a href='https://example.com'>y</a>"
PLACE = Path("/models") / f"{MARKUP.replace('/', chr(0x2215))}.gguf"


def objections(window: QWidget) -> Iterator[str]:
    """Where markup from outside would be obeyed."""
    for label in window.findChildren(QLabel):
        is_plain = label.textFormat() is Qt.TextFormat.PlainText
        if not is_plain and "<img" in label.text():
            yield f"label: {label.text()}"
    for text in window.findChildren(QTextEdit):
        if "<img" in text.toHtml():
            yield f"text: {text.toPlainText()}"
    for thing in (*window.findChildren(QWidget), *window.findChildren(QAction)):
        if "<img" in thing.toolTip():
            yield f"tool tip of {thing!r}: {thing.toolTip()}"
    for view in window.findChildren(QAbstractItemView):
        yield from (f"item: {tip}" for tip in tips(view.model()) if "<img" in tip)


def tips(model: QAbstractItemModel | None) -> Iterator[str]:
    """Of the first column, and of all of them in a table; a list keeps their number to itself."""
    columns = model.columnCount() if isinstance(model, QAbstractTableModel | QAbstractProxyModel) else 1
    for row in range(model.rowCount() if model else 0):
        for column in range(columns):
            yield str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or "")


@pytest.fixture
def evil(domain: FakeDomain) -> None:
    """A domain in which everything that has a name has that one."""
    domain.models[PLACE.name] = answers.model(name=MARKUP, architecture=MARKUP, path=PLACE)
    note = Note("evil", MARKUP)
    domain.computer = answers.computer(answers.gpu(name=MARKUP), findings=(note,))


@pytest.mark.parametrize("with_engine", [True, False])
def test_a_models_markup_is_shown_and_not_obeyed(
    evil: None,
    domain: FakeDomain,
    session: Session,
    preferences: Preferences,
    window: MainWindow,
    settled: Callable[[Session], None],
    with_engine: bool,
) -> None:
    if not with_engine:
        domain.engine_missing = EngineMissing(f"{MARKUP}.", hint=f"{MARKUP}.")
    preferences.add_recent(PLACE)
    session.start()
    window.open_paths([PLACE])
    settled(session)
    window.recent_menu.aboutToShow.emit()
    assert session.current is not None
    assert "<img" in session.current.name
    assert [*objections(window)] == []


@pytest.mark.parametrize("text", [MARKUP, f"/models/{MARKUP}", "<br>", "a\n<p>b"])
def test_what_looks_like_markup_is_shown_letter_by_letter(text: str) -> None:
    from PySide6.QtGui import QTextDocumentFragment

    shown = verbatim(text)
    plain = QTextDocumentFragment.fromHtml(shown).toPlainText() if GuiQt.mightBeRichText(shown) else shown
    assert plain.split() == text.split()


@pytest.mark.parametrize("text", ["", "/models/a.gguf", "a < b", "Größe & 模型"])
def test_what_does_not_is_left_alone(text: str) -> None:
    assert verbatim(text) == text
