"""`Loading`: the process with the model, started when it must be and ended when something failed in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from advisor.engine.proof import LoadedModel
from advisor.engine.protocol import OpenModel
from advisor.errors import Cancelled, EngineError
from advisor.hardware.device import Hardware
from advisor.memory.assemble import targets
from advisor.memory.placement import used_gpus
from advisor.model.facts import ModelFacts
from advisor.probe import outcomes
from advisor.probe.budget import Budget
from advisor.probe.failures import Stamp, changed_files, files_of, not_loaded
from advisor.probe.peaks import Peaks
from advisor.probe.proving import Proving
from advisor.probe.reporter import Reporter
from advisor.probe.room import RAM
from advisor.probe.stop import Stop
from advisor.probe.task import Task
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

# What the first decodes leave in a process. On a software Vulkan device 78 to 83 MiB were measured where the
# driver had its kernels in its cache, and 277 to 430 MiB where it built them.
WITHOUT_BUILDING_BYTES = 128 * MiB


class TimeIsUp(Exception):
    """The proof's own time ran out during a call."""


class Loading:
    """Loads the model when it must. The dry-run engine is let go before, for its driver holds memory."""

    def __init__(
        self,
        task: Task,
        prover: Proving,
        release_engine: Callable[[], object],
        peaks: Peaks,
        reporter: Reporter,
        budget: Budget,
        stop: Stop,
    ) -> None:
        self._task = task
        self._prover = prover
        self._release_engine = release_engine
        self._peaks = peaks
        self._reporter = reporter
        self._budget = budget
        self._stop = stop
        self._stamp: Stamp = files_of(task.facts)
        self._extra_bytes = 0
        self._loaded: LoadedModel | None = None

    def load(self, settings: LoadSettings, extra_bytes: int = 0) -> None:
        """Loads the model unless it is there, with the guard so much higher.

        Raises ProbeFailed, EngineMissing, EngineUnfit, Cancelled, TimeIsUp.
        """
        if self._prover.is_loaded:
            if self._extra_bytes == extra_bytes:
                return
            self.restart()
        usable = self._task.hardware.ram.usable_bytes - self._companions_in_ram(settings)
        try:
            with self.calling():
                self._load(settings, max(0, usable), extra_bytes)
        except EngineError as error:
            raise self.changed_files() or not_loaded(error) from error
        self._extra_bytes = extra_bytes
        if changed := self.changed_files():
            raise changed

    def go_on(self) -> None:
        """Raises Cancelled if the user asked for it."""
        self._stop.go_on()

    @contextlib.contextmanager
    def calling(self) -> Iterator[None]:
        """The block is a call of the prover. Raises Cancelled before it or from it, and TimeIsUp."""
        self._stop.go_on()
        self._release_engine()
        try:
            yield
        except Cancelled:
            if self._stop.is_asked or not self._budget.is_over:
                raise
            raise TimeIsUp from None

    def restart(self) -> None:
        """Ends the process: what failed in it may have left its memory in pieces."""
        self._prover.close()
        self._peaks.settle()

    def changed_files(self) -> Exception | None:
        """The error if a file of the model is another than when the proof began."""
        return changed_files(self._task.facts, self._stamp)

    @property
    def has_built_kernels(self) -> bool:
        """Whether a GPU's driver built its kernels in this process: that holds what the next one will not."""
        grown = self._loaded.warm_up_bytes if self._loaded else None
        return bool(self._task.hardware.gpus) and grown is not None and grown > WITHOUT_BUILDING_BYTES

    @property
    def guard_bytes(self) -> int | None:
        """The limit on the process's own memory, None without one."""
        return self._loaded.guard_bytes if self._loaded else None

    @property
    def left_by_load(self) -> int | None:
        """Bytes under the guard when the model was loaded and nothing else; None without a guard."""
        if self._loaded is None or self._loaded.guard_bytes is None:
            return None
        data = self._loaded.memory.data_bytes
        return None if data is None else max(0, self._loaded.guard_bytes - data)

    @property
    def loaded_rss_bytes(self) -> int | None:
        """What the worker held in RAM when the model was loaded and had decoded once, without a context."""
        return self._loaded.memory.rss_bytes if self._loaded else None

    def _load(self, settings: LoadSettings, usable_bytes: int, extra_bytes: int) -> None:
        """One load. Where it did not fit beside a GPU's driver, a second one, for which that has built its
        kernels already, and a third one that does not ask for those of a deep context."""
        *others, last = (settings, settings, None) if self._task.hardware.gpus else (settings,)
        for warm_up in others:
            try:
                return self._load_once(settings, usable_bytes, extra_bytes, warm_up)
            except EngineError as error:
                if self.changed_files() or not outcomes.is_of_this_context(error):
                    raise
                self.restart()
                self._stop.go_on()
        return self._load_once(settings, usable_bytes, extra_bytes, last)

    def _load_once(
        self, settings: LoadSettings, usable_bytes: int, extra_bytes: int, warm_up: LoadSettings | None
    ) -> None:
        info = self._prover.hello()
        self._peaks.free_before = {device.name: device.free_bytes for device in info.devices}
        self._loaded = self._prover.load(
            open_request(self._task.facts, self._task.hardware, settings),
            use_mmap=settings.use_mmap,
            host_usable_bytes=usable_bytes + extra_bytes,
            cap_bytes=None if self._task.cap_bytes is None else self._task.cap_bytes + extra_bytes,
            warm_up=warm_up,
            on_progress=self._reporter.progress,
        )

    def _companions_in_ram(self, settings: LoadSettings) -> int:
        """What is loaded beside the model in daily use is kept free for it."""
        lines = self._task.planner.plan(settings).memory
        return sum(
            line.companions_bytes
            for line in lines
            if line.device == RAM or line.device in self._task.room.shared
        )


def open_request(facts: ModelFacts, hardware: Hardware, settings: LoadSettings) -> OpenModel:
    """The load that the exported settings describe, with its vocabulary, on the devices that were planned."""
    names = tuple(target.name for target in used_gpus(settings, targets(hardware)))
    return OpenModel(
        path=str(facts.shards[0] if facts.shards else facts.path),
        n_gpu_layers=settings.n_gpu_layers,
        n_cpu_moe=settings.n_cpu_moe,
        override_tensor=settings.override_tensor,
        tensor_split=settings.tensor_split,
        split_mode=settings.split_mode,
        main_gpu=settings.main_gpu,
        devices=names,
    )
