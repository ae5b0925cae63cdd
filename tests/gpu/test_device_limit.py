"""A tensor that is too large for the device is refused with a sentence, and the next question is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.basis import Basis
from advisor.engine.client import EngineClient
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.dry_run import dry_run
from advisor.engine.launch import Launch
from advisor.errors import EngineRefused
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB
from tests.support.small_models import small_llama

pytestmark = pytest.mark.gpu

# maxStorageBufferRange of lavapipe; a row of keys takes 16 heads x 128 x 2 bytes.
LIMIT_BYTES, ROW_BYTES = 128 * MiB, 4096
AT_THE_LIMIT = LoadSettings(n_ctx=LIMIT_BYTES // ROW_BYTES, n_gpu_layers=3)
ABOVE = AT_THE_LIMIT.with_n_ctx(AT_THE_LIMIT.n_ctx + 1)


@pytest.fixture
def client(rig: Mapping[str, str]) -> Iterator[EngineClient]:
    """An engine of its own."""
    with EngineClient(Launch(environment=rig)) as client:
        yield client


def test_the_last_context_that_can_be_is_answered(client: EngineClient, tmp_path: Path) -> None:
    facts = small_llama(tmp_path / "model.gguf")
    answer = dry_run(client, facts, AT_THE_LIMIT, ("Vulkan0",))
    assert answer.basis is Basis.ENGINE
    assert answer.buffers[0].kv_cache_bytes == 2 * 2 * LIMIT_BYTES


@pytest.mark.parametrize(
    ("change", "tensor"),
    [
        ({}, "cache_k_l0"),
        ({"cache_type_k": "q8_0"}, "cache_v_l0"),
        ({"n_gpu_layers": 2}, "cache_k_l1"),
        ({"flash_attn": "off"}, "cache_k_l0"),
    ],
    ids=str,
)
def test_a_larger_one_is_a_sentence_and_the_next_question_is_answered(
    client: EngineClient, tmp_path: Path, change: Mapping[str, Any], tensor: str
) -> None:
    facts = small_llama(tmp_path / "model.gguf")
    with pytest.raises(EngineRefused) as raised:
        dry_run(client, facts, replace(ABOVE, **change), ("Vulkan0",))
    assert raised.value.code == DEVICE_LIMIT
    assert raised.value.message == f"Vulkan0 cannot work on {tensor} in one piece."
    assert "not of its memory" in raised.value.hint
    smaller = replace(AT_THE_LIMIT, **change)
    assert dry_run(client, facts, smaller, ("Vulkan0",)).n_ctx == AT_THE_LIMIT.n_ctx


@pytest.mark.parametrize("change", [{"offload_kqv": False}, {"n_gpu_layers": 1}], ids=str)
def test_a_cache_in_the_ram_has_no_such_limit(
    client: EngineClient, tmp_path: Path, change: Mapping[str, Any]
) -> None:
    facts = small_llama(tmp_path / "model.gguf")
    answer = dry_run(client, facts, replace(ABOVE, **change), ("Vulkan0",))
    assert answer.buffers[-1].kv_cache_bytes == 2 * 2 * ABOVE.n_ctx * ROW_BYTES
