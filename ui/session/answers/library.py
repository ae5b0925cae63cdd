"""The models on this computer: found by their names, judged by their headers."""

from __future__ import annotations

from pathlib import Path

from advisor.hardware.device import Hardware
from advisor.library.installed import InstalledModel, Scan
from advisor.library.listing.listing import Listed
from advisor.library.listing.scanning import Headers
from advisor.library.places import places_here
from advisor.library.scan import scan


class LibraryAnswers:
    """Owns the child process that reads headers."""

    def __init__(self) -> None:
        self._headers = Headers()
        self._folders: tuple[Path, ...] = ()

    def use_folders(self, folders: tuple[Path, ...]) -> None:
        """Look for models there, too."""
        self._folders = folders

    def installed(self) -> Scan:
        """The models in the stores of this computer, by their names alone."""
        return scan(places_here(), self._folders)

    def listed(self, model: InstalledModel, hardware: Hardware) -> Listed | None:
        """A model's facts and its largest safe context, by formula; None for what is no model after all."""
        return self._headers.line(model, hardware)

    def close(self) -> None:
        self._headers.close()
