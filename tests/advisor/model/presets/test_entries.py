"""What is wrong with an entry of presets/models.toml, and how little a right one needs."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from advisor.errors import PresetError
from advisor.model import facts
from advisor.model.presets import preset_header
from advisor.model.presets.entries import parse_presets
from tests.support.kv_oracle import kv_cache_bytes
from tests.support.presets import ENTRY, GGUF, shipped


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ([], "it is not a table"),
        ({}, "title is missing"),
        ({**ENTRY, "title": 3}, "title is missing or not a text"),
        ({**ENTRY, "source": ""}, "source is missing"),
        ({**ENTRY, "architecture": "bert"}, "architecture holds bert, but only"),
        ({**ENTRY, "gguf": 4}, "gguf is not a table"),
        ({**ENTRY, "gguf": {"block_count": []}}, "block_count is neither a number"),
        ({**ENTRY, "gguf": {"block_count": [1, "2"]}}, "block_count is neither a number"),
        ({**ENTRY, "gguf": {"block_count": [[1]]}}, "block_count is neither a number"),
        ({**ENTRY, "optional_tensors": "output"}, "optional_tensors is not a list of words"),
        ({**ENTRY, "optional_tensors": ["tail"]}, "optional_tensors holds tail, but only"),
        ({**ENTRY, "quantizations": ["Q9"]}, "quantizations holds Q9, but only"),
        ({**ENTRY, "quantizations": []}, "quantizations is not a list of words"),
        ({**ENTRY, "parameters": 8}, "parameters is not a field"),
        ({"title": "A", "source": "b", "same_as": "none"}, "none is not a table"),
        ({"title": "A", "source": "b", "same_as": "copy"}, "copy is itself the same as another"),
    ],
)
def test_a_malformed_entry_is_named(entry: object, reason: str) -> None:
    tables = {"good": ENTRY, "copy": {"title": "C", "source": "d", "same_as": "good"}, "wrong": entry}
    with pytest.raises(PresetError, match=reason) as caught:
        parse_presets(tables)
    assert caught.value.message.startswith('The model preset "wrong" is malformed: ')
    assert "models.toml" in caught.value.hint


@pytest.mark.parametrize("name", ["Upper", "with:colon"])
def test_a_name_must_be_one_that_can_be_typed(name: str) -> None:
    with pytest.raises(PresetError, match="a name is in lower case, without a colon"):
        parse_presets({name: ENTRY})


@pytest.mark.parametrize(
    ("gguf", "reason"),
    [
        ({}, "its key block_count is missing"),
        ({**GGUF, "vocab_size": "many"}, "its key vocab_size is not a whole number"),
        ({**GGUF, "embedding_length": 256.5}, "its key embedding_length is not a whole number"),
        ({**GGUF, "block_count": 0}, "its block_count is 0"),
        ({**GGUF, "block_count": 10**9}, "its block_count is 1,000,000,000"),
        ({**GGUF, "vocab_size": -1}, "the size of token_embd.weight does not follow"),
        ({**GGUF, "feed_forward_length": 0}, "the size of blk.0.ffn_gate.weight does not follow"),
        ({**GGUF, "attention": {"head_count": [4]}}, "its key attention.head_count is missing"),
        ({**GGUF, "context_length": 2**40}, "1,099,511,627,776 is out of range"),
    ],
)
def test_numbers_that_describe_no_model_are_refused(
    monkeypatch: pytest.MonkeyPatch, gguf: Mapping[str, object], reason: str
) -> None:
    shipped(monkeypatch, {"wrong": {**ENTRY, "gguf": gguf}})
    with pytest.raises(PresetError, match=reason) as caught:
        preset_header("wrong")
    assert caught.value.message.startswith('The model preset "wrong" is malformed: ')


def test_a_users_own_model_needs_no_more_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped(monkeypatch, {"small": ENTRY})
    found = facts(preset_header("small", "F16"))
    assert (found.n_layer, found.n_vocab, found.n_ctx_train) == (2, 1000, 4096)
    assert kv_cache_bytes(found, 256, "f16") == 256 * 2 * 2 * 2 * 64 * 2
