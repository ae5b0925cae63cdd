"""The middle of the window: the first screen, a model beside the list, the computer, a comparison.

All but the first screen are read and made when they are first wanted: the window is there sooner.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from ui.session.session import Session
from ui.session.state import OpenModel
from ui.welcome.welcome import Welcome
from ui.window.actions import Actions
from ui.window.sidebar import Sidebar

if TYPE_CHECKING:
    from ui.compare.compare_page import ComparePage
    from ui.computer.computer_page import ComputerPage
    from ui.model.model_page import ModelPage


class Pages(QStackedWidget):
    """One page at a time. A command that shows a page leads back from it, too."""

    opened = Signal(object)  # the path of a model that was chosen on the first screen

    def __init__(self, session: Session, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._actions = actions
        self.welcome = Welcome(session, actions.open, actions.folders, actions.computer)
        self.addWidget(self.welcome)
        actions.models.triggered.connect(self._toggle_welcome)
        actions.computer.triggered.connect(self._toggle_computer)
        actions.compare.triggered.connect(self._toggle_compare)
        self.welcome.library.opened.connect(self.opened)
        session.current_changed.connect(self.show_current)

    @property
    def model(self) -> ModelPage:
        return self._body.page

    @property
    def sidebar(self) -> Sidebar:
        return self._body.sidebar

    @cached_property
    def computer(self) -> ComputerPage:
        from ui.computer.computer_page import ComputerPage

        made = ComputerPage(self._session, self._actions.look_again)
        made.left.connect(self.show_current)
        self.addWidget(made)
        return made

    @cached_property
    def compare(self) -> ComparePage:
        from ui.compare.compare_page import ComparePage

        made = ComparePage(self._session)
        made.left.connect(self.show_current)
        self.addWidget(made)
        return made

    @cached_property
    def _body(self) -> _Body:
        made = _Body(self._session, self._actions)
        made.sidebar.compare.connect(self._compare_with)
        self.addWidget(made)
        return made

    def prepare(self) -> None:
        """Make what the first file will need. For when the window is drawn, and nobody waits for it."""
        self.model.ensurePolished()

    def show_current(self) -> None:
        """The shown model, or the first screen where there is none."""
        self.setCurrentWidget(self._body if self._session.current else self.welcome)

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


class _Body(QSplitter):
    """The opened models, and the page of the one that is shown."""

    def __init__(self, session: Session, actions: Actions) -> None:
        from ui.model.model_page import ModelPage

        super().__init__(Qt.Orientation.Horizontal)
        commands = [actions.prove, actions.export]
        self.sidebar = Sidebar(session, actions.close_model, actions.models, actions.computer)
        self.page = ModelPage(session, actions.look_again, actions.computer, commands)
        em = self.fontMetrics().height()
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(self.sidebar)
        self.addWidget(self.page)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        self.setSizes([em * 17, em * 60])
