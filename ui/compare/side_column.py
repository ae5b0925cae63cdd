"""One side of the comparison: what is on it, its headline, its memory."""

from __future__ import annotations

from advisor.units import ByteUnits, byte_units, format_bytes, format_tokens
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.charts.memory_bar import MemoryBar
from ui.compare.comparison import Side
from ui.widgets.card import Card, clear_layout
from ui.widgets.fields import choice_box
from ui.widgets.labels import HEADLINE, LARGE, SMALL, ToneLabel, label, muted_label
from ui.wording import basis_words, cache_words, layers_words, speed_words, verdict_tone, verdict_words


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
        self._shown: tuple[Side | None, ByteUnits] | None = None

    @property
    def bars(self) -> list[MemoryBar]:
        return [bar for bar in self.findChildren(MemoryBar) if not bar.isHidden()]

    def show_side(self, side: Side | None, n_prompt: int | None) -> None:
        if (side, byte_units()) == self._shown:
            return
        self._shown = side, byte_units()
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
        self.detail.setText(self._rest())
        share = min((n_prompt or 0) / settings.n_ctx_per_slot, 1.0)
        for memory in plan.memory:
            self._bars.addWidget(muted_label(memory.device_name, size=SMALL, wraps=True))
            bar = MemoryBar(memory)
            bar.show_memory(memory, share)
            bar.pointed.connect(lambda sentence: self.detail.setText(sentence or self._rest()))
            self._bars.addWidget(bar)

    def _rest(self) -> str:
        return self.tr("Point at a bar, or use its arrow keys, for exact bytes and their basis.")
