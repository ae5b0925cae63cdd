"""The answer in one glance: how many tokens, with what, how safe, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from advisor.basis import Basis
from advisor.memory.plan import MemoryPlan
from advisor.recommend.result import Recommendation, Speed
from advisor.units import format_tokens
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QTextDocumentFragment
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.model.headline_words import by_itself_words, fast_words, source_words, whose_words, with_words
from ui.session.state import OpenModel
from ui.theme import Tone, tone_color
from ui.widgets.card import Card
from ui.widgets.labels import HEADLINE, LARGE, SMALL, Chip, label, muted_label, verbatim
from ui.widgets.primary_button import PrimaryButton
from ui.wording import in_print, verdict_tone, verdict_words


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
            sentence = with_words(plan, answer.model, self._safe(model, answer))
            self._in_print = in_print(plan.settings)
        else:
            reason = answer.reasons[0].text if answer.reasons else verdict_words(plan.verdict)
            number, unit, sentence = self.tr("Does not fit"), "", escape(reason)
            self._in_print = ""
        whose = whose_words(model, answer)
        # The line is there with both: nothing moves when a slider passes the recommended settings.
        self._whose.setText(whose)
        self._whose.setVisible(fits)
        self._basis = source_words(model, plan)
        self._is_exact = plan.basis in {Basis.ENGINE, Basis.ENGINE_LOG, Basis.MEASURED}
        self._number.setText(number)
        self._unit.setText(unit)
        self._with.setText(sentence)
        self._write_foot()
        self.set_tone(self._tone_of(plan) if choice else None if fits else Tone.BAD)
        self._show_chips(choice.speed if choice else answer.speed, answer)
        plain = QTextDocumentFragment.fromHtml(sentence).toPlainText()
        parts = (whose if choice else "", number, unit, plain, self._in_print, self._basis)
        self.setAccessibleDescription(" ".join(part for part in parts if part))

    @staticmethod
    def _tone_of(plan: MemoryPlan) -> Tone | None:
        return None if plan.fits else verdict_tone(plan.verdict)

    @staticmethod
    def _safe(model: OpenModel, answer: Recommendation) -> int:
        """The largest safe context with the shown settings, 0 while it is not known."""
        return (model.choice.n_ctx_safe or 0) if model.choice else answer.n_ctx_safe

    def _write_foot(self) -> None:
        """How much text that is and who says so, with a dot for what is exact. Wraps as one line of text."""
        tone = Tone.GOOD if self._is_exact else Tone.QUIET
        dot = f'<span style="color:{tone_color(tone, self.palette()).name()}">\u25cf</span>'
        before = f"{escape(self._in_print)} &nbsp; " if self._in_print else ""
        self._foot.setText(f"{before}{dot}&nbsp;{escape(self._basis)}" if self._basis else "")

    def _show_chips(self, speed: Speed | None, answer: Recommendation) -> None:
        by_itself = by_itself_words(answer)
        texts = [text for text in (fast_words(speed), by_itself) if text]
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
            chip.setToolTip(verbatim(answer.if_you_change_nothing.text) if text is by_itself else "")
            self._chips.addWidget(chip)
        self._chips.addStretch(1)


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
