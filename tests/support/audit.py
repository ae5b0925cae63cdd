"""What the keyboard reaches in a window, and what a screen reader is told of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractItemView, QAbstractSpinBox, QComboBox, QWidget


def said_of(widget: QWidget) -> str:
    """The name that a screen reader is given."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface else ""


def focusable(root: QWidget) -> list[QWidget]:
    """What Tab can reach, without the insides of Qt's own boxes and views."""
    found = []
    for widget in root.findChildren(QWidget):
        inside_of_qt = any(
            isinstance(p, (QComboBox, QAbstractItemView, QAbstractSpinBox)) for p in _parents(widget)
        )
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not inside_of_qt:
            found.append(widget)
    return found


def nameless(root: QWidget) -> list[QWidget]:
    """What is reached and has no name. Must be empty."""
    return [widget for widget in focusable(root) if not said_of(widget).strip()]


def _parents(widget: QWidget) -> list[QWidget]:
    parents, parent = [], widget.parentWidget()
    while parent:
        parents.append(parent)
        parent = parent.parentWidget()
    return parents
