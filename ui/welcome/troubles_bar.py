"""Below the header, on every page: what is wrong around the window, until it is mended or dismissed."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.session.troubles import Troubles
from ui.theme import Tone
from ui.widgets.notice import Notice


class TroublesBar(QWidget):
    """One notice for all of it; not there while nothing is wrong."""

    def __init__(self, troubles: Troubles, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._troubles = troubles
        self.dismiss = QAction(self.tr("Dismiss"), self)
        self.dismiss.setToolTip(self.tr("Hide this. The log in the Help menu keeps it."))
        self.notice = Notice(Tone.CAUTION, self.dismiss)
        em = self.fontMetrics().height()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(em, round(em * 0.6), em, round(em * 0.6))
        whole.addWidget(self.notice)
        self.dismiss.triggered.connect(troubles.dismiss)
        troubles.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        now = self._troubles.now
        if len(now) == 1:
            self.notice.show_text(now[0].message, now[0].hint)
        else:
            self.notice.show_text("\n".join(f"{error.message} {error.hint}" for error in now))
        self.setVisible(bool(now))
