from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import SettingsError
from advisor.memory.placement import Placement, check_devices, place
from advisor.memory.plan import Target
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB

HOST = Target("CPU", "CPU", 32 * GiB)
FIRST, SECOND = Target("CUDA0", "CUDA", 12 * GiB), Target("CUDA1", "CUDA", 12 * GiB)


def settings(n_gpu_layers: int, **changes: object) -> LoadSettings:
    return replace(LoadSettings(n_ctx=4096, n_gpu_layers=n_gpu_layers), **changes)


def counts(placement: Placement) -> list[int]:
    return [placement.layers.count(device) for device in range(len(placement.devices))]


def test_the_host_is_there_even_if_nobody_named_it() -> None:
    placement = place(32, settings(33), ())
    assert [device.name for device in placement.devices] == ["CPU"]
    assert not placement.has_gpu
    assert set(placement.layers) == {0}
    assert placement.output == 0


@pytest.mark.parametrize(
    ("n_gpu_layers", "on_gpu", "output_on_gpu"),
    [(0, 0, False), (1, 0, True), (2, 1, True), (20, 19, True), (33, 32, True), (999, 32, True)],
)
def test_the_output_is_the_first_layer_that_goes(n_gpu_layers: int, on_gpu: int, output_on_gpu: bool) -> None:
    placement = place(32, settings(n_gpu_layers), (FIRST, HOST))
    assert counts(placement) == [on_gpu, 32 - on_gpu]
    assert (placement.output == 0) is output_on_gpu
    assert placement.layers == (1,) * (32 - on_gpu) + (0,) * on_gpu  # from the last block backwards


def test_two_gpus_share_by_what_is_free() -> None:
    # 33 layers: the first 17 start below one half of them (std::upper_bound).
    assert counts(place(32, settings(33), (FIRST, SECOND, HOST))) == [17, 15, 0]
    assert counts(place(32, settings(33), (FIRST, replace(SECOND, free_bytes=4 * GiB), HOST))) == [25, 7, 0]


def test_what_the_user_says_comes_first() -> None:
    told = settings(33, tensor_split=(1, 3))
    assert counts(place(32, told, (FIRST, SECOND, HOST))) == [9, 23, 0]
    only = settings(33, tensor_split=(0, 1))
    assert counts(place(32, only, (FIRST, SECOND, HOST))) == [0, 32, 0]


def test_gpus_that_tell_nothing_share_evenly() -> None:
    silent = [replace(gpu, free_bytes=0) for gpu in (FIRST, SECOND)]
    assert counts(place(32, settings(33), (*silent, HOST))) == [17, 15, 0]


def test_without_a_split_the_main_gpu_does_it_all() -> None:
    alone = place(32, settings(33, split_mode="none", main_gpu=1), (FIRST, SECOND, HOST))
    assert [device.name for device in alone.devices] == ["CUDA1", "CPU"]
    assert counts(alone) == [32, 0]
    beyond = place(32, settings(33, split_mode="none", main_gpu=7), (FIRST, SECOND, HOST))
    assert beyond.devices[0].name == "CUDA1"


@given(
    st.integers(1, 120),
    st.integers(0, 130),
    st.lists(st.integers(0, 80).map(lambda n: n * GiB), min_size=1, max_size=5),
)
def test_every_layer_is_somewhere_and_in_order(n_layer: int, n_gpu_layers: int, free: list[int]) -> None:
    gpus = [Target(f"CUDA{i}", "CUDA", n_bytes) for i, n_bytes in enumerate(free)]
    placement = place(n_layer, settings(n_gpu_layers), (*gpus, HOST))
    assert len(placement.layers) == n_layer
    on_gpus = [device for device in placement.layers if device != placement.host]
    assert len(on_gpus) == max(0, min(n_gpu_layers, n_layer + 1) - 1)
    assert on_gpus == sorted(on_gpus)


@pytest.mark.parametrize(
    ("n_gpus", "split", "option"),
    [
        (0, (1.0,), "--tensor-split"),
        (1, (3.0, 1.0), "--tensor-split"),
        (2, (1.0,), "--tensor-split"),
        (2, (0.0, 0.0), "--tensor-split"),
    ],
)
def test_a_split_that_does_not_match_the_gpus_is_refused(
    n_gpus: int, split: tuple[float, ...], option: str
) -> None:
    there = (*(Target(f"CUDA{i}", "CUDA") for i in range(n_gpus)), Target("CPU", "CPU"))
    with pytest.raises(SettingsError) as caught:
        check_devices(LoadSettings(n_ctx=256, tensor_split=split), there)
    assert caught.value.option == option


def test_a_main_gpu_that_is_not_there_is_refused_and_a_right_choice_is_not() -> None:
    there = (Target("CUDA0", "CUDA"), Target("CPU", "CPU"))
    with pytest.raises(SettingsError, match="no GPU 1"):
        check_devices(LoadSettings(n_ctx=256, main_gpu=1), there)
    check_devices(LoadSettings(n_ctx=256, tensor_split=(1.0,)), there)
    check_devices(LoadSettings(n_ctx=256), there[1:])
