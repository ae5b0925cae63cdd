from __future__ import annotations

from typing import Any

import pytest

from advisor.engine.worker import filling
from advisor.engine.worker.filling import Mark, Meter, fill, marks, refuses_one_more, speed_point
from advisor.engine.worker.refusal import Refusal


class Context:
    """A context that notes what it is given; a decode takes `seconds` a token."""

    memory = None

    def __init__(self, n_ctx: int, n_ubatch: int = 512, seconds: float = 0.0001) -> None:
        self.n_ctx_seq, self.n_ubatch, self.n_batch = n_ctx, n_ubatch, 2048
        self.seconds = seconds
        self.decoded: list[tuple[int, int]] = []
        self.answer = 1

    def decode(self, n: int, first: int, *_seq: int) -> float:
        self.decoded.append((n, first))
        return n * self.seconds

    def try_decode(self, *_tokens: int) -> int:
        return self.answer


class Watch:
    """Notes the last state."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def now(self, **state: Any) -> None:
        self.state = state


@pytest.mark.parametrize("n_ubatch", [1, 8, 64, 512, 4096])
@pytest.mark.parametrize("n_ctx", [256, 512, 768, 1024, 4096, 65536, 65792, 1048576])
def test_the_marks_do_not_overlap(n_ctx: int, n_ubatch: int) -> None:
    end = 0
    for mark in marks(n_ctx, n_ubatch):
        assert mark.n_prompt > 0
        assert mark.n_single > 0
        assert mark.start >= end
        end = mark.start + mark.n_prompt + mark.n_single
    assert end == n_ctx
    assert [mark.depth * 4 // n_ctx for mark in marks(n_ctx, n_ubatch)] == [0, 1, 2, 3, 4]


def test_a_long_context_ends_with_a_full_ubatch() -> None:
    assert marks(65536, 512)[-1] == Mark(65536, 512, 32)


@pytest.mark.parametrize("seconds", [0.00001, 0.001, 10.0])
def test_every_token_is_decoded_once_and_in_order(seconds: float) -> None:
    context, watch = Context(4096, seconds=seconds), Watch()
    meter = Meter(watch)

    def gap(first: int, end: int) -> int:
        return filling.decode_gap(context, meter, first, end)

    speed = fill(context, gap, lambda _: None, meter)
    at = 0
    for n, first in context.decoded:
        assert first == at
        at += n
    assert at == meter.n_filled == watch.state["n_filled"] == 4096
    assert [point["depth"] for point in speed] == [0, 1024, 2048, 3072, 4096]
    for point in speed:
        assert point["decode_tokens_per_second"] == pytest.approx(1 / seconds)
        assert point["prefill_tokens_per_second"] == pytest.approx(1 / seconds)


def test_a_slow_computer_measures_fewer_tokens() -> None:
    def n_single(seconds: float) -> int:
        context = Context(65536, seconds=seconds)
        meter = Meter(Watch())
        fill(context, lambda _, end: end, lambda _: None, meter)
        return sum(1 for n, _ in context.decoded if n == 1)

    assert n_single(0.001) == 5 * 32
    assert n_single(3.0) == 5


@pytest.mark.parametrize("seconds", [0.0001, 3.0])
def test_what_copies_leave_over_is_decoded_one_by_one_at_the_end(seconds: float) -> None:
    context, marks_seen = Context(4096, seconds=seconds), list[int]()
    meter = Meter(Watch())
    fill(context, lambda first, end: max(first, end - 7), marks_seen.append, meter)
    n, first = context.decoded[-1]
    assert first + n == marks_seen[-1] == 4096
    assert {n for n, _ in context.decoded} <= {1, 64, 256, 512}


def test_a_sequence_that_ends_elsewhere_is_no_proof() -> None:
    class Llama:
        llama_memory_seq_pos_max = staticmethod(lambda _memory, _seq: 100)

    context: Any = Context(101)
    assert refuses_one_more(Llama, context, is_recurrent=False) is True
    assert refuses_one_more(Llama, context, is_recurrent=True) is None
    context.answer = 0
    assert refuses_one_more(Llama, context, is_recurrent=False) is False
    context.n_ctx_seq = 256
    with pytest.raises(Refusal):
        refuses_one_more(Llama, context, is_recurrent=False)


def test_no_speed_without_time() -> None:
    assert speed_point(7, 1, 0.0, 0, 0.0) == {
        "depth": 7,
        "prefill_tokens_per_second": None,
        "decode_tokens_per_second": None,
    }
