"""What the memory is made of: one bar a device, a legend, and the exact bytes of what is pointed at."""

from __future__ import annotations

from dataclasses import replace

from advisor.memory.plan import DeviceMemory, MemoryPlan
from advisor.units import ByteUnits, byte_units, format_bytes, format_tokens
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.charts.memory_bar import MemoryBar
from ui.charts.memory_colors import HATCHED, hatch_color, part_color
from ui.charts.memory_layout import LOAD_PARTS, Part, prompt_share, segments
from ui.charts.part_words import part_words
from ui.theme import Tone, qcolor
from ui.widgets.card import TitledCard
from ui.widgets.elided_label import ElidedLabel
from ui.widgets.help_button import ask_about
from ui.widgets.labels import SMALL, ToneLabel, muted_label
from ui.wording import device_names

translate = QCoreApplication.translate

_NAME_EMS = 18  # as wide as most names of cards are
_SWATCH = "\u25a0"
_HATCHED_SWATCH = "\u25a8"
# What a click on the "?" behind a part explains. The rest explains itself.
_TERMS = {
    Part.WEIGHTS: "weights-memory",
    Part.KV_PROMPT: "kv-cache",
    Part.KV_GROW: "kv-cache",
    Part.KV_CACHE: "kv-cache",
    Part.RECURRENT_STATE: "recurrent",
    Part.COMPUTE: "compute-buffer",
    Part.OVERHEAD: "overhead",
    Part.RESERVE: "headroom",
    Part.FREE: "headroom",
}


