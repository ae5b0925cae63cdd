"""One memory of this computer: what it is, its bar, its figures, who holds it, and what to know of it."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.hardware.device import Device, Holder, Kind
from advisor.hardware.doctor.findings import Finding
from advisor.hardware.doctor.report import notes_beside
from advisor.units import format_bytes
from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ui.charts.memory_bar import MemoryBar
from ui.computer.device_figures import Figure, as_empty_line, figures, use_words
from ui.widgets.card import Card
from ui.widgets.command_field import CommandField
from ui.widgets.labels import SMALL, label, muted_label
from ui.widgets.notes_panel import bullet

_TILE_EMS = 12  # as wide as a figure's name and origin want to be
_MOST_COLUMNS = 4


class DeviceCard(Card):
    """A GPU or the RAM."""

    def __init__(
        self,
        device: Device,
        found: Sequence[Finding],
        *,
        reserve_is_automatic: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(device.name)
        em = self.fontMetrics().height()
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addWidget(label(device.name, bold=True, wraps=True))
        head.addWidget(muted_label(use_words(device), size=SMALL, wraps=True))
        self.body.addLayout(head)
        self.bar = MemoryBar(as_empty_line(device))
        self._detail = muted_label(size=SMALL, wraps=True)
        self._detail.hide()
        self.bar.pointed.connect(self._point)
        self.body.addWidget(self.bar)
        self.body.addWidget(self._detail)
        self.figures = FigureTiles(figures(device, reserve_is_automatic=reserve_is_automatic))
        self.body.addWidget(self.figures)
        holders = _holder_rows(device, self)
        if holders:
            self.body.addSpacing(round(em * 0.3))
            for row in holders:
                self.body.addWidget(row)
        for text in notes_beside(device, found):
            self.body.addLayout(bullet(text, is_quiet=True))

    def _point(self, sentence: str | None) -> None:
        """Say what is pointed at. The line stays once it is there: nothing below may jump under the mouse."""
        if sentence:
            self._detail.show()
        self._detail.setText(sentence or "")


class FigureTiles(QWidget):
    """Figures side by side, as many in a row as there is room for."""

    def __init__(self, shown: Sequence[Figure], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._tiles = [_Tile(figure) for figure in shown]
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(em)
        self._grid.setVerticalSpacing(round(em * 0.6))
        self._place(2)

    def minimumSizeHint(self) -> QSize:
        """Two in a row, however many there are now."""
        tile = max(tile.minimumSizeHint().width() for tile in self._tiles)
        return QSize(2 * tile + self._grid.horizontalSpacing(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fit = self.width() // (_TILE_EMS * self.fontMetrics().height())
        self._place(max(2, min(fit, _MOST_COLUMNS)))

    def _place(self, columns: int) -> None:
        """Also where there are fewer figures: those of one card stand below those of another."""
        if columns == self._columns:
            return
        for column in range(max(columns, self._columns)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        self._columns = columns
        while self._grid.takeAt(0):
            pass
        for i, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, i // columns, i % columns)


class _Tile(QWidget):
    """A figure under its name, and who says so."""

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        self.setAccessibleName(f"{figure.name}: {figure.value}")
        self.setAccessibleDescription(figure.origin)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(muted_label(figure.name, size=SMALL, wraps=True))
        box.addWidget(label(figure.value, bold=figure.is_main))
        box.addWidget(muted_label(figure.origin, size=SMALL, wraps=True))
        box.addStretch(1)


def _holder_rows(device: Device, card: QWidget) -> list[QWidget]:
    """The programs that can give memory back, each with the command; the others in one line."""
    rows: list[QWidget] = []
    for holder in device.holders:
        if holder.release_command:
            if holder.n_bytes is None:
                words = card.tr("{name} holds some of it. This gives it back:")
            else:
                words = card.tr("{name} holds {size}. This gives it back:")
            text = words.format(name=holder.name, size=format_bytes(holder.n_bytes or 0))
            rows += [label(text, wraps=True), CommandField(holder.release_command, text)]
    others = [_holder_words(holder) for holder in device.holders if not holder.release_command]
    if others:
        held = card.tr("Also held by") if rows else card.tr("Held by")
        rows.append(muted_label(f"{held} {', '.join(others)}", wraps=True))
    elif not rows and device.kind is not Kind.CPU and _is_held(device):
        rows.append(muted_label(card.tr("The driver does not tell which programs hold it."), wraps=True))
    return rows


def _holder_words(holder: Holder) -> str:
    return holder.name if holder.n_bytes is None else f"{holder.name} ({format_bytes(holder.n_bytes)})"


def _is_held(device: Device) -> bool:
    if device.free_bytes is None or device.shares_ram:
        return False
    return device.free_bytes + (device.reserved_by_driver_bytes or 0) < device.total_bytes
