from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.engine.log_lines import LoggedBuffers, LoggedCache
from advisor.engine.placement import buffers_by_device
from advisor.engine.protocol import OpenedModel
from advisor.errors import SettingsError
from advisor.memory.plan import Buffers
from advisor.model.facts import Attention, Layer, ModelFacts, Role, Weight
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

SETTINGS = LoadSettings(n_ctx=4096)
SMALL = Attention(head_count=4, head_count_kv=1, key_length=64, value_length=64)
WIDE = Attention(head_count=4, head_count_kv=2, key_length=64, value_length=128)


def _weight(name: str, role: Role, n_bytes: int, layer: int | None = None) -> Weight:
    return Weight(name, role, layer, (n_bytes,), 0, n_bytes)


FACTS = ModelFacts(
    path=None,
    shards=(),
    name="A model",
    architecture="llama",
    quantization="F16",
    n_layer=2,
    n_layer_all=2,
    n_ctx_train=4096,
    n_embd=64,
    n_vocab=262_144,
    n_expert=8,
    layers=(Layer(0, SMALL, None, 256, 0), Layer(1, WIDE, None, 256, 0)),
    weights=(
        _weight("token_embd.weight", Role.INPUT, 1_000),
        _weight("blk.0.attn_q.weight", Role.LAYER, 20, 0),
        _weight("blk.0.ffn_up_exps.weight", Role.LAYER, 3, 0),
        _weight("blk.1.attn_q.weight", Role.LAYER, 400, 1),
        _weight("blk.1.ffn_up_exps.weight", Role.LAYER, 50, 1),
        _weight("blk.2.nextn.weight", Role.SKIPPED, 7, 2),
        _weight("output_norm.weight", Role.OUTPUT, 6),
        _weight("output.weight", Role.OUTPUT, 900),
    ),
    file_bytes=0,
    n_params=0,
)


KNOWN = {"CPU": "CPU", "CUDA1": "CUDA1", "CUDA0": "CUDA0"}  # the engine's order


def _opened(*devices: str, placement: tuple[str, ...] = ()) -> OpenedModel:
    lines = (
        "load_tensors: loading model tensors, this can take a while... (load_mode = none)",
        *(
            f"load_tensors: layer {index:3} assigned to device {device}, is_swa = 0"
            for index, device in enumerate(devices)
        ),
        "load_tensors:          CPU model buffer size =     0.00 MiB",
        *placement,
    )
    return OpenedModel(2, 4096, 128, False, False, 0, 0, False, 0.0, lines, KNOWN)


def _logged(*caches: LoggedCache) -> LoggedBuffers:
    return LoggedBuffers(caches, {}, {"CPU": 3 * MiB, "CUDA_Host": MiB, "CUDA0": 8 * MiB}, {"CPU": MiB}, "on")


def _weights(*devices: str, settings: LoadSettings = SETTINGS, facts: ModelFacts = FACTS) -> dict[str, int]:
    answer = buffers_by_device(_opened(*devices), _logged(), facts, settings)
    return {buffers.device: buffers.weights_bytes for buffers in answer}


def test_layers_lie_where_the_log_says() -> None:
    assert _weights("CPU", "CUDA0", "CUDA0") == {"CUDA0": 400 + 50 + 906, "CPU": 1_000 + 23}
    assert _weights("CPU", "CPU", "CUDA0") == {"CUDA0": 906, "CPU": 1_000 + 23 + 450}
    assert _weights("CUDA0", "CUDA1", "CUDA1") == {"CUDA0": 23, "CUDA1": 450 + 906, "CPU": 1_000}


def test_a_load_that_logs_no_layers_is_the_hosts() -> None:
    assert _weights()["CPU"] == 1_000 + 23 + 450 + 906


def test_tied_embeddings_are_also_the_devices_output() -> None:
    tied = replace(FACTS, weights=FACTS.weights[:-1])
    assert _weights("CPU", "CPU", "CUDA0", facts=tied)["CUDA0"] == 6 + 1_000
    assert _weights("CPU", "CPU", "CPU", facts=tied)["CPU"] == 1_000 + 23 + 450 + 6


def test_experts_stay_on_the_host() -> None:
    settings = replace(SETTINGS, n_cpu_moe=1)
    assert _weights("CUDA0", "CUDA0", "CUDA0", settings=settings) == {"CUDA0": 20 + 450 + 906, "CPU": 1_003}


