"""A thousand files with broken ones among them, a driver that vanishes, an engine that comes and goes."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from advisor.basis import Basis
from advisor.errors import AdvisorError, EngineMissing, GgufError
from advisor.model.facts import ModelFacts
from advisor.settings.request import ALL_LAYERS, Request
from advisor.units import GiB
from tests.support import answers
from tests.support.fake_domain import FakeDomain
from tests.support.gguf_bytes import expand_head
from ui.session.answering import MANY
from ui.session.answers.library import LibraryAnswers
from ui.session.opening import AT_ONCE
from ui.session.session import Session
from ui.session.state import EngineStatus
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]

FILE = Path("/models/llama.gguf")
MISSING = EngineMissing("llama-cpp-python is not installed.", hint="Install it.")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(session: Session, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(session.computer, "_clock", made)
    return made


# --- a thousand files


@pytest.fixture
def many(domain: FakeDomain, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every seventh file is broken; the others are all answered alike."""
    read, one = domain.read, answers.recommendation(basis=Basis.FORMULA)

    def reads(path: Path) -> ModelFacts:
        if int(path.stem) % 7 == 3:
            raise GgufError(f"{path.name} is damaged.", hint="Download it again.")
        return read(path)

    monkeypatch.setattr(domain, "read", reads)
    monkeypatch.setattr(domain, "by_formula", lambda facts, _wishes: replace(one, model=facts))
    return [Path(f"/many/{number}.gguf") for number in range(1000)]


def test_of_a_thousand_files_each_is_read_or_refused_and_the_window_goes_on(
    window: MainWindow, session: Session, domain: FakeDomain, many: list[Path], settled: Settle
) -> None:
    session.start()
    settled(session)
    asked_at: list[int] = []  # how much had been asked whenever the window was listened to
    beat = QTimer(interval=0)
    beat.timeout.connect(lambda: asked_at.append(len(domain.asked)))
    told: list[int] = []
    session.models_changed.connect(lambda: told.append(len(session.models)))
    beat.start()
    window.open_paths(many)
    assert window.status.message == "Opened 1,000 models, showing the first"
    settled(session)
    beat.stop()
    assert told[-1] == 1000
    assert max(now - before for before, now in pairwise([0, *told])) <= AT_ONCE
    assert len(asked_at) > 1000
    assert max(now - before for before, now in pairwise(asked_at)) < 20  # never many of them in one turn
    assert sum(1 for model in session.models if model.error) == 143
    assert window.page.isVisible()


def test_of_a_thousand_files_those_in_sight_are_answered(
    window: MainWindow, session: Session, many: list[Path], settled: Settle
) -> None:
    session.start()
    window.open_paths(many)
    _look(window, session, settled)
    answered = [model for model in session.models if model.recommendation]
    assert session.current in answered
    assert MANY / 4 < len(answered) < 60
    last = session.models[-1]
    assert last.facts
    assert last not in answered
    window.sidebar.view.scrollToBottom()
    _look(window, session, settled)
    assert last.recommendation


def test_another_computer_leaves_a_thousand_answers_to_those_who_look(
    window: MainWindow, session: Session, domain: FakeDomain, many: list[Path], settled: Settle
) -> None:
    session.start()
    window.open_paths(many)
    _look(window, session, settled)
    before = [model.recommendation for model in session.models]
    domain.computer = answers.computer(answers.gpu(total=48 * GiB, free=47 * GiB))
    session.look_again()
    _look(window, session, settled)
    again = [m for m, old in zip(session.models, before, strict=True) if m.recommendation is not old]
    assert session.current in again
    assert len(again) < 60


def test_whatever_of_a_thousand_files_is_chosen_is_answered_before_the_others_are_read(
    window: MainWindow, session: Session, domain: FakeDomain, many: list[Path], settled: Settle
) -> None:
    session.start()
    settled(session)
    window.open_paths(many[:AT_ONCE])
    last = session.models[-1]
    session.show_model(last)
    settled(session)
    order = [asked for asked in domain.asked if asked.startswith("read ")]
    assert order.index(f"read {last.path.name}") < 3


