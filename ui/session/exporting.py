"""Exporting: asked in the background, through the one door, and only for the shown model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.export.choices import FLAVOURS, SHELLS
from advisor.export.comparing import Compared, this_model
from advisor.export.export import Export
from advisor.export.prepare import Prepared
from advisor.export.writing import write_export

from ui.session.computer import Computer
from ui.session.exports import Preview, Shown
from ui.session.library import Library
from ui.session.opened import OpenedModels
from ui.session.state import ExportWish
from ui.session.tasks import Lane, Report, Task, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

OnError = Callable[[AdvisorError], None]


class Exporting:
    """What the export dialog asks for. Its answers are the dialog's own: nobody else shows them."""

    def __init__(
        self, answers: Answers, tasks: Tasks, opened: OpenedModels, computer: Computer, library: Library
    ) -> None:
        self._answers = answers
        self._tasks = tasks
        self._opened = opened
        self._computer = computer
        self._library = library

    def show(self, program: str, on_result: Callable[[Shown], None], on_error: OnError) -> Task | None:
        """The shown settings in a program's own words, in every variant. None while nothing is shown."""
        model, hardware = self._opened.current, self._computer.planned
        if model is None or model.facts is None or model.plan is None or hardware is None:
            return None
        facts, settings, counted = model.facts, model.plan.settings, model.beside.counted
        name = self._library.name_of(model.path, program)

        def variant(wish: ExportWish) -> Prepared | AdvisorError:
            try:
                return self._answers.models.export(facts, hardware, settings, wish, counted)
            except AdvisorError as error:  # a path may be sayable in one shell and not in another
                return error

        def work(_report: Report) -> Shown:
            wishes = (ExportWish(program, flavour, shell, name) for flavour in FLAVOURS for shell in SHELLS)
            found = {(wish.flavour, wish.shell): variant(wish) for wish in wishes}
            return Shown(found, self._answers.exports.warning(program))

        return self._tasks.run(work, on_result=on_result, on_error=on_error)

    def save(
        self,
        export: Export,
        place: Path,
        *,
        force: bool,
        on_result: Callable[[tuple[Path, ...]], None],
        on_error: OnError,
    ) -> Task:
        """Write its first file there; over one that is there only with `force`."""
        return self._tasks.run(
            lambda _report: write_export(export, place, force=force), on_result=on_result, on_error=on_error
        )

    def preview(
        self, made: Prepared, place: Path | None, on_result: Callable[[Preview], None], on_error: OnError
    ) -> Task:
        """What writing it where its program reads it would change."""
        return self._tasks.run(
            lambda _report: self._answers.exports.preview(made, place), on_result=on_result, on_error=on_error
        )

    def write(self, preview: Preview, on_result: Callable[[Path | None], None], on_error: OnError) -> Task:
        """Write what was shown; answered with the copy of what was there before."""
        return self._tasks.run(
            lambda _report: self._answers.exports.write(preview), on_result=on_result, on_error=on_error
        )

    def run(
        self,
        preview: Preview,
        *,
        on_result: Callable[[None], None],
        on_error: OnError,
        on_said: Callable[[tuple[str, ...]], None],
        on_cancelled: Callable[[], None],
    ) -> Task:
        """Hand what was written to its program; cancelling ends that program."""
        return self._tasks.run(
            lambda report: self._answers.exports.run(preview, report),
            on_result=on_result,
            on_error=on_error,
            on_progress=on_said,
            on_cancelled=on_cancelled,
            lane=Lane.OUTSIDE,
        )

    def compare_loaded(
        self,
        program: str,
        address: str,
        made: Prepared,
        on_result: Callable[[tuple[Compared, ...]], None],
        on_error: OnError,
    ) -> Task | None:
        """Ask the running program what it has loaded now, over the network of this computer alone, and which
        of that is the shown model. None while nothing is shown."""
        model = self._opened.current
        if model is None or model.facts is None:
            return None
        facts, names = model.facts, filter(None, (self._library.name_of(model.path, program),))

        def work(_report: Report) -> tuple[Compared, ...]:
            this = this_model(facts, made.export, names)
            return self._answers.exports.compare_loaded(program, address, this, made.plan.settings)

        return self._tasks.run(
            work,
            on_result=on_result,
            on_error=on_error,
            lane=Lane.OUTSIDE,
        )