def test_the_first_override_that_matches_wins() -> None:
    settings = replace(SETTINGS, override_tensor=((r"blk\.1\.attn", "CUDA1"), (r"blk\.1\.", "CUDA_Host")))
    weights = _weights("CUDA0", "CUDA0", "CUDA0", settings=settings)
    assert weights == {"CUDA0": 23 + 906, "CUDA1": 400, "CPU": 1_050}


def test_a_cache_is_shared_out_by_what_its_layers_keep() -> None:
    # A token takes 128 elements in layer 0 and 384 in layer 1.
    cache = LoggedCache(4 * MiB + 1, {0: "CPU", 1: "CUDA0"})
    gpu, cpu = buffers_by_device(_opened("CPU", "CUDA0", "CUDA0"), _logged(cache), FACTS, SETTINGS)
    assert (gpu.kv_cache_bytes, cpu.kv_cache_bytes) == (3 * MiB + 1, MiB)


def test_a_cache_without_layers_in_the_log_follows_the_weights() -> None:
    cache = LoggedCache(4 * MiB, {})
    gpu, cpu = buffers_by_device(_opened("CPU", "CUDA0", "CUDA0"), _logged(cache), FACTS, SETTINGS)
    assert (gpu.kv_cache_bytes, cpu.kv_cache_bytes) == (3 * MiB, MiB)


def test_a_layer_that_the_header_does_not_know_counts_as_one_element() -> None:
    cache = LoggedCache(2 * MiB, {8: "CUDA0", 9: "CPU"})
    gpu, cpu = buffers_by_device(_opened("CPU", "CPU", "CPU"), _logged(cache), FACTS, SETTINGS)
    assert (gpu.kv_cache_bytes, cpu.kv_cache_bytes) == (MiB, MiB)


def test_devices_come_in_the_engines_order_and_the_host_last() -> None:
    answer = buffers_by_device(_opened("CUDA0", "CUDA1", "CPU"), _logged(), FACTS, SETTINGS)
    assert [buffers.device for buffers in answer] == ["CUDA1", "CUDA0", "CPU"]


def test_a_buffer_lies_where_the_engine_says() -> None:
    opened = replace(_opened("CPU", "CPU", "RPC1"), buffer_devices={"RPC0[b]": "RPC1"})
    logged = LoggedBuffers((), {}, {"RPC0[b]": 8}, {}, "on")
    rpc, _ = buffers_by_device(opened, logged, FACTS, SETTINGS)
    assert (rpc.device, rpc.weights_bytes, rpc.compute_bytes) == ("RPC1", 906, 8)


def test_several_caches_add_up() -> None:
    caches = (LoggedCache(MiB, {0: "CPU"}), LoggedCache(2 * MiB, {1: "CPU"}))
    (_, cpu) = buffers_by_device(_opened("CPU", "CPU", "CPU"), _logged(*caches), FACTS, SETTINGS)
    assert cpu.kv_cache_bytes == 3 * MiB


def test_the_other_buffers_are_the_logs() -> None:
    logged = LoggedBuffers((), {"CUDA0": 7}, {"CPU": 3, "CUDA_Host": 4, "CUDA0": 8}, {"CUDA_Host": MiB}, "on")
    gpu, cpu = buffers_by_device(_opened("CPU", "CPU", "CPU"), logged, FACTS, SETTINGS)
    assert gpu == Buffers("CUDA0", recurrent_state_bytes=7, compute_bytes=8)
    assert (cpu.compute_bytes, cpu.output_bytes) == (7, MiB)


def test_weights_that_may_be_copies_are_not_called_mapped() -> None:
    opened = _opened("CPU", "CPU", "CPU")
    line = "load_tensors:   CPU_REPACK model buffer size =     0.00 MiB"
    repacked = _opened("CPU", "CPU", "CPU", placement=(line,))
    assert buffers_by_device(opened, _logged(), FACTS, SETTINGS)[-1].mapped_file_bytes > 0
    assert buffers_by_device(repacked, _logged(), FACTS, SETTINGS)[-1].mapped_file_bytes == 0
    unmapped = replace(SETTINGS, use_mmap=False)
    assert buffers_by_device(opened, _logged(), FACTS, unmapped)[-1].mapped_file_bytes == 0


def test_an_override_that_is_no_regular_expression_is_a_bad_setting() -> None:
    with pytest.raises(SettingsError, match="--override-tensor"):
        _weights("CPU", "CPU", "CPU", settings=replace(SETTINGS, override_tensor=(("(", "CPU"),)))
