"""The window's questions, asked of the real domain: by formula without an engine, and with one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.basis import Basis
from advisor.engine.launch import Launch
from advisor.engine.protocol import EngineDevice, EngineInfo
from advisor.errors import Cancelled, EngineDied, EngineError, EngineUnfit, ModelError, SettingsError
from advisor.hardware.reading import Detection
from advisor.hardware.reserve import AUTO, Reserve
from advisor.library.installed import InstalledModel
from advisor.recommend.result import Recommendation
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support import answers as handmade
from tests.support import readings
from tests.support.engines import handling
from tests.support.gguf_bytes import expand_head
from ui.session.answers import Answers
from ui.session.answers.chart import tightest_device
from ui.session.reserve_choices import RESERVES
from ui.session.state import ExportWish, Wishes


@pytest.fixture
def answers() -> Iterator[Answers]:
    made = Answers()
    yield made
    made.close()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model's header, with nothing behind it: a sparse file of the full size."""
    return expand_head("qwen2-dense", tmp_path)


def wishes(answers: Answers, runtime: str = "llama-server") -> Wishes:
    return Wishes(handmade.computer(), answers.goals.known().all[answers.goals.default_goal()], runtime)


def formula(answers: Answers, model: Path, runtime: str = "llama-server") -> Recommendation:
    """By formula, as if the tiny model had been trained for more than its 256 tokens."""
    facts = replace(answers.models.read(model), n_ctx_train=32768)
    return answers.models.by_formula(facts, wishes(answers, runtime))


def test_the_defaults_exist(answers: Answers) -> None:
    assert answers.goals.default_goal() in answers.goals.known().all
    assert answers.goals.default_runtime() in answers.goals.runtimes()


def test_another_engine_is_asked_from_the_next_look_on(answers: Answers, tmp_path: Path) -> None:
    body = """
        if request["do"] == "hello":
            send(request["id"], answer={**HELLO, "binding": "9.9.9"})
            return True
    """
    answers.computer.use_engine(handling(tmp_path, body))
    assert answers.computer.engine().binding == "9.9.9"
    before = answers.computer.client
    assert answers.computer.engine().binding == "9.9.9"
    assert answers.computer.client is before  # the same launch keeps its client
    answers.computer.use_engine(Launch(python=str(tmp_path / "gone")))
    with pytest.raises(EngineError):
        answers.computer.engine()


def test_own_folders_are_looked_into(answers: Answers, tmp_path: Path) -> None:
    model = expand_head("qwen2-dense", tmp_path)
    answers.library.use_folders((tmp_path,))
    assert model in {found.path for found in answers.library.installed().models}


