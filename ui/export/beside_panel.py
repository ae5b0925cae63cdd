"""What belongs beside the text of an export: what it cannot say, where it goes, commands, environment."""

from __future__ import annotations

from advisor.export.export import Export
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.export.export_text import fixed_font
from ui.export.programs import in_the_window
from ui.widgets.card import TitledCard, clear_layout
from ui.widgets.command_field import CommandField, CopyButton
from ui.widgets.labels import SMALL, label, scaled
from ui.widgets.notes_panel import bullet


class BesidePanel(QWidget):
    """A card for each that there is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = QVBoxLayout(self)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(round(self.fontMetrics().height() * 0.7))
        self._shown: Export | None = None

    def show_export(self, export: Export) -> None:
        if export == self._shown:
            return
        self._shown = export
        clear_layout(self._cards)
        if export.cannot_express:
            card = self._card(self.tr("What this program cannot express"))
            for setting, why in export.cannot_express:
                card.body.addLayout(bullet(in_the_window(f"{setting}: {why}"), is_quiet=False))
        if export.commands:
            card = self._card(self.tr("Commands"))
            for command in export.commands:
                card.body.addWidget(CommandField(command, self.tr("use it")))
        if export.environment:
            self._add_environment(export)
        if export.notes:
            card = self._card(self.tr("Where it goes, and what to know"))
            for note in export.notes:
                card.body.addLayout(bullet(in_the_window(note), is_quiet=False))

    def _card(self, title: str) -> TitledCard:
        card = TitledCard(title)
        self._cards.addWidget(card)
        return card

    def _add_environment(self, export: Export) -> None:
        lines = "\n".join(f"{name}={value}" for name, value in export.environment.items())
        card = self._card(self.tr("Environment of the program that loads it"))
        text = label(lines, size=SMALL, wraps=True)
        text.setFont(scaled(fixed_font(self.font()), SMALL))
        copy = CopyButton(self.tr("Copy"), lines)
        copy.setAccessibleName(self.tr("Copy the environment"))
        line = QHBoxLayout()
        line.addWidget(text, 1)
        line.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        card.body.addLayout(line)
