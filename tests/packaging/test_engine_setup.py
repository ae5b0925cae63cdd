"""When the engine is installed anew, and what the user is told when it is not the machine's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from environment import engine_setup, machine
from environment.console import Finished, SetupStopped
from environment.engine_choice import choose
from environment.engine_install import UNREACHABLE, Installed, Outcome
from environment.engine_setup import absence_note, device_note, is_settled, is_version, read_wish
from environment.machine import Gpu, Machine
from environment.record import Engine

from tests.support.pip_player import CPU, CUDA, Pip

PIN = "llama-cpp-python==0.3.36"
PLAIN = Machine("linux", "x86_64", compiler=True)


def test_a_wish_is_read_leniently_and_an_unknown_one_refused() -> None:
    assert [read_wish(text) for text in ("", " CUDA ", "auto")] == ["", "cuda", "auto"]
    with pytest.raises(SetupStopped) as stopped:
        read_wish("cuda12")
    assert stopped.value.exit_code == 2
    assert "auto, cuda, vulkan, metal, rocm, cpu" in stopped.value.hint


@pytest.mark.parametrize(
    ("recorded", "wish", "settled"),
    [
        (None, "", False),
        (Engine(PIN, "cpu"), "", True),
        (Engine(PIN, "cpu"), "cpu", True),
        (Engine(PIN, "cpu", "no CUDA"), "cpu", False),
        (Engine(PIN, "cpu", "no CUDA"), "", True),
        (Engine(PIN, "cpu", "no CUDA"), "cuda", False),
        (Engine(PIN, "cuda"), "cpu", False),
        (Engine(PIN, "cuda"), "auto", False),
        (Engine("llama-cpp-python==0.3.35", "cpu"), "", False),
        (Engine(PIN, None, "no compiler"), "", True),
        (Engine(PIN, None, "no compiler"), "cpu", False),
    ],
)
def test_what_is_settled_is_not_done_again(recorded: Engine | None, wish: str, settled: bool) -> None:
    assert is_settled(recorded, wish, PIN, needed=False) is settled


def test_the_tests_try_again_to_get_a_missing_engine() -> None:
    assert not is_settled(Engine(PIN, None, "no compiler"), "", PIN, needed=True)


def test_a_cpu_engine_on_a_gpu_machine_says_why_and_what_to_do() -> None:
    machine = Machine("linux", "x86_64", gpus=(Gpu("nvidia", "RTX"),), cuda_driver=(12, 4), compiler=True)
    note = absence_note(choose(machine, "auto"), Outcome(None, (UNREACHABLE, UNREACHABLE)))
    assert note.startswith(
        "There is no CUDA engine here: the index of prebuilt wheels cannot be reached; "
        "there is no nvcc to compile it with. The engine for the CPU is used.\n"
    )
    assert note.endswith("Install the CUDA toolkit, then run: make run ENGINE=cuda")


def test_what_cannot_be_helped_comes_without_advice() -> None:
    note = absence_note(choose(PLAIN, "metal"), Outcome(None, ()))
    assert note == (
        "There is no Metal engine here: Metal exists on macOS only. The engine for the CPU is used."
    )


def test_without_any_engine_the_formula_answers() -> None:
    note = absence_note(choose(PLAIN, "cpu"), Outcome(None, ("the disk is full",)))
    assert "the disk is full. The formula alone answers." in note
    assert note.endswith("To try again, run: make run ENGINE=cpu")


def test_a_gpu_engine_without_a_device_is_remarked() -> None:
    assert "finds no device" in device_note(Installed("cuda", offload=False, version="1"))
    assert device_note(Installed("cuda", offload=True, version="1")) == ""
    assert device_note(Installed("cpu", offload=False, version="1")) == ""


@pytest.fixture
def gaming_pc(monkeypatch: pytest.MonkeyPatch) -> None:
    rtx = Gpu("nvidia", "RTX 4070")
    here = Machine("linux", "x86_64", gpus=(rtx,), cuda_driver=(12, 4), nvcc=(12, 4), compiler=True)
    monkeypatch.setattr(machine, "look", lambda: here)
    monkeypatch.delenv("CMAKE_ARGS", raising=False)


def set_up(tmp_path: Path, pip: Pip, wish: str = "") -> Engine:
    return engine_setup.set_up(tmp_path / "python", wish, PIN, pip)


@pytest.mark.usefixtures("gaming_pc")
def test_a_gpu_machine_gets_its_engine_without_a_remark(tmp_path: Path) -> None:
    pip = Pip({" -c ": [Finished(1, "ModuleNotFoundError"), Finished(0, CUDA)]})
    assert set_up(tmp_path, pip) == Engine(PIN, "cuda")
    assert sum("whl/cu124" in command for command in pip.commands) == 1


@pytest.mark.usefixtures("gaming_pc")
def test_the_engine_that_is_there_is_kept(tmp_path: Path) -> None:
    pip = Pip({" -c ": [Finished(0, CUDA)]})
    assert set_up(tmp_path, pip) == Engine(PIN, "cuda")
    assert not any("install" in command for command in pip.commands)


@pytest.mark.usefixtures("gaming_pc")
def test_what_cannot_be_built_is_replaced_by_the_cpu_and_said_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pip = Pip(
        {
            "--find-links": [Finished(1, "connection error: NameResolutionError")],
            "GGML_CUDA": [Finished(1, "CMake Error at x:\n  No CUDA toolset found\n")],
            " -c ": [Finished(1, ""), Finished(1, ""), Finished(0, CPU)],
        }
    )
    engine = set_up(tmp_path, pip)
    assert engine.installed == "cpu"
    assert (
        "cannot be reached; compiling it failed (No CUDA toolset found). The engine for the CPU"
        in engine.note
    )
    assert engine.note in capsys.readouterr().out


@pytest.mark.usefixtures("gaming_pc")
def test_the_engine_for_the_cpu_that_is_there_is_not_installed_again(tmp_path: Path) -> None:
    pip = Pip({"--force-reinstall": [Finished(1, "CMake Error at x:\n  no\n")], " -c ": [Finished(0, CPU)]})
    assert set_up(tmp_path, pip, "cuda").installed == "cpu"
    assert not any("whl/cpu" in command for command in pip.commands)


@pytest.mark.usefixtures("gaming_pc")
def test_nothing_at_all_is_none_with_a_reason(tmp_path: Path) -> None:
    pip = Pip({"--force-reinstall": [Finished(1, "No space left on device")], " -c ": [Finished(1, "")]})
    engine = set_up(tmp_path, pip)
    assert engine.installed is None
    assert "the disk is full. The formula alone answers." in engine.note


@pytest.mark.usefixtures("gaming_pc")
def test_a_failed_build_with_cmake_args_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_BLAS=on")
    pip = Pip(
        {"--force-reinstall": [Finished(1, "CMake Error at x:\n  no BLAS\n")], " -c ": [Finished(0, CPU)]}
    )
    engine = set_up(tmp_path, pip, "cpu")
    assert engine.installed == "cpu"
    assert engine.note == "The engine that was there is used: compiling it failed (no BLAS)."


def test_another_version_is_not_what_is_asked_for() -> None:
    assert is_version(Installed("cpu", offload=False, version="0.3.36"), PIN)
    assert not is_version(Installed("cpu", offload=False, version="0.3.3"), PIN)
