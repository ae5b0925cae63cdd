"""Windows' counters of lent memory, asked of a library that is made up: bad answers first."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import pytest

from advisor.probe.lent_memory import CounterItem, lent_bytes, shared_usage
from advisor.units import MiB

MORE_DATA, NO_DATA, NO_OBJECT, NO_INSTANCE = 0x800007D2, 0x800007D5, 0xC0000BB8, 0x800007D1


def signed(status: int) -> int:
    """As ctypes returns it."""
    return ctypes.c_int32(status).value


class Library:
    """pdh.dll with one query: `values` are (status, bytes), `fails` the status of a function by name."""

    def __init__(self, values: Sequence[tuple[int, int]] = (), **fails: int) -> None:
        self.values, self.fails = values, fails
        self.path, self.n_open = "", 0
        self.declared: int | None = None  # the size of the answer, if not the right one

    def PdhOpenQueryW(self, *_: Any) -> int:
        if "open" not in self.fails:
            self.n_open += 1
        return self._answer("open")

    def PdhAddEnglishCounterW(self, *arguments: Any) -> int:
        self.path = arguments[1].value
        return self._answer("add")

    def PdhCollectQueryData(self, *_: Any) -> int:
        return self._answer("collect")

    def PdhGetFormattedCounterArrayW(self, *arguments: Any) -> int:
        _counter, kind, size, count, room = arguments
        assert kind.value == 0x400
        wanted = len(self.values) * ctypes.sizeof(CounterItem) + 64
        count._obj.value = len(self.values)
        if room is None:
            size._obj.value = wanted if self.declared is None else self.declared
            return self._answer("size") if "size" in self.fails else signed(MORE_DATA if self.values else 0)
        items = (CounterItem * len(self.values)).from_buffer(room)
        for item, (status, value) in zip(items, self.values, strict=True):
            item.status, item.value = status, value
        return self._answer("fill")

    def PdhCloseQuery(self, *_: Any) -> int:
        self.n_open -= 1
        return 0

    def _answer(self, name: str) -> int:
        return signed(self.fails.get(name, 0))


def test_the_item_is_as_large_as_windows_says() -> None:
    assert ctypes.sizeof(CounterItem) == 24
    assert CounterItem.value.offset == 16


@pytest.mark.parametrize("function", ["open", "add", "collect", "size", "fill"])
def test_a_function_that_fails_tells_nothing_and_leaves_nothing_open(function: str) -> None:
    library = Library([(0, MiB)], **{function: NO_OBJECT})
    assert shared_usage(library, 7) is None
    assert library.n_open == 0


@pytest.mark.parametrize("size", [0, 1 << 31])
def test_an_answer_of_absurd_size_tells_nothing(size: int) -> None:
    library = Library([(0, MiB)])
    library.declared = size
    assert shared_usage(library, 7) is None


@pytest.mark.parametrize(
    ("function", "status"), [("collect", NO_DATA), ("size", NO_DATA), ("size", NO_INSTANCE)]
)
def test_a_process_that_uses_no_gpu_has_borrowed_nothing(function: str, status: int) -> None:
    assert shared_usage(Library(**{function: status}), 7) == 0
    assert shared_usage(Library(), 7) == 0


def test_all_gpus_count_and_only_what_is_valid() -> None:
    library = Library([(0, 100 * MiB), (1, 20 * MiB), (NO_INSTANCE, 5 * MiB), (0, -1)])
    assert shared_usage(library, 4711) == 120 * MiB
    assert library.path == r"\GPU Process Memory(pid_4711_*)\Shared Usage"
    assert library.n_open == 0


def test_elsewhere_nobody_tells() -> None:
    assert lent_bytes(7, "linux") is None
    assert lent_bytes(None, "darwin") is None
    assert lent_bytes(None, "win32") == 0
    assert lent_bytes(7, "win32") is None  # there is no such library here
