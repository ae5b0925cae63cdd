"""The engine's own list of devices, matched with what the detectors saw.

The engine decides whether and in which order a device is used; the detectors know better how much of it
is free. A GPU that only detectors see is the most common trouble of all: an engine built for the CPU.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from advisor.basis import Note
from advisor.hardware.device import Kind
from advisor.hardware.gpu_names import name_words, vendor_of_name
from advisor.hardware.install_command import install_command
from advisor.hardware.pci import normal_pci_id
from advisor.hardware.reading import Reading, Role, plausible_total

_GPU_KINDS = ("gpu", "igpu")
# ggml's registry names where ours differ.
_BACKEND_NAMES = {"MTL": "Metal", "HIP": "ROCm"}
# Backends that drive a GPU, as ggml's registry names them.
_GPU_BACKENDS = ("CUDA", "ROCm", "HIP", "MUSA", "Vulkan", "Metal", "MTL", "SYCL", "OpenCL", "CANN")
# Programs that pass for a GPU and compute on the CPU, in the RAM.
_SOFTWARE = ("llvmpipe", "lavapipe", "swiftshader")
_DRIVER_SUFFIX = re.compile(r"\s*\((?:RADV|AMDVLK|LLVM|AMD open-source driver)[^)]*\)")


@dataclass(frozen=True, slots=True)
class EngineDevice:
    """One device as ggml lists it (ggml_backend_dev_* of ggml-backend.h).

    `kind` is ggml's type in lower case ("cpu", "gpu", "igpu", "accel", ...), `backend` the registry's name
    ("CUDA", "Vulkan"), `name` the device's ("CUDA0"), `description` the product's.
    """

    name: str
    description: str
    backend: str
    kind: str
    total_bytes: int
    free_bytes: int
    pci_id: str | None = None

    @property
    def our_backend(self) -> str:
        """The backend by the name that `Device.backend` has."""
        return _BACKEND_NAMES.get(self.backend, self.backend)

    @property
    def known_free_bytes(self) -> int | None:
        """What is free, or None: backends that cannot tell say that everything is."""
        return None if self.free_bytes == self.total_bytes else self.free_bytes

    @property
    def is_gpu(self) -> bool:
        """True for what llama.cpp would put layers on. It skips devices without any memory, and so do we."""
        return self.kind in _GPU_KINDS and (self.total_bytes > 0 or self.free_bytes > 0)


@dataclass(frozen=True, slots=True)
class Match:
    """A device as the detectors and the engine see it; `engine` is None where the engine cannot use it."""

    reading: Reading
    engine: EngineDevice | None


def match_devices(readings: Sequence[Reading], engine_devices: Iterable[EngineDevice]) -> tuple[Match, ...]:
    """Every GPU once: those that the engine knows in its order, then those that it does not."""
    left = list(readings)
    matches = []
    for engine in _distinct(engine_devices):
        reading = _best_reading(engine, left)
        if reading is None:
            matches.append(Match(_reading_of(engine), engine))
            continue
        left.remove(reading)
        matches.append(Match(_with_engine(reading, engine), engine))
    return (*matches, *(Match(reading, None) for reading in left))


def unused_gpu_note(
    matches: Sequence[Match], backends: Sequence[str], cuda_version: tuple[int, int] | None
) -> Note | None:
    """The finding for GPUs in the computer and none in the engine, or None if there is nothing to say.

    `backends` are those compiled into the engine: with one for GPUs, the cause is another.
    """
    idle = [match.reading for match in matches if match.engine is None and not match.reading.trouble]
    if not idle or any(match.engine is not None for match in matches):
        return None
    first = min(idle, key=lambda reading: reading.kind is not Kind.DISCRETE)
    gpu_backends = [backend for backend in backends if backend in _GPU_BACKENDS]
    if gpu_backends:
        text = (
            f"The installed llama-cpp-python is built for GPUs ({', '.join(gpu_backends)}) but finds none, "
            f"although there is {first.name}. Usual causes: a driver too old for the build, the variable "
            "CUDA_VISIBLE_DEVICES set to nothing, or a container started without the GPU."
        )
        return Note("gpu-build-no-device", text)
    command = install_command(first.vendor, cuda_version, first.compute_capability)
    return Note(
        "cpu-only-build",
        f"{cpu_only_sentence(first.name)} Install a build that uses the GPU: {command}",
    )


def cpu_only_sentence(gpu_name: str) -> str:
    """What a CPU-only engine means for the person."""
    return (
        f"The installed llama-cpp-python was built for the CPU only, so {gpu_name} stays idle: layers set "
        "for the GPU run on the CPU."
    )


def _distinct(engine_devices: Iterable[EngineDevice]) -> list[EngineDevice]:
    """The engine's GPUs, each once. Two backends may list the same card; llama.cpp keeps the first."""
    kept: list[EngineDevice] = []
    seen: list[EngineDevice] = []
    for device in engine_devices:
        if not device.is_gpu:
            continue
        if not any(_is_same_card(device, other, seen) for other in kept):
            kept.append(device)
        seen.append(device)
    return kept


