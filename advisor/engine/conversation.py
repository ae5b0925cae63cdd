"""`Conversation`: one worker that is kept, and one call at a time to it.

How a worker is started, asked, listened to, cancelled, buried and replaced, whatever it is asked. What is
asked, and what is done after an error, is for its two users to say: the dry runs' client and the prover.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from advisor.engine import deaths, proof_answers
from advisor.engine.child import Child, ChildDied, ChildSilent
from advisor.engine.deaths import Stage
from advisor.engine.launch import Launch
from advisor.engine.proof import Progress
from advisor.engine.protocol import EngineInfo, Request
from advisor.engine.refusals import refusal
from advisor.engine.wire import STARTUP_ID, encode
from advisor.errors import Cancelled, EngineError

OnProgress = Callable[[Progress], None]
A = TypeVar("A")
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Question(Generic[A]):
    """A request, what its answer is read with, and for how long the worker may be about it.

    `read` raises KeyError, TypeError, ValueError or AttributeError for what is no answer. `silence_seconds`
    is the most between two lines, for a worker that tells how far it is.
    """

    request: Request
    read: Callable[[Mapping[str, Any]], A]
    stage: Stage
    seconds: float
    silence_seconds: float | None = None


class Conversation(Generic[M]):
    """A worker of its own, and whose turn it is to ask it. `started`, `ask` and `end` need the turn.

    `model` is what its user has told the worker to hold; it is forgotten when the worker ends. After an
    error of `ask` there may be no worker any more: `started` begins with another one.
    """

    def __init__(
        self, launch: Launch, hello: Question[EngineInfo], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.model: M | None = None
        self._launch = launch
        self._hello = hello
        self._clock = clock
        self._turn = threading.Lock()  # one call at a time
        self._switch = threading.Lock()  # guards the three that follow, never held for long
        self._child: Child | None = None
        self._is_calling = False
        self._is_cancelled = False
        self._info: EngineInfo | None = None
        self._request_id = STARTUP_ID
        self._used_at = clock()

    # ---- from any thread ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """One call: nobody else asks meanwhile, and `cancel` finds what to cancel."""
        with self._turn:
            with self._switch:
                self._is_calling, self._is_cancelled = True, False
            try:
                yield
            finally:
                with self._switch:
                    self._is_calling = False
                self._used_at = self._clock()
                if self._is_cancelled:
                    self.end()

    def cancel(self) -> None:
        """Makes the call that is in progress raise Cancelled, and ends its worker; else does nothing."""
        with self._switch:
            if not self._is_calling:
                return
            self._is_cancelled = True
            if self._child is not None:
                self._child.kill()

    def retire_if_idle(self, seconds: float) -> bool:
        """Ends the worker if it was not asked for `seconds`; says whether it did. Never waits for a call."""
        if not self._turn.acquire(blocking=False):
            return False
        try:
            idle = self.idle_seconds
            if idle is None or idle < seconds:
                return False
            self.end()
            return True
        finally:
            self._turn.release()

    @property
    def idle_seconds(self) -> float | None:
        """How long the worker has been kept for nothing; None without one, or during a call."""
        with self._switch:
            if self._child is None or self._is_calling:
                return None
            return self._clock() - self._used_at

    @property
    def pid(self) -> int | None:
        """The worker that is kept, if there is one."""
        with self._switch:
            return None if self._child is None else self._child.pid

    @property
    def is_running(self) -> bool:
        """False without a worker, and with one that has ended by itself."""
        with self._switch:
            return self._child is not None and self._child.is_running

    # ---- during one's turn --------------------------------------------------------------------------

    def started(self) -> EngineInfo:
        """How the running worker introduced itself; starts one if there is none."""
        if self._info is not None and self.is_running:
            return self._info
        self.end()
        try:
            child = Child(self._launch, self._clock)
        except (OSError, ValueError) as error:
            raise deaths.could_not_start(self._launch.python, error) from error
        with self._switch:
            self._child = child
        try:
            self._info = self.ask(self._hello)
        except EngineError:
            self.end()  # one that could not load llama.cpp will not learn to
            raise
        return self._info

    def ask(self, question: Question[A], on_progress: OnProgress | None = None) -> A:
        """The running worker's answer; whatever leaves the worker's state unknown ends it.

        `on_progress` is called with what the worker tells before it. Raises Cancelled, or an EngineError leaf
        for a death, silence, nonsense or a refusal; only after a refusal the worker lives on.
        """
        child, stage = self._child, question.stage
        if child is None:
            raise RuntimeError("the engine process was not started")
        self._request_id += 1

        def tell(event: Mapping[str, Any]) -> None:
            if on_progress is not None and not self._is_cancelled:
                on_progress(_understood(proof_answers.progress, event, stage))

        try:
            self._go_on()
            line = encode(self._request_id, question.request)
            reply = child.ask(self._request_id, line, question.seconds, tell, question.silence_seconds)
            self._go_on()
            if reply.failure is None:
                return _understood(question.read, reply.answer, stage)
        except ChildDied as died:
            self.end()
            self._go_on()
            raise deaths.death(died.returncode, stage, died.stderr) from None
        except ChildSilent as silent:
            child.kill()
            self.end()
            self._go_on()
            raise deaths.silence(stage, silent.seconds) from None
        except BaseException:
            child.kill()  # it may be in the middle of anything
            self.end()
            raise
        raise refusal(reply.failure, stage)

    def end(self) -> None:
        """Ends the worker now; what it held is gone with it."""
        with self._switch:
            child, self._child = self._child, None
        self._info, self.model = None, None
        if child is not None:
            child.close()

    def _go_on(self) -> None:
        if self._is_cancelled:
            raise Cancelled


def _understood(read: Callable[[Mapping[str, Any]], A], answer: Mapping[str, Any], stage: Stage) -> A:
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise deaths.nonsense(stage, repr(error)) from error
