"""The kernel's small files, which may be missing or hold anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.hardware.detectors.kernel_files import is_there, read_int, read_text, whole_number
from tests.support.fake_trees import write_files
from tests.support.shut_folders import shut


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("", None), ("max", None), ("9" * 400, None), ("9" * 5000, None), ("0x1" + "0" * 16, None)),
        *(("0x10de", 0x10DE), ("12", 12), ("-1", -1), ("0xffffffffffffffff", 2**64 - 1)),
    ],
)
def test_numbers_of_the_kernel(tmp_path: Path, text: str, number: int | None) -> None:
    write_files(tmp_path, {"file": text})
    assert read_int(tmp_path / "file") == number


def test_an_unreadable_file_is_none(tmp_path: Path) -> None:
    assert read_int(tmp_path / "missing") is None
    assert read_int(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(
            (None, None),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("0x10", None),
            (" 7", None),
            ("1_000", None),
        ),
        *(("\N{SUPERSCRIPT TWO}", None), ("9" * 21, None), ("0", 0), ("17179869184", 1 << 34)),
    ],
)
def test_a_number_in_a_line_is_digits_and_not_without_end(text: str | None, number: int | None) -> None:
    assert whole_number(text) == number


def test_what_is_there(tmp_path: Path) -> None:
    write_files(tmp_path, {"folder/file": ""})
    (tmp_path / "dead").symlink_to("nothing")
    assert is_there(tmp_path / "folder")
    assert is_there(tmp_path / "folder/file")
    assert not is_there(tmp_path / "dead")
    assert not is_there(tmp_path / "no\0name")
    assert read_text(tmp_path / "no\0name") is None
    with shut(tmp_path / "folder"):
        assert not is_there(tmp_path / "folder/file")
