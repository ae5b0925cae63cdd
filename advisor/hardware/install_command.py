"""The command that installs llama-cpp-python for a GPU."""

from __future__ import annotations

import sys

_INDEX = "https://abetlen.github.io/llama-cpp-python/whl"

# The CUDA versions that the project's index has builds for (its README), newest first.
_CUDA_BUILDS = ((13, 2), (13, 0), (12, 5), (12, 4), (12, 3), (12, 2), (12, 1), (11, 8))
# Its workflow makes none of these for Windows.
_NOT_FOR_WINDOWS = ((12, 3), (12, 2), (12, 1))
# CUDA 13 dropped the generations before Turing.
_OLDEST_FOR_CUDA_13 = (7, 5)


def index_tag(
    vendor: str,
    cuda_version: tuple[int, int] | None = None,
    compute_capability: tuple[int, int] | None = None,
    platform: str = sys.platform,
) -> str:
    """Which builds of the project's index run on a GPU: "cu124", "vulkan", "metal"; "cpu" without one.

    For NVIDIA the newest that the driver (its CUDA version) and the card's generation allow, else Vulkan.
    """
    if vendor == "nvidia" and cuda_version:
        for version in _CUDA_BUILDS:
            if version > cuda_version or (platform == "win32" and version in _NOT_FOR_WINDOWS):
                continue
            if version >= (13, 0) and compute_capability and compute_capability < _OLDEST_FOR_CUDA_13:
                continue
            return f"cu{version[0]}{version[1]}"
    if vendor in ("nvidia", "amd", "intel"):
        return "vulkan"
    return "metal" if vendor == "apple" else "cpu"


def install_command(
    vendor: str,
    cuda_version: tuple[int, int] | None = None,
    compute_capability: tuple[int, int] | None = None,
    *,
    replace_existing: bool = True,
    python: str = "python",
    platform: str = sys.platform,
) -> str:
    """The pip command for this GPU.

    `--only-binary` turns pip's silent fallback, a CPU-only build from source, into an error. To replace an
    existing build pip must be told to, even if the version is the same, and to leave its cache alone.
    """
    tag = index_tag(vendor, cuda_version, compute_capability, platform)
    again = "--force-reinstall --no-deps " if replace_existing else ""
    return (
        f"{python} -m pip install {again}--no-cache-dir --only-binary=llama-cpp-python llama-cpp-python "
        f"--extra-index-url {_INDEX}/{tag}"
    )
