"""What is loaded beside the open models: projectors, draft models, adapters.

Read in the background, then counted in every answer. What was chosen for a model is remembered with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.memory.companions import Companions
from advisor.model.adapter import Adapter
from advisor.model.facts import ModelFacts
from advisor.model.projector import Projector
from PySide6.QtCore import QObject, Signal

from ui.session.chosen_files import ChosenFiles, chosen_files
from ui.session.state import Beside, OpenModel
from ui.session.tasks import Report, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

MOST_REMEMBERED = 100  # models; the one that was chosen for longest ago is forgotten first

Take = Callable[[ModelFacts, Companions, Path], Companions]
Taken = Callable[[OpenModel], None]  # given the model that it goes with


class Accompanying(QObject):
    """Writes into the model what is counted beside it."""

    changed = Signal(object)  # OpenModel: its answers are to be asked for anew
    refused = Signal(object)  # OpenModel: its `beside.error` says why
    remembered_changed = Signal()

    # Replaced and never altered: it is read in the background, too.
    remembered: Mapping[Path, ChosenFiles] = MappingProxyType({})  # by the model's (first) file

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._answers = answers.companions
        self._tasks = tasks
        self._waiting: dict[OpenModel, list[tuple[Path, Taken]]] = {}

    def use_projector(self, model: OpenModel, projector: Projector | None) -> None:
        """Count this one from now on, or none."""
        self._count(model, replace(model.beside.counted, projector=projector))

    def use_adapters(self, model: OpenModel, adapters: tuple[Adapter, ...]) -> None:
        """Count these from now on, and no others."""
        self._count(model, replace(model.beside.counted, adapters=adapters))

    def leave_draft(self, model: OpenModel) -> None:
        """Count no draft model any more."""
        self._count(model, replace(model.beside.counted, draft=None))

    def open_projector(self, model: OpenModel, path: Path) -> None:
        """Count the projector in this file, if it is one."""
        self._open(model, path, self._answers.with_projector)

    def open_draft(self, model: OpenModel, path: Path) -> None:
        """Count the draft model in this file, if it can draft."""
        self._open(model, path, self._answers.with_draft)

    def open_adapter(self, model: OpenModel, path: Path) -> None:
        """Count the LoRA adapter in this file, too, if it was made for this model."""
        self._open(model, path, self._answers.with_adapter)

    def open_side_file(self, model: OpenModel, path: Path, on_taken: Taken = lambda _model: None) -> None:
        """Count what is in this file: a projector or an adapter. A model that is still read is waited for."""
        if model.facts:
            self._open(model, path, self._answers.with_side_file, on_taken)
        else:
            self._waiting.setdefault(model, []).append((path, on_taken))

    def look(self, model: OpenModel) -> None:
        """Count no longer what is gone by now."""
        facts, before, answers = model.facts, model.beside, self._answers
        chosen = chosen_files(before.counted)
        if facts is None or not chosen.all:
            return

        def work(_report: Report) -> Beside | None:
            if answers.are_there(chosen):
                return None
            return answers.read_again(facts, chosen, answers.beside(facts, None))

        def looked(found: Beside | None) -> None:
            if found and model.beside is before:
                model.beside = found
                self._remember(model)
                self.changed.emit(model)

        self._tasks.run(work, on_result=looked)

    def hand_on(self, model: OpenModel, other: OpenModel) -> None:
        """What waited for `model`, which turned out to be none, goes with the other."""
        for path, on_taken in self._waiting.pop(model, []):
            self.open_side_file(other, path, on_taken)

    def model_read(self, model: OpenModel) -> None:
        """Its facts are known: what waited for them, and what is left of what was remembered."""
        if model.beside.gone or model.beside.error:
            self._remember(model)
        self.hand_on(model, model)

    def forget(self, model: OpenModel) -> None:
        """Nothing waits for it any more."""
        self._waiting.pop(model, None)

    def _open(self, model: OpenModel, path: Path, take: Take, on_taken: Taken = lambda _model: None) -> None:
        facts, before = model.facts, model.beside.counted
        if facts is None:
            return

        def taken(counted: Companions) -> None:
            if model.beside.counted is not before:  # something else was chosen meanwhile
                self._open(model, path, take, on_taken)
                return
            on_taken(model)
            self._count(model, counted)

        self._tasks.run(
            lambda _report: take(facts, before, path),
            on_result=taken,
            on_error=lambda error: self._refuse(model, error),
        )

    def _count(self, model: OpenModel, counted: Companions) -> None:
        model.beside = model.beside.with_counted(counted)
        self._remember(model)
        self.changed.emit(model)

    def _remember(self, model: OpenModel) -> None:
        others = {file: it for file, it in self.remembered.items() if file != model.files[0]}
        newest = list(others.items())[-(MOST_REMEMBERED - 1) :]
        self.remembered = {**dict(newest), model.files[0]: chosen_files(model.beside.counted)}
        self.remembered_changed.emit()

    def _refuse(self, model: OpenModel, error: AdvisorError) -> None:
        model.beside = replace(model.beside, error=error, gone=())
        self.refused.emit(model)
