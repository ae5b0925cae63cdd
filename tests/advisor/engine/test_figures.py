from __future__ import annotations

import pytest

from advisor.engine.figures import agree, buffers_by_device, device_of, in_order, is_copied
from advisor.engine.log_lines import LoggedBuffers, LoggedCache
from advisor.engine.protocol import BufferBytes
from advisor.memory.plan import Buffers
from advisor.model.facts import Attention, Layer, ModelFacts, Recurrence
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

SETTINGS = LoadSettings(n_ctx=4096)
ATTENTION = Attention(head_count=4, head_count_kv=1, key_length=256, value_length=256)
STATE = Recurrence(conv_elements=9_216, state_elements=262_144)  # 1,085,440 bytes a layer


def _facts(*layers: Attention | Recurrence) -> ModelFacts:
    return ModelFacts(
        path=None,
        shards=(),
        name="A model",
        architecture="llama",
        quantization="F16",
        n_layer=len(layers),
        n_layer_all=len(layers),
        n_ctx_train=4096,
        n_embd=1024,
        n_vocab=32_000,
        n_expert=0,
        layers=tuple(
            Layer(
                index,
                layer if isinstance(layer, Attention) else None,
                layer if isinstance(layer, Recurrence) else None,
                4096,
                0,
            )
            for index, layer in enumerate(layers)
        ),
        weights=(),
        file_bytes=0,
        n_params=0,
    )


def _logged(
    kv: int = 0, state: dict[str, int] | None = None, output: dict[str, int] | None = None
) -> LoggedBuffers:
    return LoggedBuffers(
        caches=(LoggedCache(kv, {}),) if kv else (),
        state=state or {},
        compute={},
        output={"CPU": round(0.12 * MiB)} if output is None else output,
        flash_attn="on",
    )


def _rounded(n_bytes: int) -> int:
    """As the log prints it."""
    return round(round(n_bytes / MiB, 2) * MiB)


@pytest.mark.parametrize(
    ("buffer", "device"),
    [
        ("CPU", "CPU"),
        ("CPU_Mapped", "CPU"),
        ("CPU_REPACK", "CPU"),
        ("AMX", "CPU"),
        ("CUDA_Host", "CPU"),
        ("Vulkan_Host", "CPU"),
        ("CUDA0", "CUDA0"),
        ("Vulkan1", "Vulkan1"),
        ("CUDA0_Split", "CUDA0"),
        ("MTL0_Mapped", "MTL0"),
        ("MTL0_Private", "MTL0"),
        ("Metal", "Metal"),
        ("RPC0[127.0.0.1:50052]", "RPC0[127.0.0.1:50052]"),
    ],
)
def test_a_buffer_lies_on_a_device(buffer: str, device: str) -> None:
    assert device_of(buffer, {}) == device


def test_what_the_engine_says_of_a_buffer_goes_before_its_name() -> None:
    assert device_of("RPC0[127.0.0.1:50053]", {"RPC0[127.0.0.1:50053]": "RPC1"}) == "RPC1"


def test_a_copy_in_another_layout_is_not_the_file() -> None:
    assert is_copied("CPU_REPACK")
    assert is_copied("AMX")
    assert not is_copied("CPU")
    assert not is_copied("CUDA_Host")


def test_the_host_is_last_and_always_there() -> None:
    assert in_order(["CPU", "CUDA1", "CUDA0", "CPU", "CUDA1"]) == ["CUDA1", "CUDA0", "CPU"]
    assert in_order([]) == ["CPU"]


def test_all_host_memory_is_one_device() -> None:
    buffers = (
        BufferBytes("CPU_REPACK", "CPU", 700, 0, 0),
        BufferBytes("CUDA0", "CUDA0", 1000, 400, 300),
        BufferBytes("CUDA_Host", "CPU", 30, 0, 20),
        BufferBytes("CPU", "CPU", 5, 100, 1),
    )
    assert buffers_by_device(buffers, _logged(500), _facts(ATTENTION), SETTINGS) == (
        Buffers("CUDA0", weights_bytes=1000, kv_cache_bytes=400, compute_bytes=300),
        Buffers(
            "CPU",
            weights_bytes=735,
            kv_cache_bytes=100,
            compute_bytes=21,
            output_bytes=128_000,
            mapped_file_bytes=35,
        ),
    )


def test_without_mmap_nothing_is_mapped() -> None:
    buffers = (BufferBytes("CPU", "CPU", 5, 0, 0),)
    settings = LoadSettings(n_ctx=4096, use_mmap=False)
    (cpu,) = buffers_by_device(buffers, _logged(), _facts(ATTENTION), settings)
    assert (cpu.weights_bytes, cpu.mapped_file_bytes) == (5, 0)


def test_the_output_buffer_is_exact_where_the_log_agrees() -> None:
    buffers = (BufferBytes("CPU", "CPU", 0, 0, 0),)
    settings = LoadSettings(n_ctx=4096, n_seq_max=4, n_outputs_max=4)
    (cpu,) = buffers_by_device(buffers, _logged(output={"CPU": round(0.49 * MiB)}), _facts(), settings)
    assert cpu.output_bytes == 4 * 4 * 32_000
    (cpu,) = buffers_by_device(buffers, _logged(output={"CPU": 8 * MiB}), _facts(), settings)
    assert cpu.output_bytes == 8 * MiB
    (cpu,) = buffers_by_device(buffers, _logged(output={}), _facts(), settings)
    assert cpu.output_bytes == 0


