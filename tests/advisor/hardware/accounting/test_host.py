"""The RAM as a device: on a desktop, in a container, unreadable."""

from __future__ import annotations

from dataclasses import replace

from advisor.hardware.accounting.host import ram_device
from advisor.hardware.device import Kind
from advisor.hardware.reading import Role
from advisor.hardware.reserve import AUTO, Reserve
from advisor.units import GiB
from tests.support.readings import RAM


def test_ram_on_a_desktop() -> None:
    device = ram_device(RAM, AUTO)
    assert (device.id, device.engine_device, device.kind) == ("ram", "CPU", Kind.CPU)
    assert device.reserve_bytes == 32 * GiB // 10
    assert device.usable_bytes == 20 * GiB - 32 * GiB // 10
    assert device.usable_if_others_closed_bytes == 30 * GiB - 32 * GiB // 10


def test_ram_in_a_container_has_no_system_of_its_own() -> None:
    device = ram_device(replace(RAM, role=Role.CONTAINER_RAM), AUTO)
    assert device.reserve_bytes == GiB
    assert device.usable_if_others_closed_bytes == 31 * GiB


def test_ram_that_cannot_be_read() -> None:
    device = ram_device(replace(RAM, total_bytes=None, free_bytes=None), AUTO)
    assert (device.total_bytes, device.free_bytes, device.usable_bytes) == (0, None, 0)
    assert [note.code for note in device.notes] == ["ram-unreadable"]


def test_ram_with_the_users_reserve() -> None:
    assert ram_device(RAM, Reserve(percent=50)).usable_bytes == 4 * GiB
    assert ram_device(RAM, Reserve(n_bytes=0)).usable_bytes == 20 * GiB
