"""This computer's page: what is wrong with it, every memory it has, and what is kept free of them."""

from __future__ import annotations

from advisor.hardware.device import Hardware
from advisor.units import byte_units
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui.computer.device_card import DeviceCard
from ui.computer.findings_panel import FindingsPanel
from ui.computer.reserve_panel import ReservePanel
from ui.session.doctor import findings_of, report_of
from ui.session.session import Session
from ui.session.state import EngineStatus
from ui.theme import Tone
from ui.widgets.card import clear_layout
from ui.widgets.command_field import CopyButton
from ui.widgets.labels import muted_label
from ui.widgets.notice import Notice
from ui.widgets.page_frame import PageFrame
from ui.widgets.tab_order import order_as_laid_out

_NARROW_EMS = 62  # below this width the choice of what is kept free moves under the memories


class ComputerPage(QScrollArea):
    """The hardware as the session read it last. `left` says that the user wants back."""

    left = Signal()

    def __init__(self, session: Session, look_again: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: object = None
        self.look_again = QPushButton(look_again.text().replace("&", ""))
        self.look_again.setToolTip(look_again.toolTip())
        self.look_again.clicked.connect(look_again.trigger)
        self.copy_report = CopyButton(self.tr("Copy report"))
        self.copy_report.setToolTip(
            self.tr(
                "What \u201ccontext-advisor doctor\u201d prints: no serial numbers, user names or folders"
            )
        )
        self._frame = PageFrame(
            self, self.tr("This computer"), self.left, buttons=(self.look_again, self.copy_report)
        )
        self.back = self._frame.back
        self.waiting = muted_label(self.tr("Looking at this computer\u2019s memory\u2026"))
        self.error = Notice(Tone.BAD)
        self.findings = FindingsPanel()
        self.reserve = ReservePanel(session)
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._devices = QVBoxLayout()
        self._arrange()
        session.hardware_changed.connect(self._refresh)
        session.engine_changed.connect(self._refresh)
        session.wishes_changed.connect(self._refresh)
        self._refresh()

    @property
    def cards(self) -> list[DeviceCard]:
        return [
            card
            for i in range(self._devices.count())
            if (item := self._devices.itemAt(i)) and isinstance(card := item.widget(), DeviceCard)
        ]

    def minimumSizeHint(self) -> QSize:
        """Wide enough for its content below one another: there is no sideways scrolling."""
        widest = self._frame.width_for(self.findings, self.reserve, *self.cards)
        return QSize(widest, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._frame.turn([self._columns], least_ems=_NARROW_EMS)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reserve.refresh()
        self.back.setFocus()

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self._devices.setSpacing(em)
        devices = QVBoxLayout()
        devices.addLayout(self._devices)
        devices.addStretch(1)
        choices = QVBoxLayout()
        choices.addWidget(self.reserve)
        choices.addStretch(1)
        self._columns.setSpacing(em)
        self._columns.addLayout(devices, 5)
        self._columns.addLayout(choices, 3)
        whole = self._frame.column
        for widget in (self.waiting, self.error, self.findings):
            widget.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            whole.addWidget(widget)
        whole.addLayout(self._columns)
        whole.addStretch(1)

    def _refresh(self) -> None:
        session = self._session
        hardware, error, engine = session.hardware, session.hardware_error, session.engine
        self.error.show_text(error.message if error else "", error.hint if error else "")
        self.waiting.setVisible(hardware is None and error is None)
        # While the engine starts, nothing is known to be wrong, and nothing to be right.
        is_judged = hardware is not None and engine.status is not EngineStatus.STARTING
        self.findings.setVisible(is_judged)
        self.reserve.setVisible(hardware is not None)
        self.copy_report.setEnabled(is_judged)
        if hardware is None:
            return
        python = self._session.computer.engine_choice.python_in_commands
        if is_judged:
            self.findings.show_findings(findings_of(hardware, engine, python))
            self.copy_report.set_text(report_of(hardware, engine, python))
        self._show_devices(hardware)
        order_as_laid_out(self)
        self.updateGeometry()

    def _show_devices(self, hardware: Hardware) -> None:
        """Cards are made anew only for something new: whoever stands on a button keeps standing there."""
        wanted = (hardware, self._session.wanted.reserve, self._session.engine, byte_units())
        if wanted == self._shown:
            return
        self._shown = wanted
        clear_layout(self._devices)
        found = findings_of(hardware, self._session.engine)
        automatic = self._session.computer.reserve.is_auto
        for device in hardware.devices:
            self._devices.addWidget(DeviceCard(device, found, reserve_is_automatic=automatic))
