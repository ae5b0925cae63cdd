"""A file that changes or disappears while it is open: noticed, said in place, and recovered from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from advisor.errors import GgufError
from tests.support import answers
from tests.support.fake_domain import FakeDomain
from tests.support.gguf_bytes import expand_head
from ui.session.answers import Answers
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.session.tasks import Tasks
from ui.session.watching import Watching
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]

FILE = Path("/models/llama.gguf")
GONE = GgufError("llama.gguf is not there any more.", hint="Connect the disk.")


@pytest.fixture
def model(session: Session, settled: Settle) -> OpenModel:
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    return session.current


def come_back(session: Session, settled: Settle) -> None:
    """As when the window is brought to the front again."""
    session.notice_changes()
    settled(session)


def test_a_file_as_it_was_is_not_read_again(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    come_back(session, settled)
    assert domain.asked.count("read llama.gguf") == 1
    assert model.recommendation is not None


def test_another_file_in_its_place_is_answered_anew(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    domain.models[FILE.name] = answers.model("Another", n_ctx_train=2048)
    domain.stamps[FILE.name] = "another"
    come_back(session, settled)
    assert model.name == "Another"
    assert model.recommendation is not None
    assert model.recommendation.n_ctx == 2048
    assert model.stamp == "another"


def test_a_file_that_is_gone_is_said_on_its_page_and_recovers(
    window: MainWindow, session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    domain.read_error, domain.stamps[FILE.name] = GONE, None
    come_back(session, settled)
    assert window.page.error.isVisible()
    assert window.page.error.text == f"{GONE.message} {GONE.hint} What is shown is from before."
    assert window.page.headline.isVisible()
    assert not window.actions_.prove.isEnabled()
    assert window.actions_.close_model.isEnabled()
    assert GONE.message in window.events.text()
    session.wanted.set_goal("chat")  # whatever is asked is answered, and the notice stays
    settled(session)
    assert model.recommendation is not None
    assert model.recommendation.goal.name == "chat"
    assert window.page.error.isVisible()
    domain.read_error, domain.stamps[FILE.name] = None, "as it was"
    come_back(session, settled)
    assert not window.page.error.isVisible()
    assert window.actions_.prove.isEnabled()
    assert model.lost is None


def test_a_damaged_file_in_its_place_takes_the_answer_with_it(
    window: MainWindow, session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    domain.read_error = GgufError("llama.gguf is damaged.", hint="Download it again.")
    domain.stamps[FILE.name] = "damaged"
    come_back(session, settled)
    assert model.error is domain.read_error
    assert model.recommendation is None
    assert not window.page.headline.isVisible()


def test_one_that_is_still_gone_is_not_read_again_and_again(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    domain.read_error, domain.stamps[FILE.name] = GONE, None
    for _ in range(3):
        come_back(session, settled)
    assert model.lost is GONE
    assert domain.asked.count("read llama.gguf") == 2


def test_a_model_that_is_not_shown_is_noticed_too(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    session.open_paths([Path("/models/other.gguf")])
    settled(session)
    domain.models[FILE.name] = answers.model("Another")
    domain.stamps[FILE.name] = "another"
    come_back(session, settled)
    assert model.name == "Another"
    assert session.current is not model


def test_a_closed_model_is_left_alone(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    domain.stamps[FILE.name] = "another"
    session.notice_changes()
    session.close_model(model)
    settled(session)
    assert domain.asked.count("read llama.gguf") == 1


# --- told by the system


@pytest.fixture
def real(qapp: object) -> Iterator[Session]:
    """A session that reads real files, by formula."""
    made = Session(Answers(), Tasks())
    yield made
    assert made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return expand_head("qwen2-dense", folder).rename(folder / "model.gguf")


def opened(session: Session, file: Path, settled: Settle) -> OpenModel:
    session.open_paths([file])
    settled(session)
    assert session.current is not None
    assert session.current.facts is not None
    return session.current


def test_the_system_tells_that_a_file_is_gone_and_back(
    real: Session, file: Path, tmp_path: Path, settled: Settle, qtbot: QtBot
) -> None:
    model = opened(real, file, settled)
    away = tmp_path / "elsewhere.gguf"
    file.rename(away)
    qtbot.waitUntil(lambda: model.lost is not None, timeout=20_000)
    assert model.facts is not None
    away.rename(file)
    qtbot.waitUntil(lambda: model.lost is None, timeout=20_000)


def test_the_system_tells_that_a_whole_disk_is_gone_and_back(
    real: Session, file: Path, tmp_path: Path, settled: Settle, qtbot: QtBot
) -> None:
    model = opened(real, file, settled)
    copy = shutil.copyfile(file, tmp_path / "copy.gguf")
    shutil.rmtree(file.parent)
    qtbot.waitUntil(lambda: model.lost is not None, timeout=20_000)
    settled(real)
    file.parent.mkdir()
    settled(real)
    shutil.copyfile(copy, file)
    qtbot.waitUntil(lambda: model.lost is None, timeout=20_000)


def test_the_system_tells_that_a_file_was_overwritten(
    real: Session, file: Path, tmp_path: Path, settled: Settle, qtbot: QtBot
) -> None:
    model = opened(real, file, settled)
    other = expand_head("gpt2-dense", tmp_path)
    assert model.facts is not None
    assert model.facts.architecture == "qwen2"
    shutil.copyfile(other, file)
    qtbot.waitUntil(lambda: model.facts is not None and model.facts.architecture == "gpt2", timeout=20_000)
    file.write_bytes(b"no model any more")
    qtbot.waitUntil(lambda: model.error is not None, timeout=20_000)


def test_nothing_is_watched_for_a_closed_model(real: Session, file: Path, settled: Settle) -> None:
    model = opened(real, file, settled)
    watcher = real._watching._watcher
    assert watcher.files() == [str(file)]
    assert watcher.directories() == [str(file.parent)]
    real.close_model(model)
    assert watcher.files() == watcher.directories() == []


def test_a_folder_of_two_models_is_watched_until_both_are_closed(
    real: Session, file: Path, settled: Settle
) -> None:
    other = file.with_name("other.gguf")
    shutil.copyfile(file, other)
    first = opened(real, file, settled)
    opened(real, other, settled)
    real.close_model(first)
    watcher = real._watching._watcher
    assert watcher.files() == [str(other)]
    assert watcher.directories() == [str(file.parent)]


def test_a_busy_folder_does_not_put_the_look_off(session: Session) -> None:
    watching: Watching = session._watching
    watching.rest.setInterval(60_000)
    watching._folder_changed("/models")
    left = watching.rest.remainingTime()
    watching._folder_changed("/models")
    assert watching.rest.remainingTime() <= left
    assert not watching.is_resting
    watching.rest.stop()
