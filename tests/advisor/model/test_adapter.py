from pathlib import Path

import pytest

from advisor.errors import GgufError, ModelFactsError
from advisor.model.adapter import read_adapter
from tests.support.companion_files import adapter, projector
from tests.support.gguf_bytes import GgufBytes, TensorSpec
from tests.support.shapes import write_shape

QUERY = {"blk.0.attn_q.weight": (64, 128)}
LORA = {"general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora"}


def test_what_is_no_adapter_is_named_for_what_it_is(tmp_path: Path) -> None:
    model = write_shape("llama-3.2-1b", tmp_path)
    mmproj = projector().write(tmp_path / "mmproj.gguf")
    for path, kind in ((model, "a language model"), (mmproj, "a vision or audio projector")):
        with pytest.raises(ModelFactsError) as caught:
            read_adapter(path)
        assert caught.value.message == f"{path.name} is {kind}, not a LoRA adapter."
        assert caught.value.code == "not-an-adapter"


@pytest.mark.parametrize(
    ("made", "finding"),
    [
        (GgufBytes(LORA | {"adapter.type": "dora"}, [TensorSpec("x.lora_a")]), "type: dora"),
        (GgufBytes({"general.architecture": "llama", "general.type": "adapter"}), "type: none named"),
        (GgufBytes(LORA), "holds no matrices"),
        (GgufBytes(LORA, [TensorSpec("blk.0.attn_norm.weight")]), "holds no matrices"),
        (
            GgufBytes(LORA, [TensorSpec("blk.0.attn_q.weight.lora_b")]),
            'only one of the two matrices for "blk.0',
        ),
        (adapter(QUERY, more=[TensorSpec("blk.0.attn_k.weight")]), 'holds "blk.0.attn_k.weight"'),
        (adapter({"\x1b[2J.weight": (64, 128)}, more=[TensorSpec("\x1b.lora_a")]), r'matrices for "\x1b"'),
    ],
)
def test_what_llama_cpp_would_refuse_is_refused(made: GgufBytes, finding: str, tmp_path: Path) -> None:
    path = made.write(tmp_path / "adapter.gguf")
    with pytest.raises(ModelFactsError) as caught:
        read_adapter(path)
    assert finding in caught.value.message
    assert caught.value.code == "odd-adapter"


def test_a_damaged_adapter_is_refused_like_a_damaged_model(tmp_path: Path) -> None:
    (tmp_path / "adapter.gguf").write_bytes(adapter(QUERY).build()[:-2048])
    with pytest.raises(GgufError) as caught:
        read_adapter(tmp_path / "adapter.gguf")
    assert caught.value.code == "truncated"


def test_its_matrices_are_paired_by_the_weight_that_they_change(tmp_path: Path) -> None:
    norm = TensorSpec("blk.0.attn_norm.weight", (64,))  # in the file, but llama.cpp does not load it
    path = adapter(QUERY | {"blk.1.ffn_up.weight": (64, 256)}, rank=4, more=[norm]).write(tmp_path / "a.gguf")
    found = read_adapter(path)
    assert found.architecture == "llama"
    assert [pair.of for pair in found.pairs] == ["blk.0.attn_q.weight", "blk.1.ffn_up.weight"]
    assert [(pair.a.dims, pair.b.dims) for pair in found.pairs] == [((64, 4), (4, 128)), ((64, 4), (4, 256))]
