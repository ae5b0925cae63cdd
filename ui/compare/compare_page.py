"""Two models, or two settings of one, side by side."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QWidget

from ui.charts.chart_layout import ContextCurves
from ui.charts.context_chart import ContextChart
from ui.compare.comparison import NAMES, Side, differences, drawn_together, sides
from ui.compare.side_column import SideColumn
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.widgets.card import TitledCard
from ui.widgets.fields import fill
from ui.widgets.labels import SMALL, label, muted_label
from ui.widgets.page_frame import PageFrame
from ui.widgets.tab_order import order_as_laid_out

_NARROW_EMS = 44  # below this width the two lie below one another


class ComparePage(QScrollArea):
    """Reads the session; what is on which side is its own."""

    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._sides: dict[str, Side] = {}
        self._drawn: tuple[Side, ...] = ()
        self._frame = PageFrame(self, self.tr("Compare"), self.left)
        self.back = self._frame.back
        self.columns = tuple(SideColumn(name) for name in NAMES)
        self.chart = ContextChart()
        self.foot = muted_label(size=SMALL, wraps=True)
        self.words = label(wraps=True)
        self._arrange()
        for column in self.columns:
            column.box.activated.connect(lambda _row: self._show())
        self.chart.pointed.connect(lambda sentence: self.foot.setText(sentence or self._rest()))
        session.models_changed.connect(self._refresh)
        session.current_changed.connect(self._refresh)
        session.model_changed.connect(lambda _model: self._refresh())
        self._refresh()

    def compare(self, model: OpenModel) -> None:
        """Put a model beside the shown one; the shown one itself beside another choice of its own."""
        self._refresh()
        current = self._session.current
        first, other = self.columns
        if current is None:
            return
        self._choose(first, str(current.path))
        if model is not current:
            self._choose(other, str(model.path))
        self._show()

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        whole = self._frame.column
        self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._beside.setSpacing(em)
        for column in self.columns:
            self._beside.addWidget(column, 1)
        whole.addLayout(self._beside)
        below = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        below.setSpacing(em)
        self._drawing = TitledCard(self.tr("Memory against context"))
        self._drawing.body.addWidget(self.chart, 1)
        self._drawing.body.addWidget(self.foot)
        self._told = TitledCard("")
        self._told.body.addWidget(self.words)
        self._told.body.addStretch(1)
        below.addWidget(self._drawing, 3)
        below.addWidget(self._told, 2)
        self._below = below
        whole.addLayout(below, 1)

    def minimumSizeHint(self) -> QSize:
        """Wide enough for its content below one another: there is no sideways scrolling."""
        return QSize(self._frame.width_for(*self.columns, self.chart), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._frame.turn([self._beside, self._below], least_ems=_NARROW_EMS)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()
        self.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def _refresh(self) -> None:
        """What is chosen stays so while it is there."""
        if not self.isVisible():
            return
        found = [side for model in self._session.models for side in sides(model)]
        self._sides = {side.key: side for side in found}
        for column in self.columns:
            fill(column.box, [(side.title, side.key) for side in found], column.box.currentData())
        current = self._session.current
        first, other = self.columns
        if first.box.currentIndex() < 0:
            self._choose(first, str(current.path) if current else "")
        if other.box.currentIndex() < 0:
            self._choose(other, self._opposite(first.box.currentData() or ""))
        self._show()

    def _opposite(self, key: str) -> str:
        """Another open model, as its page shows it; else the first other choice of this one."""
        there = self._sides.get(key)
        if there is None:
            return ""
        others = [side for side in self._sides.values() if side.facts is not there.facts]
        own = [side for side in self._sides.values() if side.plan.settings != there.plan.settings]
        return next((side.key for side in others or own), key)

    @staticmethod
    def _choose(column: SideColumn, key: str) -> None:
        column.box.setCurrentIndex(column.box.findData(key))

    def _show(self) -> None:
        self._show_frames(is_empty=not self._sides)
        chosen = tuple(self._sides.get(column.box.currentData() or "") for column in self.columns)
        for column, side in zip(self.columns, chosen, strict=True):
            column.show_side(side, self._session.wanted.n_prompt)
        order_as_laid_out(self)
        a, b = chosen
        if a is None or b is None:
            self._drawn = ()
            self.words.setText(self.tr("Open a model first: then it can be compared."))
            self._show_chart(None)
            return
        self.words.setText("\n\n".join(differences(a, b)))
        if (a, b) != self._drawn:
            self._drawn = (a, b)
            self._session.asides.draw((a.answer, b.answer), lambda drawn: self._curves_known((a, b), drawn))

    def _show_frames(self, *, is_empty: bool) -> None:
        """Without a model there is only the sentence that says so."""
        for card in (*self.columns, self._drawing):
            card.setHidden(is_empty)
        nothing = self.tr("Nothing to compare yet")
        self._told.set_title(nothing if is_empty else self.tr("How they differ"))
        top = Qt.AlignmentFlag.AlignTop
        self._below.setAlignment(self._told, top if is_empty else Qt.AlignmentFlag(0))

    def _curves_known(self, of: tuple[Side, ...], drawn: tuple[ContextCurves, ...]) -> None:
        if of == self._drawn:
            self._show_chart(drawn_together(*drawn))

    def _show_chart(self, data: ContextCurves | None) -> None:
        self.chart.show_curves(data)
        self._has_curves = data is not None
        self.foot.setText(self._rest())

    def _rest(self) -> str:
        if self._has_curves:
            return self.tr("By formula, over context in tokens, on {device}").format(
                device=self.columns[0].device
            )
        if self._drawn:
            return self.tr("Different memories bound the two: one chart would not fit both.")
        return ""

    _has_curves = False
