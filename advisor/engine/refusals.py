"""What a living worker says when it cannot answer, as an error with a sentence and a hint."""

from __future__ import annotations

import re

from advisor.engine import remedies
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.remedies import DEVICE_LIMIT_HINT, UPDATE, WITHOUT_ENGINE
from advisor.engine.wire import Failure
from advisor.errors import EngineDied, EngineError, EngineRefused

_UNKNOWN_ARCHITECTURE = re.compile(r"unknown model architecture: '([^']*)'")
_HEAD_SIZE = re.compile(r"([KV]) cache type (\S+) with block size \d+ does not divide n_embd_head_[kv]=(\d+)")
_NO_MEMORY = re.compile(r"failed to allocate|unable to allocate|out of memory|bad_alloc", re.IGNORECASE)
_FUNCTION_NAMES = re.compile(r"^(?:\w+: )+")

# The code of a refusal that a plain fill answers.
NOT_BY_COPIES = "not-by-copies"

# What is refused before llama.cpp is asked: what to do instead, and the code.
_REFUSED_BY_THE_WORKER = {
    "request": ("Choose another value.", "engine-request"),
    "device": (DEVICE_LIMIT_HINT, DEVICE_LIMIT),
    "copy": ("Fill it token by token.", NOT_BY_COPIES),
    "vocabulary": ("Without one, tokens can only be estimated.", "no-vocabulary"),
}


def refusal(failed: Failure, stage: str) -> EngineError:
    """The error for a request that failed while the engine was `stage` ("opening the model")."""
    match failed.kind:
        case "missing":
            return remedies.missing(failed.message)
        case "unfit":
            return remedies.unfit(failed.message)
        case "memory":
            return remedies.out_of_memory(stage)
        case "request" | "device" | "copy" | "vocabulary":
            hint, code = _REFUSED_BY_THE_WORKER[failed.kind]
            return EngineRefused(failed.message, hint=hint, code=code)
        case "engine":
            return _of_llama_cpp(failed)
        case _:
            return EngineDied(
                f"The engine process failed while {stage}: {failed.message}.",
                hint=f"This is a mistake in Context Advisor; please report it. {WITHOUT_ENGINE}",
                code="engine-worker-failed",
            )


def _of_llama_cpp(failed: Failure) -> EngineRefused:
    """llama.cpp's own no (the texts are those of src/llama-model.cpp, llama-context.cpp, ggml-alloc.c)."""
    said = "\n".join(failed.lines)
    if found := _UNKNOWN_ARCHITECTURE.search(said):
        return EngineRefused(
            f'This llama.cpp does not know the architecture "{found[1]}": it is older than the model.',
            hint=f"Update llama-cpp-python: {UPDATE}. {WITHOUT_ENGINE}",
            code="unknown-architecture",
        )
    if found := _HEAD_SIZE.search(said):
        return EngineRefused(
            f"{found[1]} cannot be cached as {found[2]}: this model's head size is {found[3]}.",
            hint="Use f16, or a type whose block divides the head size.",
            code="cache-type-refused",
        )
    if "quantized V cache requires flash_attn" in said:
        return EngineRefused(
            "A quantized V cache needs flash attention.",
            hint="Turn flash attention on (-fa on), or keep V in f16 (-ctv f16).",
            code="cache-type-refused",
        )
    if "not within the file bounds" in said:
        return EngineRefused(
            "The model file is shorter than its header says.",
            hint="Download it again.",
            code="model-truncated",
        )
    if _NO_MEMORY.search(said):
        return EngineRefused(
            f"llama.cpp could not have the memory that it asked for: {_cause(failed)}.",
            hint="Use a smaller context or fewer slots, or close other programs.",
            code="engine-out-of-memory",
        )
    return EngineRefused(
        f"llama.cpp refuses: {_cause(failed)}.", hint=f"Check the settings and the file. {WITHOUT_ENGINE}"
    )


def _cause(failed: Failure) -> str:
    """What llama.cpp said first, without the names of its functions: later lines only pass it on."""
    line = failed.lines[0] if failed.lines else failed.message
    return _FUNCTION_NAMES.sub("", line).strip().rstrip(".") or failed.message.rstrip(".")
