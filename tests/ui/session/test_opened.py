"""Which models are open and which is shown, told once for all that is new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject

from tests.support import answers
from ui.session.opened import OpenedModels
from ui.session.state import OpenModel

A, B, C = Path("/m/a.gguf"), Path("/m/b.gguf"), Path("/m/c.gguf")


class Told:
    """What the list says, in order."""

    def __init__(self, opened: OpenedModels) -> None:
        self.seen: list[str] = []
        opened.changed.connect(lambda: self.seen.append("changed"))
        opened.current_changed.connect(lambda: self.seen.append("current"))
        for signal, word in ((opened.opened, "opened"), (opened.shown, "shown"), (opened.closing, "closing")):
            signal.connect(lambda model, word=word: self.seen.append(f"{word} {model.path.stem}"))


@pytest.fixture
def opened(qapp: QObject) -> OpenedModels:
    return OpenedModels(qapp)


def test_several_are_told_as_one_change_and_the_first_is_shown(opened: OpenedModels) -> None:
    told = Told(opened)
    found = opened.open([A, B])
    assert [model.path for model in found] == [A, B]
    assert opened.all == found
    assert told.seen == ["changed", "current", "shown a", "opened a", "opened b"]


def test_the_same_file_twice_is_one_model(opened: OpenedModels) -> None:
    first, second = opened.open([A, A])
    assert first is second
    told = Told(opened)
    assert opened.open([A]) == [first]
    assert told.seen == ["shown a"]
    assert opened.open([]) == []


def test_a_part_of_an_open_model_is_that_model(opened: OpenedModels) -> None:
    [model] = opened.open([A])
    facts = answers.model().facts
    model.facts = replace(facts, shards=(A, B))
    assert opened.open([B]) == [model]
    assert len(opened.all) == 1


def test_what_was_shown_before_is_known(opened: OpenedModels) -> None:
    [first] = opened.open([A])
    second, third = opened.open([B, C])
    assert first.came_after is None
    assert second.came_after is first
    assert third.came_after is second  # the first of those that came together


def test_a_closed_one_is_still_there_when_that_is_told(opened: OpenedModels) -> None:
    first, second = opened.open([A, B])
    there: list[bool] = []
    opened.closing.connect(lambda model: there.append(model in opened.all))
    told = Told(opened)
    opened.close(first)
    assert there == [True]
    assert opened.current is second
    assert told.seen == ["closing a", "changed", "current", "shown b"]
    opened.close(second)
    assert opened.current is None


def test_one_that_belongs_to_another_gives_way_to_it(opened: OpenedModels) -> None:
    first, second, third = opened.open([A, B, C])
    opened.leave(second, third)
    assert opened.all == [first, third]
    assert opened.current is first  # it was not the one that left
    opened.leave(first, third)
    assert opened.current is third
    opened.leave(OpenModel(B), first)  # closed meanwhile
    assert opened.all == [third]


def test_twins_are_models_of_the_same_several_parts(opened: OpenedModels) -> None:
    first, second = opened.open([A, B])
    facts = answers.model().facts
    for model in (first, second):
        model.facts = replace(facts, shards=(C,))
    assert opened.twin(second) is None
    for model in (first, second):
        model.facts = replace(facts, shards=(A, B))
    assert opened.twin(second) is first
