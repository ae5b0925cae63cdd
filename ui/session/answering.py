"""When models are asked about: what has become outdated is asked anew, the shown model of the engine, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.settings.request import Request
from PySide6.QtCore import QObject, QTimer, Signal

from ui.session.choosing import Choosing
from ui.session.inquiry import Inquiry
from ui.session.state import EngineStatus, OpenModel
from ui.session.tasks import Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers
    from ui.session.session import Session

REST_MS = 50  # several changes within this time are one question


class Answering(QObject):
    """Listens to the session's parts, and has the questions asked that follow from them."""

    changed = Signal(object)  # OpenModel: something of it is new
    progress_changed = Signal(str)
    facts_read = Signal(object)  # OpenModel
    unreadable = Signal(object)  # OpenModel
    was_read = Signal(object)  # OpenModel: with success or without

    def __init__(self, answers: Answers, tasks: Tasks, session: Session) -> None:
        super().__init__(session)
        self._opened = session.opened
        self._wanted = session.wanted
        self._computer = session.computer
        self._inquiry = Inquiry(answers, tasks, self)
        self._choosing = Choosing(answers, tasks, self)
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
        session.accompanying.changed.connect(self._accompanied)
        session.proving.proved.connect(lambda _model: self._learned())

    @property
    def is_resting(self) -> bool:
        """True while nothing waits to be asked."""
        return not self._rest.isActive() and self._choosing.is_resting

    def stop(self) -> None:
        self._rest.stop()
        self._choosing.stop()

    def read(self, model: OpenModel) -> None:
        """Read the model's file, anew."""
        self._inquiry.read(model)

    def ask(self, model: OpenModel) -> None:
        """Ask about a model as it is wanted now, by formula; older questions are forgotten."""
        hardware = self._computer.planned
        if hardware:
            self._inquiry.ask_formula(model, self._wanted.of(model, hardware))

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

    def forget(self, model: OpenModel) -> None:
        """Whatever is still answered about it is dropped."""
        self._inquiry.forget(model)

    def _ask_for_all(self) -> None:
        for model in sorted(self._opened.all, key=lambda m: m is not self._opened.current):
            self.ask(model)

    def _ask_engine(self, model: OpenModel) -> None:
        hardware = self._computer.planned
        if hardware and self._computer.engine.status is EngineStatus.READY:
            self._inquiry.ask_engine(model, self._wanted.of(model, hardware))

    def _shown(self, model: OpenModel) -> None:
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

    def _learned(self) -> None:
        """What a proof taught changes every answer, and the user's own settings with them."""
        self._ask_for_all()
        for model in self._opened.all:
            if model.choice:
                self.choose(model, model.choice.request)
