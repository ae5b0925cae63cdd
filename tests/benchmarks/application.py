"""The one application of all benchmarks that show a window: Qt allows no second one in a process."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


@cache
def application() -> QApplication:
    """Offscreen, unless QT_QPA_PLATFORM names another platform; light."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from ui.app import make_application
    from ui.theme import Theme, apply_theme

    app = make_application(["context-advisor"])
    apply_theme(app, Theme.LIGHT)
    return app
