"""The four panels below the memory: two columns, or one below the other where the page is narrow."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

# Row, column and rows of each. The two columns end together.
_WIDE = ((0, 0, 2), (0, 1, 1), (2, 0, 1), (1, 1, 2))
_NARROW = ((0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 1))


class Columns(QGridLayout):
    """Chart over alternatives, settings over levers; what is left of the height is the chart's."""

    def __init__(
        self, chart: QWidget, settings: QWidget, alternatives: QWidget, levers: QWidget, spacing: int
    ) -> None:
        super().__init__()
        self._panels = (chart, settings, alternatives, levers)
        self._is_narrow: bool | None = None
        self.setSpacing(spacing)
        self.stack(narrow=False)

    def stack(self, *, narrow: bool) -> None:
        if narrow is self._is_narrow:
            return
        self._is_narrow = narrow
        while self.takeAt(0):
            pass
        for panel, (row, column, rows) in zip(self._panels, _NARROW if narrow else _WIDE, strict=True):
            self.addWidget(panel, row, column, rows, 1)
        self.setColumnStretch(0, 2)
        self.setColumnStretch(1, 0 if narrow else 1)
        self.setRowStretch(1, 0 if narrow else 1)
        self.setHorizontalSpacing(0 if narrow else self.verticalSpacing())  # of a column that is not there
