from __future__ import annotations

import pytest

from advisor.library.yaml_scalars import yaml_scalars


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "{a: 1}", "key:value", "'", ": x", "\0: 1"])
def test_what_has_no_plain_values_has_none(text: str) -> None:
    assert yaml_scalars(text) == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("model.gguf", "model.gguf"),
        ("my model.gguf  # mine", "my model.gguf"),
        ("a#b.gguf", "a#b.gguf"),
        ("'it''s.gguf' # mine", "it's.gguf"),
        (r'"C:\\models\\a.gguf"', r"C:\models\a.gguf"),
        (r'"\x41.gguf"', r"\x41.gguf"),
        (r"C:\models\a.gguf", r"C:\models\a.gguf"),
        ("8192", "8192"),
    ],
)
def test_values_are_read_as_they_were_meant(value: str, text: str) -> None:
    assert yaml_scalars(f"key: {value}\n") == {"key": text}


@pytest.mark.parametrize(
    "value", ["|", ">-", "[a, b]", "{a: b}", "&anchor x", "*anchor", "!tag x", "'open", '"open']
)
def test_other_kinds_of_values_are_passed_over(value: str) -> None:
    assert "key" not in yaml_scalars(f"key: {value}\nnext: 1\n")


def test_tables_are_read_with_their_names_and_the_first_of_equal_keys_counts() -> None:
    table = "parameters:\n  model: a.gguf\n  deep:\n    er: 1\n  top_k: 40\n"
    text = f"name: x\n{table}after: 2\nname: y\nlist:\n- model: no\n"
    assert yaml_scalars(text) == {
        "name": "x",
        "parameters.model": "a.gguf",
        "parameters.deep.er": "1",
        "parameters.top_k": "40",
        "after": "2",
    }
