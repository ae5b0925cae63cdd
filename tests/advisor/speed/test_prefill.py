"""Reading a prompt: what is not known, the arithmetic, and published runs."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.basis import Basis
from advisor.hardware.device import Device, Hardware, Kind, MeasuredSpeed
from advisor.hardware.gpu_table import KnownGpu, known_gpus
from advisor.model.facts import Attention, Layer, ModelFacts, Role, Weight
from advisor.settings.load_settings import LoadSettings
from advisor.speed import Prefill, decoding
from advisor.speed.prefill import Reader, attention_flops
from advisor.speed.work import divide
from advisor.units import GiB
from tests.accuracy.published_models import read_facts
from tests.support.planning import a_model, gpu, ram

ON_GPU = LoadSettings(n_ctx=32768, n_gpu_layers=33)
CARD = 40_000_000_000_000  # operations a second, published
MATRIX = 2 * 4096 * 4096
ATTENTION = 2 * 2 * 32 * (128 + 128)  # a layer and a token before: twice, since it reaches half
DATA = Path(__file__).parents[2] / "data"
RUNS = tomllib.loads((DATA / "published_prefill.toml").read_text(encoding="utf-8"))["runs"]


def dense() -> ModelFacts:
    layers = [Weight(f"blk.{i}.attn_q.weight", Role.LAYER, i, (4096, 4096), 1, 2**25) for i in range(32)]
    norm = Weight("blk.0.attn_norm.weight", Role.LAYER, 0, (4096,), 0, 16384)
    ends = [
        Weight("token_embd.weight", Role.INPUT, None, (4096, 128256), 1, 2**30),
        Weight("output.weight", Role.OUTPUT, None, (4096, 128256), 1, 2**30),
    ]
    return replace(a_model(), weights=(*layers, norm, *ends))


def mixture() -> ModelFacts:
    plain = dense()
    experts = [
        Weight(f"blk.{i}.ffn_up_exps.weight", Role.LAYER, i, (4096, 512, 128), 1, 2**29, is_expert=True)
        for i in range(32)
    ]
    layers = tuple(replace(layer, n_expert_used=8) for layer in plain.layers)
    return replace(plain, layers=layers, weights=(*plain.weights, *experts), n_expert=128)


def card(**changes: object) -> Device:
    known = {"bandwidth_bytes_per_second": 504_000_000_000, "prefill_flops_per_second": (CARD, CARD)}
    return replace(gpu(24 * GiB), **(known | changes))


def reads(facts: ModelFacts, settings: LoadSettings = ON_GPU, device: Device | None = None) -> Prefill | None:
    found = decoding(facts, settings, Hardware((device or card(), ram(64 * GiB))))
    assert found
    return found.prefill


def known(found: Prefill | None) -> Prefill:
    assert found
    return found


def test_a_card_of_which_nothing_was_published_promises_nothing() -> None:
    assert reads(dense(), device=card(prefill_flops_per_second=None)) is None


def test_a_card_that_is_not_used_does_not_matter() -> None:
    alone = reads(dense(), replace(ON_GPU, n_gpu_layers=0), card(prefill_flops_per_second=None))
    assert alone is not None
    assert alone.is_guess


def test_a_model_without_matrices_has_no_speed_of_reading() -> None:
    facts = dense()
    heads = tuple(weight for weight in facts.weights if weight.role is not Role.LAYER)
    assert reads(replace(facts, weights=heads)) is None


def test_two_operations_for_each_element_and_none_for_the_ends() -> None:
    found = known(reads(dense()))
    assert sum(reader.flops for reader in found.readers) == 32 * MATRIX
    assert found.rate(0).low == pytest.approx(CARD * 0.6 / (32 * MATRIX))
    assert found.rate(0).high == pytest.approx(CARD * 1.35 / (32 * MATRIX))
    assert (found.basis, found.is_guess) == (Basis.ASSUMED, False)


def test_the_tokens_before_cost_attention() -> None:
    found = known(reads(dense()))
    flops = 32 * MATRIX + 32 * ATTENTION * 8192
    assert found.rate(8192).low == pytest.approx(CARD * 0.6 / flops)


def test_of_experts_only_those_chosen_count_and_they_reach_less() -> None:
    found = known(reads(mixture()))
    flops = 32 * MATRIX + 32 * 8 * 2 * 4096 * 512
    assert found.rate(0).low == pytest.approx(CARD * 0.25 / flops)
    assert found.rate(0).high == pytest.approx(CARD * 1.1 / flops)


@pytest.mark.parametrize(
    ("attention", "tokens"),
    [
        (Attention(32, 8, 128, 128), 100_000),
        (Attention(32, 8, 128, 128, window=1024), 1024),
        (Attention(32, 8, 128, 128, indexer_top_k=2048), 2048),
        (Attention(32, 8, 128, 128, window=128, compress_ratio=4), 128 + 25_000),
    ],
    ids=["all", "window", "chosen", "compressed"],
)
def test_a_token_looks_at_what_its_attention_sees(attention: Attention, tokens: int) -> None:
    assert attention_flops(((attention, 3),), 100_000) == 3 * ATTENTION * tokens


def test_with_layers_on_the_cpu_the_times_add_up_and_are_a_guess() -> None:
    found = known(reads(dense(), replace(ON_GPU, n_gpu_layers=17)))
    assert found.is_guess
    assert found.rate(0).low == pytest.approx(1 / (16 * MATRIX / (CARD * 0.6) + 16 * MATRIX / 1.0e11))
    # At best the card takes the host's matrices over.
    assert found.rate(0).high == pytest.approx(CARD * 1.35 / (32 * MATRIX))
    alone = known(reads(dense(), replace(ON_GPU, n_gpu_layers=17, op_offload=False)))
    assert alone.rate(0).high < found.rate(0).high


def test_slots_at_work_share_what_one_has_alone() -> None:
    one, four = known(reads(dense())), known(reads(dense(), replace(ON_GPU, n_seq_max=4, kv_unified=False)))
    assert four.rate(0).low == pytest.approx(one.rate(0).low / 4)
    assert four.rate(0).high == one.rate(0).high


def test_what_was_measured_takes_the_place_of_what_was_published() -> None:
    measured = MeasuredSpeed(prefill_flops_per_second=30e12)
    found = known(reads(dense(), device=card(measured=measured)))
    assert found.basis is Basis.MEASURED
    assert found.rate(0).low == pytest.approx(0.9 * 30e12 / (32 * MATRIX))
    assert found.rate(0).high == pytest.approx(1.1 * 30e12 / (32 * MATRIX))
    # A dense model says nothing about one with experts.
    assert known(reads(mixture(), device=card(measured=measured))).basis is Basis.ASSUMED


def test_a_prompt_takes_the_sum_of_its_pieces() -> None:
    found = Prefill((Reader(1000, (), (1000.0, 2000.0)),), 1, Basis.ASSUMED, is_guess=False)
    assert found.time_to_first_token(600) == pytest.approx((300.0, 600.0))
    assert found.time_to_first_token(600, cached_tokens=500) == pytest.approx((50.0, 100.0))
    assert found.time_to_first_token(600, cached_tokens=600) == (0.0, 0.0)
    assert (found.mean_rate(600).low, found.mean_rate(600).high) == pytest.approx((1.0, 2.0))
    assert found.mean_rate(0) == found.rate(0)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 33), st.sampled_from([0, 1024]))
def test_more_depth_is_never_faster_and_a_longer_prompt_never_shorter(
    steps: int, more: int, n_gpu_layers: int, window: int
) -> None:
    layers = tuple(Layer(i, Attention(32, 8, 128, 128, window=window), None, 0, 0) for i in range(32))
    found = known(reads(replace(dense(), layers=layers), replace(ON_GPU, n_gpu_layers=n_gpu_layers)))
    shallow, deep = steps * 100, (steps + more) * 100
    assert found.rate(deep).low <= found.rate(shallow).low < found.rate(shallow).high
    assert found.rate(deep).high <= found.rate(shallow).high
    for before, after in zip(
        found.time_to_first_token(shallow), found.time_to_first_token(deep), strict=True
    ):
        assert after >= before


@given(st.floats(1e9, 1e15), st.floats(1.0, 10.0))
def test_a_faster_machine_is_never_slower(flops: float, factor: float) -> None:
    slow = known(reads(dense(), device=card(measured=MeasuredSpeed(prefill_flops_per_second=flops))))
    fast = known(reads(dense(), device=card(measured=MeasuredSpeed(prefill_flops_per_second=flops * factor))))
    assert fast.rate(4096).low >= slow.rate(4096).low


def _published() -> list[tuple[dict[str, Any], str]]:
    return [(run, device) for run in RUNS for device in run["rates"]]


@pytest.fixture(scope="module")
def table() -> dict[str, KnownGpu]:
    return {known_gpu.id: known_gpu for known_gpu in known_gpus()}


@pytest.mark.parametrize(
    ("run", "device"),
    _published(),
    ids=[f"{device}-{run['model']}-{run['prompt']}-{run['source'][:24]}" for run, device in _published()],
)
def test_published_runs_lie_within_the_range(
    run: dict[str, Any], device: str, table: dict[str, KnownGpu]
) -> None:
    found = _predicted(run, device, table)
    lowest, highest = min(run["rates"][device]), max(run["rates"][device])
    start = run.get("depth", 0)
    soonest, latest = found.time_to_first_token(start + run["prompt"], cached_tokens=start)
    assert soonest <= run["prompt"] / highest
    assert run["prompt"] / lowest <= latest


def _predicted(run: dict[str, Any], device: str, table: dict[str, KnownGpu]) -> Prefill:
    if "flops" in run:
        figures = table[device].prefill_flops_per_second
        assert figures
        # As wide as for any other file, of a model that is not among the presets.
        reader = Reader(round(run["flops"]), (), (figures[0] * 0.6, figures[1] * 1.35))
        return Prefill((reader,), 1, Basis.ASSUMED, is_guess=False)
    facts = read_facts(run["model"])
    settings = LoadSettings(n_ctx=65536, n_gpu_layers=0 if device == "cpu" else facts.all_gpu_layers)
    if device == "cpu":
        hardware = Hardware((ram(256 * GiB),))
    else:
        of_table = table[device]
        one = card(
            vendor=of_table.vendor,
            kind=Kind.DISCRETE,
            prefill_flops_per_second=of_table.prefill_flops_per_second,
        )
        hardware = Hardware((one, ram(256 * GiB)))
    found = decoding(facts, settings, hardware)
    assert found
    return known(found.prefill)


def test_the_table_holds_the_lowest_and_the_highest_of_the_runs(table: dict[str, KnownGpu]) -> None:
    found: dict[str, list[float]] = {}
    for run, device in _published():
        if run.get("basis", True):
            found.setdefault(device, []).extend(rate * _flops(run) for rate in run["rates"][device])
    assert len(found) > 60
    for device, flops in found.items():
        # The table has three digits.
        assert table[device].prefill_flops_per_second == pytest.approx((min(flops), max(flops)), rel=0.005)


def _flops(run: dict[str, Any]) -> float:
    """Operations for a token in the middle of the prompt."""
    if "flops" in run:
        return float(run["flops"])
    facts = read_facts(run["model"])
    (work,) = divide(facts, LoadSettings(n_ctx=4096), Hardware((ram(256 * GiB),)))
    return work.flops + attention_flops(work.attentions, run["prompt"] // 2)
