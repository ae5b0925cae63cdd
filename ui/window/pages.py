"""The middle of the window: the first screen, a model beside the list, the computer, a comparison."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from ui.compare.compare_page import ComparePage
from ui.computer.computer_page import ComputerPage
from ui.model.model_page import ModelPage
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.welcome.welcome import Welcome
from ui.window.actions import Actions
from ui.window.sidebar import Sidebar


class Pages(QStackedWidget):
    """One page at a time. A command that shows a page leads back from it, too."""

    opened = Signal(object)  # the path of a model that was chosen on the first screen

    def __init__(self, session: Session, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.sidebar = Sidebar(session, actions.close_model, actions.models, actions.computer)
        self.model = ModelPage(session, actions.look_again, actions.computer, [actions.prove, actions.export])
        self.welcome = Welcome(session, actions.open, actions.computer)
        self.computer = ComputerPage(session, actions.look_again)
        self.compare = ComparePage(session)
        self._body = QSplitter(Qt.Orientation.Horizontal)
        self._arrange()
        actions.models.triggered.connect(self._toggle_welcome)
        actions.computer.triggered.connect(self._toggle_computer)
        actions.compare.triggered.connect(self._toggle_compare)
        for page in (self.computer, self.compare):
            page.left.connect(self.show_current)
        self.sidebar.compare.connect(self._compare_with)
        self.welcome.library.opened.connect(self.opened)
        session.current_changed.connect(self.show_current)

    def show_current(self) -> None:
        """The shown model, or the first screen where there is none."""
        self.setCurrentWidget(self._body if self._session.current else self.welcome)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self._body.setHandleWidth(1)
        self._body.setChildrenCollapsible(False)
        self._body.addWidget(self.sidebar)
        self._body.addWidget(self.model)
        self._body.setStretchFactor(0, 0)
        self._body.setStretchFactor(1, 1)
        self._body.setSizes([em * 17, em * 60])
        for page in (self.welcome, self._body, self.computer, self.compare):
            self.addWidget(page)

    def _toggle_welcome(self) -> None:
        """The first screen with the models on this computer, and back to the open one."""
        if self._brought(self.welcome):
            self.welcome.library.search.setFocus()

    def _toggle_computer(self) -> None:
        self._brought(self.computer)

    def _toggle_compare(self) -> None:
        if self._brought(self.compare) and self._session.current:
            self.compare.compare(self._session.current)

    def _compare_with(self, model: OpenModel) -> None:
        self.setCurrentWidget(self.compare)
        self.compare.compare(model)

    def _brought(self, page: QWidget) -> bool:
        """Show the page, or the model again where it is shown already: then False."""
        if self.currentWidget() is page:
            self.show_current()
            return False
        self.setCurrentWidget(page)
        return True
