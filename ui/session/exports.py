"""What an export leads to on this computer: written where its program reads it, handed to the program, and
compared with what that has loaded. Without Qt; each of these only when the user asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from advisor.errors import AdvisorError
from advisor.export.applying import Change, apply, backup_place, planned
from advisor.export.asking.answer import Loaded
from advisor.export.choices import Flavour, Shell
from advisor.export.comparing import Compared, ThisModel, compared
from advisor.export.export import Export
from advisor.export.global_config import global_config_note
from advisor.export.loaded import ask
from advisor.export.prepare import Prepared
from advisor.export.running import run_listening
from advisor.library.places import Places, places_here
from advisor.memory.plan import MemoryPlan
from advisor.settings.load_settings import LoadSettings

# A server of this computer answers at once or is not there; the window is not kept from closing.
_ASK_SECONDS = 2.0

Variant = tuple[Flavour, Shell]


@dataclass(frozen=True, slots=True)
class Shown:
    """An export in all its variants. `warning`: what else the program would read, which changes the load."""

    variants: Mapping[Variant, Prepared | AdvisorError]
    warning: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What writing an export would change, and where what is there now is kept (None: nothing is there)."""

    export: Export
    plan: MemoryPlan
    change: Change
    backup: Path | None
    made: datetime


class Exports:
    """The doors to the files and programs of this computer. `places` and `query` can be others in a test."""

    def __init__(
        self,
        places: Callable[[], Places] = places_here,
        query: Callable[..., tuple[Loaded, ...]] = ask,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._places = places
        self._query = query
        self._environment = environment

    def warning(self, to: str) -> str | None:
        """llama.cpp's own settings file, where it is there and counts for this program."""
        return global_config_note(to, self._places())

    def preview(self, made: Prepared, place: Path | None) -> Preview:
        """Nothing is written. Raises what `advisor.export.applying.planned` raises."""
        change = planned(made.export, place, self._places())
        now = datetime.now().astimezone()
        backup = backup_place(change, now) if change.before is not None and change.is_one else None
        return Preview(made.export, made.plan, change, backup, now)

    def write(self, preview: Preview) -> Path | None:
        """The copy of what was there before. Raises OutputError, and then nothing is lost."""
        return apply(preview.change, preview.made) if preview.change.is_one else None

    def run(self, preview: Preview, report: Callable[[tuple[str, ...]], None]) -> None:
        """Hand what was written to its program. `report` is given what that says, and may raise to end it.

        Raises OutputError.
        """
        run_listening(preview.export, preview.change.path, self._environment, report)

    def compare_loaded(
        self, to: str, address: str, model: ThisModel, wanted: LoadSettings
    ) -> tuple[Compared, ...]:
        """What the program has loaded now, this model first. Raises UsageError, AdvisorError (no-server)."""
        return compared(self._query(to, address or None, seconds=_ASK_SECONDS), model, wanted)
