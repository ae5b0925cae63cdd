"""The session: formula first, then the engine; newer questions win; trouble costs only what it touches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from advisor.errors import EngineDied, EngineMissing, GgufError, SettingsError
from tests.support import answers
from tests.support.fake_domain import FakeDomain, Gate
from ui.session.session import Session
from ui.session.state import EngineStatus, OpenModel

FILE = Path("/models/llama.gguf")
OTHER = Path("/models/other.gguf")

Settle = Callable[[Session], None]


def bases(session: Session) -> list[Basis]:
    """The bases of the shown model's answers, in the order in which they were shown."""
    seen: list[Basis] = []

    def note(model: OpenModel) -> None:
        answer = model.recommendation
        if answer and (not seen or seen[-1] is not answer.plan.basis):
            seen.append(answer.plan.basis)

    session.model_changed.connect(note)
    return seen


def test_a_file_is_answered_by_formula_and_then_by_the_engine(session: Session, settled: Settle) -> None:
    seen = bases(session)
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert seen[0] is Basis.FORMULA
    assert seen[-1] is Basis.ENGINE
    model = session.current
    assert model is not None
    assert model.recommendation is not None
    assert model.curves is not None
    assert model.recommendation.n_ctx > 0
    assert not model.is_asking_engine
    assert session.engine.status is EngineStatus.READY


