"""Drag and drop on the whole window: says what a drop would do before it is done, and refuses visibly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from advisor.library.company import is_projector
from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QWidget

from ui.theme import Tone, tone_color
from ui.widgets.labels import LARGE, scaled
from ui.window.drops import split


class DropTarget(QObject):
    """Watches a window's drags; dropped model files go to `opened`."""

    def __init__(self, window: QWidget, opened: Callable[[list[Path]], None]) -> None:
        super().__init__(window)
        self._opened = opened
        self.veil = DropVeil(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            return self._entered(event)
        if isinstance(event, QDragMoveEvent):
            event.setAccepted(bool(split(_paths(event.mimeData()))[0]))
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.veil.hide()
            return True
        if isinstance(event, QDropEvent):
            return self._dropped(event)
        return super().eventFilter(watched, event)

    def _entered(self, event: QDragEnterEvent) -> bool:
        paths = _paths(event.mimeData())
        if not paths:
            return False
        taken, _ = split(paths)
        if not taken:
            self.veil.show_words(self.tr("Only GGUF files can be opened here"), Tone.BAD)
        elif len(taken) == 1 and taken[0].is_dir():
            words = self.tr("Drop to look for models in {name}").format(name=taken[0].name)
            self.veil.show_words(words, Tone.ACCENT)
        elif len(taken) == 1 and is_projector(taken[0]):
            words = self.tr("Drop to load {name} beside the model").format(name=taken[0].name)
            self.veil.show_words(words, Tone.ACCENT)
        elif len(taken) == 1:
            self.veil.show_words(self.tr("Drop to open {name}").format(name=taken[0].name), Tone.ACCENT)
        else:
            self.veil.show_words(self.tr("Drop to open {n} models").format(n=len(taken)), Tone.ACCENT)
        # Accepted even if it will be refused: only then are we told when it leaves. The moves refuse it.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        return True

    def _dropped(self, event: QDropEvent) -> bool:
        self.veil.hide()
        taken, _ = split(_paths(event.mimeData()))
        event.setAccepted(bool(taken))
        if taken:
            event.setDropAction(Qt.DropAction.CopyAction)
            self._opened(taken)
        return True


class DropVeil(QWidget):
    """Lies over the window while something hovers above it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.words = ""
        self._tone = Tone.ACCENT
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFont(scaled(self.font(), LARGE, bold=True))
        self.hide()

    def show_words(self, words: str, tone: Tone) -> None:
        self.words, self._tone = words, tone
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self.palette().color(QPalette.ColorRole.Window))
        veil.setAlpha(225)
        painter.fillRect(self.rect(), veil)
        em = self.fontMetrics().height()
        color = tone_color(self._tone, self.palette())
        painter.setPen(QPen(color, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(em, em, -em, -em), em / 2, em / 2)
        painter.setPen(color)
        box = self.rect().adjusted(em * 3, 0, -em * 3, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.words)


def _paths(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
