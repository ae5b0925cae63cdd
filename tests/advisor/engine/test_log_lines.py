from __future__ import annotations

import pytest

from advisor.engine.log_lines import LoggedCache, parse
from advisor.units import MiB

WINDOWED = """\
llama_context: flash_attn            = auto
llama_context:        CPU  output buffer size =     1.00 MiB
llama_kv_cache_iswa: creating non-SWA KV cache, size = 4096 cells
llama_kv_cache: layer   5: dev = CPU
llama_kv_cache:        CPU KV buffer size =     0.00 MiB
llama_kv_cache: size =   12.00 MiB (  4096 cells,   3 layers,  1/1 seqs), K (f16):    6.00 MiB
llama_kv_cache: attn_rot_k = 0, n_embd_head_k_all = 256
llama_kv_cache_iswa: creating     SWA KV cache, size = 1024 cells
llama_kv_cache: layer   0: dev = CUDA0
llama_kv_cache: layer   1: filtered
llama_kv_cache: size =   15.00 MiB (  1024 cells,  15 layers,  1/1 seqs), K (f16):    7.50 MiB
resolve_fused_ops: Flash Attention enabled
resolve_fused_ops: fused DeepSeek V4 HC pre enabled
sched_reserve:        CPU compute buffer size =    20.00 MiB
sched_reserve:        CPU compute buffer size =    22.77 MiB
sched_reserve:  CUDA_Host compute buffer size =     0.25 MiB
""".splitlines()

HYBRID = """\
llama_memory_recurrent, layer   1: dev = CPU
llama_memory_recurrent:        CPU RS buffer size =     0.52 MiB
llama_memory_recurrent:      CUDA0 RS buffer size =     1.50 MiB
llama_memory_recurrent: size =    0.52 MiB (     2 cells,   2 layers,  2 seqs  0 rs_seq), R (f32):    0.02 MiB
llama_dsv4_comp_state:        CPU DSV4 kv state buffer size =     0.48 MiB
""".splitlines()


def test_nothing_is_known_from_no_lines() -> None:
    logged = parse([])
    assert (logged.caches, logged.state, logged.compute, logged.output, logged.flash_attn) == (
        (),
        {},
        {},
        {},
        None,
    )


def test_every_cache_counts_and_knows_its_layers() -> None:
    logged = parse(WINDOWED)
    assert logged.caches == (LoggedCache(12 * MiB, {5: "CPU"}), LoggedCache(15 * MiB, {0: "CUDA0"}))
    assert logged.kv_cache_bytes == 27 * MiB


def test_the_last_compute_buffer_of_a_name_counts() -> None:
    assert parse(WINDOWED).compute == {"CPU": round(22.77 * MiB), "CUDA_Host": MiB // 4}


def test_the_output_buffer_is_read() -> None:
    assert parse(WINDOWED).output == {"CPU": MiB}


def test_state_of_every_kind_adds_up() -> None:
    logged = parse(HYBRID)
    assert logged.state == {"CPU": round(0.52 * MiB) + round(0.48 * MiB), "CUDA0": 3 * MiB // 2}
    assert logged.state_bytes == sum(logged.state.values())
    assert logged.caches == ()


@pytest.mark.parametrize(
    ("line", "flash_attn"),
    [
        ("resolve_fused_ops: Flash Attention enabled", "on"),
        ("resolve_fused_ops: Flash Attention not supported, set to disabled", "off"),
        ("llama_context: flash_attn            = enabled", "on"),
        ("llama_context: flash_attn            = disabled", "off"),
        ("llama_context: flash_attn            = auto", None),
    ],
)
def test_what_became_of_flash_attention(line: str, flash_attn: str | None) -> None:
    assert parse([line]).flash_attn == flash_attn


@pytest.mark.parametrize(
    "line",
    [
        "llama_kv_cache: size = x MiB (",
        "a compute buffer size = MiB",
        "print_info: file size   = 235.16 MiB (7.36 BPW)",
        "llama_memory_recurrent: size =    0.52 MiB (     2 cells",
        "\x00",
    ],
)
def test_other_lines_say_nothing(line: str) -> None:
    assert parse([line]) == parse([])
