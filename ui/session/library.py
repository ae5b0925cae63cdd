"""The models that are on this computer already: found in the background, judged when looked at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.hardware.device import Hardware
from advisor.library.installed import GGUF, InstalledModel, Scan
from advisor.library.listing.listing import Listed
from PySide6.QtCore import QObject, Signal

from ui.session.tasks import Lane, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers


class Library(QObject):
    """What was found, in the stores' order, with a line for each model that was asked about."""

    found = Signal()  # the models are new, or the search for them has begun or ended
    line_known = Signal(object)  # InstalledModel
    is_no_model = Signal(object)  # InstalledModel: by its name only; it is dropped

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._answers = answers.library
        self._tasks = tasks
        self._hardware: Hardware | None = None
        self._lines: dict[InstalledModel, Listed] = {}
        self._asked: set[InstalledModel] = set()
        self.models: tuple[InstalledModel, ...] = ()
        self.trouble: tuple[str, ...] = ()  # sentences about what could not be looked into
        self.is_looking = False
        self.folders: tuple[Path, ...] = ()  # the user's own
        self._has_looked = False
        self._must_look_again = False

    def use_folders(self, folders: Iterable[Path]) -> None:
        """Look for models in these folders, too."""
        wanted = tuple(dict.fromkeys(folders))
        if wanted != self.folders:
            self.folders = wanted
            self._answers.use_folders(wanted)
            if self._has_looked:
                self.look()

    def look(self) -> None:
        """Look through the stores, anew."""
        self._has_looked = True
        if self.is_looking:
            self._must_look_again = True
            return
        self.is_looking = True
        self.found.emit()
        self._tasks.run(
            lambda _report: self._answers.installed(),
            on_result=self._looked,
            on_error=lambda error: self._looked(Scan(), error),
            lane=Lane.LIBRARY,
        )

    def judge_on(self, hardware: Hardware | None) -> None:
        """From now on on this hardware. What is known stays shown until it is known anew."""
        if hardware is not self._hardware:
            self._hardware = hardware
            self._asked.clear()
            self.found.emit()

    def line(self, model: InstalledModel) -> Listed | None:
        """What is known of a model, and ask for what is not. None: nothing yet."""
        hardware = self._hardware
        if hardware and model not in self._asked:
            self._asked.add(model)
            self._tasks.run(
                lambda _report: self._answers.listed(model, hardware),
                on_result=lambda line: self._judged(model, line),
                on_error=lambda error: self._judged(model, Listed(model, problem=error.message)),
                lane=Lane.LIBRARY,
            )
        return self._lines.get(model)

    def name_of(self, path: Path, runtime: str) -> str | None:
        """What `runtime` itself calls the model at `path`, where it is in that one's store."""
        its = (model.name for model in self.models if model.path == path and model.runtime == runtime)
        return next(its, None)

    def _looked(self, scan: Scan, error: AdvisorError | None = None) -> None:
        self.is_looking = False
        if self._must_look_again:  # the folders may be others by now
            self._must_look_again = False
            self.look()
            return
        self.models = scan.models
        self.trouble = tuple(it.sentence for it in scan.unreadable) + ((error.message,) if error else ())
        there = set(scan.models)
        self._lines = {model: line for model, line in self._lines.items() if model in there}
        self._asked.clear()
        self.found.emit()

    def _judged(self, model: InstalledModel, line: Listed | None) -> None:
        if line is None:
            self.models = tuple(other for other in self.models if other is not model)
            self.is_no_model.emit(model)
        else:
            self._lines[model] = line
            self.line_known.emit(model)


def can_be_opened(model: InstalledModel) -> bool:
    """True for a GGUF that its store tells nothing bad about."""
    return model.format == GGUF and model.problem is None
