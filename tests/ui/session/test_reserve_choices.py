"""The choices of what is kept free, in words."""

from __future__ import annotations

import pytest

from advisor.units import GiB
from ui.session.reserve_choices import AUTOMATIC, RESERVES, choice_words, cost_words


def test_the_automatic_choice_comes_first_and_the_rule_of_thumb_is_among_them() -> None:
    assert next(iter(RESERVES)) == AUTOMATIC
    assert RESERVES[AUTOMATIC].is_auto
    assert {"20%", "25%", "30%"} <= set(RESERVES)
    assert {reserve.n_bytes for reserve in RESERVES.values()} >= {GiB // 2, GiB, 2 * GiB, 4 * GiB}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("auto", "Automatic, by what each memory is for"),
        ("512MiB", "0.5 GiB of each memory"),
        ("4GiB", "4 GiB of each memory"),
        ("25%", "25 % of each memory"),
    ],
)
def test_every_choice_has_words(name: str, words: str) -> None:
    assert choice_words(name) == words


@pytest.mark.parametrize(
    ("usual", "here", "words"),
    [
        (32768, 32768, "costs nothing"),
        (32768, 24576, "costs 8,192 tokens"),
        (24576, 32768, "+8,192 tokens"),
        (32768, 0, "does not fit"),
        (0, 4096, "+4,096 tokens"),
    ],
)
def test_a_cost_is_told_against_the_automatic_choice(usual: int, here: int, words: str) -> None:
    assert cost_words({AUTOMATIC: usual, "25%": here}, "25%") == words


def test_the_automatic_choice_itself_costs_nothing_worth_saying() -> None:
    assert cost_words({AUTOMATIC: 32768}, AUTOMATIC) == ""
    assert cost_words({AUTOMATIC: 0}, AUTOMATIC) == "does not fit"
