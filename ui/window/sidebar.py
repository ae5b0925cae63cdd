"""The left side: the models that are open, and this computer's memory below them."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from ui.computer.computer_panel import ComputerLines
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.theme import border_color
from ui.widgets.row_list import RowList
from ui.window.model_list import MODEL_ROLE, ModelList


class Sidebar(QWidget):
    """Choosing a row shows that model."""

    compare = Signal(object)  # OpenModel: what the shown one is compared with

    def __init__(
        self,
        session: Session,
        close_action: QAction,
        models: QAction,
        details: QAction,
        parent: QWidget | None = None,
    ) -> None:
        """`models` shows the models on this computer, `details` this computer itself."""
        super().__init__(parent)
        self._session = session
        self._shown: OpenModel | None = session.current
        self._before: OpenModel | None = None
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        em = self.fontMetrics().height()
        self.setMinimumWidth(em * 13)
        self.list = ModelList(session, self)
        self.view = RowList(self.tr("Opened models"))
        self.view.setModel(self.list)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.view.addAction(close_action)
        self.beside = QAction(self.view)
        self.beside.triggered.connect(self._compare)
        self.view.addAction(self.beside)
        self.view.selectionModel().currentChanged.connect(self._row_chosen)

        self.models = QPushButton(models.text().replace("&", ""))
        self.models.setToolTip(models.toolTip())
        self.models.clicked.connect(models.trigger)
        top = QVBoxLayout()
        top.setContentsMargins(round(em * 0.6), round(em * 0.6), round(em * 0.6), round(em * 0.6))
        top.addWidget(self.models)
        computer = QWidget()
        inner = QVBoxLayout(computer)
        inner.setContentsMargins(em, round(em * 0.8), round(em * 0.6), em)
        inner.addWidget(ComputerLines(session, details))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 1, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(self.view, 1)
        whole.addWidget(_Line())
        whole.addWidget(computer)

        session.models_changed.connect(self._mark_current)
        session.current_changed.connect(self._mark_current)
        for changed in (session.current_changed, session.models_changed):
            changed.connect(self._remember)
        session.model_changed.connect(lambda model: model is self._before and self._remember())
        self._remember()
        self._mark_current()

    def _row_chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        model = index.data(MODEL_ROLE)
        if model is not None:
            self._session.show_model(model)

    def _compare(self) -> None:
        model = self._before if self._before in self._session.models else self._session.current
        if model:
            self.compare.emit(model)

    def _remember(self) -> None:
        """The model that was shown before is what the shown one is compared with."""
        if self._session.current is not self._shown:
            self._before, self._shown = self._shown, self._session.current
        before = self._before if self._before in self._session.models else None
        self.beside.setText(
            self.tr("Co&mpare with {model}").format(model=before.name)
            if before
            else self.tr("Co&mpare its settings")
        )

    def _mark_current(self) -> None:
        row = self.list.row_of(self._session.current)
        if row >= 0 and row != self.view.currentIndex().row():
            self.view.setCurrentIndex(self.list.index(row, 0))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        x = self.width() - 1 if self.layoutDirection() is Qt.LayoutDirection.LeftToRight else 0
        painter.fillRect(x, 0, 1, self.height(), border_color(self.palette()))


class _Line(QWidget):
    """A hairline."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), border_color(self.palette()))
