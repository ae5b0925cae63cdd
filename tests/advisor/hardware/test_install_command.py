"""Which build of llama-cpp-python runs on a GPU."""

from __future__ import annotations

import pytest

from advisor.hardware.install_command import index_tag, install_command


@pytest.mark.parametrize(
    ("cuda", "capability", "platform", "tag"),
    [
        (None, None, "linux", "vulkan"),
        ((11, 4), None, "linux", "vulkan"),  # older than any CUDA build
        ((11, 8), None, "linux", "cu118"),
        ((12, 0), (8, 9), "linux", "cu118"),
        ((12, 2), (8, 9), "linux", "cu122"),
        ((12, 4), (8, 9), "linux", "cu124"),
        ((12, 8), (12, 0), "linux", "cu125"),
        ((13, 0), (8, 9), "linux", "cu130"),
        ((13, 1), (8, 9), "linux", "cu130"),
        ((14, 0), (8, 9), "linux", "cu132"),
        ((13, 0), (6, 1), "linux", "cu125"),  # CUDA 13 dropped Pascal
        ((13, 2), (7, 0), "linux", "cu125"),  # and Volta
        ((13, 2), (7, 5), "linux", "cu132"),  # not Turing
        ((12, 3), (8, 9), "win32", "cu118"),  # no builds of 12.1 to 12.3 for Windows
        ((12, 4), (8, 9), "win32", "cu124"),
    ],
)
def test_nvidia(
    cuda: tuple[int, int] | None, capability: tuple[int, int] | None, platform: str, tag: str
) -> None:
    assert index_tag("nvidia", cuda, capability, platform) == tag


@pytest.mark.parametrize(
    ("vendor", "tag"), [("amd", "vulkan"), ("intel", "vulkan"), ("apple", "metal"), ("", "cpu")]
)
def test_other_makers(vendor: str, tag: str) -> None:
    assert index_tag(vendor, (12, 4)) == tag


def test_replacing_a_build() -> None:
    assert install_command("nvidia", (12, 4), (8, 9), platform="linux") == (
        "python -m pip install --force-reinstall --no-deps --no-cache-dir --only-binary=llama-cpp-python "
        "llama-cpp-python --extra-index-url https://abetlen.github.io/llama-cpp-python/whl/cu124"
    )


def test_a_first_build_brings_what_it_needs() -> None:
    assert install_command("", replace_existing=False, python="python3") == (
        "python3 -m pip install --no-cache-dir --only-binary=llama-cpp-python llama-cpp-python "
        "--extra-index-url https://abetlen.github.io/llama-cpp-python/whl/cpu"
    )
