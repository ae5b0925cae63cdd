from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.gguf import read_header
from advisor.memory.formula import Formula
from advisor.memory.plan import Buffers, Target
from advisor.model import ModelFacts, facts
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from tests.support.gguf_bytes import expand_head, head_names
from tests.support.planning import a_model
from tests.support.shapes import SHAPES, write_shape

HOST = Target("CPU", "CPU", 1)
ONE = (Target("Vulkan0", "Vulkan", 3), HOST)
TWO = (Target("Vulkan0", "Vulkan", 3), Target("Vulkan1", "Vulkan", 1), HOST)
PARTS = ("weights_bytes", "kv_cache_bytes", "recurrent_state_bytes", "compute_bytes", "output_bytes")


@cache
def shape(name: str) -> ModelFacts:
    with TemporaryDirectory() as scratch:
        return facts(read_header(write_shape(name, Path(scratch))))


@cache
def formula(name: str, targets: tuple[Target, ...]) -> Formula:
    return Formula(shape(name), targets)


def total(buffers: tuple[Buffers, ...], *parts: str) -> int:
    return sum(getattr(b, part) for b in buffers for part in parts)


names = st.sampled_from(sorted(SHAPES))
loads = st.builds(
    lambda steps, slots, unified, layers, kind, windows, batch, flash: LoadSettings(
        n_ctx=256,
        n_seq_max=slots,
        n_outputs_max=slots,
        kv_unified=unified,
        n_gpu_layers=layers,
        cache_type_k=kind,
        cache_type_v=kind,
        swa_full=windows,
        n_ubatch=batch,
        flash_attn=flash,
    ).with_n_ctx(256 * steps),
    steps=st.integers(1, 512),
    slots=st.integers(1, 8),
    unified=st.booleans(),
    layers=st.sampled_from([0, 1, 2, 9, 20, 999]),
    kind=st.sampled_from(CACHE_TYPES),
    windows=st.booleans(),
    batch=st.sampled_from([16, 128, 512, 2048]),
    flash=st.sampled_from(["on", "auto", "off"]),
)


@settings(deadline=None)
@given(names, loads, st.sampled_from([(), ONE, TWO]))
def test_an_answer_is_the_sum_of_its_parts(
    name: str, load: LoadSettings, targets: tuple[Target, ...]
) -> None:
    for found in formula(name, targets).buffers(load):
        assert all(getattr(found, part) >= 0 for part in PARTS)
        assert found.total_bytes == sum(getattr(found, part) for part in PARTS)
        assert 0 <= found.mapped_file_bytes <= found.weights_bytes
        if found.device != "CPU":
            assert found.output_bytes == found.mapped_file_bytes == 0


@settings(deadline=None)
@given(names, loads)
def test_cache_and_state_are_only_moved_by_a_split(name: str, load: LoadSettings) -> None:
    alone = formula(name, ()).buffers(load)
    for targets in (ONE, TWO):
        for part in ("kv_cache_bytes", "recurrent_state_bytes"):
            assert total(formula(name, targets).buffers(load), part) == total(alone, part)
    kept = replace(load, offload_kqv=False)
    on_gpus = formula(name, TWO).buffers(kept)[:-1]
    assert total(on_gpus, "kv_cache_bytes", "recurrent_state_bytes") == 0


@settings(deadline=None)
@given(names, loads, st.integers(1, 256))
def test_more_context_never_makes_the_cache_smaller(name: str, load: LoadSettings, steps: int) -> None:
    more = load.with_n_ctx(load.n_ctx + 256 * steps * load.n_stream)
    found, larger = (formula(name, ONE).buffers(at) for at in (load, more))
    assert total(found, "kv_cache_bytes") <= total(larger, "kv_cache_bytes")
    assert total(found, "weights_bytes") == total(larger, "weights_bytes")
    assert total(found, "recurrent_state_bytes") == total(larger, "recurrent_state_bytes")


@pytest.mark.parametrize("name", sorted(SHAPES))
@pytest.mark.parametrize("n_gpu_layers", [0, 12, 999])
def test_what_a_search_walks_over_grows_with_the_context(name: str, n_gpu_layers: int) -> None:
    """Every step of 4,096 tokens, one output: so that bisection finds the largest that fits."""
    found = formula(name, ONE)
    sizes = [
        total(found.buffers(LoadSettings(n_ctx=n_ctx, n_gpu_layers=n_gpu_layers)), *PARTS)
        for n_ctx in range(4096, 131072, 4096)
    ]
    assert sizes == sorted(sizes)


@settings(deadline=None)
@given(names, loads, st.integers(0, 200), st.integers(0, 200))
def test_more_layers_never_leave_more_weights_on_the_host(
    name: str, load: LoadSettings, one: int, other: int
) -> None:
    few, many = sorted((one, other))
    at_few, at_many = (
        formula(name, ONE).buffers(replace(load, n_gpu_layers=n))[-1].weights_bytes for n in (few, many)
    )
    assert at_few >= at_many


@pytest.mark.parametrize("name", head_names())
def test_every_family_gets_an_answer_for_every_kind_of_load(name: str, tmp_path: Path) -> None:
    found = facts(read_header(expand_head(name, tmp_path)))
    for flash_attn in ("on", "off"):
        for n_seq_max, kv_unified in ((1, True), (4, True), (3, False)):
            for n_gpu_layers in (0, 1, 2, 999):
                load = LoadSettings(
                    n_ctx=4096,
                    n_seq_max=n_seq_max,
                    n_outputs_max=n_seq_max,
                    kv_unified=kv_unified,
                    flash_attn=flash_attn,
                    n_gpu_layers=n_gpu_layers,
                ).with_n_ctx(8192)
                buffers = Formula(found, TWO).buffers(load)
                assert buffers[-1].device == "CPU"
                assert all(b.compute_bytes >= 0 for b in buffers)
                assert total(buffers, "compute_bytes") > 0


def test_a_model_without_tensors_still_has_a_cache() -> None:
    (host,) = Formula(a_model(), ()).buffers(LoadSettings(n_ctx=131072))
    assert host.weights_bytes == 0
    assert host.kv_cache_bytes == 131072 * 131072
