"""`MemoryPlan`: what one load takes on every device, each figure with its basis.

The formula and the engine answer the same question with the same type, `Buffers`; `assemble` sets their
answer against the hardware and judges it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from advisor.basis import Basis, Note
from advisor.settings.load_settings import LoadSettings


class Verdict(StrEnum):
    FITS = "fits"
    TIGHT = "tight"  # only by using the reserve
    PAGES_FROM_DISK = "pages-from-disk"  # mapped weights exceed the available RAM: it runs, slowly
    CLOSE_OTHER_APPS = "close-other-apps"  # would fit if nothing else were open
    NEEDS_OFFLOAD = "needs-offload"  # not with these layers on the GPU, but with some of them on the CPU
    DOES_NOT_FIT = "does-not-fit"
    UNKNOWN = "unknown"  # the device does not tell how much is free


@dataclass(frozen=True, slots=True)
class Target:
    """A device that a load may use, named as ggml names it ("CUDA0"); the host is "CPU".

    `free_bytes` decides the default split over several GPUs; `device_id` is the `Device` it stands for.
    """

    name: str
    backend: str
    free_bytes: int = 0
    device_id: str = ""


@dataclass(frozen=True, slots=True)
class Buffers:
    """What llama.cpp allocates on one device for one load, in bytes.

    `mapped_file_bytes` is the part of `weights_bytes` that is the model file itself, mapped: the system
    can drop it when memory is short.
    """

    device: str
    weights_bytes: int = 0
    kv_cache_bytes: int = 0
    recurrent_state_bytes: int = 0
    compute_bytes: int = 0
    output_bytes: int = 0
    mapped_file_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        return (
            self.weights_bytes
            + self.kv_cache_bytes
            + self.recurrent_state_bytes
            + self.compute_bytes
            + self.output_bytes
        )


class CompanionKind(StrEnum):
    """What is loaded beside a model."""

    PROJECTOR = "projector"
    DRAFT_MODEL = "draft-model"
    ADAPTER = "adapter"
    PREDICTION = "prediction"


@dataclass(frozen=True, slots=True)
class Companion:
    """What one file beside the model takes on one device.

    `reason` says in words what the bytes are. `mapped_file_bytes` is the part that the system can drop.
    """

    kind: CompanionKind
    name: str
    device: str
    n_bytes: int
    basis: Basis
    reason: str
    mapped_file_bytes: int = 0


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """One device's line of the plan: the buffers, what else is loaded, the runtime's overhead, what there is.

    `companions_bytes` is the sum of the plan's companions on this device.
    """

    buffers: Buffers
    kind: str
    overhead_bytes: int
    usable_bytes: int
    free_bytes: int | None
    device_total_bytes: int
    device_name: str  # for people: "NVIDIA GeForce RTX 4070"
    shares_ram: bool
    basis: Mapping[
        str, Basis
    ]  # for weights, kv_cache, recurrent_state, compute, output, overhead, companions
    reserve_bytes: int = 0
    companions_bytes: int = 0

    @property
    def device(self) -> str:
        return self.buffers.device

    @property
    def total_bytes(self) -> int:
        """Everything that this load takes here, companions and overhead included."""
        return self.buffers.total_bytes + self.companions_bytes + self.overhead_bytes


@dataclass(frozen=True, slots=True)
class Later:
    """Host memory that a server takes while it runs, beside the load."""

    what: str
    device: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class FormulaCheck:
    """Our own arithmetic for the same settings, and how far it is from the engine's, in percent."""

    weights_bytes: int
    kv_cache_bytes: int
    recurrent_state_bytes: int
    compute_bytes: int
    disagreement_percent: Mapping[str, float]
    alarm: bool


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The answer to "what will this load take, and does it fit?"."""

    settings: LoadSettings
    basis: Basis
    memory: tuple[DeviceMemory, ...]  # GPUs first, the host last
    verdict: Verdict
    formula: FormulaCheck
    later: tuple[Later, ...] = ()
    notes: tuple[Note, ...] = field(default=())
    companions: tuple[Companion, ...] = ()

    @property
    def total_bytes(self) -> int:
        """Over all devices, companions and overhead included."""
        return sum(m.total_bytes for m in self.memory)

    @property
    def fits(self) -> bool:
        """True for a plain yes: within what is usable now, without touching the reserve."""
        return self.verdict is Verdict.FITS
