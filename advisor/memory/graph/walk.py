"""`Walk`: the state while a graph is replayed, and the pass that it is replayed for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.memory.graph.arena import Arena, Piece
from advisor.model.facts import Attention
from advisor.units import CONTEXT_STEP, pad

F32 = 4
F16 = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """The worst case that llama.cpp reserves for: a full ubatch over a full cache.

    Mirrors `sched_reserve` (src/llama-context.cpp). Cells are those of one stream.
    """

    architecture: str
    n_embd: int
    n_vocab: int
    n_expert: int
    per_layer_width: int
    value_row_max: int
    has_cache: bool
    n_tokens: int
    n_outputs: int
    n_seqs: int
    n_stream: int
    n_cells: int
    n_window_cells: int  # 0: no layer has a window
    flash_attn: bool
    quantized_k: bool
    quantized_v: bool
    unpacks_k: bool = False  # CUDA copies a cache of another type to half precision for flash attention
    unpacks_v: bool = False
    has_rope_table: bool = False  # rotating reads a weight, too, and so begins a split of its own
    is_reordered: bool = False  # Vulkan computes Q, K and V at once (ggml_vk_graph_optimize)
    head_bytes: int = 0  # of an output matrix that is copied for the pass

    @property
    def selects_blocks(self) -> bool:
        """minimax-m3 is sparse only with flash attention and one stream a sequence."""
        return self.flash_attn and self.n_seqs == self.n_stream

    def scratch_bytes(self, attention: Attention, n_cells: int) -> int:
        """That copy: part of the operation's own allocation (ggml-cuda/fattn.cu), a layer at a time."""
        width = attention.key_length if self.unpacks_k else 0
        if self.unpacks_v and not attention.keys_only:
            width += attention.value_length
        return F16 * n_cells * self.n_stream * attention.head_count_kv * width

    def compressed_cells(self, attention: Attention) -> int:
        """Cells of a cache in which one key stands for several tokens (src/llama-kv-cache-dsv4.cpp)."""
        return pad(-(-self.n_cells // attention.compress_ratio), CONTEXT_STEP)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a block needs that lies on another device: it is copied over and goes after its use.

    Mirrors pass 5 of `ggml_backend_sched_split_graph` (ggml/src/ggml-backend.cpp): an operation with a
    foreign matrix begins a split, and a split begins with the copies that it needs.
    """

    matrices: Mapping[str, int] = field(default_factory=dict)  # bytes by short name
    cache: tuple[int, ...] = ()  # the block's K and V, in bytes
    state_bytes: int = 0  # recurrent
    is_split: bool = False  # another device works in between: the cache is copied when it is read
    experts_elsewhere: bool = False  # their results come from there


NOTHING = Carried()


class Walk:
    """Places and frees the activations of one pass; widths are elements of a token's row.

    Inputs lie below everything else and go with the last block that reads them, which leaves a hole for
    what comes after.
    """

    __slots__ = (
        "_inputs",
        "_last_reader",
        "_pending",
        "arena",
        "borrowed",
        "carried",
        "index",
        "is_device",
        "load",
        "n_rows",
    )

    def __init__(self, load: Pass, *, is_device: bool = False) -> None:
        self.is_device = is_device  # not the host
        self.arena = Arena()
        self.load = load
        self.n_rows = load.n_tokens
        self.index = 0  # of the block that is being replayed
        self.carried = NOTHING  # by that block
        self.borrowed: dict[int, tuple[Piece, ...]] = {}  # by block: copies that were made before it began
        self._inputs: dict[str, Piece] = {}
        self._last_reader: dict[str, int] = {}
        self._pending: dict[str, int] = {}

    def new(self, width: int, element_bytes: int = F32, *, by: str = "", reads: str = "") -> Piece:
        """An activation: one row of `width` elements a token; `by` is the matrix whose product it is.

        `reads` is an input of the same split.
        """
        matrix = self.arena.take(self.carried.matrices.get(by, 0))
        self.reach(reads)
        result = self.arena.take(width * self.n_rows * element_bytes)
        self.arena.give(matrix)
        return result

    def take(self, n_bytes: int) -> Piece:
        """A tensor that is not one row a token."""
        return self.arena.take(n_bytes)

    def free(self, *pieces: Piece | None) -> None:
        for piece in pieces:
            if piece is not None:
                self.arena.give(piece)

    def turn(self, old: Piece, width: int, element_bytes: int = F32, *, by: str = "") -> Piece:
        """An operation that cannot work in place: the new tensor is placed, then the old one goes."""
        new = self.new(width, element_bytes, by=by)
        self.arena.give(old)
        return new

    def add_input(self, name: str, n_bytes: int, last_reader: int, *, is_pending: bool = False) -> None:
        """Something that is there before the pass and stays until block `last_reader` has read it.

        What is pending is copied only with the first split that reads it.
        """
        self._last_reader[name] = last_reader
        if is_pending:
            self._pending[name] = n_bytes
        else:
            self._inputs[name] = self.arena.take(n_bytes)

    def reach(self, name: str) -> None:
        """Copies a pending input."""
        if name in self._pending:
            self._inputs[name] = self.arena.take(self._pending.pop(name))

    def fetch_cache(self, mask: str) -> tuple[Piece, ...]:
        """What one operation reads of the cache and, with it, its mask, if they are elsewhere."""
        pieces = self.borrowed.pop(self.index, ())
        if pieces or not self.carried.cache:
            self.reach(mask)
            return pieces
        k, *others = self.carried.cache
        first = self.arena.take(k)
        if not self.load.flash_attn:  # the mask comes in the order in which it is read
            self.reach(mask)
        pieces = (first, *(self.arena.take(n_bytes) for n_bytes in others))
        self.reach(mask)
        return pieces

    def has_read(self, name: str) -> None:
        """The current block has read an input; frees it after its last reader."""
        if self._last_reader.get(name) == self.index:
            self.arena.give(self._inputs.pop(name, (0, 0)))
