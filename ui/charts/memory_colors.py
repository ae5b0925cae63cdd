"""Which colour and pattern each part of the memory bar has, in light and dark."""

from __future__ import annotations

from PySide6.QtGui import QPalette

from ui import colors
from ui.charts.memory_layout import Part
from ui.colors import Rgb
from ui.theme import is_dark, rgb

_LOAD: dict[Part, Rgb] = {
    Part.WEIGHTS: colors.BLUE,
    Part.COMPANIONS: colors.SKY_BLUE,
    Part.KV_PROMPT: colors.ORANGE,
    Part.KV_GROW: colors.mix(colors.ORANGE, colors.WHITE, 0.42),  # paler than what is spoken for
    Part.KV_CACHE: colors.ORANGE,
    Part.RECURRENT_STATE: colors.YELLOW,
    Part.COMPUTE: colors.GREEN,
    Part.OUTPUT: colors.PURPLE,
    Part.OVERHEAD: colors.GREY,
}

# Seen with the eyes of someone who tells no colours apart: what is no load is hatched or plain.
HATCHED = frozenset({Part.RESERVE})


def part_color(part: Part, palette: QPalette) -> Rgb:
    base = rgb(palette.color(QPalette.ColorRole.Base))
    text = rgb(palette.color(QPalette.ColorRole.Text))
    if part is Part.OTHERS:
        return colors.mix(base, text, 0.26)
    if part is Part.RESERVE:
        return colors.mix(base, text, 0.12)
    if part in {Part.FREE, Part.USABLE}:
        return (47, 112, 82) if is_dark(palette) else (127, 210, 172)
    return _LOAD[part]


def hatch_color(palette: QPalette) -> Rgb:
    base = rgb(palette.color(QPalette.ColorRole.Base))
    text = rgb(palette.color(QPalette.ColorRole.Text))
    return colors.mix(base, text, 0.34)
