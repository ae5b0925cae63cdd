"""One model's page, read from top to bottom: name, answer, memory, chart and table, levers and reasons."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.recommend.result import Recommendation
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui.charts.chart_layout import marked, with_measured
from ui.charts.speed_layout import last_speed
from ui.model.alternatives_panel import AlternativesPanel
from ui.model.chart_panel import ChartPanel
from ui.model.columns import Columns
from ui.model.headline_card import HeadlineCard
from ui.model.levers_panel import LeversPanel
from ui.model.memory_panel import MemoryPanel
from ui.model.settings_panel import SettingsPanel
from ui.model.title_line import TitleLine
from ui.proof.probe_panel import ProbePanel
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.theme import Tone
from ui.widgets.labels import muted_label
from ui.widgets.notes_panel import NotesPanel
from ui.widgets.notice import Notice
from ui.widgets.steady import Steady
from ui.widgets.tall_page import TallAsItsText
from ui.wording import nearest_lever

_NARROW_EMS = 54  # below this width the side column moves under the main one


class ModelPage(QScrollArea):
    """The shown model, as the session knows it."""

    def __init__(
        self,
        session: Session,
        look_again: QAction,
        computer: QAction,
        commands: Sequence[QAction] = (),
        parent: QWidget | None = None,
    ) -> None:
        """`commands` are what can be done with the answer: buttons of the headline."""
        super().__init__(parent)
        self._session = session
        self._shown: Recommendation | None = None
        self._is_narrow: bool | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its children take the focus; it scrolls to them

        self.title = TitleLine()
        self.error = Notice(Tone.BAD, look_again)
        self.engine_trouble = Notice(Tone.CAUTION, look_again)
        self.findings = Notice(Tone.CAUTION, computer)
        self.waiting = muted_label(self.tr("Reading the file\u2026"))
        self.headline = HeadlineCard(commands)
        self.proof = ProbePanel()
        self.memory = MemoryPanel()
        self.chart = ChartPanel()
        self.alternatives = AlternativesPanel()
        self.settings = SettingsPanel(session)
        self.levers = LeversPanel()
        self.notes = NotesPanel()
        # What a slider changes many times a second does not lay the whole page out.
        self._steady = [Steady(panel) for panel in (self.headline, self.memory, self.settings)]
        self._answer = self._arrange()

        session.current_changed.connect(self._refresh)
        session.model_changed.connect(self._refresh_if_shown)
        session.engine_changed.connect(self._refresh)
        session.hardware_changed.connect(self._refresh)
        session.prompt_changed.connect(self._refresh)
        session.proof_changed.connect(self._proof_changed)
        self.proof.progress.cancel.clicked.connect(session.proving.stop)
        self.proof.outcome.adopted.connect(session.adopt)
        for choosing in (self.settings.changed, self.alternatives.chosen, self.levers.chosen):
            choosing.connect(session.choose)
        self._refresh()

    def minimumSizeHint(self) -> QSize:
        """Wide enough for its content below one another: there is no sideways scrolling."""
        em = self.fontMetrics().height()
        margins = 2 * round(em * 1.4) + self.verticalScrollBar().sizeHint().width()
        columns = (self.chart, self.settings, self.alternatives, self.levers)
        panels = (self.headline, self.proof, self.memory, *columns)
        widest = max(panel.minimumSizeHint().width() for panel in panels)
        return QSize(widest + margins, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = event.size().width() < _NARROW_EMS * self.fontMetrics().height()
        if narrow is not self._is_narrow:
            self._is_narrow = narrow
            for part in (self._columns, self.headline, self.proof, self.memory):
                part.stack(narrow=narrow)
            for frame in self._steady:
                frame.settle()
            self._answer.updateGeometry()
        super().resizeEvent(event)  # then: the page is laid out once, as it is to be

    def _arrange(self) -> QWidget:
        em = self.fontMetrics().height()
        headline, memory, settings = self._steady
        self._columns = Columns(self.chart, settings, self.alternatives, Steady(self.levers), em)
        answer = QWidget()
        inner = QVBoxLayout(answer)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(em)
        inner.addWidget(headline)
        inner.addWidget(self.proof)
        inner.addWidget(memory)
        inner.addLayout(self._columns, 1)
        inner.addWidget(self.notes)

        self._page = TallAsItsText()
        whole = QVBoxLayout(self._page)
        whole.setContentsMargins(round(em * 1.4), em, round(em * 1.4), round(em * 1.2))
        whole.setSpacing(em)
        for widget in (self.title, self.error, self.engine_trouble, self.findings, self.waiting):
            whole.addWidget(widget)
        whole.addWidget(answer, 1)
        whole.addStretch(0)
        answer.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setWidget(self._page)
        return answer

    def _refresh_if_shown(self, model: OpenModel) -> None:
        if model is self._session.current:
            self._refresh()

    def _refresh(self) -> None:
        model = self._session.current
        if model is None:
            return
        answer = model.recommendation
        self.title.show_model(model)
        if model.error:
            self.error.show_text(model.error.message, model.error.hint)
        elif model.lost:
            before = self.tr("What is shown is from before.")
            self.error.show_text(model.lost.message, f"{model.lost.hint} {before}")
        else:
            self.error.show_text("")
        self.waiting.setVisible(answer is None and model.error is None)
        self._answer.setVisible(answer is not None)
        self._show_trouble(model)
        if answer:
            self._show_answer(model, answer)
            for frame in self._steady:
                frame.settle()
        if answer is not self._shown:  # only another answer makes panels wider
            self._shown = answer
            self.updateGeometry()

    def _show_answer(self, model: OpenModel, answer: Recommendation) -> None:
        self.headline.show_answer(model, answer)
        self._show_proof(model)
        plan = model.plan or answer.plan
        self.memory.show_plan(plan, self._session.wanted.n_prompt)
        speed = model.choice.speed if model.choice else answer.speed
        results = [record.result for record in model.proofs]
        curves = with_measured(marked(model.curves, plan), plan, results) if model.curves else None
        self.chart.show_curves(curves, speed, last_speed(results, plan.settings))
        self.settings.show_model(model)
        self.alternatives.show_answer(answer, model.choice.plan.settings if model.choice else None)
        self.levers.show_levers((*nearest_lever(answer), *answer.levers))
        # The headline of what does not fit is the first reason itself.
        self.notes.show_notes(answer.reasons if answer.n_ctx else answer.reasons[1:], plan.notes)

    def lead_to_proof(self) -> None:
        """Bring a proof that has begun into view; the keyboard is where it can be ended."""
        cancel = self.proof.progress.cancel
        if cancel.isVisible():
            cancel.setFocus()
            self.ensureWidgetVisible(self.proof)

    def _show_proof(self, model: OpenModel) -> None:
        is_own = self._session.proving.running is model  # then the panel below says more
        self.headline.show_obstacle("" if is_own else self._session.obstacle)
        self.proof.show_model(model)

    def _proof_changed(self, model: OpenModel) -> None:
        """Ten times a second while a proof runs: only what shows it."""
        current = self._session.current
        if current is None:
            return
        if model is current and not (model.proof and model.proof.is_running):
            self._refresh()
        else:
            self._show_proof(current)

    def _show_trouble(self, model: OpenModel) -> None:
        problem = model.engine_problem or self._session.engine.problem
        if problem and model.error is None:
            self.engine_trouble.show_text(
                self.tr("These figures are by formula. {problem}").format(problem=problem.message),
                problem.hint,
            )
        else:
            self.engine_trouble.show_text("")
        hardware, failed = self._session.hardware, self._session.hardware_error
        found = [note.text for note in hardware.findings] if hardware else []
        if failed:
            found.insert(0, f"{failed.message} {failed.hint}")
        self.findings.show_text("\n".join(found))
