"""The window's questions, asked of the real domain: by formula without an engine, and with one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.basis import Basis
from advisor.errors import Cancelled, EngineDied, ModelError
from advisor.recommend.result import Recommendation
from tests.support import answers as handmade
from tests.support.gguf_bytes import expand_head
from ui.answers import Answers, tightest_device
from ui.state import Wishes


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
    return Wishes(handmade.computer(), answers.goals()[answers.default_goal()], runtime)


def formula(answers: Answers, model: Path, runtime: str = "llama-server") -> Recommendation:
    """By formula, as if the tiny model had been trained for more than its 256 tokens."""
    facts = replace(answers.read_model(model), n_ctx_train=32768)
    return answers.by_formula(facts, wishes(answers, runtime))


def test_the_defaults_exist(answers: Answers) -> None:
    assert answers.default_goal() in answers.goals()
    assert answers.default_runtime() in answers.runtimes()


def test_what_is_no_model_raises_a_model_error(answers: Answers, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        answers.read_model(tmp_path)
    with pytest.raises(ModelError):
        answers.read_model(tmp_path / "gone.gguf")


def test_the_formula_answers_with_at_least_the_three_cache_types(answers: Answers, model: Path) -> None:
    answer = formula(answers, model)
    assert answer.plan.basis is Basis.FORMULA
    assert {"f16", "q8_0", "q4_0"} <= {row.settings.cache_type_k for row in answer.alternatives}


@pytest.mark.parametrize("runtime", ["llama-server", "ollama", "lm-studio", "llama-cpp-python"])
def test_every_runtime_of_the_selector_is_answered(answers: Answers, model: Path, runtime: str) -> None:
    assert runtime in answers.runtimes()
    answer = formula(answers, model, runtime)
    assert answer.settings.runtime == runtime
    assert answers.curves(answer).curves


def test_the_curves_rise_with_the_context_and_hold_the_answer(answers: Answers, model: Path) -> None:
    answer = formula(answers, model)
    data = answers.curves(answer)
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
    data = answers.curves(answers.by_formula(answers.read_model(model), wishes(answers)))
    assert data.n_ctx_train == 256
    assert all(curve.points[-1].n_ctx == 4096 for curve in data.curves)


@pytest.mark.engine
def test_the_engine_introduces_itself_and_confirms(answers: Answers, model: Path) -> None:
    engine = answers.engine()
    assert engine.name.startswith("llama-cpp-python ")
    assert engine.backends
    stages: list[str] = []
    answer = answers.by_engine(answers.read_model(model), wishes(answers), stages.append)
    assert answer.problem is None
    assert answer.recommendation.plan.basis in {Basis.ENGINE, Basis.ENGINE_LOG}
    assert stages
    assert all(stage.startswith("asking llama.cpp: ") for stage in stages)


@pytest.mark.engine
def test_an_engine_question_ends_where_its_report_says_so(answers: Answers, model: Path) -> None:
    def stop(_stage: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        answers.by_engine(answers.read_model(model), wishes(answers), stop)


def test_an_engine_that_dies_leaves_the_formula_and_its_reason(
    answers: Answers, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    death = EngineDied("llama.cpp was killed.", hint="Look again.")

    def dies(*_args: object) -> None:
        raise death

    monkeypatch.setattr("advisor.recommend.planner.dry_run", dies)
    answer = answers.by_engine(answers.read_model(model), wishes(answers), lambda _stage: None)
    assert answer.problem is death
    assert answer.recommendation.plan.basis is Basis.FORMULA


def test_the_answers_settings_decide_the_curves(answers: Answers, model: Path) -> None:
    answer = formula(answers, model)
    uneven = replace(answer, settings=replace(answer.settings, cache_type_k="q8_0", cache_type_v="q4_0"))
    assert answers.curves(uneven).answer_name == "q8_0 / q4_0"
    assert "q8_0 / q4_0" in {curve.name for curve in answers.curves(uneven).curves}
