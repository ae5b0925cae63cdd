"""PCI addresses: one spelling for all."""

from __future__ import annotations

import pytest

from advisor.hardware.pci import normal_pci_id


@pytest.mark.parametrize(
    "text", [None, "", "01:00.0", "0000:01:00", "0000:01:00.8", "zzzz:01:00.0", "0000:01:00.0; rm"]
)
def test_no_address(text: str | None) -> None:
    assert normal_pci_id(text) is None


@pytest.mark.parametrize("text", ["00000000:C1:00.0", "0000:c1:00.0", " 0000:C1:00.0\n"])
def test_one_spelling_for_all(text: str) -> None:
    assert normal_pci_id(text) == "0000:c1:00.0"


def test_a_domain_beyond_the_usual() -> None:
    assert normal_pci_id("00010000:01:00.0") == "10000:01:00.0"
