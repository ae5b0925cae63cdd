"""Where the parts of a load lie when layers are on a GPU: the engine's answer and the formula's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from advisor.basis import Basis
from advisor.engine.client import EngineClient
from advisor.engine.dry_run import dry_run
from advisor.memory.formula import Formula
from advisor.memory.plan import Buffers, Target
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, KiB, MiB
from tests.support.engines import patched
from tests.support.small_models import small_llama

pytestmark = pytest.mark.gpu

TARGETS = (Target("Vulkan0", "Vulkan", 2 * GiB), Target("CPU", "CPU", 16 * GiB))
GPU = ("Vulkan0",)
# Two layers and the output; a token takes 2 x 16 heads x 128 x 2 bytes in each.
ALL, N_CTX, LAYER_KV_BYTES = 3, 4096, 4096 * 8192
SETTINGS = LoadSettings(n_ctx=N_CTX, n_gpu_layers=ALL)


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> ModelFacts:
    return small_llama(tmp_path_factory.mktemp("dense") / "dense.gguf")


@pytest.fixture(scope="module")
def moe(tmp_path_factory: pytest.TempPathFactory) -> ModelFacts:
    path = tmp_path_factory.mktemp("moe") / "moe.gguf"
    return small_llama(path, n_layer=4, n_head=8, n_head_kv=2, n_expert=8)


def answered(engine: EngineClient, facts: ModelFacts, settings: LoadSettings) -> dict[str, Buffers]:
    answer = dry_run(engine, facts, settings, GPU)
    assert answer.basis is Basis.ENGINE
    assert [buffers.device for buffers in answer.buffers] == ["Vulkan0", "CPU"]
    return {buffers.device: buffers for buffers in answer.buffers}


def by_formula(facts: ModelFacts, settings: LoadSettings) -> dict[str, Buffers]:
    return {buffers.device: buffers for buffers in Formula(facts, TARGETS).buffers(settings)}


def check_contents(engine: EngineClient, facts: ModelFacts, settings: LoadSettings) -> None:
    """Device by device, the formula has the engine's weights and KV cache to the byte."""
    answer, ours = answered(engine, facts, settings), by_formula(facts, settings)
    for device, engines in answer.items():
        assert ours[device].weights_bytes == engines.weights_bytes, device
        assert ours[device].kv_cache_bytes == engines.kv_cache_bytes, device
        assert ours[device].mapped_file_bytes == engines.mapped_file_bytes, device
        assert ours[device].output_bytes == engines.output_bytes, device


def check_compute(engine: EngineClient, facts: ModelFacts, settings: LoadSettings) -> None:
    """Device by device, the formula has the engine's compute buffer within 10 % or 2 MiB."""
    answer, ours = answered(engine, facts, settings), by_formula(facts, settings)
    found = {device: ours[device].compute_bytes / MiB for device in answer}
    engines = {device: buffers.compute_bytes / MiB for device, buffers in answer.items()}
    assert found == pytest.approx(engines, rel=0.1, abs=2)


@pytest.mark.parametrize("n_gpu_layers", [0, 1, 2, ALL])
def test_the_cache_lies_with_its_layers(engine: EngineClient, dense: ModelFacts, n_gpu_layers: int) -> None:
    answer = answered(engine, dense, replace(SETTINGS, n_gpu_layers=n_gpu_layers))
    on_gpu = max(0, n_gpu_layers - 1)  # the output is the first to go there
    assert answer["Vulkan0"].kv_cache_bytes == on_gpu * LAYER_KV_BYTES
    assert answer["CPU"].kv_cache_bytes == (2 - on_gpu) * LAYER_KV_BYTES
    whole = sum(buffers.weights_bytes for buffers in answer.values())
    assert whole == dense.weights_bytes
    assert (answer["Vulkan0"].weights_bytes > 0) == (n_gpu_layers > 0)


def test_the_cache_can_stay_on_the_host(engine: EngineClient, dense: ModelFacts) -> None:
    answer = answered(engine, dense, replace(SETTINGS, offload_kqv=False))
    assert answer["Vulkan0"].kv_cache_bytes == 0
    assert answer["CPU"].kv_cache_bytes == 2 * LAYER_KV_BYTES
    assert answer["Vulkan0"].weights_bytes == answered(engine, dense, SETTINGS)["Vulkan0"].weights_bytes


