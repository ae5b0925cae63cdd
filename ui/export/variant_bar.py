"""The variants of an export: pinned or adjustable, and for which shell. Shown where it matters."""

from __future__ import annotations

from advisor.errors import AdvisorError
from advisor.export.choices import FLAVOURS, SHELLS, Flavour, Shell
from advisor.export.prepare import Prepared
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabBar, QVBoxLayout, QWidget

from ui.export.programs import flavour_words, in_the_window, shell_words
from ui.session.exports import Shown, Variant
from ui.widgets.labels import SMALL, muted_label


class VariantBar(QWidget):
    """Tabs for both. What makes no difference is not there, and the first choice counts."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.flavour = _tabs(self.tr("Flavour"), [(flavour_words(it), it) for it in FLAVOURS])
        self.shell = _tabs(self.tr("Shell"), [(shell_words(it), it) for it in SHELLS])
        self.why_one = muted_label(size=SMALL, wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.flavour, self.shell, self.why_one):  # beside one another they would be cut
            column.addWidget(widget)
        for tabs in (self.flavour, self.shell):
            tabs.currentChanged.connect(lambda _index: self.changed.emit())

    @property
    def variant(self) -> Variant:
        return _chosen(self.flavour, FLAVOURS), _chosen(self.shell, SHELLS)

    def offer(self, shown: Shown) -> None:
        """Offer what the variants of this export differ in."""
        flavours = [shown.variants[flavour, SHELLS[0]] for flavour in FLAVOURS]
        shells = [shown.variants[FLAVOURS[0], shell] for shell in SHELLS]
        self.flavour.setVisible(_differ(flavours))
        self.shell.setVisible(_differ(shells))
        why = _why_all_is_pinned(flavours[-1]) if not _differ(flavours) else ""
        self.why_one.setText(why)
        self.why_one.setVisible(bool(why))
        self.setVisible(bool(why) or _differ(flavours) or _differ(shells))


def _differ(made: list[Prepared | AdvisorError]) -> bool:
    """Whether the choice changes what is written down, not only what is said about it."""
    texts = [
        (it.export.files, it.export.commands, tuple(it.export.environment.items()))
        if isinstance(it, Prepared)
        else it.message
        for it in made
    ]
    return any(text != texts[0] for text in texts)


def _why_all_is_pinned(adjustable: Prepared | AdvisorError) -> str:
    if not isinstance(adjustable, Prepared):
        return ""
    said = (why for setting, why in adjustable.export.cannot_express if setting.startswith("--flavour"))
    return in_the_window(next(said, ""))


def _chosen(tabs: QTabBar, all_of_them: tuple[Flavour, ...] | tuple[Shell, ...]) -> Flavour | Shell:
    return all_of_them[0] if tabs.isHidden() else tabs.tabData(tabs.currentIndex())


def _tabs(name: str, entries: list[tuple[str, str]]) -> QTabBar:
    made = QTabBar()
    made.setAccessibleName(name)
    made.setExpanding(False)
    made.setDrawBase(False)
    made.setUsesScrollButtons(True)
    for words, value in entries:
        made.setTabData(made.addTab(words), value)
    return made
