from __future__ import annotations

import signal

import pytest

from advisor.engine.deaths import Stage, could_not_start, death, nonsense, silence
from advisor.errors import EngineDied, EngineError, EngineMissing, EngineTimeout, EngineUnfit

ASSERTION = (
    "/tmp/pip-install-x/vendor/llama.cpp/src/llama-context.cpp:2273: GGML_ASSERT(n_outputs_max <= "
    "cparams.n_outputs_max) failed"
)
TRACEBACK = ["Traceback (most recent call last):", '  File "__main__.py", line 3, in <module>']


@pytest.mark.parametrize(
    ("returncode", "stderr", "leaf", "code", "says"),
    [
        (-signal.SIGKILL, [], EngineDied, "engine-killed", "memory runs out"),
        (-signal.SIGTERM, [], EngineDied, "engine-killed", "signal 15"),
        (-signal.SIGSEGV, [], EngineDied, "engine-crashed", "signal 11"),
        (-signal.SIGBUS, [], EngineDied, "engine-crashed", "signal 7"),
        (-signal.SIGILL, [], EngineUnfit, "engine-wrong-processor", "newer processor"),
        (
            -signal.SIGABRT,
            [ASSERTION],
            EngineDied,
            "engine-aborted",
            "n_outputs_max <= cparams.n_outputs_max",
        ),
        (
            -signal.SIGABRT,
            ["/build/x/ggml-cuda.cu:88: CUDA error"],
            EngineDied,
            "engine-aborted",
            "ggml-cuda.cu:88: CUDA error.",
        ),
        (-signal.SIGABRT, [], EngineDied, "engine-aborted", "stopped itself while making a context."),
        (
            -signal.SIGABRT,
            ["terminate called after throwing an instance of 'std::bad_alloc'", "  what():  std::bad_alloc"],
            EngineDied,
            "engine-out-of-memory",
            "ran out of memory",
        ),
        (
            -signal.SIGABRT,
            ["CUDA error: out of memory", "  current device: 0", "ggml-cuda.cu:88: CUDA error"],
            EngineDied,
            "engine-out-of-memory",
            "ran out of memory",
        ),
        (
            -signal.SIGABRT,
            ["pre-allocated tensor (cache_k_l0) in a buffer (Vulkan0) that cannot run the operation"],
            EngineDied,
            "engine-device-limit",
            "Vulkan0 cannot work on cache_k_l0",
        ),
        (3, ["boom"], EngineDied, "engine-exited", "exit code 3 while making a context: boom."),
        (0, [], EngineDied, "engine-exited", "exit code 0"),
        (None, [], EngineDied, "engine-closed", "closed its answers"),
        (0xC0000005, [], EngineDied, "engine-crashed", "access violation"),
        (0xC0000005 - 2**32, [], EngineDied, "engine-crashed", "access violation"),
        (0xC0000017, [], EngineDied, "engine-out-of-memory", "ran out of memory"),
        (0xC0000409, [], EngineDied, "engine-aborted", "stopped itself"),
        (0xC0000409, [ASSERTION], EngineDied, "engine-aborted", "n_outputs_max"),
        (0xC000001D, [], EngineUnfit, "engine-wrong-processor", "newer processor"),
        (0xC0000135, [], EngineMissing, "engine-missing", "library"),
        (
            1,
            [*TRACEBACK, "ModuleNotFoundError: No module named 'llama_cpp'"],
            EngineMissing,
            "engine-missing",
            'The module "llama_cpp" is missing.',
        ),
        (
            1,
            ["RuntimeError: libcudart.so.12: cannot open shared object file: No such file or directory"],
            EngineMissing,
            "engine-library-missing",
            "libcudart.so.12",
        ),
        (
            1,
            [*TRACEBACK, "    match x:", "SyntaxError: invalid syntax"],
            EngineUnfit,
            "engine-unfit",
            "Python is too old",
        ),
    ],
)
def test_every_death_has_a_sentence(
    returncode: int | None, stderr: list[str], leaf: type[EngineError], code: str, says: str
) -> None:
    error = death(returncode, Stage.CONTEXT, stderr)
    assert type(error) is leaf
    assert error.code == code
    assert says in error.message
    assert error.message.endswith(".")
    assert ".." not in error.message
    assert error.hint


def test_the_sentence_names_no_folders_of_the_machine_that_built_it() -> None:
    assert "/build" not in death(-6, Stage.OPEN, ["/build/x/ggml.c:12: fatal error"]).message
    assert "D:" not in death(3, Stage.OPEN, [r"D:\a\llama.cpp\ggml.c:12: fatal error"]).message


def test_the_sentence_says_what_was_being_done() -> None:
    assert "while starting" in death(-11, Stage.START, []).message
    assert "while opening the model" in death(-11, Stage.OPEN, []).message


def test_lines_of_a_question_that_was_answered_do_not_explain_a_death() -> None:
    old = ["failed to allocate CPU buffer"] + [f"line {n}" for n in range(20)]
    assert death(-signal.SIGSEGV, Stage.CONTEXT, old).code == "engine-crashed"


def test_a_missing_engine_comes_with_its_install_command() -> None:
    assert "pip install" in death(1, Stage.START, ["No module named 'llama_cpp'"]).hint


def test_a_python_that_cannot_be_run_is_named() -> None:
    error = could_not_start("/no/python", FileNotFoundError(2, "No such file or directory"))
    assert type(error) is EngineMissing
    assert error.message == "The engine could not be started with /no/python: No such file or directory."
    assert "embedded null byte" in could_not_start("p", ValueError("embedded null byte")).message


def test_silence_is_a_timeout() -> None:
    error = silence(Stage.OPEN, 120.0)
    assert type(error) is EngineTimeout
    assert "120 seconds while opening the model" in error.message


def test_nonsense_names_what_was_not_understood() -> None:
    assert "KeyError('n_ctx')" in nonsense(Stage.CONTEXT, "KeyError('n_ctx')").message
