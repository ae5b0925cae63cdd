"""The settings of the shown plan, to be turned: what the runtime can express, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from advisor.errors import SettingsError
from advisor.model.facts import ModelFacts
from advisor.settings.asking import with_slots
from advisor.settings.load_settings import MAX_N_CTX, MAX_SEQUENCES
from advisor.settings.request import Request
from advisor.units import format_tokens
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from ui.model.companions_panel import CompanionsPanel
from ui.model.setting_choices import (
    SettingChoices,
    offered,
    with_batches,
    with_cache_type,
    with_experts_on_cpu,
    with_gpu_layers,
    with_n_ctx,
)
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.theme import Tone
from ui.widgets.card import TitledCard
from ui.widgets.fields import NumberField, StepSlider, choice_box, fill
from ui.widgets.labels import SMALL, ToneLabel, muted_label, scaled
from ui.widgets.setting_rows import SettingRows


class SettingsPanel(TitledCard):
    """Says to the session what is chosen, and shows what it holds."""

    changed = Signal(object)  # the new Request

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Settings"), parent=parent)
        self._session = session
        self._request: Request | None = None
        self._facts: ModelFacts | None = None
        self._choices: SettingChoices | None = None
        self.back = QToolButton()
        self.back.setText(self.tr("Back to the recommended"))
        self.back.setFont(scaled(self.back.font(), SMALL))
        self.back.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slider = StepSlider(self.tr("Context in steps"))
        self.n_ctx = NumberField(self.tr("Context in tokens"))
        self.cache_k = choice_box(self.tr("KV cache, keys"))
        self.cache_v = choice_box(self.tr("KV cache, values"))
        self.layers = NumberField(self.tr("Layers on the GPU"))
        self.experts = NumberField(self.tr("Layers whose experts stay on the CPU"))
        self.slots = NumberField(self.tr("Users at once"))
        self.batch = choice_box(self.tr("Batch"))
        self.ubatch = choice_box(self.tr("Ubatch"))
        self.prompt = NumberField(self.tr("Tokens of the prompt that I send"))
        self.count = QPushButton(self.tr("Count\u2026"))
        self.count.setAccessibleName(self.tr("Count the prompt that I send"))
        self.gpu_only = QCheckBox(self.tr("Never put anything on the CPU"))
        self.companions = CompanionsPanel(session)
        self.problem = ToneLabel("", Tone.BAD)
        self.remark = muted_label(size=SMALL, wraps=True)
        self._arrange()
        self._connect()

    def show_model(self, model: OpenModel) -> None:
        """The shown plan's settings. A field that someone types in is not overwritten with the same."""
        plan, answer, request = model.plan, model.recommendation, self._session.asked
        if plan is None or answer is None or request is None:
            return
        self._request, self._facts = request, answer.model
        choices = offered(request, plan, answer.model, answer.hardware)
        self.back.setVisible(model.choice is not None)
        error = model.choice_error
        self.problem.setText(f"{error.message} {error.hint}" if error else "")
        self.problem.setVisible(error is not None)
        blocked = [QSignalBlocker(field) for field in self._fields]
        try:
            self._show(choices)
        finally:
            for blocker in blocked:
                blocker.unblock()
        self._choices = choices
        self.companions.show_model(model)

    # --- construction

    @property
    def _fields(self) -> tuple[QWidget, ...]:
        numbers = (self.slider, self.n_ctx, self.layers, self.experts, self.slots, self.prompt)
        return (*numbers, self.cache_k, self.cache_v, self.batch, self.ubatch, self.gpu_only)

    def _arrange(self) -> None:
        self.layers.setMinimum(0)
        self.experts.setMinimum(0)
        self.slots.setRange(1, MAX_SEQUENCES)
        self.prompt.setRange(0, MAX_N_CTX)
        self.prompt.setSingleStep(1000)
        self.prompt.setSuffix(self.tr(" tokens"))
        self.prompt.setSpecialValueText(self.tr("not said"))
        self.problem.setWordWrap(True)
        rows = SettingRows(self.fontMetrics().height())
        self._context_caption = rows.add_row(self.tr("&Context"), self.slider, term="context")
        rows.add_row("", self.n_ctx)
        cache = self.cache_k, self.cache_v
        self._cache_caption = rows.add_row(self.tr("&KV cache K / V"), *cache, term="cache-type")
        self._layers_caption = rows.add_row(self.tr("GPU &layers"), self.layers, term="offload")
        self._experts_caption = rows.add_row(self.tr("&Experts on CPU"), self.experts, term="moe")
        self._slots_caption = rows.add_row(self.tr("&Users at once"), self.slots, term="slots")
        rows.add_row(self.tr("&Batch / ubatch"), self.batch, self.ubatch, term="ubatch")
        rows.add_row(self.tr("&Prompt I send"), self.prompt, self.count, term="token")
        rows.add_below(self.gpu_only)
        rows.setColumnMinimumWidth(0, self.companions.caption_width)
        self.body.addLayout(rows)
        self.body.addWidget(self.companions)
        self.body.addWidget(self.problem)
        self.body.addWidget(self.remark)
        there = QSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        there.setRetainSizeWhenHidden(True)  # nothing moves when a slider passes the recommended settings
        self.back.setSizePolicy(there)
        self.body.itemAt(0).layout().addWidget(self.back)
        self.body.addStretch(1)

    def _connect(self) -> None:
        self.slider.valueChanged.connect(self._slid)
        self.n_ctx.valueChanged.connect(self._ask_n_ctx)
        self.cache_k.activated.connect(
            lambda _row: self._ask(lambda r, _f: with_cache_type(r, k=self.cache_k.currentData()))
        )
        self.cache_v.activated.connect(
            lambda _row: self._ask(lambda r, _f: with_cache_type(r, v=self.cache_v.currentData()))
        )
        self.layers.valueChanged.connect(lambda n: self._ask(lambda r, f: with_gpu_layers(r, f, n)))
        self.experts.valueChanged.connect(lambda n: self._ask(lambda r, _f: with_experts_on_cpu(r, n)))
        self.slots.valueChanged.connect(lambda n: self._ask(lambda r, f: with_slots(r, f, n)))
        for box in (self.batch, self.ubatch):
            box.activated.connect(lambda _row: self._ask(lambda r, _f: self._batched(r)))
        self.prompt.valueChanged.connect(lambda n: self._session.wanted.set_prompt(n or None))
        self.count.clicked.connect(self._session.prompt_wanted)
        self.gpu_only.toggled.connect(self._session.wanted.set_gpu_only)
        self.back.clicked.connect(lambda: self.changed.emit(None))

    # --- what is shown

    def _show(self, it: SettingChoices) -> None:
        step = it.n_ctx_step
        self._context_caption.setText(self.tr("&Context each") if it.is_per_slot else self.tr("&Context"))
        self.slider.setRange(1, it.n_ctx_highest // step)
        self.slider.setPageStep(max(1, it.n_ctx_highest // step // 16))
        if not self.slider.isSliderDown():
            self.slider.setValue(round(it.n_ctx / step))
        self.n_ctx.setRange(step, it.n_ctx_highest)
        self.n_ctx.setSingleStep(step)
        self.n_ctx.setValue(it.n_ctx)
        self._show_cache(it)
        _show_number(self._layers_caption, self.layers, it.n_gpu_layers, it.all_gpu_layers)
        self.layers.name_values({it.all_gpu_layers: self.tr("all ({n})").format(n=it.all_gpu_layers)})
        _show_number(self._experts_caption, self.experts, it.n_cpu_moe, it.n_layer_all)
        self.experts.name_values({0: self.tr("none")})
        self.experts.setSuffix(self.tr(" layers") if it.n_cpu_moe else "")
        _show_number(self._slots_caption, self.slots, it.n_slots, MAX_SEQUENCES)
        self._show_batches(it)
        self.gpu_only.setVisible(it.has_gpu)
        self.gpu_only.setChecked(self._session.wanted.gpu_only)
        self.prompt.setValue(self._session.wanted.n_prompt or 0)
        self.remark.setText(self._remark(it))
        self.remark.setVisible(bool(self.remark.text()))

    def _show_cache(self, it: SettingChoices) -> None:
        entries = [(name, name) for name in it.cache_types]
        fill(self.cache_k, entries, it.cache_type_k)
        fill(self.cache_v, entries, it.cache_type_v)
        self._cache_caption.setText(self.tr("&KV cache") if it.one_cache_type else self.tr("&KV cache K / V"))
        for widget in (self._cache_caption, self.cache_k):
            widget.setVisible(bool(entries))
        self.cache_v.setVisible(bool(entries) and not it.one_cache_type)

    def _show_batches(self, it: SettingChoices) -> None:
        for box, said, there in (
            (self.batch, it.said_n_batch, it.n_batch),
            (self.ubatch, it.said_n_ubatch, it.n_ubatch),
        ):
            automatic = self.tr("auto ({n})").format(n=there) if said is None else self.tr("auto")
            fill(box, [(automatic, None), *((str(n), n) for n in it.batches)], said)

    def _remark(self, it: SettingChoices) -> str:
        parts = []
        if it.one_cache_type and it.cache_types:
            parts.append(self.tr("Ollama sets ubatch by context; K and V share one type there."))
        n_prompt = self._session.wanted.n_prompt
        if n_prompt and n_prompt > it.n_ctx:
            over = format_tokens(n_prompt - it.n_ctx)
            parts.append(self.tr("The prompt is {n} tokens longer than this context.").format(n=over))
        return " ".join(parts)

    # --- what is chosen

    def _slid(self, steps: int) -> None:
        if self._choices:
            self._ask_n_ctx(min(steps * self._choices.n_ctx_step, self._choices.n_ctx_highest))

    def _ask_n_ctx(self, n_ctx: int) -> None:
        self._ask(lambda request, _facts: with_n_ctx(request, n_ctx))

    def _batched(self, request: Request) -> Request:
        return with_batches(request, n_batch=self.batch.currentData(), n_ubatch=self.ubatch.currentData())

    def _ask(self, change: Callable[[Request, ModelFacts], Request]) -> None:
        if self._request is None or self._facts is None:
            return
        try:
            request = change(self._request, self._facts)
        except SettingsError as error:
            self.problem.setText(f"{error.message} {error.hint}")
            self.problem.show()
            return
        self.changed.emit(request)


def _show_number(caption: QLabel, field: NumberField, value: int | None, highest: int) -> None:
    """The row with its value, or no row where there is none to choose."""
    for widget in (caption, field):
        widget.setVisible(value is not None)
    field.setMaximum(highest)
    field.setValue(value or 0)
