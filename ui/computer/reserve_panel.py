"""What is kept free of every memory: the choices, each with what it costs the shown model."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QRadioButton, QWidget

from ui.session.reserve_choices import RESERVES, choice_words, cost_words
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.theme import Tone, tone_color
from ui.widgets.card import TitledCard
from ui.widgets.labels import SMALL, ToneLabel, muted_label


class ReservePanel(TitledCard):
    """One row a choice. What a choice costs is asked for only while the panel can be seen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("What is kept free"), parent=parent)
        self._session = session
        em = self.fontMetrics().height()
        self.body.addWidget(
            muted_label(
                self.tr(
                    "Room for what you open later: what other programs hold already is not free anyway. "
                    "A rule of thumb leaves 20 to 30 % free."
                ),
                size=SMALL,
                wraps=True,
            )
        )
        self.choices: dict[str, QRadioButton] = {}
        self.costs: dict[str, ToneLabel] = {}
        self._group = QButtonGroup(self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(em)
        grid.setVerticalSpacing(round(em * 0.35))
        grid.setColumnStretch(0, 1)
        for row, name in enumerate(RESERVES):
            choice = _Choice(choice_words(name))
            cost = ToneLabel("", Tone.QUIET)
            cost.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            choice.clicked.connect(lambda _on, name=name: session.wanted.set_reserve(name))
            self._group.addButton(choice)
            grid.addWidget(choice, row, 0)
            grid.addWidget(cost, row, 1)
            self.choices[name] = choice
            self.costs[name] = cost
        self.body.addLayout(grid)
        self._foot = muted_label(size=SMALL, wraps=True)
        self.body.addWidget(self._foot)
        self.body.addStretch(1)
        session.wishes_changed.connect(self.refresh)
        session.current_changed.connect(self.refresh)
        session.model_changed.connect(self._refresh_if_shown)
        self.refresh()

    def refresh(self) -> None:
        """Show what the session holds, and ask for what it lacks."""
        self.choices[self._session.wanted.reserve].setChecked(True)
        model = self._session.current
        if model and self.isVisible():
            self._session.compare_reserves(model)
        known = model.reserves if model else None
        largest = known.n_ctx if known and model and model.recommendation else {}
        for name, cost in self.costs.items():
            words = cost_words(largest, name) if largest else ""
            cost.setText(words)
            cost.set_tone(Tone.BAD if largest and not largest[name] else Tone.QUIET)
            self.choices[name].setAccessibleDescription(words)
        self._foot.setText(self._foot_words(model))

    def _foot_words(self, model: OpenModel | None) -> str:
        if model is None:
            return self.tr("With a model open, the cost of each choice in tokens stands beside it.")
        return self.tr(
            "By formula: what {model} would gain or lose in tokens against the automatic choice."
        ).format(model=model.name)

    def _refresh_if_shown(self, model: OpenModel) -> None:
        if model is self._session.current:
            self.refresh()


class _Choice(QRadioButton):
    """Its ring can be seen on a dark ground too: the style draws it a shade darker than the window."""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._color()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._color()

    def _color(self) -> None:
        palette = self.palette()
        wanted = tone_color(Tone.QUIET, palette)
        # Setting a palette is a palette change again: stop when there is nothing left to change.
        if palette.color(QPalette.ColorRole.Window) != wanted:
            palette.setColor(QPalette.ColorRole.Window, wanted)
            self.setPalette(palette)
