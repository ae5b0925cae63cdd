"""Free, reserve and usable: the one accounting, whatever the drivers say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.hardware.accounting.gpu import gpu_device
from advisor.hardware.accounting.host import Host, host_of, ram_device
from advisor.hardware.device import Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.hardware.gpu_table import find_by_name, known_gpus
from advisor.hardware.reading import Role
from advisor.hardware.reserve import AUTO, Reserve
from advisor.units import GiB, MiB
from tests.support import readings
from tests.support.readings import RAM

HOST = Host(32 * GiB, 20 * GiB, 2 * GiB, 32 * GiB // 10)
CARD = replace(readings.CARD, display_active=False)

figures = st.none() | st.integers(-(2**63), 2**65) | st.integers(0, 256 * GiB)
known_figures = st.integers(-(2**63), 2**65) | st.integers(0, 256 * GiB)
reserves = st.sampled_from([AUTO, Reserve(n_bytes=0), Reserve(n_bytes=GiB), Reserve(percent=99.0)])


def test_a_card_with_the_users_reserve() -> None:
    device = gpu_device(CARD, None, None, HOST, Reserve(n_bytes=3 * GiB), "nvidia:0")
    assert device.usable_bytes == 20 * GiB
    assert device.usable_if_others_closed_bytes == 24 * GiB - 24 * GiB // 50 - 3 * GiB


def test_what_cuda_cannot_see_belongs_to_the_driver() -> None:
    engine = EngineDevice("CUDA0", CARD.name, "CUDA", "gpu", 24123 * MiB, 23000 * MiB)
    device = gpu_device(replace(CARD, reserved_by_driver_bytes=300 * MiB), engine, None, HOST, AUTO, "x")
    assert device.reserved_by_driver_bytes == 453 * MiB
    # Free is the driver's word: the engine's process holds memory of its own while it reads.
    assert device.free_bytes == 23 * GiB
    absurd = replace(CARD, reserved_by_driver_bytes=2**64 - 1)
    assert gpu_device(absurd, None, None, HOST, AUTO, "x").reserved_by_driver_bytes is None


def test_a_card_in_trouble_is_assumed_nothing() -> None:
    known = find_by_name(known_gpus(), CARD.name)
    assert known is not None
    lost = replace(CARD, total_bytes=None, free_bytes=None, trouble=True)
    assert gpu_device(lost, None, known, HOST, AUTO, "x").total_bytes == 0
    silent = replace(CARD, total_bytes=None, free_bytes=None)
    assert gpu_device(silent, None, known, HOST, AUTO, "x").total_bytes == 24 * GiB


def test_a_live_bandwidth_goes_before_the_tables() -> None:
    known = find_by_name(known_gpus(), CARD.name)
    live = replace(CARD, bandwidth_bytes_per_second=5, multiprocessors=7)
    device = gpu_device(live, None, known, HOST, AUTO, "x")
    assert (device.bandwidth_bytes_per_second, device.multiprocessors) == (5, 7)
    device = gpu_device(CARD, None, known, HOST, AUTO, "x")
    assert (device.bandwidth_bytes_per_second, device.multiprocessors) == (936_200_000_000, 82)


def test_a_jetson_that_only_the_engine_and_the_table_know() -> None:
    reading = replace(CARD, name="Jetson AGX Orin", total_bytes=30 * GiB, free_bytes=10 * GiB)
    known = find_by_name(known_gpus(), reading.name)
    device = gpu_device(reading, None, known, HOST, AUTO, "x")
    assert (device.kind, device.total_bytes, device.free_bytes) == (Kind.UNIFIED, 30 * GiB, 20 * GiB)


def test_shared_memory_with_unknown_ram() -> None:
    reading = replace(CARD, kind=Kind.UNIFIED, total_bytes=None, free_bytes=None)
    device = gpu_device(reading, None, None, replace(HOST, available_bytes=None), AUTO, "x")
    assert (device.total_bytes, device.free_bytes) == (32 * GiB, None)
    assert "free-unknown" in [note.code for note in device.notes]


def test_shared_memory_with_the_users_reserve() -> None:
    reading = replace(CARD, kind=Kind.UNIFIED, total_bytes=None, free_bytes=None)
    device = gpu_device(reading, None, None, HOST, Reserve(n_bytes=5 * GiB), "x")
    assert device.usable_bytes == 15 * GiB
    assert device.usable_if_others_closed_bytes == 25 * GiB


@pytest.mark.parametrize("kind", [Kind.DISCRETE, Kind.INTEGRATED, Kind.UNIFIED])
@given(data=st.data())
def test_no_driver_can_break_the_accounting(kind: Kind, data: st.DataObject) -> None:
    reading = replace(
        CARD,
        kind=kind,
        total_bytes=data.draw(figures),
        free_bytes=data.draw(figures),
        shared_total_bytes=data.draw(known_figures),
        shared_free_bytes=data.draw(known_figures),
        reserved_by_driver_bytes=data.draw(figures),
        budget_bytes=data.draw(figures),
        role=data.draw(st.sampled_from([None, *Role])),
        trouble=data.draw(st.booleans()),
    )
    kinds = st.sampled_from(["gpu", "igpu"])
    engine = EngineDevice(
        "CUDA0", "x", "CUDA", data.draw(kinds), data.draw(known_figures), data.draw(known_figures)
    )
    ram = replace(RAM, total_bytes=data.draw(figures), free_bytes=data.draw(figures))
    reserve = data.draw(reserves)
    host = host_of(ram)
    for device in (
        gpu_device(reading, data.draw(st.sampled_from([None, engine])), None, host, reserve, "x"),
        ram_device(ram, reserve),
    ):
        assert device.total_bytes >= 0
        assert device.free_bytes is None or 0 <= device.free_bytes <= device.total_bytes
        assert 0 <= device.reserve_bytes <= device.total_bytes
        assert 0 <= device.usable_bytes <= device.usable_if_others_closed_bytes <= device.total_bytes
        if device.shares_ram and device.kind is not Kind.CPU and reserve.is_auto:
            own = min(max(0, reading.total_bytes or 0), device.total_bytes)
            assert device.usable_bytes <= own + (host.available_bytes or host.total_bytes)
