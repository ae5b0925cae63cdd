"""What a plan makes of companions: their bytes, their verdict, their device."""

from dataclasses import replace

from advisor.basis import Basis
from advisor.hardware.device import Hardware
from advisor.memory.assemble import assemble
from advisor.memory.plan import Buffers, Companion, CompanionKind, MemoryPlan, Verdict
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, KiB, MiB
from tests.support.planning import a_model, gpu, ram

SETTINGS = LoadSettings(n_ctx=8192, n_gpu_layers=17)


def planned(*companions: Companion, layers_on_gpu: bool = True) -> MemoryPlan:
    """A model of 4 GiB on a card with 5 usable, or in a RAM with 6."""
    buffers = Buffers("CUDA0" if layers_on_gpu else "CPU", weights_bytes=4 * GiB)
    other = Buffers("CPU" if layers_on_gpu else "CUDA0")
    answer = sorted((buffers, other), key=lambda b: b.device == "CPU")
    hardware = Hardware(devices=(gpu(5 * GiB), ram(6 * GiB, reserve_bytes=0)))
    return assemble(a_model(), SETTINGS, hardware, answer, companions=companions)


def beside(n_bytes: int, device: str = "CUDA0", mapped: int = 0, basis: Basis = Basis.FORMULA) -> Companion:
    return Companion(CompanionKind.DRAFT_MODEL, "draft", device, n_bytes, basis, "weights", mapped)


def test_companions_are_part_of_the_total_and_of_the_verdict() -> None:
    alone, fitting, too_much = planned(), planned(beside(256 * MiB)), planned(beside(9 * GiB))
    assert alone.memory[0].companions_bytes == 0
    assert "companions" not in alone.memory[0].basis
    assert fitting.memory[0].companions_bytes == 256 * MiB
    assert fitting.total_bytes == alone.total_bytes + 256 * MiB
    assert fitting.companions == (beside(256 * MiB),)
    assert [plan.verdict for plan in (alone, fitting, too_much)] == [
        Verdict.FITS,
        Verdict.FITS,
        Verdict.DOES_NOT_FIT,
    ]


def test_the_least_sure_figure_gives_a_device_its_basis() -> None:
    plan = planned(beside(1), beside(1, basis=Basis.ASSUMED), beside(1, "CPU"))
    assert [line.basis["companions"] for line in plan.memory] == [Basis.ASSUMED, Basis.FORMULA]


def test_a_gpu_that_only_a_companion_uses_costs_its_driver_context() -> None:
    assert planned(layers_on_gpu=False).memory[0].overhead_bytes == 0
    assert planned(beside(1), layers_on_gpu=False).memory[0].overhead_bytes > 100 * MiB


def test_what_a_draft_maps_can_be_dropped() -> None:
    assert planned(beside(7 * GiB, "CPU")).verdict is Verdict.DOES_NOT_FIT
    assert planned(beside(7 * GiB, "CPU", mapped=3 * GiB)).verdict is Verdict.PAGES_FROM_DISK


def test_a_device_that_the_model_does_not_use_gets_a_line_in_its_place() -> None:
    second = replace(gpu(5 * GiB), id="nvidia:1")
    hardware = Hardware(devices=(gpu(5 * GiB), second, ram(6 * GiB)))
    answer = (Buffers("CUDA1", weights_bytes=4 * GiB), Buffers("CPU"))
    plan = assemble(a_model(), SETTINGS, hardware, answer, companions=(beside(KiB),))
    assert [line.device for line in plan.memory] == ["CUDA0", "CUDA1", "CPU"]
    assert plan.memory[0].total_bytes == KiB + plan.memory[0].overhead_bytes
