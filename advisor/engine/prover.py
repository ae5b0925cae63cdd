"""`Prover`: the parent's side of a real load. One process, one model with its weights, real contexts.

Unlike the dry runs' client it never repeats anything by itself: after a death the caller decides whether to
load again. Its one own decision: what cannot be filled by copies is filled plainly.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Self, TypeVar

from advisor.engine import deaths, proof_answers
from advisor.engine.child import Child, ChildDied, ChildSilent
from advisor.engine.deaths import Stage
from advisor.engine.launch import Launch
from advisor.engine.proof import Allocation, Filling, FillMethod, LoadedModel, Progress
from advisor.engine.protocol import (
    STARTUP_ID,
    AllocateContext,
    EngineInfo,
    FillContext,
    Hello,
    LoadModel,
    MakeContext,
    OpenModel,
    Request,
    encode,
)
from advisor.engine.refusals import refusal
from advisor.errors import Cancelled, EngineError, EngineRefused
from advisor.settings.load_settings import LoadSettings

# The dry runs' cap is not for real loads: `load` sets their guard.
NO_CAP_BYTES = 1 << 60

OnProgress = Callable[[Progress], None]
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class ProofDeadlines:
    """Seconds without a line after which the worker is taken for stuck, and the most that a call may take.

    A worker that computes says so every second, however slow it is.
    """

    silence_seconds: float = 120.0
    start_seconds: float = 60.0
    load_seconds: float = 3600.0
    allocate_seconds: float = 1800.0
    fill_seconds: float = 24 * 3600.0


class _Call:
    """The call in progress: another thread may cancel it."""

    is_cancelled = False


class _NotByCopies(Exception):
    """This context cannot be filled by copies."""


class Prover:
    """A worker that loads for real. Calls may come from any thread; they take turns.

    Every call raises an EngineError leaf for what goes wrong (a death while allocating or filling under a
    guard means "does not fit", whatever the leaf), and Cancelled after `cancel()`. When the worker has died,
    or ran out of memory, `is_loaded` is False and the model has to be loaded again.
    """

    def __init__(self, launch: Launch | None = None, *, deadlines: ProofDeadlines | None = None) -> None:
        self._launch = launch or Launch()
        self._deadlines = deadlines or ProofDeadlines()
        self._turn = threading.Lock()  # one call at a time
        self._switch = threading.Lock()  # guards _child and _call, never held for long
        self._child: Child | None = None
        self._call: _Call | None = None
        self._request_id = STARTUP_ID
        self._info: EngineInfo | None = None
        self._is_loaded = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- calls --------------------------------------------------------------------------------------

    def hello(self) -> EngineInfo:
        """The engine and its devices, as they were when the worker started."""
        with self._calling() as call:
            return self._started(call)

    def load(
        self,
        request: OpenModel,
        *,
        use_mmap: bool = True,
        host_usable_bytes: int | None,
        cap_bytes: int | None = None,
        warm_up: LoadSettings | None = None,
        on_progress: OnProgress,
    ) -> LoadedModel:
        """Loads a model with its weights and decodes once; a model that was loaded before is given up.

        `host_usable_bytes` is what the whole load may take of the RAM that is free before it, None for no
        guard; `cap_bytes` instead limits all data of the worker. Either limits what follows the load.
        `warm_up` are the settings that will be tried: a GPU's driver builds its kernels for them first.
        """
        with self._calling() as call:
            self._started(call)
            self._is_loaded = False
            wanted = LoadModel(
                **_fields(request),
                use_mmap=use_mmap,
                host_usable_bytes=host_usable_bytes,
                cap_bytes=cap_bytes,
                warm_up=None if warm_up is None else MakeContext.of(warm_up),
            )
            seconds = self._deadlines.load_seconds
            loaded = self._exchange(
                call, wanted, proof_answers.loaded_model, Stage.LOAD, seconds, on_progress
            )
            self._is_loaded = True
            return loaded

    def allocate(self, settings: LoadSettings, on_progress: OnProgress) -> Allocation:
        """Makes this context for real, decodes a full ubatch and a few tokens, and gives it up again."""
        with self._calling() as call:
            self._need_model()
            wanted, seconds = AllocateContext.of(settings), self._deadlines.allocate_seconds
            return self._exchange(
                call, wanted, proof_answers.allocation, Stage.ALLOCATE, seconds, on_progress
            )

    def fill(self, settings: LoadSettings, method: FillMethod, on_progress: OnProgress) -> Filling:
        """Fills this context to its last token. The answer's `method` is FULL where copies cannot do it."""
        with self._calling() as call:
            with contextlib.suppress(_NotByCopies):
                return self._fill(call, settings, method, on_progress)
            return self._fill(call, settings, FillMethod.FULL, on_progress)

    def cancel(self) -> None:
        """Makes the call that is in progress raise Cancelled, and kills the worker. From any thread."""
        with self._switch:
            if self._call is None:
                return
            self._call.is_cancelled = True
            if self._child is not None:
                self._child.kill()

    def close(self) -> None:
        """Ends the worker, and with it the model. The next call starts another one."""
        with self._turn:
            self._end_child()

    @property
    def is_loaded(self) -> bool:
        """Whether there is a worker with a model: if not, only `hello` and `load` can be called."""
        with self._switch:
            return self._is_loaded and self._child is not None and self._child.is_running

    @property
    def pid(self) -> int | None:
        """The worker, if there is one."""
        with self._switch:
            return None if self._child is None else self._child.pid

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
                if call.is_cancelled:
                    self._end_child()

    def _fill(
        self, call: _Call, settings: LoadSettings, method: FillMethod, on_progress: OnProgress
    ) -> Filling:
        self._need_model()
        wanted = FillContext(**_fields(MakeContext.of(settings)), method=method.value)
        seconds = self._deadlines.fill_seconds
        return self._exchange(call, wanted, proof_answers.filling, Stage.FILL, seconds, on_progress)

    def _need_model(self) -> None:
        if not self.is_loaded:
            self._end_child()
            raise EngineRefused(
                "No model is loaded: the engine has ended since.",
                hint="Load the model again.",
                code="engine-not-loaded",
            )

    def _started(self, call: _Call) -> EngineInfo:
        """The running worker's introduction; starts one if there is none."""
        if self._info is not None and self._child is not None and self._child.is_running:
            return self._info
        self._end_child()
        try:
            child = Child(self._launch)
        except (OSError, ValueError) as error:
            raise deaths.could_not_start(self._launch.python, error) from error
        with self._switch:
            self._child = child
        hello, seconds = Hello(NO_CAP_BYTES), self._deadlines.start_seconds
        try:
            self._info = self._exchange(call, hello, EngineInfo.read, Stage.START, seconds)
        except EngineError:
            self._end_child()  # one that could not load llama.cpp will not learn to
            raise
        return self._info

    def _exchange(
        self,
        call: _Call,
        request: Request,
        read: Callable[[Mapping[str, Any]], A],
        stage: Stage,
        seconds: float,
        on_progress: OnProgress | None = None,
    ) -> A:
        """One question to the running worker. Whatever leaves its state unknown ends it."""
        child = self._child
        if child is None:
            raise RuntimeError("the engine process was not started")
        self._request_id += 1
        silence_seconds = min(seconds, self._deadlines.silence_seconds)

        def tell(event: Mapping[str, Any]) -> None:
            if on_progress is not None and not call.is_cancelled:
                on_progress(_understood(proof_answers.progress, event, stage))

        try:
            _go_on(call)
            line = encode(self._request_id, request)
            reply = child.ask(self._request_id, line, seconds, tell, silence_seconds)
            _go_on(call)
            if reply.failure is None:
                return _understood(read, reply.answer, stage)
        except ChildDied as died:
            self._end_child()
            _go_on(call)
            raise deaths.death(died.returncode, stage, died.stderr) from None
        except ChildSilent as silent:
            child.kill()
            self._end_child()
            _go_on(call)
            raise deaths.silence(stage, silent.seconds) from None
        except BaseException:
            child.kill()  # it may be in the middle of anything
            self._end_child()
            raise
        if reply.failure.kind == "copy":
            raise _NotByCopies
        if reply.failure.kind in ("memory", "bug"):
            self._end_child()  # what it could not have may be missed anywhere
        raise refusal(reply.failure, stage)

    def _end_child(self) -> None:
        with self._switch:
            child, self._child = self._child, None
            self._is_loaded = False
        self._info = None
        if child is not None:
            child.close()


def _understood(read: Callable[[Mapping[str, Any]], A], answer: Mapping[str, Any], stage: Stage) -> A:
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise deaths.nonsense(stage, repr(error)) from error


def _go_on(call: _Call) -> None:
    """Raises Cancelled if it was."""
    if call.is_cancelled:
        raise Cancelled


def _fields(request: OpenModel | MakeContext) -> dict[str, Any]:
    """The fields of a request, for a larger one."""
    return {field.name: getattr(request, field.name) for field in fields(request)}
