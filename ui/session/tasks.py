"""The one door for background work: every task ends in exactly one of result, error or cancelled.

Work runs on a thread and never touches a widget; what it has to say arrives on the window's thread.
Each lane is a queue of its own: the engine's takes one question after the other.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from time import perf_counter
from typing import Any

from advisor.errors import AdvisorError, Cancelled
from PySide6.QtCore import QObject, Qt, QThreadPool, QTimer, Signal, Slot

from ui.session.turns import Turns

_SLICE_SECONDS = 0.008  # half of the time between two frames

# What work is called with: it says how far it is, and raises Cancelled when the task was cancelled.
Report = Callable[[Any], None]
Work = Callable[[Report], Any]


class Lane(StrEnum):
    QUICK = "quick"
    ENGINE = "engine"
    LIBRARY = "library"
    PROOF = "proof"
    OUTSIDE = "outside"  # other programs, which take as long as they like
    LATER = "later"  # one piece a turn of the window, as there may be a thousand of them
    SEEN = "seen"  # the same, before all of those: what a list of many models shows


class Task:
    """One piece of work under way. Kept alive by `Tasks` until it has been answered."""

    def __init__(
        self,
        work: Work,
        on_result: Callable[[Any], None],
        on_error: Callable[[AdvisorError], None] | None,
        on_progress: Callable[[Any], None] | None,
        on_cancelled: Callable[[], None] | None,
    ) -> None:
        self._work = work
        self._on_result = on_result
        self._on_error = on_error
        self._on_progress = on_progress
        self._on_cancelled = on_cancelled
        self._cancelled = False

    def cancel(self) -> None:
        """Ask for the end. Work that has not started never does; other work ends at its next report.

        Whatever it still answers is dropped: the task ends as cancelled.
        """
        self._cancelled = True

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled

    def perform(self, report: Report) -> tuple[str, Any]:
        """Do the work on the calling thread and say how it ended: ("result" | "error", value)."""
        try:
            if self._cancelled:
                raise Cancelled  # noqa: TRY301  the one way out for work that must not start
            return "result", self._work(report)
        except BaseException as error:  # noqa: BLE001  a task must end, whatever happens; see `deliver`
            return "error", error

    def deliver(self, kind: str, value: Any) -> None:  # noqa: ANN401  work may answer anything
        """Call the callback that `kind` asks for, on the window's thread."""
        if kind == "progress":
            if self._on_progress and not self._cancelled:
                self._on_progress(value)
        elif self._cancelled or isinstance(value, Cancelled):
            if self._on_cancelled:
                self._on_cancelled()
        elif kind == "result":
            self._on_result(value)
        elif isinstance(value, AdvisorError):
            if self._on_error:
                self._on_error(value)
        else:
            self._fail_unexpectedly(value)

    def _fail_unexpectedly(self, error: BaseException) -> None:
        """A bug: the report goes where all bugs go, and whoever waits is told calmly."""
        sys.excepthook(type(error), error, error.__traceback__)
        if self._on_error:
            self._on_error(
                AdvisorError(
                    "Something went wrong inside the program.",
                    hint="The report that was shown says what; copying it into an issue helps.",
                    code="bug",
                )
            )


class Tasks(QObject):
    """Starts work and brings its answers back."""

    idle_changed = Signal(bool)

    _called = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pools = {lane: QThreadPool(self) for lane in Lane}
        for lane, pool in self._pools.items():
            pool.setMaxThreadCount(2 if lane is Lane.QUICK else 1)
        self._turns = Turns[Task](
            lambda task: self._start(task, Lane.LATER),
            lambda: not self._quick,
            self,
        )
        self._live: set[Task] = set()
        self._quick: set[Task] = set()  # those of them that others wait for
        self._closed = False
        self._arrivals: deque[tuple[Task, str, object]] = deque()
        self._is_called = False
        self._called.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._deliver)

    def run(
        self,
        work: Work,
        *,
        on_result: Callable[[Any], None],
        on_error: Callable[[AdvisorError], None] | None = None,
        on_progress: Callable[[Any], None] | None = None,
        on_cancelled: Callable[[], None] | None = None,
        lane: Lane = Lane.QUICK,
    ) -> Task:
        """Start `work(report)` in that lane. The callbacks run on the window's thread, later."""
        task = Task(work, on_result, on_error, on_progress, on_cancelled)
        if self._closed:
            task.cancel()
            return task
        self._live.add(task)
        if len(self._live) == 1:
            self.idle_changed.emit(False)
        if lane is Lane.QUICK:
            self._quick.add(task)
        if lane in {Lane.LATER, Lane.SEEN}:
            self._turns.add(task, is_next=lane is Lane.SEEN)
        else:
            self._start(task, lane)
        return task

    def hurry(self, task: Task) -> None:
        """Someone waits for it: start it now if it still waits for its turn."""
        if self._turns.take(task):
            self._quick.add(task)
            self._start(task, Lane.QUICK)

    @property
    def is_idle(self) -> bool:
        return not self._live

    def cancel_all(self) -> None:
        """Cancel everything and start nothing more; see `close`."""
        self._closed = True
        for task in self._live:
            task.cancel()

    def close(self, timeout_ms: int = 5000) -> bool:
        """Cancel everything, deliver nothing more, and wait. False if something still runs then."""
        self.cancel_all()
        self._later.stop()
        self._turns.clear()
        self._live.clear()
        for pool in self._pools.values():
            pool.clear()
        return all(pool.waitForDone(timeout_ms) for pool in self._pools.values())

    def _start(self, task: Task, lane: Lane) -> None:
        self._pools[lane].start(lambda: self._perform(task))

    def _perform(self, task: Task) -> None:
        def report(stage: Any) -> None:  # noqa: ANN401  what that is, is between the work and its callback
            if task.is_cancelled:
                raise Cancelled
            self._post(task, "progress", stage)

        kind, value = task.perform(report)
        self._post(task, kind, value)

    def _post(self, task: Task, kind: str, value: object) -> None:
        """From any thread. One call for whatever waits: a thousand of them would be a queue without end."""
        self._arrivals.append((task, kind, value))
        if not self._is_called:
            self._is_called = True
            self._called.emit()

    @Slot()
    def _deliver(self) -> None:
        """What has arrived, as far as the window can wait; then it paints and listens before the rest."""
        self._is_called = False  # before looking: whatever comes from now on calls again
        end = perf_counter() + _SLICE_SECONDS
        try:
            while self._arrivals and perf_counter() < end:
                self._arrived(*self._arrivals.popleft())
        finally:
            if self._arrivals and not self._closed:
                self._later.start()

    def _arrived(self, task: Task, kind: str, value: object) -> None:
        if self._closed or task not in self._live:
            return
        if kind != "progress":
            self._live.discard(task)
            self._quick.discard(task)
            self._turns.ended(task)
        try:
            task.deliver(kind, value)
        finally:
            if not self._live:
                self.idle_changed.emit(True)
