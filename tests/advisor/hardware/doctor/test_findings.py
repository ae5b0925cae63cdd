"""The doctor's sentences, and the commands beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.basis import Note
from advisor.hardware.device import Hardware, Holder, Kind
from advisor.hardware.doctor.findings import EngineState, Finding, Severity, findings
from advisor.units import GiB
from tests.support import devices

RAM = replace(devices.RAM, free_bytes=8 * GiB)
CARD = replace(devices.CARD, compute_capability=(8, 9))
CPU_ONLY = Note("cpu-only-build", "The devices' own sentence.")
SOUND = EngineState(binding="0.3.36")


def one(hardware: Hardware, engine: EngineState | None = None, platform: str = "linux") -> Finding:
    (finding,) = findings(hardware, engine, platform=platform)
    return finding


def test_nothing_to_say() -> None:
    assert findings(Hardware((CARD, RAM))) == ()
    assert findings(Hardware((replace(CARD, engine_device="CUDA0"), RAM)), SOUND) == ()


def test_no_engine() -> None:
    finding = one(Hardware((CARD, RAM), cuda_version=(12, 4)), EngineState(binding=None))
    assert (finding.code, finding.severity) == ("engine-missing", Severity.ERROR)
    assert finding.command is not None
    assert finding.command.endswith("/whl/cu124")
    assert "--no-deps" not in finding.command


def test_no_engine_and_no_gpu() -> None:
    finding = one(Hardware((RAM,)), EngineState(binding=None))
    assert finding.command is not None
    assert finding.command.endswith("/whl/cpu")


def test_an_engine_that_does_not_start() -> None:
    state = EngineState("0.3.36", problem="A library that it needs was not found: libcudart.so.12.")
    finding = one(Hardware((CARD, RAM), cuda_version=(12, 4)), state)
    assert (finding.code, finding.text) == ("engine-broken", state.problem)
    assert finding.command is not None
    assert "--force-reinstall --no-deps" in finding.command


def test_an_engine_for_the_cpu_only() -> None:
    hardware = Hardware((CARD, RAM), (CPU_ONLY,), cuda_version=(12, 2))
    (finding,) = findings(hardware, SOUND, python="python3", platform="linux")
    assert finding == Finding(
        "cpu-only-build",
        Severity.ERROR,
        "The installed llama-cpp-python was built for the CPU only, so NVIDIA GeForce RTX 4070 stays idle: "
        "layers set for the GPU run on the CPU.",
        "python3 -m pip install --force-reinstall --no-deps --no-cache-dir --only-binary=llama-cpp-python "
        "llama-cpp-python --extra-index-url https://abetlen.github.io/llama-cpp-python/whl/cu122",
    )


def test_graphics_of_a_processor_are_worth_less_alarm() -> None:
    graphics = replace(CARD, name="Intel graphics", vendor="intel", kind=Kind.INTEGRATED)
    finding = one(Hardware((graphics, RAM), (CPU_ONLY,)))
    assert finding.severity is Severity.INFO
    assert finding.command is not None
    assert finding.command.endswith("/whl/vulkan")


def test_an_engine_for_the_cpu_only_beside_a_gpu_of_unknown_size() -> None:
    assert one(Hardware((RAM,), (CPU_ONLY,))) == Finding(CPU_ONLY.code, Severity.ERROR, CPU_ONLY.text)


@pytest.mark.parametrize(
    ("code", "severity", "platform", "command"),
    [
        ("nvidia-driver-not-loaded", Severity.ERROR, "linux", "sudo modprobe nvidia"),
        ("nvidia-driver-not-loaded", Severity.ERROR, "win32", None),
        ("nvidia-driver-mismatch", Severity.ERROR, "linux", "sudo reboot"),
        ("nvidia-driver-mismatch", Severity.ERROR, "win32", None),
        ("nvidia-gpu-lost", Severity.ERROR, "linux", None),
        ("nvidia-no-driver", Severity.WARNING, "linux", None),
        ("nvidia-ml-py-missing", Severity.WARNING, "win32", "python -m pip install nvidia-ml-py"),
        ("detector-timeout", Severity.WARNING, "linux", None),
        ("rosetta", Severity.ERROR, "darwin", None),
        ("memory-assumed", Severity.INFO, "linux", None),
    ],
)
def test_what_detectors_found(code: str, severity: Severity, platform: str, command: str | None) -> None:
    finding = one(Hardware((RAM,), (Note(code, "A sentence."),)), platform=platform)
    assert finding == Finding(code, severity, "A sentence.", command)


def test_a_gpu_build_without_a_device() -> None:
    note = Note("gpu-build-no-device", "It finds none.")
    finding = one(Hardware((CARD, RAM), (note,)))
    assert finding.severity is Severity.ERROR
    assert "standby" in finding.text
    assert finding.command == "sudo rmmod nvidia_uvm && sudo modprobe nvidia_uvm"
    amd = replace(CARD, vendor="amd")
    assert one(Hardware((amd, RAM), (note,))) == Finding(note.code, Severity.ERROR, note.text)
    assert one(Hardware((CARD, RAM), (note,)), platform="win32").command is None


def test_notes_on_devices() -> None:
    limited = replace(RAM, notes=(Note("memory-limit", "Limited to 8.0 GiB."), Note("assumed", "Quiet.")))
    silent = replace(CARD, notes=(Note("free-unknown", "Unknown use."),), free_bytes=None)
    assert findings(Hardware((silent, limited))) == (
        Finding("free-unknown", Severity.INFO, "NVIDIA GeForce RTX 4070: Unknown use."),
        Finding("memory-limit", Severity.INFO, "Limited to 8.0 GiB."),
    )


def test_the_gravest_first_and_each_once() -> None:
    info, error = Note("wsl", "WSL."), Note("rosetta", "Rosetta.")
    found = findings(Hardware((replace(RAM, notes=(info,)),), (info, error, error)))
    assert [finding.code for finding in found] == ["rosetta", "wsl"]


class TestMemoryHeld:
    def test_a_desktop_is_not_worth_mentioning(self) -> None:
        assert findings(Hardware((replace(CARD, free_bytes=11 * GiB + 1), RAM))) == ()

    def test_what_the_driver_keeps_is_held_by_no_program(self) -> None:
        card = replace(CARD, free_bytes=10 * GiB + 1, reserved_by_driver_bytes=GiB)
        assert findings(Hardware((card, RAM))) == ()

    def test_unknown_holders(self) -> None:
        finding = one(Hardware((replace(CARD, free_bytes=9 * GiB), RAM)))
        text = "Other programs hold 3.0 GiB of NVIDIA GeForce RTX 4070."
        assert finding == Finding("memory-held", Severity.INFO, text)

    def test_on_a_made_up_computer_it_is_our_own_assumption(self) -> None:
        assert findings(Hardware((replace(CARD, free_bytes=9 * GiB), RAM), made_up=True)) == ()

    def test_a_model_that_another_program_keeps_loaded(self) -> None:
        holders = (
            Holder("Ollama", 5 * GiB, "ollama stop llama3.1:8b"),
            Holder("firefox", GiB // 2),
            Holder("dwm", None),
            Holder("Xorg", GiB // 4),
            Holder("gnome-shell", GiB // 8),
        )
        finding = one(Hardware((replace(CARD, free_bytes=6 * GiB, holders=holders), RAM)))
        assert finding == Finding(
            "memory-held",
            Severity.WARNING,
            "Other programs hold 6.0 GiB of NVIDIA GeForce RTX 4070 "
            "(Ollama 5.0 GiB, firefox 512.0 MiB, Xorg 256.0 MiB).",
            "ollama stop llama3.1:8b",
        )

    def test_shared_memory_is_the_computers_business(self) -> None:
        shared = replace(CARD, kind=Kind.UNIFIED, free_bytes=0)
        assert findings(Hardware((shared, RAM))) == ()
