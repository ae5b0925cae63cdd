"""What this machine is, as far as the choice of an engine depends on it: graphics cards, drivers, compilers.

Facts only, each read in a way that cannot fail: what is not there is None, False or empty. `advisor/hardware`
looks closer, but needs the dependencies that are being installed here.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from environment.console import quiet_answer

Version = tuple[int, int]

# PCI vendor numbers. Virtual display adapters (QEMU, VMware, VirtualBox) are no GPUs for us and are left out.
PCI_VENDORS = {"0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel"}
VENDOR_WORDS = {"nvidia": "nvidia", "geforce": "nvidia", "radeon": "amd", "amd ": "amd", "intel": "intel"}


@dataclass(frozen=True, slots=True)
class Gpu:
    vendor: str  # nvidia, amd, intel or apple
    name: str


@dataclass(frozen=True, slots=True)
class Machine:
    system: str  # as sys.platform: linux, darwin, win32
    architecture: str  # x86_64 or arm64
    gpus: tuple[Gpu, ...] = ()
    rosetta: bool = False  # an Intel Python on Apple silicon
    cuda_driver: Version | None = None  # the newest CUDA that the installed driver supports
    compute_capability: Version | None = None  # the lowest among the NVIDIA cards
    nvcc: Version | None = None
    rocm: Version | None = None
    hipcc: bool = False
    vulkan_loader: bool = False
    vulkan_sdk: bool = False  # loader headers and SPIRV-Headers, which llama.cpp's Vulkan part includes
    glslc: bool = False
    compiler: bool = False  # a C++ compiler (on Windows CMake finds Visual Studio by itself)


def look() -> Machine:
    """Read this machine's facts."""
    system = sys.platform
    smi = quiet_answer([_nvidia_smi(), "--query-gpu=name,compute_cap", "--format=csv,noheader"])
    return Machine(
        system=system,
        architecture=architecture(platform.machine()),
        gpus=_gpus(system, smi),
        rosetta=system == "darwin"
        and quiet_answer(["sysctl", "-n", "sysctl.proc_translated"]).strip() == "1",
        cuda_driver=_cuda_driver(system),
        compute_capability=lowest_capability(smi),
        nvcc=nvcc_version(quiet_answer([_nvcc(), "--version"])),
        rocm=_rocm(),
        hipcc=bool(shutil.which("hipcc")) or Path("/opt/rocm/bin/hipcc").exists(),
        vulkan_loader=_loads("vulkan-1.dll" if system == "win32" else "libvulkan.so.1"),
        vulkan_sdk=_vulkan_sdk(),
        glslc=bool(shutil.which("glslc")) or _in_sdk("bin/glslc") or _in_sdk("Bin/glslc.exe"),
        compiler=system == "win32" or any(map(shutil.which, ("c++", "g++", "clang++"))),
    )


def architecture(machine: str) -> str:
    """One name for what Python's platform.machine() calls differently on each system."""
    name = machine.lower()
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(name, name)


def lowest_capability(smi: str) -> Version | None:
    """The lowest compute capability in nvidia-smi's lines "NAME, 8.9"; None where it does not say."""
    found = [_version(line.rpartition(",")[2]) for line in smi.splitlines()]
    known = [version for version in found if version is not None]
    return min(known) if known else None


def nvcc_version(answer: str) -> Version | None:
    """The toolkit's version in the answer of `nvcc --version` ("release 12.4, V12.4.131")."""
    found = re.search(r"release (\d+\.\d+)", answer)
    return _version(found.group(1)) if found else None


def gpus_from_pci(devices: Path) -> tuple[Gpu, ...]:
    """Display controllers (PCI class 0x03) under /sys/bus/pci/devices whose vendor makes GPUs."""
    found = []
    for device in sorted(devices.glob("*")):
        if _text(device / "class").startswith("0x03"):
            vendor = PCI_VENDORS.get(_text(device / "vendor"))
            if vendor:
                found.append(
                    Gpu(vendor, {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel"}[vendor] + " GPU")
                )
    return tuple(found)


def gpus_from_names(names: str) -> tuple[Gpu, ...]:
    """Graphics cards from one name a line, as Windows gives them; unknown makers are left out."""
    found = []
    for name in filter(None, map(str.strip, names.splitlines())):
        vendor = next((maker for word, maker in VENDOR_WORDS.items() if word in name.lower() + " "), None)
        if vendor:
            found.append(Gpu(vendor, name))
    return tuple(found)


def _gpus(system: str, smi: str) -> tuple[Gpu, ...]:
    nvidia = tuple(Gpu("nvidia", line.rpartition(",")[0].strip()) for line in smi.splitlines() if "," in line)
    if system == "darwin":
        apple = quiet_answer(["sysctl", "-n", "hw.optional.arm64"]).strip() == "1"
        return (Gpu("apple", "Apple GPU"),) if apple else ()
    if system == "win32":
        query = "(Get-CimInstance Win32_VideoController).Name"
        others = gpus_from_names(quiet_answer(["powershell", "-NoProfile", "-Command", query], seconds=30))
    else:
        others = gpus_from_pci(Path("/sys/bus/pci/devices"))
    # nvidia-smi has the names; where it answers, the same cards are not listed twice.
    return nvidia + tuple(gpu for gpu in others if not (nvidia and gpu.vendor == "nvidia"))


def _nvidia_smi() -> str:
    on_wsl = "/usr/lib/wsl/lib/nvidia-smi"
    return shutil.which("nvidia-smi") or on_wsl


def _nvcc() -> str:
    for root in (os.environ.get("CUDA_PATH"), os.environ.get("CUDA_HOME"), "/usr/local/cuda"):
        if root and (found := shutil.which("nvcc", path=str(Path(root) / "bin"))):
            return found
    return shutil.which("nvcc") or "nvcc"


def _cuda_driver(system: str) -> Version | None:
    """cuDriverGetVersion needs no initialisation and answers 12040 for CUDA 12.4."""
    for name in ("nvcuda.dll",) if system == "win32" else ("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"):
        try:
            version = ctypes.c_int(0)
            if ctypes.CDLL(name).cuDriverGetVersion(ctypes.byref(version)) == 0 and version.value:
                return version.value // 1000, version.value % 1000 // 10
        except (OSError, AttributeError):
            continue
    return None


def _rocm() -> Version | None:
    return _version(_text(Path(os.environ.get("ROCM_PATH", "/opt/rocm")) / ".info" / "version"))


def _vulkan_sdk() -> bool:
    headers = Path("/usr/include/vulkan/vulkan.h").exists() or _in_sdk("include/vulkan/vulkan.h")
    spirv = any(Path(root, "spirv").exists() for root in ("/usr/include", "/usr/local/include"))
    return headers and (spirv or _in_sdk("include/spirv"))


def _in_sdk(path: str) -> bool:
    sdk = os.environ.get("VULKAN_SDK")
    return bool(sdk) and (Path(str(sdk)) / path).exists()


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _version(text: str) -> Version | None:
    found = re.match(r"\s*(\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else None
