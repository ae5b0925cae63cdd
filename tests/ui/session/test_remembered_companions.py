"""What was chosen beside a model comes back with it: in this window, and in the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.units import MiB
from tests.support.companions import (
    DRAFT_FILE,
    FILE,
    PIRATE,
    SMALL,
    companions_bytes,
    domain_with_companions,
)
from tests.support.fake_domain import FakeDomain
from ui.session import accompanying
from ui.session.chosen_files import ChosenFiles
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


@pytest.fixture
def domain() -> FakeDomain:
    return domain_with_companions()


def opened(session: Session, settled: Settle, path: Path = FILE) -> OpenModel:
    session.start()
    session.open_paths([path])
    settled(session)
    assert session.current is not None
    return session.current


def test_what_was_chosen_comes_back_when_the_model_is_opened_again(session: Session, settled: Settle) -> None:
    model = opened(session, settled)
    session.accompanying.use_projector(model, SMALL)
    session.accompanying.open_draft(model, DRAFT_FILE)
    session.accompanying.open_adapter(model, PIRATE.path)
    settled(session)
    before, counted = model.beside.counted, companions_bytes(model.plan)
    session.close_model(model)
    again = opened(session, settled)
    assert again is not model
    assert again.beside.counted == before
    assert companions_bytes(again.plan) == counted > 0


def test_the_window_writes_it_down(
    window: MainWindow, session: Session, preferences: Preferences, settled: Settle
) -> None:
    model = opened(session, settled)
    assert preferences.companions == {}
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    assert preferences.companions == {FILE: ChosenFiles(SMALL.path)}


def test_another_model_is_opened_alone(session: Session, settled: Settle) -> None:
    session.accompanying.remembered = {FILE: ChosenFiles(SMALL.path)}
    assert opened(session, settled, Path("/models/two.gguf")).beside.counted.projector is None
    assert opened(session, settled).beside.counted.projector == SMALL


def test_what_was_left_out_stays_out_where_the_runtime_would_load_it(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.runtimes_of_files[FILE.name] = "lm-studio"
    model = opened(session, settled)
    assert model.beside.counted.projector == SMALL
    assert session.accompanying.remembered == {}  # nobody chose it
    session.accompanying.use_projector(model, None)
    settled(session)
    session.close_model(model)
    assert opened(session, settled).beside.counted.projector is None


def test_what_is_gone_is_told_once_and_dropped(
    window: MainWindow, session: Session, preferences: Preferences, settled: Settle
) -> None:
    missing = Path("/models/missing.gguf")
    session.accompanying.remembered = {FILE: ChosenFiles(SMALL.path, missing, (PIRATE.path,))}
    model = opened(session, settled)
    panel = window.page.settings.companions
    assert panel.gone.text() == "missing.gguf is not in /models any more, and is no longer counted."
    assert panel.gone.isVisible()
    assert model.beside.counted.projector == SMALL
    assert model.error is None
    assert preferences.companions == {FILE: ChosenFiles(SMALL.path, None, (PIRATE.path,))}
    session.close_model(model)
    opened(session, settled)
    assert not panel.gone.isVisible()


def test_what_goes_while_the_model_is_open_is_noticed_when_someone_comes_back(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    model = opened(session, settled)
    session.accompanying.use_projector(model, SMALL)
    session.accompanying.open_adapter(model, PIRATE.path)
    settled(session)
    counted = model.beside
    session.notice_changes()
    settled(session)
    assert model.beside is counted
    del domain.companions.side_files[SMALL.path.name]
    session.notice_changes()
    settled(session)
    assert model.beside.gone == (SMALL.path,)
    assert model.beside.counted.projector is None
    assert model.beside.counted.adapters == (PIRATE,)
    assert window.page.settings.companions.gone.isVisible()
    assert companions_bytes(model.plan) == 32 * MiB
    assert session.accompanying.remembered == {FILE: ChosenFiles(adapters=(PIRATE.path,))}


def test_only_so_many_models_are_remembered(
    session: Session, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accompanying, "MOST_REMEMBERED", 2)
    for name in ("one.gguf", "two.gguf", "one.gguf", "three.gguf"):
        model = opened(session, settled, Path("/models", name))
        session.accompanying.use_projector(model, SMALL)
        settled(session)
    assert [path.name for path in session.accompanying.remembered] == ["one.gguf", "three.gguf"]


def test_the_next_window_has_it_from_the_file(tmp_path: Path, qapp: object) -> None:
    place = tmp_path / "window.ini"
    chosen = {Path("/m/\u00e9, 1.gguf"): ChosenFiles(adapters=(Path('/m/"a".gguf'), Path("/m/b;c.gguf")))}
    preferences = Preferences(place)
    preferences.companions = chosen
    preferences.term = "gqa"
    preferences.save()
    again = Preferences(place)
    assert again.companions == chosen
    assert again.term == "gqa"
