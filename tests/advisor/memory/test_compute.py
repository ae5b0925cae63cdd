"""The compute buffers against figures that llama.cpp logged for real models' shapes.

Dry runs of release b10434 at ubatch 512, with one device that can do everything: MiB on it and on the host.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from advisor.gguf import read_header
from advisor.memory.formula import Formula
from advisor.memory.plan import Buffers, Target
from advisor.model import ModelFacts, facts
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB
from tests.support.planning import a_model
from tests.support.shapes import write_shape

GPU, SECOND, HOST = Target("RPC0", "RPC", 1), Target("RPC1", "RPC", 1), Target("CPU", "CPU", 1)
ALL_OUTPUTS = 2048
EVERYTHING = 999


@dataclass(frozen=True)
class Logged:
    """Device and host at 8,192 tokens, at 65,536, with one output, and without flash attention."""

    short: tuple[float, float]
    long: tuple[float, float]
    one_output: tuple[float, float]
    no_flash_attn: tuple[float, float]


LOGGED = {
    "qwen3-8b": Logged((304.75, 24.0), (304.75, 80.0), (160.0, 80.0), (4260, 148)),
    "llama-3.1-70b": Logged((266.5, 40.0), (280.0, 96.0), (280.0, 96.0), (8388, 164)),
    "qwen3-30b-a3b": Logged((300.75, 16.0), (300.75, 72.0), (148.0, 72.0), (4250, 138)),
    "gpt-oss-20b": Logged((404.0, 20.0), (404.0, 76.0), (151.5, 76.0), (8353, 145)),
    "gemma-3-12b": Logged((519.6, 24.5), (519.6, 80.5), (178.5, 80.5), (2226, 162)),
    "deepseek-v2-lite": Logged((236.3, 16.0), (232.3, 72.0), (140.1, 72.0), (2294, 136)),
}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelFacts]:
    directory = tmp_path_factory.mktemp("shapes")
    return {name: facts(read_header(write_shape(name, directory))) for name in [*LOGGED, "llama-3.1-8b"]}


def load(
    n_ctx: int, n_outputs_max: int = ALL_OUTPUTS, flash_attn: str = "on", **changes: object
) -> LoadSettings:
    settings = LoadSettings(
        n_ctx=n_ctx, n_outputs_max=n_outputs_max, flash_attn=flash_attn, n_gpu_layers=EVERYTHING
    )
    return replace(settings, **changes)


def compute(found: ModelFacts, settings: LoadSettings, *gpus: Target) -> list[float]:
    return [b.compute_bytes / MiB for b in Formula(found, (*gpus, HOST)).buffers(settings)]


@pytest.mark.parametrize("name", LOGGED)
@pytest.mark.parametrize(
    ("column", "settings"),
    [
        ("short", load(8192)),
        ("long", load(65536)),
        ("one_output", load(65536, 1)),
        ("no_flash_attn", load(65536, flash_attn="off")),
    ],
)
def test_device_and_host_are_what_the_engine_logged(
    shapes: dict[str, ModelFacts], name: str, column: str, settings: LoadSettings
) -> None:
    device, host = compute(shapes[name], settings, GPU)
    logged_device, logged_host = getattr(LOGGED[name], column)
    assert device == pytest.approx(logged_device, rel=0.1)
    assert host == pytest.approx(logged_host, rel=0.02)


@pytest.mark.parametrize(
    ("settings", "mebibytes"),
    [(load(8192), 266.5), (load(8192, 1), 124), (load(8192, flash_attn="off"), 572), (load(131072), 266.5)],
)
def test_on_the_cpu_alone_it_is_one_buffer(
    shapes: dict[str, ModelFacts], settings: LoadSettings, mebibytes: float
) -> None:
    assert compute(shapes["llama-3.1-8b"], settings) == [pytest.approx(mebibytes, rel=0.02)]


@pytest.mark.parametrize(
    ("name", "settings", "first", "last", "host"),
    [
        ("llama-3.1-8b", load(8192), 172.0, 354.5, 72.0),
        ("qwen3-8b", load(65536), 384.0, 624.8, 296.0),
    ],
)
def test_two_pipelined_gpus_hold_four_copies_of_what_enters_them(
    shapes: dict[str, ModelFacts],
    name: str,
    settings: LoadSettings,
    first: float,
    last: float,
    host: float,
) -> None:
    found = compute(shapes[name], settings, GPU, SECOND)
    assert found[0] == pytest.approx(first, rel=0.02)
    assert found[1] == pytest.approx(last, rel=0.1)
    assert found[2] == pytest.approx(host, rel=0.02)


@pytest.mark.parametrize(
    "changes",
    [
        {"split_mode": "none"},
        {"n_gpu_layers": 20},
        {"offload_kqv": False},
        {"n_cpu_moe": 1},
        {"override_tensor": (("x", "CPU"),)},
    ],
)
def test_pipelining_ends_where_something_is_left_out(
    shapes: dict[str, ModelFacts], changes: dict[str, object]
) -> None:
    found = shapes["llama-3.1-8b"]
    first = compute(found, load(65536, 1), GPU, SECOND)[0]
    assert compute(found, load(65536, 1, **changes), GPU, SECOND)[0] < first


def test_a_gpu_without_layers_computes_the_head(shapes: dict[str, ModelFacts]) -> None:
    found = shapes["llama-3.1-8b"]
    device, host = compute(found, load(8192, n_gpu_layers=1), GPU)
    assert device == pytest.approx(4 * 512 * (128256 + 4096) / MiB, rel=0.02)
    assert host == pytest.approx(124, rel=0.1)
    assert compute(found, load(8192, n_gpu_layers=0), GPU)[0] == 0


def test_a_quantized_cache_is_unpacked_on_cuda_only(shapes: dict[str, ModelFacts]) -> None:
    found, cuda = shapes["llama-3.1-8b"], Target("CUDA0", "CUDA", 1)
    q8_0 = load(131072, 1, cache_type_k="q8_0", cache_type_v="q8_0")
    # PR 23907: one layer's K and V in half precision, 2 B * 131,072 * (1024 + 1024)
    assert compute(found, q8_0, cuda)[0] - compute(found, q8_0, GPU)[0] == pytest.approx(512, rel=0.15)
    only_k = replace(q8_0, cache_type_v="f16")
    assert compute(found, only_k, cuda)[0] < compute(found, q8_0, cuda)[0]
    f16 = load(131072, 1)
    assert compute(found, f16, cuda)[0] == compute(found, f16, GPU)[0]


def test_weights_of_the_host_are_carried_to_the_gpu_for_large_batches(shapes: dict[str, ModelFacts]) -> None:
    found, vulkan = shapes["llama-3.1-8b"], Target("Vulkan0", "Vulkan", 1)
    nothing_there = load(8192, 1, n_gpu_layers=0)
    # A Vulkan dry run of the Q4_K_M file said 129.5 MiB, and 0 with --no-op-offload.
    assert compute(found, nothing_there, vulkan)[0] == pytest.approx(129.5, rel=0.1)
    assert compute(found, replace(nothing_there, op_offload=False), vulkan)[0] == 0
    assert compute(found, replace(nothing_there, n_ubatch=16), vulkan)[0] == 0


# The same dry runs with a Vulkan device and half of the layers on it, at 8,192 and 32,768 tokens: the host's
# layers are computed there, too.
CARRIED = {
    "llama-3.1-8b": ((135.5, 24.0), (248.0, 48.0)),
    "qwen3-8b": ((116.0, 24.0), (248.0, 48.0)),
    "llama-3.1-70b": ((310.0, 40.0), (390.0, 64.0)),
    "qwen3-30b-a3b": ((196.5, 16.0), (232.5, 40.0)),
    "gemma-3-12b": ((130.6, 25.0), (319.0, 49.0)),
}


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("name", CARRIED)
def test_layers_of_the_host_are_computed_on_the_gpu(
    shapes: dict[str, ModelFacts], name: str, column: int
) -> None:
    found = shapes[name]
    half = load((8192, 32768)[column], 1, n_gpu_layers=(found.n_layer_all + 1) // 2)
    device, host = compute(found, half, Target("Vulkan0", "Vulkan", 1))
    logged_device, logged_host = CARRIED[name][column]
    assert device == pytest.approx(logged_device, rel=0.1)
    assert host == pytest.approx(logged_host, rel=0.02)


@pytest.mark.parametrize(
    ("name", "n_ctx", "device", "host"),
    [
        ("llama-3.1-8b", 8192, 112.0, 24.0),
        ("llama-3.1-8b", 32768, 184.0, 48.0),
        ("qwen3-8b", 32768, 184.0, 48.0),
    ],
)
def test_a_cache_on_the_host_is_copied_layer_by_layer(
    shapes: dict[str, ModelFacts], name: str, n_ctx: int, device: float, host: float
) -> None:
    found = compute(shapes[name], load(n_ctx, 1, offload_kqv=False), Target("Vulkan0", "Vulkan", 1))
    assert found == [pytest.approx(device, rel=0.1), pytest.approx(host, rel=0.02)]


def test_attention_is_on_the_host_with_its_cache_only_without_flash_attention(
    shapes: dict[str, ModelFacts],
) -> None:
    found, vulkan = shapes["llama-3.1-8b"], Target("Vulkan0", "Vulkan", 1)
    scores = 4 * 512 * 8192 * 32 / MiB
    on, off = (compute(found, load(8192, 1, mode, offload_kqv=False), vulkan)[1] for mode in ("on", "off"))
    assert off - on >= scores
    assert compute(found, load(8192, 1, "off"), vulkan)[1] < scores


def test_experts_on_the_host_are_carried_one_matrix_at_a_time(shapes: dict[str, ModelFacts]) -> None:
    found = shapes["qwen3-30b-a3b"]
    behind = load(8192, 1, n_cpu_moe=99)
    # A Vulkan dry run of this shape: 92 MiB with all experts there, 176 with none.
    assert compute(found, behind, Target("Vulkan0", "Vulkan", 1)) == [
        pytest.approx(176.0, rel=0.1),
        pytest.approx(16.0, rel=0.02),
    ]


def test_experts_that_are_not_carried_are_computed_on_the_host(shapes: dict[str, ModelFacts]) -> None:
    # An RPC device never takes over: 56 MiB there, 80 on the host.
    device, host = compute(shapes["qwen3-30b-a3b"], load(8192, 1, n_cpu_moe=99), GPU)
    assert device == pytest.approx(56.0, rel=0.1)
    assert host == pytest.approx(80.0, rel=0.1)


def test_scores_of_many_rows_are_made_on_the_gpu_with_the_head_carried_over(
    shapes: dict[str, ModelFacts],
) -> None:
    found, vulkan = shapes["llama-3.1-8b"], Target("Vulkan0", "Vulkan", 1)
    one = compute(found, load(8192, 1, n_gpu_layers=0), vulkan)
    many = compute(found, load(8192, n_gpu_layers=0), vulkan)
    head = next(weight.n_bytes for weight in found.weights if weight.name == "output.weight")
    assert many[0] >= (head + 4 * 512 * found.n_vocab) / MiB > one[0]
    assert many[1] == pytest.approx(one[1], rel=0.05)


def test_every_settings_combination_has_an_answer(shapes: dict[str, ModelFacts]) -> None:
    for found in shapes.values():
        for n_seq_max, unified in ((1, True), (4, True), (3, False)):
            for flash_attn in ("on", "off"):
                for n_gpu_layers in (0, 1, 7, EVERYTHING):
                    settings = load(
                        4096,
                        n_seq_max,
                        flash_attn,
                        n_seq_max=n_seq_max,
                        kv_unified=unified,
                        n_gpu_layers=n_gpu_layers,
                    ).with_n_ctx(4096)
                    answer: tuple[Buffers, ...] = Formula(found, (GPU, SECOND, HOST)).buffers(settings)
                    assert [b.device for b in answer] == ["RPC0", "RPC1", "CPU"]
                    assert all(b.total_bytes >= 0 for b in answer)
                    assert answer[-1].compute_bytes > 0


def test_output_is_a_row_for_every_sequence(shapes: dict[str, ModelFacts], tmp_path: Path) -> None:
    found = shapes["llama-3.1-8b"]
    settings = load(8192, 4, n_seq_max=4)
    buffers = Formula(found, (GPU, HOST)).buffers(settings)
    assert [b.output_bytes for b in buffers] == [0, 4 * 4 * found.n_vocab]


def test_an_encoder_puts_out_no_scores() -> None:
    # bge-small with all rows: the engine took 5.76 MiB, and 61 would be with the scores of each row.
    settings = LoadSettings(n_ctx=512, n_ubatch=512, n_outputs_max=512)
    encoder = replace(a_model(n_layer=2), is_encoder=True, has_cache=False)
    targets = (Target("CPU", "CPU"),)
    small, large = (
        Formula(replace(encoder, n_vocab=n), targets).buffers(settings)[0] for n in (1000, 250_000)
    )
    assert small.compute_bytes == large.compute_bytes
    assert small.output_bytes < large.output_bytes  # that buffer is made all the same
