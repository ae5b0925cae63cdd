"""NVIDIA's GPUs, from the driver itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from advisor.basis import Note
from advisor.hardware.detectors import nvml
from advisor.hardware.detectors.graphics_cards import cards, has_nvidia_card
from advisor.hardware.detectors.holders import Process, holders, process_reader
from advisor.hardware.detectors.nvml import Nvml
from advisor.hardware.detectors.ram import is_wsl
from advisor.hardware.device import Kind
from advisor.hardware.pci import normal_pci_id
from advisor.hardware.reading import Detection, Reading, Role

_MOST_DEVICES = 256  # no computer has as many: a driver that says so would be asked without end
_WDDM = 0  # nvmlDriverModel_t: 0 WDDM, 1 TCC, 2 MCDM

_TROUBLE = {
    nvml.NO_PERMISSION: Note(
        "nvidia-no-permission",
        "The NVIDIA driver refuses access to the GPU. In a container, start it with the GPU passed in "
        "(--gpus all); otherwise add your user to the group that owns /dev/nvidia0.",
    ),
    nvml.DRIVER_NOT_LOADED: Note(
        "nvidia-driver-not-loaded", "The NVIDIA driver is installed, but the system has not loaded it."
    ),
    nvml.GPU_IS_LOST: Note(
        "nvidia-gpu-lost", "The NVIDIA driver has lost contact with the GPU. Restart the computer."
    ),
    nvml.VERSION_MISMATCH: Note(
        "nvidia-driver-mismatch",
        "The NVIDIA driver was updated while it was running, and its two halves no longer match. "
        "Restart the computer.",
    ),
}
_NO_DRIVER = Note(
    "nvidia-no-driver",
    "This computer has an NVIDIA card, but no NVIDIA driver that this session can see. Install the driver; "
    "in a container, start it with the GPU passed in (--gpus all).",
)
_NO_PACKAGE = Note(
    "nvidia-ml-py-missing",
    "There is an NVIDIA driver, but the Python package that asks it, nvidia-ml-py, is missing.",
)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the rest of the system knows about the cards."""

    root: Path
    platform: str
    lit_pci_ids: frozenset[str]  # cards with a connected display
    wsl: bool
    read_process: Callable[[int], Process | None]


def detect(
    root: Path = Path("/"),
    *,
    platform: str = sys.platform,
    load: Callable[[Path, str], Nvml] = nvml.load,
) -> Detection:
    """Every NVIDIA GPU that the driver shows, and what is wrong with the driver. Never raises."""
    try:
        driver = load(root, platform)
    except OSError:
        return _without_driver(root)
    except ImportError:
        return Detection(findings=(_NO_PACKAGE,))
    code = driver.start()
    if code == nvml.LIBRARY_NOT_FOUND:
        return _without_driver(root)
    if code is not None:
        return Detection(findings=(_driver_trouble(code),))
    try:
        return _read_all(driver, root, platform)
    finally:
        driver.stop()


def _without_driver(root: Path) -> Detection:
    return Detection(findings=(_NO_DRIVER,) if has_nvidia_card(root) else ())


def _driver_trouble(code: int | None) -> Note:
    unknown = Note("nvidia-driver-error", f"The NVIDIA driver does not answer (NVML error {code}).")
    return _TROUBLE.get(code, unknown) if code is not None else unknown


