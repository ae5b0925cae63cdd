"""Colours as plain numbers: the categorical set, mixing, and what can be read on what.

The set is Okabe and Ito's, which stays distinguishable under the common colour-vision deficiencies.
Contrast follows WCAG 2; HSL lightness would put white on orange.
"""

from __future__ import annotations

from functools import lru_cache

Rgb = tuple[int, int, int]

ORANGE: Rgb = (230, 159, 0)
SKY_BLUE: Rgb = (86, 180, 233)
GREEN: Rgb = (0, 158, 115)
YELLOW: Rgb = (240, 228, 66)
BLUE: Rgb = (0, 114, 178)
VERMILION: Rgb = (213, 94, 0)
PURPLE: Rgb = (204, 121, 167)
GREY: Rgb = (140, 140, 140)

WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (16, 18, 22)

TEXT_CONTRAST = 4.5  # WCAG AA for text
SHAPE_CONTRAST = 3.0  # WCAG AA for lines, dots and other shapes that mean something


def luminance(color: Rgb) -> float:
    """Relative luminance, 0 for black to 1 for white (WCAG 2)."""
    red, green, blue = (_linear(channel / 255) for channel in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio, from 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`one` with `share` (0 to 1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@lru_cache(maxsize=512)
def text_on(background: Rgb) -> Rgb:
    """Black or white, whichever can be read better there."""
    return max((BLACK, WHITE), key=lambda color: contrast(color, background))


@lru_cache(maxsize=512)  # asked for with every painting, of a few colours
def readable(color: Rgb, background: Rgb, ratio: float = TEXT_CONTRAST) -> Rgb:
    """`color`, moved towards black or white until it has that contrast on `background`."""
    towards = text_on(background)
    for percent in range(0, 100, 5):
        candidate = mix(color, towards, percent / 100)
        if contrast(candidate, background) >= ratio:
            return candidate
    return towards


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
