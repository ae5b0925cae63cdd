"""What is loaded beside the model: its vision projector and a draft model, each chosen or left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from advisor.memory.companions import projector_compute_bytes
from advisor.memory.plan import CompanionKind
from advisor.model.projector import Projector
from advisor.units import format_bytes
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QLabel, QSizePolicy, QWidget

from ui.session.session import Session
from ui.session.state import Beside, OpenModel
from ui.theme import Tone
from ui.widgets.fields import choice_box, fill
from ui.widgets.help_button import HelpButton
from ui.widgets.labels import SMALL, ToneLabel, muted_label, verbatim

_CHOOSE = "choose"  # the entry that asks for a file
_NONE = "none"
_FEWEST_LETTERS = 12  # of a file's name, in a narrow column
_MOST_LETTERS = 25


class CompanionsPanel(QWidget):
    """Two rows of the settings. What is chosen here is counted in every answer for the shown model."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._model: OpenModel | None = None
        self.projector = _file_box(self.tr("Vision projector"))
        self.draft = _file_box(self.tr("Draft model"))
        self.problem = ToneLabel("", Tone.BAD)
        self.problem.setWordWrap(True)
        self.remark = muted_label(size=SMALL, wraps=True)
        em = self.fontMetrics().height()
        self.caption_width = 0  # of the first column, for who stands above
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(em)
        grid.setVerticalSpacing(round(em * 0.5))
        grid.setColumnStretch(1, 1)
        for row, (words, box, term) in enumerate(
            (
                (self.tr("&Vision projector"), self.projector, "projector"),
                (self.tr("&Draft model"), self.draft, "draft-model"),
            )
        ):
            caption = QLabel(words)
            caption.setBuddy(box)
            grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignVCenter)
            self.caption_width = max(self.caption_width, caption.sizeHint().width())
            grid.addWidget(box, row, 1)
            grid.addWidget(HelpButton(term, words.replace("&", "")).beside(caption), row, 2)
        grid.addWidget(self.problem, 2, 0, 1, 3)
        grid.addWidget(self.remark, 3, 0, 1, 3)
        self.projector.activated.connect(lambda _row: self._projector_chosen())
        self.draft.activated.connect(lambda _row: self._draft_chosen())

    def show_model(self, model: OpenModel) -> None:
        """What is offered for it, and what is counted."""
        self._model = model
        beside = model.beside
        self._show_projectors(beside)
        self._show_draft(beside)
        error = beside.error
        self.problem.setText(f"{error.message} {error.hint}" if error else "")
        self.problem.setVisible(error is not None)
        self.remark.setText(self._remark(model))
        self.remark.setVisible(bool(self.remark.text()))

    def _show_projectors(self, beside: Beside) -> None:
        counted = beside.counted.projector
        entries = [(self.tr("not loaded") if beside.offered else self.tr("none"), _NONE)]
        entries += [(_shortened(projector.name), str(projector.path)) for projector in beside.offered]
        fill(self.projector, [*entries, self._choose_entry], str(counted.path) if counted else _NONE)
        self.projector.setToolTip(verbatim(str(counted.path)) if counted else "")

    def _show_draft(self, beside: Beside) -> None:
        entries = [(self.tr("none"), _NONE)]
        path = ""
        if draft := beside.counted.draft:
            path = str(draft.facts.path)
            entries.append((_shortened(draft.facts.name), path))
        fill(self.draft, [*entries, self._choose_entry], path or _NONE)
        self.draft.setToolTip(verbatim(path))

    @property
    def _choose_entry(self) -> tuple[str, str]:
        return self.tr("Choose a file\u2026"), _CHOOSE

    def _remark(self, model: OpenModel) -> str:
        """What the counted ones take, or what the offered one would."""
        taken: dict[CompanionKind, int] = {}
        for companion in model.plan.companions if model.plan else ():
            taken[companion.kind] = taken.get(companion.kind, 0) + companion.n_bytes
        names = {
            CompanionKind.PROJECTOR: self.tr("projector"),
            CompanionKind.DRAFT_MODEL: self.tr("draft model"),
        }
        parts = [f"{words} {format_bytes(taken[kind])}" for kind, words in names.items() if kind in taken]
        if parts:
            return self.tr("Counted: {what}").format(what=", ".join(parts))
        if not model.beside.offered or model.beside.counted.projector:
            return ""
        smallest = model.beside.offered[0]
        n_bytes = smallest.weights_bytes + projector_compute_bytes(smallest)
        words = self.tr("A projector lies beside this model. Loaded with it, it takes about {size} more.")
        return words.format(size=format_bytes(n_bytes))

    def _projector_chosen(self) -> None:
        model, chosen = self._model, self.projector.currentData()
        if model is None:
            return
        if chosen == _CHOOSE:
            self._choose(model, self.tr("Vision projector"), self._session.accompanying.open_projector)
        else:
            self._session.accompanying.use_projector(model, _at(chosen, model.beside.offered))

    def _draft_chosen(self) -> None:
        model, chosen, hardware = self._model, self.draft.currentData(), self._session.computer.planned
        if model is None or hardware is None:
            return
        if chosen == _CHOOSE:
            accompanying = self._session.accompanying
            self._choose(
                model,
                self.tr("Draft model"),
                lambda model, path: accompanying.open_draft(model, path, hardware),
            )
        elif chosen == _NONE:
            self._session.accompanying.leave_draft(model)

    def _choose(self, model: OpenModel, title: str, taken: Callable[[OpenModel, Path], object]) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, title, str(model.path.parent), self.tr("GGUF files (*.gguf);;All files (*)")
        )
        self.show_model(model)  # the box says again what is counted, until the file has been read
        if name:
            taken(model, Path(name))


def _at(path: str, offered: tuple[Projector, ...]) -> Projector | None:
    return next((projector for projector in offered if str(projector.path) == path), None)


def _shortened(name: str) -> str:
    """Beginning and end of a file's name: the end tells one precision from another."""
    bare = name.removesuffix(".gguf")
    half = _MOST_LETTERS // 2
    return bare if len(bare) <= _MOST_LETTERS else f"{bare[:half]}\u2026{bare[-half:]}"


def _file_box(name: str) -> QComboBox:
    """A box of files' names, which may be longer than there is room."""
    made = choice_box(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(_FEWEST_LETTERS)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made
