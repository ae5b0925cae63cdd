from __future__ import annotations

import pytest

from advisor.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 模型", "Größe 模型"),
        ("a\tb\x00\x7f", r"a\x09b\x00\x7f"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202egpj", r"\x202egpj"),
        ("caf\udce9", r"caf\xdce9"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 80 + "..."),
    ],
)
def test_only_printable_characters_are_shown(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert shown.isprintable()


def test_a_limit_is_the_callers() -> None:
    assert printable("x" * 200, 100) == "x" * 100 + "..."
    assert printable("x\n" * 200, limit=None) == r"x\x0a" * 200
