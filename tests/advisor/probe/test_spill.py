"""What looks like success and is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.engine.proof import SpeedPoint
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.probe import spill
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB
from tests.support.planning import LinearPlanner, a_model, gpu, ram


def plan(n_gpu_layers: int = 33) -> MemoryPlan:
    """4 GiB of weights and 1 GiB of cache, all of it or half of it on a card of 24 GiB."""
    hardware = Hardware((gpu(23 * GiB), ram(64 * GiB)))
    settings = LoadSettings(n_ctx=8192, n_gpu_layers=n_gpu_layers)
    return LinearPlanner(a_model(), hardware).plan(settings)


@pytest.mark.parametrize(
    ("before", "now", "is_spilled"),
    [
        (None, 8 * GiB, False),
        (0, None, False),
        (0, 0, False),
        (0, 256 * MiB, False),  # staging
        (0, 257 * MiB, True),
        (GiB, GiB + 256 * MiB, False),  # another program's
    ],
)
def test_ram_that_was_lent_beyond_what_a_load_has_a_use_for(
    before: int | None, now: int | None, is_spilled: bool
) -> None:
    sentence = spill.in_shared_memory(plan(), before, now)
    assert (sentence is not None) is is_spilled
    if sentence:
        assert "put 257.0 MiB into RAM" in sentence


def test_the_host_s_own_part_may_lie_in_lent_memory() -> None:
    half = plan(n_gpu_layers=17)
    host = half.memory[-1].buffers.total_bytes
    assert spill.in_shared_memory(half, 0, host + 256 * MiB) is None
    assert spill.in_shared_memory(half, 0, host + 257 * MiB)


def test_more_than_a_device_has_by_prediction_or_by_measure() -> None:
    here = plan()
    assert spill.beyond_the_device(here, {"CUDA0": 24 * GiB}) is None
    assert "lies elsewhere" in (spill.beyond_the_device(here, {"CUDA0": 24 * GiB + 1}) or "")
    card, host = here.memory
    small = replace(here, memory=(replace(card, device_total_bytes=GiB), host))
    assert spill.beyond_the_device(small, {"CUDA0": None})


@pytest.mark.parametrize(
    ("small", "here", "is_spilled"),
    [(None, 1.0, False), (10.0, None, False), (10.0, 2.1, False), (10.0, 1.9, True)],
)
def test_an_empty_context_that_is_far_slower(
    small: float | None, here: float | None, is_spilled: bool
) -> None:
    assert (spill.slower_than_smaller(small, here, 8192) is not None) is is_spilled


def speed(*rates: float | None) -> list[SpeedPoint]:
    """At 0, 1,000, 2,000 and so on."""
    return [SpeedPoint(1000 * place, None, rate) for place, rate in enumerate(rates)]


def test_a_collapse_is_more_than_depth_explains() -> None:
    assert spill.collapse(speed(100, 10, 6), {}) is None  # to the first depth nothing is known
    assert spill.collapse(speed(100, 10, 6), {0: 100, 1000: 110, 2000: 120})
    assert spill.collapse(speed(None, 100, 11), {}) is None  # twice as deep: ten times is the limit
    assert "1.5 tokens/s" in (spill.collapse(speed(None, 100, 60, 1.5), {}) or "")
    assert spill.collapse(speed(), {}) is None


def test_what_is_fast_again_deeper_down_was_only_a_busy_machine() -> None:
    assert spill.collapse(speed(None, 100, 2, 90), {}) is None
    assert spill.collapse(speed(None, 100, 2, 9), {}) is not None


def test_what_is_fast_again_at_a_deeper_place_was_only_busy() -> None:
    assert spill.collapse(speed(None, 100, 1, 1), {})
    assert spill.collapse(speed(None, 100, 1, 60), {}) is None
