"""Work that can wait: one piece after the other, each begun when the window has listened and drawn.

A thousand files are read by the same interpreter that draws the window: two pieces in a row, and a frame is
late.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QTimer

T = TypeVar("T")


class Turns(QObject, Generic[T]):
    """A queue. `begin` starts a piece elsewhere, while `may_begin`; `ended` is told what is over."""

    def __init__(self, begin: Callable[[T], None], may_begin: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._begin = begin
        self._may_begin = may_begin
        self._waiting: deque[T] = deque()
        self._under_way: T | None = None
        self._next = QTimer(self, singleShot=True, interval=0)  # after what the window has to do
        self._next.timeout.connect(self._turn)

    def add(self, piece: T, *, is_next: bool = False) -> None:
        """Queue a piece at the end, or before all others."""
        if is_next:
            self._waiting.appendleft(piece)
        else:
            self._waiting.append(piece)
        if self._under_way is None:
            self._next.start()

    def take(self, piece: T) -> bool:
        """Take a piece out of the queue. False where it does not wait there."""
        if piece in self._waiting:
            self._waiting.remove(piece)
            return True
        return False

    def ended(self, piece: T) -> None:
        """This has ended, or something else that was in the way: it may be the next one's turn."""
        if piece == self._under_way:
            self._under_way = None
        if self._waiting:
            self._next.start()

    def clear(self) -> None:
        self._next.stop()
        self._waiting.clear()

    def _turn(self) -> None:
        if self._under_way is None and self._waiting and self._may_begin():
            self._under_way = self._waiting.popleft()
            self._begin(self._under_way)
