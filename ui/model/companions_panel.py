"""What is loaded beside the model: vision projector, draft model, LoRA adapters, each chosen or left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QComboBox, QFileDialog, QSizePolicy, QVBoxLayout, QWidget

from ui.model.companion_words import gone_words, shortened, taken_words
from ui.session.session import Session
from ui.session.state import Beside, OpenModel
from ui.theme import Tone
from ui.widgets.fields import choice_box, fill
from ui.widgets.labels import SMALL, ToneLabel, muted_label, verbatim
from ui.widgets.setting_rows import SettingRows

_CHOOSE = "choose"  # the entry that asks for a file
_NONE = "none"
_ALL = "all"  # of several adapters
_FEWEST_LETTERS = 12  # of a file's name, in a narrow column


class CompanionsPanel(QWidget):
    """Rows of the settings. What is chosen here is counted in every answer for the shown model."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._accompanying = session.accompanying
        self._model: OpenModel | None = None
        self.projector = _file_box(self.tr("Vision projector"))
        self.draft = _file_box(self.tr("Draft model"))
        self.adapters = _file_box(self.tr("LoRA adapters"))
        self.problem = ToneLabel("", Tone.BAD)
        self.gone = ToneLabel("", Tone.CAUTION)
        for trouble in (self.problem, self.gone):
            trouble.setWordWrap(True)
        self.remark = muted_label(size=SMALL, wraps=True)
        em = self.fontMetrics().height()
        rows = SettingRows(em)
        rows.add_row(self.tr("V&ision projector"), self.projector, term="projector")
        rows.add_row(self.tr("&Draft model"), self.draft, term="draft-model")
        rows.add_row(self.tr("LoRA &adapters"), self.adapters, term="adapter")
        self.caption_width = rows.caption_width
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(round(em * 0.5))
        whole.addLayout(rows)
        for line in (self.problem, self.gone, self.remark):
            whole.addWidget(line)
        self.projector.activated.connect(lambda _row: self._projector_chosen())
        self.draft.activated.connect(lambda _row: self._draft_chosen())
        self.adapters.activated.connect(lambda _row: self._adapters_chosen())

    def show_model(self, model: OpenModel) -> None:
        """What is offered for it, and what is counted."""
        self._model = model
        beside = model.beside
        self._show_projectors(beside)
        self._show_draft(beside)
        self._show_adapters(beside)
        error = beside.error
        remark = taken_words(model.plan, beside) if model.plan else ""
        for line, text in (
            (self.problem, f"{error.message} {error.hint}" if error else ""),
            (self.gone, gone_words(beside.gone)),
            (self.remark, remark),
        ):
            line.setText(text)
            line.setVisible(bool(text))

    def _show_projectors(self, beside: Beside) -> None:
        counted = beside.counted.projector
        entries = [(self.tr("not loaded") if beside.offered else self.tr("none"), _NONE)]
        entries += [(shortened(projector.name), str(projector.path)) for projector in beside.offered]
        choose = self.tr("Choose a file\u2026"), _CHOOSE
        fill(self.projector, [*entries, choose], str(counted.path) if counted else _NONE)
        self.projector.setToolTip(verbatim(str(counted.path)) if counted else "")

    def _show_draft(self, beside: Beside) -> None:
        entries = [(self.tr("none"), _NONE)]
        path = ""
        if draft := beside.counted.draft:
            path = str(draft.facts.path)
            entries.append((shortened(draft.facts.name), path))
        fill(self.draft, [*entries, (self.tr("Choose a file\u2026"), _CHOOSE)], path or _NONE)
        self.draft.setToolTip(verbatim(path))

    def _show_adapters(self, beside: Beside) -> None:
        """One by its name; of several, how many they are, and each that can be left out."""
        counted = beside.counted.adapters
        entries = [(self.tr("none"), _NONE)]
        if len(counted) == 1:
            entries.append((shortened(counted[0].name), _ALL))
        elif counted:
            entries.append((self.tr("{n} adapters").format(n=len(counted)), _ALL))
            without = self.tr("without {name}")
            entries += [(without.format(name=shortened(it.name)), str(it.path)) for it in counted]
        choose = self.tr("Add a file\u2026") if counted else self.tr("Choose a file\u2026")
        fill(self.adapters, [*entries, (choose, _CHOOSE)], _ALL if counted else _NONE)
        self.adapters.setToolTip(verbatim("\n".join(str(it.path) for it in counted)))

    def _projector_chosen(self) -> None:
        model, chosen = self._model, self.projector.currentData()
        if model is None:
            return
        if chosen == _CHOOSE:
            self._choose(model, self.tr("Vision projector"), self._accompanying.open_projector)
        else:
            offered = (projector for projector in model.beside.offered if str(projector.path) == chosen)
            self._accompanying.use_projector(model, next(offered, None))

    def _draft_chosen(self) -> None:
        model, chosen = self._model, self.draft.currentData()
        if model is None:
            return
        if chosen == _CHOOSE:
            self._choose(model, self.tr("Draft model"), self._accompanying.open_draft)
        elif chosen == _NONE:
            self._accompanying.leave_draft(model)

    def _adapters_chosen(self) -> None:
        model, chosen = self._model, self.adapters.currentData()
        if model is None:
            return
        if chosen == _CHOOSE:
            self._choose(model, self.tr("LoRA adapter"), self._accompanying.open_adapter)
        elif chosen != _ALL:
            counted = () if chosen == _NONE else model.beside.counted.adapters
            left = tuple(adapter for adapter in counted if str(adapter.path) != chosen)
            self._accompanying.use_adapters(model, left)

    def _choose(self, model: OpenModel, title: str, taken: Callable[[OpenModel, Path], object]) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, title, str(model.path.parent), self.tr("GGUF files (*.gguf);;All files (*)")
        )
        self.show_model(model)  # the box says again what is counted, until the file has been read
        if name:
            taken(model, Path(name))


def _file_box(name: str) -> QComboBox:
    """A box of files' names, which may be longer than there is room."""
    made = choice_box(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(_FEWEST_LETTERS)
    made.setIconSize(QSize(1, 1))  # there are none: as tall as the other boxes
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made