def test_of_many_a_chosen_one_is_answered_by_formula_and_then_by_the_engine(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    session.open_paths([Path(f"/many/{number}.gguf") for number in range(MANY + 1)])
    settled(session)
    last = session.models[-1]
    assert last.recommendation is None
    before = len(domain.asked)
    session.show_model(last)
    settled(session)
    kinds = [asked.partition(" ")[0] for asked in domain.asked[before:]]
    assert [kind for kind in kinds if kind in {"formula", "engine"}] == ["formula", "engine"]
    assert last.recommendation.plan.basis is Basis.ENGINE


def _look(window: MainWindow, session: Session, settled: Settle) -> None:
    """What is drawn is asked about."""
    settled(session)
    window.sidebar.view.grab()
    settled(session)


@pytest.fixture
def thousand(tmp_path: Path) -> Path:
    """A folder with three sound models, and 997 files that are none."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(3):
        expand_head("qwen2-dense", tmp_path).rename(folder / f"sound-{number}.gguf")
    junk = (b"", b"GGUF", b"\x89PNG\r\n", gzip.compress(b"x"), b"GGUF\x03\x00\x00\x00" + b"\xff" * 24)
    for number in range(997):
        (folder / f"broken-{number:03}.gguf").write_bytes(junk[number % len(junk)])
    return folder


def test_a_folder_of_a_thousand_files_is_listed_and_judged_one_by_one(thousand: Path) -> None:
    library = LibraryAnswers()
    library.use_folders((thousand,))
    try:
        found = [model for model in library.installed().models if model.path.parent == thousand]
        assert len(found) == 1000
        some = [model for model in found if model.path.name in {"sound-0.gguf", "sound-2.gguf"}]
        some += [model for model in found if model.path.name.startswith("broken-00")]
        lines = [library.listed(model, answers.computer()) for model in some]
    finally:
        library.close()
    sound = [line for line in lines if line and line.problem is None]
    assert [line.installed.path.name for line in sound] == ["sound-0.gguf", "sound-2.gguf"]
    assert all(line.n_ctx_max for line in sound)


def test_a_dropped_folder_is_added_listed_and_remembered(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, tmp_path: Path
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    window.open_paths([tmp_path])
    settled(session)
    assert domain.folders == (tmp_path,)
    assert window._preferences.model_folders == (tmp_path,)
    assert window.welcome.isVisible()
    assert [model.path for model in session.models] == [FILE]
    window.open_paths([tmp_path])
    assert session.library.folders == (tmp_path,)


# --- a driver that vanishes


def test_a_gpu_that_vanishes_leaves_the_cpu_and_comes_back(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, clock: Clock
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    session.choose(Request(n_ctx=4096, n_gpu_layers=ALL_LAYERS))
    settled(session)
    with_gpu = domain.computer
    domain.computer = answers.computer()
    clock.now += 60
    session.notice_changes()
    settled(session)
    model = session.current
    assert model is not None
    assert model.plan is not None
    assert [line.device for line in model.plan.memory] == ["CPU"]
    assert model.error is None
    assert len(window.page.memory.bars) == 1
    domain.computer = with_gpu
    clock.now += 60
    session.notice_changes()
    settled(session)
    assert [line.device for line in model.plan.memory] == ["CUDA0", "CPU"]


def test_a_driver_that_fails_is_said_and_the_last_answer_stays(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, clock: Clock
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    domain.hardware_error = AdvisorError("The driver does not answer.", hint="Look again.", code="driver")
    clock.now += 60
    session.notice_changes()
    settled(session)
    assert session.hardware_error is domain.hardware_error
    assert "The driver does not answer." in window.page.findings.text
    assert session.current is not None
    assert session.current.recommendation is not None
    domain.hardware_error = None
    clock.now += 60
    session.notice_changes()
    settled(session)
    assert session.hardware_error is None
    assert not window.page.findings.isVisible()


# --- an engine that is missing


def test_an_engine_that_was_installed_meanwhile_is_found_on_coming_back(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, clock: Clock
) -> None:
    domain.engine_missing = MISSING
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.engine_trouble.isVisible()
    domain.engine_missing = None
    clock.now += 60
    session.notice_changes()
    settled(session)
    assert session.engine.status is EngineStatus.READY
    assert not window.page.engine_trouble.isVisible()
    assert session.current is not None
    assert session.current.recommendation is not None
    assert session.current.recommendation.plan.basis is Basis.ENGINE


def test_one_that_is_still_missing_changes_nothing_and_asks_nothing_anew(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, clock: Clock
) -> None:
    domain.engine_missing = MISSING
    session.start()
    window.open_paths([FILE])
    settled(session)
    said: list[EngineStatus] = []
    session.engine_changed.connect(lambda: said.append(session.engine.status))
    before = [asked for asked in domain.asked if asked.startswith("formula")]
    clock.now += 60
    session.notice_changes()
    settled(session)
    assert said == []
    assert [asked for asked in domain.asked if asked.startswith("formula")] == before


def test_an_engine_that_vanishes_is_said_and_the_formula_answers(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    domain.engine_missing = MISSING
    session.look_again()
    settled(session)
    assert session.engine.status is EngineStatus.ABSENT
    assert window.page.engine_trouble.isVisible()
    assert session.current is not None
    assert session.current.recommendation is not None
    assert session.current.recommendation.plan.basis is Basis.FORMULA
    domain.engine_missing = None
    session.look_again()
    settled(session)
    assert session.current.recommendation.plan.basis is Basis.ENGINE
    assert not window.page.engine_trouble.isVisible()
