"""The Vulkan device that `make rig` sets up for the Python that runs the tests."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from environment import rig


def environment() -> dict[str, str]:
    """The variables with which the engine finds the device, and no other GPU.

    Skips the test that asks where the device was never set up; in CI that is a failure.
    """
    record = Path(sys.prefix) / rig.DIRECTORY / rig.RECORD
    if record.is_file():
        variables: dict[str, str] = json.loads(record.read_text(encoding="utf-8"))["environment"]
        return variables
    reason = "The Vulkan device for tests is not set up: run make rig."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
