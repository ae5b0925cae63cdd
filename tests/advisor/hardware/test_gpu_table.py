"""The table of known GPUs: its checks, its figures, and names of drivers found in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import presets
from advisor.errors import PresetError
from advisor.hardware.device import Kind
from advisor.hardware.gpu_table import KnownGpu, find_by_name, known_gpus, known_ram
from advisor.units import GiB

GOOD = {
    "id": "x-1",
    "name": "Card X1",
    "vendor": "nvidia",
    "kind": "discrete",
    "form": "desktop",
    "memory_gib": 8,
    "bandwidth_gb_per_second": 100.5,
    "words": [["x1"]],
}


@pytest.fixture(scope="module")
def table() -> tuple[KnownGpu, ...]:
    return known_gpus()


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gpus.json"
    monkeypatch.setattr(presets, "preset_path", lambda name: path)
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, '"id" must be a text'),
        ({"name": ""}, '"name" must be a text'),
        ({"name": 7}, '"name" must be a text'),
        ({"vendor": "matrox"}, 'vendor "matrox"'),
        ({"kind": "cpu"}, 'kind "cpu"'),
        ({"memory_gib": -1}, '"memory_gib" must be a number'),
        ({"memory_gib": True}, '"memory_gib" must be a number'),
        ({"memory_gib": 1e999}, '"memory_gib" must be a number'),
        ({"memory_gib": None}, '"memory_gib" and "memory_options_gib"'),
        ({"memory_options_gib": [8]}, '"memory_gib" and "memory_options_gib"'),
        ({"memory_gib": None, "memory_options_gib": ["8"]}, '"memory_options_gib" must be'),
        ({"bandwidth_gb_per_second": None}, '"bandwidth_gb_per_second" is missing'),
        ({"bandwidth_gb_per_second": "fast"}, '"bandwidth_gb_per_second" must be'),
        ({"words": []}, '"words" must be'),
        ({"words": ["x1"]}, "words must be lists"),
        ({"not_words": [1]}, "words must be lists"),
        ({"multiprocessors": 0}, '"multiprocessors" must be'),
        ({"prefill_tflops": 42}, '"prefill_tflops" must be two numbers'),
        ({"prefill_tflops": [42]}, '"prefill_tflops" must be two numbers'),
        ({"prefill_tflops": [0, 42]}, '"prefill_tflops" must be two numbers'),
        ({"prefill_tflops": [42, 41]}, '"prefill_tflops" must be the lower'),
        ({"prefill_tflops": [41, 42]}, '"prefill_source" must be a text'),
    ],
)
def test_a_malformed_entry_is_named(written: Path, change: dict[str, object], reason: str) -> None:
    written.write_text(json.dumps({"gpus": [GOOD | change]}), encoding="utf-8")
    with pytest.raises(PresetError) as caught:
        known_gpus()
    assert reason in caught.value.message
    assert "gpus.json" in caught.value.message


@pytest.mark.parametrize("content", ["{}", '{"gpus": {}}', '{"gpus": [1]}'])
def test_a_table_without_entries(written: Path, content: str) -> None:
    written.write_text(content, encoding="utf-8")
    with pytest.raises(PresetError, match='"gpus" must be a list'):
        known_gpus()


def test_a_good_entry(written: Path) -> None:
    written.write_text(json.dumps({"gpus": [GOOD], "ram": []}), encoding="utf-8")
    assert known_gpus() == (
        KnownGpu(
            id="x-1",
            name="Card X1",
            vendor="nvidia",
            kind=Kind.DISCRETE,
            form="desktop",
            memory_bytes=8 * GiB,
            memory_options_bytes=(),
            bandwidth_bytes_per_second=100_500_000_000,
            words=(frozenset({"x1"}),),
            not_words=frozenset(),
            multiprocessors=None,
            gpu_cores=None,
        ),
    )
    assert known_ram() == ()


def test_the_shipped_table_is_consistent(table: tuple[KnownGpu, ...]) -> None:
    assert len(table) == len({gpu.id for gpu in table}) == len({gpu.name for gpu in table}) == 158
    for gpu in table:
        assert 10e9 < gpu.bandwidth_bytes_per_second < 10e12
        assert all(1 * GiB <= size <= 1024 * GiB for size in gpu.memory_options_bytes or (gpu.memory_bytes,))
        assert (gpu.kind is Kind.DISCRETE) == (gpu.memory_bytes is not None)
        assert (gpu.multiprocessors is not None) == (gpu.vendor == "nvidia" and gpu.kind is Kind.DISCRETE)


def test_every_gpu_is_found_by_its_own_name(table: tuple[KnownGpu, ...]) -> None:
    others = {
        gpu.id: found and found.id
        for gpu in table
        if (found := find_by_name(table, f"{gpu.vendor} {gpu.name}", gpu.memory_bytes, gpu.gpu_cores)) != gpu
    }
    # The GDDR6 board carries the name of the other, and both Strix Halos that of the family.
    assert others == {"gtx-1650-gddr6": "gtx-1650", "strix-halo-385": "strix-halo-395"}


def test_every_entry_names_its_source() -> None:
    assert all(entry["source"] for entry in presets.read_json("gpus")["gpus"])


def test_kinds_of_ram() -> None:
    kinds = {ram.name: ram.bandwidth_bytes_per_second for ram in known_ram()}
    assert kinds["DDR4-3200 dual channel"] == 3200 * 8 * 2 * 10**6
    assert kinds["DDR5-4800 12-channel (EPYC 9004)"] == 4800 * 8 * 12 * 10**6


@pytest.mark.parametrize(
    ("name", "total_gib", "id_"),
    [
        ("NVIDIA GeForce RTX 4070", 12, "rtx-4070"),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", 16, "rtx-4070-ti-super"),
        ("NVIDIA GeForce RTX 4070 Laptop GPU", 8, "rtx-4070-laptop"),
        ("NVIDIA GeForce RTX 4060 Ti", 8, "rtx-4060-ti-8gb"),
        ("NVIDIA GeForce RTX 4060 Ti", 16, "rtx-4060-ti-16gb"),
        ("NVIDIA A100-SXM4-80GB", 80, "a100-80gb-sxm"),
        ("NVIDIA A100-SXM4-40GB", 40, "a100-40gb"),
        ("Tesla V100-SXM2-32GB", 32, "v100-32gb"),
        ("AMD Radeon RX 7900 XT", 20, "rx-7900-xt"),
        ("AMD Radeon RX 7900 XTX", 24, "rx-7900-xtx"),
        ("Radeon RX 7900 XT/7900 XTX/7900 GRE/7900M", 24, "rx-7900-xtx"),
        ("AMD Radeon 8060S Graphics", 64, "strix-halo-395"),
        ("Intel(R) Arc(TM) A770 Graphics", 16, "arc-a770-16gb"),
        ("NVIDIA GB10", None, "dgx-spark-gb10"),
        ("Apple M2 Ultra", None, "apple-m2-ultra"),
        ("Apple M4 Max", None, "apple-m4-max-32c"),  # without the cores: the slower
    ],
)
def test_names_as_drivers_say_them(
    table: tuple[KnownGpu, ...], name: str, total_gib: int | None, id_: str
) -> None:
    found = find_by_name(table, name, None if total_gib is None else total_gib * GiB)
    assert found is not None
    assert found.id == id_


@pytest.mark.parametrize(
    "name",
    [
        "",
        "NVIDIA GeForce RTX 5090 D",
        "Microsoft Basic Render Driver",
        "NVIDIA A100-SXM4-40GB MIG 1g.5gb",
        "RTX",
    ],
)
def test_names_that_are_not_in_the_table(table: tuple[KnownGpu, ...], name: str) -> None:
    assert find_by_name(table, name) is None


def test_gpu_cores_tell_variants_apart(table: tuple[KnownGpu, ...]) -> None:
    fast = find_by_name(table, "Apple M4 Max", gpu_cores=40)
    slow = find_by_name(table, "Apple M4 Max", gpu_cores=32)
    assert fast is not None
    assert slow is not None
    assert (fast.id, slow.id) == ("apple-m4-max-40c", "apple-m4-max-32c")


def test_any_of_several_sets_of_words_will_do(table: tuple[KnownGpu, ...]) -> None:
    gpu = replace(
        table[0], words=(frozenset({"strix", "halo"}), frozenset({"gfx1151"})), not_words=frozenset()
    )
    assert find_by_name([gpu], "AMD Strix Halo") == find_by_name([gpu], "gfx1151") == gpu
    assert find_by_name([gpu], "Strix Point") is None