@pytest.mark.parametrize("n_cpu_moe", [1, 2, 4])
def test_experts_can_stay_on_the_host(engine: EngineClient, moe: ModelFacts, n_cpu_moe: int) -> None:
    settings = replace(SETTINGS, n_gpu_layers=moe.all_gpu_layers)
    experts = sum(
        weight.n_bytes
        for weight in moe.weights
        if weight.is_expert and weight.layer is not None and weight.layer < n_cpu_moe
    )
    everything = answered(engine, moe, settings)["Vulkan0"]
    rest = answered(engine, moe, replace(settings, n_cpu_moe=n_cpu_moe))["Vulkan0"]
    assert experts > 0
    assert everything.weights_bytes - rest.weights_bytes == experts
    assert everything.kv_cache_bytes == rest.kv_cache_bytes


CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"n_ubatch": 64},
    {"n_ctx": 16384, "n_ubatch": 128},
    {"cache_type_k": "q8_0", "cache_type_v": "q8_0"},
    {"cache_type_k": "q8_0"},
    {"flash_attn": "off"},
    {"n_seq_max": 4, "n_outputs_max": 4},
    {"n_seq_max": 4, "n_outputs_max": 4, "kv_unified": False},
)


@pytest.mark.parametrize("change", [*CHANGES, {"offload_kqv": False}, {"op_offload": False}], ids=str)
@pytest.mark.parametrize("n_gpu_layers", [ALL, 2, 1, 0])
def test_the_formula_places_weights_and_cache_as_the_engine_does(
    engine: EngineClient, dense: ModelFacts, n_gpu_layers: int, change: Mapping[str, Any]
) -> None:
    check_contents(engine, dense, replace(SETTINGS, n_gpu_layers=n_gpu_layers, **change))


@pytest.mark.parametrize("n_cpu_moe", [0, 1, 4])
@pytest.mark.parametrize("n_gpu_layers", [5, 3])
def test_the_formula_places_experts_as_the_engine_does(
    engine: EngineClient, moe: ModelFacts, n_gpu_layers: int, n_cpu_moe: int
) -> None:
    check_contents(engine, moe, replace(SETTINGS, n_gpu_layers=n_gpu_layers, n_cpu_moe=n_cpu_moe))


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_the_formula_knows_the_compute_buffer_of_a_full_offload(
    engine: EngineClient, dense: ModelFacts, change: Mapping[str, Any]
) -> None:
    check_compute(engine, dense, replace(SETTINGS, **change))


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("n_gpu_layers", [2, 1])
def test_the_formula_knows_the_compute_buffers_where_each_layer_is_computed_where_it_lies(
    engine: EngineClient, dense: ModelFacts, n_gpu_layers: int, change: Mapping[str, Any]
) -> None:
    settings = replace(SETTINGS, n_gpu_layers=n_gpu_layers, op_offload=False, **change)
    check_compute(engine, dense, settings)


def test_the_formula_knows_the_compute_buffer_of_experts(engine: EngineClient, moe: ModelFacts) -> None:
    check_compute(engine, moe, replace(SETTINGS, n_gpu_layers=moe.all_gpu_layers))


# A batch of 32 tokens and more takes the host's layers to the GPU (ggml_backend_sched: offload_op): one of
# their matrices at a time and, for attention, the whole K and V of a layer. The host keeps the masks, the
# embeddings and what goes into its cache.
@pytest.mark.parametrize(
    "change",
    [{"n_gpu_layers": 1}, {"n_gpu_layers": 2}, {"n_gpu_layers": 1, "n_ctx": 16384}, {"offload_kqv": False}],
    ids=str,
)
def test_the_formula_knows_what_a_large_batch_carries_to_the_gpu(
    engine: EngineClient, dense: ModelFacts, change: Mapping[str, Any]
) -> None:
    check_compute(engine, dense, replace(SETTINGS, **change))


@pytest.mark.parametrize(
    "change",
    [{}, {"n_gpu_layers": 2}, {"n_gpu_layers": 0}, {"offload_kqv": False}, {"cache_type_k": "q8_0"}],
    ids=str,
)
def test_the_log_alone_says_nearly_the_same(
    engine: EngineClient, logging_engine: EngineClient, dense: ModelFacts, change: Mapping[str, Any]
) -> None:
    settings = replace(SETTINGS, **change)
    exact = answered(engine, dense, settings)
    answer = dry_run(logging_engine, dense, settings, GPU)
    assert answer.basis is Basis.ENGINE_LOG
    for logged in answer.buffers:
        for part in ("weights_bytes", "kv_cache_bytes", "compute_bytes", "output_bytes"):
            difference = getattr(logged, part) - getattr(exact[logged.device], part)
            assert abs(difference) <= 11 * KiB, (logged.device, part)


@pytest.fixture(scope="module")
def logging_engine(rig: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    launch = patched(tmp_path_factory.mktemp("worker"), "worker.breakdown.LAYOUTS.clear()")
    with EngineClient(replace(launch, environment=rig)) as client:
        assert not client.hello().has_breakdown
        yield client
