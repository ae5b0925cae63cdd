"""What happened in this window, with its time: what the engine was asked, what was found, what went wrong.

Bounded, kept in memory only, and without the folders of files: it may be copied into an issue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from advisor.errors import AdvisorError
from advisor.hardware.doctor.report import without_homes
from advisor.recommend.result import Recommendation
from advisor.units import format_tokens
from PySide6.QtCore import QObject, Signal

from ui.session.proof_state import ProofStatus
from ui.session.session import Session
from ui.session.state import EngineStatus, OpenModel
from ui.wording import basis_words, cache_words

MOST_ENTRIES = 500


class Kind(StrEnum):
    ENGINE = "engine"
    ANSWER = "answer"
    FINDING = "finding"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Entry:
    time: datetime
    kind: Kind
    text: str

    @property
    def line(self) -> str:
        return f"{self.time:%H:%M:%S}  {self.kind:<8} {self.text}"


class EventLog(QObject):
    """Listens to the session. The same thing said twice in a row is one entry."""

    added = Signal(object)  # Entry

    def __init__(
        self, session: Session, parent: QObject | None = None, clock: Callable[[], datetime] = datetime.now
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._clock = clock
        self.entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self._said: dict[object, object] = {}  # what was last told of each thing
        session.progress_changed.connect(lambda stage: stage and self._add(Kind.ENGINE, stage))
        session.engine_changed.connect(self._engine)
        session.hardware_changed.connect(self._hardware)
        session.model_changed.connect(self._model)
        session.proof_changed.connect(self._proof)
        session.troubles.changed.connect(self._troubles)
        self._troubles()

    def text(self) -> str:
        return "".join(f"{entry.line}\n" for entry in self.entries)

    def _engine(self) -> None:
        engine = self._session.engine
        if engine.status is EngineStatus.STARTING:
            self._add(Kind.ENGINE, self.tr("starting"))
        elif engine.facts:
            words = self.tr("{name} is ready, built for {backends}")
            backends = ", ".join(engine.facts.backends)
            self._add(Kind.ENGINE, words.format(name=engine.facts.name, backends=backends))
        elif engine.problem:
            self._error(engine.problem)

    def _hardware(self) -> None:
        if error := self._session.hardware_error:
            self._error(error)
        elif hardware := self._session.hardware:
            for note in hardware.findings:
                if self._is_new(("finding", note.code), note.text):
                    self._add(Kind.FINDING, note.text)

    def _troubles(self) -> None:
        for error in self._session.troubles.now:
            if self._is_new(("trouble", error.code), error.message):
                self._error(error)

    def _model(self, model: OpenModel) -> None:
        for what, error in (
            ("lost", model.lost),
            ("beside", model.beside.error),
            ("error", model.error),
            ("engine", model.engine_problem),
            ("choice", model.choice_error),
        ):
            if self._is_new((model.path, what), error) and error:
                self._error(error, model)
        answer = model.recommendation
        if answer and self._is_new((model.path, "answer"), _gist(answer)):
            words = self.tr("{model}: {n} tokens with {cache} KV cache for {goal}, {basis}")
            self._add(
                Kind.ANSWER,
                words.format(
                    model=model.name,
                    n=format_tokens(answer.n_ctx),
                    cache=cache_words(answer.settings),
                    goal=answer.goal.title,
                    basis=basis_words(answer.plan.basis),
                ),
            )

    def _proof(self, model: OpenModel) -> None:
        proof = model.proof
        status = proof.status if proof else None
        if proof is None or not self._is_new((model.path, "proof"), status):
            return
        words = {
            ProofStatus.RUNNING: self.tr("{model}: a proof has begun"),
            ProofStatus.STOPPING: self.tr("{model}: the proof is being stopped"),
            ProofStatus.DONE: self.tr("{model}: the proof is done"),
            ProofStatus.CANCELLED: self.tr("{model}: the proof was cancelled"),
            ProofStatus.FAILED: self.tr("{model}: the proof failed"),
        }[status]
        self._add(Kind.ENGINE, words.format(model=model.name))
        if proof.error and status is ProofStatus.FAILED:
            self._error(proof.error, model)

    def _error(self, error: AdvisorError, model: OpenModel | None = None) -> None:
        name = f"{model.name}: " if model else ""
        self._add(Kind.ERROR, f"{name}{error.message} {error.hint}".strip())

    def _is_new(self, key: object, value: object) -> bool:
        if self._said.get(key) == value:
            return False
        self._said[key] = value
        return True

    def _add(self, kind: Kind, text: str) -> None:
        text = without_homes(text)
        if self.entries and (self.entries[-1].kind, self.entries[-1].text) == (kind, text):
            return
        entry = Entry(self._clock(), kind, text)
        self.entries.append(entry)
        self.added.emit(entry)


def _gist(answer: Recommendation) -> tuple[object, ...]:
    """What makes an answer another one for a reader."""
    return answer.n_ctx, cache_words(answer.settings), answer.goal.name, answer.plan.basis
