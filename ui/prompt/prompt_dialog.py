"""The prompt I send: files, pages, a system prompt and the answer, counted; and whether they fit."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.prompt.file_counts import FileCounts
from ui.prompt.sent_card import SentCard
from ui.prompt.verdict_card import VerdictCard, shown_answer
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.widgets.primary_button import PrimaryButton


class PromptDialog(QDialog):
    """Beside the window, for the shown model: another model counts anew."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("The prompt I send"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.counts = FileCounts(session, self)
        self.sent = SentCard(self.counts)
        self.said = VerdictCard()
        self.use = PrimaryButton(self.tr("&Use this"))
        self.use.setToolTip(self.tr("Show the model with a context that holds this"))
        self.close_button = QPushButton(self.tr("Close"))
        self.close_button.setAutoDefault(False)
        self._arrange()
        self.sent.changed.connect(self._judge)
        self.use.clicked.connect(lambda: session.use_need(self.sent.need))
        self.close_button.clicked.connect(self.close)
        session.current_changed.connect(self._other_model)
        session.model_changed.connect(self._model_changed)
        self._other_model()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        self.counts.add(Path(url.toLocalFile()) for url in urls if url.isLocalFile())
        event.acceptProposedAction()

    def done(self, result: int) -> None:
        self.counts.cancel()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.counts.cancel()
        super().closeEvent(event)

    def _other_model(self) -> None:
        model = self._session.current
        self.counts.count_for(model.facts if model else None)
        self._judge()

    def _model_changed(self, model: OpenModel) -> None:
        if model is self._session.current:
            self._other_model()

    def _judge(self) -> None:
        answer = shown_answer(self._session.current)
        self.use.setEnabled(answer is not None and not self.counts.is_counting)
        self.said.judge(self.sent.need, answer, self.counts.uncounted)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.use)
        foot.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em)
        column.addWidget(self.sent, 1)
        column.addWidget(self.said)
        column.addLayout(foot)
        self.resize(em * 34, em * 34)
