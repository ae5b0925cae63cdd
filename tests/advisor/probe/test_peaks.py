"""What the drivers say is in use while a load runs: the most of it, less what was in use before."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from advisor.engine.proof import MemorySample
from advisor.probe.peaks import Peaks, Use
from advisor.units import GiB, MiB


class Meter:
    """Says what it is given, the last of it for ever."""

    def __init__(self, *uses: Use) -> None:
        self._uses = list(uses)
        self.n_reads = 0
        self.was_read = threading.Event()

    def read(self) -> Use:
        self.n_reads += 1
        if self.n_reads > 1:
            self.was_read.set()
        return self._uses.pop(0) if len(self._uses) > 1 else self._uses[0]


def card(*in_use: int) -> list[Use]:
    return [Use({"CUDA0": n_bytes}) for n_bytes in in_use]


def of_ggml(free_bytes: int) -> MemorySample:
    return MemorySample(None, None, None, None, {"CUDA0": free_bytes})


def sampled(uses: Sequence[Use]) -> Peaks:
    """Each of the uses read once, the first of them before the load."""
    peaks = Peaks(Meter(*uses))
    for _ in uses[1:]:
        peaks.sample()
    return peaks


def test_of_a_device_that_nobody_tells_of_nothing_is_known() -> None:
    assert Peaks(Meter(Use())).of_device("CUDA0") == (None, "")


def test_the_most_counts_less_what_was_there_before() -> None:
    assert sampled(card(GiB, 5 * GiB, 3 * GiB)).of_device("CUDA0") == (4 * GiB, "driver")
    assert sampled(card(GiB, MiB)).of_device("CUDA0") == (0, "driver")


def test_where_the_driver_does_not_tell_ggml_does() -> None:
    peaks = Peaks(Meter(Use()))
    peaks.free_before = {"CUDA0": 8 * GiB}
    for free_bytes in (6 * GiB, 2 * GiB, 7 * GiB):
        peaks.saw(of_ggml(free_bytes))
    assert peaks.of_device("CUDA0") == (6 * GiB, "ggml")


def test_the_driver_s_word_comes_before_ggml_s() -> None:
    peaks = sampled(card(0, GiB))
    peaks.free_before = {"CUDA0": 8 * GiB}
    peaks.saw(of_ggml(2 * GiB))
    assert peaks.of_device("CUDA0") == (GiB, "driver")


def test_each_attempt_has_peaks_of_its_own_and_the_same_beginning() -> None:
    peaks = sampled(card(GiB, 5 * GiB))
    peaks.reset()
    assert peaks.of_device("CUDA0") == (None, "")
    peaks.sample()
    assert peaks.of_device("CUDA0") == (4 * GiB, "driver")


@pytest.mark.parametrize(("lent", "most"), [((None, None), None), ((0, 300, 200), 300), ((0, None, 5), 5)])
def test_the_most_that_was_lent(lent: Sequence[int | None], most: int | None) -> None:
    assert sampled([Use(shared_bytes=n_bytes) for n_bytes in lent]).shared_bytes == most


def test_after_a_death_the_device_is_given_time_to_be_free_again() -> None:
    naps: list[float] = []
    meter = Meter(*card(GiB, 5 * GiB, 2 * GiB, GiB + 64 * MiB))
    Peaks(meter).settle(naps.append)
    assert (meter.n_reads, len(naps)) == (4, 2)


def test_a_device_that_never_is_free_again_is_not_waited_for_for_ever() -> None:
    meter = Meter(*card(0, 5 * GiB))
    Peaks(meter).settle(lambda _seconds: None)
    assert meter.n_reads < 20


def test_it_samples_by_itself_where_a_driver_tells_and_only_then() -> None:
    telling, silent = Meter(*card(GiB, 2 * GiB)), Meter(Use())
    with Peaks(telling).sampling(0.001):
        assert telling.was_read.wait(30)
    with Peaks(silent).sampling(0.001):
        pass
    assert silent.n_reads == 1
    assert "probe-meter" not in [thread.name for thread in threading.enumerate()]
