"""Panels of the model's page, shown alone with hand-made answers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from advisor.recommend.result import Recommendation
from advisor.units import GiB
from tests.support import answers
from ui.session.state import OpenModel

TOO_BIG = answers.model("Too big", weights_bytes=90 * GiB)


def opened(answer: Recommendation, **changes: object) -> OpenModel:
    model = OpenModel(Path("/models/x.gguf"), facts=answer.model, recommendation=answer)
    for name, value in changes.items():
        setattr(model, name, value)
    return model


def texts(widget: QWidget) -> str:
    QApplication.processEvents()  # what is added to a shown layout is shown by the next event
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if not label.isHidden())


def shown(widget: QWidget, qtbot: QtBot, width: int = 900) -> None:
    """Shown and painted once: a panel that cannot be painted fails here."""
    qtbot.addWidget(widget)
    widget.resize(
        width, widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.sizeHint().height()
    )
    widget.show()
    assert not widget.grab().isNull()


class Relayouts(QObject):
    """Counts how often a widget is laid out."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.n = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.n += event.type() == QEvent.Type.LayoutRequest
        return super().eventFilter(watched, event)
