"""The status bar: the engine at the left; at the right what is going on, else the last proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.support import answers
from tests.support.fake_domain import FakeDomain
from tests.support.probe_records import a_record
from ui.session.session import Session
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


def test_the_last_proof_of_the_shown_model_is_told_while_nothing_goes_on(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    two_days_ago = (datetime.now(UTC) - timedelta(days=2, hours=1)).isoformat()
    record = replace(a_record(answers.model().facts.name), at=two_days_ago)
    domain.kept = [record]
    session.start()
    window.open_paths([answers.model().facts.path])
    settled(session)
    assert window.status.right == f"proved 2 days ago: {record.result.limit_n_ctx:,} tokens"
    session.progress_changed.emit("asking llama.cpp")
    assert window.status.right == "asking llama.cpp"
    window.status.say("Copied")
    assert window.status.right == "Copied"
    session.progress_changed.emit("")
    assert window.status.right == "Copied"


def test_nothing_is_told_of_a_model_that_was_never_proved(answered: MainWindow) -> None:
    assert answered.status.right == ""