def _read_all(driver: Nvml, root: Path, platform: str) -> Detection:
    lit = (card.pci_id for card in cards(root) if card.has_display and card.pci_id)
    around = _Surroundings(
        root,
        platform,
        frozenset(lit if platform == "linux" else ()),
        wsl=platform == "linux" and is_wsl(root),
        read_process=process_reader(root, platform),
    )
    readings: list[Reading] = []
    findings: list[Note] = []
    n_cards, code = driver.count()
    if n_cards is None:
        findings.append(_driver_trouble(code))
    for index in range(min(n_cards or 0, _MOST_DEVICES)):
        handle, code = driver.handle("nvmlDeviceGetHandleByIndex", index)
        if handle is None:
            # One lost or forbidden card must not hide the others.
            findings.append(_card_trouble(index, code))
            continue
        card = _read(driver, handle, around)
        readings += _mig_parts(driver, handle, card) or [card]
    version = driver.number("nvmlSystemGetCudaDriverVersion")
    cuda = (version // 1000, version % 1000 // 10) if version else None
    return Detection(tuple(readings), tuple(findings), cuda)


def _card_trouble(index: int, code: int | None) -> Note:
    if code == nvml.GPU_IS_LOST:
        text = f"The NVIDIA driver has lost contact with GPU {index}. Restart the computer to get it back."
        return Note("nvidia-gpu-lost", text)
    if code == nvml.NO_PERMISSION:
        return Note("nvidia-no-permission", f"This session may not use NVIDIA GPU {index}.")
    return Note("nvidia-driver-error", f"NVIDIA GPU {index} does not answer (NVML error {code}).")


def _read(driver: Nvml, handle: object, around: _Surroundings) -> Reading:
    """One card. Only "not supported", or a size of zero, means that it works in the computer's own memory:
    a lost card is not lent the RAM."""
    name = driver.name(handle) or "NVIDIA GPU"
    pci_id = normal_pci_id(driver.bus_id(handle))
    capability = driver.pair("nvmlDeviceGetCudaComputeCapability", handle)
    memory, code = driver.memory(handle)
    unified = code == nvml.NOT_SUPPORTED or (memory is not None and memory.total_bytes == 0)
    own = None if unified else memory
    role = None
    if unified:
        role = Role.SHARED
    elif around.wsl or _is_wddm(driver, handle):
        role = Role.WDDM
    return Reading(
        sources=("nvml",),
        name=name,
        vendor="nvidia",
        kind=Kind.UNIFIED if unified else Kind.DISCRETE,
        backend="CUDA",
        total_bytes=own.total_bytes if own else None,
        free_bytes=own.free_bytes if own else None,
        reserved_by_driver_bytes=own.reserved_bytes if own else None,
        pci_id=pci_id,
        role=role,
        display_active=bool(driver.number("nvmlDeviceGetDisplayActive", handle))
        or pci_id in around.lit_pci_ids,
        bandwidth_bytes_per_second=_bandwidth(driver, handle),
        compute_capability=capability,
        multiprocessors=_multiprocessors(driver.number("nvmlDeviceGetNumGpuCores", handle), capability),
        holders=holders(driver.processes(handle), around.read_process, around.root, around.platform),
        trouble=not own and not unified,
        notes=() if own or unified else (_unreadable(code),),
    )


def _unreadable(code: int | None) -> Note:
    if code == nvml.GPU_IS_LOST:
        text = "The driver has lost contact with it. Restart the computer to get it back."
        return Note("nvidia-gpu-lost", text)
    return Note("memory-unreadable", f"The driver does not tell its memory (NVML error {code}).")


def _mig_parts(driver: Nvml, handle: object, card: Reading) -> list[Reading]:
    """The parts of a card that is split (MIG). CUDA sees them in place of the card.

    They share its PCI address, so they carry none: nothing may be merged by it.
    """
    mode = driver.pair("nvmlDeviceGetMigMode", handle)
    if mode is None or mode[0] != 1:
        return []
    parts = []
    most_parts = driver.number("nvmlDeviceGetMaxMigDeviceCount", handle) or 0
    for index in range(min(most_parts, _MOST_DEVICES)):
        part, _ = driver.handle("nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
        memory = driver.memory(part)[0] if part is not None else None
        if part is None or memory is None:
            continue
        parts.append(
            Reading(
                sources=("nvml",),
                name=driver.name(part) or f"{card.name} MIG",
                vendor="nvidia",
                kind=Kind.DISCRETE,
                backend="CUDA",
                total_bytes=memory.total_bytes,
                free_bytes=memory.free_bytes,
                reserved_by_driver_bytes=memory.reserved_bytes,
                role=Role.COMPUTE,
                display_active=False,
                compute_capability=card.compute_capability,
                notes=(Note("mig", f"A part of {card.name}, which is split (MIG)."),),
            )
        )
    return parts


def _is_wddm(driver: Nvml, handle: object) -> bool:
    """True if Windows manages the memory. The question is answered on Windows only."""
    model = driver.pair("nvmlDeviceGetDriverModel", handle)
    return model is not None and model[0] == _WDDM


def _bandwidth(driver: Nvml, handle: object) -> int | None:
    """Peak bytes per second: twice the memory clock (NVML tells half the data rate) times the bus width."""
    bits = driver.number("nvmlDeviceGetMemoryBusWidth", handle)
    clock_mhz = driver.max_memory_clock_mhz(handle)
    if not bits or not clock_mhz or min(bits, clock_mhz) < 0:
        return None
    return 2 * clock_mhz * 1_000_000 * bits // 8


def _multiprocessors(cores: int | None, capability: tuple[int, int] | None) -> int | None:
    """The SM count from the cores: 64 each on Volta, Turing and the large Pascal and Ampere, else 128."""
    if not cores or not capability:
        return None
    major, minor = capability
    return cores // (64 if major == 7 or (major in (6, 8) and minor == 0) else 128)
