"""The made-up NVIDIA driver, compiled once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fake_nvml.child import compile_library


@pytest.fixture(scope="session")
def fake_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the compiled library."""
    return compile_library(tmp_path_factory.mktemp("nvml")).parent
