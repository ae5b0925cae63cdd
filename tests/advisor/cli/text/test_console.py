"""Text for people: indents that survive, and nothing of a file that a terminal obeys."""

from __future__ import annotations

import pytest
from rich.text import Text

from advisor.cli.text.console import plain, text_console
from advisor.cli.text.lines import print_lines
from advisor.hardware.doctor.report import Line, LineKind

LONG = "  " + "word " * 30


def test_a_broken_line_keeps_its_indent(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text_console().print(Text(LONG))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("  word") and len(line) <= 80 for line in lines)


def test_a_command_of_the_report_stays_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_lines(text_console(), [Line(LONG, LineKind.COMMAND)])
    assert capsys.readouterr().out == f"{LONG}\n"


def test_control_characters_are_shown() -> None:
    assert plain("a\x1b[2Jb\n") == "a\\x1b[2Jb\\x0a"
