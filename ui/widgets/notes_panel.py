"""Why this answer: the reasons, and what else should be known of the plan."""

from __future__ import annotations

from advisor.basis import Note
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.widgets.card import TitledCard, clear_layout
from ui.widgets.labels import label, muted_label


class NotesPanel(TitledCard):
    """Sentences, one a line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Why this answer"), parent=parent)
        self._shown: tuple[tuple[Note, ...], tuple[Note, ...]] | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(round(self.fontMetrics().height() * 0.4))
        self.body.addLayout(self._rows)
        self.body.addStretch(1)

    def show_notes(self, reasons: tuple[Note, ...], notes: tuple[Note, ...]) -> None:
        """The reasons first, then the notes, each text once."""
        if (reasons, notes) == self._shown:
            return
        self._shown = reasons, notes
        clear_layout(self._rows)
        texts = dict.fromkeys(note.text for note in reasons)
        quiet = dict.fromkeys(note.text for note in notes if note.text not in texts)
        self.setVisible(bool(texts or quiet))
        for text in texts:
            self._rows.addLayout(bullet(text, is_quiet=False))
        for text in quiet:
            self._rows.addLayout(bullet(text, is_quiet=True))


def bullet(text: str, *, is_quiet: bool) -> QHBoxLayout:
    """A sentence behind a dot."""
    line = QHBoxLayout()
    line.setSpacing(6)
    mark = muted_label("\u2022")
    mark.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
    words = muted_label(text, wraps=True) if is_quiet else label(text, wraps=True)
    line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(words, 1)
    return line
