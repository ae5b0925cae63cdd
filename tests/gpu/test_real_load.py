"""What the dry run says is what a load really takes on the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.dry_run import dry_run
from advisor.settings.load_settings import LoadSettings
from tests.support.real_load import real_buffers
from tests.support.small_models import small_llama

pytestmark = pytest.mark.gpu

SETTINGS = LoadSettings(n_ctx=4096, n_ubatch=64, n_gpu_layers=3)


@pytest.mark.parametrize(
    "change",
    [{}, {"n_gpu_layers": 2}, {"offload_kqv": False}, {"cache_type_k": "q8_0", "cache_type_v": "q8_0"}],
    ids=str,
)
def test_the_dry_run_is_equal_to_the_byte_on_the_device(
    engine: EngineClient, rig: Mapping[str, str], tmp_path: Path, change: Mapping[str, Any]
) -> None:
    facts = small_llama(tmp_path / "model.gguf")
    assert facts.path is not None
    settings = replace(SETTINGS, **change)
    device, host = dry_run(engine, facts, settings, ("Vulkan0",)).buffers
    real = real_buffers(facts.path, settings, rig)
    assert real["Vulkan0"].weights_bytes == device.weights_bytes
    assert real["Vulkan0"].context_bytes == device.kv_cache_bytes
    assert real["Vulkan0"].compute_bytes == device.compute_bytes
    others = [buffer for name, buffer in real.items() if name != "Vulkan0"]
    assert sum(buffer.context_bytes for buffer in others) == host.kv_cache_bytes
    # The file is mapped from the first to the last tensor that the host keeps: at least what it needs.
    assert sum(buffer.weights_bytes for buffer in others) >= host.weights_bytes
    # Aligned otherwise, by a few bytes a tensor.
    assert sum(buffer.compute_bytes for buffer in others) == pytest.approx(host.compute_bytes, abs=4096)
