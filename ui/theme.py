"""Light, dark or as the system: one palette each, from which every painted colour is derived.

A desktop without a theme (and the offscreen platform) neither reports a colour scheme nor obeys a
wanted one, so the palette is set here. Whoever asked the system for high contrast keeps the system's.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from ui import colors
from ui.colors import Rgb


class Theme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Tone(StrEnum):
    """What a colour says. Never the only sign: a word stands beside it."""

    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"
    ACCENT = "accent"
    QUIET = "quiet"


_SCHEMES = {
    Theme.SYSTEM: Qt.ColorScheme.Unknown,
    Theme.LIGHT: Qt.ColorScheme.Light,
    Theme.DARK: Qt.ColorScheme.Dark,
}

_TONES = {
    Tone.GOOD: (22, 128, 72),
    Tone.CAUTION: (176, 112, 0),
    Tone.BAD: (196, 43, 28),
    Tone.ACCENT: (31, 111, 235),
    Tone.QUIET: (128, 134, 145),
}

_Role = QPalette.ColorRole

_LIGHT = {
    _Role.Window: "#f4f5f7",
    _Role.WindowText: "#1b1e24",
    _Role.Base: "#ffffff",
    _Role.AlternateBase: "#eaf1fd",
    _Role.Text: "#1b1e24",
    _Role.PlaceholderText: "#5c6573",
    _Role.Button: "#f3f4f6",
    _Role.ButtonText: "#1b1e24",
    _Role.BrightText: "#ffffff",
    _Role.Mid: "#d9dce2",
    _Role.Highlight: "#1f6feb",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#1f6feb",
    _Role.Link: "#1a5fd0",
    _Role.LinkVisited: "#1a5fd0",
    _Role.ToolTipBase: "#ffffff",
    _Role.ToolTipText: "#1b1e24",
}
_DARK = {
    _Role.Window: "#1e1f22",
    _Role.WindowText: "#e6e7ea",
    _Role.Base: "#2b2d31",
    _Role.AlternateBase: "#2c3b57",
    _Role.Text: "#e6e7ea",
    _Role.PlaceholderText: "#a5a9b2",
    _Role.Button: "#35373c",
    _Role.ButtonText: "#e6e7ea",
    _Role.BrightText: "#ffffff",
    _Role.Mid: "#3f4248",
    _Role.Highlight: "#3574d6",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#4f9cff",
    _Role.Link: "#7ab3ff",
    _Role.LinkVisited: "#7ab3ff",
    _Role.ToolTipBase: "#35373c",
    _Role.ToolTipText: "#e6e7ea",
}


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the whole application that theme. `SYSTEM` follows the system wherever it says what it is."""
    hints = app.styleHints()
    hints.setColorScheme(_SCHEMES[theme])
    if sys.platform == "darwin" and (
        theme is Theme.SYSTEM or hints.colorScheme() is _SCHEMES[theme]
    ):  # the native style brings its own colours, and obeys
        app.setPalette(QPalette())
        return
    if _high_contrast(app):
        app.setPalette(QPalette())
        return
    app.setPalette(palette(dark=_wants_dark(app, theme)))


def palette(*, dark: bool) -> QPalette:
    """The application's own palette."""
    made = QPalette()
    for role, name in (_DARK if dark else _LIGHT).items():
        made.setColor(role, QColor(name))
    group = QPalette.ColorGroup.Disabled
    quiet = QColor("#6f737b" if dark else "#9aa0aa")
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText):
        made.setColor(group, role, quiet)
    return made


def is_dark(of: QPalette) -> bool:
    """By the palette itself: the platform's colour scheme may be unknown."""
    return colors.luminance(rgb(of.color(_Role.Base))) < 0.2


def tone_color(tone: Tone, of: QPalette, ratio: float = colors.TEXT_CONTRAST) -> QColor:
    """The tone, readable on the palette's base."""
    return QColor(_tone(tone, ratio, of.color(_Role.Base).rgb()))


def border_color(of: QPalette) -> QColor:
    """The hairline around cards and between rows."""
    return QColor(_border(of.color(_Role.Base).rgb(), of.color(_Role.Text).rgb()))


def tinted(tone: Tone, of: QPalette, share: float = 0.12) -> QColor:
    """The base with a breath of the tone."""
    return QColor(_tint(tone, share, of.color(_Role.Base).rgb()))


# Asked for with every painting, hundreds of times, for a few colours: Qt's own numbers are compared fastest.


@lru_cache(maxsize=64)
def _tone(tone: Tone, ratio: float, base: int) -> QColor:
    return qcolor(colors.readable(_TONES[tone], rgb(QColor(base)), ratio))


@lru_cache(maxsize=64)
def _border(base: int, text: int) -> QColor:
    return qcolor(colors.mix(rgb(QColor(base)), rgb(QColor(text)), 0.14))


@lru_cache(maxsize=64)
def _tint(tone: Tone, share: float, base: int) -> QColor:
    return qcolor(colors.mix(rgb(QColor(base)), _TONES[tone], share))


def rgb(color: QColor) -> Rgb:
    return color.red(), color.green(), color.blue()


def qcolor(color: Rgb) -> QColor:
    return QColor(*color)


def _wants_dark(app: QApplication, theme: Theme) -> bool:
    if theme is not Theme.SYSTEM:
        return theme is Theme.DARK
    scheme = app.styleHints().colorScheme()
    if scheme is not Qt.ColorScheme.Unknown:
        return scheme is Qt.ColorScheme.Dark
    return is_dark(app.style().standardPalette())


def _high_contrast(app: QApplication) -> bool:
    hints = app.styleHints()
    if not hasattr(hints, "accessibility"):  # from Qt 6.10 on
        return False
    return hints.accessibility().contrastPreference() is Qt.ContrastPreference.HighContrast
