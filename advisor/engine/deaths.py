"""Every way in which the engine process can end or fall silent, as an error with a sentence and a hint.

Pure functions of what is known afterwards: the return code, what the engine was doing, the last lines of
its stderr.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from advisor.engine import remedies
from advisor.engine.remedies import DEVICE_LIMIT_HINT, UPDATE, WITHOUT_ENGINE
from advisor.errors import EngineDied, EngineError, EngineMissing, EngineTimeout, EngineUnfit

# The code of the one death that is an answer: such a load cannot be, dry or real. A dry run is refused with
# it beforehand where the model's shapes are known for certain.
DEVICE_LIMIT = "engine-device-limit"

# Older lines may belong to a question that was answered.
LAST_LINES = 12

# Not all of these are named by Python's signal module on Windows.
SIGILL, SIGABRT, SIGBUS, SIGKILL, SIGSEGV = 4, 6, 7, 9, 11
MAX_SIGNAL = 64

# Windows exit codes: NTSTATUS values (ntstatus.h), where they are not names of their own below.
NTSTATUS = {
    0xC0000005: ("engine-crashed", "crashed (access violation)"),
    0xC00000FD: ("engine-crashed", "crashed (stack overflow)"),
    0xC0000374: ("engine-crashed", "crashed (damaged heap)"),
    0xC0000409: ("engine-aborted", "stopped itself"),
    0xC000013A: ("engine-killed", "was interrupted"),
}
NO_MEMORY = {0xC0000017, 0xC000012D}  # STATUS_NO_MEMORY, STATUS_COMMITMENT_LIMIT
NO_LIBRARY = {0xC0000135, 0xC0000139, 0xC000007B}  # a DLL missing, too old, or for another processor
ILLEGAL_INSTRUCTION = 0xC000001D


class Stage(StrEnum):
    """What the engine was doing, as a sentence continues: "while ..."."""

    START = "starting"
    OPEN = "opening the model"
    CONTEXT = "making a context"
    LOAD = "loading the model"
    ALLOCATE = "allocating a context"
    FILL = "filling the context"
    COUNT = "counting tokens"


def could_not_start(python: str, error: Exception) -> EngineMissing:
    """The engine's Python cannot be run at all."""
    reason = getattr(error, "strerror", None) or error
    return EngineMissing(
        f"The engine could not be started with {python}: {reason}.",
        hint=f"Give --engine-python the path of a Python that has llama-cpp-python. {WITHOUT_ENGINE}",
        code="engine-not-started",
    )


def silence(stage: Stage, seconds: float) -> EngineTimeout:
    """No answer before the deadline: the process was ended."""
    return EngineTimeout(
        f"The engine did not answer within {seconds:.0f} seconds while {stage}, and was stopped.",
        hint=f"Try again: a busy disk or a sleeping GPU can be slow once. {WITHOUT_ENGINE}",
    )


def nonsense(stage: Stage, detail: str) -> EngineUnfit:
    """An answer came that this version of the program does not understand."""
    return EngineUnfit(
        f"The engine's answer while {stage} cannot be understood ({detail}).",
        hint="Install Context Advisor again, so that all of its parts are of one version.",
        code="engine-nonsense",
    )


def death(returncode: int | None, stage: Stage, stderr: Sequence[str]) -> EngineError:
    """The process ended before it answered. `returncode` is None if it lived on with its answers closed."""
    last = [line.strip() for line in stderr[-LAST_LINES:] if line.strip()]
    text = "\n".join(last)
    for explain in (_cannot_load, _device_limit, _assertion, _exhausted):
        error = explain(text, stage)
        if error is not None:
            return error
    said = f": {_without_folders(last[-1])}" if last else ""
    if returncode is None:
        return _died("engine-closed", f"The engine closed its answers while {stage}{said}.")
    if -MAX_SIGNAL <= returncode < 0:
        return _by_signal(-returncode, stage, said)
    return _by_exit_code(returncode & 0xFFFFFFFF, stage, said)


