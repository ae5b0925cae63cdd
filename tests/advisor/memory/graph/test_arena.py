from hypothesis import given
from hypothesis import strategies as st

from advisor.memory.graph.arena import ALIGNMENT, Arena
from advisor.units import pad


def test_tensors_are_packed_from_the_start() -> None:
    arena = Arena()
    assert arena.take(100) == (0, 128)
    assert arena.take(32) == (128, 32)
    assert arena.peak_bytes == 160


def test_nothing_takes_no_room() -> None:
    arena = Arena()
    assert arena.take(0) == (0, 0)
    arena.give((0, 0))
    assert arena.peak_bytes == 0


def test_the_smallest_hole_that_fits_is_used() -> None:
    arena = Arena()
    large, wall, small, _end = arena.take(128), arena.take(32), arena.take(64), arena.take(32)
    arena.give(large)
    arena.give(small)
    assert arena.take(64) == small
    assert arena.take(64) == (0, 64)
    assert wall == (128, 32)


def test_a_hole_that_is_too_small_is_passed_over() -> None:
    arena = Arena()
    first, _wall = arena.take(64), arena.take(32)
    arena.give(first)
    assert arena.take(96) == (96, 96)


def test_neighbouring_holes_join() -> None:
    arena = Arena()
    pieces = [arena.take(64) for _ in range(4)]
    for i in (0, 2, 1):
        arena.give(pieces[i])
    assert arena.take(192) == (0, 192)
    arena.give(pieces[3])
    assert arena.take(1024) == (192, 1024)  # joined with the endless end


@given(st.lists(st.tuples(st.integers(0, 5000), st.booleans(), st.integers(0, 50)), max_size=80))
def test_living_tensors_never_overlap_and_the_end_is_the_peak(steps: list[tuple[int, bool, int]]) -> None:
    arena, living = Arena(), []
    peak = 0
    for n_bytes, frees, which in steps:
        if frees and living:
            arena.give(living.pop(which % len(living)))
            continue
        piece = arena.take(n_bytes)
        assert piece[1] == pad(n_bytes, ALIGNMENT)
        assert all(piece[0] + piece[1] <= o or o + s <= piece[0] for o, s in living if s and piece[1])
        living.append(piece)
        peak = max(peak, sum(piece) if piece[1] else 0)
    assert arena.peak_bytes == peak
    for piece in living:
        arena.give(piece)
    assert arena.take(peak or 32) == (0, pad(peak or 32, ALIGNMENT))  # all holes have joined
