"""The hygiene that conftest promises to every test holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import platformdirs

from tests.support.child_processes import children, left_running

ROOT = Path(__file__).resolve().parents[1]


def test_the_home_of_a_test_is_empty_and_not_the_users(tmp_path: Path) -> None:
    assert Path.home().is_relative_to(tmp_path.parent)
    assert [file for file in Path.home().rglob("*") if file.is_file()] == []


def test_platformdirs_point_into_that_home() -> None:
    if sys.platform == "linux":
        assert Path(platformdirs.user_data_dir("x")).is_relative_to(Path.home())
        assert Path(platformdirs.user_config_dir("x")).is_relative_to(Path.home())
        assert Path(platformdirs.user_cache_dir("x")).is_relative_to(Path.home())
    assert os.environ["QT_QPA_PLATFORM"]


def test_a_child_that_stays_is_named_and_ended() -> None:
    before = children()
    child = subprocess.Popen([sys.executable, "-c", "input()  # stays"], stdin=subprocess.PIPE)
    left = left_running(before, grace_seconds=0.2)
    assert len(left) == 1
    assert "input()  # stays" in left[0]
    assert children() <= before
    child.communicate()


def test_a_child_that_ends_in_time_is_not_named() -> None:
    before = children()
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    assert left_running(before, grace_seconds=30) == []
    child.wait()


def test_a_test_that_leaves_a_child_fails(tmp_path: Path) -> None:
    test = tmp_path / "test_leak.py"
    test.write_text(
        "import subprocess, sys\n"
        "CHILD = []\n"
        "def test_leak():\n"
        "    CHILD.append(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE))\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    done = subprocess.run([*command, str(test)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "left running: " in done.stdout


def test_conftest_does_not_load_qt() -> None:
    code = "import sys, tests.conftest; print([name for name in sys.modules if name.startswith('PySide6')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
