"""What the name of a GPU tells."""

from __future__ import annotations

import pytest

from advisor.hardware.gpu_names import name_words, vendor_of_name


@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        ("NVIDIA GeForce RTX 4070", "nvidia"),
        ("GTX1080", "nvidia"),
        ("AMD Radeon RX 7900 XTX (RADV NAVI31)", "amd"),
        ("Intel(R) Arc(TM) A770 Graphics", "intel"),
        ("Apple M3 Max", "apple"),
        ("llvmpipe (LLVM 15.0.6, 256 bits)", ""),
        ("", ""),
    ],
)
def test_the_maker_by_name(name: str, vendor: str) -> None:
    assert vendor_of_name(name) == vendor


def test_words_of_a_name() -> None:
    assert name_words("NVIDIA GeForce RTX 4070 Ti-SUPER") == {
        "nvidia",
        "geforce",
        "rtx",
        "4070",
        "ti",
        "super",
    }
