"""What a proof teaches, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from advisor.basis import Basis, Note
from advisor.engine.proof import FillMethod, SpeedPoint
from advisor.errors import SettingsError
from advisor.hardware.device import Device, Hardware, Kind
from advisor.memory.assemble import targets
from advisor.memory.formula import Formula
from advisor.memory.overhead import host_overhead
from advisor.model.facts import ModelFacts, Role, Weight
from advisor.probe.learning import learn, unlearned
from advisor.probe.result import BoundBy, ProbeResult
from advisor.settings.calibration import Calibration
from advisor.settings.load_settings import LoadSettings
from advisor.speed import decoding
from advisor.units import GiB, MiB
from tests.support.planning import a_model, gpu, ram

CARD = 504_000_000_000
SLOW_RAM = 42_700_000_000
KV_PER_TOKEN = 131_072
WEIGHTS = 32 * 2**25
ON_GPU = LoadSettings(n_ctx=8192, n_gpu_layers=33)
ON_CPU = LoadSettings(n_ctx=8192)
NOTHING_MEASURED: Mapping[str, int | None] = {"CUDA0": None, "CPU": None}


def model(*, experts: bool = False) -> ModelFacts:
    name = "ffn_up_exps" if experts else "attn_q"
    weights = tuple(
        Weight(f"blk.{i}.{name}.weight", Role.LAYER, i, (4096, 4096), 1, 2**25, is_expert=experts)
        for i in range(32)
    )
    return replace(a_model(), weights=weights)


def computer(ram_bandwidth: int | None = None, **changes: object) -> Hardware:
    card: Device = replace(gpu(24 * GiB), **({"bandwidth_bytes_per_second": CARD} | changes))
    return Hardware((card, replace(ram(64 * GiB), bandwidth_bytes_per_second=ram_bandwidth)))


def result(
    settings: LoadSettings = ON_GPU,
    speed: tuple[SpeedPoint, ...] = (),
    peaks: Mapping[str, int | None] = NOTHING_MEASURED,
    notes: tuple[Note, ...] = (),
) -> ProbeResult:
    return ProbeResult(
        settings=settings,
        limit_n_ctx=settings.n_ctx,
        bound_by=BoundBy.MEMORY,
        safe_n_ctx=settings.n_ctx,
        proved_n_ctx=settings.n_ctx,
        filled_tokens=settings.n_ctx_per_slot,
        method=FillMethod.FULL,
        predicted_bytes={},
        measured_peak_bytes=peaks,
        measured_notes=notes,
        speed=speed,
        attempts=(),
        seconds=1.0,
    )


def buffers(settings: LoadSettings, hardware: Hardware, device: str) -> int:
    answer = Formula(model(), targets(hardware)).buffers(settings)
    return next(line.total_bytes for line in answer if line.device == device)


def writes(share: float, depth: int, bandwidth: int = CARD) -> SpeedPoint:
    return SpeedPoint(depth, None, share * bandwidth / (WEIGHTS + depth * KV_PER_TOKEN))


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError):
        learn(model(), result(replace(ON_GPU, override_tensor=(("(", "CPU"),))), computer())


def test_a_proof_that_measured_nothing_teaches_nothing() -> None:
    for speed in ((), (SpeedPoint(0, None, None),), (SpeedPoint(0, 0.0, 0.0),)):
        assert learn(model(), result(speed=speed), computer()) == Calibration(n_probes=1)
    assert learn(replace(model(), weights=()), result(speed=(writes(0.6, 0),)), computer()) == Calibration(
        n_probes=1
    )


def test_a_card_of_unknown_bandwidth_teaches_no_share_of_it() -> None:
    points = (SpeedPoint(0, 1000.0, 50.0),)
    found = learn(model(), result(speed=points), computer(bandwidth_bytes_per_second=None))
    assert not found.decode_share
    assert found.prefill_flops_per_second == {"nvidia:0": pytest.approx(1000 * WEIGHTS)}


def test_the_share_of_the_bandwidth_is_the_median_over_the_depths() -> None:
    points = (writes(0.7, 0), writes(0.6, 2048), writes(0.62, 8192))
    found = learn(model(), result(speed=points), computer())
    assert found.decode_share == {"nvidia:0": pytest.approx(0.62)}
    assert not found.expert_decode_share


def test_one_sequence_was_measured_whatever_the_slots() -> None:
    slots = replace(ON_GPU, n_ctx=4 * 8192, n_seq_max=4, kv_unified=False)
    found = learn(model(), result(slots, (writes(0.6, 8192),)), computer())
    assert found.decode_share == {"nvidia:0": pytest.approx(0.6)}


def test_ram_of_unknown_speed_has_a_share_of_the_slow_ram_that_stands_in_for_it() -> None:
    found = learn(model(), result(ON_CPU, (writes(1.4, 0, SLOW_RAM),)), computer())
    assert found.decode_share == {"ram": pytest.approx(1.4)}
    known = learn(model(), result(ON_CPU, (writes(0.5, 0, 90_000_000_000),)), computer(90_000_000_000))
    assert known.decode_share == {"ram": pytest.approx(0.5)}


def test_a_model_with_experts_teaches_about_those() -> None:
    found = learn(model(experts=True), result(speed=(SpeedPoint(0, 1000.0, 50.0),)), computer())
    assert not found.decode_share
    assert not found.prefill_flops_per_second
    assert found.expert_decode_share.keys() == found.expert_prefill_flops_per_second.keys() == {"nvidia:0"}


def test_of_two_devices_nothing_tells_how_fast_each_is() -> None:
    partial = result(replace(ON_GPU, n_gpu_layers=17), (SpeedPoint(0, 1000.0, 50.0),))
    found = learn(model(), partial, computer())
    assert not found.decode_share
    assert not found.prefill_flops_per_second
    assert "speed-not-learned" in [note.code for note in unlearned(model(), partial, computer())]


def test_what_was_measured_is_predicted_again() -> None:
    points = (writes(0.6, 0), writes(0.6, 8192))
    found = learn(model(), result(speed=points), computer())
    now = decoding(model(), ON_GPU, computer(), found)
    assert now
    for point in points:
        rate = now.rate(point.depth)
        assert point.decode_tokens_per_second
        assert rate.low < point.decode_tokens_per_second < rate.high
    assert now.basis is Basis.MEASURED


def test_memory_beside_the_buffers_by_backend() -> None:
    hardware = computer()
    peaks = {
        "CUDA0": buffers(ON_GPU, hardware, "CUDA0") + 400 * MiB,
        "CPU": buffers(ON_GPU, hardware, "CPU") + 90 * MiB,
    }
    found = learn(model(), result(peaks=peaks), hardware)
    # Of the host's, what the cells take is planned by the cell.
    assert found.overhead_bytes == {"CUDA": 400 * MiB, "CPU": 90 * MiB - 8192 * 150}
    spoken = unlearned(model(), result(speed=(writes(0.6, 0),), peaks=peaks), hardware)
    assert not spoken


@pytest.mark.parametrize(
    ("by_the_load", "beside", "learned"),
    [(100 * MiB, None, 100 * MiB), (100 * MiB, 90 * MiB, 100 * MiB), (100 * MiB, 104 * MiB, 104 * MiB)],
)
def test_of_what_the_load_and_the_context_showed_the_larger_counts(
    by_the_load: int, beside: int | None, learned: int
) -> None:
    held = buffers(ON_CPU, computer(), "CPU")
    cells = host_overhead(model(), ON_CPU, {"CPU": 0})
    peak = None if beside is None else held + cells + beside
    made = replace(result(ON_CPU, peaks={"CUDA0": None, "CPU": peak}), host_overhead_bytes=by_the_load)
    assert learn(model(), made, computer()).overhead_bytes == {"CPU": learned}


def test_of_several_cards_the_one_with_most_counts() -> None:
    one = computer()
    hardware = Hardware((one.gpus[0], replace(one.gpus[0], id="nvidia:1"), one.ram))
    settings = replace(ON_GPU, tensor_split=(1.0, 1.0))
    peaks = {
        name: buffers(settings, hardware, name) + extra
        for name, extra in (("CUDA0", 300 * MiB), ("CUDA1", 350 * MiB))
    }
    assert learn(model(), result(settings, peaks=peaks), hardware).overhead_bytes == {"CUDA": 350 * MiB}


@pytest.mark.parametrize(
    ("peak", "note"),
    [
        (None, None),
        (-MiB, None),
        (400 * MiB, Note("measured-by-ggml", "CUDA0 was measured by ggml, after its own start.")),
    ],
    ids=["not told", "less than the buffers", "without the driver's start"],
)
def test_a_doubtful_figure_of_a_card_teaches_nothing(peak: int | None, note: Note | None) -> None:
    hardware = computer()
    measured = None if peak is None else buffers(ON_GPU, hardware, "CUDA0") + peak
    doubtful = result(
        speed=(writes(0.6, 0),), peaks={"CUDA0": measured}, notes=() if note is None else (note,)
    )
    assert not learn(model(), doubtful, hardware).overhead_bytes
    assert [found.code for found in unlearned(model(), doubtful, hardware)] == ["overhead-not-learned"]


def test_a_process_that_holds_the_gpus_memory_too_teaches_nothing() -> None:
    hardware = computer(kind=Kind.INTEGRATED)
    peaks = {"CPU": buffers(ON_GPU, hardware, "CPU") + 90 * MiB}
    note = Note("rss-holds-device", "CUDA0 works in the RAM.")
    assert not learn(model(), result(peaks=peaks, notes=(note,)), hardware).overhead_bytes
