"""Fields of the settings panel: numbers with their unit, and none that changes under a wheel in passing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSlider, QAbstractSpinBox, QComboBox, QSlider, QSpinBox, QWidget


class NumberField(QSpinBox):
    """A whole number, told when it is complete. Only for counts: bytes would not fit into Qt's numbers."""

    # Known to the class: Qt asks for texts before the field is complete.
    _words: Mapping[int, str] = MappingProxyType({})

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setGroupSeparatorShown(True)
        self.setKeyboardTracking(False)
        self.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)
        keep_from_wheel(self)

    def name_values(self, words: Mapping[int, str]) -> None:
        """Values that are shown as words: "all (33)"."""
        self._words = words

    def textFromValue(self, value: int) -> str:
        return self._words.get(value) or super().textFromValue(value)

    def valueFromText(self, text: str) -> int:
        bare = text.removeprefix(self.prefix()).removesuffix(self.suffix())
        for value, words in self._words.items():
            if bare == words:
                return value
        return super().valueFromText(text)


class StepSlider(QSlider):
    """A slider over steps of tokens: the keys move it one step, Page keys a sixteenth of the way."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        keep_from_wheel(self)


def choice_box(name: str) -> QComboBox:
    """A named box of choices."""
    made = QComboBox()
    made.setAccessibleName(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    keep_from_wheel(made)
    return made


def fill(box: QComboBox, entries: Iterable[tuple[str, object]], current: object) -> None:
    """Offer `entries` (words, value) with `current` chosen, anew only where they changed."""
    wanted = list(entries)
    if [(box.itemText(i), box.itemData(i)) for i in range(box.count())] != wanted:
        box.clear()
        for words, value in wanted:
            box.addItem(words, value)
    box.setCurrentIndex(next((i for i, (_, value) in enumerate(wanted) if value == current), -1))


def keep_from_wheel(widget: QAbstractSlider | QAbstractSpinBox | QComboBox) -> None:
    """The wheel scrolls the page, and turns a field only where someone stands on it."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelFilter(widget))


class _WheelFilter(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)
