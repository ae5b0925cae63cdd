"""The engine's own sizes for models of every architecture, asked for dry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.basis import Basis
from advisor.engine import dry_run as module
from advisor.engine.client import EngineClient
from advisor.engine.dry_run import dry_run
from advisor.engine.protocol import OpenModel
from advisor.errors import EngineRefused
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import KiB
from tests.support.engines import patched
from tests.support.gguf_bytes import head_names

pytestmark = pytest.mark.engine

SETTINGS = LoadSettings(n_ctx=4096)
Head = Callable[[str], ModelFacts]


@pytest.mark.parametrize("name", head_names())
def test_every_architecture_is_answered_to_the_byte_or_refused_plainly(
    engine: EngineClient, head: Head, name: str
) -> None:
    facts = head(name)
    for n_ctx in (256, 4096, 131_072):
        if 0 < facts.n_position_rows < n_ctx:
            with pytest.raises(EngineRefused, match="positions"):
                dry_run(engine, facts, LoadSettings(n_ctx=n_ctx))
            continue
        answer = dry_run(engine, facts, LoadSettings(n_ctx=n_ctx))
        assert answer.basis is Basis.ENGINE
        assert answer.n_ctx == n_ctx
        (cpu,) = answer.buffers
        assert cpu.weights_bytes == pytest.approx(facts.weights_bytes, rel=0.01)
        assert cpu.compute_bytes > 0
        assert (cpu.kv_cache_bytes > 0) == any(layer.attention for layer in facts.layers if facts.has_cache)
        assert (cpu.recurrent_state_bytes > 0) == any(layer.recurrence for layer in facts.layers)


@pytest.mark.parametrize(
    "name", ["llama-moe", "gemma3-dense", "deepseek32-moe", "lfm2moe-moe", "mamba2-dense"]
)
def test_the_sizes_are_the_same_without_the_vocabulary(engine: EngineClient, head: Head, name: str) -> None:
    facts = head(name)
    request = OpenModel(path=str(facts.path), architecture=facts.architecture, n_vocab=facts.n_vocab)
    assert not engine.open(request).with_vocabulary
    without = engine.context(SETTINGS)
    assert engine.open(OpenModel(path=str(facts.path))).with_vocabulary
    assert engine.context(SETTINGS).buffers == without.buffers


def test_a_plain_cache_is_what_the_arithmetic_says(engine: EngineClient, head: Head) -> None:
    facts = head("llama-moe")
    attentions = [layer.attention for layer in facts.layers if layer.attention]
    elements = sum(a.head_count_kv * (a.key_length + a.value_length) for a in attentions)
    for cache_type, bits in (
        ("f16", 16),
        ("bf16", 16),
        ("f32", 32),
        ("q8_0", 8.5),
        ("q4_0", 4.5),
        ("iq4_nl", 4.5),
    ):
        settings = replace(SETTINGS, cache_type_k=cache_type, cache_type_v=cache_type)
        assert dry_run(engine, facts, settings).buffers[0].kv_cache_bytes == 4096 * elements * bits / 8


@pytest.mark.parametrize("name", ["mamba2-dense", "qwen35-dense", "lfm2moe-moe", "nemotron_h_moe-dense"])
@pytest.mark.parametrize("kv_unified", [True, False])
def test_scaled_slots_are_close_to_real_ones(
    engine: EngineClient, head: Head, name: str, kv_unified: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = head(name)
    settings = LoadSettings(n_ctx=4096, n_seq_max=4, n_outputs_max=4, kv_unified=kv_unified)
    (real,) = dry_run(engine, facts, settings).buffers
    monkeypatch.setattr(module, "STATE_BYTES", 0)
    answer = dry_run(engine, facts, settings)
    (scaled,) = answer.buffers
    assert answer.notes
    assert replace(scaled, compute_bytes=0) == replace(real, compute_bytes=0)
    assert scaled.compute_bytes == pytest.approx(real.compute_bytes, rel=0.1)


def test_experts_can_be_kept_on_the_host(engine: EngineClient, head: Head) -> None:
    facts = head("llama-moe")
    plain = dry_run(engine, facts, SETTINGS)
    settings = replace(SETTINGS, n_cpu_moe=1, override_tensor=(("output", "CPU"),))
    assert dry_run(engine, facts, settings).buffers == plain.buffers


def test_the_cpu_can_be_asked_for_alone_and_an_unknown_device_is_refused(
    engine: EngineClient, head: Head
) -> None:
    facts = head("llama-moe")
    assert dry_run(engine, facts, SETTINGS, devices=()).buffers == dry_run(engine, facts, SETTINGS).buffers
    with pytest.raises(EngineRefused, match="CUDA7"):
        dry_run(engine, facts, SETTINGS, devices=("CUDA7",))


@pytest.mark.parametrize("name", ["llama-moe", "gemma3-dense", "qwen35-dense", "mamba2-dense"])
def test_without_a_breakdown_the_log_says_nearly_the_same(
    engine: EngineClient, head: Head, tmp_path: Path, name: str
) -> None:
    facts = head(name)
    (exact,) = dry_run(engine, facts, SETTINGS).buffers
    with EngineClient(patched(tmp_path, "worker.breakdown.LAYOUTS.clear()")) as client:
        assert not client.hello().has_breakdown
        answer = dry_run(client, facts, SETTINGS)
    (logged,) = answer.buffers
    assert answer.basis is Basis.ENGINE_LOG
    assert logged.weights_bytes == pytest.approx(exact.weights_bytes, abs=4 * KiB)
    assert logged.output_bytes == exact.output_bytes
    for name_ in ("kv_cache_bytes", "recurrent_state_bytes", "compute_bytes"):
        assert getattr(logged, name_) == pytest.approx(getattr(exact, name_), abs=11 * KiB)
