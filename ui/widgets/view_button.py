"""`ViewButton`: one of several names in a line; the pressed one is shown below them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QStyle, QWidget

from ui.widgets.labels import scaled


class ViewButton(QAbstractButton):
    """Its words, underlined where it is the one; the weight of the words says the same as their colour."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as its bold words, whether or not they are bold now: nothing moves."""
        em = self.fontMetrics().height()
        bold = QFontMetrics(scaled(self.font(), 1.0, bold=True))
        width = max(metrics.horizontalAdvance(self.text()) for metrics in (self.fontMetrics(), bold))
        return QSize(width + round(em * 0.5), round(em * 1.5))

    def paintEvent(self, _event: QPaintEvent) -> None:
        palette, is_shown = self.palette(), self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_strong = is_shown or self.underMouse()
        role = QPalette.ColorRole.Text if is_strong else QPalette.ColorRole.PlaceholderText
        painter.setFont(scaled(self.font(), 1.0, bold=is_shown))
        painter.setPen(palette.color(role))
        # From where reading begins, not centred: the words stay where they are when they become bold.
        margin = self.fontMetrics().height() * 0.2
        side = QStyle.visualAlignment(
            self.layoutDirection(), Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        )
        painter.drawText(QRectF(self.rect()).adjusted(margin, 0, -margin, 0), side, self.text())
        accent = palette.color(QPalette.ColorRole.Accent)
        if is_shown:
            painter.fillRect(QRectF(0, self.height() - 2, self.width(), 2), accent)
        if self.hasFocus():
            painter.setPen(QPen(accent, 1.5))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
