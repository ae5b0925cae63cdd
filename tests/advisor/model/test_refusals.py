"""Sound containers that are no language models, and names that come from strangers."""

from __future__ import annotations

import pytest

from advisor.errors import ModelFactsError
from advisor.gguf.header import Value
from advisor.model import facts
from tests.support.model_headers import model_header, tensor


@pytest.mark.parametrize(
    ("architecture", "metadata", "said", "hint"),
    [
        ("clip", {}, "is a vision or audio projector", "--mmproj"),
        ("clip", {"general.type": "mmproj"}, "is a vision or audio projector", "--mmproj"),
        ("llama", {"general.type": "adapter"}, "is a LoRA adapter", "--lora"),
        ("llama", {"general.type": "imatrix"}, "is an importance matrix", "the model"),
        ("imatrix", {}, "is an importance matrix", "the model"),
        ("controlvector", {}, "is a control vector", "the model"),
    ],
)
def test_side_files_are_named_and_the_right_file_is_suggested(
    architecture: str, metadata: dict[str, Value], said: str, hint: str
) -> None:
    with pytest.raises(ModelFactsError) as caught:
        facts(model_header(architecture, metadata=metadata, path="/models/side.gguf"))

    assert caught.value.message.startswith("side.gguf ")
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.code == "not-a-model"


def test_an_importance_matrix_need_not_say_an_architecture() -> None:
    header = model_header("llama", metadata={"general.type": "imatrix", "general.architecture": ""})

    with pytest.raises(ModelFactsError, match="importance matrix"):
        facts(header)


def test_a_vocabulary_alone_is_no_model() -> None:
    with pytest.raises(ModelFactsError, match="only a vocabulary"):
        facts(model_header("llama", tensors=[]))


@pytest.mark.parametrize("architecture", ["", 5, True, ("llama",)])
def test_a_file_without_an_architecture_is_no_model(architecture: Value) -> None:
    with pytest.raises(ModelFactsError, match="does not say what kind of model") as caught:
        facts(model_header("llama", metadata={"general.architecture": architecture}))

    assert caught.value.code == "not-a-model"


def test_an_image_model_is_called_by_its_architecture() -> None:
    header = model_header("flux", {"block_count": None}, tensors=[tensor("double_blocks.0.weight", 64, 64)])

    with pytest.raises(ModelFactsError, match='"flux", which is not a language model that we know') as caught:
        facts(header)
    assert caught.value.code == "unknown-architecture"


def test_an_unknown_type_of_file_is_read_as_a_model() -> None:
    assert facts(model_header("llama", metadata={"general.type": "model"})).architecture == "llama"
    assert facts(model_header("llama", metadata={"general.type": 7})).architecture == "llama"
