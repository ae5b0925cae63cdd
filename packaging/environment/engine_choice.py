"""Which build of llama-cpp-python fits this machine, by which routes it can be had, and what is in the way.

Pure: from the machine's facts and the user's wish to a plan. The names of the wheel indexes and what their
builds need come from llama-cpp-python's workflows (.github/workflows/build-wheels-*.yaml), what compiling
needs from llama.cpp's ggml/src/ggml-{cuda,vulkan,hip}/CMakeLists.txt.
"""

from __future__ import annotations

from dataclasses import dataclass

from environment.machine import Machine, Version

ENGINES = ("cuda", "vulkan", "metal", "rocm", "cpu")
NAMES = {"cuda": "CUDA", "vulkan": "Vulkan", "metal": "Metal", "rocm": "ROCm", "cpu": "CPU"}

# CUDA versions with a wheel index, newest first. Windows has none for 12.1-12.3; pip finds out.
CUDA_TAGS: tuple[tuple[Version, str], ...] = (
    ((13, 2), "cu132"),
    ((13, 0), "cu130"),
    ((12, 5), "cu125"),
    ((12, 4), "cu124"),
    ((12, 3), "cu123"),
    ((12, 2), "cu122"),
    ((12, 1), "cu121"),
    ((11, 8), "cu118"),
)
# The wheels for CUDA 13 contain no code for cards before Turing.
CUDA_13_CAPABILITY: Version = (7, 5)
# The ROCm wheel is linked against libamdhip64.so.7.
ROCM_72_NEEDS: Version = (7, 0)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A prebuilt wheel, from the index of this name."""

    tag: str


@dataclass(frozen=True, slots=True)
class Source:
    """A build from the sdist with these CMake arguments."""

    cmake_args: tuple[str, ...] = ()


Route = Wheel | Source


@dataclass(frozen=True, slots=True)
class EnginePlan:
    engine: str
    why: str  # why this engine, a clause
    routes: tuple[Route, ...]  # in the order in which to try them; empty: it cannot be had here
    obstacle: str = ""  # why compiling is not among them, a clause
    remedy: str = ""  # what to do about it, a clause after "To get it, "


def choose(machine: Machine, asked: str, cmake_args: str = "") -> EnginePlan:
    """The plan for the engine that was asked for, or for the one this machine has if `asked` is "auto".

    With `cmake_args` (the user's CMAKE_ARGS) only a build from source can do what the user wants.
    """
    engine, why = (asked, "as asked") if asked != "auto" else _fitting(machine)
    ways = _WAYS[engine](machine)
    routes = tuple(route for route in ways.routes if isinstance(route, Source) or not cmake_args)
    return EnginePlan(engine, why, routes, ways.obstacle, ways.remedy)


def _fitting(machine: Machine) -> tuple[str, str]:
    names = {gpu.vendor: gpu.name for gpu in machine.gpus}
    for_amd = "rocm" if machine.rocm else "vulkan"
    for vendor, engine in {"nvidia": "cuda", "apple": "metal", "amd": for_amd, "intel": "vulkan"}.items():
        if vendor in names:
            return engine, f"for the {names[vendor]}"
    return "cpu", "no GPU was found"


@dataclass(frozen=True, slots=True)
class _Ways:
    """The routes to one engine here; if compiling is not among them, why not and what to install."""

    routes: tuple[Route, ...]
    obstacle: str = ""
    remedy: str = ""


def _compiled(machine: Machine, wheels: tuple[Wheel, ...], *cmake_args: str) -> _Ways:
    """The wheels, then compiling with these arguments, if there is a compiler."""
    if machine.compiler:
        return _Ways((*wheels, Source(cmake_args)))
    remedy = (
        "run xcode-select --install"
        if machine.system == "darwin"
        else "install a C++ compiler (g++ and make)"
    )
    return _Ways(wheels, "there is no C++ compiler to compile it with", remedy)


def _wheels(machine: Machine, *tags: str) -> tuple[Wheel, ...]:
    """The indexes for GPUs hold wheels for 64-bit Intel and AMD processors only."""
    return tuple(map(Wheel, tags)) if machine.architecture == "x86_64" else ()


def _cuda(machine: Machine) -> _Ways:
    if machine.system == "darwin":
        return _Ways((), "macOS has no CUDA")
    driver = machine.cuda_driver
    if driver is None:
        library = "nvcuda.dll" if machine.system == "win32" else "libcuda.so.1"
        obstacle = f"the NVIDIA driver is missing ({library}), and a CUDA build does not load without it"
        return _Ways((), obstacle, "install the NVIDIA driver")
    wheels = _wheels(machine, *_cuda_tags(machine, driver))
    if machine.nvcc is None:
        return _Ways(wheels, "there is no nvcc to compile it with", "install the CUDA toolkit")
    if machine.nvcc[0] > driver[0]:
        obstacle = (
            f"nvcc {_spelled(machine.nvcc)} is newer than the driver, which supports {_spelled(driver)}"
        )
        return _Ways(wheels, obstacle, "update the NVIDIA driver")
    return _compiled(machine, wheels, "-DGGML_CUDA=on")


def _cuda_tags(machine: Machine, driver: Version) -> list[str]:
    """Newest first, none newer than the driver; CUDA 13 only for cards that its wheels are known to serve."""
    capability = machine.compute_capability
    serves_13 = capability is not None and capability >= CUDA_13_CAPABILITY
    newest = driver if serves_13 else min(driver, (12, 99))
    return [tag for version, tag in CUDA_TAGS if version <= newest]


def _vulkan(machine: Machine) -> _Ways:
    if machine.system == "darwin":
        return _Ways((), "on macOS the engine for the GPU is Metal")
    if not machine.vulkan_loader:
        obstacle = "the Vulkan loader is missing, and a Vulkan build does not load without it"
        return _Ways((), obstacle, _vulkan_remedy(machine, "libvulkan1 mesa-vulkan-drivers"))
    wheels = _wheels(machine, "vulkan")
    parts = {
        "glslc (the shader compiler)": machine.glslc,
        "the headers of Vulkan and SPIR-V": machine.vulkan_sdk,
    }
    lacking = [name for name, there in parts.items() if not there]
    if lacking:
        obstacle = f"compiling it needs {' and '.join(lacking)}"
        return _Ways(wheels, obstacle, _vulkan_remedy(machine, "libvulkan-dev glslc spirv-headers"))
    return _compiled(machine, wheels, "-DGGML_VULKAN=on")


def _vulkan_remedy(machine: Machine, debian: str) -> str:
    if machine.system == "win32":
        return "install the graphics driver and the Vulkan SDK"
    return f"install the graphics driver and these packages (Debian's names): {debian}"


def _metal(machine: Machine) -> _Ways:
    if machine.system != "darwin":
        return _Ways((), "Metal exists on macOS only")
    if machine.rosetta:
        obstacle = "this Python is an Intel build and runs under Rosetta, where Metal is out of reach"
        return _Ways((), obstacle, "install a Python for Apple silicon (arm64)")
    if machine.architecture != "arm64":
        return _Ways((), "it is meant for Apple silicon")
    return _compiled(machine, (Wheel("metal"),), "-DGGML_METAL=on")


def _rocm(machine: Machine) -> _Ways:
    if machine.system == "darwin":
        return _Ways((), "macOS has no ROCm")
    if machine.system == "win32":
        wheels = _wheels(machine, "hip-radeon")
        return _Ways(wheels, "on Windows only the prebuilt one is tried", "use the Vulkan engine")
    if machine.rocm is None:
        return _Ways((), "ROCm is not installed", "install ROCm, or use the Vulkan engine")
    wheels = _wheels(machine, "rocm72") if machine.rocm >= ROCM_72_NEEDS else ()
    if not machine.hipcc:
        return _Ways(wheels, "there is no hipcc to compile it with", "install ROCm's HIP SDK")
    return _compiled(machine, wheels, "-DGGML_HIP=on")


def _cpu(machine: Machine) -> _Ways:
    if machine.system == "darwin":  # the stock wheels for macOS contain Metal
        return _compiled(machine, (), "-DGGML_METAL=off")
    return _compiled(machine, (Wheel("cpu"),))


def _spelled(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


_WAYS = {"cuda": _cuda, "vulkan": _vulkan, "metal": _metal, "rocm": _rocm, "cpu": _cpu}
