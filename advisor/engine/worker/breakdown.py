"""`llama_get_memory_breakdown`: llama.cpp's own answer to what lies in which kind of buffer, to the byte.

It is a C++ function (src/llama-context.cpp) that returns a std::map from buffer type to three sizes. The map
is read as the C++ library lays it out in memory; where the function or a known layout is missing, there is
no breakdown and the log lines have to do.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator

from .library import Library
from .native import Native

SYMBOL = "_Z26llama_get_memory_breakdownPK13llama_context"  # the same in GCC's and Clang's mangling
MAX_BUFFER_TYPES = 256  # far above what any build has: a larger count means another layout


class Sizes(ctypes.Structure):
    """The map's value: struct llama_memory_breakdown_data."""

    _fields_ = [
        ("model", ctypes.c_size_t),
        ("context", ctypes.c_size_t),
        ("compute", ctypes.c_size_t),
    ]


class GnuMap(ctypes.Structure):
    """std::map of libstdc++: the comparator, then the header node of a red-black tree, then the count."""

    _fields_ = [
        ("compare", ctypes.c_void_p),
        ("color", ctypes.c_size_t),
        ("root", ctypes.c_void_p),
        ("leftmost", ctypes.c_void_p),
        ("rightmost", ctypes.c_void_p),
        ("count", ctypes.c_size_t),
    ]


class GnuNode(ctypes.Structure):
    _fields_ = [
        ("color", ctypes.c_size_t),
        ("parent", ctypes.c_void_p),
        ("left", ctypes.c_void_p),
        ("right", ctypes.c_void_p),
        ("buffer_type", ctypes.c_void_p),
        ("sizes", Sizes),
    ]


class ClangMap(ctypes.Structure):
    """std::map of libc++: the first node, the end node (its left child is the root), the count."""

    _fields_ = [
        ("first", ctypes.c_void_p),
        ("root", ctypes.c_void_p),
        ("count", ctypes.c_size_t),
    ]


class ClangNode(ctypes.Structure):
    _fields_ = [
        ("left", ctypes.c_void_p),
        ("right", ctypes.c_void_p),
        ("parent", ctypes.c_void_p),
        ("is_black", ctypes.c_size_t),
        ("buffer_type", ctypes.c_void_p),
        ("sizes", Sizes),
    ]


LAYOUTS: dict[str, tuple[Native, Native]] = {"linux": (GnuMap, GnuNode), "darwin": (ClangMap, ClangNode)}


class Breakdown:
    """The function, where there is one that can be read."""

    def __init__(self, function: Native, node: Native) -> None:
        self._function = function
        self._node = node

    def of(self, context: Native) -> list[tuple[int, Sizes]] | None:
        """(buffer type, sizes) for each kind of buffer; None if the map does not read as one."""
        answer = self._function(context)
        if not 0 < answer.count <= MAX_BUFFER_TYPES:
            return None
        entries = list(_nodes(answer.root, self._node, answer.count))
        if len(entries) != answer.count:
            return None
        # The map and its nodes (72 bytes each) are not given back: its destructor is not exported.
        return [(node.buffer_type, node.sizes) for node in entries]


def find(library: Library) -> Breakdown | None:
    """The breakdown function of this library, or None where it cannot be used."""
    layout = LAYOUTS.get(sys.platform)
    if layout is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    map_type, node_type = layout
    try:
        function = library.symbol(SYMBOL, map_type, ctypes.c_void_p)
    except AttributeError:
        return None
    return Breakdown(function, node_type)


def _nodes(address: int | None, node_type: Native, at_most: int) -> Iterator[Native]:
    """The nodes of the tree below `address`, in any order, never more than `at_most` + 1."""
    waiting = [address] if address else []
    for _ in range(at_most + 1):
        if not waiting:
            return
        node = node_type.from_address(waiting.pop())
        waiting.extend(child for child in (node.left, node.right) if child)
        yield node
