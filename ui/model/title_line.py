"""The model's name with its facts beside it, wrapping as one line of text."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.session.state import OpenModel
from ui.widgets.labels import LARGE, verbatim
from ui.wording import model_line


class TitleLine(QLabel):
    """What is open."""

    # Known to the class: Qt may say that the palette changed before the label is complete.
    _name = ""
    _facts = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_model(self, model: OpenModel) -> None:
        self._name = model.name
        self._facts = model_line(model.facts) if model.facts else ""
        self.setToolTip(verbatim(str(model.path)))
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._write()
        super().changeEvent(event)

    def _write(self) -> None:
        size = self.font().pointSizeF() * LARGE
        quiet = self.palette().color(QPalette.ColorRole.PlaceholderText).name()
        # A name without spaces may be as long as it likes: it must be able to break.
        name = escape(self._name).replace("-", "-&#8203;").replace("_", "_&#8203;")
        facts = escape(self._facts).replace(" ", "&nbsp;").replace("&nbsp;·&nbsp;", "&nbsp;· ")
        self.setText(
            f'<span style="font-size:{size:.1f}pt; font-weight:600">{name}</span>'
            f'&nbsp;&nbsp; <span style="color:{quiet}">{facts}</span>'
        )
