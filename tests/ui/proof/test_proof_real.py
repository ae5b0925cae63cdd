"""Proofs in the window with the engine: from the button to the history, and closed in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from advisor.history.store import History
from tests.support.child_processes import children
from tests.support.small_models import small_llama
from ui.session.answers import Answers
from ui.session.preferences import Preferences
from ui.session.proof_state import Proof, ProofStatus
from ui.session.session import Session
from ui.session.tasks import Tasks
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]
TIMEOUT_MS = 300_000  # not a measure: what hangs is to fail at some time


@pytest.fixture
def real(preferences: Preferences, qtbot: QtBot) -> Iterator[tuple[MainWindow, Session]]:
    session = Session(Answers(), Tasks())
    window = MainWindow(session, preferences)
    qtbot.addWidget(window)
    window.show()
    session.start()
    yield window, session
    assert session.close()


def open_model(window: MainWindow, session: Session, path: Path, qtbot: QtBot) -> None:
    window.open_paths([path])
    qtbot.waitUntil(lambda: session.is_settled, timeout=TIMEOUT_MS)


def proof_of(session: Session) -> Proof:
    assert session.current is not None
    assert session.current.proof is not None
    return session.current.proof


@pytest.mark.engine
def test_from_the_button_to_the_history(
    real: tuple[MainWindow, Session], tmp_path: Path, qtbot: QtBot
) -> None:
    window, session = real
    facts = small_llama(tmp_path / "small.gguf", n_layer=1, n_head=1, n_head_kv=1, n_ff=128, n_ctx_train=1024)
    assert facts.path is not None
    open_model(window, session, facts.path, qtbot)
    window.actions_.prove.trigger()
    qtbot.waitUntil(lambda: not proof_of(session).is_running, timeout=TIMEOUT_MS)
    proof = proof_of(session)
    assert proof.error is None
    assert proof.proved is not None
    result = proof.proved.result
    assert (result.limit_n_ctx, result.filled_tokens) == (1024, 1024)
    assert proof.proved.not_kept is None
    assert [record.result for record in History().records()] == [result]
    qtbot.waitUntil(lambda: session.is_settled, timeout=TIMEOUT_MS)
    assert session.current is not None
    assert len(session.current.proofs) == 1
    answer = session.current.recommendation
    assert answer is not None
    assert answer.speed.basis is Basis.MEASURED
    assert "1,024 tokens are safe" in window.page.proof.outcome.safe.text()


@pytest.mark.engine
def test_a_file_that_is_gone_is_said_and_the_page_stays(
    real: tuple[MainWindow, Session], tmp_path: Path, qtbot: QtBot
) -> None:
    window, session = real
    facts = small_llama(tmp_path / "small.gguf", n_layer=1, n_head=1, n_head_kv=1, n_ff=128, n_ctx_train=1024)
    assert facts.path is not None
    open_model(window, session, facts.path, qtbot)
    facts.path.unlink()
    window.actions_.prove.trigger()
    qtbot.waitUntil(lambda: not proof_of(session).is_running, timeout=TIMEOUT_MS)
    assert proof_of(session).status is ProofStatus.FAILED
    assert window.page.proof.failure.isVisible()
    assert window.page.headline.isVisible()


@pytest.mark.engine
def test_closing_the_window_in_the_middle_leaves_no_process(
    real: tuple[MainWindow, Session], tmp_path: Path, qtbot: QtBot
) -> None:
    window, session = real
    facts = small_llama(tmp_path / "larger.gguf", n_ff=512)
    assert facts.path is not None
    open_model(window, session, facts.path, qtbot)
    window.actions_.prove.trigger()

    def is_under_way() -> bool:
        now = proof_of(session).now
        return now is not None and now.stage not in {"planning", "loading"}

    qtbot.waitUntil(lambda: is_under_way() or not proof_of(session).is_running, timeout=TIMEOUT_MS)
    assert proof_of(session).is_running
    assert children()
    window.close()
    assert children() == set()
