"""What a device cannot work on is refused before the engine would end over it, and nothing else is.

Each row of the table is the last load that works; beyond it, the engine without the check ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.dry_run import dry_run
from advisor.engine.launch import Launch
from advisor.engine.protocol import OpenModel
from advisor.errors import EngineDied, EngineRefused
from advisor.model import read_model
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB
from tests.support.gguf_bytes import expand_head
from tests.support.small_models import small_llama

pytestmark = pytest.mark.gpu

LIMIT_BYTES = 128 * MiB  # maxStorageBufferRange of lavapipe
ROW_ELEMENTS = 16 * 128
# Of 32 elements (ggml/src/ggml-common.h).
BLOCK_BYTES = {
    "f32": 128,
    "f16": 64,
    "bf16": 64,
    "q8_0": 34,
    "q5_1": 24,
    "q5_0": 22,
    "q4_1": 20,
    "iq4_nl": 18,
    "q4_0": 18,
}
OFFLOADED = LoadSettings(n_ctx=256, n_gpu_layers=99)


@pytest.fixture(scope="module")
def unchecked(rig: Mapping[str, str]) -> Iterator[EngineClient]:
    """An engine that is asked without the check, and dies of it."""
    with EngineClient(Launch(environment=rig)) as client:
        yield client


Differs = Callable[[ModelFacts, LoadSettings, LoadSettings], str]


@pytest.fixture
def differs(engine: EngineClient, unchecked: EngineClient) -> Differs:
    """The one load works and the other is refused, for the reason for which the engine would end."""

    def differs(facts: ModelFacts, works: LoadSettings, beyond: LoadSettings) -> str:
        assert dry_run(engine, facts, works, ("Vulkan0",)).n_ctx == works.n_ctx
        pid = engine.pid
        with pytest.raises(EngineRefused) as refused:
            dry_run(engine, facts, beyond, ("Vulkan0",))
        assert refused.value.code == DEVICE_LIMIT
        assert "not of its memory" in refused.value.hint
        assert dry_run(engine, facts, works, ("Vulkan0",)).n_ctx == works.n_ctx
        assert engine.pid == pid
        unchecked.open(
            OpenModel(path=str(facts.path), n_gpu_layers=beyond.n_gpu_layers, devices=("Vulkan0",))
        )
        with pytest.raises(EngineDied) as died:
            unchecked.context(beyond)
        assert died.value.code == DEVICE_LIMIT
        return refused.value.message

    return differs


def beside(settings: LoadSettings) -> LoadSettings:
    """The next larger context."""
    return settings.with_n_ctx(settings.n_ctx + settings.context_step)


def largest(cache_type: str) -> int:
    """Tokens of which one tensor holds the keys."""
    row_bytes = ROW_ELEMENTS // 32 * BLOCK_BYTES[cache_type]
    return LIMIT_BYTES // row_bytes // 256 * 256


@pytest.mark.parametrize("cache_type", BLOCK_BYTES)
@pytest.mark.parametrize("part", ["k", "v"])
def test_of_every_cache_type_the_last_context_works(
    differs: Differs, tmp_path: Path, cache_type: str, part: str
) -> None:
    facts = small_llama(tmp_path / "model.gguf")
    other = {"cache_type_k": "q4_0", "cache_type_v": "q4_0", f"cache_type_{part}": cache_type}
    settings = replace(OFFLOADED, n_ctx=largest(cache_type), **other)
    name = "cache_k_l0" if part == "k" or cache_type in ("q4_0", "iq4_nl") else "cache_v_l0"
    assert differs(facts, settings, beside(settings)) == f"Vulkan0 cannot work on {name} in one piece."


@pytest.mark.parametrize(
    ("change", "n_ctx", "name"),
    [
        ({"flash_attn": "off"}, 32768, "cache_k_l0"),
        ({"flash_attn": "off", "cache_type_k": "q8_0"}, 32768, "cache_v_l0"),
        ({"n_gpu_layers": 2}, 32768, "cache_k_l1"),
        ({"n_seq_max": 4, "n_outputs_max": 4}, 32768, "cache_k_l0"),
        ({"n_seq_max": 4, "n_outputs_max": 4, "kv_unified": False}, 32768, "cache_k_l0"),
    ],
    ids=str,
)
def test_however_the_cache_lies_the_last_context_works(
    differs: Differs, tmp_path: Path, change: Mapping[str, Any], n_ctx: int, name: str
) -> None:
    facts = small_llama(tmp_path / "model.gguf")
    settings = replace(OFFLOADED, n_ctx=n_ctx, **change)
    assert f"work on {name} in one piece" in differs(facts, settings, beside(settings))


@pytest.mark.parametrize(
    ("head", "change", "n_ctx"),
    [
        ("gemma3-dense", {}, 262144),  # windows beside whole layers
        ("gemma3-dense", {"swa_full": True}, 262144),
        ("laguna-moe", {}, 419328),  # heads of 80
        ("deepseek32-moe", {}, 116480),  # one row for keys and values, and an indexer
        ("glm5-next-moe", {"cache_type_k": "q8_0", "cache_type_v": "q8_0"}, 246528),
        ("bailingmoe3-moe", {}, 116480),  # hybrid
        ("openelm-dense", {"flash_attn": "off"}, 262144),  # layers of different width, padded
    ],
    ids=str,
)
def test_of_every_kind_of_attention_the_last_context_works(
    differs: Differs, tmp_path: Path, head: str, change: Mapping[str, Any], n_ctx: int
) -> None:
    facts = read_model(expand_head(head, tmp_path))
    settings = replace(OFFLOADED, n_ctx=n_ctx, **change)
    assert "in one piece" in differs(facts, settings, beside(settings))


@pytest.mark.parametrize(
    ("flash_attn", "n_ubatch", "rows", "name"),
    [
        ("on", 16384, 16385, "cache_k_l0"),
        ("off", 8192, 8193 * ROW_ELEMENTS, "cache_v_l0"),  # value by value, each with its place
    ],
)
def test_what_is_written_at_once_has_the_same_limit(
    differs: Differs, tmp_path: Path, flash_attn: str, n_ubatch: int, rows: int, name: str
) -> None:
    facts = small_llama(tmp_path / "model.gguf")
    works = replace(OFFLOADED, n_ctx=16640, n_batch=n_ubatch, n_ubatch=n_ubatch, flash_attn=flash_attn)
    message = differs(facts, works, replace(works, n_batch=n_ubatch + 1, n_ubatch=n_ubatch + 1))
    assert message == f"Vulkan0 cannot write {rows} rows of f16 to {name} at once."


@pytest.mark.parametrize("change", [{"offload_kqv": False}, {"n_gpu_layers": 1}], ids=str)
def test_what_lies_in_the_ram_has_no_limit(
    engine: EngineClient, tmp_path: Path, change: Mapping[str, Any]
) -> None:
    facts = small_llama(tmp_path / "model.gguf")
    settings = replace(OFFLOADED, n_ctx=131072, **change)
    assert dry_run(engine, facts, settings, ("Vulkan0",)).n_ctx == 131072