class MemoryPanel(TitledCard):
    """The plan's memory, device by device."""

    # Known to the class: Qt may say that the palette changed before the panel is complete.
    _plan: MemoryPlan | None = None
    _prompt = 0.0
    _longest = 0  # characters of the legend at this width
    _units: ByteUnits | None = None
    _is_narrow = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Memory"), parent=parent)
        self._rows: list[_DeviceRow] = []
        self._hint = self.tr("Hover or use the arrow keys for exact bytes and their basis")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(self.fontMetrics().height())
        self._grid.setVerticalSpacing(round(self.fontMetrics().height() * 0.4))
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self._legend = muted_label(size=SMALL, wraps=True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self._legend.setAccessibleName(self.tr("The parts of the memory, each with what it means"))
        self._legend.linkActivated.connect(lambda term: ask_about(self, term))
        self._detail = muted_label(self._hint, size=SMALL, wraps=True)
        self._detail.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading)
        foot = QVBoxLayout()
        foot.setSpacing(round(self.fontMetrics().height() * 0.3))
        foot.addWidget(self._legend)
        foot.addWidget(self._detail)
        self.body.addLayout(foot)

    @property
    def bars(self) -> list[MemoryBar]:
        return [row.bar for row in self._rows]

    @property
    def detail(self) -> str:
        return self._detail.text()

    def show_plan(self, plan: MemoryPlan, n_prompt: int | None = None) -> None:
        """`n_prompt`: the tokens that one user means to send, where that is said."""
        prompt = prompt_share(n_prompt, plan.settings.n_ctx_per_slot)
        if (plan, prompt, byte_units()) == (self._plan, self._prompt, self._units):
            return
        self._plan, self._prompt, self._units = plan, prompt, byte_units()
        self.set_title(self.tr("Memory at {n} tokens").format(n=format_tokens(plan.settings.n_ctx)))
        self.aside.setText(self.tr("{size} in all").format(size=format_bytes(plan.total_bytes)))
        if len(self._rows) != len(plan.memory):
            self._make_rows(plan)
        self._show_detail(None)
        names = device_names(plan.memory)
        # Rows are kept: whoever stands on a bar with the keyboard keeps standing there.
        for row, memory in zip(self._rows, plan.memory, strict=True):
            row.show_memory(replace(memory, device_name=names[memory.device]), prompt)
        self._write_legend()

    def stack(self, *, narrow: bool) -> None:
        """Put the bars below their names where there is no room beside them."""
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self._place_rows()

    def _make_rows(self, plan: MemoryPlan) -> None:
        for row in self._rows:
            row.remove()
        self._rows = [_DeviceRow(memory) for memory in plan.memory]
        for row in self._rows:
            row.bar.pointed.connect(self._show_detail)
        self._place_rows()

    def _place_rows(self) -> None:
        while self._grid.takeAt(0):
            pass
        for i, row in enumerate(self._rows):
            if self._is_narrow:
                self._grid.addWidget(row.name, 2 * i, 0, 1, 2)
                self._grid.addWidget(row.left_over, 2 * i, 2)
                self._grid.addWidget(row.bar, 2 * i + 1, 0, 1, 3)
            else:
                self._grid.addWidget(row.name, i, 0)
                self._grid.addWidget(row.bar, i, 1)
                self._grid.addWidget(row.left_over, i, 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._legend.setMinimumHeight(0)
            self._longest = 0

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._write_legend()
        super().changeEvent(event)

    def _show_detail(self, sentence: str | None) -> None:
        self._detail.setText(sentence or self._hint)

    def _write_legend(self) -> None:
        """The parts' names; on a single device with the load's sizes, which may be too narrow for a label."""
        if self._plan is None:
            return
        shown = [segment for memory in self._plan.memory for segment in segments(memory, self._prompt)]
        sizes = {s.part: s.n_bytes for s in shown if s.part in LOAD_PARTS and len(self._plan.memory) == 1}
        there = {segment.part for segment in shown}
        entries = [self._legend_entry(part, sizes.get(part)) for part in Part if part in there]
        self._legend.setText("&nbsp;&nbsp;&nbsp; ".join(entries))  # broken only behind the room between two
        self._keep_height()

    def _keep_height(self) -> None:
        """A legend that grew by a line keeps it: the page stays where it is under a slider."""
        length = len(self._legend.text())  # digits are as wide as one another
        if length > self._longest:
            self._longest = length
            height = self._legend.heightForWidth(self._legend.width())
            self._legend.setMinimumHeight(max(height, self._legend.minimumHeight()))

    def _legend_entry(self, part: Part, n_bytes: int | None) -> str:
        hatched = part in HATCHED  # its pale ground alone could not be seen as a swatch
        shade = hatch_color(self.palette()) if hatched else part_color(part, self.palette())
        swatch = _HATCHED_SWATCH if hatched else _SWATCH
        words = part_words(part) if n_bytes is None else f"{part_words(part)} {format_bytes(n_bytes)}"
        entry = (
            f'<span style="color:{qcolor(shade).name()}">{swatch}</span>&nbsp;{words.replace(" ", "&nbsp;")}'
        )
        if part in _TERMS:
            entry += f'&nbsp;<a href="{_TERMS[part]}" style="text-decoration:none">?</a>'
        return entry


class _DeviceRow:
    """One device: its name over what the load takes there, the bar, and what is left."""

    def __init__(self, memory: DeviceMemory) -> None:
        self.bar = MemoryBar(memory)
        self.left_over = ToneLabel(bold=True)
        self.left_over.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        self.name = QWidget()
        self._device = ElidedLabel(most_ems=_NAME_EMS)
        self._takes = muted_label(size=SMALL)
        box = QVBoxLayout(self.name)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self._takes.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for line in (self._device, self._takes):
            box.addWidget(line)
        self.show_memory(memory)

    def show_memory(self, memory: DeviceMemory, prompt: float = 0.0) -> None:
        used, usable = format_bytes(memory.total_bytes), format_bytes(memory.usable_bytes)
        self._device.setText(memory.device_name)
        self._takes.setText(
            translate("memory", "takes {used} of {usable} usable").format(used=used, usable=usable)
        )
        self.name.layout().activate()  # before the panel is, or it would be laid out twice
        self.bar.show_memory(memory, prompt)
        left = memory.usable_bytes - memory.total_bytes
        words = translate("memory", "{size} left") if left >= 0 else translate("memory", "{size} too much")
        self.left_over.setText(words.format(size=format_bytes(abs(left))))
        self.left_over.set_tone(Tone.GOOD if left >= 0 else Tone.BAD)

    def remove(self) -> None:
        for widget in (self.name, self.bar, self.left_over):
            widget.hide()
            widget.deleteLater()
