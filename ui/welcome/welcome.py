"""The first screen: where to drop a file, how to open one, and what this computer has."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QPainter, QPainterPath, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QPushButton, QVBoxLayout, QWidget

from ui.computer.computer_panel import details_button
from ui.session.session import Session
from ui.theme import Tone, tone_color
from ui.welcome.library_panel import LibraryPanel
from ui.widgets.labels import HEADLINE, LARGE, label, muted_label
from ui.widgets.notice import Notice
from ui.wording import device_line

_NARROW_EMS = 44  # below this width the list lies under the drop zone


class Welcome(QWidget):
    """Shown while no model is open."""

    def __init__(
        self,
        session: Session,
        open_action: QAction,
        folders: QAction,
        details: QAction,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        em = self.fontMetrics().height()
        center = Qt.AlignmentFlag.AlignHCenter
        zone = _DropZone(open_action)
        self.computer = muted_label(wraps=True)
        self.computer.setTextFormat(Qt.TextFormat.RichText)
        self.computer.setAlignment(center)
        self.engine_trouble = Notice(Tone.CAUTION)
        self.findings = Notice(Tone.CAUTION)
        column = QWidget()
        column.setMaximumWidth(em * 68)
        inner = QVBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(round(em * 1.2))
        self.library = LibraryPanel(session.library, folders)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(round(em * 1.2))
        self._sides.addWidget(zone, 1)
        self._sides.addWidget(self.library, 1)
        inner.addLayout(self._sides, 1)
        inner.addWidget(self.engine_trouble)
        inner.addWidget(self.findings)
        computer = QVBoxLayout()
        computer.setSpacing(round(em * 0.3))
        computer.addWidget(self.computer)
        computer.addWidget(details_button(details), 0, center)
        inner.addLayout(computer)
        whole = QGridLayout(self)
        whole.setContentsMargins(em * 2, em * 2, em * 2, em * 2)
        whole.setRowStretch(0, 1)
        whole.addWidget(column, 1, 1)
        whole.setRowStretch(1, 8)
        whole.setRowStretch(2, 1)
        for side in (0, 2):
            whole.setColumnStretch(side, 1)
        whole.setColumnStretch(1, 100)
        session.hardware_changed.connect(self._refresh)
        session.engine_changed.connect(self._refresh)
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW_EMS * self.fontMetrics().height()
        self._sides.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )

    def minimumSizeHint(self) -> QSize:
        """Wide enough for what lies below one another."""
        em = self.fontMetrics().height()
        return QSize(self.library.minimumSizeHint().width() + em * 4, super().minimumSizeHint().height())

    def _refresh(self) -> None:
        problem = self._session.engine.problem
        self.engine_trouble.show_text(problem.message if problem else "", problem.hint if problem else "")
        hardware = self._session.hardware
        self.computer.setText(self._memory())
        self.findings.show_text("\n".join(note.text for note in hardware.findings) if hardware else "")

    def _memory(self) -> str:
        """This computer's memory in a line."""
        if error := self._session.hardware_error:
            return escape(f"{error.message} {error.hint}")
        if self._session.hardware is None:
            return self.tr("Looking at this computer\u2019s memory\u2026")
        devices = self._session.hardware.devices
        return " &nbsp;·&nbsp; ".join(f"<b>{escape(d.name)}</b> {escape(device_line(d))}" for d in devices)


class _DropZone(QWidget):
    """A dashed field that says what to drop there, with the way for who does not drop."""

    def __init__(self, open_action: QAction) -> None:
        super().__init__()
        em = self.fontMetrics().height()
        center = Qt.AlignmentFlag.AlignHCenter
        self.setMinimumHeight(em * 16)
        heading = label(self.tr("Drop a GGUF file here"), size=LARGE, bold=True)
        words = muted_label(
            self.tr("See how much context it can hold on this computer, before anything is loaded."),
            wraps=True,
        )
        words.setAlignment(center)
        button = QPushButton(open_action.text().replace("&", ""))
        button.setDefault(True)
        button.clicked.connect(open_action.trigger)
        inner = QVBoxLayout(self)
        inner.setContentsMargins(em * 2, em * 2, em * 2, em * 2)
        inner.setSpacing(round(em * 0.7))
        inner.addStretch(1)
        inner.addWidget(_Arrow(), 0, center)
        inner.addWidget(heading, 0, center)
        inner.addWidget(words)
        inner.addSpacing(round(em * 0.4))
        inner.addWidget(button, 0, center)
        inner.addStretch(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        pen = QPen(tone_color(Tone.QUIET, self.palette(), 2.0), 1.5, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([5, 4])
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)


class _Arrow(QWidget):
    """An arrow into a tray."""

    def sizeHint(self) -> QSize:
        side = round(self.fontMetrics().height() * HEADLINE)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self.height()
        painter.setPen(
            QPen(
                self.palette().color(QPalette.ColorRole.Accent),
                side / 14,
                Qt.PenStyle.SolidLine,
                Qt.PenCapStyle.RoundCap,
                Qt.PenJoinStyle.RoundJoin,
            )
        )
        path = QPainterPath()
        path.moveTo(side * 0.5, side * 0.1)
        path.lineTo(side * 0.5, side * 0.62)
        path.moveTo(side * 0.3, side * 0.43)
        path.lineTo(side * 0.5, side * 0.63)
        path.lineTo(side * 0.7, side * 0.43)
        path.moveTo(side * 0.14, side * 0.62)
        path.lineTo(side * 0.14, side * 0.86)
        path.lineTo(side * 0.86, side * 0.86)
        path.lineTo(side * 0.86, side * 0.62)
        painter.drawPath(path)
