"""What a moved slider and a changed size of the window cost the thread that draws it.

python -m tests.benchmarks.bench_window

The whole window, drawn into memory, with a real model answered by the engine. One move is everything up to
the finished picture: the plan by formula, the texts, the layout, the painting. 16 ms is one picture at 60 a
second. Processor time is this thread's own; the wall clock also counts what else the computer does.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.application import application
from tests.benchmarks.figure import Figure
from tests.support.gemma import real_gemma

MOVES = 200
WIDTH, HEIGHT = 1280, 900
_STRIDE = 7919  # a prime: every move is a long one, over the whole slider
_PICTURE_MS = 16.0


def rows() -> list[tuple[str, list[float], list[float]]]:
    """(what is done, processor milliseconds of each time, wall milliseconds of each)."""
    app = application()
    from ui.session.answers import Answers
    from ui.session.preferences import Preferences
    from ui.session.session import Session
    from ui.session.tasks import Tasks
    from ui.window.main_window import MainWindow

    session = Session(Answers(), Tasks())
    with tempfile.TemporaryDirectory() as folder, real_gemma() as model:
        window = MainWindow(session, Preferences(Path(folder) / "window.ini"))
        window.resize(WIDTH, HEIGHT)
        window.show()
        session.start()
        window.open_paths([model])
        while not session.is_settled:
            app.processEvents()
        slider = window.page.settings.slider
        slider.setSliderDown(True)  # as under a mouse: nobody moves it back
        every = slider.maximum() - slider.minimum()

        def moved(i: int) -> None:
            slider.setValue(slider.minimum() + i * _STRIDE % every)

        def dragged(i: int) -> None:
            window.resize(WIDTH - i % 100, HEIGHT)

        def resized(i: int) -> None:
            window.resize(WIDTH - i * 13 % 400, HEIGHT - i * 7 % 200)

        try:
            return [
                ("slider moved", *_times(moved, app.processEvents)),
                ("edge dragged", *_times(dragged, app.processEvents)),
                ("window resized", *_times(resized, app.processEvents)),
            ]
        finally:
            window.close()


def _times(act: Callable[[int], None], draw: Callable[[], None]) -> tuple[list[float], list[float]]:
    processor, wall = [], []
    for i in range(-5, MOVES):  # the first few warm up
        before, began = time.thread_time(), time.perf_counter()
        act(i)
        for _ in range(3):  # what the first round asks for is drawn in the second
            draw()
        if i >= 0:
            processor.append((time.thread_time() - before) * 1e3)
            wall.append((time.perf_counter() - began) * 1e3)
    return processor, wall


def main() -> list[Figure]:
    figures = []
    for name, processor, wall in rows():
        for clock, times in (("processor", processor), ("wall clock", wall)):
            median, worst = statistics.median(times), max(times)
            late = sum(ms > _PICTURE_MS for ms in times)
            print(
                f"{name:16}{clock:12}{median:7.1f} ms median{worst:7.1f} ms worst"
                f"{late:5} of {len(times)} over {_PICTURE_MS:.0f} ms"
            )
            limit = _PICTURE_MS if clock == "processor" else None
            basis = f"{clock}, {WIDTH} by {HEIGHT}, Gemma 3 270M"
            figures.append(Figure(f"{name}, median", median, "ms", basis, at_most=limit))
            figures.append(Figure(f"{name}, worst of {MOVES}", worst, "ms", basis))
    return figures


if __name__ == "__main__":
    main()
