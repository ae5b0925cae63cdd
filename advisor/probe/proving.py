"""`Proving`: whoever loads a model for real, as the search sees it (see `advisor.engine.prover`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from advisor.engine.proof import Allocation, Filling, FillMethod, LoadedModel, Progress
from advisor.engine.protocol import EngineInfo, OpenModel
from advisor.settings.load_settings import LoadSettings

OnProgress = Callable[[Progress], None]


class Proving(Protocol):
    """A process with one model in it. Every call raises an EngineError leaf, or Cancelled after `cancel()`.

    After the death of the process `is_loaded` is False, and the next `load` starts another one.
    """

    @property
    def is_loaded(self) -> bool: ...

    @property
    def pid(self) -> int | None: ...

    def hello(self) -> EngineInfo: ...

    def load(
        self,
        request: OpenModel,
        *,
        use_mmap: bool = True,
        host_usable_bytes: int | None,
        cap_bytes: int | None = None,
        warm_up: LoadSettings | None = None,
        on_progress: OnProgress,
    ) -> LoadedModel: ...

    def allocate(self, settings: LoadSettings, on_progress: OnProgress) -> Allocation: ...

    def fill(self, settings: LoadSettings, method: FillMethod, on_progress: OnProgress) -> Filling: ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...
