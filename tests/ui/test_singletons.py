"""None, True and False survive a Qt binding that gives back references it never took."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

EMIT_OFTEN = """
import ui
from PySide6.QtCore import QCoreApplication, QObject, QRunnable, QThreadPool, Signal

app = QCoreApplication([])

class Talker(QObject):
    said = Signal(object)

talker = Talker()
talker.said.connect(lambda value: None)
for number in range(20_000):
    talker.said.emit(number)

class Work(QRunnable):
    def run(self):
        talker.said.emit(None)

pool = QThreadPool()
for number in range(2_000):
    pool.start(Work())
pool.waitForDone()
print("alive", True, False, None)
"""


def test_a_process_survives_many_signals_and_slots() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EMIT_OFTEN], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["alive", "True", "False", "None"]
