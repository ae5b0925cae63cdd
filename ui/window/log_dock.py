"""The log below the page, to be read, filtered and copied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFontDatabase, QKeyEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.session.event_log import MOST_ENTRIES, Entry, EventLog, Kind
from ui.widgets.command_field import CopyButton
from ui.widgets.fields import choice_box
from ui.widgets.labels import SMALL, muted_label, scaled


class LogDock(QDockWidget):
    """The newest entry is at the end."""

    def __init__(self, log: EventLog, diagnostics: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self.setObjectName("log")
        self.setWindowTitle(self.tr("Log"))
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        em = self.fontMetrics().height()
        self.kinds = choice_box(self.tr("What is shown"))
        for words, kind in (
            (self.tr("Everything"), None),
            (self.tr("What the engine was asked"), Kind.ENGINE),
            (self.tr("Answers"), Kind.ANSWER),
            (self.tr("Findings"), Kind.FINDING),
            (self.tr("Errors"), Kind.ERROR),
        ):
            self.kinds.addItem(words, kind)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(MOST_ENTRIES)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        mono.setPointSizeF(self.font().pointSizeF())
        self.text.setFont(scaled(mono, SMALL))
        self.text.setAccessibleName(self.tr("Log"))
        self.text.setTabChangesFocus(True)
        self.copy = CopyButton(self.tr("Copy"))
        self.copy.setAccessibleName(self.tr("Copy the log"))
        self.diagnostics = QPushButton(diagnostics.text().replace("&", ""))
        self.diagnostics.setToolTip(diagnostics.toolTip())
        self.diagnostics.clicked.connect(diagnostics.trigger)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(round(em * 0.7), round(em * 0.4), round(em * 0.7), round(em * 0.6))
        line = QHBoxLayout()
        line.addWidget(self.kinds)
        line.addWidget(muted_label(self.tr("The newest is at the end; nothing is written to a file")), 1)
        line.addWidget(self.copy)
        line.addWidget(self.diagnostics)
        column.addLayout(line)
        column.addWidget(self.text, 1)
        self.setWidget(inside)
        self.kinds.activated.connect(lambda _row: self._write())
        log.added.connect(self._added)
        self._write()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _is_wanted(self, entry: Entry) -> bool:
        kind = self.kinds.currentData()
        return kind is None or entry.kind == kind

    def _write(self) -> None:
        self.text.setPlainText("\n".join(it.line for it in self._log.entries if self._is_wanted(it)))
        self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())
        self.copy.set_text(self.text.toPlainText())

    def _added(self, entry: Entry) -> None:
        if self._is_wanted(entry):
            self.text.appendPlainText(entry.line)
            self.copy.set_text(self.text.toPlainText())
