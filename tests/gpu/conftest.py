"""The Vulkan device of `make rig`, and an engine that has it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.launch import Launch
from tests.support import vulkan_rig


@pytest.fixture(scope="session")
def rig() -> Mapping[str, str]:
    """The variables with which the engine finds the device."""
    return vulkan_rig.environment()


@pytest.fixture(autouse=True)
def two_cores() -> Iterator[None]:
    """The same rig on every machine: each thread of the driver and of ggml counts against a worker's cap."""
    if sys.platform != "linux":  # nor is there a rig
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:2])
    yield
    os.sched_setaffinity(0, allowed)


@pytest.fixture(scope="module")
def engine(rig: Mapping[str, str]) -> Iterator[EngineClient]:
    """An engine with the device, for questions that it survives."""
    with EngineClient(Launch(environment=rig)) as client:
        client.hello()
        yield client
