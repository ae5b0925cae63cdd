"""The answer in one glance: how many tokens, with what, how safe, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from advisor.basis import Basis
from advisor.memory.plan import MemoryPlan, Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Recommendation, Speed
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QTextDocumentFragment
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.session.state import OpenModel
from ui.theme import Tone, tone_color
from ui.widgets.card import Card
from ui.widgets.labels import HEADLINE, LARGE, SMALL, Chip, label, muted_label, verbatim
from ui.widgets.primary_button import PrimaryButton
from ui.wording import (
    basis_words,
    cache_words,
    in_print,
    layers_words,
    speed_words,
    verdict_tone,
    verdict_words,
    wait_words,
)


class HeadlineCard(Card):
    """The recommendation's headline."""

    # Known to the class: Qt may say that the palette changed before the card is complete.
    _in_print = ""
    _basis = ""
    _is_exact = False
    _is_narrow = False

    def __init__(self, commands: Sequence[QAction] = (), parent: QWidget | None = None) -> None:
        """`commands` are what can be done with the answer, a button each; the first is what most want."""
        super().__init__(parent=parent)
        self.setAccessibleName(self.tr("Answer"))
        em = self.fontMetrics().height()
        self._number = label(size=HEADLINE, bold=True)
        self._unit = label(size=LARGE, bold=True)
        self._with = label(wraps=True)
        self._with.setTextFormat(Qt.TextFormat.RichText)
        self._foot = muted_label(size=SMALL, wraps=True)
        self._foot.setTextFormat(Qt.TextFormat.RichText)
        self._chip_texts: list[str] = []
        self._chips = QVBoxLayout()
        self._chips.setSpacing(round(em * 0.4))

        big = QHBoxLayout()
        big.setSpacing(round(em * 0.5))
        big.addWidget(self._number, 0, Qt.AlignmentFlag.AlignBaseline)
        big.addWidget(self._unit, 0, Qt.AlignmentFlag.AlignBaseline)
        big.addStretch(1)
        answer = QVBoxLayout()
        answer.setSpacing(round(em * 0.2))
        self._whose = muted_label(size=SMALL, wraps=True)
        answer.addWidget(self._whose)
        answer.addLayout(big)
        answer.addWidget(self._with)
        answer.addWidget(self._foot)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._line.setSpacing(em * 2)
        self._line.addLayout(answer, 5)
        self._line.addLayout(self._chips, 4)
        buttons = QHBoxLayout()
        for i, command in enumerate(commands):
            buttons.addWidget(_command_button(command, is_primary=i == 0))
        buttons.addStretch(1)  # below the answer they are no wider than they need be
        self.obstacle = muted_label(size=SMALL, wraps=True)
        self.obstacle.hide()
        side = QVBoxLayout()
        side.setSpacing(round(em * 0.4))
        side.addStretch(1)
        side.addLayout(buttons)
        side.addWidget(self.obstacle)
        side.addStretch(1)
        self._line.addLayout(side)
        self.body.addLayout(self._line)

    def show_obstacle(self, text: str) -> None:
        """Why a command cannot be used now; nothing where all can."""
        self.obstacle.setText(text)
        self.obstacle.setVisible(bool(text))

    def stack(self, *, narrow: bool) -> None:
        """Put the chips below the answer where there is no room beside it."""
        if narrow is self._is_narrow:
            return
        self._is_narrow = narrow
        self._line.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )
        self._line.setSpacing(self.fontMetrics().height() * (1 if narrow else 2))

    @property
    def text(self) -> str:
        """All of it in one line, as a screen reader would say it."""
        return self.accessibleDescription()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._write_foot()
        super().changeEvent(event)

    def show_answer(self, model: OpenModel, answer: Recommendation) -> None:
        """The recommended settings, or the user's own where there are some."""
        choice = model.choice
        plan = choice.plan if choice else answer.plan
        fits = choice is not None or answer.n_ctx > 0
        if fits:
            number, unit = format_tokens(plan.settings.n_ctx), self.tr("tokens")
            sentence = self._sentence(plan, answer.model, self._safe(model, answer))
            self._in_print = in_print(plan.settings)
        else:
            reason = answer.reasons[0].text if answer.reasons else verdict_words(plan.verdict)
            number, unit, sentence = self.tr("Does not fit"), "", escape(reason)
            self._in_print = ""
        whose = self._whose_words(answer) if choice else ""
        # The line is there with both: nothing moves when a slider passes the recommended settings.
        self._whose.setText(whose or self.tr("Recommended for: {goal}").format(goal=answer.goal.title))
        self._whose.setVisible(fits)
        self._basis = self._basis_words(model, plan)
        self._is_exact = plan.basis in {Basis.ENGINE, Basis.ENGINE_LOG, Basis.MEASURED}
        self._number.setText(number)
        self._unit.setText(unit)
        self._with.setText(sentence)
        self._write_foot()
        self.set_tone(self._tone_of(plan) if choice else None if fits else Tone.BAD)
        self._show_chips(choice.speed if choice else answer.speed, answer)
        plain = QTextDocumentFragment.fromHtml(sentence).toPlainText()
        parts = (whose, number, unit, plain, self._in_print, self._basis)
        self.setAccessibleDescription(" ".join(part for part in parts if part))

    def _whose_words(self, answer: Recommendation) -> str:
        if not answer.n_ctx:
            return self.tr("Your settings \u00b7 nothing could be recommended")
        words = self.tr("Your settings \u00b7 recommended: {n} tokens with {cache}")
        return words.format(n=format_tokens(answer.n_ctx), cache=cache_words(answer.settings))

    @staticmethod
    def _tone_of(plan: MemoryPlan) -> Tone | None:
        return None if plan.fits else verdict_tone(plan.verdict)

    @staticmethod
    def _safe(model: OpenModel, answer: Recommendation) -> int:
        """The largest safe context with the shown settings, 0 while it is not known."""
        return (model.choice.n_ctx_safe or 0) if model.choice else answer.n_ctx_safe

    def _sentence(self, plan: MemoryPlan, facts: ModelFacts, n_ctx_safe: int) -> str:
        settings = plan.settings
        layers = escape(layers_words(plan, facts))
        if any(memory.buffers.kv_cache_bytes for memory in plan.memory):
            text = self.tr("with <b>{cache}</b> KV cache, {layers}")
            text = text.format(cache=escape(cache_words(settings)), layers=layers)
        else:
            text = self.tr("without a KV cache, {layers}").format(layers=layers)
        slots = settings.n_seq_max
        if slots > 1 and settings.kv_unified:
            text += self.tr(", shared by {n} slots").format(n=slots)
        elif slots > 1:
            text += self.tr(", {each} for each of {n} users").format(
                n=slots, each=format_tokens(settings.n_ctx_per_slot)
            )
        if plan.verdict is not Verdict.FITS:
            text += f"; <b>{escape(self._verdict_words(plan))}</b>"
        if n_ctx_safe and n_ctx_safe != settings.n_ctx:
            text += self.tr("; safe up to {n}").format(n=format_tokens(n_ctx_safe))
        return text

    def _verdict_words(self, plan: MemoryPlan) -> str:
        """The verdict, with how much is missing where it is most."""
        words = verdict_words(plan.verdict)
        tightest = min(plan.memory, key=lambda line: line.usable_bytes - line.total_bytes)
        over = tightest.total_bytes - tightest.usable_bytes
        if over <= 0:
            return words
        return self.tr("{verdict}: {size} too much on {device}").format(
            verdict=words, size=format_bytes(over), device=tightest.device_name
        )

    def _basis_words(self, model: OpenModel, plan: MemoryPlan) -> str:
        words = basis_words(plan.basis)
        if model.choice.is_asking_engine if model.choice else model.is_asking_engine:
            return self.tr("{basis}; asking llama.cpp\u2026").format(basis=words)
        return words

    def _write_foot(self) -> None:
        """How much text that is and who says so, with a dot for what is exact. Wraps as one line of text."""
        tone = Tone.GOOD if self._is_exact else Tone.QUIET
        dot = f'<span style="color:{tone_color(tone, self.palette()).name()}">\u25cf</span>'
        before = f"{escape(self._in_print)} &nbsp; " if self._in_print else ""
        self._foot.setText(f"{before}{dot}&nbsp;{escape(self._basis)}" if self._basis else "")

    def _show_chips(self, speed: Speed | None, answer: Recommendation) -> None:
        nothing = answer.if_you_change_nothing
        by_itself = self.tr("if you change nothing: {n} tokens, {size}").format(
            n=format_tokens(nothing.n_ctx), size=format_bytes(nothing.plan.total_bytes)
        )
        if not nothing.plan.fits:
            by_itself += f", {verdict_words(nothing.plan.verdict)}"
        texts = [text for text in (self._speed(speed), by_itself) if text]
        if texts == self._chip_texts:
            return
        self._chip_texts = texts
        while item := self._chips.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self._chips.addStretch(1)
        for text in texts:
            chip = Chip(text)
            chip.setToolTip(verbatim(nothing.text) if text is by_itself else "")
            self._chips.addWidget(chip)
        self._chips.addStretch(1)

    def _speed(self, speed: Speed | None) -> str:
        """Empty where nothing is known that could carry a figure."""
        if speed is None or not speed.decode:
            return ""
        first = speed.time_to_first_token_s
        start, full = speed_words(speed.decode[0]), speed_words(speed.decode[-1])
        if first is None:
            text = self.tr("writes {start} tokens/s at first, {full} at a full context ({basis})")
            return text.format(start=start, full=full, basis=basis_words(speed.basis))
        text = self.tr("at a full context: first token after {wait}, then {n} tokens/s ({basis})")
        wait = wait_words(speed.time_to_first_token_low_s, first)
        return text.format(wait=wait, n=full, basis=basis_words(speed.basis))


def _command_button(command: QAction, *, is_primary: bool) -> QPushButton:
    """A button that does what the action does, and is enabled with it."""
    words = command.text().replace("&", "")
    button = PrimaryButton(words) if is_primary else QPushButton(words)
    button.clicked.connect(command.trigger)

    def follow() -> None:
        button.setToolTip(command.toolTip())
        button.setEnabled(command.isEnabled())

    command.changed.connect(follow)
    follow()
    return button
