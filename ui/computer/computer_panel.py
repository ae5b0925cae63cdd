"""This computer's memory, a line each, as the session read it last."""

from __future__ import annotations

from advisor.hardware.device import Device
from advisor.units import byte_units
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from ui.session.session import Session
from ui.widgets.card import clear_layout
from ui.widgets.labels import SMALL, label, muted_label, scaled
from ui.wording import device_line


class ComputerLines(QWidget):
    """A title and two lines a device."""

    def __init__(self, session: Session, details: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: object = None
        em = self.fontMetrics().height()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(round(em * 0.25))
        self.details = details_button(details)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("This computer"), bold=True, wraps=True), 1)
        head.addWidget(self.details)
        whole.addLayout(head)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(round(em * 0.1))
        whole.addLayout(self._lines)
        session.hardware_changed.connect(self._refresh)
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """At another width lines break elsewhere, and whoever holds it remembers an earlier height."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _refresh(self) -> None:
        hardware, error = self._session.hardware, self._session.hardware_error
        if (hardware, error, byte_units()) == self._shown:
            return
        self._shown = hardware, error, byte_units()
        clear_layout(self._lines)
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


def details_button(details: QAction) -> QToolButton:
    """A small button that opens this computer's page."""
    button = QToolButton()
    button.setDefaultAction(details)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setFont(scaled(button.font(), SMALL))
    button.setAccessibleName(button.tr("Details of this computer"))
    return button
