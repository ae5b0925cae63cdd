from __future__ import annotations

import sys
from pathlib import Path

import pytest

from advisor.engine import launch
from advisor.engine.launch import WORKER, WORKER_FLAG, Launch

ADDED = {"GGML_NO_BACKTRACE": "1", "MALLOC_MMAP_THRESHOLD_": "1048576"}


def test_the_worker_is_started_by_its_path() -> None:
    assert Launch().command == (sys.executable, str(WORKER))
    assert (WORKER / "__main__.py").is_file()


def test_the_child_never_borrows_ram_for_a_gpu() -> None:
    parent = {"GGML_CUDA_ENABLE_UNIFIED_MEMORY": "1", "PATH": "/bin"}
    child = Launch().child_environment(parent)
    assert child == {"PATH": "/bin", **ADDED}
    assert "GGML_CUDA_ENABLE_UNIFIED_MEMORY" in parent


def test_another_library_is_named_to_the_bindings_absolutely(tmp_path: Path) -> None:
    assert Launch(library_dir=tmp_path).child_environment({})["LLAMA_CPP_LIB_PATH"] == str(tmp_path)
    relative = Launch(library_dir=Path("lib")).child_environment({})["LLAMA_CPP_LIB_PATH"]
    assert Path(relative).is_absolute()


def test_the_users_own_library_and_backend_are_kept() -> None:
    parent = {"LLAMA_CPP_LIB_PATH": "/lib", "GGML_BACKEND_PATH": "/b.so"}
    assert Launch().child_environment(parent) == {**parent, **ADDED}


def test_another_python_does_not_get_this_ones_home() -> None:
    parent = {"PYTHONHOME": "/opt/python"}
    assert "PYTHONHOME" in Launch().child_environment(parent)
    assert "PYTHONHOME" not in Launch(python="/usr/bin/python3").child_environment(parent)


def test_what_is_added_comes_last() -> None:
    child = Launch(environment={"GGML_NO_BACKTRACE": "0"}).child_environment({})
    assert child == {**ADDED, "GGML_NO_BACKTRACE": "0"}


def test_the_users_own_threshold_is_kept() -> None:
    parent = {"MALLOC_MMAP_THRESHOLD_": "65536"}
    assert Launch().child_environment(parent) == {**ADDED, **parent}


def test_a_bundle_starts_its_own_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "IS_BUNDLE", True)
    monkeypatch.setattr(sys, "executable", "/app/context-advisor-window")
    command = Launch(python="/app/context-advisor-window").command
    assert command == ("/app/context-advisor", WORKER_FLAG, str(WORKER))
    assert Launch(python="/usr/bin/python3").command == ("/usr/bin/python3", str(WORKER))


def test_another_python_does_not_get_a_bundles_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "IS_BUNDLE", True)
    parent = {"LD_LIBRARY_PATH": "/app/_internal", "LD_LIBRARY_PATH_ORIG": "/opt/cuda"}
    assert Launch().child_environment(parent)["LD_LIBRARY_PATH"] == "/app/_internal"
    assert Launch(python="/usr/bin/python3").child_environment(parent)["LD_LIBRARY_PATH"] == "/opt/cuda"
    without = Launch(python="/usr/bin/python3").child_environment({"LD_LIBRARY_PATH": "/app/_internal"})
    assert "LD_LIBRARY_PATH" not in without
