"""The Vulkan device of `make rig`, and an engine that has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.launch import Launch
from tests.support import vulkan_rig


@pytest.fixture(scope="session")
def rig() -> Mapping[str, str]:
    """The variables with which the engine finds the device."""
    return vulkan_rig.environment()


@pytest.fixture(scope="module")
def engine(rig: Mapping[str, str]) -> Iterator[EngineClient]:
    """An engine with the device, for questions that it survives."""
    with EngineClient(Launch(environment=rig)) as client:
        client.hello()
        yield client
