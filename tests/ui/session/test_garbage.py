"""All objects are looked through in a quiet moment only."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.support.gate import Gate
from ui.session.garbage import Garbage
from ui.session.tasks import Tasks


@pytest.fixture
def tasks(qapp: object) -> Iterator[Tasks]:
    made = Tasks()
    yield made
    assert made.close()


@pytest.fixture
def garbage(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> Iterator[Garbage]:
    monkeypatch.setattr("ui.session.garbage.REST_MS", 0)
    monkeypatch.setattr("gc.get_count", lambda: (0, 0, 1_000))
    made = Garbage(tasks)
    yield made
    made.close()


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was looked through, instead of looking."""
    seen: list[str] = []
    monkeypatch.setattr("gc.collect", lambda: seen.append("all"))
    return seen


def test_python_looks_through_everything_no_more_by_itself_and_then_again(tasks: Tasks) -> None:
    before = gc.get_threshold()
    garbage = Garbage(tasks)
    young, middle, old = gc.get_threshold()
    assert (young, middle) == before[:2]
    assert old > 1_000_000
    garbage.close()
    assert gc.get_threshold() == before


def test_it_waits_until_nothing_is_asked(
    garbage: Garbage, tasks: Tasks, collected: list[str], qtbot: QtBot
) -> None:
    gate = Gate()
    tasks.run(lambda _report: None, on_result=lambda _: None)
    tasks.run(lambda _report: gate.pass_through(), on_result=lambda _: None)
    qtbot.waitUntil(gate.reached.is_set)
    qtbot.wait(1)
    assert not garbage.rest.isActive()
    assert collected == []
    gate.open()
    qtbot.waitUntil(lambda: collected == ["all"])


def test_where_python_would_not_have_looked_neither_is_looked_now(
    garbage: Garbage, tasks: Tasks, collected: list[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gc.get_count", lambda: (0, 0, 0))
    with qtbot.waitSignal(garbage.rest.timeout):
        tasks.run(lambda _report: None, on_result=lambda _: None)
    assert collected == []
