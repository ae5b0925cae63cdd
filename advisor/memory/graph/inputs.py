"""What is in place before the first block is computed: masks, the rows of the cache, decays, tables.

Mirrors the inputs of src/llama-graph.cpp and src/llama-kv-cache.cpp that the host makes for a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.memory.graph.attention import FULL, POSITIONS, WINDOW, mask_of
from advisor.memory.graph.block import Block
from advisor.memory.graph.compressed import COARSE, FINE
from advisor.memory.graph.recurrence import DECAY, decay_bytes, is_linear
from advisor.memory.graph.selection import INDEXER, n_scored, zeros_bytes, zeros_of
from advisor.memory.graph.walk import F16, F32, Pass, Walk

ROWS = "rows"  # of the cache, where the batch's V goes
_INDEX_BYTES = 8  # of a row of the cache: GGML_TYPE_I64
_POSITION_BYTES = 4
_ROTATION_BYTES = F32 * 64 * 64  # src/llama-kv-cache.cpp: attn_inp_k_rot


def masks_bytes(blocks: Sequence[Block], load: Pass) -> int:
    """The masks that these blocks read: made on the host, copied to every device that needs them."""
    return sum(masks_of(blocks, load).values())


def masks_of(blocks: Sequence[Block], load: Pass) -> dict[str, int]:
    """The masks by name, in bytes, with the row numbers that V needs without flash attention."""
    element = F16 if load.flash_attn else F32
    found: dict[str, int] = {}
    for block in blocks:
        for name in _read_by(block):
            if name == DECAY:
                found[name] = decay_bytes(load, block)
            elif name not in found:
                found[name] = _mask_cells(name, load, block) * load.n_tokens * element
                found[name] += _row_bytes(name, load)
    return found


def add_inputs(
    walk: Walk,
    blocks: Sequence[Block],
    steps: Sequence[Block],
    masks: Mapping[str, int],
    *,
    is_pending: bool = False,
) -> None:
    """What is in place before the first block: masks, decays and the tables of selecting blocks."""
    load = walk.load
    last_reader: dict[str, int] = {}
    tables = sum(zeros_bytes(load, block) for block in blocks)
    for i, block in enumerate(steps):
        last_reader |= dict.fromkeys(_read_by(block), i)
        if table := zeros_bytes(load, block):
            walk.add_input(zeros_of(i), table, i)
            tables -= table
    walk.take(tables)  # of the blocks that are not replayed
    for name in last_reader:
        if name in masks:
            is_late = is_pending and name in (FULL, WINDOW)
            n_rows = _row_bytes(name, load) if is_late else 0
            walk.add_input(name, masks[name] - n_rows, last_reader[name], is_pending=is_late)
    if is_pending:
        n_rows = sum(_row_bytes(name, load) for name in last_reader if name in masks)
        walk.add_input(ROWS, n_rows, len(steps), is_pending=True)
        n_bytes = _POSITION_BYTES * load.n_tokens + (_ROTATION_BYTES if load.quantized_k else 0)
        walk.add_input(POSITIONS, n_bytes, len(steps), is_pending=True)


def _row_bytes(name: str, load: Pass) -> int:
    """The numbers of the rows to which V goes, element by element, without flash attention."""
    is_needed = not load.flash_attn and name in (FULL, WINDOW)
    return _INDEX_BYTES * load.n_tokens * load.value_row_max if is_needed else 0


def _read_by(block: Block) -> list[str]:
    """The masks that a block reads."""
    attention = block.layer.attention
    if attention is None:
        return [DECAY] if is_linear(block) else []
    names = [mask_of(attention)]
    if block.has("indexer.attn_q_b") or (attention.indexer_pool > 1 and block.has("indexer.q_proj")):
        names.append(INDEXER)
    if attention.compress_ratio:
        names.append(FINE if block.has("indexer.attn_q_b") else COARSE)
    return names


def _mask_cells(name: str, load: Pass, block: Block) -> int:
    attention = block.layer.attention
    if name == WINDOW:
        return load.n_window_cells
    if name == FULL or attention is None:
        return load.n_cells
    return n_scored(load, attention)
