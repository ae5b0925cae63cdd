"""What is known of this computer: its memory as read last, the engine, and what is kept free.

The devices are read while no engine runs, whose GPU driver would hold memory of its own: first the
detectors, then the engine's introduction, then both put together. All of it is one after the other in the
engine's lane, so no reading falls into a question.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError, EngineError
from advisor.hardware.device import Device, Hardware
from advisor.hardware.reserve import AUTO, Reserve
from advisor.units import MiB
from PySide6.QtCore import QObject, QTimer, Signal

from ui.session.engine_choice import EngineChoice
from ui.session.state import EngineFacts, EngineState, EngineStatus
from ui.session.tasks import Lane, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

_IDLE_CHECK_MS = 5_000
AGAIN_SECONDS = 5.0  # looking again of one's own accord: not more often than this
# Less than this comes and goes with every tab of a browser; no answer is made anew for it.
MATTERS_BYTES = 64 * MiB


class Computer(QObject):
    """Hardware and engine. `hardware` is the last reading, `planned` the one that answers are made for."""

    hardware_changed = Signal()
    planned_changed = Signal()
    engine_changed = Signal()

    def __init__(
        self,
        answers: Answers,
        tasks: Tasks,
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._answers = answers.computer
        self._tasks = tasks
        self._clock = clock
        self._looked_at: float | None = None
        self.hardware: Hardware | None = None
        self.hardware_error: AdvisorError | None = None
        self.planned: Hardware | None = None
        self.engine = EngineState()
        self.engine_choice = EngineChoice()
        self.reserve: Reserve = AUTO
        self._idle = QTimer(self, interval=_IDLE_CHECK_MS)
        self._idle.timeout.connect(self._retire_engine)

    def look(self) -> None:
        """Look at the devices, then at the engine, and make every answer anew."""
        if self.engine.status is EngineStatus.ABSENT:
            self.engine = EngineState()
            self.engine_changed.emit()
        self._read_devices()
        self._try_engine(self._engine_absent)

    def look_at_devices(self) -> None:
        """Look at the devices, if the last look was some seconds ago; before the first, do nothing.

        An engine that is not there is tried again, too: it may have been installed meanwhile.
        """
        if self._looked_at is not None and self._clock() - self._looked_at >= AGAIN_SECONDS:
            self._read_devices()
            if self.engine.status is EngineStatus.ABSENT:
                self._try_engine(self._engine_still_absent)

    def use_engine(self, choice: EngineChoice) -> None:
        """Ask another engine from now on."""
        if choice != self.engine_choice:
            self.engine_choice = choice
            self._answers.use_engine(choice.launch)
            if self._looked_at is not None:
                self.look()

    def set_reserve(self, reserve: Reserve) -> None:
        """Keep this much free from now on."""
        if reserve != self.reserve:
            self.reserve = reserve
            if self.hardware:
                self._put_together(plan_anyway=True)

    def say_anew(self) -> None:
        """The same devices once more: what was said of them, and every answer, is made anew."""
        if self.hardware:
            self._put_together(plan_anyway=True)

    def stop(self) -> None:
        self._idle.stop()

    # --- the devices

    def _read_devices(self) -> None:
        self._looked_at = self._clock()
        reserve = self.reserve
        self._tasks.run(
            lambda _report: self._answers.hardware(reserve, anew=True),
            on_result=lambda hardware: self._read(hardware, reserve, plan_anyway=False),
            on_error=self._unread,
            lane=Lane.ENGINE,
        )

    def _put_together(self, *, plan_anyway: bool) -> None:
        """The devices as they were read last, with the engine and the reserve of now."""
        reserve = self.reserve
        self._tasks.run(
            lambda _report: self._answers.hardware(reserve, anew=False),
            on_result=lambda hardware: self._read(hardware, reserve, plan_anyway=plan_anyway),
            on_error=self._unread,
        )

    def _read(self, hardware: Hardware, reserve: Reserve, *, plan_anyway: bool) -> None:
        if reserve != self.reserve:  # another one was chosen meanwhile
            self._put_together(plan_anyway=plan_anyway)
            return
        is_new = hardware != self.hardware or self.hardware_error is not None
        self.hardware, self.hardware_error = hardware, None
        if is_new:
            self.hardware_changed.emit()
        if plan_anyway or self.planned is None or matters(self.planned, hardware):
            self.planned = hardware
            self.planned_changed.emit()

    def _unread(self, error: AdvisorError) -> None:
        self.hardware_error = error
        self.hardware_changed.emit()

    # --- the engine

    def _try_engine(self, on_error: Callable[[AdvisorError], None]) -> None:
        self._tasks.run(
            lambda _report: self._answers.engine(),
            on_result=self._engine_ready,
            on_error=on_error,
            lane=Lane.ENGINE,
        )

    def _engine_ready(self, facts: EngineFacts) -> None:
        self.engine = EngineState(EngineStatus.READY, facts)
        self.engine_changed.emit()
        self._idle.start()
        self._put_together(plan_anyway=True)

    def _engine_absent(self, error: AdvisorError) -> None:
        problem = error if isinstance(error, EngineError) else None
        self.engine = EngineState(EngineStatus.ABSENT, problem=problem)
        self.engine_changed.emit()
        self._put_together(plan_anyway=True)

    def _engine_still_absent(self, error: AdvisorError) -> None:
        """Nothing is made anew for what is known already."""
        known = self.engine.problem
        if known is None or known.message != error.message:
            self._engine_absent(error)

    def _retire_engine(self) -> None:
        """With a GPU, the engine's process holds memory as long as it lives: end it when it rests."""
        if self._tasks.is_idle:
            self._tasks.run(
                lambda _report: self._answers.retire_engine(), on_result=lambda _: None, lane=Lane.ENGINE
            )


def matters(before: Hardware, now: Hardware) -> bool:
    """True if an answer for the one may not be right for the other."""
    if tuple(map(_lasting, before.devices)) != tuple(map(_lasting, now.devices)):
        return True
    return any(
        abs(old - new) > MATTERS_BYTES
        for one, other in zip(before.devices, now.devices, strict=True)
        for old, new in zip(_amounts(one), _amounts(other), strict=True)
    )


def _amounts(device: Device) -> tuple[int, ...]:
    return (
        device.free_bytes or 0,
        device.reserve_bytes,
        device.usable_bytes,
        device.usable_if_others_closed_bytes,
    )


def _lasting(device: Device) -> Device:
    """The device without what comes and goes."""
    return replace(
        device,
        free_bytes=None if device.free_bytes is None else 0,
        reserve_bytes=0,
        usable_if_others_closed_bytes=0,
        reserved_by_driver_bytes=None,
        holders=(),
        notes=(),
    )
