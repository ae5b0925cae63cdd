"""The copy fill: a context is filled with copies of one chunk that was really decoded.

Its state is saved, its positions are rewritten in the saved bytes, and it is loaded again behind what is
there. Shifting with llama_memory_seq_add instead would build another graph, which takes memory of its own
with a quantized cache, and aborts on models with several positions a token.
"""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass
from typing import Any

from .filling import Meter
from .library import Library
from .limits import MAX_SEQUENCES
from .real_context import RealContext
from .real_model import RealModel
from .refusal import Refusal

MIB = 1024 * 1024
CHUNK_STATE_BYTES = 64 * MIB
FEW = 8  # tokens: enough to see what one more adds
PARTS = 8  # of the large chunk: the small one, and so on
# Keep more than one cell a position, or cells whose copy is only half of them.
UNSUITABLE = frozenset({"deepseek4", "minimax-m3"})

# A cell's record in a saved sequence: position, 1, [x, y, token,] sequence
# (llama_kv_cache::state_write_meta).
RECORD_BYTES = (12, 24)


def check_model(model: RealModel, request: dict[str, Any]) -> None:
    """Raises Refusal("copy") for what cannot be filled by copies."""
    if model.architecture in UNSUITABLE:
        raise Refusal("copy", f"The cache of {model.architecture} cannot be filled by copies.")
    if request["n_seq_max"] > 1 and not request["kv_unified"]:
        raise Refusal("copy", "A cache that is split between slots cannot be filled by copies.")
    if request["n_seq_max"] >= MAX_SEQUENCES:
        raise Refusal("copy", "There is no sequence left to copy from.")


def own_context(request: dict[str, Any]) -> dict[str, Any]:
    """The settings of the context that is filled: one cache for all, and one sequence more."""
    n_seq_max = request["n_seq_max"] + 1
    outputs = request["n_outputs_max"]
    return {
        **request,
        "n_seq_max": n_seq_max,
        "kv_unified": True,
        "n_outputs_max": max(outputs, n_seq_max) if outputs else 0,
    }


@dataclass(frozen=True)
class Run:
    """The records of one cache's cells: where they begin in the saved state, and at which position."""

    offset: int
    count: int
    first: int
    record_bytes: int


class Chunk:
    """Tokens that were really decoded, as saved bytes that can be loaded at other positions."""

    def __init__(self, library: Library, context: RealContext, model: RealModel, n: int) -> None:
        llama, seq = library.llama, last_sequence(library, context)
        self.n = n
        size = context.state_bytes(seq)
        self.state = bytearray(size)
        self.pointer = (ctypes.c_uint8 * size).from_buffer(self.state)
        if llama.llama_state_seq_get_data(context.handle, self.pointer, size, seq) != size:
            raise Refusal("copy", "The chunk's state cannot be saved.")
        keeps_state = model.is_recurrent or model.is_hybrid
        self._runs = position_runs(self.state, n, seq)
        self._state_at = state_position(self.state, n) if keeps_state else None
        if not self._runs and not model.is_recurrent:
            raise Refusal("copy", "The positions are not where they are known to be in the saved state.")
        if keeps_state and self._state_at is None:
            raise Refusal("copy", "The state's position is not where it is known to be.")

    def move(self, first: int) -> None:
        """Its first token shall be at position `first`."""
        move_positions(self.state, self._runs, first)
        if self._state_at is not None:
            struct.pack_into("<i", self.state, self._state_at, first + self.n - 1)


