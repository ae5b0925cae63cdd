from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

import pytest

from advisor.engine.worker.copy_fill import (
    check_model,
    chunk_sizes,
    largest_chunk,
    move_positions,
    own_context,
    position_runs,
    state_position,
)
from advisor.engine.worker.refusal import Refusal

N, SEQ = 16, 1
REQUEST: dict[str, Any] = {"n_ctx": 4096, "n_seq_max": 1, "n_outputs_max": 1, "kv_unified": True}


def cells(count: int, *, wide: bool = False, seq: int = SEQ, declared: int | None = None) -> bytearray:
    """One cache's part of a saved sequence: streams, cells, the records of the last `count` positions."""
    out = bytearray(struct.pack("<II", 1, count if declared is None else declared))
    for position in range(N - count, N):
        out += struct.pack("<iI", position, 1)
        if wide:
            out += struct.pack("<iii", position, position, 77)
        out += struct.pack("<i", seq)
    return out


@pytest.mark.parametrize(
    "state",
    [
        bytearray(),
        bytearray(1000),
        cells(N)[8:],  # nothing says how many there are
        cells(N, declared=N - 1),
        cells(N, seq=3),  # another sequence's
        cells(N)[:-1],
    ],
    ids=["empty", "zeros", "no-count", "other-count", "other-sequence", "cut-off"],
)
def test_what_does_not_read_as_records_is_not_touched(state: bytearray) -> None:
    assert position_runs(state, N, SEQ) == []


def test_the_last_record_may_be_cut_off_anywhere() -> None:
    whole = cells(N)
    for length in range(len(whole)):
        assert position_runs(whole[:length], N, SEQ) == []


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("count", [1, 5, N])
def test_a_run_is_found_between_other_bytes(count: int, wide: bool) -> None:
    state = b"\x07" * 13 + cells(count, wide=wide) + b"\x01\x00\x00\x00" * 50
    (run,) = position_runs(bytearray(state), N, SEQ)
    assert (run.offset, run.count, run.first) == (13 + 8, count, N - count)


def test_data_that_looks_like_a_record_is_passed_over() -> None:
    looks = struct.pack("<iIi", N - 1, 1, SEQ)
    runs = position_runs(bytearray(looks + bytes(cells(N)) + bytes(8) + looks), N, SEQ)
    assert [run.offset for run in runs] == [len(looks) + 8]


def test_each_cache_has_its_run() -> None:
    state = cells(N) + bytearray(100) + cells(4)
    assert [run.count for run in position_runs(state, N, SEQ)] == [N, 4]


def test_positions_move_together() -> None:
    state = cells(N) + bytearray(100) + cells(4)
    size = len(state)
    runs = position_runs(state, N, SEQ)
    move_positions(state, runs, 100)
    move_positions(state, runs, 2000)
    assert len(state) == size
    values = [
        struct.unpack_from("<iIi", state, run.offset + 12 * i) for run in runs for i in range(run.count)
    ]
    assert values == [(2000 + p, 1, SEQ) for p in [*range(N), *range(N - 4, N)]]


def test_several_positions_a_token_move_and_the_token_stays() -> None:
    state = cells(N, wide=True)
    move_positions(state, position_runs(state, N, SEQ), 500)
    assert struct.unpack_from("<iIiiii", state, 8 + 24 * 3) == (503, 1, 503, 503, 77, SEQ)


def test_the_position_of_a_state_is_found() -> None:
    state = bytearray(20) + bytearray(struct.pack("<IiIII", 1, N - 1, 0, 0, 4))
    assert state_position(state, N) == 24
    assert state_position(state, N + 1) is None
    assert state_position(bytearray(), N) is None


@pytest.mark.parametrize(
    ("architecture", "change"),
    [
        ("deepseek4", {}),
        ("minimax-m3", {}),
        ("llama", {"n_seq_max": 2, "kv_unified": False}),
        ("llama", {"n_seq_max": 256}),
    ],
)
def test_what_cannot_be_copied_is_refused(architecture: str, change: dict[str, Any]) -> None:
    model: Any = SimpleNamespace(architecture=architecture)
    with pytest.raises(Refusal) as raised:
        check_model(model, {**REQUEST, **change})
    assert raised.value.kind == "copy"


@pytest.mark.parametrize("change", [{}, {"kv_unified": False}, {"n_seq_max": 4}, {"n_seq_max": 255}])
def test_other_contexts_may_be_copied(change: dict[str, Any]) -> None:
    model: Any = SimpleNamespace(architecture="llama")
    check_model(model, {**REQUEST, **change})


@pytest.mark.parametrize(
    ("n_ctx_seq", "n_ubatch", "wanted"), [(65536, 512, 512), (65536, 1, 8), (256, 512, 32), (32, 512, 8)]
)
def test_a_chunk_is_a_ubatch_or_less_in_a_short_context(n_ctx_seq: int, n_ubatch: int, wanted: int) -> None:
    assert largest_chunk(n_ctx_seq, n_ubatch) == wanted


@pytest.mark.parametrize(
    ("largest", "sizes"),
    [(512, [512, 64, 8]), (64, [64, 8]), (50, [50, 8]), (8, [8]), (2048, [2048, 256, 32, 8])],
)
def test_the_chunks_leave_only_a_few_tokens_over(largest: int, sizes: list[int]) -> None:
    assert chunk_sizes(largest) == sizes


@pytest.mark.parametrize(("n_seq_max", "outputs", "wanted"), [(1, 1, 2), (4, 4, 5), (1, 512, 512), (1, 0, 0)])
def test_its_own_context_has_a_sequence_more(n_seq_max: int, outputs: int, wanted: int) -> None:
    made = own_context({**REQUEST, "n_seq_max": n_seq_max, "n_outputs_max": outputs, "kv_unified": False})
    assert made["n_seq_max"] == n_seq_max + 1
    assert made["kv_unified"] is True
    assert made["n_outputs_max"] == wanted
    assert made["n_ctx"] == 4096
