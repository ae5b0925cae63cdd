"""Goal and runtime in the header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.window.main_window import MainWindow

FILE = Path("/models/llama.gguf")

Settle = Callable[[Session], None]


def test_goal_and_runtime_are_chosen_in_the_header_and_remembered(
    answered: MainWindow, session: Session, preferences: Preferences, settled: Settle
) -> None:
    goals, runtimes = answered.header.goals, answered.header.runtimes
    goals.setCurrentIndex(goals.findData("chat"))
    goals.activated.emit(goals.currentIndex())
    runtimes.setCurrentIndex(runtimes.findData("ollama"))
    runtimes.activated.emit(runtimes.currentIndex())
    settled(session)
    assert "16,384 tokens" in answered.page.headline.text
    assert preferences.goal == "chat"
    assert preferences.runtime == "ollama"