def test_a_text_is_estimated_without_an_engine_and_can_be_given_up(
    answers: Answers, model: Path, tmp_path: Path
) -> None:
    text = tmp_path / "book.txt"
    text.write_text("word " * 1000, encoding="utf-8")
    facts, stages = answers.models.read(model), []
    part = answers.models.count_file(text, facts, stages.append)
    assert part.basis is Basis.ASSUMED
    assert part.n_tokens == 1500
    assert set(stages) == {"counting book.txt"}

    def given_up(_stage: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        answers.models.count_file(text, facts, given_up)


def test_what_is_no_model_raises_a_model_error(answers: Answers, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        answers.models.read(tmp_path)
    with pytest.raises(ModelError):
        answers.models.read(tmp_path / "gone.gguf")


def test_the_formula_answers_with_at_least_the_three_cache_types(answers: Answers, model: Path) -> None:
    answer = formula(answers, model)
    assert answer.plan.basis is Basis.FORMULA
    assert {"f16", "q8_0", "q4_0"} <= {row.settings.cache_type_k for row in answer.alternatives}


@pytest.mark.parametrize("runtime", ["llama-server", "ollama", "lm-studio", "llama-cpp-python"])
def test_every_runtime_of_the_selector_is_answered(answers: Answers, model: Path, runtime: str) -> None:
    assert runtime in answers.goals.runtimes()
    answer = formula(answers, model, runtime)
    assert answer.settings.runtime == runtime
    assert answers.models.curves(answer).curves


def test_the_curves_rise_with_the_context_and_hold_the_answer(answers: Answers, model: Path) -> None:
    answer = formula(answers, model)
    data = answers.models.curves(answer)
    assert {"f16", "q8_0", "q4_0"} <= {curve.name for curve in data.curves}
    for curve in data.curves:
        assert len(curve.points) >= 16
        contexts = [point.n_ctx for point in curve.points]
        assert contexts == sorted(set(contexts))
        assert curve.points[0].n_bytes < curve.points[-1].n_bytes
    assert data.answer is not None
    assert data.answer.n_ctx == answer.settings.n_ctx
    [own] = [curve for curve in data.curves if curve.name == data.answer_name]
    assert own.bytes_at(data.answer.n_ctx) == pytest.approx(data.answer.n_bytes, rel=0.02)


def test_the_chart_is_of_the_device_that_fills_first() -> None:
    answer = handmade.recommendation(
        handmade.model(weights_bytes=30 * 2**30),
        handmade.computer(
            handmade.gpu(0, "big", 48 * 2**30, 47 * 2**30), handmade.gpu(1, "small", 24 * 2**30)
        ),
    )
    assert tightest_device(answer) == "CUDA1"


def test_a_tiny_training_context_still_has_a_chart(answers: Answers, model: Path) -> None:
    data = answers.models.curves(answers.models.by_formula(answers.models.read(model), wishes(answers)))
    assert data.n_ctx_train == 256
    assert all(curve.points[-1].n_ctx == 4096 for curve in data.curves)


@pytest.mark.engine
def test_the_engine_introduces_itself_and_confirms(answers: Answers, model: Path) -> None:
    engine = answers.computer.engine()
    assert engine.name.startswith("llama-cpp-python ")
    assert engine.backends
    stages: list[str] = []
    answer = answers.models.by_engine(answers.models.read(model), wishes(answers), stages.append)
    assert answer.problem is None
    assert answer.recommendation.plan.basis in {Basis.ENGINE, Basis.ENGINE_LOG}
    assert stages
    assert all(stage.startswith("asking llama.cpp: ") for stage in stages)


@pytest.mark.engine
def test_an_engine_question_ends_where_its_report_says_so(answers: Answers, model: Path) -> None:
    def stop(_stage: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        answers.models.by_engine(answers.models.read(model), wishes(answers), stop)


def test_an_engine_that_dies_leaves_the_formula_and_its_reason(
    answers: Answers, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    death = EngineDied("llama.cpp was killed.", hint="Look again.")

    def dies(*_args: object) -> None:
        raise death

    monkeypatch.setattr("advisor.recommend.planner.dry_run", dies)
    answer = answers.models.by_engine(answers.models.read(model), wishes(answers), lambda _stage: None)
    assert answer.problem is death
    assert answer.recommendation.plan.basis is Basis.FORMULA


def test_the_answers_settings_decide_the_curves(answers: Answers, model: Path) -> None:
    answer = formula(answers, model)
    uneven = replace(answer, settings=replace(answer.settings, cache_type_k="q8_0", cache_type_v="q4_0"))
    assert answers.models.curves(uneven).answer_name == "q8_0 / q4_0"
    assert "q8_0 / q4_0" in {curve.name for curve in answers.models.curves(uneven).curves}


# --- this computer: the drivers are asked while no engine runs


class Client:
    """An engine client that only tells, in `told`, what it was asked."""

    def __init__(self, told: list[str], *, gpu: bool = True, unfit: str | None = None) -> None:
        self.told = told
        devices = (EngineDevice("CUDA0", "NVIDIA GeForce RTX 4070", "gpu", 12 * GiB, 11 * GiB, None),)
        self.info = EngineInfo(
            binding="0.3.36",
            library="",
            python="",
            executable="",
            backends=("CUDA", "CPU") if gpu else ("CPU",),
            devices=devices if gpu else (),
            supports_gpu_offload=gpu,
            has_breakdown=True,
            unfit=unfit,
            notes=(),
        )

    def hello(self) -> EngineInfo:
        self.told.append("hello")
        return self.info

    def retire_if_idle(self, seconds: float) -> bool:
        self.told.append(f"retire {seconds:g}")
        return True


CARD = replace(
    readings.CARD, name="NVIDIA GeForce RTX 4070", total_bytes=12 * GiB, free_bytes=10 * GiB, pci_id=None
)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of drivers and engine, in order. The computer has an RTX 4070."""
    made: list[str] = []

    def run_detectors(_detectors: object) -> list[Detection]:
        made.append("detect")
        return [Detection((readings.RAM, CARD))]

    monkeypatch.setattr("ui.session.answers.computer.run_detectors", run_detectors)
    return made


def with_client(told: list[str], **how: object) -> Answers:
    return Answers(Client(told, **how))


def test_what_was_read_before_the_engine_started_is_put_together_with_its_devices(told: list[str]) -> None:
    answers = with_client(told)
    before = answers.computer.hardware(AUTO, anew=True)
    answers.computer.engine()
    after = answers.computer.hardware(AUTO, anew=False)
    assert told == ["detect", "retire 0", "hello"]
    assert before.gpus[0].engine_device is None
    assert after.gpus[0].engine_device == "CUDA0"
    assert after.gpus[0].free_bytes == before.gpus[0].free_bytes == 10 * GiB


def test_an_engine_that_holds_a_gpu_ends_before_the_drivers_are_asked_again(told: list[str]) -> None:
    answers = with_client(told)
    answers.computer.engine()
    told.clear()
    answers.computer.hardware(AUTO, anew=True)
    assert told == ["retire 0", "detect"]


def test_an_engine_for_the_cpu_may_stay(told: list[str]) -> None:
    answers = with_client(told, gpu=False)
    answers.computer.engine()
    told.clear()
    hardware = answers.computer.hardware(AUTO, anew=True)
    assert told == ["detect"]
    assert [note.code for note in hardware.findings] == []


def test_an_unfit_engine_does_not_stay_alive(told: list[str]) -> None:
    answers = with_client(told, unfit="Its structures are others")
    with pytest.raises(EngineUnfit):
        answers.computer.engine()
    assert told == ["retire 0", "hello", "retire 0"]


def test_an_engine_with_a_gpu_is_let_go_after_twenty_seconds(told: list[str]) -> None:
    with_client(told).computer.retire_engine()
    assert told == ["retire 20"]


def test_what_is_kept_free_is_what_was_asked_for(told: list[str]) -> None:
    answers = with_client(told)
    hardware = answers.computer.hardware(Reserve(percent=25), anew=True)
    assert [device.reserve_bytes for device in hardware.devices] == [3 * GiB, 8 * GiB]
    hardware = answers.computer.hardware(Reserve(n_bytes=2 * GiB), anew=False)
    assert [device.reserve_bytes for device in hardware.devices] == [2 * GiB, 2 * GiB]
    assert told == ["detect"]


def test_the_largest_context_falls_with_what_is_kept_free(told: list[str], model: Path) -> None:
    answers = with_client(told)
    answers.computer.engine()
    facts = replace(answers.models.read(model), n_ctx_train=4 * 2**20)
    asked = Wishes(
        answers.computer.hardware(AUTO, anew=True),
        answers.goals.known().all["longest-context"],
        "llama-server",
    )
    answer = answers.models.by_formula(facts, asked)
    largest = answers.models.largest_contexts(answer, RESERVES)
    assert list(largest) == list(RESERVES)
    assert largest["auto"] == answer.n_ctx_safe
    by_size = [largest[name] for name in ("512MiB", "1GiB", "2GiB", "4GiB")]
    assert by_size == sorted(by_size, reverse=True)
    assert largest["10%"] > largest["20%"] > largest["30%"] > 0


# --- the user's own settings


def test_own_settings_are_estimated_and_what_cannot_be_is_refused(answers: Answers, model: Path) -> None:
    facts, hardware = answers.models.read(model), handmade.computer(handmade.gpu())
    small = answers.models.estimate(facts, hardware, Request(n_ctx=256))
    large = answers.models.estimate(facts, hardware, Request(n_ctx=4096))
    assert small.total_bytes < large.total_bytes
    assert large.basis is Basis.FORMULA
    with pytest.raises(SettingsError):
        answers.models.estimate(facts, hardware, Request(cache_type_v="q8_0", flash_attn="off"))


def test_around_own_settings_the_largest_context_is_found(answers: Answers, model: Path) -> None:
    facts = replace(answers.models.read(model), n_ctx_train=32768)
    found = answers.models.around(facts, handmade.computer(handmade.gpu()), Request(n_ctx=1024))
    assert found.n_ctx_safe == 32768
    assert found.speed.basis is Basis.ASSUMED


def test_own_settings_are_said_in_another_runtimes_words(answers: Answers, model: Path) -> None:
    facts, hardware = answers.models.read(model), handmade.computer(handmade.gpu())
    settings = answers.models.estimate(facts, hardware, Request(n_ctx=2048)).settings
    made = answers.models.export(facts, hardware, settings, ExportWish("ollama"))
    assert "PARAMETER num_ctx 2048" in made.export.files[0].text
    assert made.plan.settings.runtime == "ollama"


@pytest.mark.engine
def test_own_settings_are_confirmed(answers: Answers, model: Path) -> None:
    found = answers.models.confirm(answers.models.read(model), handmade.computer(), Request(n_ctx=1024))
    assert found.problem is None
    assert found.plan.basis in {Basis.ENGINE, Basis.ENGINE_LOG}


def test_an_installed_model_is_judged_and_what_is_none_is_dropped(
    answers: Answers, model: Path, tmp_path: Path
) -> None:
    hardware = handmade.computer(handmade.gpu())
    line = answers.library.listed(InstalledModel("folder", "it", model, 1), hardware)
    assert line is not None
    assert line.n_ctx_max
    assert answers.models.runtime_of(model) is None
    gone = answers.library.listed(InstalledModel("folder", "gone", tmp_path / "gone.gguf", 1), hardware)
    assert gone is not None
    assert gone.problem
