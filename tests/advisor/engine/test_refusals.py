from __future__ import annotations

import pytest

from advisor.engine.refusals import refusal
from advisor.engine.wire import Failure
from advisor.errors import EngineDied, EngineError, EngineMissing, EngineRefused, EngineUnfit


@pytest.mark.parametrize(
    ("kind", "message", "leaf", "code"),
    [
        ("missing", "llama-cpp-python is not installed for python.", EngineMissing, "engine-missing"),
        ("unfit", "It differs in its size.", EngineUnfit, "engine-unfit"),
        ("memory", "", EngineDied, "engine-out-of-memory"),
        ("request", "n_batch = 0 is not between 1 and 16.", EngineRefused, "engine-request"),
        ("device", "It cannot work on it.", EngineRefused, "engine-device-limit"),
        ("copy", "There is no room.", EngineRefused, "not-by-copies"),
        ("vocabulary", "The model has none.", EngineRefused, "no-vocabulary"),
        ("bug", "KeyError('x')", EngineDied, "engine-worker-failed"),
        ("of a later version", "", EngineDied, "engine-worker-failed"),
    ],
)
def test_each_kind_is_a_leaf(kind: str, message: str, leaf: type[EngineError], code: str) -> None:
    error = refusal(Failure(kind, message, ()), "opening the model")
    assert type(error) is leaf
    assert error.code == code
    assert error.hint
    if kind in ("missing", "unfit", "request", "device", "copy", "vocabulary"):
        assert message in error.message


@pytest.mark.parametrize(
    ("lines", "code", "says"),
    [
        (
            [
                "llama_model_load: error loading model: unknown model architecture: 'xyz'",
                "llama_model_load_from_file_impl: failed to load model",
            ],
            "unknown-architecture",
            'does not know the architecture "xyz"',
        ),
        (
            ["llama_init_from_model: V cache type q8_0 with block size 32 does not divide n_embd_head_v=80"],
            "cache-type-refused",
            "V cannot be cached as q8_0: this model's head size is 80.",
        ),
        (
            ["llama_init_from_model: quantized V cache requires flash_attn to be enabled"],
            "cache-type-refused",
            "needs flash attention",
        ),
        (
            ["llama_model_load: error loading model: tensor 'x' data is not within the file bounds"],
            "model-truncated",
            "shorter than its header says",
        ),
        (
            ["llama_init_from_model: failed to allocate buffer for rs cache"],
            "engine-out-of-memory",
            "failed to allocate buffer for rs cache.",
        ),
        (
            ["gguf_init_from_file_impl: failed to read magic", "llama_model_load: error loading model"],
            "engine-refused",
            "llama.cpp refuses: failed to read magic.",
        ),
        ([], "engine-refused", "llama.cpp refuses: llama.cpp cannot open this model."),
    ],
)
def test_llama_cpps_own_words_become_a_sentence(lines: list[str], code: str, says: str) -> None:
    error = refusal(Failure("engine", "llama.cpp cannot open this model.", tuple(lines)), "opening the model")
    assert type(error) is EngineRefused
    assert error.code == code
    assert says in error.message


@pytest.mark.parametrize(
    ("loader", "library"),
    [
        ("libcudart.so.12: cannot open shared object file: No such file or directory", "libcudart.so.12"),
        ("dlopen(x): Library not loaded: @rpath/libomp.dylib\n  Referenced from: x", "libomp.dylib"),
        (r"Could not find module 'C:\py\llama_cpp\lib\llama.dll' (or one of its dependencies).", "llama.dll"),
    ],
)
def test_a_library_that_was_not_found_is_named(loader: str, library: str) -> None:
    error = refusal(Failure("missing", f"Failed to load shared library '/x': {loader}", ()), "starting")
    assert error.code == "engine-library-missing"
    assert library in error.message


def test_a_build_for_a_newer_system_says_so() -> None:
    text = "libllama.so: /lib/libc.so.6: version `GLIBC_2.38' not found (required by x)"
    error = refusal(Failure("missing", text, ()), "starting")
    assert "GLIBC_2.38" in error.message
    assert "Build it on this computer" in error.hint
