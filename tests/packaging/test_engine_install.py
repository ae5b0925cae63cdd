"""The pip commands, and what is made of how they end. No network: pip is played by a script."""

from __future__ import annotations

from pathlib import Path

import pytest
from environment.console import Finished
from environment.engine_choice import EnginePlan, Source, Wheel
from environment.engine_install import (
    UNREACHABLE,
    Installed,
    announcement,
    build_environment,
    carry_out,
    lay_beside,
    pip_command,
    read_check,
)

from tests.support.pip_player import CPU, CUDA, Pip

PYTHON = Path("python")
PIN = "llama-cpp-python==0.3.36"
OFFLINE = "Could not fetch URL ...: connection error: NameResolutionError(...) - skipping"
NOTHING = "ERROR: No matching distribution found for llama-cpp-python==0.3.36"


def plan(engine: str, *routes: Wheel | Source) -> EnginePlan:
    return EnginePlan(engine, "as asked", routes)


def test_a_wheel_comes_from_one_index_as_a_wheel_and_soon() -> None:
    command = pip_command(PYTHON, Wheel("cu124"), PIN)
    text = " ".join(command)
    assert "--only-binary llama-cpp-python" in text
    assert "--no-index --find-links https://abetlen.github.io/llama-cpp-python/whl/cu124/" in text
    assert "--timeout 5 --retries 0" in text
    assert "--force-reinstall" in command


def test_a_build_for_a_gpu_takes_nothing_from_the_cache_and_leaves_nothing_there() -> None:
    command = pip_command(PYTHON, Source(("-DGGML_CUDA=on",)), PIN)
    assert "--no-cache-dir" in command
    assert command[command.index("--no-binary") + 1] == "llama-cpp-python"


def test_a_plain_build_for_the_cpu_may_come_from_the_cache() -> None:
    assert "--no-cache-dir" not in pip_command(PYTHON, Source(), PIN)
    assert "--no-cache-dir" in pip_command(PYTHON, Source(), PIN, "-DGGML_BLAS=on")


def test_the_users_cmake_args_come_last() -> None:
    route = Source(("-DGGML_CUDA=on",))
    assert build_environment(route, {}) == {"CMAKE_ARGS": "-DGGML_CUDA=on"}
    assert build_environment(route, {"CMAKE_ARGS": "-DX=1"}) == {"CMAKE_ARGS": "-DGGML_CUDA=on -DX=1"}
    assert build_environment(Wheel("cpu"), {"CMAKE_ARGS": "-DX=1"}) == {}
    assert build_environment(Source(), {"CMAKE_ARGS": "-DX=1"}) == {}


def test_the_announcement_says_how_long_compiling_takes() -> None:
    assert announcement(Wheel("cu124"), "cuda").endswith("for CUDA (cu124) ...")
    assert announcement(Wheel("cpu"), "cpu").endswith("for CPU ...")
    assert "4 minutes" in announcement(Source(), "cpu")
    assert "half an hour" in announcement(Source(("-DGGML_CUDA=on",)), "cuda")


def test_an_index_that_does_not_answer_is_asked_once() -> None:
    pip = Pip(
        {
            "--find-links": [Finished(1, OFFLINE)],
            "-DGGML_CUDA": [Finished(0, "")],
            " -c ": [Finished(0, CUDA)],
        }
    )
    outcome = carry_out(
        plan("cuda", Wheel("cu125"), Wheel("cu124"), Source(("-DGGML_CUDA=on",))), PYTHON, PIN, pip
    )
    assert outcome.installed == Installed("cuda", offload=True, version="0.3.36")
    assert outcome.failures == (UNREACHABLE,)
    assert sum("--find-links" in command for command in pip.commands) == 1


def test_every_index_that_answers_is_asked() -> None:
    pip = Pip({"--find-links": [Finished(1, NOTHING)]})
    outcome = carry_out(plan("cuda", Wheel("cu125"), Wheel("cu124")), PYTHON, PIN, pip)
    assert outcome.installed is None
    assert outcome.failures == (
        "the wheel index cu125 has none for this machine",
        "the wheel index cu124 has none for this machine",
    )