def _is_same_card(device: EngineDevice, other: EngineDevice, seen: Sequence[EngineDevice]) -> bool:
    """True if `device`, about to be listed, is `other` again under another backend."""
    ids = normal_pci_id(device.pci_id), normal_pci_id(other.pci_id)
    if all(ids):
        return ids[0] == ids[1]
    if device.backend == other.backend or name_words(device.description) != name_words(other.description):
        return False
    # Without addresses: the second "RTX 3090" of Vulkan is the second of CUDA.
    return _ordinal(device, seen) == _ordinal(other, seen[: seen.index(other)])


def _ordinal(device: EngineDevice, before: Sequence[EngineDevice]) -> int:
    return sum(
        other.backend == device.backend and other.description == device.description for other in before
    )


def _best_reading(engine: EngineDevice, readings: Sequence[Reading]) -> Reading | None:
    """The same PCI address, else the same maker with the same name, else the same maker."""
    address = normal_pci_id(engine.pci_id)
    for reading in readings:
        if address and reading.pci_id == address:
            return reading
    vendor = vendor_of_name(engine.description)
    candidates = [
        reading
        for reading in readings
        # Two known addresses that differ are two cards. Parts of a split card have none.
        if reading.vendor == vendor != "" and not (address and reading.pci_id)
    ]
    words = name_words(engine.description)

    def distance(reading: Reading) -> tuple[bool, bool, int]:
        named = name_words(reading.name)
        other_kind = (engine.kind == "igpu") != (reading.kind is not Kind.DISCRETE)
        return (
            not (named <= words or words <= named),
            other_kind,
            abs((reading.total_bytes or 0) - engine.total_bytes),
        )

    return min(candidates, key=distance, default=None)


def _with_engine(reading: Reading, engine: EngineDevice) -> Reading:
    generic = reading.name in ("AMD GPU", "Intel GPU", "Intel graphics") or "/" in reading.name
    return replace(
        reading,
        name=_clean(engine.description) if generic else reading.name,
        backend=engine.our_backend,
        sources=(*reading.sources, "ggml"),
    )


def _reading_of(engine: EngineDevice) -> Reading:
    """A device that only the engine knows."""
    software = any(mark in engine.description.lower() for mark in _SOFTWARE)
    metal = engine.our_backend == "Metal"
    shared = software or metal or engine.kind == "igpu"
    known_free = engine.known_free_bytes
    kind = Kind.DISCRETE
    notes: tuple[Note, ...] = ()
    if shared:
        kind = Kind.UNIFIED if metal else Kind.INTEGRATED
    if software:
        text = "This is no GPU but a program that imitates one on the CPU, in the RAM."
        notes = (Note("software-gpu", text),)
    if engine.backend == "RPC":
        notes = (Note("remote", "This device is in another computer, reached over the network."),)
    return Reading(
        sources=("ggml",),
        name=_clean(engine.description),
        vendor="" if software else vendor_of_name(engine.description),
        kind=kind,
        backend=engine.our_backend,
        total_bytes=None if shared else plausible_total(engine.total_bytes),
        free_bytes=None if shared else known_free,
        shared_total_bytes=engine.total_bytes if shared else 0,
        shared_free_bytes=(engine.total_bytes if known_free is None else known_free) if shared else 0,
        pci_id=normal_pci_id(engine.pci_id),
        role=Role.METAL if metal else None,
        notes=notes,
    )


def _clean(description: str) -> str:
    return _DRIVER_SUFFIX.sub("", description).strip() or description
