"""The opened models for Qt: a list with name, facts and verdict."""

from __future__ import annotations

from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from ui.session.session import Session
from ui.session.state import OpenModel
from ui.theme import Tone
from ui.widgets.labels import verbatim
from ui.widgets.row_painting import ROW_ROLE, RowText
from ui.wording import verdict_tone, verdict_words

translate = QCoreApplication.translate

MODEL_ROLE = Qt.ItemDataRole.UserRole

_Index = QModelIndex | QPersistentModelIndex


class ModelList(QAbstractListModel):
    """The session's models in the order in which they were opened. A row that is drawn is looked at."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._models = list(session.models)
        session.models_changed.connect(self._follow)
        session.model_changed.connect(self._changed)
        session.answers_wait.connect(self._draw_all)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        return 0 if parent.isValid() else len(self._models)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        model = self._models[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return model.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return verbatim(str(model.path))
        if role in {Qt.ItemDataRole.AccessibleTextRole, ROW_ROLE}:
            self._session.look_at(model)
            row = RowText(model.name, facts_line(model), *verdict_line(model))
            return row if role == ROW_ROLE else row.sentence
        if role == MODEL_ROLE:
            return model
        return None

    def row_of(self, model: OpenModel | None) -> int:
        return self._models.index(model) if model in self._models else -1

    def _follow(self) -> None:
        """Rows that come at the end leave the list as it is scrolled."""
        before, now = self._models, list(self._session.models)
        if len(now) > len(before) and now[: len(before)] == before:
            self.beginInsertRows(QModelIndex(), len(before), len(now) - 1)
            self._models = now
            self.endInsertRows()
        elif now != before:
            self.beginResetModel()
            self._models = now
            self.endResetModel()

    def _draw_all(self) -> None:
        if self._models:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._models) - 1, 0))

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
    if model.lost:
        return translate("models", "its file is gone"), Tone.BAD
    answer = model.recommendation
    if answer is None:
        return "\u2026", Tone.QUIET
    if not answer.n_ctx_safe:
        return verdict_words(answer.plan.verdict), verdict_tone(answer.plan.verdict)
    words = translate("models", "up to {n} tokens").format(n=format_tokens(answer.n_ctx_safe))
    return words, verdict_tone(answer.plan.verdict)
