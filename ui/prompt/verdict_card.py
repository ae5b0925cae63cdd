"""Whether what is sent fits: the total, the verdict, and what else to know of them."""

from __future__ import annotations

from dataclasses import replace

from advisor.basis import Basis
from advisor.recommend.need import Need, answered, in_words
from advisor.recommend.result import Recommendation
from advisor.units import format_tokens
from PySide6.QtWidgets import QWidget

from ui.session.state import OpenModel
from ui.theme import Tone
from ui.widgets.card import TitledCard
from ui.widgets.labels import LARGE, SMALL, ToneLabel, label, muted_label


class VerdictCard(TitledCard):
    """Judged by the shown model, with the user's own settings where they were chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Does it fit?"), parent=parent)
        self.total = label(size=LARGE, bold=True, wraps=True)
        self.verdict = ToneLabel(bold=True)
        self.verdict.setWordWrap(True)
        self.more = muted_label(size=SMALL, wraps=True)
        for widget in (self.total, self.verdict, self.more):
            self.body.addWidget(widget)

    def judge(self, need: Need, answer: Recommendation | None, uncounted: list[str]) -> None:
        """`uncounted`: names of what is not in `need`, though it is to be sent."""
        words = (
            self.tr("{n} tokens with the answer")
            if need.basis is Basis.ENGINE
            else self.tr("about {n} tokens with the answer")
        )
        self.total.setText(words.format(n=format_tokens(need.total_tokens)))
        if answer is None:
            self.verdict.setText(self.tr("Open a model: then this is compared with what it can hold."))
            self.verdict.set_tone(Tone.QUIET)
            self.more.setText("")
            return
        found = answered(need, answer)
        tone = Tone.GOOD if found.fits else Tone.BAD if found.short_by else Tone.CAUTION
        self.verdict.set_tone(Tone.CAUTION if uncounted and found.fits else tone)
        self.verdict.setText(found.verdict.text)
        lines = [self.tr("{text} of text").format(text=in_words(need.total_tokens))]
        if uncounted:
            lines.append(self.tr("Not counted: {names}").format(names=", ".join(uncounted)))
        lines += [lever.text for lever in found.levers]
        lines += [part.note.text for part in need.parts if part.note]
        self.more.setText("\n".join(lines))


def shown_answer(model: OpenModel | None) -> Recommendation | None:
    """The recommendation, with the user's own choice in its place where there is one."""
    answer = model.recommendation if model else None
    if model is None or answer is None or model.choice is None:
        return answer
    plan = model.choice.plan
    safe = answer.n_ctx_safe if model.choice.n_ctx_safe is None else model.choice.n_ctx_safe
    n_ctx = plan.settings.n_ctx if plan.fits else 0
    return replace(answer, settings=plan.settings, n_ctx=n_ctx, n_ctx_safe=safe)