def test_the_formula_is_shown_while_the_engine_is_still_asked(
    session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    domain.engine_gate = Gate()
    session.start()
    session.open_paths([FILE])
    qtbot.waitUntil(lambda: bool(session.current and session.current.is_asking_engine), timeout=20_000)
    assert session.current is not None
    assert session.current.recommendation is not None
    assert session.current.recommendation.plan.basis is Basis.FORMULA
    domain.engine_gate.open()
    settled(session)
    assert session.current.recommendation.plan.basis is Basis.ENGINE


def test_a_file_opened_before_the_computer_was_read_is_answered_afterwards(
    session: Session, settled: Settle
) -> None:
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    assert session.current.facts is not None
    assert session.current.recommendation is None
    session.start()
    settled(session)
    assert session.current.recommendation is not None


def test_an_unreadable_file_is_an_error_of_its_own(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    session.open_paths([FILE])
    settled(session)
    domain.read_error = GgufError("not a GGUF file.", hint="Choose another.")
    session.open_paths([OTHER])
    settled(session)
    assert session.current is not None
    assert session.current.error is domain.read_error
    assert session.models[0].error is None
    assert session.models[0].recommendation is not None


def test_looking_again_recovers_a_file_that_can_be_read_by_now(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    domain.read_error = GgufError("not there.", hint="Connect the disk.")
    session.open_paths([FILE])
    settled(session)
    domain.read_error = None
    session.look_again()
    settled(session)
    assert session.current is not None
    assert session.current.error is None
    assert session.current.recommendation is not None


def test_looking_again_says_that_a_file_is_gone(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    session.open_paths([FILE])
    settled(session)
    domain.read_error = GgufError("llama.gguf is not there any more.", hint="Connect the disk.")
    session.look_again()
    settled(session)
    assert session.current is not None
    assert session.current.error is domain.read_error
    assert session.current.recommendation is None


def test_a_missing_engine_leaves_the_formula_and_says_so(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("No llama-cpp-python.", hint="Install it.")
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.engine.status is EngineStatus.ABSENT
    assert session.engine.problem is domain.engine_missing
    assert session.current is not None
    assert session.current.recommendation is not None
    assert session.current.recommendation.plan.basis is Basis.FORMULA
    assert not any(asked.startswith("engine") for asked in domain.asked)


def test_an_engine_that_comes_back_is_found_by_looking_again(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("No llama-cpp-python.", hint="Install it.")
    session.start()
    session.open_paths([FILE])
    settled(session)
    domain.engine_missing = None
    session.look_again()
    settled(session)
    assert session.engine.status is EngineStatus.READY
    assert session.current is not None
    assert session.current.recommendation is not None
    assert session.current.recommendation.plan.basis is Basis.ENGINE


def test_an_engine_that_dies_after_the_formula_answered_costs_nothing(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_death = EngineDied("llama.cpp was killed.", hint="Look again.")
    session.start()
    session.open_paths([FILE])
    settled(session)
    model = session.current
    assert model is not None
    assert model.engine_problem is domain.engine_death
    assert model.error is None
    assert model.recommendation is not None
    assert model.recommendation.plan.basis is Basis.FORMULA
    assert not model.is_asking_engine


def test_an_engine_question_that_raises_leaves_the_formula(
    session: Session, domain: FakeDomain, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    death = EngineDied("llama.cpp was killed.", hint="Look again.")

    def dies(*_args: object) -> None:
        raise death

    monkeypatch.setattr(domain, "by_engine", dies)
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    assert session.current.engine_problem is death
    assert session.current.recommendation is not None


def test_a_new_goal_is_asked_for_all_models_and_the_engine_for_the_shown_one(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    session.open_paths([FILE, OTHER])
    settled(session)
    domain.asked.clear()
    session.wanted.set_goal("chat")
    settled(session)
    formulas = [asked for asked in domain.asked if asked.startswith("formula")]
    engines = [asked for asked in domain.asked if asked.startswith("engine")]
    assert len(formulas) == 2
    assert len(engines) == 1
    assert session.current is not None
    assert session.current.recommendation is not None
    assert session.current.recommendation.goal.name == "chat"


def test_several_changes_in_a_row_are_one_question(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    session.open_paths([FILE])
    settled(session)
    domain.asked.clear()
    session.wanted.set_goal("chat")
    session.wanted.set_runtime("ollama")
    session.wanted.set_goal("several-users")
    settled(session)
    formulas = [asked for asked in domain.asked if asked.startswith("formula")]
    assert formulas == ["formula Llama 3.1 8B Instruct several-users ollama"]


def test_what_does_not_exist_changes_nothing(session: Session, domain: FakeDomain, settled: Settle) -> None:
    session.wanted.set_goal("world-domination")
    session.wanted.set_runtime("")
    assert session.wanted.goal.name == "longest-context"
    assert session.wanted.runtime == "llama-server"
    assert session.is_settled


def test_a_stale_engine_answer_is_dropped(
    session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    old = domain.engine_gate = Gate()
    session.start()
    session.open_paths([FILE])
    assert session.current is not None
    model = session.current
    qtbot.waitUntil(lambda: model.is_asking_engine, timeout=20_000)
    assert old.reached.wait(20)
    domain.engine_gate = None
    session.wanted.set_goal("chat")
    qtbot.waitUntil(
        lambda: model.recommendation is not None and model.recommendation.goal.name == "chat", timeout=20_000
    )
    seen = []
    session.model_changed.connect(lambda m: seen.append(m.recommendation.goal.name))
    old.open()  # the old question is answered only now
    settled(session)
    assert set(seen) == {"chat"}
    assert model.recommendation is not None
    assert model.recommendation.plan.basis is Basis.ENGINE


def test_a_stale_formula_answer_is_dropped(
    session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    session.start()
    settled(session)
    old = domain.formula_gate = Gate()
    session.open_paths([FILE])
    qtbot.waitUntil(old.reached.is_set, timeout=20_000)
    domain.formula_gate = None
    session.wanted.set_runtime("ollama")
    assert session.current is not None
    model = session.current
    qtbot.waitUntil(lambda: model.recommendation is not None, timeout=20_000)
    old.open()
    settled(session)
    assert model.recommendation is not None
    assert model.recommendation.settings.runtime == "ollama"


def test_settings_that_cannot_be_are_shown_and_left_by_another_choice(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.formula_error = SettingsError("--cache-type-v", "needs flash attention.", hint="Choose f16.")
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    assert session.current.error is domain.formula_error
    domain.formula_error = None
    session.wanted.set_runtime("ollama")
    settled(session)
    assert session.current.error is None
    assert session.current.recommendation is not None


def test_several_files_are_all_opened_and_the_first_is_shown(session: Session, settled: Settle) -> None:
    session.start()
    session.open_paths([FILE, OTHER])
    settled(session)
    assert [model.path for model in session.models] == [FILE, OTHER]
    assert session.current is session.models[0]
    assert session.models[1].recommendation is not None
    assert session.models[1].recommendation.plan.basis is Basis.FORMULA


def test_the_engine_is_asked_about_a_model_when_it_is_shown(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    session.open_paths([FILE, OTHER])
    settled(session)
    session.show_model(session.models[1])
    settled(session)
    assert session.models[1].recommendation is not None
    assert session.models[1].recommendation.plan.basis is Basis.ENGINE
    assert session.models[1].curves is not None
    before = len(domain.asked)
    session.show_model(session.models[0])
    session.show_model(session.models[1])
    settled(session)
    assert not [asked for asked in domain.asked[before:] if asked.startswith("engine")]


def test_a_file_that_is_open_is_shown_and_not_read_again(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    session.open_paths([FILE, OTHER])
    settled(session)
    session.open_paths([OTHER])
    settled(session)
    assert len(session.models) == 2
    assert session.current is session.models[1]
    assert domain.asked.count("read other.gguf") == 1


def test_shards_of_one_model_are_one_entry(session: Session, domain: FakeDomain, settled: Settle) -> None:
    first, second = Path("/m/a-00001-of-00002.gguf"), Path("/m/a-00002-of-00002.gguf")
    made = answers.model("Split")
    made = replace(made, facts=replace(made.facts, shards=(first, second)))
    domain.models = {first.name: made, second.name: made}
    session.start()
    session.open_paths([second, first])
    settled(session)
    assert len(session.models) == 1
    assert session.current is session.models[0]
    session.open_paths([first])
    settled(session)
    assert len(session.models) == 1


def test_closing_a_model_shows_its_neighbour_and_the_last_none(session: Session, settled: Settle) -> None:
    session.start()
    session.open_paths([FILE, OTHER])
    settled(session)
    session.close_model(session.models[0])
    assert session.current is session.models[0]
    assert session.current.path == OTHER
    session.close_model(session.current)
    assert session.current is None
    assert session.models == []


def test_closing_a_model_while_it_is_asked_about_drops_the_answer(
    session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    gate = domain.engine_gate = Gate()
    session.start()
    session.open_paths([FILE])
    assert session.current is not None
    model = session.current
    qtbot.waitUntil(lambda: model.is_asking_engine, timeout=20_000)
    qtbot.waitUntil(gate.reached.is_set, timeout=20_000)
    session.close_model(model)
    told: list[OpenModel] = []
    session.model_changed.connect(told.append)
    gate.open()
    settled(session)
    assert told == []


def test_progress_says_what_is_asked_and_then_nothing(session: Session, settled: Settle) -> None:
    told: list[str] = []
    session.progress_changed.connect(told.append)
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert any("asking llama.cpp" in text for text in told)
    assert told[-1] == ""


def test_closing_during_work_ends_everything(session: Session, domain: FakeDomain, qtbot: QtBot) -> None:
    gate = domain.engine_gate = Gate()
    session.start()
    session.open_paths([FILE])
    qtbot.waitUntil(gate.reached.is_set, timeout=20_000)
    assert session.close()
    assert domain.closed == 1
    assert session.close()


def test_an_idle_engine_is_let_go(session: Session, domain: FakeDomain, settled: Settle) -> None:
    session.start()
    settled(session)
    session.computer._idle.timeout.emit()
    settled(session)
    assert domain.asked[-1] == "retire"
