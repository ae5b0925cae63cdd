from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from advisor.gguf.ggml_types import GGML_TYPES, REMOVED_TYPES

# Where the engine (ggml.h, ggml-common.h) knows better than gguf 0.19.
Q8_1, Q2_0 = 9, 42


def test_the_table_is_that_of_the_gguf_package() -> None:
    ours = {type_id: tuple(entry) for type_id, entry in GGML_TYPES.items() if type_id != Q2_0}
    theirs = {int(t): (t.name, *GGML_QUANT_SIZES[t]) for t in GGMLQuantizationType}
    # The package counts two f32 scales a block; block_q8_1 has two f16.
    assert theirs[Q8_1] == ("Q8_1", 32, 40)
    theirs[Q8_1] = ("Q8_1", 32, 36)
    assert ours == theirs


@pytest.mark.engine
def test_the_table_is_that_of_the_engine() -> None:
    from llama_cpp import llama_cpp

    library = ctypes.CDLL(str(next(Path(llama_cpp.__file__).parent.glob("lib/*ggml-base.*"))))
    library.ggml_type_name.restype = ctypes.c_char_p
    library.ggml_type_size.restype = ctypes.c_size_t
    library.ggml_blck_size.restype = ctypes.c_int64
    for type_id, ggml_type in GGML_TYPES.items():
        assert library.ggml_blck_size(type_id) == ggml_type.block_elements, ggml_type
        assert library.ggml_type_size(type_id) == ggml_type.block_bytes, ggml_type
        name = library.ggml_type_name(type_id).decode()
        assert name.lower() == ggml_type.name.lower()
    for type_id in REMOVED_TYPES:
        assert library.ggml_blck_size(type_id) == 0


def test_no_type_is_known_and_removed() -> None:
    assert GGML_TYPES.keys().isdisjoint(REMOVED_TYPES)
    assert set(GGML_TYPES) | set(REMOVED_TYPES) == set(range(Q2_0 + 1))