def test_a_build_for_the_cpu_is_never_taken_for_one_for_a_gpu() -> None:
    pip = Pip({" -c ": [Finished(0, CPU)]})
    outcome = carry_out(plan("cuda", Wheel("cu124")), PYTHON, PIN, pip)
    assert outcome.installed is None
    assert outcome.failures == ("what was installed is a build for CPU",)


def test_an_engine_that_does_not_load_is_a_failure_that_names_the_library() -> None:
    words = "RuntimeError: Failed to load shared library: libvulkan.so.1: cannot open shared object file"
    pip = Pip({" -c ": [Finished(1, "Traceback\n" + words)]})
    outcome = carry_out(plan("vulkan", Wheel("vulkan")), PYTHON, PIN, pip)
    assert outcome.installed is None
    assert "does not load" in outcome.failures[0]
    assert "libvulkan.so.1" in outcome.failures[0]


def test_a_check_that_is_killed_is_a_failure() -> None:
    outcome = carry_out(plan("cpu", Wheel("cpu")), PYTHON, PIN, Pip({" -c ": [Finished(-4, "")]}))
    assert outcome.failures == ("it was installed, but does not load: exit code -4",)


def test_a_failed_build_goes_on_to_say_why() -> None:
    pip = Pip({"--force-reinstall": [Finished(1, "ninja: build stopped: subcommand failed.")]})
    outcome = carry_out(plan("cuda", Source(("-DGGML_CUDA=on",))), PYTHON, PIN, pip)
    assert outcome.failures == ("compiling it failed",)


def test_a_cuda_wheel_gets_the_runtime_libraries_that_it_misses(tmp_path: Path) -> None:
    (tmp_path / "nvidia" / "cublas" / "lib").mkdir(parents=True)
    (tmp_path / "nvidia" / "cublas" / "lib" / "libcublas.so.12").write_bytes(b"cublas")
    (tmp_path / "llama_cpp" / "lib").mkdir(parents=True)
    pip = Pip(
        {
            "sysconfig": [Finished(0, f"SITE {tmp_path}")],
            "nvidia-": [Finished(0, "")],
            " -c ": [Finished(1, "libcudart.so.12: cannot open shared object file"), Finished(0, CUDA)],
        }
    )
    outcome = carry_out(plan("cuda", Wheel("cu124")), PYTHON, PIN, pip)
    assert outcome.installed == Installed("cuda", offload=True, version="0.3.36")
    assert any("nvidia-cublas-cu12" in command for command in pip.commands)
    assert (tmp_path / "llama_cpp" / "lib" / "libcublas.so.12").read_bytes() == b"cublas"


def test_a_vulkan_wheel_is_not_given_cuda_libraries() -> None:
    pip = Pip({" -c ": [Finished(1, "libcudart.so.12: cannot open shared object file")]})
    carry_out(plan("vulkan", Wheel("vulkan")), PYTHON, PIN, pip)
    assert not any("nvidia" in command for command in pip.commands)


def test_libraries_that_lie_there_already_are_left_alone(tmp_path: Path) -> None:
    source = tmp_path / "nvidia" / "cu13" / "lib"
    lib = tmp_path / "llama_cpp" / "lib"
    for directory in (source, lib):
        directory.mkdir(parents=True)
    (source / "libcudart.so.13").write_bytes(b"new")
    (source / "libnvrtc.so.13").write_bytes(b"other")
    (lib / "libcudart.so.13").write_bytes(b"old")
    assert lay_beside(tmp_path, lib) == [lib / "libcudart.so.13"]
    assert (lib / "libcudart.so.13").read_bytes() == b"old"
    assert not (lib / "libnvrtc.so.13").exists()


@pytest.mark.parametrize(
    ("backends", "engine"),
    [
        (["base", "cpu"], "cpu"),
        (["base", "blas", "cpu", "metal"], "metal"),
        (["base", "cpu", "hip"], "rocm"),
        (["base", "cpu", "vulkan"], "vulkan"),
    ],
)
def test_an_engine_is_named_by_its_libraries(backends: list[str], engine: str) -> None:
    names = ", ".join(f'"{name}"' for name in backends)
    line = f'noise\nCHECK {{"version": "1", "backends": [{names}], "offload": false}}'
    assert read_check(line) == Installed(engine, offload=False, version="1")


def test_no_check_line_means_that_it_does_not_load() -> None:
    assert read_check("ggml_cuda_init: failed") is None