class Copier:
    """Fills the gaps of sequence 0 with copies, and checks that they count as decoded tokens do."""

    def __init__(self, library: Library, context: RealContext, model: RealModel, meter: Meter) -> None:
        self._llama, self._context, self._model, self._meter = library.llama, context, model, meter
        self._seq = last_sequence(library, context)
        n = self._largest()
        try:
            # The smaller ones for what is left of a gap: decoding it takes long where the gap is deep.
            self._chunks = [self._decoded(library, size) for size in chunk_sizes(n)]
        except MemoryError:
            raise Refusal("copy", "There is no room for the saved chunk.") from None
        # The gap that was filled last: its start, its end, how many bytes it added, the size after it.
        self._gap: tuple[int, int, int, int] | None = None

    def fill_gap(self, first: int, end: int) -> int:
        """Copies as long as a whole one has room: the position that they came to."""
        at, before = first, self._context.state_bytes()
        for chunk in self._chunks:
            while at + chunk.n <= end:
                self._put(chunk, at)
                self._meter.add(chunk.n)
                at += chunk.n
        after = self._context.state_bytes()
        self._gap = (first, at, after - before, after) if at > first else None
        return at

    def check_mark(self, n_filled: int) -> None:
        """Raises Refusal("copy") unless copied tokens have grown the state as the decoded ones after them."""
        if self._gap is None:
            return
        start, end, copied_bytes, size = self._gap
        # Inside the window and beyond it a token adds a different number of bytes.
        if start <= self._model.n_swa < n_filled:
            return
        decoded_bytes = self._context.state_bytes() - size
        if copied_bytes * (n_filled - end) != decoded_bytes * (end - start):
            raise Refusal("copy", "Copied tokens do not take the cells that decoded ones take.")

    def _largest(self) -> int:
        """The most tokens in one decode whose state is small enough to be kept beside the context."""
        context = self._context
        n = largest_chunk(context.n_ctx_seq, context.n_ubatch)
        context.decode(FEW, 0, self._seq)
        few_bytes = context.state_bytes(self._seq)
        context.decode(FEW, FEW, self._seq)
        token_bytes = (context.state_bytes(self._seq) - few_bytes) // FEW
        self._clear()
        return min(n, max(FEW, CHUNK_STATE_BYTES // token_bytes)) if token_bytes else n

    def _decoded(self, library: Library, n: int) -> Chunk:
        self._context.decode(n, 0, self._seq)
        chunk = Chunk(library, self._context, self._model, n)
        self._clear()
        return chunk

    def _put(self, chunk: Chunk, first: int) -> None:
        """One copy, its first token at position `first` of sequence 0."""
        chunk.move(first)
        llama, context, size = self._llama, self._context, len(chunk.state)
        if llama.llama_state_seq_set_data(context.handle, chunk.pointer, size, self._seq) != size:
            raise Refusal("copy", f"A copy at position {first} finds no room.")
        llama.llama_memory_seq_cp(context.memory, self._seq, 0, -1, -1)
        self._clear()

    def _clear(self) -> None:
        self._llama.llama_memory_seq_rm(self._context.memory, self._seq, -1, -1)


def largest_chunk(n_ctx_seq: int, n_ubatch: int) -> int:
    """How many tokens a chunk may have: a ubatch; on a slow device decoding is far dearer than copying."""
    return max(FEW, min(n_ubatch, n_ctx_seq // 8))


def chunk_sizes(largest: int) -> list[int]:
    """How many tokens each chunk has, the largest first: the smallest decides how few are left over."""
    sizes = [largest]
    while sizes[-1] > FEW:
        sizes.append(max(FEW, sizes[-1] // PARTS))
    return sizes


def last_sequence(library: Library, context: RealContext) -> int:
    """The sequence beyond the user's own, from which is copied."""
    n_seq_max: int = library.llama.llama_n_seq_max(context.handle)
    return n_seq_max - 1


def position_runs(state: bytearray, n_chunk: int, seq: int) -> list[Run]:
    """The records of every cache in a saved sequence whose positions end at `n_chunk` - 1.

    A run counts only if the number of its records stands before it, as the writer puts it there.
    """
    runs = []
    last = n_chunk - 1
    at = state.find(struct.pack("<iI", last, 1))
    while at >= 0:
        for record in RECORD_BYTES:
            count = _records_before(state, at, last, seq, record)
            start = at - (count - 1) * record
            if count and start >= 8 and struct.unpack_from("<II", state, start - 8) == (1, count):
                runs.append(Run(start, count, n_chunk - count, record))
                break
        at = state.find(struct.pack("<iI", last, 1), at + 1)
    return runs


def _records_before(state: bytearray, at: int, last: int, seq: int, record: int) -> int:
    """How many records of this size end with the one at `at`, their positions counting down from `last`."""
    count = 0
    while count <= last and at >= 0 and at + record <= len(state):
        position, n_seq = struct.unpack_from("<iI", state, at)
        (its_seq,) = struct.unpack_from("<i", state, at + record - 4)
        if (position, n_seq, its_seq) != (last - count, 1, seq):
            break
        count += 1
        at -= record
    return count


def state_position(state: bytearray, n_chunk: int) -> int | None:
    """Where a recurrent state's position stands (llama_memory_recurrent::state_write): 1, position, 0, 0."""
    at = state.find(struct.pack("<IiII", 1, n_chunk - 1, 0, 0))
    return None if at < 0 else at + 4


def move_positions(state: bytearray, runs: list[Run], first: int) -> None:
    """Writes the positions of a copy whose first token lies at `first`; of several positions a token, all."""
    for run in runs:
        at = run.offset
        for position in range(first + run.first, first + run.first + run.count):
            struct.pack_into("<i", state, at, position)
            if run.record_bytes > RECORD_BYTES[0]:
                struct.pack_into("<ii", state, at + 8, position, position)
            at += run.record_bytes
