"""What may stand after an option."""

from __future__ import annotations

import argparse

import pytest

from advisor.cli.options.values import memory_size, positive, typed
from advisor.errors import UsageError
from advisor.units import GiB, MiB


@pytest.mark.parametrize(
    ("text", "n_bytes"), [("8GiB", 8 * GiB), ("0", 0), (str(GiB), GiB), (str(MiB), MiB), ("1b", 1)]
)
def test_sizes_of_a_memory(text: str, n_bytes: int) -> None:
    assert memory_size(text) == n_bytes


@pytest.mark.parametrize("text", ["8", " 24 ", "1048575"])
def test_a_size_without_its_unit_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="has no unit"):
        memory_size(text)
    with pytest.raises(argparse.ArgumentTypeError, match="GiB"):
        typed(memory_size)(text)


@pytest.mark.parametrize("text", ["", "0", "-3", "-0.0", "nan", "inf", "-inf", "1e999", "3 s", "3,5", "0x3"])
def test_what_is_no_number_above_zero(text: str) -> None:
    with pytest.raises(UsageError, match="is not a number above 0"):
        positive(text)


@pytest.mark.parametrize(("text", "number"), [("30", 30), (" 2.5 ", 2.5), ("1e3", 1000), (".5", 0.5)])
def test_numbers_above_zero(text: str, number: float) -> None:
    assert positive(text) == number