# ---- by what was written last -----------------------------------------------------------------------

_NO_MODULE = re.compile(r"No module named '?([\w.]+)'?")
_ASSERTION = re.compile(r"GGML_ASSERT\((.+)\) failed")
_DEVICE_LIMIT = re.compile(
    r"pre-allocated tensor \((.+?)\) in a buffer \((.+?)\) that cannot run the operation"
)
_EXHAUSTED = re.compile(
    r"bad_alloc|out of memory|ErrorOutOf(?:Device|Host)Memory|MemoryError|Cannot allocate memory|"
    r"failed to allocate|Insufficient Memory",
    re.IGNORECASE,
)
_FOLDERS = re.compile(r"(?:[A-Za-z]:)?[^\s:]*[/\\](?=[^\s/\\:]+:\d+)")


def _cannot_load(text: str, _stage: Stage) -> EngineError | None:
    """Python could not load the worker or what it needs."""
    if found := _NO_MODULE.search(text):
        return remedies.missing(f'The module "{found[1]}" is missing.')
    if remedies.library_not_found(text):
        return remedies.missing(text)
    if "SyntaxError: " in text:
        return remedies.unfit("The engine's Python is too old: it needs Python 3.9 or newer.")
    return None


def _device_limit(text: str, stage: Stage) -> EngineError | None:
    """One tensor is larger than the device takes in one piece (Vulkan: maxStorageBufferRange)."""
    found = _DEVICE_LIMIT.search(text)
    if found is None:
        return None
    return EngineDied(
        f"{found[2]} cannot work on {found[1]} in one piece; the engine stopped while {stage}.",
        hint=DEVICE_LIMIT_HINT,
        code=DEVICE_LIMIT,
    )


def _assertion(text: str, stage: Stage) -> EngineError | None:
    found = _ASSERTION.search(text)
    if found is None:
        return None
    return EngineDied(
        f"llama.cpp stopped itself while {stage}, because this does not hold: {found[1]}.",
        hint=f"These settings do not suit this model: try f16 for both caches. {WITHOUT_ENGINE}",
        code="engine-aborted",
    )


def _exhausted(text: str, stage: Stage) -> EngineError | None:
    return remedies.out_of_memory(stage) if _EXHAUSTED.search(text) else None


# ---- by the return code -----------------------------------------------------------------------------


def _by_signal(number: int, stage: Stage, said: str) -> EngineError:
    if number == SIGILL:
        return remedies.wrong_processor()
    if number == SIGKILL:
        return EngineDied(
            f"The engine was killed while {stage}. The system does this when memory runs out.",
            hint="Close other programs, or use a smaller context.",
            code="engine-killed",
        )
    if number == SIGABRT:
        return _died("engine-aborted", f"llama.cpp stopped itself while {stage}{said}.")
    if number in (SIGSEGV, SIGBUS):
        return _died("engine-crashed", f"The engine crashed while {stage} (signal {number}).")
    return _died("engine-killed", f"The engine was ended by signal {number} while {stage}.")


def _by_exit_code(code: int, stage: Stage, said: str) -> EngineError:
    if code in NO_MEMORY:
        return remedies.out_of_memory(stage)
    if code in NO_LIBRARY:
        return remedies.missing("A library that it needs is missing, too old, or for another processor.")
    if code == ILLEGAL_INSTRUCTION:
        return remedies.wrong_processor()
    name, what = NTSTATUS.get(code, ("engine-exited", f"ended with exit code {code}"))
    return _died(name, f"The engine {what} while {stage}{said}.")


def _died(code: str, sentence: str) -> EngineDied:
    return EngineDied(
        sentence,
        hint=f"Try again; if it happens again, update llama-cpp-python: {UPDATE}. {WITHOUT_ENGINE}",
        code=code,
    )


def _without_folders(line: str) -> str:
    """An abort names the source file with the folders of the machine that built it: they help nobody."""
    return _FOLDERS.sub("", line).rstrip(".")
