"""Settings, Engine: which Python and which library llama.cpp is asked through, and how it is."""

from __future__ import annotations

from advisor.hardware.doctor.findings import Severity
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.computer.findings_panel import FindingCard
from ui.session.doctor import findings_of
from ui.session.engine_choice import EngineChoice, gravest, of_the_engine
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.session.state import EngineStatus
from ui.widgets.card import TitledCard, clear_layout
from ui.widgets.labels import SMALL, ToneLabel, muted_label
from ui.widgets.severity_mark import TONES, SeverityMark


class EngineTab(QWidget):
    """What is typed counts when Enter is pressed or the field is left."""

    def __init__(self, session: Session, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._preferences = preferences
        choice = session.computer.engine_choice
        self.python = _field(choice.python, self.tr("This program\u2019s own Python"), self.tr("Python"))
        self.library = _field(
            choice.library, self.tr("The one that comes with it"), self.tr("Library folder")
        )
        self.again = QPushButton(self.tr("&Look again"))
        self.state = ToneLabel(bold=True)
        self.state.setWordWrap(True)
        self.more = muted_label(wraps=True)
        self._arrange()
        for field in (self.python, self.library):
            field.editingFinished.connect(self._choose)
        self.again.clicked.connect(session.computer.look)
        session.engine_changed.connect(self._refresh)
        session.hardware_changed.connect(self._refresh)
        self._refresh()

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        how = TitledCard(self.tr("llama.cpp here"))
        line = QHBoxLayout()
        self._mark = QHBoxLayout()
        line.addLayout(self._mark)
        line.addWidget(self.state, 1)
        self.again.setAutoDefault(False)
        line.addWidget(self.again)
        how.body.addLayout(line)
        how.body.addWidget(self.more)
        self._findings = QVBoxLayout()
        how.body.addLayout(self._findings)
        which = TitledCard(self.tr("Which llama.cpp is asked"))
        form = QFormLayout()
        form.setVerticalSpacing(round(em * 0.5))
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, field, is_folder in (
            (self.tr("&Python"), self.python, False),
            (self.tr("Library &folder"), self.library, True),
        ):
            caption = QLabel(words)
            caption.setBuddy(field)
            form.addRow(caption, self._with_browse(field, is_folder=is_folder))
        which.body.addLayout(form)
        which.body.addWidget(
            muted_label(
                self.tr(
                    "A Python that has its own llama-cpp-python, or a folder with another build of "
                    "llama.cpp: one for your GPU, say. Empty fields mean this program\u2019s own."
                ),
                size=SMALL,
                wraps=True,
            )
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em)
        column.addWidget(how)
        column.addWidget(which)
        column.addStretch(1)

    def _with_browse(self, field: QLineEdit, *, is_folder: bool) -> QHBoxLayout:
        browse = QPushButton(self.tr("Browse\u2026"))
        browse.setAutoDefault(False)
        browse.setAccessibleName(self.tr("Browse for: {what}").format(what=field.accessibleName()))
        browse.clicked.connect(lambda: self._browse(field, is_folder=is_folder))
        line = QHBoxLayout()
        line.addWidget(field, 1)
        line.addWidget(browse)
        return line

    def _browse(self, field: QLineEdit, *, is_folder: bool) -> None:
        title = field.accessibleName()
        if is_folder:
            chosen = QFileDialog.getExistingDirectory(self, title, field.text())
        else:
            chosen, _ = QFileDialog.getOpenFileName(self, title, field.text())
        if chosen:
            field.setText(chosen)
            self._choose()

    def _choose(self) -> None:
        choice = EngineChoice(self.python.text().strip(), self.library.text().strip())
        self._preferences.engine = choice
        self._session.computer.use_engine(choice)

    def _refresh(self) -> None:
        engine, hardware = self._session.engine, self._session.hardware
        python = self._session.computer.engine_choice.python_in_commands
        found = of_the_engine(findings_of(hardware, engine, python)) if hardware else ()
        is_starting = engine.status is EngineStatus.STARTING
        severity = gravest(found)
        if engine.status is EngineStatus.ABSENT:
            severity = Severity.ERROR
        elif severity is not None:
            severity = Severity.WARNING  # however grave the finding, there are exact answers
        clear_layout(self._mark)
        if not is_starting:
            self._mark.addWidget(SeverityMark(severity), 0, Qt.AlignmentFlag.AlignVCenter)
        self.state.set_tone(TONES[severity])
        if is_starting:
            words = self.tr("Starting\u2026")
        elif engine.facts is None:
            words = self.tr("It cannot be used: answers are by formula")
        elif severity is None:
            words = self.tr("It works")
        else:
            words = self.tr("It works, but not as it should")
        self.state.setText(words)
        facts, problem = engine.facts, engine.problem
        more = ""
        if facts:
            more = self.tr("{name}, built for {backends}").format(
                name=facts.name, backends=", ".join(facts.backends)
            )
        elif problem and not found:
            more = f"{problem.message} {problem.hint}"
        self.more.setText(more)
        self.more.setVisible(bool(more))
        clear_layout(self._findings)
        for finding in found:
            self._findings.addWidget(FindingCard(finding))


def _field(text: str, empty: str, name: str) -> QLineEdit:
    made = QLineEdit(text)
    made.setPlaceholderText(empty)
    made.setAccessibleName(name)
    made.setClearButtonEnabled(True)
    return made
