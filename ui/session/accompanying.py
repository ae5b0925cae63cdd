"""What is loaded beside the open models: a projector, a draft model. Read in the background, then counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.hardware.device import Hardware
from advisor.memory.companions import Companions
from advisor.model.projector import Projector
from PySide6.QtCore import QObject, Signal

from ui.session.state import OpenModel
from ui.session.tasks import Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers


class Accompanying(QObject):
    """Writes into the model what is counted beside it."""

    changed = Signal(object)  # OpenModel: its answers are to be asked for anew
    refused = Signal(object)  # OpenModel: its `beside.error` says why

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._answers = answers.companions
        self._tasks = tasks

    def use_projector(self, model: OpenModel, projector: Projector | None) -> None:
        """Count this one from now on, or none."""
        self._count(model, replace(model.beside.counted, projector=projector))

    def open_projector(
        self, model: OpenModel, path: Path, on_taken: Callable[[], None] | None = None
    ) -> None:
        """Count the projector in this file, if it is one."""

        def taken(counted: Companions) -> None:
            if on_taken:
                on_taken()
            self._count(model, replace(model.beside.counted, projector=counted.projector))

        self._read(model, lambda: self._answers.with_projector(model.beside.counted, path), taken)

    def open_draft(self, model: OpenModel, path: Path, hardware: Hardware) -> None:
        """Count the draft model in this file, if it can draft."""
        facts = model.facts
        if facts is None:
            return

        def taken(counted: Companions) -> None:
            self._count(model, replace(model.beside.counted, draft=counted.draft))

        before = model.beside.counted
        self._read(model, lambda: self._answers.with_draft(facts, hardware, before, path), taken)

    def leave_draft(self, model: OpenModel) -> None:
        """Count no draft model any more."""
        self._count(model, replace(model.beside.counted, draft=None))

    def _read(
        self, model: OpenModel, work: Callable[[], Companions], on_taken: Callable[[Companions], None]
    ) -> None:
        self._tasks.run(
            lambda _report: work(),
            on_result=on_taken,
            on_error=lambda error: self._refuse(model, error),
        )

    def _count(self, model: OpenModel, counted: Companions) -> None:
        offered = model.beside.offered
        projector = counted.projector
        if projector and projector.path not in {known.path for known in offered}:
            offered = (*offered, projector)
        model.beside = replace(model.beside, offered=offered, counted=counted, error=None)
        self.changed.emit(model)

    def _refuse(self, model: OpenModel, error: AdvisorError) -> None:
        model.beside = replace(model.beside, error=error)
        self.refused.emit(model)
