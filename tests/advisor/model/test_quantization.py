"""What a quantization is called."""

from __future__ import annotations

import pytest
from gguf import LlamaFileType

from advisor.gguf.header import Value
from advisor.model.quantization import FILE_TYPE_NAMES, quantization_name
from tests.support.model_headers import tensor

Q4_K, Q6_K = 12, 14
TENSORS = (
    tensor("token_embd.weight", 512, 8, ggml_type=Q6_K),
    tensor("blk.0.ffn_up.weight", 512, 64, ggml_type=Q4_K),
    tensor("output_norm.weight", 512),
)


@pytest.mark.parametrize("file_type", [None, 999, -1, "15", 15.0, True, 1024 + 15])
def test_without_a_known_file_type_the_commonest_tensor_type_counts(file_type: Value | None) -> None:
    assert quantization_name(file_type, TENSORS) == "Q4_K"


def test_the_files_own_word_comes_first() -> None:
    assert quantization_name(15, TENSORS) == "Q4_K_M"
    assert quantization_name(0, TENSORS) == "F32"
    assert quantization_name(38, TENSORS) == "MXFP4"


def test_nothing_known_is_said_to_be_unknown() -> None:
    assert quantization_name(None, ()) == "unknown"
    assert quantization_name(None, [tensor("x", 4, ggml_type=77)]) == "unknown"


def test_the_names_are_those_of_the_gguf_package() -> None:
    theirs = {
        t.value: t.name.removeprefix("MOSTLY_").removeprefix("ALL_") for t in LlamaFileType if t.value < 1024
    }
    theirs[38] = "MXFP4"  # theirs says "_MOE": a property of the model, not of the type

    # llama.h has Q2_0 since, which this version of the package may not know.
    assert theirs.items() <= FILE_TYPE_NAMES.items()
    assert FILE_TYPE_NAMES.keys() - theirs.keys() <= {41}
