from dataclasses import replace

import pytest

from advisor.basis import Basis
from advisor.hardware.device import Device, Hardware, Kind
from advisor.memory.assemble import assemble, targets
from advisor.memory.plan import Buffers, MemoryPlan, Verdict
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB
from tests.support.planning import a_model, gpu, ram

CARD, RAM = gpu(11 * GiB), ram(30 * GiB)
BOTH = Hardware(devices=(CARD, RAM))
SETTINGS = LoadSettings(n_ctx=8192, n_gpu_layers=33)


def graphics(engine_device: str | None = None) -> Device:
    return replace(CARD, id="intel:0", kind=Kind.INTEGRATED, backend="Vulkan", engine_device=engine_device)


def answer(kv_bytes: int = GiB, compute_bytes: int = 256 * MiB) -> tuple[Buffers, ...]:
    return (
        Buffers("CUDA0", weights_bytes=4 * GiB, kv_cache_bytes=kv_bytes, compute_bytes=compute_bytes),
        Buffers("CPU", weights_bytes=GiB, output_bytes=MiB, mapped_file_bytes=GiB),
    )


def planned(engine: tuple[Buffers, ...] | None = None, hardware: Hardware = BOTH) -> MemoryPlan:
    basis = Basis.FORMULA if engine is None else Basis.ENGINE
    return assemble(a_model(), SETTINGS, hardware, answer(), engine, basis=basis)


def test_devices_are_named_as_the_engine_would_name_them() -> None:
    second = replace(CARD, id="nvidia:1")
    assert [t.name for t in targets(Hardware((CARD, second, RAM)))] == ["CUDA0", "CUDA1", "CPU"]
    known = replace(CARD, engine_device="Vulkan0")
    assert [t.name for t in targets(Hardware((known, RAM)))] == ["Vulkan0", "CPU"]


def test_a_full_card_has_nothing_to_share_and_one_that_does_not_tell_all_of_it() -> None:
    full, silent = replace(CARD, free_bytes=0), replace(CARD, id="nvidia:1", free_bytes=None)
    full_ram = replace(RAM, free_bytes=0)
    found = targets(Hardware((full, silent, full_ram)))
    # src/llama-model.cpp: the default split is by free memory, and nothing is nothing.
    assert [target.free_bytes for target in found] == [0, silent.total_bytes, 0]


def test_graphics_of_a_processor_are_used_only_where_there_is_no_card() -> None:
    assert [t.name for t in targets(Hardware((CARD, graphics(), RAM)))] == ["CUDA0", "CPU"]
    assert [t.name for t in targets(Hardware((graphics(), RAM)))] == ["Vulkan0", "CPU"]


def test_a_plan_is_the_sum_of_its_parts() -> None:
    plan = planned()
    for line in plan.memory:
        assert line.total_bytes == line.buffers.total_bytes + line.overhead_bytes
    assert plan.total_bytes == sum(line.total_bytes for line in plan.memory)
    assert plan.memory[0].basis["kv_cache"] is Basis.FORMULA
    assert plan.memory[0].basis["overhead"] is Basis.ASSUMED
    assert plan.verdict is Verdict.FITS


def test_a_gpu_that_gets_nothing_costs_no_driver_context() -> None:
    engine = (Buffers("CUDA0"), Buffers("CPU", weights_bytes=GiB))
    assert planned(engine).memory[0].overhead_bytes == 0


def test_the_engines_figures_are_shown_and_ours_beside_them() -> None:
    plan = planned(answer(kv_bytes=2 * GiB))
    assert plan.memory[0].buffers.kv_cache_bytes == 2 * GiB
    assert plan.formula.kv_cache_bytes == GiB
    assert plan.formula.disagreement_percent["kv_cache"] == 50.0
    assert plan.formula.alarm
    assert "drift" in [note.code for note in plan.notes]


@pytest.mark.parametrize(
    ("kv_bytes", "compute_bytes", "alarm"),
    [
        (GiB, 256 * MiB, False),
        (GiB * 100 // 99, 256 * MiB, False),  # 1 % of the engine's
        (GiB * 100 // 98, 256 * MiB, True),
        (GiB, 256 * MiB * 10 // 9, False),  # 10 %
        (GiB, 256 * MiB * 10 // 8, True),
    ],
)
def test_the_alarm_rings_above_one_percent_and_ten_for_compute(
    kv_bytes: int, compute_bytes: int, alarm: bool
) -> None:
    assert planned(answer(kv_bytes, compute_bytes)).formula.alarm is alarm


def test_without_an_engine_there_is_nothing_to_disagree_with() -> None:
    assert planned().formula.disagreement_percent == {}
    assert not planned().formula.alarm


def test_a_context_above_the_training_context_is_planned_with_a_note() -> None:
    plan = assemble(a_model(4096), SETTINGS, BOTH, answer())
    assert "above-training-context" in [note.code for note in plan.notes]
    assert "above-training-context" not in [note.code for note in planned().notes]


def test_a_model_without_a_cache_says_so() -> None:
    plan = assemble(replace(a_model(), has_cache=False), SETTINGS, BOTH, answer(kv_bytes=0))
    assert "no-cache" in [note.code for note in plan.notes]


def test_measured_overhead_is_labelled_as_measured() -> None:
    plan = assemble(a_model(), SETTINGS, BOTH, answer(), measured_overhead={"CUDA": 123 * MiB})
    assert plan.memory[0].overhead_bytes == 123 * MiB
    assert plan.memory[0].basis["overhead"] is Basis.MEASURED
    assert plan.memory[1].basis["overhead"] is Basis.ASSUMED


def test_an_architecture_that_was_never_compared_says_so_unless_the_engine_answers() -> None:
    odd = replace(a_model(), verified=False)
    by_formula = assemble(odd, SETTINGS, BOTH, answer())
    by_engine = assemble(odd, SETTINGS, BOTH, answer(), answer(), basis=Basis.ENGINE)
    assert "unverified-architecture" in [note.code for note in by_formula.notes]
    assert "unverified-architecture" not in [note.code for note in by_engine.notes]


def codes(
    settings: LoadSettings, engine: tuple[Buffers, ...] | None = None, card: Device = CARD
) -> list[str]:
    basis = Basis.FORMULA if engine is None else Basis.ENGINE
    hardware = Hardware(devices=(card, RAM))
    return [
        note.code for note in assemble(a_model(), settings, hardware, answer(), engine, basis=basis).notes
    ]


def test_ollama_would_move_layers_where_it_cannot_leave_its_margin() -> None:
    # The load takes 5.25 GiB of the card.
    enough, short = gpu(5 * GiB + 300 * MiB), gpu(5 * GiB + 200 * MiB)
    ollama = replace(SETTINGS, runtime="ollama")
    assert "ollama-fit-margin" not in codes(ollama, card=enough)
    assert "ollama-fit-margin" in codes(ollama, card=short)
    assert "ollama-fit-margin" not in codes(SETTINGS, card=short)


def test_cudas_scratch_for_a_quantized_cache_is_named_where_the_formula_counts_it() -> None:
    quantized = replace(SETTINGS, cache_type_k="q8_0", cache_type_v="q8_0")
    assert codes(quantized).count("cuda-scratch") == 1
    assert "cuda-scratch" not in codes(SETTINGS)
    assert "cuda-scratch" not in codes(quantized, answer())  # the engine's own figure has it or not
