"""What may happen to the engine's process, at every stage of its work, as one table.

Further rows: tests/advisor/engine (every way to die, silence, the end of the program), tests/advisor/probe
(what a proof makes of it), tests/advisor/engine/worker (the worker's own end of the pipe).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from advisor.engine.client import Deadlines, EngineClient
from advisor.engine.launch import Launch
from advisor.engine.proof import FillMethod, Progress
from advisor.engine.protocol import OpenModel
from advisor.engine.prover import ProofDeadlines, Prover
from advisor.errors import EngineDied, EngineError, EngineTimeout
from advisor.settings.load_settings import LoadSettings
from tests.support.engines import handling

SETTINGS = LoadSettings(n_ctx=4096)
MODEL = OpenModel(path="model.gguf")
# Of the question that is not answered; all others have a minute.
PATIENCE_SECONDS = 0.2


def ignore(_progress: Progress) -> None:
    """Nobody looks."""


def dry(launch: Launch, ask: Callable[[EngineClient], object], **deadline: float) -> None:
    deadlines = Deadlines(**deadline)
    with EngineClient(launch, deadlines=deadlines) as client:
        try:
            ask(client)
        finally:
            assert client.pid is None


def real(launch: Launch, ask: Callable[[Prover], object], **deadline: float) -> None:
    deadlines = ProofDeadlines(**deadline)
    with Prover(launch, deadlines=deadlines) as prover:
        try:
            ask(prover)
        finally:
            assert prover.pid is None
            assert not prover.is_loaded


def load(prover: Prover) -> None:
    prover.load(MODEL, host_usable_bytes=None, on_progress=ignore)


def allocate(prover: Prover) -> None:
    load(prover)
    prover.allocate(SETTINGS, ignore)


def fill(prover: Prover) -> None:
    load(prover)
    prover.fill(SETTINGS, FillMethod.FULL, ignore)


@dataclass(frozen=True)
class Stage:
    """A question of the protocol, how it is asked, and how a sentence calls it."""

    question: str
    words: str
    ask: Callable[..., None]


STAGES = {
    "start": Stage("hello", "while starting", lambda *a, **k: dry(*a, EngineClient.hello, **k)),
    "open": Stage("open", "while opening", lambda *a, **k: dry(*a, lambda c: c.open(MODEL), **k)),
    "context": Stage("context", "while making", lambda *a, **k: dry(*a, lambda c: c.context(SETTINGS), **k)),
    "load": Stage("load", "while loading", lambda *a, **k: real(*a, load, **k)),
    "allocate": Stage("allocate", "while allocating", lambda *a, **k: real(*a, allocate, **k)),
    "fill": Stage("fill", "while filling", lambda *a, **k: real(*a, fill, **k)),
}

# What the worker does, what comes of it, and after which time without an answer.
Fault = tuple[str, type[EngineError], str, float]
FAULTS: dict[str, Fault] = {
    "is-killed": ("os.kill(os.getpid(), signal.SIGKILL)", EngineDied, "engine-killed", 60),
    "aborts": ("os.abort()", EngineDied, "engine-aborted", 60),
    "crashes": ("ctypes.string_at(0)", EngineDied, "engine-crashed", 60),
    "has-no-memory": (
        (
            'sys.stderr.write("ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer\\n")\n'
            "    sys.stderr.flush(); os.abort()"
        ),
        EngineDied,
        "engine-out-of-memory",
        60,
    ),
    "has-no-device-memory": (
        (
            'sys.stderr.write("ggml_vulkan: Device memory allocation failed: ErrorOutOfDeviceMemory\\n")\n'
            "    sys.stderr.flush(); os.abort()"
        ),
        EngineDied,
        "engine-out-of-memory",
        60,
    ),
    "never-answers": ("wait_forever()", EngineTimeout, "engine-timeout", PATIENCE_SECONDS),
    "stops-in-the-middle": (
        "write('{\"id\": '); wait_forever()",
        EngineTimeout,
        "engine-timeout",
        PATIENCE_SECONDS,
    ),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_at_every_stage_is_a_sentence_and_leaves_no_process(
    tmp_path: Path, fault: str, stage: str
) -> None:
    body, leaf, code, patience = FAULTS[fault]
    at = STAGES[stage]
    launch = handling(tmp_path, f'if request["do"] == "{at.question}":\n    {body}')
    with pytest.raises(EngineError) as raised:
        at.ask(launch, **{f"{stage}_seconds": patience})
    assert type(raised.value) is leaf
    assert raised.value.code == code
    assert at.words in raised.value.message
    assert raised.value.hint.endswith(".")
