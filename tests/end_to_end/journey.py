"""A user at the real window: `python -m tests.end_to_end.journey MODEL FOLDER`.

Starts the program as `python -m ui` does and uses it with keys and clicks: open, change, prove, cancel, prove
again, export, close. Writes what was seen after each step to FOLDER/seen.json, and a picture of each.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton, QWidget

from tests.support.child_processes import children
from ui import app
from ui.session.session import Session
from ui.window.main_window import MainWindow

LOOK_AGAIN_MS = 20
# Not a measure: what never comes is to end the journey, and to say at which step.
DEADLINE_MS = 120_000
CTRL = Qt.KeyboardModifier.ControlModifier

Condition = Callable[[], object]
Steps = Generator[Condition, None, None]


class Journey(QObject):
    """Takes the steps one after the other, each when what it waits for is so. Ends the program."""

    def __init__(self, window: MainWindow, session: Session, model: Path, folder: Path) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._model, self._folder = model, folder
        self._seen: dict[str, object] = {}
        self._steps = self._journey()
        self._waits_for: Condition = lambda: session.is_settled
        self._clock = QElapsedTimer()
        self._clock.start()
        self._timer = QTimer(self, interval=LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        if self._clock.elapsed() > DEADLINE_MS:
            self._end(f"waited in vain after: {', '.join(self._seen) or 'the start'}")
        elif self._waits_for():
            self._clock.restart()
            try:
                self._waits_for = next(self._steps)
            except StopIteration:
                self._end("")
            except (AssertionError, LookupError) as error:
                self._end(f"after {list(self._seen)[-1]}: {error!r}")

    def _end(self, failure: str) -> None:
        self._timer.stop()
        self._seen["failure"] = failure
        (self._folder / "seen.json").write_text(json.dumps(self._seen), encoding="utf-8")
        for dialog in (QApplication.activeModalWidget(), QApplication.activePopupWidget()):
            if dialog:
                dialog.close()
        self._window.close()

    # --- the steps: each yields what it waits for

    def _journey(self) -> Steps:
        self._saw("first screen", len(self._session.models))
        yield from self._open()
        yield from self._change()
        yield from self._prove_and_cancel()
        yield from self._prove()
        yield from self._export()

    def _open(self) -> Steps:
        """By the keyboard: Ctrl+O, the file's name pasted, Enter."""
        yield from self._press(Qt.Key.Key_O, CTRL)
        yield lambda: isinstance(QApplication.activeModalWidget(), QFileDialog)
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        field = dialog.findChild(QLineEdit)
        field.setText(str(self._model))  # typed, the folder's own suggestions could catch the Enter
        QTest.keyClick(field, Qt.Key.Key_Return)
        yield lambda: self._session.is_settled and self._answered_by() == "engine"
        self._saw("opened", self._session.current and self._session.current.path.name)

    def _change(self) -> Steps:
        """Another context, by the arrow keys of the slider; the engine confirms where it rests."""
        before = self._shown_n_ctx()
        slider = self._window.page.settings.slider
        slider.setFocus()
        QTest.keyClick(slider, Qt.Key.Key_PageDown)
        yield lambda: self._shown_n_ctx() != before and self._session.is_settled
        self._saw("changed", [before, self._shown_n_ctx()])

    def _prove_and_cancel(self) -> Steps:
        before = children()
        yield from self._press(Qt.Key.Key_P, CTRL)
        yield lambda: self._session.proving.running is not None and children() - before
        self._click(self._window.page.proof, "Cancel")
        yield lambda: self._session.proving.running is None and self._session.is_settled
        yield lambda: not {child for child in children() - before if child.is_running()}
        self._saw("cancelled", self._proof_status())

    def _prove(self) -> Steps:
        yield from self._press(Qt.Key.Key_P, CTRL)
        yield lambda: self._session.proving.running is not None
        yield lambda: self._session.proving.running is None and self._session.is_settled
        model = self._session.current
        proved = model.proof.proved if model and model.proof else None
        self._saw("proved", proved and [proved.result.limit_n_ctx, proved.result.filled_tokens])

    def _export(self) -> Steps:
        """The text of the first file, onto the clipboard."""
        QGuiApplication.clipboard().clear()
        yield from self._press(Qt.Key.Key_E, CTRL)
        yield lambda: self._dialog() is not None and self._session.is_settled
        dialog = self._dialog()
        assert dialog is not None
        self._click(dialog, "Copy")
        yield lambda: QGuiApplication.clipboard().text()
        self._saw("exported", QGuiApplication.clipboard().text())
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        yield lambda: self._dialog() is None

    # --- hands and eyes

    def _press(self, key: Qt.Key, modifier: Qt.KeyboardModifier) -> Steps:
        """A key in the window, which nobody makes the active one where there is no window manager.

        Not from the journey's own timer: that stands still as long as a dialog that this opens.
        """
        self._window.activateWindow()
        yield self._window.isActiveWindow
        QTimer.singleShot(0, lambda: QTest.keyClick(self._window, key, modifier))

    def _click(self, parent: QWidget, words: str) -> None:
        """The visible button that is called so."""
        buttons = [
            button
            for button in parent.findChildren(QPushButton)
            if button.text().replace("&", "") == words and button.isVisible() and button.isEnabled()
        ]
        QTest.mouseClick(buttons[0], Qt.MouseButton.LeftButton)

    def _dialog(self) -> QWidget | None:
        shown = (w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not self._window)
        return next((widget for widget in shown if widget.parent() is self._window), None)

    def _saw(self, step: str, what: object) -> None:
        self._seen[step] = what
        screen = self._window.screen()
        picture = screen.grabWindow(self._window.winId()) if screen else self._window.grab()
        picture.save(str(self._folder / f"{len(self._seen)}-{step.replace(' ', '-')}.png"))

    def _answered_by(self) -> str:
        model = self._session.current
        return str(model.recommendation.plan.basis) if model and model.recommendation else ""

    def _shown_n_ctx(self) -> int:
        model = self._session.current
        return model.plan.settings.n_ctx if model and model.plan else 0

    def _proof_status(self) -> str:
        model = self._session.current
        return str(model.proof.status) if model and model.proof else ""


def main() -> int:
    model, folder = (Path(word) for word in sys.argv[1:3])
    return app.main(["context-advisor"], lambda window, session: Journey(window, session, model, folder))


if __name__ == "__main__":
    sys.exit(main())
