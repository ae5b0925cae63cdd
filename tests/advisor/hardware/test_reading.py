"""Clamping of drivers' figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.hardware.reading import ABSURD_BYTES, clamp_free, plausible_total
from advisor.units import GiB


@pytest.mark.parametrize("value", [None, -1, 0, ABSURD_BYTES, 2**64 - 1])
def test_a_size_that_cannot_be(value: int | None) -> None:
    assert plausible_total(value) is None


def test_a_size_that_can_be() -> None:
    assert plausible_total(1) == 1
    assert plausible_total(512 * GiB) == 512 * GiB


@pytest.mark.parametrize(
    ("free", "clamped"),
    [
        (0, (0, False)),
        (8 * GiB, (8 * GiB, False)),
        (8 * GiB + 1, (8 * GiB, True)),
        (-1, (0, True)),
        (2**64 - 1, (0, True)),  # "budget - used" without a sign: nothing is free
        (2**64 - GiB, (0, True)),
    ],
)
def test_free_is_brought_between_zero_and_the_size(free: int, clamped: tuple[int, bool]) -> None:
    assert clamp_free(8 * GiB, free) == clamped


@given(total=st.integers(0, ABSURD_BYTES), free=st.integers(-(2**64), 2**65))
def test_free_is_always_between_zero_and_the_size(total: int, free: int) -> None:
    clamped, corrected = clamp_free(total, free)
    assert 0 <= clamped <= total
    assert corrected == (clamped != free)
