"""GPUs as people type them."""

from __future__ import annotations

import pytest

from advisor.errors import PresetError
from advisor.hardware.gpu_choice import choose_gpu
from advisor.hardware.gpu_table import KnownGpu, known_gpus
from advisor.units import GiB


@pytest.fixture(scope="module")
def table() -> tuple[KnownGpu, ...]:
    return known_gpus()


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("", "Write it like"),
        ("   ", "Write it like"),
        ("RTX", "Write it like"),
        ("banana", "Write it like"),
        ("16GB", "Write it like"),
        ("4070" * 5000, "Write it like"),
        ("RTX 5090 D", "GeForce RTX 5090"),
        ("RTX 5075", "GeForce RTX 5070"),
        ("RX 7950 XTX", "Radeon RX 7900 XTX"),
    ],
)
def test_unknown_names_get_the_nearest(table: tuple[KnownGpu, ...], text: str, suggested: str) -> None:
    with pytest.raises(PresetError) as caught:
        choose_gpu(table, text)
    assert f'"{text}"' in caught.value.message
    assert suggested in caught.value.hint


@pytest.mark.parametrize("text", ["8GiB", "8 GB", " 8g ", "8"])
def test_a_size_in_place_of_a_name_is_sent_to_its_own_option(table: tuple[KnownGpu, ...], text: str) -> None:
    with pytest.raises(PresetError, match="is a size, not a GPU") as caught:
        choose_gpu(table, text)
    assert "--vram 8GiB" in caught.value.hint


def test_a_size_in_which_it_is_not_sold(table: tuple[KnownGpu, ...]) -> None:
    with pytest.raises(PresetError, match=r"RTX 4070 has 12\.0 GiB, not 16\.0 GiB"):
        choose_gpu(table, "RTX 4070 16GB")
    with pytest.raises(PresetError, match=r"has 8\.0 GiB or 16\.0 GiB, not 12\.0 GiB"):
        choose_gpu(table, "RTX 4060 Ti 12 GB")


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("RTX 4070", "rtx-4070"),
        ("rtx-4070", "rtx-4070"),
        ("4070", "rtx-4070"),
        ("rtx4070", "rtx-4070"),
        ("RTX4070TiSuper", "rtx-4070-ti-super"),
        ("GeForce RTX 4070 Ti", "rtx-4070-ti"),
        ("NVIDIA GeForce RTX 4090", "rtx-4090"),
        ("RTX 4080 mobile", "rtx-4080-laptop"),
        ("3090 ti", "rtx-3090-ti"),
        ("7900xtx", "rx-7900-xtx"),
        ("RX7900XT", "rx-7900-xt"),
        ("Radeon VII", "radeon-vii"),
        ("TITAN RTX", "titan-rtx"),
        ("arc a770", "arc-a770-16gb"),
        ("A100", "a100-40gb"),
        ("H100", "h100-pcie"),
        ("DGX Spark", "dgx-spark-gb10"),
        ("gb10", "dgx-spark-gb10"),
        ("strix halo", "strix-halo-395"),
        ("Ryzen AI Max+ 395", "strix-halo-395"),
        ("780M", "radeon-780m"),
        ("M2", "apple-m2"),
        ("m4max", "apple-m4-max-32c"),
        ("gtx-1060-6gb", "gtx-1060-6gb"),
    ],
)
def test_names(table: tuple[KnownGpu, ...], text: str, id_: str) -> None:
    assert choose_gpu(table, text).gpu.id == id_


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("RTX 4060 Ti 16GB", "rtx-4060-ti-16gb"),
        ("RTX 4060 Ti 16 GiB", "rtx-4060-ti-16gb"),
        ("4060 ti 8g", "rtx-4060-ti-8gb"),
        ("RTX 3060 8GB", "rtx-3060-8gb"),
        ("M4 Max 64GB", "apple-m4-max-40c"),
    ],
)
def test_a_typed_size_decides(table: tuple[KnownGpu, ...], text: str, id_: str) -> None:
    choice = choose_gpu(table, text)
    assert choice.gpu.id == id_
    assert choice.memory_bytes is not None


def test_the_usual_one_first_and_the_others_named(table: tuple[KnownGpu, ...]) -> None:
    choice = choose_gpu(table, "RTX 3060")
    assert choice.gpu.id == "rtx-3060-12gb"
    assert [other.id for other in choice.others] == ["rtx-3060-8gb"]
    assert choice.memory_bytes is None


def test_the_ram_tells_chips_of_one_name_apart(table: tuple[KnownGpu, ...]) -> None:
    assert choose_gpu(table, "M4 Max", 128 * GiB).gpu.id == "apple-m4-max-40c"
    assert choose_gpu(table, "M4 Max", 36 * GiB).gpu.id == "apple-m4-max-32c"
    assert choose_gpu(table, "M4 Max", 1000 * GiB).gpu.id == "apple-m4-max-32c"
