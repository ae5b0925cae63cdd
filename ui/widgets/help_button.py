"""The small "?" beside a term. It asks whoever is around it to explain the term, and knows nobody."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QWhatsThisClickedEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.theme import Tone, border_color, tone_color
from ui.widgets.labels import SMALL, scaled


def ask_about(widget: QWidget, term: str) -> None:
    """Ask for a term's explanation: Qt hands the event from parent to parent, up to the window."""
    QCoreApplication.sendEvent(widget, QWhatsThisClickedEvent(term))


class HelpButton(QAbstractButton):
    """Opens what is known of one term."""

    def __init__(self, term: str, words: str, parent: QWidget | None = None) -> None:
        """`term` is a name in terms.toml, `words` what stands beside the button."""
        super().__init__(parent)
        self.term = term
        self.setText("?")
        self.setFont(scaled(self.font(), SMALL))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        question = self.tr("What is \u201c{term}\u201d?").format(term=words)
        self.setAccessibleName(question)
        self.setToolTip(question)
        self.clicked.connect(lambda: ask_about(self, self.term))

    def beside(self, caption: QWidget) -> HelpButton:
        """Be there when the caption is."""
        caption.installEventFilter(self)
        self.setVisible(not caption.isHidden())
        return self

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent} and isinstance(
            watched, QWidget
        ):
            self.setVisible(not watched.isHidden())
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        side = round(self.fontMetrics().height() * 1.15)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        palette = self.palette()
        is_pointed_at = self.hasFocus() or self.underMouse()
        accent = tone_color(Tone.ACCENT, palette)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(
            QPen(accent if is_pointed_at else border_color(palette), 1.6 if self.hasFocus() else 1.0)
        )
        side = min(self.width(), self.height()) - 2.0
        circle = QRectF(0, 0, side, side)
        circle.moveCenter(QPointF(self.width() / 2, self.height() / 2))
        painter.drawEllipse(circle)
        painter.setPen(accent if is_pointed_at else palette.color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, self.text())
