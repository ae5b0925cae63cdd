from __future__ import annotations

from collections.abc import Callable
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
        self.seconds_at: Callable[[int], float] = lambda _first: seconds
        self.decoded: list[tuple[int, int]] = []
        self.answer = 1

    def decode(self, n: int, first: int, *_seq: int) -> float:
        self.decoded.append((n, first))
        return n * self.seconds_at(first)

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

    found = fill(context, gap, lambda _: None, meter)
    at = 0
    for n, first in context.decoded:
        assert first == at
        at += n
    assert at == meter.n_filled == watch.state["n_filled"] == 4096
    assert [point["depth"] for point in found.points] == [0, 1024, 2048, 3072, 4096]
    for point in found.points:
        assert point["decode_tokens_per_second"] == pytest.approx(1 / seconds)
        assert point["prefill_tokens_per_second"] == pytest.approx(1 / seconds)


def decoded_by(context: Context) -> filling.Speeds:
    """Filled by copies that leave nothing over."""
    return fill(context, lambda _, end: end, lambda _: None, Meter(Watch()))


@pytest.mark.parametrize(("seconds", "n_single"), [(0.001, 32), (0.02, 13), (0.1, 8), (0.25, 4), (3.0, 1)])
def test_a_slow_computer_measures_fewer_tokens(seconds: float, n_single: int) -> None:
    """A quarter of a second and 8 tokens; where those take too long, a second."""
    context = Context(65536, seconds=seconds)
    decoded_by(context)
    assert sum(1 for n, _ in context.decoded if n == 1) == 5 * n_single


@pytest.mark.parametrize(
    ("seconds", "pieces"),
    [(0.0001, [512, 512, 512, 512, 512]), (0.001, [512, 64, 64, 64, 512]), (3.0, [512, 64, 64, 64, 64])],
)
def test_the_last_piece_is_whole_unless_it_would_take_very_long(seconds: float, pieces: list[int]) -> None:
    context = Context(65536, seconds=seconds)
    found = decoded_by(context)
    assert [n for n, _ in context.decoded if n > 1] == pieces
    assert found.n_last_prompt == pieces[-1]


def test_time_that_grows_with_depth_is_foreseen() -> None:
    """At 16,384 tokens a piece takes 0.2 seconds, which is bearable; twice as deep it would take 0.4."""
    context = Context(65536)
    context.seconds_at = lambda first: 0.2 / 512 * first / 16384
    decoded_by(context)
    assert [n for n, _ in context.decoded if n > 1] == [512, 512, 64, 64, 512]


def test_the_last_piece_is_the_fill_s_and_all_others_are_for_measuring() -> None:
    context = Context(65536, seconds=0.0001)
    found = decoded_by(context)
    assert found.measuring_seconds == pytest.approx((4 * 512 + 5 * 32) * 0.0001)


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
    assert speed_point(7, 1, 0.0, []) == {
        "depth": 7,
        "prefill_tokens_per_second": None,
        "decode_tokens_per_second": None,
    }


def test_tokens_that_another_program_delayed_do_not_count() -> None:
    """Three tokens of a hundredth of a second, and two in the middle of which a core was taken away."""
    point = speed_point(7, 4, 2.0, [0.01, 0.5, 0.01, 0.9, 0.01])
    assert point["prefill_tokens_per_second"] == 2.0
    assert point["decode_tokens_per_second"] == 100.0
