"""The commands that the README promises exist, and every way in leads to the same script."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from environment import verbs, virtual_environment
from environment.console import same_command

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_the_makefile_is_short_and_explains_every_target() -> None:
    assert len(MAKEFILE.splitlines()) <= 60
    explained = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert explained == TARGETS
    assert explained >= {"run", "test", "rig", "check", "bench", "accuracy", "screenshots", "clean", "help"}


def make(*arguments: str) -> str:
    """What make prints; not told that it may have been make that started the tests."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=plain).stdout


def test_make_help_lists_every_target() -> None:
    listed = make("help")
    for target in TARGETS:
        assert f"make {target} " in listed


def test_the_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    promised = set(
        re.findall(r"\bmake ([a-z-]+)", "\n".join(re.findall(r"`[^`]+`|```.*?```", readme, re.DOTALL)))
    )
    assert {"run", "test"} <= promised <= TARGETS


def test_windows_runs_the_same_script() -> None:
    batch = (ROOT / "run.bat").read_text(encoding="utf-8")
    assert MAKEFILE.count("packaging/setup_env.py") == 1
    assert batch.count(r'%PYTHON% "%~dp0packaging\setup_env.py" run %*') == 1


def test_ci_runs_the_commands_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text(encoding="utf-8").splitlines() if line.startswith("make")]
    assert commands == ["make check", "make rig", "make test"]


def test_file_and_engine_reach_the_script() -> None:
    said = make("-n", "run", "FILE=my model.gguf", "ARGS=", "ENGINE=vulkan", "PYTHON=py")
    assert said.strip() == 'py packaging/setup_env.py run "my model.gguf"'


def test_the_user_is_told_the_command_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert same_command("run", "cuda") == "make run ENGINE=cuda"
    monkeypatch.setattr("sys.platform", "win32")
    assert same_command("run", "cuda") == "run.bat --engine cuda"


def test_the_project_is_installed_editable_with_its_extras() -> None:
    command = virtual_environment.project_command(Path("python"), Path("here"), frozenset({"gui", "dev"}))
    assert command[-2:] == ["-e", "here[dev,gui]"]


def test_the_window_gets_files_by_their_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.gguf").write_bytes(b"")
    started: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verbs, "set_up", lambda extras, *, wish, engine_needed: Path("python"))

    def start(command: Sequence[str]) -> int:
        started.extend(command)
        return 0

    monkeypatch.setattr(verbs, "start", start)
    assert verbs.main(["run", "--engine", "cpu", "model.gguf", "preset:llama", "--help"]) == 0
    assert started == ["python", "-m", "ui", str(tmp_path / "model.gguf"), "preset:llama", "--help"]


@pytest.mark.parametrize(
    ("words", "given"), [([], ["-n", "4", "--dist", "worksteal"]), (["tests/ui", "-x"], ["tests/ui", "-x"])]
)
def test_all_tests_run_at_once_and_chosen_ones_as_asked(
    words: list[str], given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(verbs, "set_up", lambda extras, *, wish, engine_needed: Path("python"))
    monkeypatch.setattr(verbs, "start", lambda command: started.extend(command) or 0)
    assert verbs.main(["test", *words]) == 0
    assert started == ["python", "-m", "pytest", *given]


def test_a_step_that_fails_is_two_sentences_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert verbs.main(["run", "--engine", "cuda12"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "There is no engine named cuda12.",
        "Choose one of: auto, cuda, vulkan, metal, rocm, cpu.",
    ]


def test_a_disk_that_cannot_be_written_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(extras: frozenset[str], *, wish: str, engine_needed: bool | None) -> Path:
        raise PermissionError(13, "Permission denied", ".venv")

    monkeypatch.setattr(verbs, "set_up", refuse)
    assert verbs.main(["test"]) == 1
    assert capsys.readouterr().err.startswith("The set-up stopped: Permission denied (.venv).")
