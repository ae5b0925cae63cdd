"""The session: formula first, then the engine; newer questions win."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from advisor.errors import SettingsError
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
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
