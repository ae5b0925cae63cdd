"""`EngineClient`: dry questions to llama.cpp, which runs in a process of its own.

The process is started by the first question and kept for the next ones. After a death another one is started,
with the model that was open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from advisor.engine.cache_tensors import CacheTensor
from advisor.engine.conversation import A, Conversation, Question
from advisor.engine.deaths import Stage
from advisor.engine.launch import Launch
from advisor.engine.protocol import (
    CloseModel,
    ContextAnswer,
    EngineInfo,
    Hello,
    MakeContext,
    OpenedModel,
    OpenModel,
    TextTokens,
    Tokenize,
)
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB

# A dry run itself takes well under 100 MiB; beside it only recurrent state is really allocated.
DRY_RUN_ALLOWANCE_BYTES = 4 * GiB


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which a silent engine is ended. A GPU driver's first start takes its time."""

    start_seconds: float = 60.0
    open_seconds: float = 120.0
    context_seconds: float = 60.0
    tokenize_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class _Model:
    """A model to be open: the request, and what the file was like then (size and time of change)."""

    request: OpenModel
    stamp: tuple[int, int] | None


class EngineClient:
    """llama.cpp, asked in a process of its own. Calls may come from any thread; they take turns.

    Every call raises an EngineError leaf for what goes wrong, and Cancelled after `cancel()`. After an error
    the next call starts afresh.
    """

    def __init__(
        self,
        launch: Launch | None = None,
        *,
        deadlines: Deadlines | None = None,
        allowance_bytes: int = DRY_RUN_ALLOWANCE_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deadlines = deadlines or Deadlines()
        self._hello = Question(
            Hello(allowance_bytes), EngineInfo.read, Stage.START, self._deadlines.start_seconds
        )
        self._conversation = Conversation[tuple[_Model, OpenedModel]](launch or Launch(), self._hello, clock)
        self._wanted: _Model | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- questions ----------------------------------------------------------------------------------

    def hello(self) -> EngineInfo:
        """Who answers, with which devices, and how much memory they have free now.

        An engine that is not fit says so in `unfit`; the other calls raise EngineUnfit for it.
        """
        with self._conversation.turn():
            if self._conversation.is_running:
                return self._conversation.ask(self._hello)
            return self._conversation.started()

    def open(self, request: OpenModel) -> OpenedModel:
        """Opens a model dry and keeps it open; asks nothing if the same file is open the same way."""
        with self._conversation.turn():
            self._wanted = _Model(request, _stamp(request.path))
            return self._opened(self._wanted)

    def context(self, settings: LoadSettings, cache: tuple[CacheTensor, ...] = ()) -> ContextAnswer:
        """What a context of the model that `open` was given would take. Raises EngineRefused for a no.

        Without `cache`, the tensors on GPUs, one that is too large for its device ends the process.
        """
        seconds = self._deadlines.context_seconds
        with self._conversation.turn():
            if self._wanted is not None:
                self._opened(self._wanted)
            wanted = MakeContext.of(settings, cache)
            return self._ask(Question(wanted, ContextAnswer.read, Stage.CONTEXT, seconds))

    def count_tokens(self, path: Path, pieces: Iterable[str]) -> int:
        """The tokens of a text, by the vocabulary of the model file at `path`; no weights are read.

        Each piece is counted for itself: cut a long text where its words end (a piece of some 64 Ki
        characters takes a moment). Raises EngineRefused with the code "no-vocabulary" for a model without.
        """
        name, seconds = str(path.absolute()), self._deadlines.tokenize_seconds
        with self._conversation.turn():
            return sum(
                self._ask(Question(Tokenize(name, piece), TextTokens.read, Stage.COUNT, seconds)).n_tokens
                for piece in pieces
            )

    def close_model(self) -> None:
        """Gives up the open model; the process stays."""
        with self._conversation.turn():
            self._wanted = None
            if self._conversation.model is not None and self._conversation.is_running:
                self._conversation.model = None
                self._ask(Question(CloseModel(), dict, Stage.OPEN, self._deadlines.open_seconds))

    # ---- the process --------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Makes the call that is in progress raise Cancelled, and ends its process. From any thread.

        Without a call in progress it does nothing: whoever asks several questions in a row keeps a flag of
        their own between them.
        """
        self._conversation.cancel()

    @property
    def pid(self) -> int | None:
        """The process that is kept, if there is one."""
        return self._conversation.pid

    @property
    def idle_seconds(self) -> float | None:
        """How long the process has been kept for nothing; None without one, or during a call."""
        return self._conversation.idle_seconds

    def retire_if_idle(self, seconds: float) -> bool:
        """Ends the process if it was not asked for `seconds`: with a GPU its driver holds memory.

        The next question starts another one, with the model that was open. Never waits for a call.
        """
        return self._conversation.retire_if_idle(seconds)

    def close(self) -> None:
        """Ends the process and forgets the model. The next question starts another process."""
        with self._conversation.turn():
            self._wanted = None
            self._conversation.end()

    # ---- what is asked ------------------------------------------------------------------------------

    def _opened(self, wanted: _Model) -> OpenedModel:
        held = self._conversation.model
        if held is not None and held[0] == wanted and self._conversation.is_running:
            return held[1]
        self._conversation.model = None
        seconds = self._deadlines.open_seconds
        opened = self._ask(Question(wanted.request, OpenedModel.read, Stage.OPEN, seconds))
        self._conversation.model = (wanted, opened)
        return opened

    def _ask(self, question: Question[A]) -> A:
        """One question to a process that is started if need be."""
        self._conversation.started()
        return self._conversation.ask(question)


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns
