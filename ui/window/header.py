"""The line above everything: open a file, choose the runtime and what the model is for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from ui.session.session import Session
from ui.theme import border_color
from ui.widgets.labels import muted_label, verbatim


class Header(QWidget):
    """Says to the session what the user chooses, and shows what it holds."""

    def __init__(self, session: Session, open_action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        em = self.fontMetrics().height()
        self.open_button = QPushButton(open_action.text().replace("&", ""))
        self.open_button.setToolTip(open_action.toolTip())
        self.open_button.clicked.connect(open_action.trigger)
        hint = muted_label(self.tr("or drop files anywhere"))
        hint.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

        self.runtimes = _combo(self.tr("Runtime"))
        for name, title in session.wanted.runtimes.items():
            self.runtimes.addItem(title, name)
        self.goals = _combo(self.tr("Goal"))
        self._fill_goals()

        line = QHBoxLayout(self)
        line.setContentsMargins(em, round(em * 0.5), em, round(em * 0.5) + 1)
        line.setSpacing(round(em * 0.6))
        line.addWidget(self.open_button)
        line.addWidget(hint, 1)
        for words, box in ((self.tr("&Runtime"), self.runtimes), (self.tr("&Goal"), self.goals)):
            caption = QLabel(words)
            caption.setBuddy(box)
            line.addSpacing(round(em * 0.4))
            line.addWidget(caption)
            line.addWidget(box)

        self._show_wishes()
        self.runtimes.activated.connect(lambda _row: session.wanted.set_runtime(self.runtimes.currentData()))
        self.goals.activated.connect(lambda _row: session.wanted.set_goal(self.goals.currentData()))
        session.goals_changed.connect(self._fill_goals)
        session.goals_changed.connect(self._show_wishes)
        session.wishes_changed.connect(self._show_wishes)
        session.current_changed.connect(self._show_wishes)

    def _fill_goals(self) -> None:
        self.goals.clear()
        for name, goal in self._session.goals.all.items():
            self.goals.addItem(goal.title, name)
            row = self.goals.count() - 1
            self.goals.setItemData(row, verbatim(goal.description), Qt.ItemDataRole.ToolTipRole)

    def _show_wishes(self) -> None:
        self.runtimes.setCurrentIndex(self.runtimes.findData(self._session.wanted.runtime))
        self.goals.setCurrentIndex(self.goals.findData(self._session.wanted.goal.name))
        self.goals.setToolTip(verbatim(self._session.wanted.goal.description))

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, border_color(self.palette()))


def _combo(name: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return made
