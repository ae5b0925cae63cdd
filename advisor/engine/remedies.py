"""The errors that several causes share, and the commands that put an engine right."""

from __future__ import annotations

import re

from advisor.errors import EngineDied, EngineMissing, EngineUnfit

WHEELS = "--extra-index-url https://abetlen.github.io/llama-cpp-python/whl/cpu"
INSTALL = f"python -m pip install --only-binary=llama-cpp-python llama-cpp-python {WHEELS}"
UPDATE = f"python -m pip install --upgrade --only-binary=llama-cpp-python llama-cpp-python {WHEELS}"
BUILD = "python -m pip install --no-binary=llama-cpp-python llama-cpp-python"
DEVICE_LIMIT_HINT = "This is a limit of the device, not of its memory: use a smaller context or cache type."
WITHOUT_ENGINE = "Without the engine, answers come from the formula (--basis formula)."

_NO_LIBRARY = (
    re.compile(r"([\w.+-]+\.so[\w.]*): cannot open shared object file"),
    re.compile(r"Library not loaded: (?:\S*/)?([\w.+-]+)"),
    re.compile(r"Could not find module '(?:[^']*[\\/])?([^'\\/]+)'"),
)
_NEWER_SYSTEM = re.compile(r"version `((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found")
_GPU_LIBRARY = re.compile(r"(lib)?(cuda|cublas|nvrtc|amdhip|hip|roc|vulkan)", re.IGNORECASE)


def library_not_found(text: str) -> str | None:
    """The shared library that a loader's message says is missing (Linux, macOS, Windows), or None."""
    for pattern in _NO_LIBRARY:
        if found := pattern.search(text):
            return found[1]
    return None


def missing(text: str) -> EngineMissing:
    """No engine: `text` is the loader's message or a sentence."""
    library = library_not_found(text)
    if library is not None:
        is_gpu = _GPU_LIBRARY.match(library) is not None
        remedy = "Install the GPU's runtime, or the build for the CPU" if is_gpu else "Install it again"
        return EngineMissing(
            f"llama-cpp-python is installed, but a library that it needs was not found: {library}.",
            hint=f"{remedy}: {INSTALL}",
            code="engine-library-missing",
        )
    if found := _NEWER_SYSTEM.search(text):
        return EngineMissing(
            f"llama-cpp-python was built for a newer system than this one: it needs {found[1]}.",
            hint=f"Build it on this computer: {BUILD}",
            code="engine-library-missing",
        )
    return EngineMissing(f"llama.cpp cannot be used. {_sentence(text)}", hint=f"Install it with: {INSTALL}")


def unfit(text: str) -> EngineUnfit:
    """There is an engine, but its answers cannot be trusted."""
    return EngineUnfit(_sentence(text), hint=f"Update llama-cpp-python: {UPDATE}. {WITHOUT_ENGINE}")


def wrong_processor() -> EngineUnfit:
    """The library uses instructions that this processor lacks."""
    return EngineUnfit(
        "The installed llama.cpp was built for a newer processor than this one.",
        hint=f"Build it on this computer: {BUILD}",
        code="engine-wrong-processor",
    )


def out_of_memory(stage: str) -> EngineDied:
    """The engine could not have the memory that it asked for, and did not survive it."""
    return EngineDied(
        f"The engine ran out of memory while {stage}.",
        hint="Use a smaller context or fewer slots, or close other programs.",
        code="engine-out-of-memory",
    )


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
