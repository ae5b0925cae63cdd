"""The real window in a process of its own: it opens, answers, obeys Ctrl+C and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.presets import user_presets
from tests.support.gguf_bytes import expand_head

ROOT = Path(__file__).resolve().parents[2]

# Runs the application, and once the window has said what is awaited, presses Ctrl+C.
HARNESS = """
import os, signal, sys
import ui.app as app

class Window(app.MainWindow):
    def __init__(self, session, preferences):
        super().__init__(session, preferences)
        session.model_changed.connect(self.look)
        session.hardware_changed.connect(self.look)

    def look(self, model=None):
        session = self._session
        current = session.current
        awaited = {
            "first screen": session.hardware is not None and current is None,
            "error": current is not None and current.error is not None,
            "formula": current is not None and current.recommendation is not None,
            "engine": current is not None and current.recommendation is not None
                and current.recommendation.plan.basis.startswith("engine"),
        }
        if awaited[AWAITED]:
            print(AWAITED, self.isVisible(), flush=True)
            os.kill(os.getpid(), signal.SIGINT)

app.MainWindow = Window
sys.exit(app.main(["context-advisor", *FILES]))
"""


def run_until(awaited: str, *files: Path) -> subprocess.CompletedProcess[str]:
    names = [str(file) for file in files]
    return subprocess.run(
        [sys.executable, "-c", f"AWAITED, FILES = {awaited!r}, {names!r}\n{HARNESS}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_a_file_it_opens_and_obeys_ctrl_c() -> None:
    done = run_until("first screen")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "first screen True"
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_model_is_shown_as_an_error(tmp_path: Path) -> None:
    wrong = tmp_path / "photo.gguf"
    wrong.write_bytes(b"\x89PNG\r\n")
    done = run_until("error", wrong)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("error")
    assert "Traceback" not in done.stderr


@pytest.mark.engine
def test_a_model_is_answered_by_the_engine(tmp_path: Path) -> None:
    done = run_until("engine", expand_head("qwen2-dense", tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("engine")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_without_a_display_it_says_so_and_points_to_the_command_line() -> None:
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in gone}
    done = subprocess.run(
        [sys.executable, "-m", "ui"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("There is no display to open a window on.")
    assert "context-advisor recommend FILE" in done.stderr


# Prints what is said below the header when the window is there, and closes it.
TOLD = """
import sys
import ui.app as app

def visit(window, session):
    print(window.troubles.notice.isVisible(), sorted(session.goals.all))
    for error in session.troubles.now:
        print(error.code, error.message, error.hint)
    window.close()

sys.exit(app.main(["context-advisor"], visit))
"""


def told_at_the_start() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TOLD], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def test_spoiled_settings_and_malformed_goals_are_said_and_nothing_is_lost() -> None:
    config = Path(os.environ["XDG_CONFIG_HOME"])
    settings = config / "Context Advisor" / "window.ini"
    goals = user_presets() / "goals.toml"
    for file, text in ((settings, b"\x00\x01 spoiled"), (goals, b"[mine\n")):
        file.parent.mkdir(parents=True)
        file.write_bytes(text)
    done = told_at_the_start()
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    first, *rest = done.stdout.splitlines()
    assert first.startswith("True ")
    assert "'chat'" in first
    assert [line.partition(" ")[0] for line in rest] == ["bad-preset", "settings-spoiled"]
    assert str(goals) in rest[0]
    assert goals.read_bytes() == b"[mine\n"
    assert settings.with_name("window.ini.broken").read_bytes() == b"\x00\x01 spoiled"


def test_a_config_directory_that_cannot_be_written_to_is_said_and_not_fatal() -> None:
    Path(os.environ["XDG_CONFIG_HOME"]).write_text("a file in the place of the folder")
    done = told_at_the_start()
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[1].startswith("settings-not-writable ")


def test_in_good_order_nothing_is_said() -> None:
    done = told_at_the_start()
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.startswith("False ")
