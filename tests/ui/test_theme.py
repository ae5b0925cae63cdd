"""Both palettes can be read, and the theme follows what is asked even where the platform does not."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from ui import colors
from ui.charts.memory_colors import part_color
from ui.charts.memory_layout import Part
from ui.theme import Theme, Tone, apply_theme, border_color, is_dark, palette, rgb, tinted, tone_color

Role = QPalette.ColorRole

PAIRS = [
    (Role.WindowText, Role.Window),
    (Role.Text, Role.Base),
    (Role.Text, Role.AlternateBase),
    (Role.PlaceholderText, Role.Base),
    (Role.PlaceholderText, Role.Window),
    (Role.ButtonText, Role.Button),
    (Role.HighlightedText, Role.Highlight),
    (Role.ToolTipText, Role.ToolTipBase),
    (Role.Link, Role.Base),
]


def test_light_and_dark_are_what_they_are_called(qapp: QApplication) -> None:
    apply_theme(qapp, Theme.DARK)
    assert is_dark(qapp.palette())
    apply_theme(qapp, Theme.LIGHT)
    assert not is_dark(qapp.palette())


def test_the_system_theme_is_one_of_them(qapp: QApplication) -> None:
    apply_theme(qapp, Theme.SYSTEM)
    assert qapp.palette().color(Role.Window).isValid()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(dark: bool, text: Role, ground: Role) -> None:
    made = palette(dark=dark)
    assert colors.contrast(rgb(made.color(text)), rgb(made.color(ground))) >= colors.TEXT_CONTRAST


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("tone", list(Tone))
def test_tones_can_be_read_also_on_their_own_tint(dark: bool, tone: Tone) -> None:
    made = palette(dark=dark)
    color = rgb(tone_color(tone, made))
    assert colors.contrast(color, rgb(made.color(Role.Base))) >= colors.TEXT_CONTRAST
    text = rgb(made.color(Role.PlaceholderText))
    assert colors.contrast(text, rgb(tinted(tone, made, 0.08))) >= colors.TEXT_CONTRAST


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("part", list(Part))
def test_the_text_on_every_part_of_the_bar_can_be_read(dark: bool, part: Part) -> None:
    color = part_color(part, palette(dark=dark))
    assert colors.contrast(colors.text_on(color), color) >= colors.TEXT_CONTRAST


@pytest.mark.parametrize("dark", [False, True])
def test_hairlines_are_seen_but_quiet(dark: bool) -> None:
    made = palette(dark=dark)
    ratio = colors.contrast(rgb(border_color(made)), rgb(made.color(Role.Base)))
    assert 1.1 < ratio < 2
