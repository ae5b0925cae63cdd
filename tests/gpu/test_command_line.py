"""The commands on a computer whose one GPU is the device of `make rig`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.asked import computer
from advisor.cli.main import main
from advisor.hardware.detect import Detector
from advisor.hardware.detectors import ram
from tests.support.small_models import small_llama

pytestmark = pytest.mark.gpu

Answer = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def model(tmp_path: Path) -> str:
    """Two layers; at f16, the keys of 32,768 tokens are as large as a tensor may be there: 128 MiB."""
    return str(small_llama(tmp_path / "model.gguf").path)


@pytest.fixture
def answer(
    rig: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Answer:
    """Exit code and JSON document of one command."""
    of_ram = (Detector("RAM", partial(ram.detect, Path("/"), platform=sys.platform)),)
    monkeypatch.setattr(computer, "default_detectors", lambda root, platform: of_ram)
    for name, value in rig.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_the_device_is_listed(answer: Answer) -> None:
    code, document = answer("devices")
    assert code == 0
    assert [device["engine_device"] for device in document["devices"]] == ["Vulkan0", "CPU"]
    assert document["devices"][0]["kind"] == "integrated"
    assert document["findings"] == []


def test_a_plan_is_the_engines_on_both_devices(answer: Answer, model: str) -> None:
    code, document = answer("plan", model, "-c", "4096")
    assert code == 0
    assert document["basis"] == "engine"
    assert document["engine"]["backends"] == ["CPU", "Vulkan"]
    assert document["verdict"] == "fits"
    device, host = document["memory"]
    assert (device["device"], host["device"]) == ("Vulkan0", "CPU")
    assert device["kv_cache_bytes"] == 4096 * 2 * 8192
    assert device["overhead_bytes"] > 0
    assert host["kv_cache_bytes"] == 0
    assert host["output_bytes"] > 0
    assert not document["formula"]["alarm"]


def test_layers_can_be_shared_by_both_devices(answer: Answer, model: str) -> None:
    _, document = answer("plan", model, "-c", "4096", "-ngl", "2")
    assert document["basis"] == "engine"
    assert [line["kv_cache_bytes"] for line in document["memory"]] == [4096 * 8192] * 2


def test_what_the_device_cannot_work_on_does_not_fit(answer: Answer, model: str) -> None:
    code, document = answer("plan", model, "-c", "65536")
    assert code == 1
    assert document["verdict"] == "does-not-fit"
    device = document["memory"][0]
    assert device["total_bytes"] < device["usable_bytes"]  # it is not for want of memory
    (note,) = [note for note in document["notes"] if note["code"] == "engine-device-limit"]
    assert "Vulkan0" in note["text"]


def test_a_recommendation_stays_within_the_limit_of_the_device(answer: Answer, model: str) -> None:
    code, document = answer("recommend", model, "-ctk", "f16", "-ctv", "f16")
    recommended = document["recommended"]
    assert code == 0
    assert recommended["n_ctx_safe"] == 32768
    assert recommended["plan"]["basis"] == "engine"
    assert [line["device"] for line in recommended["plan"]["memory"]] == ["Vulkan0", "CPU"]
    assert recommended["reasons"][0]["code"] == "device-limit"
    largest = {row["cache_type_v"]: row["n_ctx_max"] for row in document["alternatives"]}
    assert largest["q8_0"] == 61440  # 2,176 bytes a row: 61,680 of them in 128 MiB