def test_pinned_output_is_the_hosts() -> None:
    buffers = (BufferBytes("CUDA0", "CUDA0", 0, 0, 0),)
    logged = _logged(output={"CUDA_Host": round(0.12 * MiB)})
    gpu, cpu = buffers_by_device(buffers, logged, _facts(), SETTINGS)
    assert (gpu.output_bytes, cpu.output_bytes) == (0, 128_000)


def test_state_is_taken_out_of_the_context_to_the_byte() -> None:
    facts = _facts(STATE, ATTENTION, STATE, STATE)
    state, kv = 3 * 1_085_440, 4 * MiB
    buffers = (BufferBytes("CPU", "CPU", 0, state + kv, 0),)
    (cpu,) = buffers_by_device(buffers, _logged(kv, {"CPU": _rounded(state)}), facts, SETTINGS)
    assert (cpu.recurrent_state_bytes, cpu.kv_cache_bytes) == (state, kv)


def test_state_on_two_devices_is_what_their_layers_hold() -> None:
    facts = _facts(STATE, ATTENTION, STATE, STATE)
    settings = LoadSettings(n_ctx=4096, n_seq_max=2, n_outputs_max=2)
    on_gpu, on_cpu = 2 * 2 * 1_085_440, 2 * 1_085_440
    buffers = (
        BufferBytes("CPU", "CPU", 0, on_cpu + 4 * MiB, 0),
        BufferBytes("CUDA0", "CUDA0", 0, on_gpu, 0),
    )
    logged = _logged(4 * MiB, {"CPU": _rounded(on_cpu), "CUDA0": _rounded(on_gpu)})
    gpu, cpu = buffers_by_device(buffers, logged, facts, settings)
    assert (gpu.recurrent_state_bytes, gpu.kv_cache_bytes) == (on_gpu, 0)
    assert (cpu.recurrent_state_bytes, cpu.kv_cache_bytes) == (on_cpu, 4 * MiB)


def test_a_log_line_is_matched_to_its_device_by_the_breakdown() -> None:
    buffers = (BufferBytes("RPC0[b]", "RPC1", 0, 9 * MiB, 0), BufferBytes("CPU", "CPU", 0, MiB, 0))
    logged = _logged(MiB, {"RPC0[b]": 9 * MiB})
    rpc, cpu = buffers_by_device(buffers, logged, _facts(), SETTINGS)
    assert (rpc.device, rpc.recurrent_state_bytes, rpc.kv_cache_bytes) == ("RPC1", 9 * MiB, 0)
    assert (cpu.recurrent_state_bytes, cpu.kv_cache_bytes) == (0, MiB)


def test_state_that_the_header_does_not_explain_is_the_logs() -> None:
    buffers = (BufferBytes("CPU", "CPU", 0, 50 * MiB, 0),)
    logged = _logged(10 * MiB, {"CPU": 40 * MiB})
    (cpu,) = buffers_by_device(buffers, logged, _facts(STATE, ATTENTION), SETTINGS)
    assert (cpu.recurrent_state_bytes, cpu.kv_cache_bytes) == (40 * MiB, 10 * MiB)


def test_a_model_without_attention_keeps_nothing_but_state() -> None:
    buffers = (BufferBytes("CPU", "CPU", 0, 1_234_567, 0),)
    (cpu,) = buffers_by_device(buffers, _logged(0, {"CPU": _rounded(1_234_567)}), _facts(), SETTINGS)
    assert (cpu.recurrent_state_bytes, cpu.kv_cache_bytes) == (1_234_567, 0)


def test_a_model_without_state_has_none() -> None:
    buffers = (BufferBytes("CPU", "CPU", 0, MiB, 0),)
    (cpu,) = buffers_by_device(buffers, _logged(MiB), _facts(ATTENTION, STATE), SETTINGS)
    assert (cpu.recurrent_state_bytes, cpu.kv_cache_bytes) == (0, MiB)


def _compute(n_bytes: int) -> LoggedBuffers:
    return LoggedBuffers((LoggedCache(12 * MiB, {}),), {"CPU": MiB}, {"CPU": n_bytes}, {}, None)


@pytest.mark.parametrize(
    ("context_bytes", "compute_bytes", "expected"),
    [
        (13 * MiB, 7 * MiB, True),
        (13 * MiB + 5_000, 7 * MiB - 5_000, True),
        (14 * MiB, 7 * MiB, False),
        (0, 7 * MiB, False),
        (13 * MiB, 8 * MiB, False),
        (13 * MiB, 0, False),
    ],
)
def test_a_breakdown_is_believed_if_the_log_says_the_same(
    context_bytes: int, compute_bytes: int, expected: bool
) -> None:
    buffers = (BufferBytes("CPU", "CPU", 0, context_bytes, compute_bytes),)
    assert agree(buffers, _compute(7 * MiB), 4) is expected


def test_a_breakdown_without_the_logs_compute_buffer_is_not_believed() -> None:
    buffers = (BufferBytes("CUDA0", "CUDA0", 0, 13 * MiB, 7 * MiB),)
    assert not agree(buffers, _compute(7 * MiB), 4)
