"""ggml's graph allocator, replayed: the same best fit, so the same holes and the same high-water mark.

Mirrors `ggml_dyn_tallocr_alloc` and `ggml_dyn_tallocr_free_bytes` (ggml/src/ggml-alloc.c). Only sizes are
handled, no memory is.
"""

from __future__ import annotations

from advisor.units import pad

ALIGNMENT = 32  # TENSOR_ALIGNMENT of the CPU; other backends align to 128, which moves the sum by bytes
_ENDLESS = 1 << 62

Piece = tuple[int, int]  # offset and size of one tensor, in bytes


class Arena:
    """One buffer while a graph is walked; `peak_bytes` is what llama.cpp allocates for it."""

    __slots__ = ("_free", "peak_bytes")

    def __init__(self) -> None:
        self._free: list[list[int]] = [[0, _ENDLESS]]
        self.peak_bytes = 0

    def take(self, n_bytes: int) -> Piece:
        """Places a tensor in the smallest hole that holds it, else at the end."""
        size = pad(n_bytes, ALIGNMENT)
        if not size:
            return 0, 0
        free = self._free
        best, best_size = len(free) - 1, _ENDLESS
        for i in range(len(free) - 1):
            if size <= free[i][1] <= best_size:
                best, best_size = i, free[i][1]
        offset, hole = free[best]
        if hole == size:
            del free[best]
        else:
            free[best] = [offset + size, hole - size]
        self.peak_bytes = max(self.peak_bytes, offset + size)
        return offset, size

    def give(self, piece: Piece) -> None:
        """Frees a tensor and joins the hole with its neighbours."""
        offset, size = piece
        if not size:
            return
        free = self._free
        i = 0
        while free[i][0] < offset:
            i += 1
        free.insert(i, [offset, size])
        if free[i][0] + free[i][1] == free[i + 1][0]:
            free[i][1] += free.pop(i + 1)[1]
        if i and free[i - 1][0] + free[i - 1][1] == free[i][0]:
            free[i - 1][1] += free.pop(i)[1]
