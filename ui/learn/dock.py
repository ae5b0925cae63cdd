"""Learn: the field's terms beside the page, and what they come to for the shown model.

It opens again with the term that was read last.
"""

from __future__ import annotations

from advisor.errors import PresetError, UsageError
from advisor.terms import Term, find_term, load_terms
from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ui.learn.drawing import PileDrawing
from ui.learn.numbers import pile
from ui.learn.own_words import own_words
from ui.learn.words import matches, pile_sentences, row_sums, term_page
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.widgets.hinted_list import HintedList
from ui.widgets.labels import SMALL, label, muted_label
from ui.widgets.row_painting import TextRow

_NAME_ROLE = Qt.ItemDataRole.UserRole
_FIRST = "context"


class LearnDock(QDockWidget):
    """A list of terms to search in, the chosen one's text, and the model's own numbers below."""

    def __init__(self, session: Session, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._preferences = preferences
        self._terms, problem = _terms()
        self._shown = _FIRST
        self._page = ""
        self.setObjectName("learn")
        self.setWindowTitle(self.tr("Learn"))
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search {n} terms").format(n=len(self._terms)))
        self.search.setAccessibleName(self.tr("Search the terms"))
        self.search.setClearButtonEnabled(True)
        self.list = HintedList(self.tr("No term has these words"))
        self.list.setAccessibleName(self.tr("Terms"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setItemDelegate(TextRow(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text = _Page()
        self.own = _OwnNumbers(session)
        for name, term in self._terms.items():
            item = QListWidgetItem(term.title, self.list)
            item.setData(_NAME_ROLE, name)
            item.setToolTip(term.short)
        self._arrange()
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._open_first)
        self.list.currentItemChanged.connect(self._chosen)
        self.text.anchorClicked.connect(lambda url: self.show_term(url.toString()))
        self.visibilityChanged.connect(self.own.set_watched)
        self.visibilityChanged.connect(lambda is_visible: is_visible and self._write())
        session.current_changed.connect(self._write)
        session.model_changed.connect(self._model_changed)
        remembered = preferences.term
        self.show_term(remembered if remembered in self._terms else _FIRST)
        if problem:
            self.text.setPlainText(f"{problem.message} {problem.hint}")

    @property
    def term(self) -> str:
        """The name of the term whose text is shown."""
        return self._shown

    def show_term(self, word: str) -> None:
        """Show the term of that name or other word; what is not known becomes a search."""
        try:
            term = find_term(word, self._terms)
        except UsageError:
            if self._terms:
                self.search.setText(word)
            return
        self.search.clear()
        for row in range(self.list.count()):
            if self.list.item(row).data(_NAME_ROLE) == term.name:
                self.list.setCurrentRow(row)
                self.list.scrollToItem(self.list.item(row), QListWidget.ScrollHint.PositionAtCenter)

    def explain(self, word: str) -> None:
        """Open beside the page with that term, ready to be read on with the keyboard."""
        self.show()
        self.show_term(word)
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        inside = QWidget()
        inside.setAutoFillBackground(True)
        inside.setBackgroundRole(QPalette.ColorRole.Base)
        column = QVBoxLayout(inside)
        column.setContentsMargins(round(em * 0.7), round(em * 0.6), round(em * 0.7), round(em * 0.7))
        column.setSpacing(round(em * 0.6))
        column.addWidget(self.search)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.list)
        parts.addWidget(self.text)
        parts.setSizes([em * 11, em * 20])
        parts.setStretchFactor(1, 1)
        self.list.setMinimumHeight(em * 4)
        self.text.setMinimumHeight(em * 6)
        column.addWidget(parts, 1)
        column.addWidget(self.own)
        inside.setMinimumWidth(em * 19)
        self.setWidget(inside)

    def _filter(self, wanted: str) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(not matches(self._terms[item.data(_NAME_ROLE)], wanted))

    def _open_first(self) -> None:
        for row in range(self.list.count()):
            if not self.list.item(row).isHidden():
                self.list.setCurrentRow(row)
                self.text.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def _chosen(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None:
            self._shown = self._preferences.term = item.data(_NAME_ROLE)
            self._write()

    def _write(self) -> None:
        """The shown term, with what it comes to for the shown model; anew only where that is another."""
        term = self._terms.get(self._shown)
        if term is None:
            return
        model = self._session.current
        own = own_words(term.name, model)
        if own and model:
            own = self.tr("{model} here: {words}").format(model=model.name, words=own)
        page = term_page(term, self._terms, own)
        if page != self._page:
            self._page = page
            self.text.setHtml(page)
            self.text.setAccessibleName(term.title)

    def _model_changed(self, model: OpenModel) -> None:
        if model is self._session.current and self.isVisible():
            self._write()


def _terms() -> tuple[dict[str, Term], PresetError | None]:
    """The terms; none where the user's own file of them cannot be read, and why."""
    try:
        return load_terms(), None
    except PresetError as error:
        return {}, error


class _Page(QTextBrowser):
    """A term's text. Links say their term; nothing is loaded from anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def changeEvent(self, event: QEvent) -> None:
        """Links keep the colour that they were written in: write them again in another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.setHtml(self.toHtml())

    def loadResource(self, _kind: int, _url: QUrl) -> object:
        return None


class _OwnNumbers(QWidget):
    """The drawing and the sums, with the shown model's numbers; nothing while there is none."""

    _is_watched = False  # known to the class: Qt may say that the palette changed before all is there

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        em = self.fontMetrics().height()
        self.heading = label(bold=True, wraps=True)
        self.drawing = PileDrawing()
        self.sentences = muted_label(size=SMALL, wraps=True)
        self.sums = muted_label(size=SMALL, wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(round(em * 0.4))
        self.legend = muted_label(size=SMALL, wraps=True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        for widget in (self.heading, self.drawing, self.legend, self.sentences, self.sums):
            column.addWidget(widget)
        session.current_changed.connect(self._refresh)
        session.prompt_changed.connect(self._refresh)
        session.model_changed.connect(lambda model: model is session.current and self._refresh())
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._is_watched:
            self.legend.setText(self.drawing.legend())

    def set_watched(self, is_watched: bool) -> None:
        """While nobody looks, nothing is counted."""
        self._is_watched = is_watched
        self._refresh()

    def _refresh(self) -> None:
        model = self._session.current
        plan = model.plan if model else None
        if model is None or model.facts is None or plan is None:
            self.hide()
            return
        self.show()
        if not self._is_watched:
            return
        drawn = pile(plan, model.facts, self._session.wanted.n_prompt)
        words = " ".join(pile_sentences(drawn))
        self.heading.setText(self.tr("{model}, with its own numbers").format(model=model.name))
        self.drawing.show_pile(drawn, words)
        self.legend.setText(self.drawing.legend())
        self.sentences.setText(words)
        sums = row_sums(model.facts, plan.settings)
        self.sums.setText("\n".join(sums))
        self.sums.setVisible(bool(sums))
