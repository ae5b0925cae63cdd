"""A chat in its context, painted: tokens above, the reserved cache with what is in use of it below."""

from __future__ import annotations

from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import colors
from ui.charts.memory_colors import part_color
from ui.charts.memory_layout import Part
from ui.colors import Rgb
from ui.learn.layout import Piece, Span, filled_width, token_spans
from ui.learn.numbers import Pile
from ui.theme import border_color, qcolor
from ui.widgets.labels import SMALL, scaled

_RADIUS = 4.0


class PileDrawing(QWidget):
    """The two bars. What they show is also told in words, by `describe` and around the drawing."""

    _pile: Pile | None = None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(scaled(self.font(), SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("A chat in this context"))

    def show_pile(self, pile: Pile, description: str) -> None:
        self._pile = pile
        self.setAccessibleDescription(description)
        self.update()

    def legend(self) -> str:
        """What the colours of the upper bar mean, as HTML."""
        if self._pile is None:
            return ""
        words = {
            Piece.PROMPT: self.tr("prompt"),
            Piece.ANSWER: self.tr("answer"),
            Piece.FREE: self.tr("free headroom"),
        }
        shades = _colors(self.palette())
        return " &nbsp; ".join(
            f'<span style="color:{qcolor(shades[span.piece]).name()}">\u25a0</span>&nbsp;'
            f"{words[span.piece].replace(' ', '&nbsp;')}&nbsp;{format_tokens(span.amount)}"
            for span in token_spans(self._pile, self.width())
        )

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 18, round(em * 7.4))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 12, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._pile is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)  # bars only: the texts are written the right way round again
        em = self.fontMetrics().height()
        tokens = QRectF(0.5, em * 1.3, self.width() - 1, em * 1.7)
        cache = QRectF(0.5, em * 4.9, self.width() - 1, em * 1.7)
        self._caption(painter, 0, self.tr("Context: {n} tokens").format(n=format_tokens(self._pile.n_ctx)))
        for span in token_spans(self._pile, tokens.width()):
            self._piece(painter, tokens, span)
        self._frame(painter, tokens)
        size = format_bytes(self._pile.kv_bytes)
        self._caption(painter, em * 3.6, self.tr("KV cache, all reserved at load: {size}").format(size=size))
        self._cache(painter, cache)

    def _cache(self, painter: QPainter, bar: QRectF) -> None:
        """Hatched what is reserved and waits, full what this chat uses."""
        palette = self.palette()
        painter.fillRect(bar, palette.color(QPalette.ColorRole.Base))
        orange = part_color(Part.KV_PROMPT, palette)
        painter.fillRect(bar, QBrush(qcolor(orange), Qt.BrushStyle.BDiagPattern))
        used = QRectF(bar.left(), bar.top(), filled_width(self._pile, bar.width()), bar.height())
        painter.fillRect(used, qcolor(orange))
        words = self.tr("in use {size}").format(size=format_bytes(self._pile.filled_bytes))
        self._inside(painter, used, words, orange)
        self._frame(painter, bar)

    def _piece(self, painter: QPainter, bar: QRectF, span: Span) -> None:
        box = QRectF(bar.left() + span.left, bar.top(), span.width, bar.height())
        color = _colors(self.palette())[span.piece]
        painter.fillRect(box, qcolor(color))
        self._inside(painter, box, format_tokens(span.amount), color)
        if span.left:
            painter.fillRect(
                QRectF(box.left(), box.top(), 1, box.height()), self.palette().color(QPalette.ColorRole.Base)
            )

    def _inside(self, painter: QPainter, box: QRectF, words: str, background: Rgb) -> None:
        """The words in their piece, where they have room."""
        if QFontMetricsF(self.font()).horizontalAdvance(words) + 8 <= box.width():
            painter.setPen(qcolor(colors.text_on(background)))
            self._text(painter, box, words, Qt.AlignmentFlag.AlignCenter)

    def _caption(self, painter: QPainter, y: float, words: str) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        box = QRectF(0, y, self.width(), self.fontMetrics().height() * 1.2)
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        self._text(painter, box, words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(self.font())

    def _text(self, painter: QPainter, box: QRectF, words: str, side: Qt.AlignmentFlag) -> None:
        if self.layoutDirection() is Qt.LayoutDirection.LeftToRight:
            painter.drawText(box, side, words)
            return
        painter.save()
        painter.resetTransform()
        mirrored = QRectF(self.width() - box.right(), box.top(), box.width(), box.height())
        if side & Qt.AlignmentFlag.AlignLeft:
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(mirrored, side | Qt.AlignmentFlag.AlignAbsolute, words)
        painter.restore()

    def _frame(self, painter: QPainter, bar: QRectF) -> None:
        painter.setPen(QPen(border_color(self.palette()), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(bar, _RADIUS, _RADIUS)


def _colors(palette: QPalette) -> dict[Piece, Rgb]:
    return {
        Piece.PROMPT: part_color(Part.KV_PROMPT, palette),
        Piece.ANSWER: colors.SKY_BLUE,
        Piece.FREE: part_color(Part.FREE, palette),
    }
