"""When models are asked about: what has become outdated is asked anew, the shown model of the engine, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.settings.request import Request
from PySide6.QtCore import QObject, QTimer, Signal

from ui.session.accompanying import Accompanying
from ui.session.choosing import Choosing
from ui.session.computer import Computer
from ui.session.inquiry import Inquiry
from ui.session.opened import OpenedModels
from ui.session.state import EngineStatus, OpenModel
from ui.session.tasks import Lane, Tasks
from ui.session.wanted import Wanted

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

REST_MS = 50  # several changes within this time are one question
MANY = 16  # of more models than a list shows at once, only those are answered that someone looks at


class Answering(QObject):
    """Listens to what the questions depend on, and has those asked that follow from a change."""

    changed = Signal(object)  # OpenModel: something of it is new
    progress_changed = Signal(str)
    facts_read = Signal(object)  # OpenModel
    unreadable = Signal(object)  # OpenModel
    was_read = Signal(object)  # OpenModel: with success or without
    answers_wait = Signal()  # many are out of date: each is asked for when it is looked at

    def __init__(
        self,
        answers: Answers,
        tasks: Tasks,
        opened: OpenedModels,
        wanted: Wanted,
        computer: Computer,
        accompanying: Accompanying,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._opened = opened
        self._wanted = wanted
        self._computer = computer
        self._inquiry = Inquiry(answers, tasks, accompanying, self)
        self._choosing = Choosing(answers, tasks, self)
        self._unseen: set[OpenModel] = set()  # to be answered when someone looks at them
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask_for_all)
        self._inquiry.progress_changed.connect(self.progress_changed)
        self._inquiry.changed.connect(self.changed)
        self._inquiry.answered.connect(self._answered)
        for read in (self._inquiry.facts_read, self._inquiry.unreadable):
            read.connect(self.was_read)
        self._inquiry.facts_read.connect(self.facts_read)
        self._inquiry.unreadable.connect(self.unreadable)
        self._choosing.changed.connect(self.changed)
        self._choosing.rested.connect(self._inquiry.draw)
        self._computer.planned_changed.connect(self._rest.start)
        self._wanted.answers_outdated.connect(self._rest.start)
        self._opened.opened.connect(self.read)
        self._opened.shown.connect(self._shown)
        accompanying.changed.connect(self._accompanied)

    @property
    def is_resting(self) -> bool:
        """True while nothing waits to be asked."""
        return not self._rest.isActive() and self._choosing.is_resting

    def stop(self) -> None:
        self._rest.stop()
        self._choosing.stop()

    def read(self, model: OpenModel) -> None:
        """Read the model's file, anew."""
        self._inquiry.read(model, Lane.QUICK if self._matters(model) else Lane.LATER)

    def ask(self, model: OpenModel) -> None:
        """Ask about a model as it is wanted now, by formula; older questions are forgotten.

        Of many models only about those that someone looks at.
        """
        if self._matters(model):
            self._ask(model)
        else:
            self._unseen.add(model)

    def look_at(self, model: OpenModel) -> None:
        """Someone sees what is known of a model: see to it that this is so, or will be."""
        if model in self._unseen:
            self._ask(model, Lane.SEEN)

    def choose(self, model: OpenModel, request: Request | None) -> None:
        """Show the model at these settings in place of the recommended ones; None: at those again."""
        hardware = self._computer.planned
        if hardware:
            has_engine = self._computer.engine.status is EngineStatus.READY
            self._choosing.choose(model, request, hardware, has_engine=has_engine)

    def compare_reserves(self, model: OpenModel) -> None:
        """What each choice of what is kept free would cost, if that is not known for this answer."""
        known = model.reserves
        if model.recommendation and (known is None or known.answer is not model.recommendation):
            self._inquiry.compare_reserves(model)

    def ask_anew(self) -> None:
        """Ask about every model: something was learned that changes the user's own settings, too."""
        self._ask_for_all()
        for model in self._opened.all:
            if model.choice:
                self.choose(model, model.choice.request)

    def forget(self, model: OpenModel) -> None:
        """Whatever is still answered about it is dropped."""
        self._unseen.discard(model)
        self._inquiry.forget(model)

    def _matters(self, model: OpenModel) -> bool:
        return model is self._opened.current or len(self._opened.all) <= MANY

    def _ask(self, model: OpenModel, lane: Lane = Lane.QUICK) -> None:
        self._unseen.discard(model)
        hardware = self._computer.planned
        if hardware:
            self._inquiry.ask_formula(model, self._wanted.of(model, hardware), lane)

    def _ask_for_all(self) -> None:
        for model in sorted(self._opened.all, key=lambda m: m is not self._opened.current):
            self.ask(model)
        if self._unseen:
            self.answers_wait.emit()

    def _ask_engine(self, model: OpenModel) -> None:
        hardware = self._computer.planned
        if hardware and self._computer.engine.status is EngineStatus.READY:
            self._inquiry.ask_engine(model, self._wanted.of(model, hardware))

    def _shown(self, model: OpenModel) -> None:
        self._inquiry.hurry(model)
        if model in self._unseen:
            self._ask(model)  # the engine after that: see `_answered`
            return
        if model.curves is None:
            self._inquiry.draw(model)
        self._ask_engine(model)

    def _answered(self, model: OpenModel) -> None:
        choice = model.choice
        if choice and (
            choice.hardware is not self._computer.planned or choice.companions is not model.beside.counted
        ):
            self.choose(model, choice.request)  # another load: the same settings, counted anew
        if model is self._opened.current:
            self._inquiry.draw(model)
            self._ask_engine(model)
        else:
            model.curves = None

    def _accompanied(self, model: OpenModel) -> None:
        self.changed.emit(model)
        self.ask(model)
