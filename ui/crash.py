"""What happens when the program itself has a bug: a calm dialog with a report to copy. Nothing is sent."""

from __future__ import annotations

import platform
import sys
import threading
import traceback
from types import TracebackType

from advisor import __version__
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot, qVersion
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from ui.widgets.labels import label


class CrashReporter(QObject):
    """Takes the place of `sys.excepthook`: shows the first bug, and prints every one to stderr."""

    _caught = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.dialog: CrashDialog | None = None
        # Queued: a bug in a paint event must not open a dialog in the middle of it.
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        sys.excepthook = self.report
        threading.excepthook = self._report_from_thread

    def uninstall(self) -> None:
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QTimer.singleShot(0, QApplication.quit)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(text)
        self._caught.emit(text)

    def _report_from_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self.report(args.exc_type, args.exc_value, args.exc_traceback)

    @Slot(str)
    def _show(self, trace: str) -> None:
        if self.dialog is None:
            self.dialog = CrashDialog(report_text(trace), QApplication.activeWindow())
            self.dialog.finished.connect(self._closed)
            self.dialog.show()

    def _closed(self) -> None:
        if self.dialog:
            self.dialog.deleteLater()
        self.dialog = None


class CrashDialog(QDialog):
    """Not modal: the window goes on as well as it can."""

    def __init__(self, report: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Something went wrong"))
        em = self.fontMetrics().height()
        self.resize(em * 40, em * 22)
        self._report = report
        text = QPlainTextEdit(report)
        text.setReadOnly(True)
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setAccessibleName(self.tr("Report"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton(self.tr("Copy report"), QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addWidget(
            label(
                self.tr(
                    "This is a mistake in the program, not yours. Nothing was sent anywhere. If it happens "
                    "again, copy the report into an issue."
                ),
                wraps=True,
            )
        )
        whole.addWidget(text, 1)
        whole.addWidget(buttons)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
        self.copy_button.setText(self.tr("Copied"))


def report_text(trace: str) -> str:
    """The versions that matter, and the trace."""
    return (
        f"Context Advisor {__version__}\n"
        f"Python {platform.python_version()}, Qt {qVersion()}\n"
        f"{platform.platform()}\n\n{trace}"
    )
