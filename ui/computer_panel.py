"""This computer's memory, a line each, as the session read it last."""

from __future__ import annotations

from advisor.hardware.device import Device
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.card import clear_layout
from ui.labels import SMALL, label, muted_label
from ui.session import Session
from ui.wording import device_line


class ComputerLines(QWidget):
    """A title and two lines a device."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        em = self.fontMetrics().height()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(round(em * 0.25))
        whole.addWidget(label(self.tr("This computer"), bold=True))
        self._lines = QVBoxLayout()
        self._lines.setSpacing(round(em * 0.1))
        whole.addLayout(self._lines)
        session.hardware_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        clear_layout(self._lines)
        hardware, error = self._session.hardware, self._session.hardware_error
        if error:
            self._lines.addWidget(muted_label(f"{error.message} {error.hint}", wraps=True))
        elif hardware is None:
            self._lines.addWidget(muted_label(self.tr("Looking at its memory\u2026"), size=SMALL))
        else:
            for device in hardware.devices:
                self._add(device)

    def _add(self, device: Device) -> None:
        self._lines.addWidget(label(device.name, wraps=True))
        self._lines.addWidget(muted_label(device_line(device), size=SMALL, wraps=True))
        for holder in device.holders:
            if holder.release_command:
                text = self.tr("{name} is loaded; free it with: {command}")
                words = text.format(name=holder.name, command=holder.release_command)
                self._lines.addWidget(muted_label(words, size=SMALL, wraps=True))
