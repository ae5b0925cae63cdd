"""What the person could change: each lever with its gain."""

from __future__ import annotations

from advisor.recommend.result import Lever
from advisor.units import ByteUnits, byte_units
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from ui.theme import Tone, border_color
from ui.widgets.card import TitledCard, clear_layout
from ui.widgets.command_field import CommandField
from ui.widgets.labels import SMALL, ToneLabel, label, muted_label, scaled, verbatim
from ui.wording import lever_details, lever_gain, lever_name

_AT_FIRST = 4  # the rest is for who asks for it


class LeversPanel(TitledCard):
    """A row a lever, in the recommendation's order; the first few, until the others are asked for."""

    chosen = Signal(object)  # the lever's Request

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("What you could change"), parent=parent)
        self._shown: tuple[tuple[Lever, ...], ByteUnits] | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.body.addLayout(self._rows)
        self.more = QToolButton()
        self.more.setAutoRaise(True)
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setFont(scaled(self.more.font(), SMALL))
        self.more.clicked.connect(self._show_all)
        self.body.addWidget(self.more)
        self.body.addStretch(1)

    def show_levers(self, levers: tuple[Lever, ...]) -> None:
        if (levers, byte_units()) == self._shown:
            return
        self._shown = levers, byte_units()
        clear_layout(self._rows)
        for i, lever in enumerate(levers):
            row = LeverRow(lever, has_line=i + 1 < len(levers))
            row.chosen.connect(self.chosen)
            self._rows.addWidget(row)
            if i >= _AT_FIRST:
                row.hide()
        self.more.setText(self.tr("Show {n} more").format(n=len(levers) - _AT_FIRST))
        self.more.setVisible(len(levers) > _AT_FIRST)
        if not levers:
            self._rows.addWidget(
                muted_label(self.tr("Nothing: this is as much as the model can hold."), wraps=True)
            )

    def _show_all(self) -> None:
        """The keyboard goes on where the button was."""
        rows = [self._rows.itemAt(i).widget() for i in range(_AT_FIRST, self._rows.count())]
        for row in rows:
            row.show()
        self.more.hide()
        following = rows[0].findChild(QAbstractButton)
        if following:
            following.setFocus()


class LeverRow(QWidget):
    """A lever's name, what it frees, the tokens gained, and a way to use it."""

    chosen = Signal(object)

    def __init__(self, lever: Lever, *, has_line: bool) -> None:
        super().__init__()
        self._has_line = has_line
        em = self.fontMetrics().height()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, round(em * 0.4), 0, round(em * 0.45))
        whole.setSpacing(round(em * 0.15))
        name = lever_name(lever)
        gain = ToneLabel(
            lever_gain(lever),
            Tone.GOOD if (lever.gain_tokens or lever.gain_bytes) > 0 else Tone.QUIET,
            bold=True,
        )
        gain.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignTop)
        head = QHBoxLayout()
        head.setSpacing(em)
        head.addWidget(label(name, wraps=True), 1)
        head.addWidget(gain)
        whole.addLayout(head)
        foot = QHBoxLayout()
        foot.setSpacing(em)
        foot.addWidget(muted_label("\n".join(lever_details(lever)), size=SMALL, wraps=True), 1)
        self.use: QToolButton | None = None
        if lever.request:
            self.use = QToolButton()
            self.use.setText(self.tr("Use"))
            self.use.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.use.setFont(scaled(self.use.font(), SMALL))
            self.use.setAccessibleName(self.tr("Use: {name}").format(name=name))
            self.use.setToolTip(verbatim(lever.text))
            self.use.clicked.connect(lambda: self.chosen.emit(lever.request))
            foot.addWidget(self.use, 0, Qt.AlignmentFlag.AlignTop)
        if lever.request or lever_details(lever):
            whole.addLayout(foot)
        if lever.command:
            whole.addWidget(CommandField(lever.command, name))

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._has_line:
            painter = QPainter(self)
            painter.fillRect(0, self.height() - 1, self.width(), 1, border_color(self.palette()))
