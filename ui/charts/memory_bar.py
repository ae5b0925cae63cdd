"""One device's memory as a bar: painted, answering to mouse and arrow keys, read by screen readers."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.memory.plan import DeviceMemory
from advisor.units import format_bytes
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import colors
from ui.charts.memory_colors import HATCHED, hatch_color, part_color
from ui.charts.memory_layout import Cell, Segment, cell_at, cells, segments, span_bytes
from ui.charts.part_words import part_explained, part_words
from ui.charts.pointing import Pointing
from ui.theme import Tone, qcolor, tone_color
from ui.widgets.labels import SMALL, scaled, verbatim
from ui.wording import basis_words

_RADIUS = 4.0


class MemoryBar(QWidget):
    """What one device will hold, against what it has."""

    pointed = Signal(object)  # the sentence about the piece pointed at, None for no piece

    _segments: tuple[Segment, ...] = ()

    def __init__(self, memory: DeviceMemory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(scaled(self.font(), SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._pointing = Pointing(self, self, begins_on_tab=True)
        self._pointing.told.connect(lambda sentence: self.setToolTip(verbatim(sentence or "")))
        self._pointing.told.connect(self.pointed)
        self.show_memory(memory)

    def show_memory(self, memory: DeviceMemory, prompt: float = 0.0) -> None:
        """Show another plan's memory, with `prompt` as the share of the KV cache that a prompt fills.

        What is pointed at stays so, if it is still there.
        """
        part = self.segment.part if self.segment else None
        self._memory = memory
        self._segments = segments(memory, prompt)
        self.setAccessibleName(self.tr("Memory of {device}").format(device=memory.device_name))
        self._pointing.renew(next((i for i, s in enumerate(self._segments) if s.part is part), None))

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 20, round(em * 2.1))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 8, self.sizeHint().height())

    @property
    def segment(self) -> Segment | None:
        """The piece pointed at."""
        where = self._pointing.where
        return None if where is None else self._segments[where]

    # --- what is read off

    def under(self, x: float) -> int | None:
        """The index of the piece under a pixel."""
        return cell_at(self._cells(), x - self._frame().left())

    def stops(self) -> Sequence[int]:
        return range(len(self._segments))

    def start(self) -> int:
        return -1  # before the first

    def sentence(self, where: int) -> str:
        """Exact bytes, where they come from, and what they are for."""
        segment = self._segments[where]
        basis = f" · {basis_words(segment.basis)}" if segment.basis else ""
        text = self.tr("{part} on {device}: {size} ({n} bytes){basis} · {meaning}").format(
            part=part_words(segment.part),
            device=self._memory.device_name,
            size=format_bytes(segment.n_bytes),
            n=f"{segment.n_bytes:,}",
            basis=basis,
            meaning=part_explained(segment.part),
        )
        mapped = self._memory.buffers.mapped_file_bytes
        if segment.part == "weights" and mapped:
            text += " " + self.tr("({size} of it is the file itself, mapped)").format(
                size=format_bytes(mapped)
            )
        return text

    def described(self) -> str:
        pieces = ", ".join(f"{part_words(s.part)} {format_bytes(s.n_bytes)}" for s in self._segments)
        return self.tr("{used} of {usable} usable. {pieces}").format(
            used=format_bytes(self._memory.total_bytes),
            usable=format_bytes(self._memory.usable_bytes),
            pieces=pieces,
        )

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self._frame()
        clip = QPainterPath()
        clip.addRoundedRect(frame, _RADIUS, _RADIUS)
        painter.setClipPath(clip)
        placed = self._cells()
        metrics = QFontMetricsF(self.font())
        for cell in placed:
            self._paint_cell(painter, cell, frame, metrics)
        self._paint_overflow(painter, frame)
        if self._pointing.where is not None:
            self._paint_mark(painter, placed[self._pointing.where], frame)
        painter.setClipping(False)
        self._pointing.paint_focus(painter, _RADIUS + 2)

    def _paint_cell(self, painter: QPainter, cell: Cell, frame: QRectF, metrics: QFontMetricsF) -> None:
        palette = self.palette()
        color = part_color(cell.segment.part, palette)
        box = QRectF(frame.left() + cell.left, frame.top(), cell.width, frame.height())
        painter.fillRect(box, qcolor(color))
        if cell.segment.part in HATCHED:
            painter.fillRect(box, QBrush(qcolor(hatch_color(palette)), Qt.BrushStyle.BDiagPattern))
        # A hairline in the card's colour keeps neighbours apart also without colour vision.
        edge = QRectF(box.right() - 1, box.top(), 1, box.height())
        painter.fillRect(edge, palette.color(QPalette.ColorRole.Base))
        text = _text_that_fits(cell, metrics)
        if text:
            if cell.segment.part in HATCHED:
                width = metrics.horizontalAdvance(text) + 8
                plate = QRectF(box.center().x() - width / 2, box.top(), width, box.height())
                painter.fillRect(plate, qcolor(color))
            painter.setPen(qcolor(colors.text_on(color)))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_overflow(self, painter: QPainter, frame: QRectF) -> None:
        capacity = self._memory.device_total_bytes
        span = span_bytes(self._segments, capacity)
        if span <= capacity:
            return
        x = frame.left() + frame.width() * capacity / span
        beyond = QRectF(x, frame.top(), frame.right() - x, frame.height())
        bad = tone_color(Tone.BAD, self.palette())
        veil = QColor(bad)
        veil.setAlpha(150)
        painter.fillRect(beyond, QBrush(veil, Qt.BrushStyle.FDiagPattern))
        painter.setPen(QPen(bad, 3))
        painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))

    def _paint_mark(self, painter: QPainter, cell: Cell, frame: QRectF) -> None:
        box = QRectF(frame.left() + cell.left, frame.top(), cell.width, frame.height())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 2))
        painter.drawRect(box.adjusted(1, 1, -1, -1))

    # --- layout

    def _frame(self) -> QRectF:
        return QRectF(self.rect()).adjusted(3, 3, -3, -3)

    def _cells(self) -> tuple[Cell, ...]:
        span = span_bytes(self._segments, self._memory.device_total_bytes)
        return cells(self._segments, span, self._frame().width())


def _text_that_fits(cell: Cell, metrics: QFontMetricsF) -> str:
    room = cell.width - metrics.height() * 0.8
    if room < metrics.height():  # no size is that short: most cells are not asked any further
        return ""
    size = format_bytes(cell.segment.n_bytes)
    texts = (f"{part_words(cell.segment.part)} {size}", size)
    return next((text for text in texts if metrics.horizontalAdvance(text) <= room), "")
