"""What the doctor says of this computer: a card a finding, with the command that puts it right."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.hardware.doctor.findings import Finding, Severity
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import Tone
from ui.widgets.card import Card, clear_layout
from ui.widgets.command_field import CommandField
from ui.widgets.labels import ToneLabel, label
from ui.widgets.severity_mark import TONES, SeverityMark

translate = QCoreApplication.translate


def severity_words(severity: Severity) -> str:
    return {
        Severity.ERROR: translate("findings", "Problem"),
        Severity.WARNING: translate("findings", "Could be better"),
        Severity.INFO: translate("findings", "Good to know"),
    }[severity]


class FindingsPanel(QWidget):
    """The gravest first, as the doctor orders them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Finding, ...] | None = None
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(round(self.fontMetrics().height() * 0.6))

    @property
    def commands(self) -> list[CommandField]:
        return self.findChildren(CommandField)

    def show_findings(self, found: Sequence[Finding]) -> None:
        """Show these, or that nothing is wrong."""
        if tuple(found) == self._shown:
            return
        self._shown = tuple(found)
        clear_layout(self._rows)
        for finding in found:
            self._rows.addWidget(FindingCard(finding))
        if not found:
            self._rows.addWidget(_Line(None, self.tr("Nothing is wrong.")))


class FindingCard(Card):
    """How grave, what, and the command."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = severity_words(finding.severity)
        self.setAccessibleName(f"{words}: {finding.text}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        if finding.severity is not Severity.INFO:  # a remark needs no tint
            self.set_tone(TONES[finding.severity])
        self.body.addWidget(_Line(finding.severity, words))
        self.body.addWidget(label(finding.text, wraps=True))
        if finding.command:
            self.body.addWidget(CommandField(finding.command, finding.text))


class _Line(QWidget):
    """The sign and its word."""

    def __init__(self, severity: Severity | None, words: str) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(round(self.fontMetrics().height() * 0.45))
        line.addWidget(SeverityMark(severity), 0, Qt.AlignmentFlag.AlignVCenter)
        tone = Tone.ACCENT if severity is Severity.INFO else TONES[severity]
        line.addWidget(ToneLabel(words, tone, bold=True), 1)
