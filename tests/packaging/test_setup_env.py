"""The entry: which Python it takes, what an old one is told, and that an old one can read it."""

from __future__ import annotations

import ast
from pathlib import Path

import setup_env

ENTRY = Path(setup_env.__file__)


def test_the_python_that_runs_is_taken_if_it_is_new_enough() -> None:
    commands = setup_env.candidates("linux", "own")
    assert setup_env.choose_python(commands, lambda command: (3, 11)) == ["own"]


def test_an_old_python_hands_over_to_the_first_that_works() -> None:
    versions = {"own": (3, 9), "python3.13": None, "python3.12": (3, 12), "python3.11": (3, 11)}
    commands = setup_env.candidates("linux", "own")
    assert setup_env.choose_python(commands, lambda command: versions.get(command[0])) == ["python3.12"]


def test_none_is_taken_where_none_will_do() -> None:
    commands = setup_env.candidates("linux", "own")
    assert setup_env.choose_python(commands, lambda command: (3, 9)) is None
    assert setup_env.choose_python(commands, lambda command: None) is None


def test_windows_asks_the_launcher_first() -> None:
    assert setup_env.candidates("win32", "own")[:2] == [["own"], ["py", "-3.13"]]
    assert ["py", "-3.11"] not in setup_env.candidates("linux", "own")


def test_a_python_that_does_not_run_or_is_not_one_is_no_answer() -> None:
    assert setup_env.probe(["no-such-python-anywhere"]) is None
    assert setup_env.probe(["false"]) is None


def test_the_refusal_names_what_is_needed() -> None:
    assert setup_env.refusal((3, 9)).startswith(
        "Context Advisor needs Python 3.11 or newer; this is Python 3.9"
    )
    assert "python3-venv" in setup_env.refusal((3, 11))


def test_an_old_python_can_read_the_entry() -> None:
    tree = ast.parse(ENTRY.read_text(encoding="utf-8"), feature_version=(3, 7))
    imported = {
        alias.name.partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported <= {"importlib", "os", "subprocess", "sys"}
