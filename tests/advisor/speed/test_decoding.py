from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import SettingsError
from advisor.hardware.device import Device, Hardware, Kind
from advisor.model.facts import Attention, Layer, ModelFacts, Recurrence, Role
from advisor.speed import decoding
from advisor.units import GiB
from tests.support.planning import gpu, ram
from tests.support.writing_speed import (
    CARD,
    EMBEDDING,
    HEAD,
    KV_PER_TOKEN,
    LAYER,
    ON_GPU,
    SLOW_RAM,
    WEIGHTS,
    assert_rate,
    computer,
    dense,
    mixture,
    seconds,
    with_attention,
    write,
)


@pytest.mark.parametrize(
    "facts",
    [
        replace(dense(), weights=()),
        replace(dense(), is_encoder=True),
        replace(dense(), has_cache=False),
    ],
    ids=["no weights", "encoder", "keeps nothing"],
)
def test_a_model_that_does_not_write_has_no_speed(facts: ModelFacts) -> None:
    assert decoding(facts, ON_GPU, computer()) is None


def test_a_card_of_unknown_bandwidth_has_no_speed() -> None:
    assert decoding(dense(), ON_GPU, computer(None)) is None


def test_a_card_of_unknown_bandwidth_that_is_not_used_does_not_matter() -> None:
    assert decoding(dense(), replace(ON_GPU, n_gpu_layers=0), computer(None)) is not None


def test_a_vendor_whose_figures_differ_tenfold_has_no_speed() -> None:
    assert decoding(dense(), ON_GPU, computer(vendor="intel")) is None


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError):
        decoding(dense(), replace(ON_GPU, override_tensor=(("(", "CPU"),)), computer())


def test_a_dense_8b_on_504_gb_a_second() -> None:
    found = write(dense())
    assert found.weights_bytes == 4_608_000_000
    assert found.cache_bytes(8192) == 1_073_741_824
    # 504 / 4.608 = 109.4 tokens/s at the peak: half of that, and 85 % of it.
    assert (found.rate(0).low, found.rate(0).high) == pytest.approx((54.69, 92.97), abs=0.01)
    # 504 / 5.682 = 88.7
    assert (found.rate(8192).low, found.rate(8192).high) == pytest.approx((44.35, 75.40), abs=0.01)
    assert found.assumed_ram is None


def test_a_quantized_cache_is_read_faster() -> None:
    q8_0 = replace(ON_GPU, cache_type_k="q8_0", cache_type_v="q8_0")
    assert write(dense(), q8_0).cache_bytes(8192) == 1_073_741_824 * 34 // 64


def test_an_embedding_that_is_the_head_is_read_whole() -> None:
    facts = dense()
    tied = replace(
        facts, weights=tuple(w for w in facts.weights if w.role is not Role.OUTPUT), tied_output=True
    )
    for settings in (ON_GPU, replace(ON_GPU, n_gpu_layers=0)):
        assert write(tied, settings).weights_bytes == 32 * LAYER + EMBEDDING


def test_ram_of_unknown_speed_counts_as_slow_ram() -> None:
    found = write(dense(), replace(ON_GPU, n_gpu_layers=0))
    assert found.assumed_ram
    assert found.assumed_ram.bandwidth_bytes_per_second == SLOW_RAM
    assert_rate(found.rate(0), seconds(WEIGHTS, SLOW_RAM, 0.3, 0.7))


def test_ram_of_known_speed_is_not_assumed() -> None:
    found = write(dense(), replace(ON_GPU, n_gpu_layers=0), computer(ram_bandwidth=100_000_000_000))
    assert found.assumed_ram is None
    assert_rate(found.rate(0), seconds(WEIGHTS, 100_000_000_000, 0.3, 0.7))


def test_graphics_without_a_figure_work_at_the_speed_of_the_ram() -> None:
    shared = Hardware((replace(gpu(24 * GiB), kind=Kind.INTEGRATED, vendor="amd"), ram(64 * GiB)))
    found = write(dense(), hardware=shared)
    assert found.assumed_ram
    assert_rate(found.rate(0), seconds(WEIGHTS, SLOW_RAM, 0.5, 0.85))


def test_with_layers_on_the_cpu_the_times_add_up() -> None:
    # 17 of 33: the output and the last 16 layers on the card, 16 in RAM with their cache.
    found = write(dense(), replace(ON_GPU, n_gpu_layers=17), computer(ram_bandwidth=50_000_000_000))
    half_cache = 8192 * KV_PER_TOKEN // 2
    card = (16 * LAYER + HEAD + half_cache) / (CARD * 0.5)
    host = (16 * LAYER + half_cache) / (50_000_000_000 * 0.3)
    assert found.rate(8192).low == pytest.approx(1 / (card + host))
    assert host > 10 * card


def test_a_cache_in_ram_is_read_there() -> None:
    found = write(dense(), replace(ON_GPU, offload_kqv=False), computer(ram_bandwidth=50_000_000_000))
    spent = WEIGHTS / (CARD * 0.5) + 8192 * KV_PER_TOKEN / (50_000_000_000 * 0.3)
    assert found.rate(8192).low == pytest.approx(1 / spent)


