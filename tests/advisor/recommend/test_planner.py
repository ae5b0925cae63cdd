"""The planner with an engine that is a function: which answer it takes, and what it says."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from advisor.basis import Basis
from advisor.engine.client import EngineClient
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.dry_run import DryRun
from advisor.errors import EngineDied, EngineError, EngineMissing, EngineRefused, SettingsError
from advisor.hardware.device import Device, Hardware
from advisor.memory.plan import Buffers, Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend import planner as planner_module
from advisor.recommend.planner import Planner
from advisor.settings.calibration import NOTHING_LEARNED, Calibration
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import Rope
from advisor.units import GiB, MiB
from tests.support.planning import a_model, gpu, ram

RAM_ONLY = Hardware(devices=(ram(32 * GiB),))
SETTINGS = LoadSettings(n_ctx=8192)
Asked = list[tuple[LoadSettings, tuple[str, ...] | None]]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[EngineError | None], Asked]:
    """Puts a function in the place of the dry run; returns what it was asked."""

    def install(error: EngineError | None = None) -> Asked:
        asked: Asked = []

        def dry_run(
            client: EngineClient, facts: ModelFacts, settings: LoadSettings, devices: tuple[str, ...] | None
        ) -> DryRun:
            asked.append((settings, devices))
            if error:
                raise error
            buffers = Buffers("CPU", weights_bytes=GiB, kv_cache_bytes=GiB, compute_bytes=64 * MiB)
            return DryRun((buffers,), Basis.ENGINE, settings.n_ctx, "on")

        monkeypatch.setattr(planner_module, "dry_run", dry_run)
        return asked

    return install


def test_a_cache_type_that_cannot_be_is_refused_before_the_engine_is_asked(
    engine: Callable[..., Asked],
) -> None:
    asked = engine()
    with pytest.raises(SettingsError):
        Planner(a_model(), RAM_ONLY, EngineClient()).plan(
            LoadSettings(n_ctx=8192, cache_type_v="q8_0", flash_attn="off")
        )
    assert asked == []


def test_the_engines_answer_is_the_plan_and_the_formula_stands_beside_it(
    engine: Callable[..., Asked],
) -> None:
    asked = engine()
    planner = Planner(a_model(), RAM_ONLY, EngineClient())
    plan = planner.plan(SETTINGS)
    assert plan.basis is Basis.ENGINE
    assert plan.memory[0].buffers.weights_bytes == GiB
    assert plan.formula.kv_cache_bytes == GiB  # 131,072 bytes for each of 8,192 tokens: it agrees
    assert plan.formula.disagreement_percent["kv_cache"] == 0.0
    assert plan.formula.alarm  # the model has no weights in its table, the engine says 1 GiB
    assert "drift" in [note.code for note in plan.notes]
    planner.plan(SETTINGS)
    assert asked == [(SETTINGS, ())]  # once, and about the CPU alone


def test_an_estimate_never_asks(engine: Callable[..., Asked]) -> None:
    asked = engine()
    assert Planner(a_model(), RAM_ONLY, EngineClient()).estimate(SETTINGS).basis is Basis.FORMULA
    assert asked == []


def test_a_death_costs_one_question_and_is_said(engine: Callable[..., Asked]) -> None:
    asked = engine(EngineDied("The engine crashed.", hint="Try another."))
    planner = Planner(a_model(), RAM_ONLY, EngineClient())
    plan = planner.plan(SETTINGS)
    assert plan.basis is Basis.FORMULA
    assert [note.text for note in plan.notes if note.code == "engine-died"] == [
        "The engine crashed. The figures are by formula."
    ]
    planner.plan(SETTINGS.with_n_ctx(4096))
    assert len(asked) == 2


def test_a_missing_engine_is_asked_once(engine: Callable[..., Asked]) -> None:
    asked = engine(EngineMissing("There is no engine.", hint="Install it."))
    planner = Planner(a_model(), RAM_ONLY, EngineClient())
    planner.plan(SETTINGS)
    plan = planner.plan(SETTINGS.with_n_ctx(4096))
    assert len(asked) == 1
    assert "engine-missing" in [note.code for note in plan.notes]
    assert isinstance(planner.engine_problem, EngineMissing)


def test_who_must_ask_the_engine_gets_its_error(engine: Callable[..., Asked]) -> None:
    engine(EngineDied("The engine crashed.", hint="Try another."))
    with pytest.raises(EngineDied):
        Planner(a_model(), RAM_ONLY, EngineClient(), must_ask_engine=True).plan(SETTINGS)


@pytest.mark.parametrize("must_ask_engine", [False, True])
def test_what_is_beyond_a_limit_of_the_device_does_not_fit(
    engine: Callable[..., Asked], *, must_ask_engine: bool
) -> None:
    asked = engine(EngineDied("Vulkan0 cannot.", hint="It is no matter of memory.", code=DEVICE_LIMIT))
    planner = Planner(a_model(), RAM_ONLY, EngineClient(), must_ask_engine=must_ask_engine)
    assert planner.estimate(SETTINGS).verdict is Verdict.FITS
    plan = planner.plan(SETTINGS)
    assert plan.verdict is Verdict.DOES_NOT_FIT
    assert [note.text for note in plan.notes if note.code == DEVICE_LIMIT] == [
        "Vulkan0 cannot. It is no matter of memory."
    ]
    planner.plan(SETTINGS.with_n_ctx(4096))
    assert len(asked) == 2
    assert planner.engine_problem is None  # it did answer


def test_an_engine_without_this_gpu_is_not_asked_about_it(engine: Callable[..., Asked]) -> None:
    asked = engine()
    hardware = Hardware(devices=(gpu(11 * GiB), ram(32 * GiB)))
    plan = Planner(a_model(), hardware, EngineClient()).plan(SETTINGS)
    assert asked == []
    assert plan.basis is Basis.FORMULA
    assert "engine-lacks-device" in [note.code for note in plan.notes]


def test_who_must_ask_the_engine_is_never_answered_by_formula(engine: Callable[..., Asked]) -> None:
    engine()
    hardware = Hardware(devices=(gpu(11 * GiB), ram(32 * GiB)))
    with pytest.raises(EngineRefused):
        Planner(a_model(), hardware, EngineClient(), must_ask_engine=True).plan(SETTINGS)


def test_a_dry_run_that_counts_on_the_wrong_side_is_not_believed(engine: Callable[..., Asked]) -> None:
    asked = engine()
    card = replace(gpu(11 * GiB), engine_device="CUDA0")
    planner = Planner(a_model(), Hardware(devices=(card, ram(32 * GiB))), EngineClient())
    in_ram = replace(SETTINGS, offload_kqv=False, flash_attn="off", n_gpu_layers=33)
    plan = planner.plan(in_ram)
    assert (plan.basis, asked) == (Basis.FORMULA, [])
    assert "dry-run-misplaces" in [note.code for note in plan.notes]
    on_cpu = Planner(a_model(), RAM_ONLY, EngineClient()).plan(in_ram)
    assert on_cpu.basis is Basis.ENGINE  # without a GPU there is no other side


def test_what_this_computer_measured_beside_the_buffers_is_planned() -> None:
    learned = Calibration(overhead_bytes={"CUDA": 333 * MiB}, n_probes=1)
    hardware = Hardware((gpu(11 * GiB), ram(32 * GiB)))
    settings = replace(SETTINGS, n_gpu_layers=33)

    def line(hardware: Hardware, calibration: Calibration) -> tuple[int, Basis]:
        found = Planner(a_model(), hardware, calibration=calibration).estimate(settings).memory[0]
        return found.overhead_bytes, found.basis["overhead"]

    assert line(hardware, NOTHING_LEARNED) == (512 * MiB, Basis.ASSUMED)
    assert line(hardware, learned) == (333 * MiB, Basis.MEASURED)
    # Of another computer this one knows nothing.
    assert line(replace(hardware, made_up=True), learned) == (512 * MiB, Basis.ASSUMED)


def card(index: int, name: str | None) -> Device:
    return replace(gpu(8 * GiB), id=f"nvidia:{index}", engine_device=name)


def test_the_engine_is_asked_about_the_named_devices_alone(engine: Callable[..., Asked]) -> None:
    asked = engine()
    hardware = Hardware((card(0, "CUDA0"), card(1, "CUDA1"), ram(32 * GiB)))
    planner = Planner(a_model(), hardware, EngineClient())
    for devices in ((), ("CUDA1",), ("CUDA1", "CUDA0"), ("none",)):
        planner.plan(replace(SETTINGS, devices=devices))
    assert [devices for _, devices in asked] == [("CUDA0", "CUDA1"), ("CUDA1",), ("CUDA1", "CUDA0"), ()]
    with pytest.raises(SettingsError, match="CUDA7"):
        planner.plan(replace(SETTINGS, devices=("CUDA7",)))
    assert len(asked) == 4


def test_a_device_that_the_engine_lacks_does_not_matter_where_it_is_not_used(
    engine: Callable[..., Asked],
) -> None:
    asked = engine()
    hardware = Hardware((card(0, "CUDA0"), card(1, None), ram(32 * GiB)))
    planner = Planner(a_model(), hardware, EngineClient())
    planner.plan(SETTINGS)
    assert asked == []
    planner.plan(replace(SETTINGS, devices=("CUDA0",)))
    planner.plan(replace(SETTINGS, devices=("none",)))
    assert [devices for _, devices in asked] == [("CUDA0",), ()]


def test_how_positions_are_stretched_is_no_question_of_its_own(engine: Callable[..., Asked]) -> None:
    asked = engine()
    planner = Planner(a_model(), RAM_ONLY, EngineClient())
    planner.plan(SETTINGS)
    stretched = replace(SETTINGS, rope=Rope(scaling="yarn", scale=2))
    assert planner.plan(stretched).settings == stretched
    assert len(asked) == 1


def test_what_is_larger_than_a_device_took_is_not_asked_for_again(engine: Callable[..., Asked]) -> None:
    asked = engine(EngineDied("CUDA0 cannot.", hint="It is no matter of memory.", code=DEVICE_LIMIT))
    planner = Planner(a_model(), Hardware((card(0, "CUDA0"), ram(32 * GiB))), EngineClient())
    settings = replace(SETTINGS, n_gpu_layers=33)
    planner.plan(settings)
    plan = planner.plan(replace(settings, n_ctx=16384))
    assert plan.verdict is Verdict.DOES_NOT_FIT
    assert [note.text for note in plan.notes if note.code == DEVICE_LIMIT] == [
        "CUDA0 cannot. It is no matter of memory."
    ]
    assert len(asked) == 1
    planner.plan(replace(settings, n_ctx=4096))
    assert len(asked) == 2
