"""`Stop`: the user's word to end a proof, from any thread and at any moment of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from advisor.errors import Cancelled


class Stop:
    """Asked once, never taken back."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._cancels: list[Callable[[], None]] = []

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        """Ends what is running; what has not begun does not begin."""
        self._asked.set()
        for cancel in list(self._cancels):
            cancel()

    def calls(self, cancel: Callable[[], None]) -> None:
        """`cancel` is what ends a call in progress; it must do nothing when there is none."""
        self._cancels.append(cancel)
        if self.is_asked:
            cancel()

    def go_on(self) -> None:
        """Raises Cancelled if it was asked."""
        if self.is_asked:
            raise Cancelled
