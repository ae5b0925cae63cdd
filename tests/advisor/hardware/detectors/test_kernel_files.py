"""The kernel's small files, which may be missing or hold anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.hardware.detectors.kernel_files import read_int
from tests.support.fake_trees import write_files


@pytest.mark.parametrize(("text", "number"), [("0x10de", 0x10DE), ("12", 12), ("", None), ("max", None)])
def test_numbers_of_the_kernel(tmp_path: Path, text: str, number: int | None) -> None:
    write_files(tmp_path, {"file": text})
    assert read_int(tmp_path / "file") == number


def test_an_unreadable_file_is_none(tmp_path: Path) -> None:
    assert read_int(tmp_path / "missing") is None
    assert read_int(tmp_path) is None