def test_of_experts_only_those_in_use_are_read() -> None:
    found = write(mixture())
    used = WEIGHTS + 32 * 8 * 64_000_000
    assert found.weights_bytes == used
    assert_rate(found.rate(0), seconds(used, CARD, 0.25, 0.6))


def test_experts_on_the_cpu_are_read_there() -> None:
    found = write(mixture(), replace(ON_GPU, n_cpu_moe=32), computer(ram_bandwidth=50_000_000_000))
    card, host = WEIGHTS / (CARD * 0.25), 32 * 8 * 64_000_000 / (50_000_000_000 * 0.3)
    assert found.rate(0).low == pytest.approx(1 / (card + host))
    by_pattern = replace(ON_GPU, override_tensor=((r"ffn_.*_exps", "CPU"),))
    same = write(mixture(), by_pattern, computer(ram_bandwidth=50_000_000_000))
    assert same.rate(0).low == pytest.approx(1 / (card + host))


def test_experts_that_are_not_counted_are_read_whole() -> None:
    assert write(mixture(n_expert=0)).weights_bytes == WEIGHTS + 32 * 128 * 64_000_000


@pytest.mark.parametrize(("n_slots", "n_experts"), [(4, 32), (16, 128), (64, 128)])
def test_slots_at_work_read_other_experts_but_never_more_than_all(n_slots: int, n_experts: int) -> None:
    settings = replace(ON_GPU, n_ctx=32768, n_seq_max=n_slots, kv_unified=False)
    assert write(mixture(), settings).weights_bytes == WEIGHTS + 32 * n_experts * 64_000_000


def test_slots_at_work_share_the_weights_and_read_a_cache_each() -> None:
    found = write(dense(), replace(ON_GPU, n_seq_max=4, kv_unified=False))
    assert found.cache_bytes(8192) == 8192 * KV_PER_TOKEN
    assert_rate(found.rate(8192), seconds(WEIGHTS + 4 * 8192 * KV_PER_TOKEN, CARD, 0.5, 0.85))


def test_a_window_is_read_and_no_more() -> None:
    found = write(with_attention(Attention(32, 8, 128, 128, window=1024)))
    assert found.cache_bytes(512) == 512 * KV_PER_TOKEN
    assert found.cache_bytes(1024) == found.cache_bytes(32768) == 1024 * KV_PER_TOKEN
    mixed = write(with_attention(Attention(32, 8, 128, 128, window=1024), Attention(32, 8, 128, 128)))
    assert mixed.cache_bytes(32768) == (1024 + 32768) * KV_PER_TOKEN // 2


def test_a_latent_is_read_once() -> None:
    found = write(with_attention(Attention(128, 1, 576, 512, keys_only=True)))
    assert found.cache_bytes(1024) == 32 * 1024 * 576 * 2


def test_a_cache_that_another_layer_keeps_is_read_again() -> None:
    found = write(with_attention(Attention(32, 8, 128, 128), Attention(32, 8, 128, 128, shares_cache_of=0)))
    assert found.cache_bytes(1024) == 1024 * KV_PER_TOKEN


def test_recurrent_state_is_read_and_written_at_any_depth() -> None:
    state = Recurrence(conv_elements=1000, state_elements=9000)
    facts = dense()
    recurrent = replace(facts, layers=tuple(Layer(i, None, state, 0, 0) for i in range(32)))
    found = write(recurrent)
    assert found.weights_bytes == WEIGHTS + 32 * 2 * 10_000 * 4
    assert found.rate(0) == found.rate(32768)
    assert write(recurrent, replace(ON_GPU, n_seq_max=4)).weights_bytes == found.weights_bytes


@given(
    st.integers(0, 500),
    st.integers(0, 500),
    st.integers(0, 33),
    st.sampled_from([0, 1024]),
    st.booleans(),
)
def test_more_depth_is_never_faster(
    steps: int, more: int, n_gpu_layers: int, window: int, kv_unified: bool
) -> None:
    settings = replace(ON_GPU, n_gpu_layers=n_gpu_layers, n_seq_max=2, kv_unified=kv_unified)
    found = write(with_attention(Attention(32, 8, 128, 128, window=window)), settings)
    before, after = found.rate(steps * 100), found.rate((steps + more) * 100)
    assert after.low <= before.low
    assert after.high <= before.high
    assert after.low < after.high


def test_two_cards_take_turns() -> None:
    cards: tuple[Device, ...] = tuple(
        replace(gpu(24 * GiB), id=f"nvidia:{i}", bandwidth_bytes_per_second=CARD // (i + 1)) for i in range(2)
    )
    found = write(dense(), replace(ON_GPU, tensor_split=(1, 1)), Hardware((*cards, ram(64 * GiB))))
    # 33 in equal parts: 17 layers on the first card, 15 and the output on the second, half as fast.
    spent = 17 * LAYER / (CARD * 0.5) + (15 * LAYER + HEAD) / (CARD / 2 * 0.5)
    assert found.rate(0).low == pytest.approx(1 / spent)
