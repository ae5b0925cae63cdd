"""How rows of lists are drawn: the chosen one marked, a line of text, or a model with three lines."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.colors import SHAPE_CONTRAST
from ui.theme import Tone, tone_color
from ui.widgets.labels import SMALL, scaled

ROW_ROLE = Qt.ItemDataRole.UserRole + 1

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class RowText:
    """The name, what it is, how much it can hold and how that stands."""

    name: str
    facts: str
    verdict: str
    tone: Tone

    @property
    def sentence(self) -> str:
        """As a screen reader says it."""
        return ", ".join(part for part in (self.name, self.facts, self.verdict) if part)


def mark_chosen(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """The ground of a row: nothing but for the chosen one, which has a tint and an edge."""
    if option.state & QStyle.StateFlag.State_Selected:
        box = QRectF(option.rect)
        painter.fillRect(box, option.palette.color(QPalette.ColorRole.AlternateBase))
        is_leading = option.direction is Qt.LayoutDirection.LeftToRight
        edge = QRectF(box.left() if is_leading else box.right() - 3, box.top(), 3, box.height())
        painter.fillRect(edge, option.palette.color(QPalette.ColorRole.Accent))


def mark_focus(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """A frame around the row where the keyboard is."""
    if option.state & QStyle.StateFlag.State_HasFocus and option.state & QStyle.StateFlag.State_Active:
        painter.setPen(option.palette.color(QPalette.ColorRole.Accent))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(option.rect.adjusted(0, 0, -1, -1))


class TextRow(QStyledItemDelegate):
    """One line of text, with room around it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        em = option.fontMetrics.height()
        return QSize(super().sizeHint(option, index).width() + em, round(em * 1.55))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        em = option.fontMetrics.height()
        painter.save()
        mark_chosen(painter, option)
        inner = option.rect.adjusted(round(em * 0.8), 0, -round(em * 0.4), 0)
        painter.setFont(option.font)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        words = option.fontMetrics.elidedText(index.data(), Qt.TextElideMode.ElideRight, inner.width())
        side = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inner, QStyle.visualAlignment(option.direction, side), words)
        mark_focus(painter, option)
        painter.restore()


class ModelRow(QStyledItemDelegate):
    """Draws what ROW_ROLE answers."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: _Index) -> QSize:
        em = option.fontMetrics.height()
        return QSize(em * 10, round(em * 3.9))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: RowText = index.data(ROW_ROLE)
        palette = option.palette
        box = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mark_chosen(painter, option)
        em = option.fontMetrics.height()
        inner = box.adjusted(em, em * 0.45, -em * 0.6, -em * 0.45)
        line = inner.height() / 3
        bold, small = scaled(option.font, 1.0, bold=True), scaled(option.font, SMALL)
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        is_enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        text = palette.color(QPalette.ColorRole.Text) if is_enabled else quiet
        side = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter

        def write(font: object, color: object, box: QRectF, words: str, elide: Qt.TextElideMode) -> None:
            painter.setFont(font)
            painter.setPen(color)
            painter.drawText(box, side, QFontMetricsF(font).elidedText(words, elide, box.width()))

        first = QRectF(inner.left(), inner.top(), inner.width(), line)
        write(bold, text, first, row.name, Qt.TextElideMode.ElideMiddle)
        write(small, quiet, first.translated(0, line), row.facts, Qt.TextElideMode.ElideRight)
        last = first.translated(0, 2 * line)
        dot = em * 0.5
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone_color(row.tone, palette, SHAPE_CONTRAST))
        painter.drawEllipse(QRectF(last.left(), last.center().y() - dot / 2, dot, dot))
        words = last.adjusted(dot + em * 0.4, 0, 0, 0)
        write(small, text, words, row.verdict, Qt.TextElideMode.ElideRight)
        painter.restore()
