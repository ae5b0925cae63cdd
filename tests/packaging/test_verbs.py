"""A first run does everything, a second nothing, and a change only what it makes necessary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from environment import debian, machine, qt_libraries, record, verbs, virtual_environment
from environment.console import Finished, SetupStopped
from environment.machine import Machine
from environment.record import Engine

from tests.support.pip_player import CPU, Pip

PYPROJECT = """
[project]
name = "x"
dependencies = ["{dependency}"]
optional-dependencies.engine = ["llama-cpp-python==0.3.36"]
[tool.ruff]
line-length = {length}
"""
SetUp = Callable[..., Pip]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with an environment that is made, but empty."""
    monkeypatch.setattr(verbs, "ROOT", tmp_path)
    monkeypatch.setattr(verbs, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(machine, "look", lambda: Machine("linux", "x86_64", compiler=True))
    monkeypatch.setattr(qt_libraries, "missing", lambda libraries: ())
    monkeypatch.setattr(debian, "may_install", lambda: False)
    monkeypatch.setattr(virtual_environment, "is_whole", lambda environment: True)
    monkeypatch.delenv("CMAKE_ARGS", raising=False)
    python = virtual_environment.python_of(tmp_path / ".venv")
    python.parent.mkdir(parents=True)
    python.write_text("")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.format(dependency="a", length=1))
    return tmp_path


@pytest.fixture
def set_up(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> SetUp:
    """Runs the set-up and returns what it made of pip."""

    def run(*, wish: str = "", extras: frozenset[str] = verbs.USER, needed: bool | None = False) -> Pip:
        pip = Pip({" -c ": [Finished(1, ""), Finished(0, CPU)]})
        monkeypatch.setattr(verbs, "logged_runner", lambda log: pip)
        verbs.set_up(extras, wish=wish, engine_needed=needed)
        return pip

    return run


def test_a_first_run_installs_the_project_and_the_engine(checkout: Path, set_up: SetUp) -> None:
    commands = set_up().commands
    assert any(f"-e {checkout}[gui]" in command for command in commands)
    assert any("whl/cpu/" in command for command in commands)
    kept = record.read(checkout / ".venv")
    assert kept.engine == Engine("llama-cpp-python==0.3.36", "cpu")
    assert kept.extras == ("gui",)


def test_a_second_run_has_nothing_to_do(set_up: SetUp) -> None:
    set_up()
    assert set_up().commands == []
    assert set_up(wish="cpu").commands == []


def test_the_tests_add_what_only_they_need(checkout: Path, set_up: SetUp) -> None:
    set_up()
    commands = set_up(extras=verbs.DEVELOPER, needed=True).commands
    assert len(commands) == 1
    assert f"-e {checkout}[dev,gui]" in commands[0]
    assert set_up().commands == []


def test_a_new_dependency_is_installed_and_a_new_lint_rule_is_not(checkout: Path, set_up: SetUp) -> None:
    set_up()
    (checkout / "pyproject.toml").write_text(PYPROJECT.format(dependency="a", length=2))
    assert set_up().commands == []
    (checkout / "pyproject.toml").write_text(PYPROJECT.format(dependency="b", length=2))
    commands = set_up().commands
    assert len(commands) == 1
    assert " -e " in commands[0]


def test_an_environment_that_is_broken_is_made_again(
    checkout: Path, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    monkeypatch.setattr(virtual_environment, "is_whole", lambda environment: False)
    monkeypatch.setattr(virtual_environment, "make", lambda environment, run: made.append(environment))
    set_up()
    assert made == [checkout / ".venv"]


def test_the_linters_need_no_engine(checkout: Path, set_up: SetUp) -> None:
    set_up(extras=verbs.DEVELOPER, needed=None)
    assert record.read(checkout / ".venv").engine is None


def test_the_window_opens_without_an_engine_and_the_tests_do_not_start(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pip = Pip({"--force-reinstall": [Finished(1, "fatal error: x")], " -c ": [Finished(1, "")]})
    monkeypatch.setattr(verbs, "logged_runner", lambda log: pip)
    verbs.set_up(verbs.USER, wish="", engine_needed=False)
    assert "The formula alone answers." in capsys.readouterr().out
    with pytest.raises(SetupStopped, match=r"need llama-cpp-python"):
        verbs.set_up(verbs.DEVELOPER, wish="", engine_needed=True)


def test_a_remark_on_the_engine_is_made_at_every_start(
    checkout: Path, set_up: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(wish="cuda")
    assert "There is no CUDA engine here" in capsys.readouterr().out
    set_up()
    assert "There is no CUDA engine here" in capsys.readouterr().out
    set_up(wish="cpu")
    capsys.readouterr()
    set_up()
    assert capsys.readouterr().out == ""
