from __future__ import annotations

from pathlib import Path

import pytest

from advisor.gguf.refusals import file_label, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 模型", "Größe 模型"),
        ("a\tb\x00\x7f", r"a\x09b\x00\x7f"),
        ("\u202egpj", r"\x202egpj"),
        ("caf\udce9", r"caf\xdce9"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 80 + "..."),
    ],
)
def test_only_printable_characters_are_shown(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert shown.isprintable()


def test_a_file_is_called_by_its_name() -> None:
    assert file_label(Path("folder/model.gguf")) == "model.gguf"
    assert file_label(Path()) == "."
