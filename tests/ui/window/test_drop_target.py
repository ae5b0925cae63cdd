"""Dragging files over the window: what can be opened is announced, the rest refused visibly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QLibraryInfo, QMimeData, QPoint, QPointF, Qt, QUrl, QVersionNumber
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from advisor.model.projector import Projector
from tests.support.fake_domain import FakeDomain
from ui.session.session import Session
from ui.theme import Theme
from ui.window.main_window import MainWindow

Drag = TypeVar("Drag", bound=QDropEvent)
FILE = Path("/models/llama.gguf")
OTHER = Path("/models/other.gguf")


# Drags carry exact positions from Qt 6.12 on, and whole pixels before.
HERE = QPointF(50, 50) if QLibraryInfo.version() >= QVersionNumber(6, 12) else QPoint(50, 50)


def dragged(*paths: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path) for path in paths])
    return data


def enter(window: MainWindow, data: QMimeData) -> QDragEnterEvent:
    return sent(window, QDragEnterEvent(HERE, *carried(data)))


def move(window: MainWindow, data: QMimeData) -> QDragMoveEvent:
    return sent(window, QDragMoveEvent(HERE, *carried(data)))


def drop(window: MainWindow, data: QMimeData) -> QDropEvent:
    return sent(window, QDropEvent(QPointF(60, 60), *carried(data)))


def carried(
    data: QMimeData,
) -> tuple[Qt.DropAction, QMimeData, Qt.MouseButton, Qt.KeyboardModifier]:
    """What every event of a drag tells beside its place."""
    return Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def sent(window: MainWindow, event: Drag) -> Drag:
    QApplication.sendEvent(window, event)
    return event


def test_a_model_file_is_announced_taken_and_opened(window: MainWindow, session: Session) -> None:
    data = dragged(str(FILE))
    assert enter(window, data).isAccepted()
    assert window.drops.veil.isVisible()
    assert window.drops.veil.words == "Drop to open llama.gguf"
    assert move(window, data).isAccepted()
    assert drop(window, data).isAccepted()
    assert not window.drops.veil.isVisible()
    assert [model.path for model in session.models] == [FILE]


def test_several_model_files_are_counted(window: MainWindow, session: Session) -> None:
    data = dragged(str(FILE), "/models/readme.md", str(OTHER))
    enter(window, data)
    assert window.drops.veil.words == "Drop to open 2 models"
    drop(window, data)
    assert [model.path for model in session.models] == [FILE, OTHER]


def test_other_files_are_refused_visibly(window: MainWindow, session: Session, theme: Theme) -> None:
    data = dragged("/photos/cat.png")
    enter(window, data)
    assert window.drops.veil.isVisible()
    assert window.drops.veil.words == "Only GGUF files can be opened here"
    assert not window.grab().isNull()
    assert not move(window, data).isAccepted()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not window.drops.veil.isVisible()
    assert not drop(window, data).isAccepted()
    assert session.models == []


def test_text_that_is_dragged_over_is_none_of_our_business(window: MainWindow) -> None:
    data = QMimeData()
    data.setText("hello")
    assert not enter(window, data).isAccepted()
    assert not window.drops.veil.isVisible()


def test_a_folder_is_announced_and_looked_into(window: MainWindow, session: Session, tmp_path: Path) -> None:
    data = dragged(str(tmp_path))
    assert enter(window, data).isAccepted()
    assert window.drops.veil.words == f"Drop to look for models in {tmp_path.name}"
    assert drop(window, data).isAccepted()
    assert session.library.folders == (tmp_path,)
    assert session.models == []


def test_a_projector_is_announced_and_goes_with_the_shown_model(
    answered: MainWindow, session: Session, domain: FakeDomain, settled: Callable[[Session], None]
) -> None:
    projector = Projector(Path("/models/mmproj-F16.gguf"), 700, 800)
    domain.companions.side_files[projector.path.name] = projector
    data = dragged(str(projector.path))
    enter(answered, data)
    assert answered.drops.veil.words == "Drop to load mmproj-F16.gguf beside the model"
    drop(answered, data)
    settled(session)
    assert len(session.models) == 1
    assert session.current is not None
    assert session.current.beside.counted.projector == projector


def test_a_projector_that_is_refused_says_so_below(
    answered: MainWindow, session: Session, settled: Callable[[Session], None]
) -> None:
    data = dragged("/models/mmproj-gone.gguf")
    enter(answered, data)
    drop(answered, data)
    settled(session)
    assert answered.status.message == "mmproj-gone.gguf is not there."
