"""`Device` and `Hardware`: what memory there is, how much of it is usable, and who says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from advisor.basis import Note


class Kind(StrEnum):
    DISCRETE = "discrete"  # its own memory
    INTEGRATED = "integrated"  # a GPU that borrows from the RAM
    UNIFIED = "unified"  # CPU and GPU share one memory (Apple Silicon, GB10)
    CPU = "cpu"  # the RAM itself


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that holds memory of a device, where the driver tells. For explaining, never for sums."""

    name: str
    n_bytes: int | None
    release_command: str | None = None  # what gives the memory back, e.g. "ollama stop llama3.1:8b"


@dataclass(frozen=True, slots=True)
class MeasuredSpeed:
    """What earlier proofs measured on a device, for dense models and for those with experts.

    The share of the peak bandwidth that writing reached, and the arithmetic in a second that reading did.
    None: not measured.
    """

    decode_share: float | None = None
    prefill_flops_per_second: float | None = None
    expert_decode_share: float | None = None
    expert_prefill_flops_per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One memory. The one accounting: usable = free - reserve; what a load costs beside its buffers
    (overhead) belongs to the plan and never to the device.

    Invariant: 0 <= free_bytes <= total_bytes. `free_bytes` is None where the driver does not tell.
    """

    id: str  # stable within one report: "nvidia:0", "ram"
    name: str
    vendor: str  # "nvidia" | "amd" | "intel" | "apple" | "" for RAM
    kind: Kind
    backend: str  # ggml's backend that would drive it: "CUDA" | "ROCm" | "Vulkan" | "Metal" | "SYCL" | "CPU"
    total_bytes: int
    free_bytes: int | None
    reserve_bytes: int
    usable_if_others_closed_bytes: int
    bandwidth_bytes_per_second: int | None = None
    engine_device: str | None = (
        None  # ggml's name for it in the installed engine; None: that engine cannot use it
    )
    pci_id: str | None = None
    reserved_by_driver_bytes: int | None = None
    display_active: bool = False
    holders: tuple[Holder, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    wddm: bool = False  # Windows moves what does not fit into the RAM, silently: slow instead of an error
    compute_capability: tuple[int, int] | None = None  # NVIDIA's generation: decides which builds run on it
    multiprocessors: int | None = None  # NVIDIA's SM count: the driver's context grows with it
    # Arithmetic that published runs of llama.cpp reached while they read prompts: the lowest and the highest.
    prefill_flops_per_second: tuple[int, int] | None = None
    measured: MeasuredSpeed | None = None  # by earlier proofs, where they are known

    @property
    def assumed_free_bytes(self) -> int:
        """What is free now; where the driver does not tell, all of it."""
        return self.total_bytes if self.free_bytes is None else self.free_bytes

    @property
    def usable_bytes(self) -> int:
        """Bytes a model may take now; where free is unknown, what is assumed to be left of the total."""
        return max(0, self.assumed_free_bytes - self.reserve_bytes)

    @property
    def shares_ram(self) -> bool:
        """True if its memory is part of the RAM: the two are one pool and never added."""
        return self.kind is not Kind.DISCRETE


@dataclass(frozen=True, slots=True)
class Hardware:
    """This computer (or one that was made up). `devices` holds the GPUs in the engine's order, RAM last."""

    devices: tuple[Device, ...]
    findings: tuple[Note, ...] = field(default=())
    cuda_version: tuple[int, int] | None = None  # the newest CUDA that the installed NVIDIA driver runs
    made_up: bool = False  # "what if" hardware: no installed engine knows these devices

    @property
    def ram(self) -> Device:
        """The RAM: every computer has it."""
        return self.devices[-1]

    @property
    def gpus(self) -> tuple[Device, ...]:
        return self.devices[:-1]
