"""`Native`: what ctypes hands out (a library, a function, a structure, a pointer). It has no static type."""

from typing import Any

Native = Any
