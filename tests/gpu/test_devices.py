"""What the engine says of the device, and what the hardware's list makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.devices import devices_of
from advisor.engine.launch import Launch
from advisor.engine.protocol import EngineInfo
from advisor.hardware.detect import Detector, detect
from advisor.hardware.detectors import ram
from advisor.hardware.device import Hardware, Kind
from advisor.memory.assemble import targets

pytestmark = pytest.mark.gpu

OF_RAM = Detector("RAM", partial(ram.detect, Path("/"), platform="linux"))


def hardware(info: EngineInfo | None) -> Hardware:
    """This computer's RAM, and what the engine lists; no other GPU."""
    backends = info.backends if info else ()
    return detect(devices_of(info), engine_backends=backends, detectors=[OF_RAM])


def test_the_engine_lists_the_device_beside_the_cpu(engine: EngineClient) -> None:
    info = engine.hello()
    assert info.unfit is None
    assert info.notes == ()
    assert info.supports_gpu_offload
    assert info.has_breakdown
    assert {"CPU", "Vulkan"} == set(info.backends)
    by_name = {device.name: device for device in info.devices}
    assert set(by_name) == {"CPU", "Vulkan0"}
    device = by_name["Vulkan0"]
    assert "llvmpipe" in device.description
    assert device.type == "gpu"
    assert 0 < device.free_bytes <= device.total_bytes


def test_the_backend_works_with_the_ggml_of_the_engine(engine: EngineClient) -> None:
    """Two of them would be two registries, and buffers that the other does not know."""
    engine.hello()
    maps = Path(f"/proc/{engine.pid}/maps").read_text(encoding="utf-8")
    loaded = {line.split()[-1] for line in maps.splitlines() if "libggml-base" in line}
    assert len(loaded) == 1


def test_a_program_that_imitates_a_gpu_is_listed_as_what_it_is(engine: EngineClient) -> None:
    (device,) = hardware(engine.hello()).gpus
    assert device.engine_device == "Vulkan0"
    assert device.backend == "Vulkan"
    assert device.kind is Kind.INTEGRATED
    assert device.shares_ram
    assert "software-gpu" in [note.code for note in device.notes]
    assert 0 < device.usable_bytes < device.total_bytes


def test_its_memory_is_not_added_to_the_ram(engine: EngineClient) -> None:
    with_it, without = hardware(engine.hello()), hardware(None)
    assert without.gpus == ()
    assert with_it.ram.total_bytes == without.ram.total_bytes
    assert with_it.gpus[0].total_bytes <= with_it.ram.total_bytes


def test_a_load_goes_to_the_device_and_to_the_host(engine: EngineClient) -> None:
    assert [target.name for target in targets(hardware(engine.hello()))] == ["Vulkan0", "CPU"]


def test_nobody_is_told_of_it_who_did_not_ask(rig: Mapping[str, str]) -> None:
    """Mesa's software device is on many computers, and on none of them a GPU."""
    variables = {name: value for name, value in rig.items() if name != "GGML_VK_VISIBLE_DEVICES"}
    with EngineClient(Launch(environment=variables)) as client:
        info = client.hello()
    assert "Vulkan" in info.backends
    assert [device.name for device in info.devices] == ["CPU"]
    assert hardware(info).gpus == ()
    assert hardware(info).findings == ()
