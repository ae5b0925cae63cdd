from pathlib import Path

import pytest

from advisor.errors import GgufError, ModelFactsError
from advisor.model.projector import read_projector
from tests.support.companion_files import projector, query_adapter
from tests.support.shapes import write_shape


def test_what_is_no_projector_is_named_for_what_it_is(tmp_path: Path) -> None:
    model = write_shape("llama-3.2-1b", tmp_path)
    adapter = query_adapter(2, 64).write(tmp_path / "adapter.gguf")
    for path, kind in ((model, "a language model"), (adapter, "a LoRA adapter")):
        with pytest.raises(ModelFactsError) as caught:
            read_projector(path)
        assert caught.value.message == f"{path.name} is {kind}, not a projector."
        assert caught.value.code == "not-a-projector"


def test_a_damaged_projector_is_refused_like_a_damaged_model(tmp_path: Path) -> None:
    whole = projector().build()
    (tmp_path / "mmproj.gguf").write_bytes(whole[:-4096])
    with pytest.raises(GgufError) as caught:
        read_projector(tmp_path / "mmproj.gguf")
    assert caught.value.code == "truncated"


def test_its_weights_are_the_sum_of_its_tensors(tmp_path: Path) -> None:
    path = projector(n_blocks=3, n_embd=64).write(tmp_path / "mmproj.gguf")
    found = read_projector(path)
    assert found.weights_bytes == 2 * 64 * (14 * 14 * 3 + 3 * 4 * 64)
    assert found.file_bytes == path.stat().st_size > found.weights_bytes
