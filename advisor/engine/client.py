"""`EngineClient`: the parent's side of the engine process.

Started by the first question, kept for the next ones, restarted after a death with the model that was open.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from advisor.engine import deaths
from advisor.engine.child import Child, ChildDied, ChildSilent
from advisor.engine.deaths import Stage
from advisor.engine.launch import Launch
from advisor.engine.protocol import (
    STARTUP_ID,
    CloseModel,
    ContextAnswer,
    EngineInfo,
    Hello,
    MakeContext,
    OpenedModel,
    OpenModel,
    Request,
    TextTokens,
    Tokenize,
    encode,
)
from advisor.engine.refusals import refusal
from advisor.errors import Cancelled, EngineError
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB

# A dry run itself takes well under 100 MiB; beside it only recurrent state is really allocated.
DRY_RUN_ALLOWANCE_BYTES = 4 * GiB

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which a silent engine is ended. A GPU driver's first start takes its time."""

    start_seconds: float = 60.0
    open_seconds: float = 120.0
    context_seconds: float = 60.0
    tokenize_seconds: float = 120.0


@dataclass(slots=True)
class _Call:
    """The call in progress: another thread may cancel it."""

    is_cancelled: bool = False

    def go_on(self) -> None:
        """Raises Cancelled if it was."""
        if self.is_cancelled:
            raise Cancelled


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
        self._launch = launch or Launch()
        self._deadlines = deadlines or Deadlines()
        self._allowance_bytes = allowance_bytes
        self._clock = clock
        self._turn = threading.Lock()  # one call at a time
        self._switch = threading.Lock()  # guards _child and _call, never held for long
        self._child: Child | None = None
        self._call: _Call | None = None
        self._request_id = STARTUP_ID
        self._used_at = clock()
        self._wanted: _Model | None = None
        self._opened: tuple[_Model, OpenedModel] | None = None  # in the running child

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
        with self._calling() as call:
            return self._hello(call) if self._is_running else self._start(call)

    def open(self, request: OpenModel) -> OpenedModel:
        """Opens a model dry and keeps it open; asks nothing if the same file is open the same way."""
        with self._calling() as call:
            self._wanted = _Model(request, _stamp(request.path))
            return self._opened_model(call, self._wanted)

    def context(self, settings: LoadSettings) -> ContextAnswer:
        """What a context of the model that `open` was given would take. Raises EngineRefused for a no."""
        with self._calling() as call:
            if self._wanted is not None:
                self._opened_model(call, self._wanted)
            return self._ask(
                call,
                MakeContext.of(settings),
                ContextAnswer.read,
                Stage.CONTEXT,
                self._deadlines.context_seconds,
            )

    def count_tokens(self, path: Path, pieces: Iterable[str]) -> int:
        """The tokens of a text, by the vocabulary of the model file at `path`; no weights are read.

        Each piece is counted for itself: cut a long text where its words end (a piece of some 64 Ki
        characters takes a moment). Raises EngineRefused with the code "no-vocabulary" for a model without.
        """
        name = str(path.absolute())
        with self._calling() as call:
            return sum(
                self._ask(
                    call,
                    Tokenize(name, piece),
                    TextTokens.read,
                    Stage.COUNT,
                    self._deadlines.tokenize_seconds,
                ).n_tokens
                for piece in pieces
            )

    def close_model(self) -> None:
        """Gives up the open model; the process stays."""
        with self._calling() as call:
            self._wanted = None
            if self._opened is not None and self._is_running:
                self._opened = None
                self._ask(call, CloseModel(), dict, Stage.OPEN, self._deadlines.open_seconds)

    # ---- the process --------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Makes the call that is in progress raise Cancelled, and ends its process. From any thread.

        Without a call in progress it does nothing: whoever asks several questions in a row keeps a flag of
        their own between them.
        """
        with self._switch:
            if self._call is None:
                return
            self._call.is_cancelled = True
            if self._child is not None:
                self._child.kill()

    @property
    def pid(self) -> int | None:
        """The process that is kept, if there is one."""
        with self._switch:
            return None if self._child is None else self._child.pid

    @property
    def idle_seconds(self) -> float | None:
        """How long the process has been kept for nothing; None without one, or during a call."""
        with self._switch:
            if self._child is None or self._call is not None:
                return None
            return self._clock() - self._used_at

    def retire_if_idle(self, seconds: float) -> bool:
        """Ends the process if it was not asked for `seconds`: with a GPU its driver holds memory.

        The next question starts another one, with the model that was open. Never waits for a call.
        """
        if not self._turn.acquire(blocking=False):
            return False
        try:
            idle = self.idle_seconds
            if idle is None or idle < seconds:
                return False
            self._end_child()
            return True
        finally:
            self._turn.release()

    def close(self) -> None:
        """Ends the process and forgets the model. The next question starts another process."""
        with self._turn:
            self._wanted = None
            self._end_child()

    # ---- how a call is made -------------------------------------------------------------------------

    @contextlib.contextmanager
    def _calling(self) -> Iterator[_Call]:
        """One call: the turn is ours, and `cancel()` finds what to cancel."""
        with self._turn:
            call = _Call()
            with self._switch:
                self._call = call
            try:
                yield call
            finally:
                with self._switch:
                    self._call = None
                self._used_at = self._clock()
                if call.is_cancelled:
                    self._end_child()

    @property
    def _is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    def _start(self, call: _Call) -> EngineInfo:
        self._end_child()
        try:
            child = Child(self._launch)
        except (OSError, ValueError) as error:
            raise deaths.could_not_start(self._launch.python, error) from error
        with self._switch:
            self._child = child
        try:
            return self._hello(call)
        except EngineError:
            self._end_child()  # one that could not load llama.cpp will not learn to
            raise

    def _hello(self, call: _Call) -> EngineInfo:
        request = Hello(self._allowance_bytes)
        return self._exchange(call, request, EngineInfo.read, Stage.START, self._deadlines.start_seconds)

    def _opened_model(self, call: _Call, wanted: _Model) -> OpenedModel:
        if self._opened is not None and self._opened[0] == wanted and self._is_running:
            return self._opened[1]
        self._opened = None
        opened = self._ask(call, wanted.request, OpenedModel.read, Stage.OPEN, self._deadlines.open_seconds)
        self._opened = (wanted, opened)
        return opened

    def _ask(
        self,
        call: _Call,
        request: Request,
        read: Callable[[Mapping[str, Any]], A],
        stage: Stage,
        seconds: float,
    ) -> A:
        """One question to a process that is started if need be."""
        if not self._is_running:
            self._start(call)
        return self._exchange(call, request, read, stage, seconds)

    def _exchange(
        self,
        call: _Call,
        request: Request,
        read: Callable[[Mapping[str, Any]], A],
        stage: Stage,
        seconds: float,
    ) -> A:
        """One question to the running process. Whatever leaves its state unknown ends it."""
        child = self._child
        if child is None:
            raise RuntimeError("the engine process was not started")
        self._request_id += 1
        try:
            call.go_on()
            reply = child.ask(self._request_id, encode(self._request_id, request), seconds)
            call.go_on()
            if reply.failure is None:
                return read(reply.answer)
        except ChildDied as died:
            self._end_child()
            call.go_on()
            raise deaths.death(died.returncode, stage, died.stderr) from None
        except ChildSilent:
            child.kill()
            self._end_child()
            raise deaths.silence(stage, seconds) from None
        except (KeyError, TypeError, ValueError) as error:
            self._end_child()
            raise deaths.nonsense(stage, repr(error)) from error
        except BaseException:
            child.kill()  # it may be in the middle of anything
            self._end_child()
            raise
        raise refusal(reply.failure, stage)

    def _end_child(self) -> None:
        with self._switch:
            child, self._child = self._child, None
        self._opened = None
        if child is not None:
            child.close()


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns
