"""Work in the background ends exactly once, on the window's thread, and never after the end."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QThread, QTimer
from pytestqt.qtbot import QtBot

from advisor.errors import AdvisorError, Cancelled, EngineDied
from tests.support.gate import Gate
from ui.session.tasks import Lane, Report, Tasks


class Ends:
    """Collects how tasks end, with the thread on which it was said."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.threads: set[bool] = set()

    def __call__(self, kind: str) -> Callable[..., None]:
        def note(*values: Any) -> None:
            self.seen.append((kind, *values))
            self.threads.add(QThread.isMainThread())

        return note

    def run(self, tasks: Tasks, work: Callable[[Report], Any], lane: Lane = Lane.QUICK) -> Any:
        return tasks.run(
            work,
            on_result=self("result"),
            on_error=self("error"),
            on_progress=self("progress"),
            on_cancelled=self("cancelled"),
            lane=lane,
        )


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.fixture
def tasks(qapp: object) -> Iterator[Tasks]:
    made = Tasks()
    yield made
    assert made.close()


def idle(qtbot: QtBot, tasks: Tasks) -> None:
    qtbot.waitUntil(lambda: tasks.is_idle, timeout=20_000)


def test_a_result_arrives_once_on_the_windows_thread(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    where = []
    ends.run(tasks, lambda _report: where.append(QThread.isMainThread()) or 40 * 2**30)
    idle(qtbot, tasks)
    assert ends.seen == [("result", 40 * 2**30)]
    assert ends.threads == {True}
    assert where == [False]


def test_an_expected_error_arrives_as_itself(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    error = EngineDied("It died.", hint="Try again.")

    def work(_report: Report) -> None:
        raise error

    ends.run(tasks, work)
    idle(qtbot, tasks)
    assert ends.seen == [("error", error)]


def test_a_bug_is_reported_and_told_calmly(
    tasks: Tasks, ends: Ends, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked: list[type[BaseException]] = []
    monkeypatch.setattr("sys.excepthook", lambda kind, _error, _trace: hooked.append(kind))
    ends.run(tasks, lambda _report: 1 // 0)
    idle(qtbot, tasks)
    assert hooked == [ZeroDivisionError]
    [(kind, told)] = ends.seen
    assert kind == "error"
    assert isinstance(told, AdvisorError)
    assert told.hint


def test_progress_comes_before_the_result(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    def work(report: Report) -> str:
        report("reading")
        report("asking")
        return "done"

    ends.run(tasks, work)
    idle(qtbot, tasks)
    assert ends.seen == [("progress", "reading"), ("progress", "asking"), ("result", "done")]


def test_what_waits_in_a_lane_and_is_cancelled_never_starts(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    gate, started = Gate(), []
    ends.run(tasks, lambda _report: gate.pass_through(), Lane.ENGINE)
    second = ends.run(tasks, lambda _report: started.append(True), Lane.ENGINE)
    second.cancel()
    gate.open()
    idle(qtbot, tasks)
    assert started == []
    assert [seen[0] for seen in ends.seen] == ["result", "cancelled"]


def test_running_work_ends_at_its_next_report(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    gate = Gate()
    went_on = []

    def work(report: Report) -> None:
        gate.pass_through()
        report("next")
        went_on.append(True)

    task = ends.run(tasks, work)
    assert gate.reached.wait(20)
    task.cancel()
    gate.open()
    idle(qtbot, tasks)
    assert went_on == []
    assert ends.seen == [("cancelled",)]


def test_a_result_after_cancelling_is_dropped(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    gate = Gate()
    task = ends.run(tasks, lambda _report: gate.pass_through())
    assert gate.reached.wait(20)
    task.cancel()
    gate.open()
    idle(qtbot, tasks)
    assert ends.seen == [("cancelled",)]


def test_work_that_gives_up_by_itself_is_cancelled_not_wrong(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    def work(_report: Report) -> None:
        raise Cancelled

    ends.run(tasks, work)
    idle(qtbot, tasks)
    assert ends.seen == [("cancelled",)]


def test_the_engines_lane_takes_one_after_the_other(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    at_once, most, lock = [0], [0], threading.Lock()

    def work(_report: Report) -> None:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.001)
        with lock:
            at_once[0] -= 1

    for _ in range(20):
        ends.run(tasks, work, Lane.ENGINE)
    idle(qtbot, tasks)
    assert most == [1]
    assert len(ends.seen) == 20


def test_many_tasks_all_end_once(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    for number in range(500):
        ends.run(tasks, lambda _report, number=number: number)
    idle(qtbot, tasks)
    assert sorted(value for _, value in ends.seen) == list(range(500))


def test_the_window_is_listened_to_between_many_answers(
    tasks: Tasks, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, seen = [0.0], []
    monkeypatch.setattr("ui.session.tasks.perf_counter", lambda: now[0])

    def slow(value: int) -> None:
        now[0] += 0.003
        seen.append(value)

    for number in range(300):
        tasks.run(lambda _report, number=number: number, on_result=slow, lane=Lane.ENGINE)
    assert tasks._pools[Lane.ENGINE].waitForDone(20_000)  # all of them wait to be told
    told: list[int] = []
    beat = QTimer(interval=0)
    beat.timeout.connect(lambda: told.append(len(seen)))
    beat.start()
    idle(qtbot, tasks)
    beat.stop()
    assert seen == list(range(300))
    steps = [after - before for before, after in itertools.pairwise([0, *told])]
    assert max(steps) <= 6, "two slices of 8 ms at most lie between two beats"


def test_an_answer_that_fails_does_not_hold_up_the_others(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    def fails(_value: object) -> None:
        raise ValueError("a bug in a panel")

    with qtbot.captureExceptions() as caught:
        tasks.run(lambda _report: 1, on_result=fails, lane=Lane.ENGINE)
        ends.run(tasks, lambda _report: 2, Lane.ENGINE)
        idle(qtbot, tasks)
        assert ends.seen == [("result", 2)]
    assert [kind for kind, *_ in caught] == [ValueError]


def test_busy_and_idle_are_told(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    told: list[bool] = []
    tasks.idle_changed.connect(told.append)
    ends.run(tasks, lambda _report: 1)
    idle(qtbot, tasks)
    assert told == [False, True]


def test_closing_waits_for_running_work_and_delivers_nothing(qapp: object, ends: Ends, qtbot: QtBot) -> None:
    tasks = Tasks()
    gate = Gate()
    finished = []

    def work(_report: Report) -> None:
        gate.pass_through()
        finished.append(True)

    ends.run(tasks, work)
    ends.run(tasks, lambda _report: 2)
    assert gate.reached.wait(20)
    threading.Timer(0.05, gate.open).start()
    assert tasks.close()
    assert finished == [True]
    before = list(ends.seen)
    ends.run(tasks, lambda _report: 3)
    qtbot.waitUntil(lambda: True)
    assert ends.seen == before


def test_closing_says_when_work_does_not_end(qapp: object, ends: Ends) -> None:
    tasks = Tasks()
    gate = Gate()
    ends.run(tasks, lambda _report: gate.pass_through())
    assert gate.reached.wait(20)
    assert not tasks.close(timeout_ms=10)
    gate.open()
    assert tasks.close()


def test_of_many_that_can_wait_the_window_has_a_turn_before_each(
    tasks: Tasks, ends: Ends, qtbot: QtBot
) -> None:
    said: list[str] = []
    beat = QTimer(interval=0)
    beat.timeout.connect(lambda: said.append("turn"))
    for _ in range(20):
        ends.run(tasks, lambda _report: said.append("work"), Lane.LATER)
    beat.start()
    idle(qtbot, tasks)
    beat.stop()
    assert said.count("work") == 20
    assert ("work", "work") not in set(itertools.pairwise(said))


def test_what_is_seen_goes_before_what_can_wait_and_both_after_what_is_waited_for(
    tasks: Tasks, ends: Ends, qtbot: QtBot
) -> None:
    gate, done = Gate(), []
    ends.run(tasks, lambda _report: done.append("later"), Lane.LATER)
    ends.run(tasks, lambda _report: done.append("seen"), Lane.SEEN)
    ends.run(tasks, lambda _report: gate.pass_through())
    qtbot.waitUntil(gate.reached.is_set)
    turns: list[bool] = []
    QTimer.singleShot(0, lambda: turns.append(True))
    qtbot.waitUntil(lambda: bool(turns))
    assert done == []
    gate.open()
    idle(qtbot, tasks)
    assert done == ["seen", "later"]


def test_what_can_wait_is_hurried(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    gate, done = Gate(), []
    ends.run(tasks, lambda _report: gate.pass_through(), Lane.LATER)
    ends.run(tasks, lambda _report: done.append("other"), Lane.LATER)
    wanted = ends.run(tasks, lambda _report: done.append("wanted"), Lane.LATER)
    qtbot.waitUntil(gate.reached.is_set)
    tasks.hurry(wanted)
    qtbot.waitUntil(lambda: done == ["wanted"])
    gate.open()
    idle(qtbot, tasks)
    assert done == ["wanted", "other"]


def test_nothing_that_can_wait_begins_beside_what_was_hurried(tasks: Tasks, ends: Ends, qtbot: QtBot) -> None:
    first, hurried, done = Gate(), Gate(), []
    ends.run(tasks, lambda _report: first.pass_through(), Lane.LATER)
    wanted = ends.run(tasks, lambda _report: hurried.pass_through(), Lane.LATER)
    ends.run(tasks, lambda _report: done.append("other"), Lane.LATER)
    qtbot.waitUntil(first.reached.is_set)
    tasks.hurry(wanted)
    qtbot.waitUntil(hurried.reached.is_set)
    first.open()
    qtbot.waitUntil(lambda: len(ends.seen) == 1)
    # It would have its turn now, and be over before a question that is asked after that.
    turns: list[bool] = []
    QTimer.singleShot(0, lambda: turns.append(True))
    qtbot.waitUntil(lambda: bool(turns))
    ends.run(tasks, lambda _report: done.append("engine"), Lane.ENGINE)
    qtbot.waitUntil(lambda: len(ends.seen) == 2)
    assert done == ["engine"]
    hurried.open()
    idle(qtbot, tasks)
    assert done == ["engine", "other"]
