"""A prover whose memory is a straight line: contexts up to a limit work, in whatever way larger ones fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from advisor.engine.proof import (
    Allocation,
    Filling,
    FillMethod,
    LoadedModel,
    MemorySample,
    Progress,
    SpeedPoint,
)
from advisor.engine.protocol import EngineDevice, EngineInfo, OpenModel
from advisor.errors import Cancelled, EngineDied, EngineError
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

OnProgress = Callable[[Progress], None]
TOKEN_BYTES = 131072  # of tests.support.planning's model with 32 layers, f16
WEIGHTS_BYTES = 1024 * MiB


def out_of_memory() -> EngineError:
    return EngineDied("The engine ran out of memory.", hint="Use less.", code="engine-out-of-memory")


def sample(n_ctx: int = 0, devices: Mapping[str, int] | None = None) -> MemorySample:
    held = WEIGHTS_BYTES + n_ctx * TOKEN_BYTES
    return MemorySample(held, 0, held, held, devices or {})


@dataclass
class FakeProver:
    """Contexts up to `limit` can be allocated, up to `fill_limit` filled; `failures` come in turn above."""

    limit: int
    fill_limit: int | None = None
    failures: Sequence[Callable[[], EngineError]] = (out_of_memory,)
    guard_bytes: int | None = None
    kernels_bytes: Sequence[int] = ()  # what building them leaves in the first processes
    load_error: EngineError | None = None
    copy_error: EngineError | None = None
    speed: Callable[[int, int], float] = lambda n_ctx, depth: 100.0
    during: Callable[[str], None] = lambda call: None  # called in the middle of every call
    dies_of_failures: bool = True
    tells_memory: bool = True
    grown_bytes: int | None = None  # by a fill
    last_prompt_tokens: int = 0
    is_loaded: bool = False
    pid: int | None = None
    is_closed: bool = False
    tried: list[int] = field(default_factory=list)
    filled: list[tuple[int, FillMethod]] = field(default_factory=list)
    loads: list[tuple[OpenModel, int | None, int | None]] = field(default_factory=list)
    is_cancelled: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def hello(self) -> EngineInfo:
        cpu = EngineDevice("CPU", "A processor", "cpu", 2, 1, None)
        return EngineInfo("0.0.1", "libllama.so", "3.11", "python", ("CPU",), (cpu,), False, True, None, ())

    def load(
        self,
        request: OpenModel,
        *,
        use_mmap: bool = True,
        host_usable_bytes: int | None,
        cap_bytes: int | None = None,
        warm_up: LoadSettings | None = None,
        on_progress: OnProgress,
    ) -> LoadedModel:
        assert use_mmap, "as the planner counts"
        # A third try goes without, where the kernels may be what did not fit.
        assert warm_up is not None or len(self.loads) > 1, "nothing to build kernels for"
        self.loads.append((request, host_usable_bytes, cap_bytes))
        self._middle("load", Progress("loading"), on_progress)
        if self.load_error is not None:
            raise self.load_error
        self.is_loaded, self.is_closed = True, False
        built_bytes = dict(enumerate(self.kernels_bytes, 1)).get(len(self.loads), 0)
        memory = self._sample()
        if memory.data_bytes is not None:
            memory = replace(memory, data_bytes=memory.data_bytes + built_bytes)
        return LoadedModel(0.1, True, False, False, memory, self.guard_bytes, built_bytes)

    def allocate(self, settings: LoadSettings, on_progress: OnProgress) -> Allocation:
        assert self.is_loaded, "a context of no model"
        self.tried.append(settings.n_ctx)
        self._middle("allocate", Progress("allocating", settings.n_ctx), on_progress)
        self._fail_above(self.limit, settings.n_ctx)
        point = SpeedPoint(0, 1000.0, self.speed(settings.n_ctx, 0))
        return Allocation(settings.n_ctx, None, self._sample(settings.n_ctx), point, 0.1)

    def fill(self, settings: LoadSettings, method: FillMethod, on_progress: OnProgress) -> Filling:
        assert self.is_loaded, "a fill of no model"
        n_ctx = settings.n_ctx
        self.filled.append((n_ctx, method))
        self._middle("fill", Progress("filling", n_ctx, n_ctx // 4, 100.0, sample(n_ctx)), on_progress)
        if method is FillMethod.COPY and self.copy_error is not None:
            raise self.copy_error
        self._fail_above(self.limit if self.fill_limit is None else self.fill_limit, n_ctx)
        depths = [n_ctx * quarter // 4 for quarter in range(5)]
        speed = tuple(SpeedPoint(depth, 1000.0, self.speed(n_ctx, depth)) for depth in depths)
        return Filling(
            n_ctx,
            n_ctx,
            method,
            n_ctx * TOKEN_BYTES,
            True,
            speed,
            sample(n_ctx),
            1.0,
            grown_bytes=self.grown_bytes,
            last_prompt_tokens=self.last_prompt_tokens,
        )

    def _sample(self, n_ctx: int = 0) -> MemorySample:
        return sample(n_ctx) if self.tells_memory else MemorySample(None, None, None, None, {})

    def cancel(self) -> None:
        self.is_cancelled = True

    def close(self) -> None:
        self.is_loaded, self.is_closed = False, True

    def _middle(self, call: str, progress: Progress, on_progress: OnProgress) -> None:
        self.is_cancelled = False
        self.during(call)
        on_progress(progress)
        if self.is_cancelled:
            self.is_loaded = False
            raise Cancelled

    def _fail_above(self, limit: int, n_ctx: int) -> None:
        if n_ctx > limit:
            self.is_loaded = not self.dies_of_failures
            failure = self.failures[len(self.tried) % len(self.failures)]
            raise failure()
