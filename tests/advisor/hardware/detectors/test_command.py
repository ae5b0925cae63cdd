"""Small system programs, asked with a deadline."""

from __future__ import annotations

import sys

import pytest

from advisor.hardware.detectors import command


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(OSError, match="nothing-here"):
        command.run(["/nothing-here"])


def test_what_it_prints_counts_whatever_its_exit_code() -> None:
    assert command.run([sys.executable, "-c", "print('answer'); raise SystemExit(1)"]) == "answer\n"


def test_a_program_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "TIMEOUT_S", 0.2)
    with pytest.raises(TimeoutError, match="did not answer"):
        command.run([sys.executable, "-c", "import threading; threading.Event().wait()"])
