"""DXGI's calls against a made-up COM object in this process, and the registry's spellings of a size."""

from __future__ import annotations

import ctypes
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from advisor.hardware.detectors import dxgi
from advisor.hardware.detectors.dxgi import Adapter, AdapterDescription, VideoMemoryInfo
from advisor.units import GiB

NOT_FOUND = -2005270526  # DXGI_ERROR_NOT_FOUND
NO_INTERFACE = -2147467262  # E_NOINTERFACE
POINTER = ctypes.sizeof(ctypes.c_void_p)


class ComObject:
    """An object whose first word points to a table of methods; unused slots are null."""

    def __init__(self, methods: dict[int, Callable[..., int]], arguments: dict[int, Sequence[type]]) -> None:
        self.released = 0
        self._functions = {
            slot: ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, *arguments[slot])(method)
            for slot, method in {**methods, 2: self._release}.items()
        }
        self._table = (ctypes.c_void_p * 32)()
        for slot, function in self._functions.items():
            self._table[slot] = ctypes.cast(function, ctypes.c_void_p)
        self._object = ctypes.c_void_p(ctypes.addressof(self._table))
        self.address = ctypes.addressof(self._object)

    def _release(self, _this: int) -> int:
        self.released += 1
        return 0


def put(place: int, value: int) -> None:
    ctypes.c_void_p.from_address(place).value = value


@dataclass
class FakeAdapter:
    """What one adapter answers. `budget` None: an old Windows without the budget."""

    name: str
    vendor_id: int = 0x10DE
    dedicated: int = 8 * GiB
    shared: int = 16 * GiB
    budget: int | None = None
    usage: int = 0
    flags: int = 0
    description_result: int = 0
    objects: list[ComObject] = field(default_factory=list)

    def com(self) -> ComObject:
        def get_description(this: int, place: int) -> int:
            description = AdapterDescription.from_address(place)
            raw = self.name.encode("utf-16-le").ljust(256, b"\0")
            ctypes.memmove(description.description, raw, 256)
            description.vendor_id = self.vendor_id
            description.dedicated_video_bytes = self.dedicated
            description.shared_system_bytes = self.shared
            description.flags = self.flags
            return self.description_result

        def query_interface(this: int, iid: int, place: int) -> int:
            wanted = uuid.UUID(bytes_le=ctypes.string_at(iid, 16))
            if self.budget is None or wanted != uuid.UUID("645967a4-1392-4310-a798-8053ce3e93fd"):
                return NO_INTERFACE
            adapter3 = ComObject(
                {14: query_memory}, {2: (), 14: (ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)}
            )
            self.objects.append(adapter3)
            put(place, adapter3.address)
            return 0

        def query_memory(this: int, node: int, segment: int, place: int) -> int:
            assert (node, segment) == (0, 0)  # the only node, the local segment
            info = VideoMemoryInfo.from_address(place)
            info.budget, info.current_usage = self.budget, self.usage
            return 0

        pointer = ctypes.c_void_p
        adapter = ComObject(
            {0: query_interface, 10: get_description}, {0: (pointer, pointer), 2: (), 10: (pointer,)}
        )
        self.objects.append(adapter)
        return adapter


def listed(*fakes: FakeAdapter) -> list[Adapter]:
    coms = [fake.com() for fake in fakes]

    def enumerate_adapters(this: int, index: int, place: int) -> int:
        if index >= len(coms):
            return NOT_FOUND
        put(place, coms[index].address)
        return 0

    factory = ComObject({12: enumerate_adapters}, {2: (), 12: (ctypes.c_uint32, ctypes.c_void_p)})
    found = list(dxgi.adapters(factory.address))
    assert [thing.released for fake in fakes for thing in fake.objects] == [
        1 for fake in fakes for _ in fake.objects
    ]
    return found


def test_no_dxgi_here_is_an_os_error() -> None:
    with pytest.raises(OSError, match="dxgi"):
        dxgi.read_adapters()


def test_the_layouts_are_microsofts() -> None:
    # 64-bit sizes: 256 + 4*4 + 3*8 + 8 + 4, padded; and four 64-bit numbers.
    assert (ctypes.sizeof(AdapterDescription), ctypes.sizeof(VideoMemoryInfo)) == (312, 32)
    assert AdapterDescription.dedicated_video_bytes.offset == 272
    assert AdapterDescription.flags.offset == 304


def test_no_adapter() -> None:
    assert listed() == []


def test_adapters_with_and_without_a_budget() -> None:
    found = listed(
        FakeAdapter("NVIDIA GeForce RTX 3070", budget=8160437862, usage=GiB),
        FakeAdapter("AMD Radeon™ Graphics", vendor_id=0x1002, dedicated=512 * 1024**2),
    )
    assert found == [
        Adapter("NVIDIA GeForce RTX 3070", 0x10DE, 8 * GiB, 16 * GiB, 8160437862, GiB),
        Adapter("AMD Radeon™ Graphics", 0x1002, 512 * 1024**2, 16 * GiB, None, None),
    ]


def test_software_and_silent_adapters_are_passed_over() -> None:
    found = listed(
        FakeAdapter("Microsoft Basic Render Driver", flags=2),
        FakeAdapter("Lost", description_result=-1),
        FakeAdapter("NVIDIA T1000"),
    )
    assert [adapter.name for adapter in found] == ["NVIDIA T1000"]


def test_no_registry_here() -> None:
    assert dxgi.read_registry_sizes() == ()


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (12 * GiB, 12 * GiB),
        ((12 * GiB).to_bytes(8, "little"), 12 * GiB),
        (b"", 0),
        ("12 GB", 0),
        (None, 0),
    ],
)
def test_a_size_in_the_registry(value: object, size: int) -> None:
    assert dxgi.registry_size(value) == size
