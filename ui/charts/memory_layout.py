"""What a device's memory bar is made of, and where each piece lies. No Qt: pixels are plain floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from advisor.basis import Basis
from advisor.memory.plan import DeviceMemory


class Part(StrEnum):
    """The pieces in the order in which they are drawn."""

    WEIGHTS = "weights"
    COMPANIONS = "companions"  # what is loaded beside the model: a projector, a draft model
    KV_PROMPT = "kv_prompt"  # the share of the prompt that one means to send
    KV_GROW = "kv_grow"  # the rest of it, where there is such a prompt
    KV_CACHE = "kv_cache"
    RECURRENT_STATE = "recurrent_state"
    COMPUTE = "compute"
    OUTPUT = "output"
    OVERHEAD = "overhead"
    OTHERS = "others"  # what other programs hold
    RESERVE = "reserve"  # kept free on purpose
    FREE = "free"  # headroom
    USABLE = "usable"  # the same, while no model is there


# Pixels: a few MiB beside 100 GiB must still be seen and pointed at.
SMALLEST = 4.0

# What the load itself takes; the rest is what there is.
LOAD_PARTS = (
    Part.WEIGHTS,
    Part.COMPANIONS,
    Part.KV_PROMPT,
    Part.KV_GROW,
    Part.KV_CACHE,
    Part.RECURRENT_STATE,
    Part.COMPUTE,
    Part.OUTPUT,
    Part.OVERHEAD,
)


_BASIS = {Part.KV_PROMPT: Part.KV_CACHE, Part.KV_GROW: Part.KV_CACHE}  # a share has the whole's


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece. `basis` is None for what is read from the system and not planned."""

    part: Part
    n_bytes: int
    basis: Basis | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A segment in its place, in pixels from the left edge of the bar."""

    segment: Segment
    left: float
    width: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def prompt_share(n_prompt: int | None, n_ctx_per_slot: int) -> float:
    """How much of one user's context a prompt of so many tokens takes, 0 to 1."""
    return min((n_prompt or 0) / n_ctx_per_slot, 1.0)


def segments(memory: DeviceMemory, prompt: float = 0.0) -> tuple[Segment, ...]:
    """The non-empty pieces of a device's bar, with `prompt` as the share of the KV cache that is spoken for.

    Their sum is the device's capacity, or more: then the load does not fit beside what others hold and
    the reserve.
    """
    buffers = memory.buffers
    prompt_bytes = round(buffers.kv_cache_bytes * prompt)
    load = {
        Part.WEIGHTS: buffers.weights_bytes,
        Part.COMPANIONS: memory.companions_bytes,
        Part.KV_PROMPT: prompt_bytes,
        Part.KV_GROW if prompt else Part.KV_CACHE: buffers.kv_cache_bytes - prompt_bytes,
        Part.RECURRENT_STATE: buffers.recurrent_state_bytes,
        Part.COMPUTE: buffers.compute_bytes,
        Part.OUTPUT: buffers.output_bytes,
        Part.OVERHEAD: memory.overhead_bytes,
    }
    free_bytes = memory.device_total_bytes if memory.free_bytes is None else memory.free_bytes
    pieces = [Segment(part, size, memory.basis.get(_BASIS.get(part, part))) for part, size in load.items()]
    pieces += [
        Segment(Part.OTHERS, memory.device_total_bytes - free_bytes),
        Segment(Part.RESERVE, free_bytes - memory.usable_bytes),
        Segment(Part.FREE if memory.total_bytes else Part.USABLE, memory.usable_bytes - memory.total_bytes),
    ]
    return tuple(piece for piece in pieces if piece.n_bytes > 0)


def span_bytes(pieces: Sequence[Segment], capacity_bytes: int) -> int:
    """What the whole width stands for: the capacity, or the pieces where they are more."""
    return max(capacity_bytes, sum(piece.n_bytes for piece in pieces), 1)


def cells(pieces: Sequence[Segment], span: int, width: float, smallest: float = SMALLEST) -> tuple[Cell, ...]:
    """The pieces side by side over `width` pixels that stand for `span` bytes.

    None is narrower than `smallest`; the wider ones give way for it.
    """
    exact = [piece.n_bytes * width / span for piece in pieces]
    lifted = [max(size, smallest) for size in exact]
    excess = sum(lifted) - sum(exact)
    spare = sum(size - smallest for size in lifted)
    shrink = min(1.0, excess / spare) if spare > 0 else 0.0
    placed = []
    left = 0.0
    for piece, size in zip(pieces, lifted, strict=True):
        own = size - (size - smallest) * shrink
        placed.append(Cell(piece, left, own))
        left += own
    return tuple(placed)


def cell_at(placed: Sequence[Cell], x: float) -> int | None:
    """The index of the cell under `x`, None beside them."""
    return next((i for i, cell in enumerate(placed) if cell.left <= x < cell.right), None)
