"""`Prover`: real loads. One process, one model with its weights, real contexts.

Unlike the dry runs' client it never repeats anything by itself: after a death the caller decides whether to
load again. Its one own decision: what cannot be filled by copies is filled plainly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Self

from advisor.engine import proof_answers
from advisor.engine.conversation import A, Conversation, OnProgress, Question
from advisor.engine.deaths import Stage
from advisor.engine.launch import Launch
from advisor.engine.proof import Allocation, Filling, FillMethod, LoadedModel
from advisor.engine.proof_requests import AllocateContext, FillContext, LoadModel
from advisor.engine.protocol import EngineInfo, Hello, MakeContext, OpenModel, Request
from advisor.engine.refusals import NOT_BY_COPIES
from advisor.errors import EngineDied, EngineRefused
from advisor.settings.load_settings import LoadSettings

# The dry runs' cap is not for real loads: `load` sets their guard.
NO_CAP_BYTES = 1 << 60


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


class Prover:
    """A worker that loads for real. Calls may come from any thread; they take turns.

    Every call raises an EngineError leaf for what goes wrong (a death while allocating or filling under a
    guard means "does not fit", whatever the leaf), and Cancelled after `cancel()`. When the worker has died,
    or ran out of memory, `is_loaded` is False and the model has to be loaded again.
    """

    def __init__(
        self,
        launch: Launch | None = None,
        *,
        deadlines: ProofDeadlines | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deadlines = deadlines or ProofDeadlines()
        seconds = self._deadlines.start_seconds
        hello = self._question(Hello(NO_CAP_BYTES), EngineInfo.read, Stage.START, seconds)
        self._conversation = Conversation[LoadedModel](launch or Launch(), hello, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- calls --------------------------------------------------------------------------------------

    def hello(self) -> EngineInfo:
        """The engine and its devices, as they were when the worker started."""
        with self._conversation.turn():
            return self._conversation.started()

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
        wanted = LoadModel(
            **_fields(request),
            use_mmap=use_mmap,
            host_usable_bytes=host_usable_bytes,
            cap_bytes=cap_bytes,
            warm_up=None if warm_up is None else MakeContext.of(warm_up),
        )
        seconds = self._deadlines.load_seconds
        question = self._question(wanted, proof_answers.loaded_model, Stage.LOAD, seconds)
        with self._conversation.turn():
            self._conversation.started()
            self._conversation.model = None
            loaded = self._ask(question, on_progress)
            self._conversation.model = loaded
            return loaded

    def allocate(self, settings: LoadSettings, on_progress: OnProgress) -> Allocation:
        """Makes this context for real, decodes a full ubatch and a few tokens, and gives it up again."""
        wanted, seconds = AllocateContext.of(settings), self._deadlines.allocate_seconds
        question = self._question(wanted, proof_answers.allocation, Stage.ALLOCATE, seconds)
        with self._conversation.turn():
            self._need_model()
            return self._ask(question, on_progress)

    def fill(self, settings: LoadSettings, method: FillMethod, on_progress: OnProgress) -> Filling:
        """Fills this context to its last token. The answer's `method` is FULL where copies cannot do it."""
        with self._conversation.turn():
            try:
                return self._fill(settings, method, on_progress)
            except EngineRefused as refused:
                if method is FillMethod.FULL or refused.code != NOT_BY_COPIES:
                    raise
            return self._fill(settings, FillMethod.FULL, on_progress)

    # ---- the process --------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Makes the call that is in progress raise Cancelled, and kills the worker. From any thread."""
        self._conversation.cancel()

    def close(self) -> None:
        """Ends the worker, and with it the model. The next call starts another one."""
        with self._conversation.turn():
            self._conversation.end()

    @property
    def is_loaded(self) -> bool:
        """Whether there is a worker with a model: if not, only `hello` and `load` can be called."""
        return self._conversation.model is not None and self._conversation.is_running

    @property
    def pid(self) -> int | None:
        """The worker, if there is one."""
        return self._conversation.pid

    # ---- what is asked ------------------------------------------------------------------------------

    def _fill(self, settings: LoadSettings, method: FillMethod, on_progress: OnProgress) -> Filling:
        self._need_model()
        wanted = FillContext(**_fields(MakeContext.of(settings)), method=method.value)
        seconds = self._deadlines.fill_seconds
        return self._ask(self._question(wanted, proof_answers.filling, Stage.FILL, seconds), on_progress)

    def _need_model(self) -> None:
        if not self.is_loaded:
            self._conversation.end()
            raise EngineRefused(
                "No model is loaded: the engine has ended since.",
                hint="Load the model again.",
                code="engine-not-loaded",
            )

    def _ask(self, question: Question[A], on_progress: OnProgress) -> A:
        """One question to the running worker; one that ran out of memory or failed is given up."""
        try:
            return self._conversation.ask(question, on_progress)
        except EngineDied:
            self._conversation.end()  # it may live, but what it could not have may be missed anywhere
            raise

    def _question(
        self, request: Request, read: Callable[[Mapping[str, Any]], A], stage: Stage, seconds: float
    ) -> Question[A]:
        """A question to a worker that says how far it is: its silence is limited too."""
        silence_seconds = min(seconds, self._deadlines.silence_seconds)
        return Question(request, read, stage, seconds, silence_seconds)


def _fields(request: OpenModel | MakeContext) -> dict[str, Any]:
    """The fields of a request, for a larger one."""
    return {field.name: getattr(request, field.name) for field in fields(request)}
