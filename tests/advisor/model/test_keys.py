"""Typed reading of metadata keys: what llama.cpp's get_key, get_key_or_arr and get_arr would not read."""

from __future__ import annotations

import pytest

from advisor.errors import ModelFactsError
from advisor.gguf.header import SkippedArray, Value
from advisor.model.keys import Keys


def keys_with(value: Value, *, known: bool = True) -> Keys:
    return Keys({"llama.n": value}, "llama", known)


@pytest.mark.parametrize("value", ["8", 8.0, True, (8, 8), SkippedArray(4, 8), -1, 1 << 32])
def test_a_number_is_a_number_and_nothing_else(value: Value) -> None:
    with pytest.raises(ModelFactsError) as caught:
        keys_with(value).number("n")

    assert '"llama.n"' in caught.value.message
    assert caught.value.code == "bad-key"
    assert caught.value.hint


def test_a_missing_number_has_its_default_or_is_an_error() -> None:
    keys = Keys({}, "llama", known=True)

    assert keys.number("n", 7) == 7
    with pytest.raises(ModelFactsError, match=r'no "llama\.n"') as caught:
        keys.number("n")
    assert caught.value.code == "missing-key"


def test_a_key_missing_from_an_unknown_architecture_blames_the_architecture() -> None:
    with pytest.raises(ModelFactsError, match='architecture is "flux"') as caught:
        Keys({}, "flux", known=False).number("block_count")

    assert caught.value.code == "unknown-architecture"


@pytest.mark.parametrize(("value", "said"), [(0, "is 0."), (513, "is 513, but 512 is the most.")])
def test_a_count_is_at_least_one_and_bounded(value: int, said: str) -> None:
    with pytest.raises(ModelFactsError, match=said):
        keys_with(value).positive("n", 512)

    assert keys_with(512).positive("n", 512) == 512


@pytest.mark.parametrize(
    "value", [(1, 2, 3), (1, 2, 3, 4, 5), (), (1, "2", 3, 4), (1, -2, 3, 4), "4", SkippedArray(4, 5000)]
)
def test_a_per_layer_list_has_one_number_a_layer(value: Value) -> None:
    with pytest.raises(ModelFactsError, match=r'"llama\.n"'):
        keys_with(value).per_layer("n", 4)


def test_one_number_stands_for_every_layer() -> None:
    assert keys_with(3).per_layer("n", 4) == (3, 3, 3, 3)
    assert keys_with((1, 2, 3, 4)).per_layer("n", 4) == (1, 2, 3, 4)
    assert keys_with((True, False)).per_layer("n", 2) == (1, 0)
    assert Keys({}, "llama", known=True).per_layer("n", 2, 9) == (9, 9)


def test_an_array_is_read_only_as_a_list() -> None:
    assert keys_with((True, False)).array("n") == (1, 0)
    assert keys_with(4).array("n") is None
    assert Keys({}, "llama", known=True).array("n") is None
    with pytest.raises(ModelFactsError, match="should be a list, but is 4"):
        keys_with(4).required_array("n")
    with pytest.raises(ModelFactsError, match=r"has 5,000 entries"):
        keys_with(SkippedArray(4, 5000)).array("n")


@pytest.mark.parametrize("value", [1, "true", (True,)])
def test_a_truth_value_is_true_or_false(value: Value) -> None:
    with pytest.raises(ModelFactsError, match="true or false"):
        keys_with(value).truth("n", default=True)

    assert keys_with(False).truth("n", default=True) is False


def test_lengths_of_lists_kept_or_skipped() -> None:
    metadata: dict[str, Value] = {"kept": ("a", "b"), "skipped": SkippedArray(8, 128256), "other": 3}
    keys = Keys(metadata, "llama", known=True)

    assert [keys.length(name) for name in ("kept", "skipped", "other", "none")] == [2, 128256, 0, 0]


def test_descriptive_text_is_never_an_error() -> None:
    keys = Keys({"general.name": "  Llama  ", "general.url": 5}, "llama", known=True)

    assert [keys.text(name) for name in ("general.name", "general.url", "general.none")] == ["Llama", "", ""]
