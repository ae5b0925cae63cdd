"""Two models, or two settings of one, side by side."""

from __future__ import annotations

from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.charts.chart_layout import ContextCurves
from ui.charts.context_chart import ContextChart
from ui.charts.memory_bar import MemoryBar
from ui.compare.comparison import NAMES, Side, differences, drawn_together, sides
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.widgets.card import Card, TitledCard, clear_layout
from ui.widgets.fields import choice_box, fill
from ui.widgets.labels import HEADLINE, LARGE, SMALL, ToneLabel, label, muted_label
from ui.wording import basis_words, cache_words, layers_words, speed_words, verdict_tone, verdict_words

_NARROW_EMS = 44  # below this width the two lie below one another


class ComparePage(QScrollArea):
    """Reads the session; what is on which side is its own."""

    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._sides: dict[str, Side] = {}
        self._drawn: tuple[Side, ...] = ()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its children take the focus; it scrolls to them
        self.setAccessibleName(self.tr("Compare"))
        self.back = QPushButton(self.tr("\u2039 Back"))
        self.back.setAccessibleName(self.tr("Back"))
        self.back.clicked.connect(self.left)
        for key in (QKeySequence(Qt.Key.Key_Escape), QKeySequence(QKeySequence.StandardKey.Back)):
            shortcut = QShortcut(key, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.left)
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
        page = QWidget()
        whole = QVBoxLayout(page)
        whole.setContentsMargins(round(em * 1.4), em, round(em * 1.4), round(em * 1.2))
        whole.setSpacing(em)
        head = QHBoxLayout()
        head.setSpacing(em)
        head.addWidget(self.back)
        head.addWidget(label(self.tr("Compare"), size=LARGE, bold=True), 1)
        whole.addLayout(head)
        self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._beside.setSpacing(em)
        for column in self.columns:
            self._beside.addWidget(column, 1)
        whole.addLayout(self._beside)
        below = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        below.setSpacing(em)
        chart = TitledCard(self.tr("Memory against context"))
        chart.body.addWidget(self.chart, 1)
        chart.body.addWidget(self.foot)
        told = TitledCard(self.tr("How they differ"))
        told.body.addWidget(self.words)
        told.body.addStretch(1)
        below.addWidget(chart, 3)
        below.addWidget(told, 2)
        self._below = below
        whole.addLayout(below, 1)
        self.setWidget(page)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 24, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.viewport().width() < _NARROW_EMS * self.fontMetrics().height()
        for columns in (self._beside, self._below):
            columns.setDirection(
                QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
            )

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
        chosen = tuple(self._sides.get(column.box.currentData() or "") for column in self.columns)
        for column, side in zip(self.columns, chosen, strict=True):
            column.show_side(side, self._session.n_prompt)
        a, b = chosen
        if a is None or b is None:
            self._drawn = ()
            self.words.setText(self.tr("Open a model first: then it can be compared."))
            self._show_chart(None)
            return
        self.words.setText("\n\n".join(differences(a, b)))
        if (a, b) != self._drawn:
            self._drawn = (a, b)
            self._session.draw((a.answer, b.answer), lambda drawn: self._curves_known((a, b), drawn))

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


class SideColumn(Card):
    """One side: what is on it, its headline, its memory."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        words = self.tr("Side {name}").format(name=name)
        self.setAccessibleName(words)
        self.device = ""
        self.box: QComboBox = choice_box(words)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(12)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        head = QHBoxLayout()
        head.addWidget(label(name, size=LARGE, bold=True))
        head.addWidget(self.box, 1)
        self.number = label(size=HEADLINE * 0.7, bold=True)
        self.sentence = label(wraps=True)
        self.verdict = ToneLabel(bold=True)
        self.speed = muted_label(size=SMALL, wraps=True)
        self.body.addLayout(head)
        for widget in (self.number, self.sentence, self.verdict, self.speed):
            self.body.addWidget(widget)
        self._bars = QVBoxLayout()
        self._bars.setSpacing(round(em * 0.3))
        self.body.addLayout(self._bars)
        self.detail = muted_label(size=SMALL, wraps=True)
        self.body.addWidget(self.detail)
        self.body.addStretch(1)
        self._shown: Side | None = None

    @property
    def bars(self) -> list[MemoryBar]:
        return [bar for bar in self.findChildren(MemoryBar) if not bar.isHidden()]

    def show_side(self, side: Side | None, n_prompt: int | None) -> None:
        if side == self._shown:
            return
        self._shown = side
        clear_layout(self._bars)
        for widget in (self.number, self.sentence, self.verdict, self.speed, self.detail):
            widget.setVisible(side is not None)
        if side is None:
            return
        plan, settings = side.plan, side.plan.settings
        tightest = min(plan.memory, key=lambda line: line.usable_bytes - line.total_bytes)
        self.device = tightest.device_name
        self.number.setText(self.tr("{n} tokens").format(n=format_tokens(settings.n_ctx)))
        self.sentence.setText(
            self.tr("{cache} KV cache, {layers} \u00b7 {size} \u00b7 {basis}").format(
                cache=cache_words(settings),
                layers=layers_words(plan, side.facts),
                size=format_bytes(plan.total_bytes),
                basis=basis_words(plan.basis),
            )
        )
        self.verdict.setText(verdict_words(plan.verdict))
        self.verdict.set_tone(verdict_tone(plan.verdict))
        if side.decode:
            words = self.tr("writes {start} tokens/s at first, {full} at a full context")
            self.speed.setText(
                words.format(start=speed_words(side.decode[0]), full=speed_words(side.decode[-1]))
            )
        else:
            self.speed.setText(self.tr("its speed is not known"))
        self.detail.setText("")
        share = min((n_prompt or 0) / settings.n_ctx_per_slot, 1.0)
        for memory in plan.memory:
            self._bars.addWidget(muted_label(memory.device_name, size=SMALL))
            bar = MemoryBar(memory)
            bar.show_memory(memory, share)
            bar.pointed.connect(lambda sentence: self.detail.setText(sentence or ""))
            self._bars.addWidget(bar)
