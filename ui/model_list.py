"""The opened models for Qt: a list with name, facts and verdict, and how a row is drawn."""

from __future__ import annotations

from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetricsF, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.colors import SHAPE_CONTRAST
from ui.labels import SMALL, scaled
from ui.session import Session
from ui.state import OpenModel
from ui.theme import Tone, tone_color
from ui.wording import verdict_tone, verdict_words

translate = QCoreApplication.translate

MODEL_ROLE = Qt.ItemDataRole.UserRole

_Index = QModelIndex | QPersistentModelIndex


class ModelList(QAbstractListModel):
    """The session's models in the order in which they were opened."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._models = list(session.models)
        session.models_changed.connect(self._reset)
        session.model_changed.connect(self._changed)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        return 0 if parent.isValid() else len(self._models)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        model = self._models[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return model.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(model.path)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (model.name, facts_line(model), verdict_line(model)[0]) if part)
        if role == MODEL_ROLE:
            return model
        return None

    def row_of(self, model: OpenModel | None) -> int:
        return self._models.index(model) if model in self._models else -1

    def _reset(self) -> None:
        self.beginResetModel()
        self._models = list(self._session.models)
        self.endResetModel()

    def _changed(self, model: OpenModel) -> None:
        row = self.row_of(model)
        if row >= 0:
            index = self.index(row, 0)
            self.dataChanged.emit(index, index)


def facts_line(model: OpenModel) -> str:
    if model.facts is None:
        return model.path.parent.name
    return f"{model.facts.quantization} · {format_bytes(model.facts.file_bytes)}"


def verdict_line(model: OpenModel) -> tuple[str, Tone]:
    """What the list says of a model, and how it stands."""
    if model.error:
        return translate("models", "cannot be read"), Tone.BAD
    answer = model.recommendation
    if answer is None:
        return "\u2026", Tone.QUIET
    if not answer.n_ctx_safe:
        return verdict_words(answer.plan.verdict), verdict_tone(answer.plan.verdict)
    words = translate("models", "up to {n} tokens").format(n=format_tokens(answer.n_ctx_safe))
    return words, verdict_tone(answer.plan.verdict)


class ModelRow(QStyledItemDelegate):
    """Three lines: the name, what it is, how much it can hold."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: _Index) -> QSize:
        em = option.fontMetrics.height()
        return QSize(em * 10, round(em * 3.9))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model: OpenModel = index.data(MODEL_ROLE)
        palette = option.palette
        box = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, palette.color(QPalette.ColorRole.AlternateBase))
            leading = option.direction is Qt.LayoutDirection.LeftToRight
            edge = box.left() if leading else box.right() - 3
            painter.fillRect(
                QRectF(edge, box.top(), 3, box.height()), palette.color(QPalette.ColorRole.Accent)
            )
        em = option.fontMetrics.height()
        inner = box.adjusted(em, em * 0.45, -em * 0.6, -em * 0.45)
        line = inner.height() / 3
        bold, small = scaled(option.font, 1.0, bold=True), scaled(option.font, SMALL)
        side = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter

        painter.setFont(bold)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        name = QFontMetricsF(bold).elidedText(model.name, Qt.TextElideMode.ElideMiddle, inner.width())
        painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), line), side, name)

        painter.setFont(small)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(
            QRectF(inner.left(), inner.top() + line, inner.width(), line), side, facts_line(model)
        )

        words, tone = verdict_line(model)
        last = QRectF(inner.left(), inner.top() + 2 * line, inner.width(), line)
        dot = em * 0.5
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone_color(tone, palette, SHAPE_CONTRAST))
        painter.drawEllipse(QRectF(last.left(), last.center().y() - dot / 2, dot, dot))
        painter.setFont(small)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(last.adjusted(dot + em * 0.4, 0, 0, 0), side, words)
        painter.restore()
