"""Graphics cards on the bus, and their names from the tables of other packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.hardware.detectors.graphics_cards import Card, card_name, cards, has_nvidia_card
from tests.support.fake_trees import card, pci_device, write_files

PCI_IDS = """\
#
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]
\t\t1002 0e3b  RX 7900 GRE [XFX]
\t9999  A chip without a bracket
8086  Intel Corporation
\te20b  Battlemage G21 [Arc B580]
\t744c  Another maker's device of this number [Wrong]
C 03  Display controller
"""


def test_no_graphics_at_all(tmp_path: Path) -> None:
    assert list(cards(tmp_path)) == []
    assert not has_nvidia_card(tmp_path)


def test_cards_by_number_without_their_connectors(tmp_path: Path) -> None:
    card(tmp_path, 10, vendor="0x8086", driver="xe", pci_id="0000:03:00.0", display="connected")
    card(tmp_path, 2, vendor="0x1002", driver="amdgpu", pci_id="0000:0A:00.0", display="disconnected")
    first, second = cards(tmp_path)
    assert (first.vendor, first.driver, first.pci_id, first.has_display) == (
        "amd",
        "amdgpu",
        "0000:0a:00.0",
        False,
    )
    assert (second.vendor, second.has_display) == ("intel", True)
    assert (second.device_id, second.revision) == (0x744C, 0xC8)


def test_a_card_without_any_file(tmp_path: Path) -> None:
    (tmp_path / "sys/class/drm/card0/device").mkdir(parents=True)
    (found,) = cards(tmp_path)
    assert (found.vendor, found.pci_id, found.device_id) == ("", None, 0)


def test_a_card_on_the_bus_without_a_driver(tmp_path: Path) -> None:
    pci_device(tmp_path, "0000:01:00.1", "0x10de", "0x040300")  # its sound
    assert not has_nvidia_card(tmp_path)
    pci_device(tmp_path, "0000:01:00.0", "0x10de", "0x030000")
    assert has_nvidia_card(tmp_path)


def a_card(root: Path, vendor: str, device: str, revision: str = "0x00", product: str = "") -> Card:
    files = {"product_name": product} if product else {}
    card(
        root,
        0,
        vendor=vendor,
        driver="x",
        pci_id="0000:01:00.0",
        device=device,
        revision=revision,
        files=files,
    )
    return next(iter(cards(root)))


def test_a_name_from_the_driver_goes_first(tmp_path: Path) -> None:
    found = a_card(tmp_path, "0x1002", "0x744c", product="Radeon Pro W7900")
    assert card_name(tmp_path, found) == "Radeon Pro W7900"


def test_amds_own_table_tells_variants_apart(tmp_path: Path) -> None:
    table = "# comment\n1.0.0\n744C,\tC8,\tAMD Radeon RX 7900 XTX\n744C,\tCC,\tAMD Radeon RX 7900 XT"
    write_files(tmp_path, {"usr/share/libdrm/amdgpu.ids": table, "usr/share/hwdata/pci.ids": PCI_IDS})
    assert card_name(tmp_path, a_card(tmp_path, "0x1002", "0x744c", "0xcc")) == "AMD Radeon RX 7900 XT"
    # A revision that it does not know is left to the general table.
    name = card_name(tmp_path, a_card(tmp_path, "0x1002", "0x744c", "0x01"))
    assert name == "Radeon RX 7900 XT/7900 XTX"


@pytest.mark.parametrize("place", ["usr/share/hwdata/pci.ids", "usr/share/misc/pci.ids"])
def test_the_general_table(tmp_path: Path, place: str) -> None:
    write_files(tmp_path, {place: PCI_IDS})
    assert card_name(tmp_path, a_card(tmp_path, "0x8086", "0xe20b")) == "Arc B580"
    assert card_name(tmp_path, a_card(tmp_path, "0x1002", "0x9999")) == "A chip without a bracket"
    assert card_name(tmp_path, a_card(tmp_path, "0x1002", "0xe20b")) is None
    assert card_name(tmp_path, a_card(tmp_path, "0x1234", "0x744c")) is None


def test_no_table_is_no_name(tmp_path: Path) -> None:
    assert card_name(tmp_path, a_card(tmp_path, "0x1002", "0x744c")) is None
