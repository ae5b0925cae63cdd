"""Contrast by WCAG, and colours that are moved until they can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import colors
from ui.colors import Rgb

COLORS = st.tuples(*[st.integers(0, 255)] * 3)


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert colors.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert colors.contrast((255, 255, 255), (255, 255, 255)) == pytest.approx(1.0)


def test_text_on_orange_is_dark_though_orange_counts_as_half_light_in_hsl() -> None:
    assert colors.text_on(colors.ORANGE) == colors.BLACK
    assert colors.text_on(colors.BLUE) == colors.WHITE


@pytest.mark.parametrize(
    "color",
    [
        colors.ORANGE,
        colors.SKY_BLUE,
        colors.GREEN,
        colors.YELLOW,
        colors.BLUE,
        colors.VERMILION,
        colors.PURPLE,
        colors.GREY,
    ],
)
def test_every_colour_of_the_set_can_carry_text(color: Rgb) -> None:
    assert colors.contrast(colors.text_on(color), color) >= colors.TEXT_CONTRAST


@given(COLORS, COLORS)
def test_a_colour_is_moved_until_it_can_be_read(color: Rgb, background: Rgb) -> None:
    moved = colors.readable(color, background)
    best = colors.contrast(colors.text_on(background), background)
    assert colors.contrast(moved, background) >= min(colors.TEXT_CONTRAST, best)


def test_a_readable_colour_stays_as_it_is() -> None:
    assert colors.readable(colors.BLUE, colors.WHITE) == colors.BLUE


def test_mixing_goes_from_one_to_the_other() -> None:
    assert colors.mix((0, 0, 0), (200, 100, 50), 0) == (0, 0, 0)
    assert colors.mix((0, 0, 0), (200, 100, 50), 0.5) == (100, 50, 25)
    assert colors.mix((0, 0, 0), (200, 100, 50), 1) == (200, 100, 50)
