"""What the window remembers between runs, typed: QSettings itself gives back text and 32-bit numbers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from advisor.errors import OutputError
from advisor.units import ByteUnits
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal, qVersion

from ui.session.chosen_files import ChosenFiles, as_text, from_text
from ui.session.engine_choice import EngineChoice
from ui.theme import Theme

MOST_RECENT = 10


class Preferences(QObject):
    """Window, appearance and habits. Nothing of the domain is kept here."""

    recent_changed = Signal()
    troubles: tuple[OutputError, ...]  # with the file itself, to be said once

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        """`path` names the file; without it, the platform's place for this application."""
        super().__init__(parent)
        self._settings = (
            QSettings(str(path), QSettings.Format.IniFormat)
            if path
            else QSettings(
                QSettings.Format.IniFormat,
                QSettings.Scope.UserScope,
                "Context Advisor",
                "window",
            )
        )
        self.troubles = (*self._keep_what_is_spoiled(), *self._check_that_it_can_be_written())

    @property
    def theme(self) -> Theme:
        saved = self._text("theme")
        return Theme(saved) if saved in set(Theme) else Theme.SYSTEM

    @theme.setter
    def theme(self, theme: Theme) -> None:
        self._settings.setValue("theme", str(theme))

    @property
    def units(self) -> ByteUnits:
        """What sizes are spelled in."""
        saved = self._text("units")
        return ByteUnits(saved) if saved in set(ByteUnits) else ByteUnits.BINARY

    @units.setter
    def units(self, units: ByteUnits) -> None:
        self._settings.setValue("units", str(units))

    @property
    def goal(self) -> str:
        """The goal's name, empty for none chosen yet. It may no longer exist."""
        return self._text("goal")

    @goal.setter
    def goal(self, name: str) -> None:
        self._settings.setValue("goal", name)

    @property
    def runtime(self) -> str:
        """The runtime's name, empty for none chosen yet."""
        return self._text("runtime")

    @runtime.setter
    def runtime(self, name: str) -> None:
        self._settings.setValue("runtime", name)

    @property
    def reserve(self) -> str:
        """The name of the choice of what is kept free, empty for none chosen yet."""
        return self._text("reserve")

    @reserve.setter
    def reserve(self, name: str) -> None:
        self._settings.setValue("reserve", name)

    def export_program(self, runtime: str) -> str:
        """The program that was exported for last with settings of this runtime, empty for none yet."""
        return self._text(f"export/{runtime}")

    def set_export_program(self, runtime: str, program: str) -> None:
        self._settings.setValue(f"export/{runtime}", program)

    @property
    def engine(self) -> EngineChoice:
        """The engine that was chosen last. It may no longer exist."""
        return EngineChoice(self._text("engine/python"), self._text("engine/library"))

    @engine.setter
    def engine(self, choice: EngineChoice) -> None:
        self._settings.setValue("engine/python", choice.python)
        self._settings.setValue("engine/library", choice.library)

    @property
    def model_folders(self) -> tuple[Path, ...]:
        """The user's own folders with models. They stay listed when they are gone: a disk may come back."""
        return self._paths("model_folders")

    @model_folders.setter
    def model_folders(self, folders: tuple[Path, ...]) -> None:
        self._settings.setValue("model_folders", [str(folder) for folder in folders])

    @property
    def last_folder(self) -> Path | None:
        saved = self._text("last_folder")
        return Path(saved) if saved else None

    @last_folder.setter
    def last_folder(self, folder: Path) -> None:
        self._settings.setValue("last_folder", str(folder))

    @property
    def recent_files(self) -> tuple[Path, ...]:
        """Newest first. Files that are gone stay listed: their disk may come back."""
        return self._paths("recent_files")

    def add_recent(self, path: Path) -> None:
        others = [known for known in self.recent_files if known != path]
        self._set_recent([path, *others][:MOST_RECENT])

    def clear_recent(self) -> None:
        self._set_recent([])

    @property
    def companions(self) -> dict[Path, ChosenFiles]:
        """What goes with each model by the user's own choice. Of those files some may be gone."""
        return from_text(self._text("companions"))

    @companions.setter
    def companions(self, chosen: Mapping[Path, ChosenFiles]) -> None:
        self._settings.setValue("companions", as_text(chosen))

    @property
    def term(self) -> str:
        """What Learn showed last, empty for nothing yet. It may no longer be one of the terms."""
        return self._text("term")

    @term.setter
    def term(self, name: str) -> None:
        self._settings.setValue("term", name)

    @property
    def geometry(self) -> QByteArray | None:
        """The window's place. Kept by Qt version: another version's can be unreadable."""
        saved = self._settings.value(f"geometry/{_qt_version()}")
        return saved if isinstance(saved, QByteArray) and not saved.isEmpty() else None

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._settings.setValue(f"geometry/{_qt_version()}", geometry)

    @property
    def docks(self) -> QByteArray | None:
        """Which panels at the window's edges are open, and how large. Kept by Qt version, too."""
        saved = self._settings.value(f"docks/{_qt_version()}")
        return saved if isinstance(saved, QByteArray) and not saved.isEmpty() else None

    @docks.setter
    def docks(self, docks: QByteArray) -> None:
        self._settings.setValue(f"docks/{_qt_version()}", docks)

    def save(self) -> None:
        """Write now what would otherwise be written later."""
        self._settings.sync()

    def _keep_what_is_spoiled(self) -> Iterator[OutputError]:
        """Qt reads what it can of a file that was damaged, and would write that over the rest."""
        file = Path(self._settings.fileName())
        if self._settings.allKeys() and self._settings.status() is not QSettings.Status.FormatError:
            return
        aside = file.with_name(f"{file.name}.broken")
        try:
            if not file.stat().st_size:
                return
            shutil.copyfile(file, aside)
        except OSError:
            return
        yield OutputError(
            "The file in which this window remembers its settings was damaged.",
            hint=f"What could be read of it counts. As it was, it lies in {aside}.",
            code="settings-spoiled",
        )

    def _check_that_it_can_be_written(self) -> Iterator[OutputError]:
        folder = Path(self._settings.fileName()).parent
        if not self._settings.isWritable() or not os.access(folder, os.W_OK):
            yield OutputError(
                f"What is chosen here will not be remembered: {folder} cannot be written to.",
                hint="Everything else works. Check the rights of that folder.",
                code="settings-not-writable",
            )

    def _set_recent(self, paths: list[Path]) -> None:
        self._settings.setValue("recent_files", [str(path) for path in paths])
        self.recent_changed.emit()

    def _paths(self, key: str) -> tuple[Path, ...]:
        # An INI file gives a list of one back as text, and an empty one as nothing.
        saved = self._settings.value(key, [])
        names = saved if isinstance(saved, list) else [saved]
        return tuple(Path(str(name)) for name in names if name)

    def _text(self, key: str) -> str:
        value = self._settings.value(key, "")
        return value if isinstance(value, str) else ""


def _qt_version() -> str:
    return ".".join(qVersion().split(".")[:2])
