from pathlib import Path

import pytest

from advisor.errors import GgufError, ModelFactsError
from advisor.model.projector import projectors_beside, read_projector
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


def test_those_beside_a_model_are_found_the_smallest_first(tmp_path: Path) -> None:
    model = write_shape("llama-3.2-1b", tmp_path)
    projector(n_blocks=4).write(tmp_path / "mmproj-F32.gguf")
    projector(n_blocks=2).write(tmp_path / "MMPROJ-f16.GGUF")
    projector(n_blocks=1).write(tmp_path / "vision.gguf")  # not the name that the stores look for
    (tmp_path / "mmproj-notes.txt").write_text("about it")
    (tmp_path / "mmproj-broken.gguf").write_bytes(b"GGUF")
    (tmp_path / "mmproj-folder.gguf").mkdir()
    write_shape("llama-3.2-1b", tmp_path).rename(tmp_path / "mmproj-wrong.gguf")
    assert [found.name for found in projectors_beside(model)] == ["MMPROJ-f16.GGUF", "mmproj-F32.gguf"]


def test_a_projector_is_not_beside_itself(tmp_path: Path) -> None:
    path = projector().write(tmp_path / "mmproj.gguf")
    assert projectors_beside(path) == ()


def test_a_folder_that_is_gone_holds_none(tmp_path: Path) -> None:
    assert projectors_beside(tmp_path / "gone" / "model.gguf") == ()
