"""Hardware as JSON and back, and files that describe no computer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.basis import Note
from advisor.errors import PresetError
from advisor.hardware.device import Hardware, Holder, Kind
from advisor.hardware.document import device_to_dict, hardware_from_dict, hardware_to_dict, load_hardware
from advisor.units import GiB
from tests.support import devices
from tests.support.devices import RAM

CARD = replace(
    devices.CARD,
    free_bytes=None,
    bandwidth_bytes_per_second=504_048_000_000,
    engine_device="CUDA0",
    pci_id="0000:01:00.0",
    reserved_by_driver_bytes=GiB // 4,
    display_active=True,
    holders=(Holder("Ollama", GiB, "ollama stop llama3.1:8b"), Holder("dwm", None)),
    sources=("nvml", "ggml"),
    notes=(Note("a", "A sentence."),),
    wddm=True,
    compute_capability=(8, 9),
    multiprocessors=46,
    prefill_flops_per_second=(42_000_000_000_000, 60_000_000_000_000),
)
HARDWARE = Hardware((CARD, RAM), (Note("b", "Another."),), cuda_version=(12, 4))


def document(**changes: object) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(hardware_to_dict(HARDWARE)))
    return made | changes


def changed(**changes: object) -> dict[str, Any]:
    """The document with other values for the first device."""
    made = document()
    made["devices"][0] |= changes
    return made


def test_the_fields_of_the_interface() -> None:
    written = hardware_to_dict(HARDWARE)
    assert written["schema_version"] == 1
    assert written["findings"] == [{"code": "b", "text": "Another."}]
    fields = device_to_dict(CARD)
    assert {
        "id": "nvidia:0",
        "name": "NVIDIA GeForce RTX 4070",
        "vendor": "nvidia",
        "kind": "discrete",
        "total_bytes": 12 * GiB,
        "free_bytes": None,
        "reserve_bytes": GiB,
        "usable_bytes": 11 * GiB,
        "usable_if_others_closed_bytes": 10 * GiB,
        "bandwidth_bytes_per_second": 504_048_000_000,
        "engine_device": "CUDA0",
        "sources": ["nvml", "ggml"],
        "notes": [{"code": "a", "text": "A sentence."}],
    }.items() <= fields.items()


def test_there_and_back() -> None:
    assert hardware_from_dict(document()) == HARDWARE


@given(
    total=st.integers(0, 2**50),
    reserve=st.integers(0, 2**50),
    share=st.none() | st.floats(0, 1),
    kind=st.sampled_from([Kind.DISCRETE, Kind.INTEGRATED, Kind.UNIFIED]),
    name=st.text(max_size=40),
)
def test_any_device_there_and_back(
    total: int, reserve: int, share: float | None, kind: Kind, name: str
) -> None:
    free = None if share is None else int(total * share)
    device = replace(CARD, total_bytes=total, free_bytes=free, reserve_bytes=reserve, kind=kind, name=name)
    hardware = Hardware((device, RAM))
    assert hardware_from_dict(json.loads(json.dumps(hardware_to_dict(hardware)))) == hardware


@pytest.mark.parametrize("span", [[0, 1], [2, 1], [1], "1", [1.5, 2.5]])
def test_a_range_that_is_none_is_refused(span: object) -> None:
    with pytest.raises(PresetError, match="prefill_flops_per_second"):
        hardware_from_dict(changed(prefill_flops_per_second=span))


def test_the_promised_fields_alone_are_enough() -> None:
    needed = {
        "name": "GPU",
        "total_bytes": 8 * GiB,
        "free_bytes": 7 * GiB,
        "reserve_bytes": GiB,
        "usable_if_others_closed_bytes": 6 * GiB,
    }
    made = {
        "schema_version": 1,
        # The RAM comes last, wherever the file has it.
        "devices": [
            needed | {"id": "ram", "kind": "cpu"},
            needed | {"id": "amd:0", "kind": "discrete", "vendor": "amd"},
        ],
    }
    hardware = hardware_from_dict(made)
    assert [(device.id, device.backend) for device in hardware.devices] == [
        ("amd:0", "Vulkan"),
        ("ram", "CPU"),
    ]
    assert hardware.gpus[0].usable_bytes == 6 * GiB


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({}, "schema_version"),
        (document(schema_version=2), "schema_version"),
        (document(devices=None), '"devices" must be a list'),
        (document(devices=[1]), '"devices" must be a list'),
        (document(devices=[]), "the RAM"),
        (document(devices=document()["devices"][:1]), "the RAM"),
        (document(devices=document()["devices"][1:] * 2), "the RAM"),
        (document(devices=[document()["devices"][0]] * 2 + document()["devices"][1:]), "same id"),
        (document(devices=document()["devices"] * 40), "more than 64"),
        (document(findings=[{"code": "x"}]), 'findings[0], is malformed: "text"'),
        (document(cuda_version=[12]), '"cuda_version"'),
        (document(cuda_version=[12, True]), '"cuda_version"'),
        (document(made_up="yes"), '"made_up"'),
        (changed(kind="tpu"), '"kind" must be one of'),
        (changed(kind=None), '"kind" must be a text'),
        (changed(id=1), '"id" must be a text'),
        (changed(total_bytes=-1), '"total_bytes" must be'),
        (changed(total_bytes=1.5), '"total_bytes" must be'),
        (changed(total_bytes=True), '"total_bytes" must be'),
        (changed(total_bytes=2**61), '"total_bytes" must be'),
        (changed(total_bytes="12 GiB"), '"total_bytes" must be'),
        (changed(free_bytes=13 * GiB), '"free_bytes" is more than'),
        (changed(reserve_bytes=None), '"reserve_bytes" must be'),
        (changed(sources="nvml"), '"sources" must be a list of texts'),
        (changed(sources=[1]), '"sources" must be a list of texts'),
        (changed(notes={}), '"notes" must be a list of tables'),
        (changed(holders=[{"bytes": 1}]), 'holders[0], is malformed: "name"'),
        (changed(display_active=1), '"display_active" must be true or false'),
    ],
)
def test_what_describes_no_computer(made: dict[str, Any], reason: str) -> None:
    with pytest.raises(PresetError) as caught:
        hardware_from_dict(made, "other.json")
    assert reason in caught.value.message
    assert caught.value.message.startswith("other.json")
    assert "devices --json" in caught.value.hint


def test_a_file_is_another_computer(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(document()), encoding="utf-8")
    assert load_hardware(path) == replace(HARDWARE, made_up=True)


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b"\xff"])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PresetError, match="other"):
        load_hardware(path)
