"""The answer in one glance: how many tokens, with what, how safe, and who says so."""

from __future__ import annotations

from html import escape

from advisor.basis import Basis
from advisor.memory.plan import Verdict
from advisor.recommend.result import Recommendation
from advisor.units import format_tokens
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from ui.card import Card
from ui.labels import HEADLINE, LARGE, SMALL, Chip, label, muted_label
from ui.state import OpenModel
from ui.theme import Tone, tone_color
from ui.wording import basis_words, cache_words, in_print, layers_words, speed_words, verdict_words


class HeadlineCard(Card):
    """The recommendation's headline."""

    # Known to the class: Qt may say that the palette changed before the card is complete.
    _in_print = ""
    _basis = ""
    _is_exact = False

    def __init__(self, parent: QWidget | None = None) -> None:
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
        answer.addLayout(big)
        answer.addWidget(self._with)
        answer.addWidget(self._foot)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._line.setSpacing(em * 2)
        self._line.addLayout(answer, 5)
        self._line.addLayout(self._chips, 4)
        self.body.addLayout(self._line)

    def stack(self, *, narrow: bool) -> None:
        """Put the chips below the answer where there is no room beside it."""
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
        fits = answer.n_ctx > 0
        if fits:
            number, unit, sentence = format_tokens(answer.n_ctx), self.tr("tokens"), self._sentence(answer)
            self._in_print = in_print(answer.settings)
        else:
            reason = answer.reasons[0].text if answer.reasons else verdict_words(answer.plan.verdict)
            number, unit, sentence = self.tr("Does not fit"), "", escape(reason)
            self._in_print = ""
        self._basis = self._basis_words(model, answer)
        self._is_exact = answer.plan.basis in {Basis.ENGINE, Basis.ENGINE_LOG, Basis.MEASURED}
        self._number.setText(number)
        self._unit.setText(unit)
        self._with.setText(sentence)
        self._write_foot()
        self.set_tone(None if fits else Tone.BAD)
        self._show_chips(answer)
        plain = QTextDocumentFragment.fromHtml(sentence).toPlainText()
        parts = (number, unit, plain, self._in_print, self._basis)
        self.setAccessibleDescription(" ".join(part for part in parts if part))

    def _sentence(self, answer: Recommendation) -> str:
        layers = escape(layers_words(answer.plan, answer.model))
        if any(memory.buffers.kv_cache_bytes for memory in answer.plan.memory):
            text = self.tr("with <b>{cache}</b> KV cache, {layers}")
            text = text.format(cache=escape(cache_words(answer.settings)), layers=layers)
        else:
            text = self.tr("without a KV cache, {layers}").format(layers=layers)
        slots = answer.settings.n_seq_max
        if slots > 1 and answer.settings.kv_unified:
            text += self.tr(", shared by {n} slots").format(n=slots)
        elif slots > 1:
            text += self.tr(", {each} for each of {n} users").format(
                n=slots, each=format_tokens(answer.settings.n_ctx_per_slot)
            )
        if answer.n_ctx_safe > answer.n_ctx:
            text += self.tr("; safe up to {n}").format(n=format_tokens(answer.n_ctx_safe))
        if answer.plan.verdict is not Verdict.FITS:
            text += f"; {escape(verdict_words(answer.plan.verdict))}"
        return text

    def _basis_words(self, model: OpenModel, answer: Recommendation) -> str:
        words = basis_words(answer.plan.basis)
        if model.is_asking_engine:
            return self.tr("{basis}; asking llama.cpp\u2026").format(basis=words)
        return words

    def _write_foot(self) -> None:
        """How much text that is and who says so, with a dot for what is exact. Wraps as one line of text."""
        tone = Tone.GOOD if self._is_exact else Tone.QUIET
        dot = f'<span style="color:{tone_color(tone, self.palette()).name()}">\u25cf</span>'
        before = f"{escape(self._in_print)} &nbsp; " if self._in_print else ""
        self._foot.setText(f"{before}{dot}&nbsp;{escape(self._basis)}" if self._basis else "")

    def _show_chips(self, answer: Recommendation) -> None:
        nothing = self.tr("if you change nothing: {text}").format(text=answer.if_you_change_nothing.text)
        texts = [text for text in (self._speed(answer), nothing) if text]
        if texts == self._chip_texts:
            return
        self._chip_texts = texts
        while item := self._chips.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self._chips.addStretch(1)
        for text in texts:
            self._chips.addWidget(Chip(text))
        self._chips.addStretch(1)

    def _speed(self, answer: Recommendation) -> str:
        """Empty where nothing is known that could carry a figure."""
        first, decode = answer.speed.time_to_first_token_s, answer.speed.decode
        if not decode:
            return ""
        start, full = speed_words(decode[0]), speed_words(decode[-1])
        if first is None:
            text = self.tr("writes {start} tokens/s at first, {full} at a full context ({basis})")
            return text.format(start=start, full=full, basis=basis_words(answer.speed.basis))
        text = self.tr("at a full context: first token after {s} s, then {n} tokens/s ({basis})")
        return text.format(s=f"{first:.0f}", n=full, basis=basis_words(answer.speed.basis))
