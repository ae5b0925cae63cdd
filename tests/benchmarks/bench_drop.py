"""1,000 files dropped on the window: how long it listens to nobody, and when it answers.

    python -m tests.benchmarks.bench_drop

The whole window, drawn into memory, and real headers (sparse copies of those in tests/data/heads). A timer
that rings every millisecond says how long it had to wait: 16 ms is one picture at 60 a second. The first
file alone is dropped before, in another window: what it costs to show an answer is there with any number.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.application import application
from tests.benchmarks.bench_library import write_models
from tests.benchmarks.figure import Figure

if TYPE_CHECKING:
    from ui.session.session import Session
    from ui.window.main_window import MainWindow

N_MODELS = 1000
_PICTURE_MS = 16.0
_BLOCKED_MS = 100.0


@dataclass(slots=True)
class Drop:
    """What happened from the drop to the moment when nothing was asked any more."""

    gaps_ms: list[float] = field(default_factory=list)
    answered_s: float = 0.0
    read_s: float = 0.0

    def over(self, ms: float) -> int:
        return sum(gap > ms for gap in self.gaps_ms)


def rows() -> list[tuple[int, Drop]]:
    """(files dropped, what happened)."""
    app = application()
    from ui.session.answers import Answers
    from ui.session.garbage import Garbage
    from ui.session.preferences import Preferences
    from ui.session.session import Session
    from ui.session.tasks import Tasks
    from ui.window.main_window import MainWindow

    done = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "models-here"
        folder.mkdir()
        write_models(folder, N_MODELS)
        files = sorted(folder.iterdir())
        for number in (1, N_MODELS):
            tasks = Tasks()
            garbage = Garbage(tasks)
            session = Session(Answers(), tasks)
            window = MainWindow(session, Preferences(Path(name) / "window.ini"))
            window.resize(1280, 900)
            window.show()
            session.start()
            window.pages.prepare()  # as ui/app.py does
            while not session.is_settled:
                app.processEvents()
            done.append((number, _dropped(window, session, files[:number])))
            window.close()
            garbage.close()
            window.deleteLater()
            app.sendPostedEvents()
    return done


def _dropped(window: MainWindow, session: Session, files: list[Path]) -> Drop:
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    drop, loop = Drop(), QEventLoop()
    bell = QTimer(interval=1)
    bell.setTimerType(Qt.TimerType.PreciseTimer)
    began = last = time.perf_counter()

    def ring() -> None:
        nonlocal last
        now = time.perf_counter()
        drop.gaps_ms.append((now - last) * 1e3)
        last = now
        current = session.current
        if not drop.answered_s and current and current.recommendation:
            drop.answered_s = now - began
        if len(session.models) == len(files) and session.is_settled:
            drop.read_s = now - began
            loop.quit()

    bell.timeout.connect(ring)
    bell.start()
    QTimer.singleShot(0, lambda: window.open_paths(files))
    loop.exec()
    bell.stop()
    return drop


def main() -> list[Figure]:
    figures = []
    for number, drop in rows():
        worst, late, blocked = max(drop.gaps_ms), drop.over(_PICTURE_MS), drop.over(_BLOCKED_MS)
        print(
            f"{number:5,} files: {worst:5.0f} ms at worst, {late:4} times over {_PICTURE_MS:.0f} ms, "
            f"{blocked:3} over {_BLOCKED_MS:.0f}; the first answered after {drop.answered_s:.2f} s, "
            f"all read after {drop.read_s:.2f} s"
        )
        basis = f"{number:,} real headers dropped, wall clock"
        figures += [
            Figure("longest the window did not listen", worst, "ms", basis, at_most=_BLOCKED_MS),
            Figure("times it missed a picture", late, "times", basis),
            Figure("first file answered", drop.answered_s, "s", basis),
            Figure("all files read", drop.read_s, "s", basis),
        ]
    return figures


if __name__ == "__main__":
    main()
