"""Keeps PySide6 6.12 from destroying None, True and False on Python 3.11.

PySide6 6.12.0 is compiled as if these objects were immortal, which they are from Python 3.12 on: every
`Signal.emit` gives back a reference to True that was never taken, every slot and event handler that
returns None one to None. A Python 3.11 process then aborts ("bool_dealloc: deallocating True or False")
after some 500 signals. PySide6 6.8 to 6.11 are not affected. pyproject.toml asks for one of those there;
this holds the window up where another one is installed all the same.
"""

from __future__ import annotations

import ctypes
import sys

# More references than a window could give back in a lifetime, and far from overflowing the counter.
_REFERENCES = 1 << 40


def hold_singletons() -> None:
    """Make the singletons as good as immortal, as Python 3.12 does itself. Nothing to do there."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    for singleton in (None, True, False, NotImplemented):
        # The counter is the first field of a CPython object.
        count = ctypes.c_ssize_t.from_address(id(singleton))
        if count.value < _REFERENCES:
            count.value += _REFERENCES
