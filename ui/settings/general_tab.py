"""Settings, General: the theme, the units of sizes, and what is kept free of every memory."""

from __future__ import annotations

from collections.abc import Callable

from advisor.units import ByteUnits
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from ui.session.preferences import Preferences
from ui.session.reserve_choices import RESERVES, choice_words
from ui.session.session import Session
from ui.theme import Theme
from ui.widgets.card import TitledCard
from ui.widgets.fields import choice_box, fill
from ui.widgets.labels import SMALL, muted_label


class GeneralTab(QWidget):
    """Theme, units and reserve."""

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        set_theme: Callable[[Theme], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._preferences = preferences
        em = self.fontMetrics().height()
        self.theme = choice_box(self.tr("Theme"))
        themes = (
            (self.tr("As the system"), Theme.SYSTEM),
            (self.tr("Light"), Theme.LIGHT),
            (self.tr("Dark"), Theme.DARK),
        )
        fill(self.theme, themes, preferences.theme)
        self.theme.activated.connect(lambda _row: set_theme(Theme(self.theme.currentData())))
        self.units = choice_box(self.tr("Units of sizes"))
        units = (
            (self.tr("GiB (1 GiB = 1,024 MiB), as llama.cpp and drivers count"), ByteUnits.BINARY),
            (self.tr("GB (1 GB = 1,000 MB), as shops and disks count"), ByteUnits.DECIMAL),
        )
        fill(self.units, units, preferences.units)
        self.units.activated.connect(lambda _row: self._set_units(ByteUnits(self.units.currentData())))
        self.reserve = choice_box(self.tr("Kept free of each memory"))
        self.reserve.activated.connect(lambda _row: session.wanted.set_reserve(self.reserve.currentData()))
        card = TitledCard(self.tr("This window, and this computer"))
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.addWidget(card)
        column.addStretch(1)
        form = QFormLayout()
        card.body.addLayout(form)
        form.setVerticalSpacing(round(em * 0.7))
        form.addRow(self.tr("&Theme"), self.theme)
        form.addRow(self.tr("&Sizes in"), self.units)
        form.addRow(self.tr("Kept &free"), self.reserve)
        form.addRow(
            muted_label(
                self.tr(
                    "Room for what you open later: what other programs hold already is not free anyway. "
                    "\u201cThis computer\u201d in the View menu shows what each choice costs the open model."
                ),
                size=SMALL,
                wraps=True,
            )
        )
        session.wishes_changed.connect(self._show)
        self._show()

    def _set_units(self, units: ByteUnits) -> None:
        self._preferences.units = units
        self._session.spell_bytes_in(units)

    def _show(self) -> None:
        fill(self.reserve, [(choice_words(name), name) for name in RESERVES], self._session.wanted.reserve)
