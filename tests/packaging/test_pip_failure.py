"""What pip and compilers print when something is wrong, as one clause each."""

from __future__ import annotations

import pytest
from environment.pip_failure import FULL, OFFLINE, is_absent, is_unreachable, reason, stopped


@pytest.mark.parametrize(
    ("output", "clause"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", FULL),
        ("c++: fatal error: error writing to /tmp/x.s: No space left on device\nFailed building wheel", FULL),
        (
            "NewConnectionError('[Errno -2] Name or service not known')\nERROR: No matching distribution",
            OFFLINE,
        ),
        ('ReadTimeoutError("Read timed out. (read timeout=5.0)")', OFFLINE),
        (
            "ERROR: No matching distribution found for llama-cpp-python==9",
            "there is no such package for this machine",
        ),
        (
            "ERROR: [Errno 13] Permission denied: '/x/.venv'",
            "a file may not be written here (permission denied)",
        ),
        (
            "  error: x\n    CMake Error at x:230 (message):\n      Could NOT find Vulkan (missing: glslc)\n",
            "compiling it failed (Could NOT find Vulkan (missing: glslc))",
        ),
        (
            "x.cpp:1:1: fatal error: cuda.h: No such file\nninja: build stopped",
            "compiling it failed (cuda.h: No such file)",
        ),
        (
            "ERROR: Package 'x' requires a different Python: 3.9",
            "Package 'x' requires a different Python: 3.9",
        ),
        ("", "pip failed"),
    ],
)
def test_the_cause_is_named(output: str, clause: str) -> None:
    assert reason(output) == clause


def test_a_page_that_is_not_there_is_an_answer() -> None:
    output = (
        "Could not fetch URL https://x/whl/cu125/: 404 Client Error: Not Found - skipping\n"
        "ERROR: No matching distribution found for llama-cpp-python==0.3.36"
    )
    assert not is_unreachable(output)
    assert is_absent(output)


def test_a_page_that_does_not_answer_is_not_an_absence() -> None:
    assert is_unreachable("Could not fetch URL https://x/: connection error: HTTPSConnectionPool(...)")


def test_every_failure_comes_with_what_to_do() -> None:
    assert "Free some space" in stopped("X", "No space left on device", "log").hint
    assert "connection" in stopped("X", "NameResolutionError", "log").hint
    assert stopped("X", "?", ".venv/setup.log").hint == "The full output is in .venv/setup.log."
    assert stopped("X", "?", "log").sentence == "X could not be installed: pip failed."
