"""What the drivers say is in use, and what Windows has lent; one that fails costs its own figure alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from advisor.hardware.detect import Detector
from advisor.hardware.device import Device, Hardware, Kind
from advisor.hardware.reading import Detection, Reading
from advisor.probe.driver_meter import DriverMeter
from advisor.probe.peaks import Use
from advisor.units import GiB, MiB
from tests.support import readings
from tests.support.planning import gpu, ram

CARD = replace(gpu(23 * GiB), id="nvidia:0", engine_device="CUDA0", sources=("nvml",), pci_id=None)
READING = replace(readings.CARD, free_bytes=21 * GiB, pci_id=None)


def meter(*found: Reading, devices: Sequence[Device] = (CARD,), **options: Any) -> DriverMeter:
    detector = Detector("made up", lambda: Detection(found))
    return DriverMeter(Hardware((*devices, ram(64 * GiB))), (detector,), **options)


def test_a_driver_that_fails_or_tells_nothing_is_left_out() -> None:
    def fails() -> Detection:
        raise OSError("The driver is gone.")

    broken = DriverMeter(Hardware((CARD, ram(64 * GiB))), (Detector("made up", fails),))
    assert broken.read() == Use()
    assert meter(replace(READING, free_bytes=None)).read() == Use()
    assert meter(replace(READING, vendor="amd")).read() == Use()
    assert meter().read() == Use()


def test_a_driver_that_hangs_is_asked_once_and_the_others_again() -> None:
    release, asked = threading.Event(), []

    def hang() -> Detection:
        asked.append("hangs")
        release.wait()
        return Detection()

    def answer() -> Detection:
        asked.append("answers")
        return Detection((READING,))

    detectors = (Detector("hangs", hang, deadline_s=0.05), Detector("answers", answer))
    it = DriverMeter(Hardware((CARD, ram(64 * GiB))), detectors)
    assert [it.read() for _ in range(3)] == [Use({"CUDA0": 3 * GiB})] * 3
    release.set()
    assert sorted(asked) == ["answers"] * 3 + ["hangs"]


def test_what_is_in_use_of_a_card() -> None:
    assert meter(READING).read() == Use({"CUDA0": 3 * GiB})


def test_a_card_is_known_by_its_address_before_its_place() -> None:
    card = replace(CARD, pci_id="0000:01:00.0")
    other = replace(READING, pci_id="0000:02:00.0", free_bytes=0)
    mine = replace(READING, pci_id="0000:01:00.0")
    assert meter(other, mine, devices=(card,)).read() == Use({"CUDA0": 3 * GiB})
    assert meter(other, devices=(card,)).read() == Use()


def test_a_card_that_only_the_engine_knows_is_asked_of_nobody() -> None:
    assert meter(READING, devices=(replace(CARD, sources=("ggml",)),)).read() == Use()


def test_what_a_card_borrowed_by_its_driver_s_own_account() -> None:
    lending = replace(READING, shared_total_bytes=8 * GiB, shared_free_bytes=7 * GiB)
    assert meter(lending).read().shared_bytes == GiB


@pytest.mark.parametrize("sources", [("nvml",), ("ggml",)])
def test_what_windows_has_lent_to_the_worker_counts_instead(sources: tuple[str, ...]) -> None:
    card = replace(CARD, sources=sources)
    lent = [0, 300 * MiB, None]
    it = meter(READING, devices=(card,), lent_bytes=lambda: lent.pop(0))
    assert [it.read().shared_bytes for _ in range(3)] == [0, 300 * MiB, None]


def test_where_a_gpu_works_in_the_ram_what_is_lent_is_no_sign() -> None:
    integrated = replace(CARD, id="intel:0", kind=Kind.INTEGRATED, engine_device="Vulkan0")
    assert integrated.shares_ram
    it = meter(READING, devices=(CARD, integrated), lent_bytes=lambda: 300 * MiB)
    assert it.read().shared_bytes is None
