"""Why pip failed, in one sentence, read from what it printed."""

from __future__ import annotations

import re

from environment.console import SetupStopped

FULL = "the disk is full"
OFFLINE = "the network or the package index cannot be reached"

# The words of pip, of the operating system and of CMake, most telling first.
_DISK = re.compile(r"No space left on device|not enough space on the disk|Errno 28\b", re.IGNORECASE)
_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError"
    r"|Temporary failure in name resolution|getaddrinfo failed|Network is unreachable|ProxyError|SSLError"
    r"|Connection refused|ConnectionResetError|IncompleteRead|connection error:"
    r"|confirming the ssl certificate",
)
_COMPILER = re.compile(
    r"CMake Error|CMAKE_\w+_COMPILER|ninja: build stopped|Failed building wheel|compilation terminated"
)
_NO_WHEEL = re.compile(r"No matching distribution found|Could not find a version that satisfies")
_RIGHTS = re.compile(r"Permission denied|Errno 13\b|Access is denied", re.IGNORECASE)


def reason(output: str) -> str:
    """A clause that says what went wrong, or pip's own last error if none of the known causes is found."""
    for pattern, clause in (
        (_DISK, FULL),
        (_RIGHTS, "a file may not be written here (permission denied)"),
        (_COMPILER, "compiling it failed" + _detail(output)),
        (_NETWORK, OFFLINE),
        (_NO_WHEEL, "there is no such package for this machine"),
    ):
        if pattern.search(output):
            return clause
    return _last_error(output) or "pip failed"


def is_unreachable(output: str) -> bool:
    """Whether the index did not answer, as opposed to having nothing for us."""
    return bool(_NETWORK.search(output))


def is_absent(output: str) -> bool:
    """Whether the index answered and has nothing for this machine."""
    return bool(_NO_WHEEL.search(output))


def stopped(what: str, output: str, log: str) -> SetupStopped:
    """The failure of a step without which nothing works."""
    clause = reason(output)
    if clause == FULL:
        hint = "Free some space and run the same command again."
    elif clause == OFFLINE:
        hint = "Check the connection or the proxy and run the same command again."
    else:
        hint = f"The full output is in {log}."
    return SetupStopped(f"{what} could not be installed: {clause}.", hint=hint)


def _detail(output: str) -> str:
    """The first error of CMake, else of a compiler; pip prints both indented."""
    for pattern in (r"CMake Error[^\n]*\n\s*(\S[^\n]*)", r"\d: (?:fatal )?error: ([^\n]+)"):
        found = re.search(pattern, output)
        if found:
            return f" ({found.group(1).strip()[:160]})"
    return ""


def _last_error(output: str) -> str:
    lines = [
        line.partition("ERROR: ")[2].strip() for line in output.splitlines() if line.startswith("ERROR: ")
    ]
    return lines[-1][:200].rstrip(".") if lines else ""
