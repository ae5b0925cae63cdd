"""The map is built here as the two C++ libraries lay it out; both were compared with compiled ones."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import pytest

from advisor.engine.worker import breakdown
from advisor.engine.worker.breakdown import LAYOUTS, MAX_BUFFER_TYPES, Breakdown

Entry = tuple[int, int, int, int]  # buffer type, model, context, compute


def _tree(entries: list[Entry], node_type: Any, kept: list[Any]) -> int | None:
    """The address of a balanced tree of the entries; its nodes are put into `kept`."""
    if not entries:
        return None
    middle = len(entries) // 2
    node = node_type()
    node.buffer_type = entries[middle][0]
    node.sizes.model, node.sizes.context, node.sizes.compute = entries[middle][1:]
    node.left = _tree(entries[:middle], node_type, kept)
    node.right = _tree(entries[middle + 1 :], node_type, kept)
    kept.append(node)
    return ctypes.addressof(node)


def _read(layout: str, entries: list[Entry], count: int | None = None) -> list[Entry] | None:
    map_type, node_type = LAYOUTS[layout]
    kept: list[Any] = []
    answer = map_type()
    answer.root = _tree(entries, node_type, kept)
    answer.count = len(entries) if count is None else count
    function: Callable[[object], Any] = lambda _context: answer  # noqa: E731 - stands for the C++ function
    found = Breakdown(function, node_type).of(None)
    if found is None:
        return None
    return sorted((buffer, sizes.model, sizes.context, sizes.compute) for buffer, sizes in found)


def _entries(n: int) -> list[Entry]:
    return [(16 * i, i, 10 * i, 100 * i) for i in range(1, n + 1)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("n", [1, 2, 3, 7, 40])
def test_every_buffer_type_is_read(layout: str, n: int) -> None:
    assert _read(layout, _entries(n)) == _entries(n)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [0, 4, 6, MAX_BUFFER_TYPES + 1, 2**60])
def test_a_map_that_does_not_read_as_one_is_no_breakdown(layout: str, count: int) -> None:
    assert _read(layout, _entries(5), count) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tree_that_goes_in_circles_is_left(layout: str) -> None:
    map_type, node_type = LAYOUTS[layout]
    node, answer = node_type(), map_type()
    node.left = node.right = answer.root = ctypes.addressof(node)
    answer.count = 3
    assert Breakdown(lambda _context: answer, node_type).of(None) is None


class Symbols:
    """A library with one function, or none."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def symbol(self, name: str, *_types: object) -> str:
        if name not in self.names:
            raise AttributeError(name)
        return name


@pytest.mark.parametrize("platform", LAYOUTS)
def test_the_function_is_used_where_its_map_can_be_read(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breakdown.sys, "platform", platform)
    library: Any = Symbols(breakdown.SYMBOL)
    assert breakdown.find(library) is not None


def test_without_the_function_there_is_no_breakdown() -> None:
    library: Any = Symbols()
    assert breakdown.find(library) is None


def test_where_the_layout_is_not_known_there_is_no_breakdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakdown.sys, "platform", "win32")
    library: Any = Symbols(breakdown.SYMBOL)
    assert breakdown.find(library) is None
