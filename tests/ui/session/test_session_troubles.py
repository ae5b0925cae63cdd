"""A file that cannot be read, an engine that is missing or dies: each costs only what it touches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.basis import Basis
from advisor.errors import EngineDied, EngineMissing, GgufError
from tests.support.fake_domain import FakeDomain
from ui.session.session import Session
from ui.session.state import EngineStatus

FILE = Path("/models/llama.gguf")
OTHER = Path("/models/other.gguf")

Settle = Callable[[Session], None]


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
