"""Pictures of the real window with a real answer: `python -m tests.screenshots [OUTDIR] [--model FILE]`.

Light and dark, each at 1x and 2x, for the README and for looking at. Drawn offscreen, unless
QT_QPA_PLATFORM names another platform. Without --model, the model of the test dependencies is used.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from tests.support import computers, proofs
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from tests.support.gemma import real_gemma
from ui.app import make_application
from ui.session.answers import Answers
from ui.session.preferences import Preferences
from ui.session.proof_state import after
from ui.session.session import Session
from ui.session.tasks import Tasks
from ui.theme import Theme, apply_theme
from ui.window.main_window import MainWindow

SIZE = QSize(1280, 900)
SCALES = (1, 2)
TIMEOUT_MS = 60_000
LAYOUT_ROUNDS = 10  # a layout inside a layout asks for another round


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outdir", nargs="?", type=Path, default=Path("packaging/screenshots"))
    parser.add_argument("--model", type=Path)
    args = parser.parse_args(argv)
    app = make_application(["screenshots"])
    args.outdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _model(args.model) as model:
        # Nobody's own proofs and goals, which would show in the pictures.
        os.environ |= {"XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        for theme in (Theme.LIGHT, Theme.DARK):
            apply_theme(app, theme)
            drawn = pictures(app, model, Path(folder), args.outdir, theme)
            drawn += pictures_of_a_computer(app, Path(folder), args.outdir, theme)
            drawn += pictures_of_a_proof(app, Path(folder), args.outdir, theme)
            for picture in drawn:
                sys.stdout.write(f"{picture}\n")
    return 0


def pictures(app: QApplication, model: Path, scratch: Path, outdir: Path, theme: Theme) -> list[Path]:
    """The first screen, the model's page with all that opens over it or beside it. The files written."""
    with shown(app, Answers(), scratch / "window.ini") as (window, session):
        written = _write(window, outdir / f"first-screen-{theme}")
        window.open_paths([model])
        _settle(app, session)
        written += _write(window, outdir / f"window-{theme}")
        actions = window.actions_
        for name, action in (("learn", actions.learn), ("log", actions.log), ("compare", actions.compare)):
            action.trigger()
            _settle(app, session)
            written += _write(window, outdir / f"{name}-{theme}")
            action.trigger()
        for name, action in (
            ("export", actions.export),
            ("prompt", actions.prompt),
            ("settings", actions.settings),
        ):
            action.trigger()
            _settle(app, session)
            dialog = next(child for child in window.findChildren(QDialog) if child.isVisible())
            written += _write(dialog, outdir / f"{name}-{theme}")
            dialog.close()
        return written


def pictures_of_a_computer(app: QApplication, scratch: Path, outdir: Path, theme: Theme) -> list[Path]:
    """The page of a computer made by hand: its card stays idle, and Ollama holds memory of it."""
    domain = FakeDomain(computer=computers.cpu_only_build(), engine_backends=("CPU",))
    with shown(app, domain.as_answers(), scratch / "computer.ini") as (window, session):
        window.open_paths([Path("llama-3.1-8b.gguf")])
        window.actions_.computer.trigger()
        _settle(app, session)
        return _write(window, outdir / f"computer-{theme}")


def pictures_of_a_proof(app: QApplication, scratch: Path, outdir: Path, theme: Theme) -> list[Path]:
    """A proof made by hand, in the middle of its fill and at its end."""
    gate = Gate()
    domain = FakeDomain(proof_gate=gate)
    with shown(app, domain.as_answers(), scratch / "proof.ini") as (window, session):
        window.open_paths([Path("llama-3.1-8b.gguf")])
        _settle(app, session)
        model = session.current
        if model is None or model.plan is None:
            raise RuntimeError("the model was not answered")
        settings = replace(model.plan.settings, n_ctx=proofs.WORKED.n_ctx)
        domain.proof_result = proofs.result(settings=settings)
        window.actions_.prove.trigger()
        for event in proofs.on_its_way():
            model.proof = after(model.proof, event) if model.proof else None
        session.proof_changed.emit(model)
        app.processEvents()
        try:
            written = _write(window, outdir / f"proof-running-{theme}")
        finally:
            gate.open()
        _settle(app, session)
        return written + _write(window, outdir / f"proof-{theme}")


@contextmanager
def shown(app: QApplication, answers: Answers, remembered: Path) -> Iterator[tuple[MainWindow, Session]]:
    """A window at rest, and closed afterwards."""
    session = Session(answers, Tasks(app), app)
    window = MainWindow(session, Preferences(remembered))
    window.resize(SIZE)
    window.show()
    session.start()
    try:
        _settle(app, session)
        yield window, session
    finally:
        window.close()


def _settle(app: QApplication, session: Session) -> None:
    deadline = QDeadlineTimer(TIMEOUT_MS)
    while not session.is_settled:
        if deadline.hasExpired():
            raise TimeoutError("the window did not come to rest")
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
    for _ in range(LAYOUT_ROUNDS):
        app.processEvents()


def _write(window: QWidget, stem: Path) -> list[Path]:
    written = []
    for scale in SCALES:
        image = QImage(window.size() * scale, QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(scale)
        image.fill(Qt.GlobalColor.transparent)
        window.render(image)
        path = stem.with_name(f"{stem.name}-{scale}x.png")
        if not image.save(str(path)):
            raise OSError(f"{path} could not be written")
        written.append(path)
    return written


def _model(given: Path | None) -> AbstractContextManager[Path]:
    return nullcontext(given) if given else real_gemma()


if __name__ == "__main__":
    sys.exit(main())
