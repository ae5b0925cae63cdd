"""What proofs here have measured takes the place of the published ranges, for the models that it is of."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.basis import Basis
from advisor.settings.calibration import NOTHING_LEARNED, Calibration
from advisor.speed import calibrated, decoding
from tests.support.writing_speed import (
    CARD,
    KV_PER_TOKEN,
    ON_GPU,
    SLOW_RAM,
    WEIGHTS,
    assert_rate,
    computer,
    dense,
    mixture,
    seconds,
    write,
)


def learned(share: float, device: str = "nvidia:0") -> Calibration:
    return Calibration(decode_share={device: share}, n_probes=1)


def test_what_was_measured_is_a_narrow_range() -> None:
    found = decoding(dense(), ON_GPU, computer(), learned(0.62))
    assert found
    assert found.basis is Basis.MEASURED
    assert_rate(found.rate(8192), seconds(WEIGHTS + 8192 * KV_PER_TOKEN, CARD, 0.62 * 0.9, 0.62 * 1.1))
    assert write(dense()).basis is Basis.ASSUMED


def test_a_dense_model_teaches_nothing_about_one_with_experts() -> None:
    found = decoding(mixture(), ON_GPU, computer(), learned(0.62))
    assert found
    assert found.basis is Basis.ASSUMED
    experts = Calibration(expert_decode_share={"nvidia:0": 0.4}, n_probes=1)
    measured = decoding(mixture(), ON_GPU, computer(), experts)
    assert measured
    assert measured.basis is Basis.MEASURED
    assert measured.readings[0].efficiency == pytest.approx((0.36, 0.44))


def test_one_device_measured_of_two_is_still_assumed() -> None:
    partial = replace(ON_GPU, n_gpu_layers=17)
    found = decoding(dense(), partial, computer(), learned(0.62))
    assert found
    assert found.basis is Basis.ASSUMED
    both = decoding(
        dense(), partial, computer(), replace(learned(0.62), decode_share={"nvidia:0": 0.62, "ram": 1.4})
    )
    assert both
    assert both.basis is Basis.MEASURED


def test_ram_that_was_measured_is_not_assumed_any_more() -> None:
    # The share is of the slow RAM that stands in for it: more than 1 where the RAM is faster.
    found = decoding(dense(), replace(ON_GPU, n_gpu_layers=0), computer(), learned(1.4, "ram"))
    assert found
    assert (found.assumed_ram, found.basis) == (None, Basis.MEASURED)
    assert found.rate(0).low == pytest.approx(SLOW_RAM * 1.4 * 0.9 / WEIGHTS)


def test_a_vendor_that_cannot_be_predicted_can_be_measured() -> None:
    found = decoding(dense(), ON_GPU, computer(vendor="intel"), learned(0.05))
    assert found
    assert found.basis is Basis.MEASURED


def test_made_up_hardware_learns_nothing_from_this_computer() -> None:
    other = replace(computer(), made_up=True)
    assert calibrated(other, learned(0.62)) is other
    nothing = computer()
    assert calibrated(nothing, NOTHING_LEARNED) is nothing
    assert [device.measured is not None for device in calibrated(nothing, learned(0.62)).devices] == [
        True,
        False,
    ]


@given(st.floats(0.01, 1.5), st.floats(1.0, 5.0), st.integers(0, 200))
def test_a_better_share_is_never_slower(share: float, factor: float, steps: int) -> None:
    slow = decoding(dense(), ON_GPU, computer(), learned(share))
    fast = decoding(dense(), ON_GPU, computer(), learned(share * factor))
    assert slow
    assert fast
    assert fast.rate(steps * 100).low >= slow.rate(steps * 100).low
