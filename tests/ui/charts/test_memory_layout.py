"""The pieces of a device's bar, and where they lie."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.basis import Basis
from advisor.memory.plan import DeviceMemory
from advisor.units import GiB, MiB
from tests.support import answers
from ui.charts.memory_layout import (
    LOAD_PARTS,
    SMALLEST,
    Part,
    Segment,
    cell_at,
    cells,
    prompt_share,
    segments,
    span_bytes,
)

SIZES = st.lists(st.integers(1, 200 * GiB), min_size=1, max_size=9)


def a_gpu_line() -> DeviceMemory:
    return answers.recommendation().plan.memory[0]


def test_the_pieces_of_a_device_that_fits_are_its_capacity() -> None:
    line = a_gpu_line()
    pieces = segments(line)
    assert sum(piece.n_bytes for piece in pieces) == line.device_total_bytes
    assert [piece.part for piece in pieces][-3:] == [Part.OTHERS, Part.RESERVE, Part.FREE]
    load = sum(piece.n_bytes for piece in pieces if piece.part in LOAD_PARTS)
    assert load == line.total_bytes


def test_what_is_planned_says_its_basis_and_what_is_read_has_none() -> None:
    by_part = {piece.part: piece for piece in segments(a_gpu_line())}
    assert by_part[Part.KV_CACHE].basis is Basis.ENGINE
    assert by_part[Part.OVERHEAD].basis is Basis.ASSUMED
    assert by_part[Part.OTHERS].basis is None


def test_a_load_that_is_too_large_is_more_than_the_capacity_and_has_no_headroom() -> None:
    line = replace(a_gpu_line(), usable_bytes=GiB)
    pieces = segments(line)
    assert Part.FREE not in {piece.part for piece in pieces}
    assert span_bytes(pieces, line.device_total_bytes) > line.device_total_bytes


def test_an_unknown_free_is_not_shown_as_other_programs() -> None:
    line = replace(a_gpu_line(), free_bytes=None, usable_bytes=11 * GiB)
    by_part = {piece.part: piece.n_bytes for piece in segments(line)}
    assert Part.OTHERS not in by_part
    assert by_part[Part.RESERVE] == GiB


@given(st.integers(0, 300_000), st.sampled_from([256, 4096, 131072]))
def test_a_prompt_and_the_room_to_grow_are_the_whole_cache(n_prompt: int, n_ctx: int) -> None:
    share = prompt_share(n_prompt, n_ctx)
    assert 0 <= share <= 1
    assert (share == 1) == (n_prompt >= n_ctx)
    line = a_gpu_line()
    by_part = {piece.part: piece for piece in segments(line, share)}
    parts = [by_part[part] for part in (Part.KV_PROMPT, Part.KV_GROW, Part.KV_CACHE) if part in by_part]
    assert sum(piece.n_bytes for piece in parts) == line.buffers.kv_cache_bytes
    assert all(piece.basis is Basis.ENGINE for piece in parts)


def test_nothing_at_all_still_has_a_span() -> None:
    assert span_bytes((), 0) == 1
    assert cells((), 1, 100.0) == ()


@given(SIZES, st.integers(40, 4000))
def test_the_cells_fill_the_width_in_order(sizes: list[int], width: int) -> None:
    pieces = [Segment(Part.WEIGHTS, size) for size in sizes]
    placed = cells(pieces, sum(sizes), float(width))
    assert placed[0].left == 0
    assert placed[-1].right == pytest.approx(width, rel=1e-6)
    for before, after in itertools.pairwise(placed):
        assert after.left == pytest.approx(before.right)
    assert all(cell.width >= min(SMALLEST, width / len(sizes)) - 1e-6 for cell in placed)


def test_a_tiny_piece_beside_a_huge_one_can_be_seen_and_pointed_at() -> None:
    pieces = [Segment(Part.WEIGHTS, 800 * GiB), Segment(Part.OUTPUT, MiB)]
    huge, tiny = cells(pieces, 801 * GiB, 500.0)
    assert tiny.width == pytest.approx(SMALLEST)
    assert cell_at((huge, tiny), tiny.middle) == 1


def test_pointing_beside_the_pieces_finds_nothing() -> None:
    placed = cells([Segment(Part.WEIGHTS, GiB)], 2 * GiB, 100.0)
    assert cell_at(placed, 49.9) == 0
    assert cell_at(placed, 50.1) is None
    assert cell_at(placed, -1) is None
