"""Several models in one session: opened, shown, joined from shards and closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from tests.support import answers
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.session.session import Session
from ui.session.state import OpenModel

FILE = Path("/models/llama.gguf")
OTHER = Path("/models/other.gguf")

Settle = Callable[[Session], None]


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
