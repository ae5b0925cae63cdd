"""Settings, Goals: how long one is willing to wait, and goals of one's own."""

from __future__ import annotations

from dataclasses import replace

from advisor.errors import AdvisorError
from advisor.recommend.result import Goal, Patience
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.session.goals import shown_as_goal
from ui.session.session import Session
from ui.theme import Tone
from ui.widgets.card import TitledCard
from ui.widgets.fields import choice_box, fill, keep_from_wheel
from ui.widgets.labels import SMALL, ToneLabel, label, muted_label

# What stands in the fields when patience is asked for where a goal had none: a reading pace, and a minute.
_USUAL = Patience(60.0, 5.0)


class GoalsTab(QWidget):
    """A change is saved as the user's own goal; ours of the same name comes back when that is deleted."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._goal: Goal = session.wanted.goal
        self.goals = choice_box(self.tr("Goal to change"))
        self.about = label(wraps=True)
        self.limited = QCheckBox(self.tr("Only as much context as stays &comfortable"))
        self.seconds = _number(self.tr("Seconds to the first token, at most"), 0.5, 3600, self.tr(" s"))
        self.rate = _number(self.tr("Tokens per second, at least"), 0.1, 1000, self.tr(" tokens/s"))
        self.delete = QPushButton()
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("Name of the new goal"))
        self.name.setAccessibleName(self.tr("Name of the new goal"))
        self.save = QPushButton(self.tr("&Save as a goal"))
        self.save.setEnabled(False)
        for button in (self.delete, self.save):
            button.setAutoDefault(False)
        self.problem = ToneLabel("", Tone.BAD)
        self.problem.setWordWrap(True)
        self._arrange()
        self.goals.activated.connect(lambda _row: self._choose(self.goals.currentData()))
        self.limited.toggled.connect(self._changed)
        self.seconds.valueChanged.connect(self._changed)
        self.rate.valueChanged.connect(self._changed)
        self.delete.clicked.connect(self._delete)
        self.save.clicked.connect(self._save_wishes)
        self.name.returnPressed.connect(self.save.click)
        self.name.textChanged.connect(lambda text: self.save.setEnabled(bool(text.strip())))
        session.goals_changed.connect(self._refresh)
        self._refresh()

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        one = TitledCard(self.tr("A goal, and how long you would wait"))
        form = QFormLayout()
        form.setVerticalSpacing(round(em * 0.5))
        form.addRow(self.tr("&Goal"), self.goals)
        form.addRow(self.about)
        form.addRow(self.limited)
        form.addRow(self.tr("First token within"), self.seconds)
        form.addRow(self.tr("Then at least"), self.rate)
        one.body.addLayout(form)
        self.delete.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        one.body.addWidget(self.delete)
        new = TitledCard(self.tr("Save the shown settings as a goal"))
        line = QHBoxLayout()
        line.addWidget(self.name, 1)
        line.addWidget(self.save)
        self.wishes = muted_label(size=SMALL, wraps=True)
        new.body.addWidget(self.wishes)
        new.body.addLayout(line)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em)
        column.addWidget(one)
        column.addWidget(new)
        column.addWidget(self.problem)
        column.addStretch(1)

    def _refresh(self) -> None:
        goals = self._session.goals.all
        self._goal = goals.get(self._goal.name, self._session.wanted.goal)
        fill(self.goals, [(goal.title, name) for name, goal in goals.items()], self._goal.name)
        problem = self._session.goals.problem
        self.problem.setText(f"{problem.message} {problem.hint}" if problem else "")
        self._show()

    def _choose(self, name: str) -> None:
        self._goal = self._session.goals.all[name]
        self._show()

    def _show(self) -> None:
        goal, patience = self._goal, self._goal.patience
        blocked = [QSignalBlocker(field) for field in (self.limited, self.seconds, self.rate)]
        self.about.setText(goal.description)
        self.limited.setChecked(patience is not None)
        self.seconds.setValue((patience or _USUAL).seconds_to_first_token)
        self.rate.setValue((patience or _USUAL).tokens_per_second)
        for blocker in blocked:
            blocker.unblock()
        for field in (self.seconds, self.rate):
            field.setEnabled(patience is not None)
        is_own = goal.name in self._session.goals.own
        self.delete.setText(self.tr("&Delete my version of this goal"))
        self.delete.setEnabled(is_own)
        model = self._session.current
        words = (
            self.tr("What the page of {model} shows: its context, cache type and users.").format(
                model=model.name
            )
            if model
            else self.tr("With a model open: its context, cache type and users.")
        )
        self.wishes.setText(words)
        self.name.setEnabled(model is not None)

    def _changed(self) -> None:
        patience = None
        if self.limited.isChecked():
            patience = Patience(self.seconds.value(), self.rate.value())
        goal = replace(self._goal, patience=patience)
        if goal != self._goal:
            self._goal = goal
            self._session.goals.keep(goal, self._failed)

    def _save_wishes(self) -> None:
        try:
            session = self._session
            name = self.name.text().strip()
            goal = shown_as_goal(name, session.wanted.goal, session.current, session.asked)
        except AdvisorError as error:
            self._failed(error)
            return
        self._goal = goal
        self.name.clear()
        self._session.goals.keep(goal, self._failed)

    def _delete(self) -> None:
        self._session.goals.forget(self._goal.name, self._failed)

    def _failed(self, error: AdvisorError) -> None:
        self._refresh()
        self.problem.setText(f"{error.message} {error.hint}")


def _number(name: str, least: float, most: float, unit: str) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    made.setAccessibleName(name)
    made.setRange(least, most)
    made.setDecimals(1)
    made.setSuffix(unit)
    made.setKeyboardTracking(False)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    keep_from_wheel(made)
    return made
