"""Which engine each machine gets, by which routes, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from environment.engine_choice import ENGINES, Source, Wheel, choose
from environment.machine import Gpu, Machine

PLAIN = Machine("linux", "x86_64", compiler=True)
RTX = Gpu("nvidia", "NVIDIA GeForce RTX 4070")
GAMING_PC = replace(PLAIN, gpus=(RTX,), cuda_driver=(12, 4), compute_capability=(8, 9))
RADEON = replace(PLAIN, gpus=(Gpu("amd", "AMD GPU"),), vulkan_loader=True)
MAC = Machine("darwin", "arm64", gpus=(Gpu("apple", "Apple GPU"),), compiler=True)


def tags(machine: Machine, asked: str = "auto") -> list[str]:
    return [route.tag for route in choose(machine, asked).routes if isinstance(route, Wheel)]


def sources(machine: Machine, asked: str = "auto") -> list[tuple[str, ...]]:
    return [route.cmake_args for route in choose(machine, asked).routes if isinstance(route, Source)]


@pytest.mark.parametrize(
    ("machine", "engine"),
    [
        (PLAIN, "cpu"),
        (GAMING_PC, "cuda"),
        (replace(PLAIN, gpus=(Gpu("intel", "Intel GPU"), RTX)), "cuda"),
        (replace(PLAIN, gpus=(Gpu("amd", "AMD GPU"), Gpu("intel", "Intel GPU"))), "vulkan"),
        (replace(RADEON, rocm=(6, 2)), "rocm"),
        (replace(PLAIN, gpus=(Gpu("intel", "Intel GPU"),)), "vulkan"),
        (MAC, "metal"),
        (Machine("darwin", "x86_64", compiler=True), "cpu"),
        (Machine("win32", "x86_64", gpus=(RTX,), compiler=True), "cuda"),
    ],
)
def test_the_engine_is_what_the_machine_has(machine: Machine, engine: str) -> None:
    assert choose(machine, "auto").engine == engine


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_asked_for_is_planned_on_any_machine(engine: str) -> None:
    for machine in (PLAIN, GAMING_PC, RADEON, MAC):
        plan = choose(machine, engine)
        assert plan.engine == engine
        assert plan.routes or plan.obstacle


def test_a_gpu_is_named_as_the_reason() -> None:
    assert choose(GAMING_PC, "auto").why == "for the NVIDIA GeForce RTX 4070"


def test_cuda_wheels_are_asked_for_newest_first_and_never_newer_than_the_driver() -> None:
    assert tags(GAMING_PC) == ["cu124", "cu123", "cu122", "cu121", "cu118"]
    assert tags(replace(GAMING_PC, cuda_driver=(13, 1)))[:2] == ["cu130", "cu125"]
    assert tags(replace(GAMING_PC, cuda_driver=(11, 4))) == []


def test_cards_before_turing_or_of_unknown_age_get_no_cuda_13() -> None:
    for capability in ((6, 1), None):
        machine = replace(GAMING_PC, cuda_driver=(13, 0), compute_capability=capability)
        assert tags(machine)[0] == "cu125"


def test_cuda_without_a_driver_cannot_be_had_even_with_nvcc() -> None:
    plan = choose(replace(PLAIN, gpus=(RTX,), nvcc=(13, 0)), "auto")
    assert plan.routes == ()
    assert "driver" in plan.obstacle
    assert plan.remedy == "install the NVIDIA driver"


def test_cuda_is_compiled_after_the_wheels_where_nvcc_suits_the_driver() -> None:
    with_toolkit = replace(GAMING_PC, nvcc=(12, 4))
    assert choose(with_toolkit, "auto").routes[-1] == Source(("-DGGML_CUDA=on",))
    assert choose(with_toolkit, "auto").obstacle == ""
    newer = choose(replace(GAMING_PC, nvcc=(13, 0)), "auto")
    assert sources(replace(GAMING_PC, nvcc=(13, 0))) == []
    assert "13.0 is newer than the driver" in newer.obstacle
    assert "nvcc" in choose(GAMING_PC, "auto").obstacle


def test_there_are_no_gpu_wheels_for_arm_on_linux() -> None:
    machine = replace(GAMING_PC, architecture="arm64", nvcc=(12, 4))
    assert tags(machine) == []
    assert sources(machine) == [("-DGGML_CUDA=on",)]
    assert tags(replace(RADEON, architecture="arm64")) == []


def test_vulkan_needs_the_loader_then_a_wheel_or_the_sdk() -> None:
    assert choose(PLAIN, "vulkan").routes == ()
    assert "loader" in choose(PLAIN, "vulkan").obstacle
    assert tags(RADEON) == ["vulkan"]
    assert "glslc" in choose(RADEON, "auto").obstacle
    assert "headers" not in choose(replace(RADEON, vulkan_sdk=True), "auto").obstacle
    assert sources(replace(RADEON, vulkan_sdk=True, glslc=True)) == [("-DGGML_VULKAN=on",)]


def test_rocm_needs_rocm_and_the_wheel_needs_version_7() -> None:
    assert choose(RADEON, "rocm").obstacle == "ROCm is not installed"
    assert tags(replace(RADEON, rocm=(6, 4)), "rocm") == []
    assert tags(replace(RADEON, rocm=(7, 2)), "rocm") == ["rocm72"]
    assert sources(replace(RADEON, rocm=(6, 4), hipcc=True), "rocm") == [("-DGGML_HIP=on",)]
    assert tags(Machine("win32", "x86_64"), "rocm") == ["hip-radeon"]


def test_metal_is_for_a_native_python_on_apple_silicon() -> None:
    assert tags(MAC) == ["metal"]
    assert sources(MAC) == [("-DGGML_METAL=on",)]
    rosetta = choose(replace(MAC, architecture="x86_64", rosetta=True), "auto")
    assert rosetta.routes == ()
    assert "Rosetta" in rosetta.obstacle
    assert choose(PLAIN, "metal").obstacle == "Metal exists on macOS only"


def test_the_cpu_engine_is_a_wheel_or_compiled() -> None:
    assert choose(PLAIN, "cpu").routes == (Wheel("cpu"), Source())
    assert choose(MAC, "cpu").routes == (Source(("-DGGML_METAL=off",)),)


def test_without_a_compiler_only_wheels_are_left_and_it_says_so() -> None:
    bare = replace(PLAIN, compiler=False)
    assert choose(bare, "cpu").routes == (Wheel("cpu"),)
    assert "compiler" in choose(bare, "cpu").obstacle
    assert choose(replace(MAC, compiler=False), "auto").remedy == "run xcode-select --install"


def test_cmake_args_of_the_user_rule_out_the_wheels() -> None:
    assert choose(PLAIN, "auto", "-DGGML_BLAS=on").routes == (Source(),)
