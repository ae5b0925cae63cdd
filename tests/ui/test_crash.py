"""A bug is shown calmly with a report to copy, printed, and does not end the window."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from ui.crash import CrashReporter, report_text


@pytest.fixture
def reporter(qapp: object) -> Iterator[CrashReporter]:
    made = CrashReporter()
    yield made
    if made.dialog:
        made.dialog.close()


def a_bug() -> tuple[type[BaseException], BaseException, object]:
    try:
        1 // 0  # noqa: B018  the bug
    except ZeroDivisionError as error:
        return type(error), error, error.__traceback__
    raise AssertionError


def test_a_bug_opens_one_dialog_with_a_report_to_copy(
    reporter: CrashReporter, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    reporter.report(*a_bug())
    reporter.report(*a_bug())
    assert capsys.readouterr().err.count("ZeroDivisionError") == 2
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    dialog = reporter.dialog
    assert dialog is not None
    assert not dialog.isModal()
    dialog.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert "Context Advisor" in copied
    assert "ZeroDivisionError" in copied
    assert dialog.copy_button.text() == "Copied"
    dialog.close()
    assert reporter.dialog is None


def test_a_bug_in_a_thread_is_shown_too(reporter: CrashReporter, qtbot: QtBot) -> None:
    def fails() -> None:
        kind, error, trace = a_bug()
        reporter._report_from_thread(threading.ExceptHookArgs((kind, error, trace, None)))

    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: reporter.dialog is not None)


def test_the_hooks_are_given_back(reporter: CrashReporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    reporter.install()
    assert sys.excepthook == reporter.report
    reporter.uninstall()
    assert sys.excepthook is sys.__excepthook__
    assert threading.excepthook is threading.__excepthook__


def test_the_report_names_the_versions() -> None:
    text = report_text("trace")
    assert "Python" in text
    assert "Qt" in text
    assert text.endswith("trace")
