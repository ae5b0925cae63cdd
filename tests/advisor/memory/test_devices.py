"""--device: the only GPUs that a load may use."""

from dataclasses import replace

import pytest

from advisor.errors import SettingsError
from advisor.hardware.device import Device, Hardware
from advisor.memory.assemble import targets
from advisor.memory.placement import check_devices, device_names, place
from advisor.memory.plan import MemoryPlan
from advisor.recommend.planner import Planner
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import GiB
from tests.support.planning import a_model, gpu, ram


def card(index: int, usable: int) -> Device:
    return replace(gpu(usable), id=f"nvidia:{index}", engine_device=f"CUDA{index}")


THREE = Hardware((card(0, 8 * GiB), card(1, 24 * GiB), card(2, 4 * GiB), ram(32 * GiB)))
MODEL = a_model()


def planned(**asked: object) -> MemoryPlan:
    request = Request(n_ctx=4096, **asked)
    return Planner(MODEL, THREE).estimate(resolve(request, MODEL))


@pytest.mark.parametrize("wanted", [("CUDA7",), ("CUDA0", "nvidia:9"), ("3",), ("none", "CUDA0"), ("",)])
def test_a_device_that_is_not_there_is_refused_and_those_that_are_named(wanted: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError) as caught:
        device_names(wanted, targets(THREE))
    assert caught.value.option == "--device"
    assert "CUDA0, CUDA1, CUDA2" in caught.value.hint
    with pytest.raises(SettingsError):
        device_names(("CUDA0",), targets(Hardware((ram(GiB),))))


def test_names_ids_and_indices_mean_the_same() -> None:
    for wanted in (("CUDA2", "CUDA0"), ("nvidia:2", "cuda0"), ("2", "0"), ("2", "CUDA2", "0")):
        assert device_names(wanted, targets(THREE)) == ("CUDA2", "CUDA0")
    assert device_names((), targets(THREE)) == ()
    assert device_names(("none",), targets(THREE)) == ("none",)


def test_only_the_named_ones_take_anything_overhead_included() -> None:
    plan = planned(devices=("CUDA1",))
    assert [line.device for line in plan.memory] == ["CUDA1", "CPU"]
    assert plan.memory[0].overhead_bytes > 0
    assert len(planned().memory) == 4


def test_none_means_the_cpu_alone() -> None:
    plan = planned(devices=("none",))
    assert [line.device for line in plan.memory] == ["CPU"]
    assert plan.memory[0].buffers.kv_cache_bytes > 0


def test_split_and_main_gpu_refer_to_those_that_remain() -> None:
    settings = LoadSettings(n_ctx=4096, n_gpu_layers=33, devices=("CUDA2", "CUDA0"), tensor_split=(1.0, 3.0))
    placement = place(32, settings, targets(THREE))
    assert [device.name for device in placement.devices] == ["CUDA2", "CUDA0", "CPU"]
    assert placement.layers.count(0) == 9
    alone = place(32, replace(settings, split_mode="none", main_gpu=1, tensor_split=()), targets(THREE))
    assert [device.name for device in alone.devices] == ["CUDA0", "CPU"]
    check_devices(settings, targets(THREE))
    with pytest.raises(SettingsError, match="2 GPUs"):
        check_devices(replace(settings, tensor_split=(1.0, 1.0, 1.0)), targets(THREE))
    with pytest.raises(SettingsError, match="main-gpu"):
        check_devices(replace(settings, main_gpu=2, tensor_split=()), targets(THREE))


def test_the_default_split_is_by_what_is_free_on_those_that_are_used() -> None:
    settings = LoadSettings(n_ctx=4096, n_gpu_layers=33, devices=("CUDA0", "CUDA2"))
    placement = place(32, settings, targets(THREE))
    # 9 GiB and 5 GiB are free.
    assert placement.shares == pytest.approx((9 / 14, 1.0))
